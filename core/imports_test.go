package core_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/feed"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// line is a feed's line of 10.00, with more members as JSON.
func line(sku, title string, members ...string) string {
	more := ""
	for _, m := range members {
		more += "," + m
	}
	return fmt.Sprintf(`{"sku":%q,"title":%q,"price":{"amount":1000,"currency":"EUR"}%s}`+"\n", sku, title, more)
}

func counts(r feed.Report) string {
	return fmt.Sprintf("created %d updated %d unchanged %d rejected %d", r.Created, r.Updated, r.Unchanged, r.Rejected)
}

func (w *stall) definitions(sku id.SKU) []catalog.AttributeDefinition {
	w.t.Helper()
	p := w.bySKU(sku)
	return p.Definitions()
}

func (w *stall) bySKU(sku id.SKU) core.SavedProduct {
	w.t.Helper()
	p, err := w.shop.Catalog.FindVariant(w.t.Context(), core.FindVariant{By: shopkeeper, SKU: sku})
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *stall) mustCount(r feed.Report, want string) {
	w.t.Helper()
	if got := counts(r); got != want {
		w.t.Fatalf("%s, want %s: %+v %q", got, want, r.Errors, r.Notes)
	}
}

func TestImports_Run(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	lines := line("A-1", "Tee red", `"family":"f"`, `"options":{"color":"red"}`, `"category":["Wear","Tees"]`, `"brand":"Maker"`, `"attributes":{"Weight":150,"fabric":"cotton"}`, `"image":"http://a/1.jpg"`, `"model":"x"`) +
		line("B-1", "Mug", `"category":["Home"]`, `"released":"2020-01-02"`, `"featured":true`, `"stock":4`) +
		line("A-2", "Tee blue", `"family":"f"`, `"options":{"color":"blue"}`, `"attributes":{"Weight":160,"fabric":"cotton"}`) +
		line("C-1", "Mug", `"status":"draft"`)
	r := w.importing(lines)
	w.mustCount(r, "created 4 updated 0 unchanged 0 rejected 0")
	if r.Status != feed.Succeeded || r.Lines != 4 || r.Total != 4 || r.UnknownMembers != 1 || r.FinishedAt.IsZero() {
		t.Errorf("report %+v", r)
	}
	shirt := w.bySKU("A-2")
	if shirt.Name != "Tee red" || shirt.Slug != "tee-red" || len(shirt.Variants) != 2 || shirt.Variants[1].Title != "Tee blue" || shirt.Family != "f" ||
		shirt.Brand.Name != "Maker" || len(shirt.Path) != 2 || shirt.Images[0].URL != "http://a/1.jpg" {
		t.Errorf("the tee is %+v", shirt.Product)
	}
	if got := fmt.Sprint(shirt.Attributes, shirt.Variants[0].Attributes, shirt.Variants[1].Attributes); got != "map[fabric:cotton] map[weight:150] map[weight:160]" {
		t.Errorf("the tee has %s", got)
	}
	mug := w.bySKU("B-1")
	if !mug.Featured || mug.Released.Format("2006-01-02") != "2020-01-02" || mug.Levels["b-1"].OnHand != 4 || mug.Slug != "mug" {
		t.Errorf("the mug is %+v", mug)
	}
	if other := w.bySKU("C-1"); other.Slug != "mug-c-1" || other.Status != catalog.Draft {
		t.Errorf("the other mug is %+v", other.Product)
	}
	w.work()
	if found := w.find(search.Query{Text: "blue"}); found.Total != 1 || found.Items[0].Hit.SKU != "A-2" {
		t.Errorf("found %+v", found.Hits)
	}

	again := w.importing(lines)
	w.mustCount(again, "created 0 updated 0 unchanged 4 rejected 0")
	if n := w.work(); n != 0 || w.bySKU("A-1").Version != shirt.Version {
		t.Errorf("importing the same again concerned %d products", n)
	}
	changed := w.importing(strings.ReplaceAll(strings.ReplaceAll(lines, "Tee blue", "Tee azure"), `"stock":4`, `"stock":6`))
	w.mustCount(changed, "created 0 updated 2 unchanged 2 rejected 0")
	if p := w.bySKU("A-2"); p.Variants[1].Title != "Tee azure" || p.Slug != "tee-red" || p.Version != shirt.Version+1 {
		t.Errorf("the tee is now %+v", p.Product)
	}
	stored := done(t, first(w.shop.Imports.Find(t.Context(), core.FindImport{By: shopkeeper, Import: changed.ID})))
	if counts(stored) != counts(changed) || stored.Status != feed.Succeeded {
		t.Errorf("stored %+v", stored)
	}
}

func TestImports_Families(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	member := func(sku, options string) string {
		return line(sku, "Cable "+sku, `"family":"f"`, `"options":`+options)
	}
	lines := member("A", `{"color":"red"}`) + member("B", `{"color":"red"}`) + member("C", `{}`) + member("D", `{"length":"2 m"}`) +
		member("E", `{"color":"blue"}`) + line("F", "Cable F", `"family":"g"`, `"options":{}`) + line("G", "Cable G", `"family":"g"`)
	r := w.importing(lines)
	w.mustCount(r, "created 7 updated 0 unchanged 0 rejected 0")
	if len(r.Notes) != 4 || !strings.Contains(r.Notes[0], "line 2, sku B") {
		t.Errorf("notes %q", r.Notes)
	}
	for sku, variants := range map[id.SKU]int{"A": 2, "E": 2, "B": 1, "C": 1, "D": 1, "F": 1, "G": 1} {
		if p := w.bySKU(sku); len(p.Variants) != variants || (sku == "B") == (p.Family == "f") && sku < "C" {
			t.Errorf("%s is in a product with %d variants, family %q", sku, len(p.Variants), p.Family)
		}
	}
	w.mustCount(w.importing(lines), "created 0 updated 0 unchanged 7 rejected 0")

	// The order of lines in the next file makes no difference to who is where.
	backwards := strings.SplitAfter(lines, "\n")
	var b strings.Builder
	for i := len(backwards) - 1; i >= 0; i-- {
		b.WriteString(backwards[i])
	}
	w.importing(b.String())
	if p := w.bySKU("B"); len(p.Variants) != 1 || p.Family != "" {
		t.Errorf("B is now in %+v", p.Product)
	}
	clash := w.importing(member("E", `{"color":"red"}`))
	w.mustCount(clash, "created 0 updated 0 unchanged 0 rejected 1")
	if clash.Errors[0].Code != "duplicate" {
		t.Errorf("rejected %+v", clash.Errors)
	}
}

func TestImports_Types(t *testing.T) {
	t.Parallel()
	one := func(sku, value string) string {
		return line(sku, "P "+sku, `"category":["Leaf"]`, `"attributes":{"Size":`+value+`}`)
	}
	for name, lines := range map[string]string{
		"NumberFirst": one("A", "5") + one("B", `"big"`),
		"TextFirst":   one("A", `"big"`) + one("B", "5"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openStall(t, nil)
			r := w.importing(lines)
			w.mustCount(r, "created 2 updated 0 unchanged 0 rejected 0")
			if len(r.Notes) != 1 || !strings.Contains(r.Notes[0], "size") {
				t.Errorf("notes %q", r.Notes)
			}
			p := w.bySKU("A")
			if d := p.Definitions()[0]; d.Type != catalog.String || d.Label != "Size" || !d.Filterable || !d.Derived {
				t.Errorf("defined as %+v", d)
			}
			w.mustCount(w.importing(lines), "created 0 updated 0 unchanged 2 rejected 0")
		})
	}

	t.Run("WidenedLater", func(t *testing.T) {
		t.Parallel()
		w := openStall(t, nil)
		w.importing(one("A", "5"))
		if d := w.definitions("A")[0]; d.Type != catalog.Number {
			t.Errorf("defined as %+v", d)
		}
		w.mustCount(w.importing(one("B", `"big"`)), "created 1 updated 0 unchanged 0 rejected 0")
		if d := w.definitions("A")[0]; d.Type != catalog.String || d.Version != 2 {
			t.Errorf("defined as %+v", d)
		}
		if a := w.bySKU("A"); a.Attributes["size"] != catalog.Text("5") || a.Version != 2 {
			t.Errorf("version %d has %v", a.Version, a.Attributes)
		}
		again := w.importing(one("A", "5"))
		w.mustCount(again, "created 0 updated 0 unchanged 1 rejected 0")
		if len(again.Notes) != 1 || !strings.Contains(again.Notes[0], "1 of them became strings") {
			t.Errorf("notes %q", again.Notes)
		}
	})
	t.Run("WidenedLaterBelow", func(t *testing.T) {
		t.Parallel()
		w := openStall(t, nil)
		leaf := func(sku, path, value string) string {
			return line(sku, "P "+sku, `"category":[`+path+`]`, `"attributes":{"Size":`+value+`}`)
		}
		variants := line("V1", "V", `"family":"v"`, `"category":["Leaf"]`, `"options":{"color":"red"}`, `"attributes":{"Size":1}`) +
			line("V2", "V", `"family":"v"`, `"options":{"color":"blue"}`, `"attributes":{"Size":true}`)
		w.importing(leaf("A", `"Leaf"`, "5"))
		w.importing(variants + leaf("B", `"Leaf","Low"`, "6") + leaf("C", `"Other"`, "7"))
		leafID := w.bySKU("A").Category
		if leafID.IsZero() || w.bySKU("B").Attributes["size"] != catalog.Text("6") {
			t.Errorf("below the leaf there is %v", w.bySKU("B").Attributes)
		}
		v := w.bySKU("V1")
		for i, value := range []catalog.Value{v.Variants[0].Attributes["size"], v.Variants[1].Attributes["size"], w.bySKU("A").Attributes["size"]} {
			if value.Type() != catalog.String {
				t.Errorf("value %d is still %s", i, value.Type())
			}
		}
		if other := w.bySKU("C").Attributes["size"]; other.Type() != catalog.Number {
			t.Errorf("the value of another category is %s", other.Type())
		}
	})
	t.Run("NotWhatAnOperatorDefined", func(t *testing.T) {
		t.Parallel()
		w := openStall(t, nil)
		leaf := w.category("Leaf", id.Category{})
		w.define(leaf, core.DefineAttribute{Name: "size", Type: catalog.Number, Required: true})
		r := w.importing(one("A", "5") + one("B", `"big"`) + line("C", "P", `"category":["leaf"]`))
		w.mustCount(r, "created 1 updated 0 unchanged 0 rejected 2")
		if r.Errors[0].Code != "type" || r.Errors[0].Line != 2 || r.Errors[1].Code != "required" {
			t.Errorf("rejected %+v", r.Errors)
		}
		if d := w.definitions("A")[0]; d.Type != catalog.Number || d.Filterable {
			t.Errorf("defined as %+v", d)
		}
	})
	t.Run("FilterableFromFivePercent", func(t *testing.T) {
		t.Parallel()
		w := openStall(t, nil)
		lines := line("R", "Rare", `"category":["Leaf"]`, `"attributes":{"rare":1,"common":1}`) + line("S", "S", `"category":["Leaf"]`, `"attributes":{"common":2}`)
		for i := range 39 {
			lines += line(fmt.Sprintf("N%d", i), "N", `"category":["Leaf"]`)
		}
		w.importing(lines)
		got := map[string]bool{}
		for _, d := range w.definitions("R") {
			got[d.Name] = d.Filterable
		}
		if len(got) != 2 || got["rare"] || got["common"] { // 1 and 2 of 41
			t.Errorf("filterable are %v", got)
		}
		w.importing(strings.Replace(lines, `"sku":"N0","title":"N","price":{"amount":1000,"currency":"EUR"},"category":["Leaf"]`, `"sku":"N0","title":"N","price":{"amount":1000,"currency":"EUR"},"category":["Leaf"],"attributes":{"common":3}`, 1))
		for _, d := range w.definitions("R") {
			if d.Filterable != (d.Name == "common") { // 3 of 41
				t.Errorf("%s is filterable: %v", d.Name, d.Filterable)
			}
		}
	})
}

func TestImports_Categories(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	w.category("Home", id.Category{})
	r := w.importing(line("A", "A", `"category":["Wear","Other"]`) + line("B", "B", `"category":["home","Other"]`) + line("C", "C", `"category":["Wear"," other "]`) + line("D", "D", `"category":["日本"]`))
	w.mustCount(r, "created 4 updated 0 unchanged 0 rejected 0")
	if got, want := w.outline(), "home:1(home-other:1) wear:2(other:2) x:1"; got != want { // made in the order of lines
		t.Errorf("the tree is %s, want %s", got, want)
	}
	w = openStall(t, nil)
	w.importing(line("A", "A", `"category":["Kids","Women","Shoes"]`) + line("B", "B", `"category":["Women","Shoes"]`) + line("C", "C", `"category":["Men","Shoes"]`) + line("D", "D", `"category":["Shoes"]`))
	if got, want := w.outline(), "kids:1(kids-women:1(kids-women-shoes:1)) women:1(women-shoes:1) men:1(men-shoes:1) shoes:1"; got != want { // what stands higher first
		t.Errorf("the tree is %s, want %s", got, want)
	}
	w.importing(line("E", "E", `"slug":"cup"`) + line("F", "F", `"slug":"cup"`) + line("G", "G", `"slug":"cup"`))
	if got := w.bySKU("E").Slug + " " + w.bySKU("F").Slug + " " + w.bySKU("G").Slug; got != "cup cup-f cup-g" {
		t.Errorf("the slugs are %s", got)
	}
}

func TestImports_Rejects(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	ctx := t.Context()
	lines := line("A", "A") + "not json\n" + strings.Replace(line("B", "B"), "EUR", "USD", 1) + line("a", "Again") + line("C", "") + "\n" + line("D", "D")
	r := w.importing(lines)
	w.mustCount(r, "created 2 updated 0 unchanged 0 rejected 4")
	want := []feed.Reject{{Line: 2, Code: "malformed_json"}, {Line: 3, SKU: "B", Code: "currency_mismatch"}, {Line: 4, SKU: "a", Code: "duplicate"}, {Line: 5, SKU: "C", Code: "required"}}
	stored := done(t, first(w.shop.Imports.Rejects(ctx, core.ListRejects{By: shopkeeper, Import: r.ID, Limit: 100})))
	for _, list := range [][]feed.Reject{r.Errors, stored} {
		for i, got := range list {
			if got.Line != want[i].Line || got.SKU != want[i].SKU || got.Code != want[i].Code || got.Message == "" {
				t.Errorf("rejected %+v, want %+v", got, want[i])
			}
		}
	}
	if rest := done(t, first(w.shop.Imports.Rejects(ctx, core.ListRejects{By: shopkeeper, Import: r.ID, AfterLine: 3, Limit: 1}))); len(rest) != 1 || rest[0].Line != 4 {
		t.Errorf("after line 3: %+v", rest)
	}
	_, err := w.shop.Imports.Rejects(ctx, core.ListRejects{By: shopkeeper, Import: id.Import{UUID: id.UUID{1}}, Limit: 1})
	mustRefuse(t, err, fault.NotFound, "not_found")

	many := strings.Repeat("{}\n", 250)
	if r := w.importing(many); r.Rejected != 250 || len(r.Errors) != feed.MaxErrors || !r.ErrorsTruncated {
		t.Errorf("%d rejected, %d shown", r.Rejected, len(r.Errors))
	}
}

func TestImports_DryRunAndStrict(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	ctx := t.Context()
	good := line("A", "A", `"category":["Leaf"]`, `"family":"f"`, `"options":{"c":"1"}`, `"stock":3`) + line("B", "B", `"family":"f"`, `"options":{"c":"1"}`)
	dry := func(c *core.RunImport) { c.DryRun = true }
	strict := func(c *core.RunImport) { c.Strict = true }
	nothing := func() {
		t.Helper()
		if list := done(t, first(w.shop.Catalog.Browse(t.Context(), core.BrowseProducts{By: shopkeeper, Browse: catalog.Browse{Limit: 1}}))); len(list.Products) != 0 || w.outline() != "" {
			t.Fatalf("something was written: %+v, %s", list.Products, w.outline())
		}
	}
	r := w.importing(good, dry)
	w.mustCount(r, "created 2 updated 0 unchanged 0 rejected 0")
	if len(r.Notes) != 1 || !r.DryRun {
		t.Errorf("tried %+v", r)
	}
	nothing()
	_, err := w.shop.Imports.Run(ctx, core.RunImport{By: shopkeeper, Open: feedOf([]byte(good + "{}\n")), Strict: true})
	mustRefuse(t, err, fault.Invalid, "validation_failed")
	nothing()
	if r, err := w.shop.Imports.Run(ctx, core.RunImport{By: shopkeeper, Open: feedOf([]byte(good + "{}\n")), Strict: true, DryRun: true}); err == nil || r.Status != feed.Failed || r.Rejected != 1 {
		t.Errorf("strictly tried %+v, %v", r, err)
	}
	nothing()
	w.mustCount(w.importing(good, strict), "created 2 updated 0 unchanged 0 rejected 0")
	w.mustCount(w.importing(good, dry), "created 0 updated 0 unchanged 2 rejected 0")
	if n := len(w.bySKU("A").Variants); n != 1 {
		t.Errorf("A has %d variants", n)
	}
}

func TestImports_Stock(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	ctx := t.Context()
	ten := 10
	withStock := func(c *core.RunImport) { c.Stock = &ten }
	w.importing(line("A", "A")+line("B", "B", `"stock":3`), withStock)
	if a, b := w.bySKU("A").Levels["a"].OnHand, w.bySKU("B").Levels["b"].OnHand; a != 10 || b != 3 {
		t.Fatalf("there are %d and %d", a, b)
	}
	_, err := w.db.Orders().Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		_, err := tx.Stock.Reserve(ctx, inventory.Reservation{Order: id.Order{UUID: id.UUID{1}}, Lines: []inventory.Line{{SKU: "B", Location: id.Main, Quantity: 2}}})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	r := w.importing(line("A", "A")+line("B", "B", `"stock":1`), withStock)
	w.mustCount(r, "created 0 updated 0 unchanged 1 rejected 1")
	if r.Errors[0].Code != "out_of_stock" || r.Errors[0].Line != 2 {
		t.Errorf("rejected %+v", r.Errors)
	}
	w.mustCount(w.importing(line("B", "B", `"stock":2`)), "created 0 updated 1 unchanged 0 rejected 0")
	moves := done(t, first(w.db.Orders().Stock.Movements(ctx, "B", id.Movement{}, 10)))
	if len(moves) != 2 || moves[0].Delta != -1 || moves[0].OnHand != 2 || !strings.Contains(moves[0].Reference, "line 1") {
		t.Errorf("the ledger says %+v", moves)
	}
	by := account.Key("feeder", account.CatalogWrite)
	_, err = w.shop.Imports.Run(ctx, core.RunImport{By: by, Open: feedOf([]byte(line("B", "B", `"stock":2`)))})
	mustRefuse(t, err, fault.Denied, "permission_denied")
	_, err = w.shop.Imports.Run(ctx, core.RunImport{By: by, Stock: &ten, Open: feedOf(nil)})
	mustRefuse(t, err, fault.Denied, "permission_denied")
	less := -1
	_, err = w.shop.Imports.Run(ctx, core.RunImport{By: shopkeeper, Stock: &less, Open: feedOf(nil)})
	mustRefuseAt(t, err, "stock too_small")
}

func TestImports_UnreadableFeed(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	ctx := t.Context()
	queued := done(t, first(w.shop.Imports.Queue(ctx, core.QueueImport{By: shopkeeper})))
	if queued.Status != feed.Queued {
		t.Errorf("queued %+v", queued)
	}
	broken := func() (io.ReadCloser, error) {
		return io.NopCloser(io.MultiReader(strings.NewReader(line("A", "A")), failing{})), nil
	}
	r, err := w.shop.Imports.Run(ctx, core.RunImport{By: shopkeeper, Import: queued.ID, Open: broken})
	mustRefuse(t, err, fault.Malformed, "")
	if r.Status != feed.Failed || r.Failure == "" || r.ID != queued.ID {
		t.Errorf("report %+v", r)
	}
	if stored := done(t, first(w.shop.Imports.Find(ctx, core.FindImport{By: shopkeeper, Import: queued.ID}))); stored.Status != feed.Failed {
		t.Errorf("stored %+v", stored)
	}
	_, err = w.shop.Imports.Run(ctx, core.RunImport{By: shopkeeper, Import: queued.ID, Open: feedOf(nil)})
	mustRefuse(t, err, fault.Conflict, "")
	_, err = w.shop.Imports.Run(ctx, core.RunImport{By: shopkeeper, Open: func() (io.ReadCloser, error) { return nil, errors.New("no such file") }})
	mustRefuse(t, err, fault.Unavailable, "")
	_, err = w.shop.Imports.Run(ctx, core.RunImport{Open: feedOf(nil)})
	mustRefuse(t, err, fault.Unauthenticated, "")

	gone, cancel := context.WithCancel(ctx)
	lines := strings.Repeat(line("A", "A"), 5)
	r, err = w.shop.Imports.Run(gone, core.RunImport{By: shopkeeper, Open: func() (io.ReadCloser, error) {
		cancel()
		return io.NopCloser(strings.NewReader(lines)), nil
	}})
	mustRefuse(t, err, fault.Canceled, "")
	if stored := done(t, first(w.shop.Imports.Find(ctx, core.FindImport{By: shopkeeper, Import: r.ID}))); stored.Status != feed.Failed {
		t.Errorf("stored %+v", stored)
	}
}

// watchedFeed is a feed that must not be read any more when it is closed.
type watchedFeed struct {
	io.Reader
	t      *testing.T
	closed atomic.Bool
}

func (f *watchedFeed) Read(b []byte) (int, error) {
	if f.closed.Load() {
		f.t.Error("a closed feed is read")
	}
	return f.Reader.Read(b)
}

func (f *watchedFeed) Close() error { f.closed.Store(true); return nil }

type panicking struct{}

func (panicking) Read([]byte) (int, error) { panic("a bug") }

func TestImports_ReadAhead(t *testing.T) {
	t.Parallel()
	t.Run("EndsBeforeTheFeedIsClosed", func(t *testing.T) {
		t.Parallel()
		w := openStall(t, nil)
		var lines strings.Builder
		for i := range 5000 { // too much to be kept: it is read twice
			lines.WriteString(line(fmt.Sprintf("A-%d", i), "A", `"x":"`+strings.Repeat("x", 7000)+`"`))
		}
		gone, cancel := context.WithCancel(t.Context())
		opened := 0
		r, err := w.shop.Imports.Run(gone, core.RunImport{By: shopkeeper, Open: func() (io.ReadCloser, error) {
			opened++
			return &watchedFeed{Reader: strings.NewReader(lines.String()), t: t}, nil
		}, Progress: func(r feed.Report) {
			if r.Lines > 0 {
				cancel() // in the middle
			}
		}})
		mustRefuse(t, err, fault.Canceled, "")
		if opened != 2 || r.Lines == 0 || r.Lines == 5000 {
			t.Errorf("opened %d times, %d lines", opened, r.Lines)
		}
	})
	t.Run("ReadsAShortFeedOnce", func(t *testing.T) {
		t.Parallel()
		w := openStall(t, nil)
		opened := 0
		r := done(t, first(w.shop.Imports.Run(t.Context(), core.RunImport{By: shopkeeper, Strict: true, Open: func() (io.ReadCloser, error) {
			opened++
			return io.NopCloser(strings.NewReader(line("A", "A") + line("B", "B"))), nil
		}})))
		if w.mustCount(r, "created 2 updated 0 unchanged 0 rejected 0"); opened != 1 {
			t.Errorf("opened %d times", opened)
		}
	})
	t.Run("FailsTheImportWithItsOwnBugs", func(t *testing.T) {
		t.Parallel()
		w := openStall(t, nil)
		r, err := w.shop.Imports.Run(t.Context(), core.RunImport{By: shopkeeper, Open: func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader(line("A", "A")), panicking{})), nil
		}})
		mustRefuse(t, err, fault.Internal, "")
		if r.Status != feed.Failed {
			t.Errorf("report %+v", r)
		}
	})
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errors.New("the disk is on fire") }

func TestImports_ExportsWhatItReads(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	w.create(tee(func(c *core.CreateProduct) {
		c.Name, c.Description, c.CompareAt, c.Featured, c.Status = "Tee é <b>", "Soft & \"warm\"", eur(2500), true, catalog.Draft
		c.SEO = catalog.SEO{Title: "T"}
		c.Attributes = catalog.Attributes{"fabric": catalog.Text("cotton"), "weight": catalog.Num(5.5)}
		c.Variants[0].Title = "Small"
		c.Variants[1].Status, c.Variants[1].EAN = catalog.VariantDisabled, []string{"12345678"}
		c.Variants[1].Attributes = catalog.Attributes{"weight": catalog.Num(7), "new": catalog.Bool(true)}
	}))
	w.importing(line("A", "Cable", `"family":"f"`, `"options":{"Länge":"1 m","color":"red"}`, `"category":["Cables & more","Short"]`, `"brand":"Ännchen"`, `"attributes":{"Cable Type":"x"}`, `"stock":2`, `"images":["http://a/1","http://a/2"]`) +
		line("B", "Cable 2", `"family":"f"`, `"options":{"Länge":"2 m","color":"red"}`, `"images":["http://a/3"]`, `"status":"archived"`))
	out := w.export()
	if n := strings.Count(out, "\n"); n != 4 {
		t.Fatalf("%d lines:\n%s", n, out)
	}
	other := openStall(t, nil)
	other.mustCount(other.importing(out), "created 4 updated 0 unchanged 0 rejected 0")
	if back := other.export(); back != out {
		t.Errorf("exported\n%s\nand from the copy\n%s", out, back)
	}
	other.mustCount(other.importing(out), "created 0 updated 0 unchanged 4 rejected 0")
	copied := other.bySKU("TEE-M")
	if copied.Name != "Tee é <b>" || copied.Status != catalog.Draft || copied.Variants[0].Title != "Small" || copied.Price(&copied.Variants[1]) != eur(1700) ||
		copied.Variants[1].Status != catalog.VariantDisabled || len(copied.Variants[1].Attributes)+len(copied.Attributes) == 0 {
		t.Errorf("copied %+v", copied.Product)
	}
	_, err := w.shop.Imports.Export(t.Context(), core.ExportCatalog{To: io.Discard})
	mustRefuse(t, err, fault.Unauthenticated, "")
	_, err = w.shop.Imports.Export(t.Context(), core.ExportCatalog{By: shopkeeper, To: full{}})
	mustRefuse(t, err, fault.Canceled, "")
}

// A product whose base price none of its variants has, and one whose first variant
// costs something else, come back as they were.
func TestImports_KeepsBasePrices(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	w.create(tee(func(c *core.CreateProduct) {
		c.BasePrice, c.Variants[0].Price, c.Variants[1].Price = eur(2000), eur(1500), eur(1700)
	}))
	w.importing(w.export()) // its family has a name from now on
	before, out := w.bySKU("TEE-M"), w.export()
	if before.BasePrice != eur(2000) || !strings.Contains(out, `"base_price":{"amount":2000,"currency":"EUR"}`) {
		t.Fatalf("exported %s", out)
	}
	w.mustCount(w.importing(out), fmt.Sprintf("created 0 updated 0 unchanged %d rejected 0", len(before.Variants)))
	if after := w.bySKU("TEE-M"); after.BasePrice != eur(2000) || after.Version != before.Version {
		t.Errorf("importing what was exported made %s of %s", after.BasePrice, before.BasePrice)
	}
	other := openStall(t, nil)
	other.importing(out)
	if back := other.export(); back != out {
		t.Errorf("exported\n%s\nand from the copy\n%s", out, back)
	}
	// Without it, the first line's price is the product's, as ever.
	other.importing(strings.Replace(out, `"base_price":{"amount":2000,"currency":"EUR"},`, "", 1))
	if p := other.bySKU("TEE-M"); p.BasePrice != eur(1500) || p.Price(&p.Variants[1]) != eur(1700) {
		t.Errorf("a feed without base prices made %+v", p.BasePrice)
	}
	other.mustCount(other.importing(line("A", "A", `"base_price":{"amount":1,"currency":"USD"}`)+line("B", "B", `"base_price":{"amount":-1,"currency":"EUR"}`)+line("C", "C", `"base_price":7`)), "created 0 updated 0 unchanged 0 rejected 3")
	other.mustCount(other.importing(line("D", "D", `"base_price":null`)), "created 1 updated 0 unchanged 0 rejected 0")
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
