package memsearch

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/search"
)

// some returns documents of products with up to three variants.
func some(n int, version int64) []search.Document {
	random := rand.New(rand.NewPCG(uint64(n), 1))
	colors := []string{"red", "green", "blue"}
	docs := make([]search.Document, n)
	for i := range docs {
		var p id.Product
		p.UUID[0], p.UUID[14], p.UUID[15] = 1, byte(i/3>>8), byte(i/3)
		docs[i] = search.Document{
			SKU: id.SKU(fmt.Sprintf("S-%d", i)), Product: p, Version: version, Name: "lamp " + colors[random.IntN(3)], Price: money.New(random.Int64N(1000), "EUR"),
			Attributes: map[string]search.Value{"color": search.Text(colors[random.IntN(3)]), "watts": search.Number(float64(random.IntN(100)))},
			Brand:      search.Brand{Slug: "b", Name: "Brand"}, Categories: []search.Category{{ID: id.Category{UUID: id.UUID{1}}, Slug: "lamps", Name: "Lamps"}},
		}
	}
	return docs
}

func filled(t *testing.T, n int) *Index {
	t.Helper()
	x := New()
	if err := x.Define(t.Context(), search.NewSchema(1, []search.Attribute{{Name: "color", Filterable: true}, {Name: "watts", Filterable: true, Numeric: true}})); err != nil {
		t.Fatal(err)
	}
	if _, err := x.Index(t.Context(), some(n, 1)); err != nil {
		t.Fatal(err)
	}
	return x
}

func TestIndex_Compaction(t *testing.T) {
	t.Parallel()

	t.Run("ChangesNoAnswer", func(t *testing.T) {
		t.Parallel()
		x := filled(t, 300)
		tombstones := make([]search.Document, 0, 80)
		for _, d := range some(300, 2)[40:120] {
			tombstones = append(tombstones, search.Document{SKU: d.SKU, Version: 2, Deleted: true})
		}
		if _, err := x.Index(t.Context(), append(tombstones, some(200, 3)[150:]...)); err != nil {
			t.Fatal(err)
		}
		queries := []search.Query{{Sort: search.ByPriceAsc}, {Text: "red", Sort: search.ByPriceDesc}, {Category: "lamps"}, {Text: "S-7"}, {Text: "S-50"}, {Filters: []search.Filter{{Name: "color", Values: []string{"red"}}}, Page: 2}}
		var before []search.Result
		for _, q := range queries {
			before = append(before, mustFind(t, x, q))
		}
		x.mu.Lock()
		x.table.compact()
		x.publish()
		x.mu.Unlock()
		if n := len(x.current.Load().rows); n != 220 {
			t.Errorf("%d rows left, want 220", n)
		}
		for i, q := range queries {
			if after := mustFind(t, x, q); !reflect.DeepEqual(after, before[i]) {
				t.Errorf("%+v:\nbefore %+v\nafter  %+v", q, before[i], after)
			}
		}
		if got, err := x.Index(t.Context(), some(60, 1)); err != nil || got[50] != search.Superseded {
			t.Errorf("a tombstone was forgotten: %v, %v", got, err)
		}
	})

	t.Run("KeepsDeadRowsFew", func(t *testing.T) {
		t.Parallel()
		x := filled(t, 300)
		for version := range int64(40) {
			if _, err := x.Index(t.Context(), some(300, version+2)); err != nil {
				t.Fatal(err)
			}
		}
		if s := x.current.Load(); s.alive != 300 || len(s.rows) > 300+minDead+300 {
			t.Errorf("%d rows for %d documents", len(s.rows), s.alive)
		}
	})
}

// A reader keeps the state it began with whatever is written meanwhile.
func TestIndex_StatesAreImmutable(t *testing.T) {
	t.Parallel()
	x := filled(t, 120)
	s := x.current.Load()
	q := search.Query{Text: "lamp", PerPage: 50}.Normalize()
	before := s.search(&q, x.weights, new(scratch))
	for version := range int64(20) {
		if _, err := x.Index(t.Context(), some(120+int(version), version+2)); err != nil {
			t.Fatal(err)
		}
	}
	if err := x.Define(t.Context(), search.NewSchema(2, nil)); err != nil {
		t.Fatal(err)
	}
	if after := s.search(&q, x.weights, new(scratch)); !reflect.DeepEqual(after, before) {
		t.Errorf("before %+v\nafter  %+v", before, after)
	}
}

// Scratch space leaves nothing of one query to the next.
func TestIndex_QueriesAreAlikeInAnyOrder(t *testing.T) {
	t.Parallel()
	x := filled(t, 200)
	s := x.current.Load()
	low := int64(300)
	queries := []search.Query{
		{},
		{Text: "lamp red"},
		{Text: "red blue lamp green"},
		{Category: "lamps"},
		{Brands: []string{"x"}},
		{PriceMin: &low, Sort: search.ByPriceDesc, PerPage: 3},
		{Filters: []search.Filter{{Name: "color", Values: []string{"red"}}, {Name: "watts", Ranges: []search.Range{{}}}}},
		{Text: "lmap"},
		{Text: "S-3"},
	}
	room := new(scratch)
	random := rand.New(rand.NewPCG(8, 8))
	for range 200 {
		q := queries[random.IntN(len(queries))].Normalize()
		if got, want := s.search(&q, x.weights, room), s.search(&q, x.weights, new(scratch)); !reflect.DeepEqual(got, want) {
			t.Fatalf("%+v:\n got %+v\nwant %+v", q, got, want)
		}
	}
}

func TestNewFor(t *testing.T) {
	t.Parallel()
	for locale, found := range map[string]bool{"en": true, "en-GB": true, "xx": false, "": false, "e": false} {
		x := NewFor(locale)
		if _, err := x.Index(t.Context(), []search.Document{{SKU: "A", Product: id.Product{UUID: id.UUID{1}}, Name: "running shoes"}}); err != nil {
			t.Fatal(err)
		}
		if r := mustFind(t, x, search.Query{Text: "shoe", Exact: true}); (r.Total == 1) != found {
			t.Errorf("%q finds %d", locale, r.Total)
		}
		if r := mustFind(t, x, search.Query{Text: "SHOES"}); r.Total != 1 {
			t.Errorf("%q does not find the word itself", locale)
		}
	}
}

func FuzzIndex_Search(f *testing.F) {
	x := New()
	docs := some(30, 1)
	docs[0].Name = `Café TV 139.7 cm (55") USB-C, 2-in-1 flat screen ß`
	if _, err := x.Index(f.Context(), docs); err != nil {
		f.Fatal(err)
	}
	for _, s := range []string{"lamp red", "usb c 55 inch", "lmap", "S-1", "flatscreen", "\xff", "-\"-'", "İßǆ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := x.Search(t.Context(), search.Query{Text: text, PerPage: 100})
		s, other := x.Suggest(t.Context(), search.SuggestQuery{Text: text})
		if err != nil || other != nil {
			if !fault.Is(err, fault.Invalid) || !fault.Is(other, fault.Invalid) {
				t.Fatalf("%q: %v, %v", text, err, other)
			}
			return
		}
		if r.Total != len(r.Hits) || strings.TrimSpace(text) != "" && len(search.Words(text)) == 0 && r.Total != 0 {
			t.Fatalf("%q: %d products, %d shown", text, r.Total, len(r.Hits))
		}
		for _, h := range r.Hits {
			checkMarks(t, h.Name, h.Highlights["name"])
		}
		for _, suggestion := range s {
			checkMarks(t, suggestion.Text, suggestion.Highlights)
		}
	})
}

func checkMarks(t *testing.T, text string, marks [][2]int) {
	t.Helper()
	end := 0
	for _, m := range marks {
		if m[0] < end || m[1] <= m[0] || m[1] > len([]rune(text)) {
			t.Fatalf("marks %v in %q", marks, text)
		}
		end = m[1]
	}
}

func mustFind(t *testing.T, x *Index, q search.Query) search.Result {
	t.Helper()
	r, err := x.Search(t.Context(), q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	return r
}
