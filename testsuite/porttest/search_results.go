package porttest

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

func testSearchResults(t *testing.T, h SearchHarness) {
	t.Parallel()
	shade := func(n byte, sku id.SKU, color string, price int64) search.Document {
		d := sold(n, sku, "obsidian lamp")
		d.Title = "obsidian lamp " + color
		d.Price = eur(price)
		d.Attributes = map[string]search.Value{"color": search.Text(color), "watts": search.Number(float64(price))}
		return d
	}
	schema := search.NewSchema(1, []search.Attribute{
		{Name: "color", Label: "Colour", Filterable: true, Choices: []search.Choice{{Value: "red", Label: "Ruby red"}, {Value: "blue"}}},
		{Name: "watts", Label: "Power", Unit: "W", Numeric: true, Filterable: true, Position: 1},
	})
	setup := func(t *testing.T) *searchWorld {
		w := newSearchWorld(t, h)
		if err := w.engine.Define(t.Context(), schema); err != nil {
			t.Fatal(err)
		}
		w.put(shade(1, "A-R", "red", 10), shade(1, "A-B", "blue", 40), shade(2, "B-B", "blue", 20), shade(3, "C-G", "green", 30))
		return w
	}
	facet := func(t *testing.T, r search.Result, name string) search.Facet {
		t.Helper()
		i := slices.IndexFunc(r.Facets, func(f search.Facet) bool { return f.Name == name })
		if i < 0 {
			t.Fatalf("no facet %s in %v", name, r.Facets)
		}
		return r.Facets[i]
	}

	t.Run("VariantsCollapse", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		r := w.wantSKUs(search.Query{Sort: search.ByPriceAsc}, "A-R", "B-B", "C-G")
		if !slices.Equal(r.Hits[0].Matching, []id.SKU{"A-R", "A-B"}) {
			t.Errorf("matching %v", r.Hits[0].Matching)
		}
		w.wantSKUs(search.Query{Sort: search.ByPriceDesc}, "A-B", "C-G", "B-B")
		w.wantSKUs(search.Query{Text: "obsidian blue", Sort: search.ByPriceAsc}, "B-B", "A-B")
	})

	t.Run("FiltersMeetOnOneVariant", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		low := 15.0
		q := search.Query{Filters: []search.Filter{{Name: "color", Values: []string{"red"}}, {Name: "watts", Ranges: []search.Range{{Min: &low}}}}}
		w.wantSKUs(q) // A has a red variant and a strong one, but they are not the same
		q.Filters[0].Values = []string{"blue"}
		w.wantAny(q, "A-B", "B-B")
	})

	t.Run("SelectedFacetKeepsItsOtherValues", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		r := w.find(search.Query{Filters: []search.Filter{{Name: "color", Values: []string{"red"}}}})
		if want := []search.FacetValue{
			{Value: "red", Label: "Ruby red", Count: 1, Selected: true}, {Value: "blue", Label: "blue", Count: 2}, {Value: "green", Label: "green", Count: 1},
		}; !slices.Equal(facet(t, r, "color").Values, want) {
			t.Errorf("got %v, want %v", facet(t, r, "color").Values, want)
		}
		watts := facet(t, w.find(search.Query{Filters: []search.Filter{{Name: "color", Values: []string{"blue"}}}}), "watts")
		if watts.Label != "Power" || watts.Unit != "W" || watts.Min != 20 || watts.Max != 40 {
			t.Errorf("got %+v", watts)
		}
	})

	t.Run("UnknownFindsNothing", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		for _, q := range []search.Query{
			{Brands: []string{"nobody"}},
			{Category: "nowhere"},
			{Category: id.UUID{9}.String()},
			{Filters: []search.Filter{{Name: "flavour", Values: []string{"sour"}}}},
			{Filters: []search.Filter{{Name: "color", Values: []string{"mauve"}}}},
		} {
			w.wantSKUs(q)
		}
	})

	t.Run("SchemaTakesEffectWithoutIndexing", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		define := func(s search.Schema) search.Result {
			t.Helper()
			if err := w.engine.Define(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			w.settle()
			return w.find(search.Query{})
		}
		r := define(search.NewSchema(2, []search.Attribute{{Name: "color", Label: "Shade", Filterable: true}, {Name: "watts", Filterable: false}}))
		if f := facet(t, r, "color"); f.Label != "Shade" || f.Values[0].Value != "blue" || len(r.Facets) != 3 {
			t.Errorf("got %v", r.Facets)
		}
		if r := define(schema); facet(t, r, "color").Label != "Shade" {
			t.Error("an older schema replaced a newer one")
		}
	})

	t.Run("EmptyPageIsNoError", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		r := w.find(search.Query{Page: 7})
		if r.Hits == nil || len(r.Hits) != 0 || r.Total != 3 {
			t.Errorf("got %v of %d", r.Hits, r.Total)
		}
		r = newSearchWorld(t, h).find(search.Query{Text: "obsidian"})
		if r.Hits == nil || r.Facets == nil || r.Histogram == nil || r.Total != 0 || r.Price != nil {
			t.Errorf("an empty index answers %+v", r)
		}
	})

	t.Run("LongValuesAreFoundAndNotFaceted", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		long := strings.Repeat("word ", 52) + "driftwood"
		for n := range byte(2) {
			d := sold(n+1, id.SKU(fmt.Sprintf("L-%d", n)), "lamp")
			d.Attributes = map[string]search.Value{"notes": search.Text(long)}
			w.put(d)
		}
		if err := w.engine.Define(t.Context(), search.NewSchema(1, []search.Attribute{{Name: "notes", Filterable: true}})); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if r := w.wantAny(search.Query{Text: "driftwood"}, "L-0", "L-1"); len(r.Facets) != 2 {
			t.Errorf("facets %v", r.Facets)
		}
	})
}

func testSearchBadInput(t *testing.T, h SearchHarness) {
	t.Parallel()
	w := newSearchWorld(t, h)
	for n := range byte(30) {
		w.put(sold(n+1, id.SKU(fmt.Sprintf("P-%d", n)), "obsidian lamp"))
	}
	number := func(f float64) *float64 { return &f }
	price := func(p int64) *int64 { return &p }
	values := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprint(i))
		}
		return list
	}

	t.Run("InvalidQueriesSaySo", func(t *testing.T) {
		for location, q := range map[string]search.Query{
			"q": {Text: strings.Repeat("lamp ", 2000)}, "q#nul": {Text: "lamp\x00"}, "q#utf8": {Text: "lamp\xff"},
			"category": {Category: strings.Repeat("a", 10_000)}, "brand": {Brands: values(101)}, "brand#": {Brands: []string{"\xff"}},
			"attr": {Filters: []search.Filter{{Name: "color", Values: values(500)}}}, "attr#1": {Filters: []search.Filter{{Name: "Color", Values: []string{"red"}}}},
			"attr#2": {Filters: []search.Filter{{Name: "color"}}}, "attr#3": {Filters: []search.Filter{{Name: "color", Values: []string{""}}}},
			"attr#4": {Filters: []search.Filter{{Name: "w", Ranges: []search.Range{{Min: number(2), Max: number(1)}}}}},
			"attr#5": {Filters: []search.Filter{{Name: "w", Ranges: []search.Range{{Min: number(math.NaN())}}}}}, "attr#6": {Filters: []search.Filter{{Name: "w", Ranges: []search.Range{{}}}}},
			"price_min": {PriceMin: price(-1)}, "price_max": {PriceMax: price(1 << 60)}, "price_max#": {PriceMin: price(2), PriceMax: price(1)},
			"min_rating": {MinRating: math.NaN()}, "min_rating#": {MinRating: 5.5}, "sort": {Sort: "magic"},
			"page": {Page: -1}, "per_page": {PerPage: -1}, "per_page#": {PerPage: 101},
		} {
			_, err := w.engine.Search(t.Context(), q)
			mustFail(t, err, fault.Invalid, "validation_failed")
			where, _, _ := strings.Cut(location, "#")
			if !strings.Contains(err.Error(), where) {
				t.Errorf("%s: %v", location, err)
			}
		}
		_, err := w.engine.Search(t.Context(), search.Query{Page: 11, PerPage: 100})
		mustFail(t, err, fault.Invalid, "page_out_of_range")
	})

	t.Run("StrangeTextIsAnOrdinaryQuery", func(t *testing.T) {
		for _, text := range []string{
			"\x01\x02\x1b[31m lamp", "lamp\r\n\t", "‮lamp‬", "مصباح سبج", "לבן", "🦄🔥💡", "👩‍👩‍👧‍👦 lamp", "ランプ", "e\u0301", strings.Repeat("́", 500), //nolint:staticcheck // invisible characters are typed as they are
			`+lamp -obsidian "lamp`, "name:lamp AND (", "lamp~2^3 *?", `{"query":{"match_all":{}}}`, "lamp' OR 1=1 --", "%00%ff", "\\", "..", "1e309", strings.Repeat("9", 500),
			strings.Repeat("a", 500), strings.Repeat("a b ", 120), strings.Repeat("-", 512), "a-b-c-d-e-f-g-h", "İ", "ﬁx", "ß", "ǆ", "\u2028", "''''", "l'l'l'l",
		} {
			if _, err := w.engine.Search(t.Context(), search.Query{Text: text}); err != nil {
				t.Errorf("%q: %v", text, err)
			}
			if _, err := w.engine.Suggest(t.Context(), search.SuggestQuery{Text: text}); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
	})

	t.Run("ManyFiltersAreAnOrdinaryQuery", func(t *testing.T) {
		q := search.Query{Text: "lamp", Brands: values(100)}
		for i := range 100 {
			q.Filters = append(q.Filters, search.Filter{Name: fmt.Sprintf("a_%d", i), Values: []string{"x"}})
		}
		if r := w.find(q); r.Total != 0 {
			t.Errorf("found %d", r.Total)
		}
	})

	t.Run("InvalidDocumentsWriteNothing", func(t *testing.T) {
		good := sold(99, "GOOD", "saffron")
		for name, bad := range map[string]search.Document{
			"sku": sold(98, "bad sku", "saffron"), "version": {SKU: "BAD", Version: -1, Deleted: true}, "product": {SKU: "BAD"},
			"attribute": {SKU: "BAD", Product: good.Product, Attributes: map[string]search.Value{"Not A Name": search.Text("x")}},
			"number":    {SKU: "BAD", Product: good.Product, Attributes: map[string]search.Value{"n": search.Number(math.Inf(1))}},
		} {
			if _, err := w.engine.Index(t.Context(), []search.Document{good, bad}); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.settle()
		(&searchWorld{t, h, w.engine}).wantSKUs(search.Query{Text: "saffron"})
	})

	t.Run("CanceledSaysSo", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := w.engine.Search(ctx, search.Query{})
		if !fault.Is(err, fault.Canceled) {
			t.Errorf("search: %v", err)
		}
		if _, err = w.engine.Suggest(ctx, search.SuggestQuery{Text: "a"}); !fault.Is(err, fault.Canceled) {
			t.Errorf("suggest: %v", err)
		}
		if _, err = w.engine.Index(ctx, []search.Document{sold(97, "LATE", "saffron")}); !fault.Is(err, fault.Canceled) {
			t.Errorf("index: %v", err)
		}
		if _, _, err = w.engine.Begin(ctx, ""); !fault.Is(err, fault.Canceled) {
			t.Errorf("begin: %v", err)
		}
		w.settle()
		(&searchWorld{t, h, w.engine}).wantSKUs(search.Query{Text: "saffron"})
	})
}
