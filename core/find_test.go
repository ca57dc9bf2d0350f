package core_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

func (w *stall) find(q search.Query) core.FoundProducts {
	w.t.Helper()
	found, err := w.shop.Search.Find(w.t.Context(), core.FindProducts{Query: q})
	if err != nil {
		w.t.Fatal(err)
	}
	return found
}

func TestSearch_Find(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	ctx := t.Context()
	home := w.category("Home", id.Category{})
	mugs := w.category("Mugs", home)
	w.define(home, core.DefineAttribute{Name: "color", Label: "Colour", Type: catalog.String, Filterable: true})
	w.create(core.CreateProduct{
		By: shopkeeper, Name: "Blue mug", BasePrice: eur(900), Category: mugs, Attributes: catalog.Attributes{"color": catalog.Text("blue")},
	})
	sized := w.create(tee(func(c *core.CreateProduct) { c.Category = home }))
	w.receive("BLUE-MUG", 2)
	w.work()

	found := w.find(search.Query{Text: "mug"})
	if found.Total != 1 || len(found.Items) != 1 || found.Items[0].Hit.SKU != "BLUE-MUG" || !found.Items[0].InStock() || found.Degraded || found.ID == "" || found.MaxPage == 0 {
		t.Fatalf("found %+v", found)
	}
	found = w.find(search.Query{Filters: []search.Filter{{Name: "color", Values: []string{"blue"}}}})
	if i := slices.IndexFunc(found.Facets, func(f search.Facet) bool { return f.Name == "color" }); i < 0 || found.Facets[i].Label != "Colour" {
		t.Errorf("facets are %+v", found.Facets)
	}
	if found := w.find(search.Query{Category: "home", InStock: true}); found.Total != 1 {
		t.Errorf("%d in stock", found.Total)
	}
	if found := w.find(search.Query{Filters: []search.Filter{{Name: "size", Values: []string{"m"}}}}); found.Total != 1 || found.Items[0].Hit.SKU != "TEE-M" {
		t.Errorf("size m is %+v", found.Hits)
	}

	// An old slug still narrows.
	slug := "cups"
	done(t, first(w.shop.Catalog.PatchCategory(ctx, core.PatchCategory{By: shopkeeper, Category: mugs, Slug: &slug})))
	w.work()
	for _, c := range []string{"mugs", "cups"} {
		if found := w.find(search.Query{Category: c}); found.Total != 1 {
			t.Errorf("%s has %d products", c, found.Total)
		}
	}

	// What is off the shelf is gone, whatever the order of the jobs.
	done(t, first(w.shop.Catalog.Archive(ctx, core.ArchiveProduct{By: shopkeeper, Product: sized.ID})))
	if found := w.find(search.Query{Text: "tee"}); len(found.Items) != 0 || len(found.Hits) != 1 {
		t.Errorf("before the index follows: %d hits, %d items", len(found.Hits), len(found.Items))
	}
	w.work()
	if found := w.find(search.Query{Text: "tee"}); found.Total != 0 {
		t.Errorf("an archived product is found: %+v", found.Hits)
	}
	done(t, first(w.shop.Catalog.Delete(ctx, core.DeleteProduct{By: shopkeeper, Product: sized.ID})))
	if err := w.shop.Search.Index(ctx, []id.Product{sized.ID, {UUID: id.UUID{1}}, sized.ID}); err != nil {
		t.Error(err)
	}
	_, err := w.shop.Search.Find(ctx, core.FindProducts{Query: search.Query{Page: 1000}})
	mustRefuse(t, err, fault.Invalid, "page_out_of_range")
}

func TestSearch_WithoutEngine(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	w.shelfOf(w.category("Mugs", id.Category{}), id.Brand{}, 3)
	w.create(tee())
	w.index.setDown(true)
	found := w.find(search.Query{Text: "mug"})
	if !found.Degraded || found.Total != 3 || len(found.Items) != 3 || found.Facets == nil {
		t.Errorf("by text: %+v", found)
	}
	found = w.find(search.Query{Category: "mugs", Sort: search.ByPriceDesc, PerPage: 2, Page: 2})
	if !found.Degraded || found.Total != 3 || len(found.Items) != 1 || found.Items[0].Name != "Mug 0" {
		t.Errorf("by category: %+v", found)
	}
	if found = w.find(search.Query{Sort: search.ByRelevance}); len(found.Items) != 4 {
		t.Errorf("everything: %d", len(found.Items))
	}
	if found = w.find(search.Query{Text: strings.Repeat("m", search.MaxText)}); len(found.Items) != 0 {
		t.Errorf("a text longer than any name: %d", len(found.Items))
	}
	if s, err := w.shop.Search.Suggest(t.Context(), search.SuggestQuery{Text: "mu"}); err != nil || s == nil || len(s) != 0 {
		t.Errorf("suggested %v, %v", s, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.shop.Search.Find(ctx, core.FindProducts{Query: search.Query{Text: "mug"}}); err == nil {
		t.Error("who has gone away was answered")
	}
}

func TestSearch_WithoutEngineNarrowed(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	home := w.category("Home", id.Category{})
	mugs := w.category("Mugs", home)
	brands := make([]id.Brand, 3)
	for i, name := range []string{"Alder", "Birch", "Cedar"} {
		brands[i] = done(t, first(w.shop.Catalog.CreateBrand(t.Context(), core.CreateBrand{By: shopkeeper, Name: name}))).ID
	}
	for i, p := range []struct {
		name     string
		category id.Category
		brand    id.Brand
	}{
		{"Blue mug", mugs, brands[0]}, {"Blue bowl", home, brands[0]}, {"Blue mug of birch", mugs, brands[1]}, {"Blue hat", id.Category{}, brands[0]}, {"Red mug", mugs, brands[2]},
	} {
		w.create(core.CreateProduct{By: shopkeeper, Name: p.name, BasePrice: eur(int64(100 + i)), Category: p.category, Brand: p.brand})
	}
	w.index.setDown(true)
	for name, c := range map[string]struct {
		query search.Query
		want  string
	}{
		"TextAndCategory":         {search.Query{Text: "blue", Category: "home"}, "Blue bowl, Blue mug, Blue mug of birch"},
		"TextAndCategoryByID":     {search.Query{Text: "blue", Category: mugs.String()}, "Blue mug, Blue mug of birch"},
		"CategoryByID":            {search.Query{Category: mugs.String(), Sort: search.ByPriceAsc}, "Blue mug, Blue mug of birch, Red mug"},
		"TextAndBrand":            {search.Query{Text: "blue", Brands: []string{"alder"}}, "Blue bowl, Blue hat, Blue mug"},
		"TextAndBrands":           {search.Query{Text: "mug", Brands: []string{"birch", "cedar"}}, "Blue mug of birch, Red mug"},
		"Brands":                  {search.Query{Brands: []string{"birch", "cedar"}}, "Blue mug of birch, Red mug"},
		"TextAndCategoryAndBrand": {search.Query{Text: "blue", Category: "home", Brands: []string{"alder"}}, "Blue bowl, Blue mug"},
		"SecondPage":              {search.Query{Text: "blue", Page: 2, PerPage: 3}, "Blue mug of birch"},
		"UnknownCategory":         {search.Query{Text: "blue", Category: "garden"}, ""},
		"UnknownBrand":            {search.Query{Text: "blue", Brands: []string{"dogwood"}}, ""},
		"OneKnownBrand":           {search.Query{Brands: []string{"dogwood", "cedar"}}, "Red mug"},
	} {
		t.Run(name, func(t *testing.T) {
			found := w.find(c.query)
			names := make([]string, len(found.Items))
			for i := range found.Items {
				names[i] = found.Items[i].Name
			}
			if got := strings.Join(names, ", "); !found.Degraded || got != c.want {
				t.Errorf("found %q, want %q", got, c.want)
			}
		})
	}
}

func TestSearch_Suggest(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	w.create(tee())
	w.work()
	if s := done(t, first(w.shop.Search.Suggest(t.Context(), search.SuggestQuery{Text: "te"}))); len(s) != 1 || s[0].Slug != "tee" {
		t.Errorf("suggested %+v", s)
	}
	_, err := w.shop.Search.Suggest(t.Context(), search.SuggestQuery{Limit: -1})
	mustRefuseAt(t, err, "limit too_small")
}

func TestSearch_Rebuild(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	ctx := t.Context()
	w.shelfOf(w.category("Mugs", id.Category{}), id.Brand{}, 3)
	done(t, first(w.shop.Catalog.Create(ctx, tee(func(c *core.CreateProduct) { c.Status = catalog.Draft }))))
	for _, isFirst := range []bool{true, false} {
		last := 0
		n, err := w.shop.Search.Rebuild(ctx, core.RebuildIndex{By: shopkeeper, First: isFirst, Progress: func(n int) { last = n }})
		if err != nil || n != 4 || last != 4 {
			t.Errorf("rebuilt %d of 4, told of %d: %v", n, last, err)
		}
		if found := w.find(search.Query{}); found.Total != 3 {
			t.Errorf("found %d", found.Total)
		}
	}
	// Jobs from before the rebuild do no harm.
	w.work()
	if found := w.find(search.Query{}); found.Total != 3 {
		t.Errorf("found %d", found.Total)
	}
	_, err := w.shop.Search.Rebuild(ctx, core.RebuildIndex{By: account.Key("k", account.CatalogWrite)})
	mustRefuse(t, err, fault.Denied, "permission_denied")
}

// lateIndex writes a batch of documents only when the test lets it.
type lateIndex struct {
	ports.SearchEngine
	wait chan struct{}
	held chan struct{}
}

func (l *lateIndex) Index(ctx context.Context, docs []search.Document) ([]search.Outcome, error) {
	if l.held != nil {
		held := l.held
		l.held = nil
		close(held)
		<-l.wait
	}
	return l.SearchEngine.Index(ctx, docs)
}

func TestSearch_Index_LateJobChangesNothing(t *testing.T) {
	t.Parallel()
	late := &lateIndex{wait: make(chan struct{}), held: make(chan struct{})}
	w := openStall(t, nil, func(_ *stall, d *core.Deps) {
		late.SearchEngine = d.Search
		d.Search = late
	})
	ctx := t.Context()
	made := w.create(tee())
	held, ended := late.held, make(chan error)
	go func() { ended <- w.shop.Search.Index(ctx, []id.Product{made.ID}) }()
	<-held // it has read the tee, and is slow to write it
	done(t, first(w.shop.Catalog.Archive(ctx, core.ArchiveProduct{By: shopkeeper, Product: made.ID})))
	w.work()
	close(late.wait)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if found := w.find(search.Query{Text: "tee"}); found.Total != 0 {
		t.Errorf("a late job put an archived product back: %+v", found.Hits)
	}
}

// looseIndex leaves a document it holds under its lower version, as an index
// does for which writing is dear.
type looseIndex struct {
	lateIndex
	written atomic.Int32
}

func (l *looseIndex) Held(ctx context.Context, docs []search.Document) ([]bool, error) {
	entries, err := l.Entries(ctx, "", 10_000)
	digests := make(map[string]uint64, len(entries))
	for _, e := range entries {
		digests[e.Key] = e.Digest
	}
	held := make([]bool, len(docs))
	for i := range docs {
		held[i] = digests[docs[i].SKU.Fold()] == docs[i].Digest() // a tombstone or nothing is 0
	}
	return held, err
}

func (l *looseIndex) Index(ctx context.Context, docs []search.Document) ([]search.Outcome, error) {
	l.written.Add(int32(len(docs)))
	return l.lateIndex.Index(ctx, docs)
}

func TestSearch_Index_WritesOnlyWhatChanged(t *testing.T) {
	t.Parallel()
	loose := &looseIndex{}
	w := openStall(t, nil, func(_ *stall, d *core.Deps) {
		loose.SearchEngine = d.Search
		d.Search = loose
	})
	ctx := t.Context()
	made := w.create(tee())
	w.work()
	mustWrite := func(what string, want int32) {
		t.Helper()
		w.work()
		if got := loose.written.Swap(0); got != want {
			t.Errorf("%s: %d documents written, want %d", what, got, want)
		}
	}
	loose.written.Store(0)
	if err := w.shop.Search.Index(ctx, []id.Product{made.ID}); err != nil {
		t.Fatal(err)
	}
	mustWrite("the same again", 0)
	done(t, first(w.shop.Inventory.Receive(ctx, core.ReceiveStock{By: shopkeeper, SKU: "TEE-S", Quantity: 3})))
	mustWrite("one variant in stock", 1)
	done(t, first(w.shop.Inventory.Receive(ctx, core.ReceiveStock{By: shopkeeper, SKU: "TEE-S", Quantity: 2})))
	mustWrite("more of it", 0)
	held, ended := make(chan struct{}), make(chan error)
	loose.held, loose.wait = held, make(chan struct{})
	rename := func(name string) {
		t.Helper()
		done(t, first(w.shop.Catalog.Patch(ctx, core.PatchProduct{By: shopkeeper, Product: made.ID, Name: &name})))
	}
	rename("Shirt")
	go func() { ended <- w.shop.Search.Index(ctx, []id.Product{made.ID}) }()
	<-held // it has read the shirt, and is slow to write it
	rename("Tee")
	w.work() // and finds everything as it is to be
	close(loose.wait)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if found := w.find(search.Query{Text: "tee", Exact: true}); found.Total != 1 || found.Items[0].Hit.Name != "Tee" {
		t.Errorf("a late job left %+v", found.Hits)
	}
}
