package core_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/ports"
)

func (w *stall) receive(sku id.SKU, n int) {
	w.t.Helper()
	_, err := w.db.Orders().Tx.InTx(w.t.Context(), func(ctx context.Context, tx ports.OrderTx) error {
		_, err := tx.Stock.Adjust(ctx, inventory.Adjustment{ID: id.Movement{UUID: id.UUID{byte(n)}}, SKU: sku, Location: id.Main, Delta: n, Reason: inventory.Received})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// shelfOf makes n products named 0 to n-1 in a category, the later the dearer.
func (w *stall) shelfOf(c id.Category, brand id.Brand, n int) []core.SavedProduct {
	w.t.Helper()
	all := make([]core.SavedProduct, n)
	for i := range all {
		all[i] = w.create(core.CreateProduct{By: shopkeeper, Name: fmt.Sprintf("Mug %d", i), BasePrice: eur(int64(100 + i)), Category: c, Brand: brand, Featured: i%2 == 0})
	}
	return all
}

func namesOf(views []core.ProductView) string {
	names := make([]string, len(views))
	for i := range views {
		names[i] = strings.TrimPrefix(views[i].Name, "Mug ")
	}
	return strings.Join(names, " ")
}

func TestCatalog_List(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	ctx := t.Context()
	home := w.category("Home", id.Category{})
	mugs := w.category("Mugs", home)
	maker := done(t, first(w.shop.Catalog.CreateBrand(ctx, core.CreateBrand{By: shopkeeper, Name: "Maker"})))
	w.shelfOf(mugs, maker.ID, 5)
	w.create(tee())
	w.receive("MUG-1", 3)
	yes := true
	for name, c := range map[string]struct {
		list core.ListProducts
		want string
	}{
		"Descendants": {core.ListProducts{Category: "home", Sort: catalog.PriceAsc}, "0 1 2 3 4"},
		"Featured":    {core.ListProducts{Category: "home", Sort: catalog.PriceAsc, Featured: &yes}, "0 2 4"},
		"Brand":       {core.ListProducts{Brand: "maker", Sort: catalog.PriceDesc, PerPage: 2, Page: 2}, "2 1"},
		"Everything":  {core.ListProducts{Sort: catalog.PriceAsc}, "0 1 2 3 4 Tee"},
		"PastTheEnd":  {core.ListProducts{Page: 9}, ""},
		"NoCategory":  {core.ListProducts{Category: "none"}, ""},
		"NoBrand":     {core.ListProducts{Brand: "none"}, ""},
	} {
		page, err := w.shop.Catalog.List(ctx, c.list)
		if err != nil || namesOf(page.Products) != c.want {
			t.Errorf("%s: %s, %v", name, namesOf(page.Products), err)
		}
	}
	page := done(t, first(w.shop.Catalog.List(ctx, core.ListProducts{Category: "mugs", Sort: catalog.PriceAsc})))
	if page.Total != 5 || page.Page != 1 || page.PerPage != 24 || page.MaxPage != 41 {
		t.Errorf("page %+v", page)
	}
	if v := page.Products[1]; !v.InStock() || v.Brand.Slug != "maker" || len(v.Path) != 2 || page.Products[0].InStock() {
		t.Errorf("mug 1 is %+v", v)
	}
	for at, l := range map[string]core.ListProducts{
		"sort enum": {Sort: "taste"}, "page too_small": {Page: -1}, "per_page too_large": {PerPage: 1e9}, "page too_large": {Page: 42},
	} {
		_, err := w.shop.Catalog.List(ctx, l)
		mustRefuseAt(t, err, at)
	}
}

func TestCatalog_WalkAndLookUps(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	ctx := t.Context()
	made := w.shelfOf(w.category("Mugs", id.Category{}), id.Brand{}, 5)
	var seen []string
	for walk := (core.WalkProducts{Limit: 2}); ; {
		stretch := done(t, first(w.shop.Catalog.Walk(ctx, walk)))
		seen = append(seen, namesOf(stretch.Products))
		if walk.From = stretch.Next; walk.From.IsZero() {
			break
		}
	}
	if got := strings.Join(seen, "|"); got != "0 1|2 3|4" {
		t.Errorf("walked %s", got)
	}
	since := done(t, first(w.shop.Catalog.Walk(ctx, core.WalkProducts{Limit: 100, UpdatedSince: made[3].UpdatedAt})))
	if got := namesOf(since.Products); got != "3 4" {
		t.Errorf("since the fourth: %s", got)
	}
	_, err := w.shop.Catalog.Walk(ctx, core.WalkProducts{Limit: 101})
	mustRefuseAt(t, err, "limit too_large")

	views := done(t, first(w.shop.Catalog.ProductsBySKU(ctx, []id.SKU{"mug-3", "NONE", "MUG-0", "Mug-3"}, ports.Marks{})))
	if got := namesOf(views); got != "3 0" {
		t.Errorf("by SKU: %s", got)
	}
	_, err = w.shop.Catalog.ProductsBySKU(ctx, make([]id.SKU, 101), ports.Marks{})
	mustRefuseAt(t, err, "skus too_long")
	views = done(t, first(w.shop.Catalog.ProductsByID(ctx, []id.Product{made[4].ID, {UUID: id.UUID{1}}, made[1].ID}, ports.Marks{})))
	if got := namesOf(views); got != "4 1" {
		t.Errorf("by id: %s", got)
	}
	_, err = w.shop.Catalog.Product(ctx, "no such thing", ports.Marks{})
	mustRefuse(t, err, fault.NotFound, "not_found")
}

func TestCatalog_Related(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	ctx := t.Context()
	maker := done(t, first(w.shop.Catalog.CreateBrand(ctx, core.CreateBrand{By: shopkeeper, Name: "Maker"})))
	w.shelfOf(w.category("Mugs", id.Category{}), maker.ID, 3)
	w.create(tee(func(c *core.CreateProduct) { c.Brand = maker.ID }))
	for limit, want := range map[int]string{2: "0 2", 4: "0 2 Tee"} {
		related := done(t, first(w.shop.Catalog.Related(ctx, "mug-1", limit, ports.Marks{})))
		if got := namesOf(related); got != want {
			t.Errorf("%d related: %s, want %s", limit, got, want)
		}
	}
	_, err := w.shop.Catalog.Related(ctx, "none", 4, ports.Marks{})
	mustRefuse(t, err, fault.NotFound, "not_found")
	_, err = w.shop.Catalog.Related(ctx, "mug-1", 0, ports.Marks{})
	mustRefuseAt(t, err, "limit too_small")
}
