package core_test

import (
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/elasticsearch"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// A real engine becomes slow, silent or goes away: the store answers, and after a
// few tries at once. Category and brands still narrow the result.
func TestSearch_Find_WithoutElasticsearch(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*containers.Link, testing.TB){
		"Gone":   (*containers.Link).Down,
		"Silent": (*containers.Link).Hang,
		"Slow":   func(l *containers.Link, t testing.TB) { l.Latency(t, time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			link := containers.Proxy(t, containers.Elasticsearch(t))
			e, err := elasticsearch.Open(t.Context(), []string{link.URL}, elasticsearch.Options{Settling: 50 * time.Millisecond})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(e.Close)
			w := openStall(t, nil, func(w *stall, d *core.Deps) { w.index.SearchEngine = e })
			home := w.category("Home", id.Category{})
			mugs, beds := w.category("Mugs", home), w.category("Beds", home)
			brand := func(name string) id.Brand {
				return done(t, first(w.shop.Catalog.CreateBrand(t.Context(), core.CreateBrand{By: shopkeeper, Name: name}))).ID
			}
			acme, other := brand("Acme"), brand("Other")
			for sku, in := range map[id.SKU]catalog.Product{
				"acme-mug": {Category: mugs, Brand: acme}, "other-mug": {Category: mugs, Brand: other}, "plain-mug": {Category: mugs}, "acme-bed": {Category: beds, Brand: acme},
			} {
				w.create(core.CreateProduct{By: shopkeeper, Name: "Obsidian " + string(sku), Category: in.Category, Brand: in.Brand, Variants: []core.NewVariant{{SKU: sku, Price: eur(900)}}})
			}
			w.work()
			if err := e.Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
			spoil(link, t)
			for _, c := range []struct {
				query search.Query
				total int
			}{
				{search.Query{}, 4},
				{search.Query{Category: "home"}, 4},
				{search.Query{Category: "mugs"}, 3},
				{search.Query{Category: "mugs", Brands: []string{"acme"}}, 1},
				{search.Query{Category: "home", Brands: []string{"acme"}}, 2},
				{search.Query{Brands: []string{"acme", "other"}}, 3},
				{search.Query{Text: "obsidian", Category: "mugs"}, 3},
				{search.Query{Text: "obsidian", Category: "home", Brands: []string{"acme", "other"}}, 3},
				{search.Query{Text: "obsidian", Category: "beds", Brands: []string{"other"}}, 0},
			} {
				begin := time.Now()
				found := w.find(c.query)
				if took := time.Since(begin); took > 15*time.Second { // 0.8 s and what a busy machine adds
					t.Errorf("%+v took %v", c.query, took)
				}
				if !found.Degraded || found.Total != c.total || len(found.Items) != c.total {
					t.Errorf("%+v finds %d of %d, degraded %v, want %d", c.query, len(found.Items), found.Total, found.Degraded, c.total)
				}
			}
		})
	}
}
