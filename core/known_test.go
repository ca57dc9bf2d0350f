package core_test

import (
	"testing"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/search"
)

// Whoever has a page at hand is spared its products, until they look different.
func TestPages_KnownOnes(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	made := w.create(tee())
	w.work()
	looks := func() (list, found uint64) {
		t.Helper()
		for _, known := range []bool{false, true} {
			page := done(t, first(w.shop.Catalog.List(t.Context(), core.ListProducts{Known: func(p *core.ProductPage) bool {
				list = p.Looks
				return known
			}})))
			if page.Total != 1 || page.Looks != list || known != (len(page.Products) == 0) {
				t.Errorf("known %v: the list is %+v", known, page)
			}
			result := done(t, first(w.shop.Search.Find(t.Context(), core.FindProducts{Query: search.Query{}, Known: func(f *core.FoundProducts) bool {
				found = f.Looks
				return known
			}})))
			if result.Total != 1 || len(result.Hits) != 1 || result.Looks != found || known != (len(result.Items) == 0) {
				t.Errorf("known %v: found %+v", known, result)
			}
		}
		return list, found
	}
	list, found := looks()
	if l, f := looks(); l != list || f != found {
		t.Error("what nobody touched looks different")
	}
	for what, change := range map[string]func(){
		"a name": func() {
			done(t, first(w.shop.Catalog.Patch(t.Context(), core.PatchProduct{By: shopkeeper, Product: made.ID, Name: new("Shirt")})))
		},
		"a delivery": func() {
			done(t, first(w.shop.Inventory.Receive(t.Context(), core.ReceiveStock{By: shopkeeper, SKU: made.Variants[0].SKU, Quantity: 1})))
		},
	} {
		change()
		w.work()
		l, f := looks()
		if l == list || f == found {
			t.Errorf("after %s it looks the same", what)
		}
		list, found = l, f
	}
}
