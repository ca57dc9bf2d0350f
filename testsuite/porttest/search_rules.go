package porttest

import (
	"slices"
	"testing"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

func testSearchRules(t *testing.T, h SearchHarness) {
	t.Parallel()
	w := newSearchWorld(t, h)
	best, good, desk, chair := sold(1, "BEST", "Obsidian lamp"), sold(2, "GOOD", "Lamp of a very long name made of obsidian glass"), sold(3, "DESK", "Walnut desk"), sold(4, "CHAIR-RED", "Walnut chair")
	blue := sold(4, "CHAIR-BLUE", "Walnut chair")
	blue.Attributes = map[string]search.Value{"color": search.Text("blue")}
	blue.Price, chair.Price = eur(900), eur(100)
	desk.InStock = true
	gone := sold(9, "GONE", "Obsidian bed")
	w.put(best, good, desk, chair, blue, gone)
	w.put(search.Document{SKU: "GONE", Version: 2, Deleted: true})
	products := func(docs ...search.Document) (list []id.Product) {
		for _, d := range docs {
			list = append(list, d.Product)
		}
		return list
	}
	find := func(name string, q search.Query, want ...id.SKU) {
		t.Run(name, func(t *testing.T) {
			w := &searchWorld{t, h, w.engine}
			w.wantSKUs(q, want...)
		})
	}
	find("WithoutARule", search.Query{Text: "obsidian lamp"}, "BEST", "GOOD")
	find("PinnedFirst", search.Query{Text: "obsidian lamp", Pinned: products(good)}, "GOOD", "BEST")
	find("PinnedInTheirOrder", search.Query{Text: "obsidian lamp", Pinned: products(chair, desk, good)}, "CHAIR-RED", "DESK", "GOOD", "BEST")
	find("PinnedByTheVariantThatMatches", search.Query{Text: "blue chair", Pinned: products(chair)}, "CHAIR-BLUE")
	find("PinnedAreFiltered", search.Query{Text: "obsidian lamp", Pinned: products(chair, desk), InStock: true}, "DESK")
	find("PinnedOnPages", search.Query{Text: "obsidian lamp", Pinned: products(chair, desk), PerPage: 100}, "CHAIR-RED", "DESK", "BEST", "GOOD")
	find("WhatIsGoneIsPassedOver", search.Query{Text: "obsidian lamp", Pinned: products(gone, sold(77, "X", ""), good)}, "GOOD", "BEST")
	find("BuriedLast", search.Query{Text: "obsidian lamp", Buried: products(best)}, "GOOD", "BEST")
	find("BuriedKeepTheirOrder", search.Query{Text: "obsidian lamp", Buried: products(best, good)}, "BEST", "GOOD")
	find("BuriedAreNotAdded", search.Query{Text: "obsidian lamp", Buried: products(desk)}, "BEST", "GOOD")
	find("PinnedAndBuried", search.Query{Text: "obsidian lamp", Pinned: products(desk), Buried: products(best)}, "DESK", "GOOD", "BEST")
	find("AnotherOrderIsThatOrder", search.Query{Text: "obsidian lamp", Pinned: products(desk), Buried: products(best), Sort: search.ByPriceAsc}, "BEST", "GOOD", "DESK")
	find("PinnedWhereNothingMatches", search.Query{Text: "xqzwvkj", Pinned: products(desk)}, "DESK")
	find("PinnedDoNotHideWhatSomeWordsFind", search.Query{Text: "obsidian lamp mouse", Pinned: products(desk)}, "DESK", "BEST", "GOOD")

	t.Run("PinnedDoNotHideACorrection", func(t *testing.T) {
		w := &searchWorld{t, h, w.engine}
		if r := w.wantSKUs(search.Query{Text: "obsidain lamp", Pinned: products(desk)}, "DESK", "BEST", "GOOD"); r.Corrected != "obsidian lamp" {
			t.Errorf("corrected to %q", r.Corrected)
		}
	})

	t.Run("PagesFollowEachOther", func(t *testing.T) {
		w := &searchWorld{t, h, w.engine}
		var all []id.SKU
		for page := 1; page <= 5; page++ {
			r := w.find(search.Query{Text: "obsidian lamp", Pinned: products(chair, desk), Buried: products(best), Page: page, PerPage: 1})
			if r.Total != 4 {
				t.Errorf("page %d: total %d", page, r.Total)
			}
			all = append(all, foundSKUs(r)...)
		}
		if want := []id.SKU{"CHAIR-RED", "DESK", "GOOD", "BEST"}; !slices.Equal(all, want) {
			t.Errorf("pages show %v, want %v", all, want)
		}
	})

	t.Run("FacetsCountWhatIsPinned", func(t *testing.T) {
		w := &searchWorld{t, h, w.engine}
		r := w.find(search.Query{Text: "obsidian lamp", Pinned: products(chair)})
		if r.Price == nil || r.Price.Max != 900 {
			t.Errorf("prices %+v", r.Price)
		}
	})
}
