package porttest

import (
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// CheckFilters asks an engine that holds the catalogue random combinations of
// filters, each taken from some product, and compares products, order, facets and
// prices with what looking at every document gives: so many of them, or as many
// as FILTER_COMBINATIONS says. An engine may estimate where more than 10,000
// products are found, and has to say so; that is passed over.
func (c *Catalogue) CheckFilters(t *testing.T, engine ports.Searcher, combinations int) {
	t.Helper()
	if more, err := strconv.Atoi(os.Getenv("FILTER_COMBINATIONS")); err == nil {
		combinations = more
	}
	m := newSearchModel()
	m.define(c.Schema)
	m.index(c.Docs)
	random := rand.New(rand.NewPCG(5, 6))
	estimated := 0
	for range combinations {
		q := c.filtered(random)
		got, err := engine.Search(t.Context(), q)
		if err != nil {
			t.Fatalf("asked %+v: %v", q, err)
		}
		if got.Approximate && got.Total > 10_000 {
			estimated++
			continue
		}
		if got.Approximate {
			t.Fatalf("%d products are estimated, asked %+v", got.Total, q)
		}
		if m.check(t, q, got); t.Failed() {
			t.Fatalf("asked %+v", q)
		}
	}
	if estimated > combinations/2 {
		t.Errorf("%d of %d results were estimated", estimated, combinations)
	}
	t.Logf("%d of %d results were estimated", estimated, combinations)
}

// filtered returns a query for products like one of the catalogue.
func (c *Catalogue) filtered(random *rand.Rand) search.Query {
	for {
		d := &c.Docs[random.IntN(len(c.Docs))]
		q := search.Query{Sort: append(search.Sorts(), search.ByDefault)[random.IntN(7)], Page: 1 + random.IntN(2), PerPage: 1 + random.IntN(20)}
		if random.IntN(2) == 0 && len(d.Categories) > 0 {
			q.Category = d.Categories[random.IntN(len(d.Categories))].Slug
		}
		if random.IntN(2) == 0 {
			q.Brands = append(q.Brands, d.Brand.Slug)
			if random.IntN(3) == 0 {
				q.Brands = append(q.Brands, c.Docs[random.IntN(len(c.Docs))].Brand.Slug)
			}
		}
		if random.IntN(3) == 0 {
			least, most := d.Price.Minor()*int64(random.IntN(10))/10, d.Price.Minor()*int64(10+random.IntN(10))/10
			q.PriceMin, q.PriceMax = &least, &most
		}
		names := slices.Sorted(maps.Keys(d.Attributes))
		random.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		for _, name := range names[:min(len(names), random.IntN(4))] {
			v := d.Attributes[name]
			f := search.Filter{Name: name, Values: []string{v.String()}}
			if def, ok := c.Schema.Attribute(name); ok && def.Numeric {
				n, _ := v.Reading()
				least, most := n-float64(random.IntN(3)), n+float64(random.IntN(3))
				f = search.Filter{Name: name, Ranges: []search.Range{{Min: &least, Max: &most}}}
			}
			q.Filters = append(q.Filters, f)
		}
		if q.Validate() == nil && (q.Category != "" || len(q.Brands)+len(q.Filters) > 0) {
			return q
		}
	}
}
