package porttest

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

// searchWords are alike in no stem and too far apart to be taken for each other.
var searchWords = []string{
	"obsidian", "marigold", "turquoise", "chestnut", "lavender", "cinnamon", "graphite", "porcelain", "driftwood", "saffron", "hazelnut", "vermilion",
}

// searchDice makes random documents and queries about them.
type searchDice struct{ *rand.Rand }

func (r searchDice) words(most int) string {
	var list []string
	for range 1 + r.IntN(most) {
		list = append(list, searchWords[r.IntN(len(searchWords))])
	}
	return strings.Join(list, " ")
}

// document returns a recent version of one of a few SKUs. A version of a SKU is
// always the same; its product may change from one to the next.
func (r searchDice) document(version int64) search.Document {
	n := r.IntN(40)
	version = max(0, version-r.Int64N(3))
	r = searchDice{rand.New(rand.NewPCG(uint64(n), uint64(version)))}
	d := search.Document{SKU: id.SKU(fmt.Sprintf("SKU-%d", n)), Version: version, Deleted: r.IntN(5) == 0}
	if r.IntN(2) == 0 {
		d.SKU = id.SKU(strings.ToLower(string(d.SKU)))
	}
	p := n / 3
	if r.IntN(20) == 0 {
		p = r.IntN(20)
	}
	d.Product.UUID[15] = byte(p + 1)
	d.Name, d.Title, d.Description = r.words(3), r.words(2), r.words(4)
	if b := r.IntN(4); b > 0 {
		d.Brand = search.Brand{Slug: fmt.Sprintf("brand-%d", b), Name: fmt.Sprintf("Zweig%dwerk", b)}
	}
	d.Categories = categoryPath(r.IntN(6))
	d.Price = eur([]int64{0, 100, 100, 250, 999, 12_345, 1_000_000_000_000}[r.IntN(7)])
	d.InStock, d.Featured = r.IntN(3) > 0, r.IntN(10) == 0
	d.Rating, d.Ratings, d.Sales = float64(r.IntN(11))/2, r.IntN(4), r.Int64N(5)
	d.Created = time.Date(2026, 1, 1+r.IntN(5), 0, 0, 0, 0, time.UTC)
	if r.IntN(2) == 0 {
		d.Released = d.Created.AddDate(-1, 0, r.IntN(3))
	}
	d.Attributes = r.attributes()
	return d
}

// categoryPath returns one of a few paths of one to three steps.
func categoryPath(n int) []search.Category {
	var path []search.Category
	for _, step := range [][]int{{}, {1}, {1, 2}, {1, 2, 3}, {1, 4}, {5}}[n] {
		path = append(path, search.Category{ID: id.Category{UUID: id.UUID{1, byte(step)}}, Slug: fmt.Sprintf("cat-%d", step), Name: searchWords[step]})
	}
	return path
}

func (r searchDice) attributes() map[string]search.Value {
	all := map[string]search.Value{
		"color":    search.Text(searchWords[r.IntN(4)]),
		"size":     search.Text([]string{"s", "m", "l"}[r.IntN(3)]),
		"weight":   search.Number([]float64{-3, 0, 0.5, 2, 2.25, 17, 1000}[r.IntN(7)]),
		"length":   search.Number(float64(r.IntN(400))),
		"mixed":    []search.Value{search.Text("2"), search.Number(2), search.Number(3)}[r.IntN(3)],
		"cordless": search.Bool(r.IntN(2) == 0),
		"hidden":   search.Text(searchWords[r.IntN(12)]),
		"alone":    search.Text(fmt.Sprint(r.IntN(1 << 30))),
		"long":     search.Text(strings.Repeat("x", search.MaxFacetValue+r.IntN(2))),
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if r.IntN(4) == 0 {
			delete(all, name)
		}
	}
	return all
}

func (r searchDice) schema(version int64) search.Schema {
	var defs []search.Attribute
	for _, d := range []search.Attribute{
		{Name: "color", Label: "Colour", Position: 2, Choices: []search.Choice{{Value: searchWords[2], Label: "Sea"}, {Value: searchWords[1]}}},
		{Name: "size", Position: 1},
		{Name: "weight", Unit: "kg", Numeric: true, Position: 3},
		{Name: "length", Numeric: true},
		{Name: "cordless"},
		{Name: "mixed", Numeric: r.IntN(2) == 0},
		{Name: "alone"},
		{Name: "long"},
		{Name: "unused"},
	} {
		d.Filterable = r.IntN(4) > 0
		defs = append(defs, d)
	}
	return search.NewSchema(version, defs)
}

func (r searchDice) query() search.Query {
	q := search.Query{Sort: append(search.Sorts(), search.ByDefault)[r.IntN(7)], Page: 1 + r.IntN(3), PerPage: 1 + r.IntN(9), InStock: r.IntN(6) == 0}
	if r.IntN(2) == 0 {
		q.Text = r.words(4)
	}
	if r.IntN(8) == 0 {
		q.Text += fmt.Sprintf(" sku-%d", r.IntN(40))
	}
	if r.IntN(6) == 0 {
		q.MinRating = float64(r.IntN(11)) / 2
	}
	switch r.IntN(6) {
	case 0:
		q.Category = fmt.Sprintf("cat-%d", 1+r.IntN(6))
	case 1:
		q.Category = id.UUID{1, byte(1 + r.IntN(5))}.String()
	}
	for range r.IntN(3) {
		q.Brands = append(q.Brands, fmt.Sprintf("brand-%d", 1+r.IntN(4)))
	}
	price := func() *int64 {
		p := []int64{0, 100, 101, 999, 12_344}[r.IntN(5)]
		return &p
	}
	if r.IntN(4) == 0 {
		q.PriceMin = price()
	}
	if r.IntN(4) == 0 {
		q.PriceMax = price()
	}
	if q.PriceMin != nil && q.PriceMax != nil && *q.PriceMin > *q.PriceMax {
		q.PriceMin, q.PriceMax = q.PriceMax, q.PriceMin
	}
	for range r.IntN(4) {
		f, err := search.ParseFilter([]string{
			"color:" + searchWords[r.IntN(5)], "size:m", "size:l", "weight:..2", "weight:2", "weight:0.5..17", "length:100..", "length:0..50", "mixed:2", "mixed:3..3",
			"cordless:true", "cordless:false", "hidden:" + searchWords[r.IntN(12)], "absent:1", "long:" + strings.Repeat("x", search.MaxFacetValue),
		}[r.IntN(15)])
		if err != nil {
			panic(err) // a bug of this test
		}
		q.Filters = append(q.Filters, f)
	}
	return q
}

// testSearchModel compares the engine with the model on random catalogues that
// change all the time, for random questions.
func testSearchModel(t *testing.T, h SearchHarness) {
	t.Parallel()
	for seed := range uint64(h.rounds(8, 4)) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			w, m, r := newSearchWorld(t, h), newSearchModel(), searchDice{rand.New(rand.NewPCG(seed, 42))}
			version := int64(0)
			for range h.rounds(60, 8) {
				w.disturb(m, r, &version)
				for range 4 {
					q := r.query()
					m.check(t, q, w.find(q))
					if t.Failed() {
						t.Fatalf("asked %+v", q)
					}
				}
				w.walkPages(r)
			}
		})
	}
}

// disturb changes the index and the model alike: by writes, or by a rebuild
// with writes beside it.
func (w *searchWorld) disturb(m *searchModel, r searchDice, version *int64) {
	w.t.Helper()
	*version++
	if r.IntN(6) == 0 {
		s := r.schema(*version - r.Int64N(2))
		if err := w.engine.Define(w.t.Context(), s); err != nil {
			w.t.Fatal(err)
		}
		m.define(s)
	}
	var docs []search.Document
	for range r.IntN(25) {
		docs = append(docs, r.document(*version))
	}
	write := func() {
		w.t.Helper()
		if got, want := w.put(docs...), m.index(docs); !slices.Equal(got, want) {
			w.t.Fatalf("outcomes %v, want %v", got, want)
		}
	}
	if r.IntN(10) != 0 {
		write()
		return
	}
	build, _, err := w.engine.Begin(w.t.Context(), "")
	if err != nil {
		w.t.Fatal(err)
	}
	stored := m.live()
	write()
	if _, err := build.Add(w.t.Context(), stored); err != nil {
		w.t.Fatal(err)
	}
	if err := build.Commit(w.t.Context()); err != nil {
		w.t.Fatal(err)
	}
	w.settle()
}

// walkPages checks that the pages of a query hold every product once, in an
// order that does not depend on the size of the page.
func (w *searchWorld) walkPages(r searchDice) {
	w.t.Helper()
	q := r.query()
	var first []id.Product
	for _, size := range []int{1 + r.IntN(5), 100} {
		var all []id.Product
		q.PerPage = size
		for q.Page = 1; ; q.Page++ {
			found := w.find(q)
			for _, hit := range found.Hits {
				all = append(all, hit.Product)
			}
			if len(found.Hits) == 0 {
				if len(all) != found.Total {
					w.t.Fatalf("%d products on the pages of %+v, total %d", len(all), q, found.Total)
				}
				break
			}
		}
		if first != nil && !slices.Equal(all, first) {
			w.t.Fatalf("pages of %d hold %v, others %v: %+v", size, all, first, q)
		}
		first = all
	}
}
