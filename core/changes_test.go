package core_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// tally counts the documents that reach an engine.
type tally struct {
	ports.SearchEngine
	written atomic.Int32
}

func (x *tally) Index(ctx context.Context, docs []search.Document) ([]search.Outcome, error) {
	x.written.Add(int32(len(docs)))
	return x.SearchEngine.Index(ctx, docs)
}

// Every change that a search could tell reaches the index, and no document is
// written that says nothing new.
func TestSearch_Index_EveryChangeThatMatters(t *testing.T) {
	t.Parallel()
	t.Run("Embedded", func(t *testing.T) {
		t.Parallel()
		everyChange(t, func(e ports.SearchEngine) ports.SearchEngine {
			return &looseIndex{lateIndex: lateIndex{SearchEngine: e}}
		}, func() {})
	})
	t.Run("Elasticsearch", func(t *testing.T) {
		t.Parallel()
		e := engineOf(t)
		everyChange(t, func(ports.SearchEngine) ports.SearchEngine { return e }, func() {
			if err := e.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
		})
	})
}

func everyChange(t *testing.T, engine func(ports.SearchEngine) ports.SearchEngine, settle func()) {
	t.Helper()
	ctx := t.Context()
	count := &tally{}
	w := openStall(t, nil, func(w *stall, _ *core.Deps) {
		count.SearchEngine = engine(w.index.SearchEngine)
		w.index.SearchEngine = count
	})
	shop := w.shop.Catalog
	tops, sale := w.category("Tops", id.Category{}), w.category("Sale", id.Category{})
	shirts := w.category("Shirts", tops)
	w.define(shirts, core.DefineAttribute{Name: "size", Label: "Size", Type: catalog.Enum, Filterable: true, Choices: []catalog.Choice{{Value: "s", Label: "S"}, {Value: "m", Label: "M"}}})
	acme := done(t, first(shop.CreateBrand(ctx, core.CreateBrand{By: shopkeeper, Name: "Acme"}))).ID
	made := w.create(tee(func(c *core.CreateProduct) { c.Category, c.Brand = shirts, acme })).ID
	w.create(core.CreateProduct{By: shopkeeper, Name: "Mug", Variants: []core.NewVariant{{SKU: "MUG", Price: eur(100)}}})
	w.work()
	settle()

	patch := func(change func(*core.PatchProduct)) func() {
		return func() {
			cmd := core.PatchProduct{By: shopkeeper, Product: made}
			change(&cmd)
			done(t, first(shop.Patch(ctx, cmd)))
		}
	}
	adjust := func(delta int) func() {
		return func() {
			done(t, first(w.shop.Inventory.Adjust(ctx, core.AdjustStock{By: shopkeeper, SKU: "TEE-S", Delta: delta, Reason: inventory.Other})))
		}
	}
	most := int64(1600)
	name, text, title, beta, kept, low := "Singlet", "soft as clouds", "Petite", "Beta", "Kept", eur(1100)
	archived, active := catalog.Archived, catalog.Active
	for _, step := range []struct {
		what    string
		change  func()
		written int32
		query   search.Query
		total   int
	}{
		{"a price", func() {
			done(t, first(shop.PatchVariant(ctx, core.PatchVariant{By: shopkeeper, SKU: "TEE-M", Price: &low})))
		}, 1, search.Query{PriceMin: &[]int64{1050}[0], PriceMax: &[]int64{1150}[0]}, 1},
		{"into stock", adjust(3), 1, search.Query{InStock: true}, 1},
		{"more of it", adjust(2), 0, search.Query{InStock: true}, 1},
		{"less of it", adjust(-4), 0, search.Query{InStock: true}, 1},
		{"out of stock", adjust(-1), 1, search.Query{InStock: true}, 0},
		{"a new name", patch(func(c *core.PatchProduct) { c.Name = &name }), 2, search.Query{Text: "singlet"}, 1},
		{"a description", patch(func(c *core.PatchProduct) { c.Description = &text }), 2, search.Query{Text: "clouds"}, 1},
		{"what no search shows", patch(func(c *core.PatchProduct) { c.SEO = &catalog.SEO{Title: "Buy"} }), 0, search.Query{Text: "clouds"}, 1},
		{"a variant's title", func() {
			done(t, first(shop.PatchVariant(ctx, core.PatchVariant{By: shopkeeper, SKU: "TEE-S", Title: &title})))
		}, 1, search.Query{Text: "petite"}, 1},
		{"a category's move", func() {
			done(t, first(shop.MoveCategory(ctx, core.MoveCategory{By: shopkeeper, Category: shirts, Parent: sale})))
		}, 2, search.Query{Category: "sale"}, 1},
		{"where it was before", func() {}, 0, search.Query{Category: "tops"}, 0},
		{"a category's name", func() {
			done(t, first(shop.PatchCategory(ctx, core.PatchCategory{By: shopkeeper, Category: sale, Name: &kept, Slug: &[]string{"kept"}[0]})))
		}, 2, search.Query{Category: "kept"}, 1},
		{"another category", patch(func(c *core.PatchProduct) { c.Category = &tops }), 2, search.Query{Category: "tops"}, 1},
		{"back again", patch(func(c *core.PatchProduct) { c.Category = &shirts }), 2, search.Query{Category: "tops"}, 0},
		{"a brand's name", func() {
			done(t, first(shop.PatchBrand(ctx, core.PatchBrand{By: shopkeeper, Brand: acme, Name: &beta})))
		}, 2, search.Query{Text: "beta"}, 1},
		{"no brand", patch(func(c *core.PatchProduct) { c.Brand = &id.Brand{} }), 2, search.Query{Text: "beta", Exact: true}, 0},
		{"featured", patch(func(c *core.PatchProduct) { c.Featured = &[]bool{true}[0] }), 2, search.Query{Text: "singlet"}, 1},
		{"a rating", func() { w.rate(made, 450, 2) }, 2, search.Query{MinRating: 4}, 1},
		{"how an attribute is shown", func() {
			w.define(shirts, core.DefineAttribute{Name: "size", Label: "Fit", Type: catalog.Enum, Filterable: true, Choices: []catalog.Choice{{Value: "s", Label: "S"}, {Value: "m", Label: "M"}}})
		}, 0, search.Query{Filters: []search.Filter{{Name: "size", Values: []string{"m"}}}}, 1},
		{"a variant less", func() { done(t, first(shop.DeleteVariant(ctx, core.DeleteVariant{By: shopkeeper, SKU: "TEE-M"}))) }, 1, search.Query{PriceMin: &[]int64{1050}[0], PriceMax: &[]int64{1150}[0]}, 0},
		{"from sale", patch(func(c *core.PatchProduct) { c.Status = &archived }), 1, search.Query{Text: "singlet"}, 0},
		{"on sale", patch(func(c *core.PatchProduct) { c.Status = &active }), 1, search.Query{Text: "singlet"}, 1},
		{"a deletion", func() { done(t, first(shop.Delete(ctx, core.DeleteProduct{By: shopkeeper, Product: made}))) }, 1, search.Query{Text: "singlet"}, 0},
		{"all that is left", func() {}, 0, search.Query{PriceMax: &most}, 1},
	} {
		count.written.Store(0)
		step.change()
		w.work()
		if got := count.written.Load(); got != step.written {
			t.Errorf("%s: %d documents written, want %d", step.what, got, step.written)
		}
		settle()
		if got := w.find(step.query); got.Total != step.total || got.Degraded {
			t.Errorf("%s: found %d, want %d", step.what, got.Total, step.total)
		}
		if step.what == "how an attribute is shown" {
			if f := w.find(search.Query{}).Facets; len(f) < 3 || f[2].Label != "Fit" {
				t.Errorf("facets are %+v", f)
			}
		}
	}
}

// rate gives a product a rating, as reviews will.
func (w *stall) rate(p id.Product, average, n int) {
	w.t.Helper()
	_, err := w.db.Catalog().Tx.InTx(w.t.Context(), func(ctx context.Context, tx ports.CatalogTx) error {
		found, err := tx.Products.ForUpdate(ctx, p)
		if err != nil {
			return err
		}
		found[0].Rating = catalog.Rating{Average: average, Count: n}
		if err := tx.Products.Save(ctx, found[0]); err != nil {
			return err
		}
		return tx.Jobs.Add(ctx, job.New(id.Job{UUID: id.UUID{9}}, job.IndexProduct, job.ProductPayload{Product: p}, found[0].UpdatedAt, ""))
	})
	if err != nil {
		w.t.Fatal(err)
	}
}
