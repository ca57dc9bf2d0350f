package porttest

import (
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

func testSearchBoosts(t *testing.T, h SearchHarness) {
	t.Parallel()
	w := newSearchWorld(t, h)
	// By words alone the first is best and the others are alike.
	best, featured, stocked, shared := sold(1, "BEST", "Obsidian lamp"), sold(2, "FEATURED", "Obsidian big lamp"), sold(3, "STOCKED", "Obsidian big lamp"), sold(4, "OUT", "Obsidian big lamp")
	best.Sales, featured.Sales, stocked.Sales, shared.Sales = 40, 30, 20, 10
	featured.Featured, stocked.InStock = true, true
	rest := shared
	rest.SKU, rest.InStock, rest.Price = "REST", true, eur(shared.Price.Minor()+1)
	for i, d := range []*search.Document{&best, &featured, &stocked, &shared, &rest} {
		d.Created = time.Date(2026, 1, 30-i, 0, 0, 0, 0, time.UTC)
	}
	w.put(best, featured, stocked, shared, rest)
	find := func(name string, q search.Query, want ...id.SKU) {
		t.Run(name, func(t *testing.T) {
			w := &searchWorld{t, h, w.engine}
			w.wantSKUs(q, want...)
			for i := range h.rounds(len(want), min(1, len(want))) { // on pages, too
				q.Page, q.PerPage = i+1, 1
				if got := foundSKUs(w.find(q)); len(got) != 1 || got[0] != want[i] {
					w.t.Errorf("%+v finds %v on its page, want %s", q, got, want[i])
				}
			}
		})
	}
	const text = "obsidian lamp"
	last := search.Boosts{OutOfStockLast: true}
	find("None", search.Query{Text: text}, "BEST", "FEATURED", "STOCKED", "OUT")
	find("InStock", search.Query{Text: text, Boosts: search.Boosts{InStock: 100}}, "STOCKED", "REST", "BEST", "FEATURED")
	find("Featured", search.Query{Text: text, Boosts: search.Boosts{Featured: 100}}, "FEATURED", "BEST", "STOCKED", "OUT")
	find("Both", search.Query{Text: text, Boosts: search.Boosts{InStock: 50, Featured: 100}}, "FEATURED", "STOCKED", "REST", "BEST")
	find("FindsNothingByItself", search.Query{Text: "obsidian xqzwvkj stocked", Exact: true, InStock: true, Boosts: search.Boosts{InStock: 100, Featured: 100}})
	find("OfRelevanceOnly", search.Query{Text: text, Sort: search.ByPopularity, Boosts: search.Boosts{InStock: 100, Featured: 100}}, "BEST", "FEATURED", "STOCKED", "REST")
	find("OutOfStockLast", search.Query{Text: text, Boosts: last}, "STOCKED", "REST", "BEST", "FEATURED")
	find("OutOfStockLastInEveryOrder", search.Query{Sort: search.ByNewest, Boosts: last}, "STOCKED", "REST", "BEST", "FEATURED")
	find("OutOfStockLastByPopularity", search.Query{Boosts: last}, "STOCKED", "REST", "BEST", "FEATURED")
	find("OutOfStockLastEvenPinned", search.Query{Text: text, Pinned: []id.Product{featured.Product}, Boosts: last}, "STOCKED", "REST", "FEATURED", "BEST")
}
