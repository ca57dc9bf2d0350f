package core_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
)

// tee is a product of two sizes, 15.00 and 17.00.
func tee(changes ...func(*core.CreateProduct)) core.CreateProduct {
	cmd := core.CreateProduct{By: shopkeeper, Name: "Tee", Variants: []core.NewVariant{
		{SKU: "TEE-S", Price: eur(1500), Options: []catalog.Option{{Name: "size", Value: "s"}}},
		{SKU: "TEE-M", Price: eur(1700), Options: []catalog.Option{{Name: "size", Value: "m"}}},
	}}
	for _, change := range changes {
		change(&cmd)
	}
	return cmd
}

func (w *stall) create(cmd core.CreateProduct) core.SavedProduct {
	w.t.Helper()
	saved, err := w.shop.Catalog.Create(w.t.Context(), cmd)
	if err != nil {
		w.t.Fatal(err)
	}
	return saved
}

func (w *stall) category(name string, parent id.Category) id.Category {
	w.t.Helper()
	saved, err := w.shop.Catalog.CreateCategory(w.t.Context(), core.CreateCategory{By: shopkeeper, Name: name, Parent: parent})
	if err != nil {
		w.t.Fatal(err)
	}
	return saved.ID
}

func (w *stall) define(c id.Category, d core.DefineAttribute) {
	w.t.Helper()
	d.By, d.Category = shopkeeper, c
	if _, err := w.shop.Catalog.DefineAttribute(w.t.Context(), d); err != nil {
		w.t.Fatal(err)
	}
}

func TestCatalog_Create(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	made := w.create(tee())
	if made.Slug != "tee" || made.Status != catalog.Active || made.BasePrice != eur(1500) || made.Version != 1 || made.ID.IsZero() {
		t.Errorf("made %+v", made.Product)
	}
	if !made.Variants[0].PriceOverride.IsNone() || made.Variants[1].PriceOverride != eur(1700) {
		t.Errorf("the variants cost %v and %v of their own", made.Variants[0].PriceOverride, made.Variants[1].PriceOverride)
	}
	seen := done(t, first(w.shop.Catalog.Product(t.Context(), "tee", ports.Marks{}.With(made.Mark))))
	if seen.ID != made.ID || len(seen.Variants) != 2 || seen.InStock() {
		t.Errorf("a shopper sees %+v", seen.Product)
	}
	if low, high := seen.PriceRange(); low != eur(1500) || high != eur(1700) {
		t.Errorf("for %v to %v", low, high)
	}
	if !slices.Contains(w.told.products, made.ID) {
		t.Error("caches were not told")
	}

	again := w.create(tee(func(c *core.CreateProduct) { c.Variants[0].SKU, c.Variants[1].SKU = "X-1", "X-2" }))
	if again.Slug != "tee-x-1" {
		t.Errorf("a second tee is called %s", again.Slug)
	}
	plain := w.create(core.CreateProduct{By: shopkeeper, Name: "Gift card", BasePrice: eur(2500)})
	if len(plain.Variants) != 1 || plain.Variants[0].SKU != "GIFT-CARD" || plain.Price(&plain.Variants[0]) != eur(2500) {
		t.Errorf("a product without options has %+v", plain.Variants)
	}
}

func TestCatalog_CreateRefuses(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	leaf := w.category("Shirts", id.Category{})
	w.define(leaf, core.DefineAttribute{Name: "fabric", Type: catalog.String, Required: true})
	w.define(leaf, core.DefineAttribute{Name: "weight", Type: catalog.Number})
	w.create(tee(func(c *core.CreateProduct) { c.Slug = "taken"; c.Variants[0].SKU = "TAKEN" }))
	for name, c := range map[string]struct {
		change func(*core.CreateProduct)
		kind   fault.Kind
		code   string
		at     []string
	}{
		"NoName":      {func(c *core.CreateProduct) { c.Name = "" }, fault.Invalid, "validation_failed", []string{"name required"}},
		"NoPrice":     {func(c *core.CreateProduct) { c.Variants = nil }, fault.Invalid, "validation_failed", []string{"base_price required"}},
		"Currency":    {func(c *core.CreateProduct) { c.Variants[1].Price = money.New(1, "USD") }, fault.Invalid, "currency_mismatch", []string{"variants[1].price.currency enum"}},
		"CurrencyToo": {func(c *core.CreateProduct) { c.BasePrice = money.New(1, "USD"); c.Name = "" }, fault.Invalid, "validation_failed", []string{"base_price.currency enum", "name required"}},
		"Negative":    {func(c *core.CreateProduct) { c.BasePrice = eur(-1) }, fault.Invalid, "validation_failed", []string{"base_price.amount too_small"}},
		"Slug":        {func(c *core.CreateProduct) { c.Slug = strings.Repeat("a", 300) }, fault.Invalid, "validation_failed", []string{"slug too_long"}},
		"SlugTaken":   {func(c *core.CreateProduct) { c.Slug = "taken" }, fault.Exists, "already_exists", nil},
		"SKUTaken":    {func(c *core.CreateProduct) { c.Variants[0].SKU = "taken" }, fault.Exists, "already_exists", nil},
		"Brand":       {func(c *core.CreateProduct) { c.Brand = id.Brand{UUID: id.UUID{1}} }, fault.Invalid, "validation_failed", []string{"brand_id unknown_reference"}},
		"Category":    {func(c *core.CreateProduct) { c.Category = id.Category{UUID: id.UUID{1}} }, fault.Invalid, "validation_failed", []string{"category_id unknown_reference"}},
		"Image":       {func(c *core.CreateProduct) { c.Images = []id.Image{{UUID: id.UUID{1}}} }, fault.Invalid, "validation_failed", []string{"images[0] unknown_reference"}},
		"SameOptions": {func(c *core.CreateProduct) { c.Variants[1].Options = c.Variants[0].Options }, fault.Invalid, "validation_failed", []string{"variants[1].options duplicate"}},
		"Attributes": {func(c *core.CreateProduct) {
			c.Category = leaf
			c.Attributes = catalog.Attributes{"fabric": catalog.Num(1), "nap": catalog.Text("x")}
		}, fault.Invalid, "validation_failed", []string{"attributes.fabric type", "attributes.nap unknown_reference"}},
		"Required":     {func(c *core.CreateProduct) { c.Category = leaf }, fault.Invalid, "validation_failed", []string{"attributes.fabric required"}},
		"Nobody":       {func(c *core.CreateProduct) { c.By = account.Actor{} }, fault.Unauthenticated, "", nil},
		"Guest":        {func(c *core.CreateProduct) { c.By = account.Guest("x") }, fault.Denied, "permission_denied", nil},
		"OtherKey":     {func(c *core.CreateProduct) { c.By = account.Key("k", account.CatalogRead) }, fault.Denied, "permission_denied", nil},
		"NegativeEven": {func(c *core.CreateProduct) { c.CompareAt = eur(money.Max + 1) }, fault.Invalid, "validation_failed", []string{"compare_at_price.amount too_large"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := w.shop.Catalog.Create(t.Context(), tee(c.change))
			mustRefuse(t, err, c.kind, c.code)
			if c.at != nil {
				mustRefuseAt(t, err, c.at...)
			}
		})
	}
}

func TestCatalog_Patch(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	ctx := t.Context()
	leaf := w.category("Shirts", id.Category{})
	w.define(leaf, core.DefineAttribute{Name: "fabric", Type: catalog.String})
	w.define(leaf, core.DefineAttribute{Name: "weight", Type: catalog.Number})
	made := w.create(tee(func(c *core.CreateProduct) {
		c.Category, c.Attributes = leaf, catalog.Attributes{"fabric": catalog.Text("cotton")}
	}))
	name, weight, slug := "Shirt", catalog.Num(150), "shirt"
	saved := done(t, first(w.shop.Catalog.Patch(ctx, core.PatchProduct{
		By: shopkeeper, Product: made.ID, Version: 1, Name: &name, Slug: &slug, Attributes: map[string]*catalog.Value{"weight": &weight, "fabric": nil},
	})))
	if saved.Version != 2 || saved.Name != "Shirt" || len(saved.Attributes) != 1 || saved.Attributes["weight"] != weight || len(saved.Variants) != 2 || !saved.UpdatedAt.After(made.UpdatedAt) {
		t.Errorf("patched to %+v", saved.Product)
	}
	if moved := done(t, first(w.shop.Catalog.Product(ctx, "tee", ports.Marks{}))); moved.Slug != "shirt" {
		t.Errorf("the old slug leads to %s", moved.Slug)
	}
	if !slices.Contains(w.told.slugs, "tee") || !slices.Contains(w.told.slugs, "shirt") {
		t.Errorf("caches were told of %q", w.told.slugs)
	}
	_, err := w.shop.Catalog.Patch(ctx, core.PatchProduct{By: shopkeeper, Product: made.ID, Version: 1, Name: &name})
	mustRefuse(t, err, fault.Stale, "version_conflict")
	if e, _ := errors.AsType[*fault.Error](err); e.Data != (fault.CurrentVersion{Version: 2}) {
		t.Errorf("the conflict says %+v", e.Data)
	}
	_, err = w.shop.Catalog.Patch(ctx, core.PatchProduct{By: shopkeeper, Product: id.Product{UUID: id.UUID{9}}, Name: &name})
	mustRefuse(t, err, fault.NotFound, "not_found")

	// A cheaper base price does not change a variant's own, and becomes one's own no more.
	base := eur(1700)
	saved = done(t, first(w.shop.Catalog.Patch(ctx, core.PatchProduct{By: shopkeeper, Product: made.ID, BasePrice: &base})))
	if saved.Price(&saved.Variants[0]) != eur(1700) || !saved.Variants[1].PriceOverride.IsNone() {
		t.Errorf("prices are now %+v", saved.Variants)
	}

	// What a product broke before, it may go on breaking.
	done(t, first(w.shop.Catalog.DropAttribute(ctx, core.DropAttribute{By: shopkeeper, Category: leaf, Name: "weight"})))
	saved = done(t, first(w.shop.Catalog.Patch(ctx, core.PatchProduct{By: shopkeeper, Product: made.ID, Name: &name})))
	if saved.Attributes["weight"] != weight {
		t.Errorf("attributes are %v", saved.Attributes)
	}
	heavier := catalog.Num(200)
	_, err = w.shop.Catalog.Patch(ctx, core.PatchProduct{By: shopkeeper, Product: made.ID, Attributes: map[string]*catalog.Value{"weight": &heavier}})
	mustRefuseAt(t, err, "attributes.weight unknown_reference")
}

func TestCatalog_Replace(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	ctx := t.Context()
	made := w.create(tee(func(c *core.CreateProduct) {
		c.Description, c.Featured, c.Attributes = "Soft", true, catalog.Attributes{"any": catalog.Text("thing")}
	}))
	saved := done(t, first(w.shop.Catalog.Replace(ctx, core.ReplaceProduct{
		By: shopkeeper, Product: made.ID, Version: 1, Name: "Tee 2", BasePrice: eur(1600),
		Variants: []core.NewVariant{{SKU: "TEE-L", Options: []catalog.Option{{Name: "size", Value: "l"}}}, {SKU: "TEE-S", Price: eur(1600)}},
	})))
	if saved.Description != "" || saved.Featured || len(saved.Attributes) != 0 || saved.Slug != "tee" || saved.Status != catalog.Active {
		t.Errorf("replaced by %+v", saved.Product)
	}
	if len(saved.Variants) != 2 || saved.Variants[0].SKU != "TEE-L" || saved.Variants[1].ID != made.Variants[0].ID || !saved.Variants[1].PriceOverride.IsNone() {
		t.Errorf("with variants %+v", saved.Variants)
	}
	_, err := w.shop.Catalog.Replace(ctx, core.ReplaceProduct{
		By: shopkeeper, Product: made.ID, Name: "Tee", BasePrice: eur(1), Variants: []core.NewVariant{{SKU: "tee-s"}},
	})
	mustRefuseAt(t, err, "variants[0].sku pattern")
	same := done(t, first(w.shop.Catalog.Replace(ctx, core.ReplaceProduct{By: shopkeeper, Product: made.ID, Name: "Tee 3", BasePrice: eur(1600)})))
	if len(same.Variants) != 2 {
		t.Errorf("without saying anything of variants there are %+v", same.Variants)
	}
}

func TestCatalog_PublishArchiveDelete(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	ctx := t.Context()
	leaf := w.category("Shirts", id.Category{})
	w.define(leaf, core.DefineAttribute{Name: "fabric", Type: catalog.String, Required: true})
	draft := w.create(tee(func(c *core.CreateProduct) { c.Category, c.Status = leaf, catalog.Draft }))
	_, err := w.shop.Catalog.Product(ctx, "tee", ports.Marks{})
	mustRefuse(t, err, fault.NotFound, "not_found")
	_, err = w.shop.Catalog.Publish(ctx, core.PublishProduct{By: shopkeeper, Product: draft.ID})
	mustRefuseAt(t, err, "attributes.fabric required")
	cotton := catalog.Text("cotton")
	done(t, first(w.shop.Catalog.Patch(ctx, core.PatchProduct{By: shopkeeper, Product: draft.ID, Attributes: map[string]*catalog.Value{"fabric": &cotton}})))
	out := done(t, first(w.shop.Catalog.Publish(ctx, core.PublishProduct{By: shopkeeper, Product: draft.ID, Version: 2})))
	if out.Status != catalog.Active || out.Version != 3 {
		t.Errorf("published %+v", out.Product)
	}
	again := done(t, first(w.shop.Catalog.Publish(ctx, core.PublishProduct{By: shopkeeper, Product: draft.ID})))
	if again.Version != 3 || !again.Mark.IsZero() {
		t.Errorf("publishing again wrote version %d at %v", again.Version, again.Mark)
	}
	w.work()
	archived := done(t, first(w.shop.Catalog.Archive(ctx, core.ArchiveProduct{By: shopkeeper, Product: draft.ID})))
	_, err = w.shop.Catalog.Product(ctx, "tee", ports.Marks{}.With(archived.Mark))
	mustRefuse(t, err, fault.NotFound, "not_found")
	if n := w.work(); n != 1 {
		t.Errorf("archiving queued %d jobs", n)
	}
	_, err = w.shop.Catalog.Delete(ctx, core.DeleteProduct{By: shopkeeper, Product: draft.ID, Version: 3})
	mustRefuse(t, err, fault.Stale, "version_conflict")
	done(t, first(w.shop.Catalog.Delete(ctx, core.DeleteProduct{By: shopkeeper, Product: draft.ID, Version: 4})))
	_, err = w.shop.Catalog.Find(ctx, core.FindProduct{By: shopkeeper, Product: draft.ID})
	mustRefuse(t, err, fault.NotFound, "not_found")
	_, err = w.shop.Catalog.Delete(ctx, core.DeleteProduct{By: shopkeeper, Product: draft.ID})
	mustRefuse(t, err, fault.NotFound, "not_found")
}

func TestCatalog_Variants(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	ctx := t.Context()
	made := w.create(tee())
	large := core.NewVariant{SKU: "TEE-L", Price: eur(1500), Options: []catalog.Option{{Name: "size", Value: "l"}}}
	saved := done(t, first(w.shop.Catalog.AddVariant(ctx, core.AddVariant{By: shopkeeper, Product: made.ID, Version: 1, NewVariant: large})))
	if len(saved.Variants) != 3 || saved.Variants[2].SKU != "TEE-L" || !saved.Variants[2].PriceOverride.IsNone() {
		t.Errorf("added %+v", saved.Variants)
	}
	_, err := w.shop.Catalog.AddVariant(ctx, core.AddVariant{By: shopkeeper, Product: made.ID, NewVariant: large})
	mustRefuse(t, err, fault.Exists, "already_exists")
	large.SKU = "TEE-XL"
	_, err = w.shop.Catalog.AddVariant(ctx, core.AddVariant{By: shopkeeper, Product: made.ID, NewVariant: large})
	mustRefuseAt(t, err, "options duplicate")

	price, other := eur(2000), id.SKU("TEE-X")
	saved = done(t, first(w.shop.Catalog.PatchVariant(ctx, core.PatchVariant{By: shopkeeper, SKU: "tee-l", Version: 2, Price: &price})))
	if v := saved.Variant("TEE-L"); saved.Price(v) != price || v.Options[0].Value != "l" {
		t.Errorf("patched to %+v", v)
	}
	_, err = w.shop.Catalog.PatchVariant(ctx, core.PatchVariant{By: shopkeeper, SKU: "TEE-L", NewSKU: &other})
	mustRefuseAt(t, err, "sku pattern")
	_, err = w.shop.Catalog.PatchVariant(ctx, core.PatchVariant{By: shopkeeper, SKU: "TEE-L", Version: 1, Price: &price})
	mustRefuse(t, err, fault.Stale, "version_conflict")
	_, err = w.shop.Catalog.PatchVariant(ctx, core.PatchVariant{By: shopkeeper, SKU: "NONE", Price: &price})
	mustRefuse(t, err, fault.NotFound, "not_found")
	bad := eur(-5)
	_, err = w.shop.Catalog.PatchVariant(ctx, core.PatchVariant{By: shopkeeper, SKU: "TEE-L", Price: &bad})
	mustRefuseAt(t, err, "price.amount too_small")

	saved = done(t, first(w.shop.Catalog.ReplaceVariant(ctx, core.ReplaceVariant{By: shopkeeper, SKU: "TEE-L", NewVariant: core.NewVariant{Title: "Large", Status: catalog.VariantDisabled}})))
	if v := saved.Variant("TEE-L"); v.Title != "Large" || len(v.Options) != 0 || !v.PriceOverride.IsNone() || v.Status != catalog.VariantDisabled {
		t.Errorf("replaced by %+v", v)
	}
	if seen := done(t, first(w.shop.Catalog.Product(ctx, "tee", ports.Marks{}))); len(seen.Variants) != 2 {
		t.Errorf("shoppers see %d variants", len(seen.Variants))
	}
	if found := done(t, first(w.shop.Catalog.FindVariant(ctx, core.FindVariant{By: shopkeeper, SKU: "tee-l"}))); found.ID != made.ID {
		t.Errorf("found %v", found.ID)
	}
	for _, sku := range []id.SKU{"TEE-L", "TEE-M"} {
		done(t, first(w.shop.Catalog.DeleteVariant(ctx, core.DeleteVariant{By: shopkeeper, SKU: sku})))
	}
	_, err = w.shop.Catalog.DeleteVariant(ctx, core.DeleteVariant{By: shopkeeper, SKU: "TEE-S"})
	mustRefuse(t, err, fault.Conflict, "in_use")
}

func TestCatalog_Browse(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	ctx := t.Context()
	for i := range 5 {
		w.create(core.CreateProduct{By: shopkeeper, Name: fmt.Sprintf("Mug %d", i), BasePrice: eur(int64(100 * i)), Status: catalog.Draft})
	}
	var names []string
	b := catalog.Browse{Query: "mug", Sort: catalog.BrowseByName, Descending: true, Limit: 2, Count: true}
	for {
		list := done(t, first(w.shop.Catalog.Browse(ctx, core.BrowseProducts{By: shopkeeper, Browse: b})))
		if list.Total != 5 {
			t.Errorf("%d in all", list.Total)
		}
		for _, p := range list.Products {
			names = append(names, p.Name)
		}
		if b.After = list.Next; b.After.IsZero() {
			break
		}
	}
	if got := strings.Join(names, ","); got != "Mug 4,Mug 3,Mug 2,Mug 1,Mug 0" {
		t.Errorf("browsed %s", got)
	}
	_, err := w.shop.Catalog.Browse(ctx, core.BrowseProducts{By: shopkeeper, Browse: catalog.Browse{Sort: "taste", Status: "hot"}})
	mustRefuseAt(t, err, "sort enum", "status enum", "limit too_small")
	_, err = w.shop.Catalog.Browse(ctx, core.BrowseProducts{Browse: b})
	mustRefuse(t, err, fault.Unauthenticated, "")
}

func TestCatalog_UpdatedAtOnlyRises(t *testing.T) {
	t.Parallel()
	clock := time.Date(2025, 1, 2, 0, 0, 0, 0, time.UTC)
	w := openStall(t, nil, func(_ *stall, d *core.Deps) { d.Now = func() time.Time { return clock } })
	made := w.create(tee())
	name := "Shirt"
	saved := done(t, first(w.shop.Catalog.Patch(t.Context(), core.PatchProduct{By: shopkeeper, Product: made.ID, Name: &name})))
	if !saved.UpdatedAt.After(made.UpdatedAt) || saved.CreatedAt != made.CreatedAt {
		t.Errorf("created %v, updated %v", saved.CreatedAt, saved.UpdatedAt)
	}
}

// stale answers from an old taxonomy unless it is asked for a newer state.
type stale struct {
	ports.Taxonomies
	old *catalog.Taxonomy
}

func (s stale) Taxonomy(ctx context.Context, after ports.Mark) (*catalog.Taxonomy, error) {
	if after.IsZero() {
		return s.old, nil
	}
	return s.Taxonomies.Taxonomy(ctx, after)
}

func TestCatalog_JudgesByTheDefinitionsInForce(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil, func(_ *stall, d *core.Deps) {
		d.Catalog.Taxonomy = stale{d.Catalog.Taxonomy, catalog.NewTaxonomy(nil, nil, nil, nil, nil)}
	})
	leaf := w.category("Shirts", id.Category{})
	w.define(leaf, core.DefineAttribute{Name: "fabric", Type: catalog.String})
	cotton := func(c *core.CreateProduct) {
		c.Category, c.Attributes = leaf, catalog.Attributes{"fabric": catalog.Text("cotton")}
	}
	if made := w.create(tee(cotton)); len(made.Path) != 1 {
		t.Errorf("made %+v", made)
	}
	w.define(leaf, core.DefineAttribute{Name: "fabric", Type: catalog.Number})
	_, err := w.shop.Catalog.Create(t.Context(), tee(cotton))
	mustRefuseAt(t, err, "attributes.fabric type")
}

func TestCatalog_Patch_OneWriterWins(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	made := w.create(tee())
	errs := make(chan error)
	for i := range 8 {
		go func() {
			name := fmt.Sprint("Tee ", i)
			_, err := w.shop.Catalog.Patch(t.Context(), core.PatchProduct{By: shopkeeper, Product: made.ID, Version: 1, Name: &name})
			errs <- err
		}()
	}
	won := 0
	for range 8 {
		if err := <-errs; err == nil {
			won++
		} else {
			mustRefuse(t, err, fault.Stale, "version_conflict")
		}
	}
	if p := done(t, first(w.shop.Catalog.Find(t.Context(), core.FindProduct{By: shopkeeper, Product: made.ID}))); won != 1 || p.Version != 2 {
		t.Errorf("%d writers won, the version is %d", won, p.Version)
	}
}

// TestCatalog_NobodyMayWrite calls every operator's verb as nobody and as a key
// without permissions.
func TestCatalog_NobodyMayWrite(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	ctx, c := t.Context(), w.shop.Catalog
	p := w.create(tee())
	leaf := w.category("Leaf", id.Category{})
	for by, kind := range map[string]fault.Kind{"nobody": fault.Unauthenticated, "key": fault.Denied} {
		var a account.Actor
		if by == "key" {
			a = account.Key("k", account.OrderRead)
		}
		for verb, call := range map[string]func() error{
			"Create":         func() error { _, err := c.Create(ctx, core.CreateProduct{By: a}); return err },
			"Replace":        func() error { _, err := c.Replace(ctx, core.ReplaceProduct{By: a, Product: p.ID}); return err },
			"Patch":          func() error { _, err := c.Patch(ctx, core.PatchProduct{By: a, Product: p.ID}); return err },
			"Publish":        func() error { _, err := c.Publish(ctx, core.PublishProduct{By: a, Product: p.ID}); return err },
			"Archive":        func() error { _, err := c.Archive(ctx, core.ArchiveProduct{By: a, Product: p.ID}); return err },
			"Delete":         func() error { _, err := c.Delete(ctx, core.DeleteProduct{By: a, Product: p.ID}); return err },
			"SetImages":      func() error { _, err := c.SetImages(ctx, core.SetProductImages{By: a, Product: p.ID}); return err },
			"Find":           func() error { _, err := c.Find(ctx, core.FindProduct{By: a, Product: p.ID}); return err },
			"Browse":         func() error { _, err := c.Browse(ctx, core.BrowseProducts{By: a}); return err },
			"AddVariant":     func() error { _, err := c.AddVariant(ctx, core.AddVariant{By: a, Product: p.ID}); return err },
			"ReplaceVariant": func() error { _, err := c.ReplaceVariant(ctx, core.ReplaceVariant{By: a, SKU: "TEE-S"}); return err },
			"PatchVariant":   func() error { _, err := c.PatchVariant(ctx, core.PatchVariant{By: a, SKU: "TEE-S"}); return err },
			"DeleteVariant":  func() error { _, err := c.DeleteVariant(ctx, core.DeleteVariant{By: a, SKU: "TEE-S"}); return err },
			"FindVariant":    func() error { _, err := c.FindVariant(ctx, core.FindVariant{By: a, SKU: "TEE-S"}); return err },
			"CreateCategory": func() error { _, err := c.CreateCategory(ctx, core.CreateCategory{By: a}); return err },
			"ReplaceCategory": func() error {
				_, err := c.ReplaceCategory(ctx, core.ReplaceCategory{By: a, Category: leaf})
				return err
			},
			"PatchCategory":    func() error { _, err := c.PatchCategory(ctx, core.PatchCategory{By: a, Category: leaf}); return err },
			"MoveCategory":     func() error { _, err := c.MoveCategory(ctx, core.MoveCategory{By: a, Category: leaf}); return err },
			"DeleteCategory":   func() error { _, err := c.DeleteCategory(ctx, core.DeleteCategory{By: a, Category: leaf}); return err },
			"FindCategory":     func() error { _, err := c.FindCategory(ctx, core.FindCategory{By: a, Category: leaf}); return err },
			"BrowseCategories": func() error { _, err := c.BrowseCategories(ctx, core.BrowseCategories{By: a}); return err },
			"DefineAttribute": func() error {
				_, err := c.DefineAttribute(ctx, core.DefineAttribute{By: a, Category: leaf})
				return err
			},
			"DropAttribute": func() error { _, err := c.DropAttribute(ctx, core.DropAttribute{By: a, Category: leaf}); return err },
			"FindAttribute": func() error { _, err := c.FindAttribute(ctx, core.FindAttribute{By: a, Category: leaf}); return err },
			"CreateBrand":   func() error { _, err := c.CreateBrand(ctx, core.CreateBrand{By: a}); return err },
			"ReplaceBrand":  func() error { _, err := c.ReplaceBrand(ctx, core.ReplaceBrand{By: a}); return err },
			"PatchBrand":    func() error { _, err := c.PatchBrand(ctx, core.PatchBrand{By: a}); return err },
			"DeleteBrand":   func() error { _, err := c.DeleteBrand(ctx, core.DeleteBrand{By: a}); return err },
			"FindBrand":     func() error { _, err := c.FindBrand(ctx, core.FindBrand{By: a}); return err },
			"BrowseBrands":  func() error { _, err := c.BrowseBrands(ctx, core.BrowseBrands{By: a}); return err },
			"Upload":        func() error { _, err := w.shop.Images.Upload(ctx, core.UploadImage{By: a}); return err },
			"Queue":         func() error { _, err := w.shop.Imports.Queue(ctx, core.QueueImport{By: a}); return err },
			"Run":           func() error { _, err := w.shop.Imports.Run(ctx, core.RunImport{By: a}); return err },
			"FindImport":    func() error { _, err := w.shop.Imports.Find(ctx, core.FindImport{By: a}); return err },
			"Rejects":       func() error { _, err := w.shop.Imports.Rejects(ctx, core.ListRejects{By: a}); return err },
			"Export":        func() error { _, err := w.shop.Imports.Export(ctx, core.ExportCatalog{By: a}); return err },
			"Rebuild":       func() error { _, err := w.shop.Search.Rebuild(ctx, core.RebuildIndex{By: a}); return err },
		} {
			if err := call(); !fault.Is(err, kind) {
				t.Errorf("%s as %s: %v", verb, by, err)
			}
		}
	}
}
