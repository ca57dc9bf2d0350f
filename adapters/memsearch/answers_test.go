package memsearch

import (
	"reflect"
	"slices"
	"testing"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

func TestIndex_RepeatedQueries(t *testing.T) {
	t.Parallel()
	x := filled(t, 60)
	q := search.Query{Text: "lamp", PerPage: 50}
	ask := func(t *testing.T) search.Result {
		t.Helper()
		r, err := x.Search(t.Context(), q)
		if err != nil || len(r.Hits) == 0 || len(r.Facets) == 0 || len(r.Facets[0].Values) == 0 {
			t.Fatalf("%+v, %v", r, err)
		}
		return r
	}
	first, again := ask(t), ask(t)
	if !reflect.DeepEqual(first, again) {
		t.Errorf("the first time %+v\nthe second  %+v", first, again)
	}
	gone := search.Document{SKU: first.Hits[0].SKU, Version: 99, Deleted: true}
	if _, err := x.Index(t.Context(), []search.Document{gone}); err != nil {
		t.Fatal(err)
	}
	for _, h := range ask(t).Hits {
		if h.SKU == gone.SKU || slices.Contains(h.Matching, gone.SKU) {
			t.Error("a deleted document is still found")
		}
	}
}

func TestAnswers_AreBounded(t *testing.T) {
	t.Parallel()
	var a answers
	for page := range 10 * maxAnswers {
		a.keep(keyOf(&search.Query{Page: page}), search.Result{Total: page})
	}
	if n := len(a.young) + len(a.old); n > 2*maxAnswers {
		t.Errorf("%d answers are kept", n)
	}
	const newest = 10*maxAnswers - 1
	if r, ok := a.find(keyOf(&search.Query{Page: newest})); !ok || r.Total != newest {
		t.Errorf("of the newest: %+v, %v", r, ok)
	}
	if _, ok := a.find(keyOf(&search.Query{Page: 1})); ok {
		t.Error("the oldest is still there")
	}
}

func TestKeyOf_TellsQueriesApart(t *testing.T) {
	t.Parallel()
	one, two, half := int64(1), int64(2), 0.5
	synonyms, err := search.NewSynonyms([]search.SynonymRule{{Terms: []string{"a", "b"}}})
	if err != nil {
		t.Fatal(err)
	}
	queries := []search.Query{
		{},
		{Synonyms: synonyms},
		{Pinned: []id.Product{{UUID: id.UUID{1}}}},
		{Buried: []id.Product{{UUID: id.UUID{1}}}},
		{Pinned: []id.Product{{UUID: id.UUID{1}}, {}}},
		{Text: "a"},
		{Category: "a"},
		{Brands: []string{"a"}},
		{Brands: []string{"a", "b"}},
		{Brands: []string{"ab"}},
		{Text: "a", Category: "b"},
		{Text: "ab"},
		{Filters: []search.Filter{{Name: "a", Values: []string{"b"}}}},
		{Filters: []search.Filter{{Name: "a"}, {Name: "b"}}},
		{Filters: []search.Filter{{Name: "ab"}}},
		{Filters: []search.Filter{{Name: "a", Ranges: []search.Range{{}}}}},
		{Filters: []search.Filter{{Name: "a", Ranges: []search.Range{{Min: &half}}}}},
		{Filters: []search.Filter{{Name: "a", Ranges: []search.Range{{Max: &half}}}}},
		{PriceMin: &one},
		{PriceMin: &two},
		{PriceMax: &one},
		{InStock: true},
		{Exact: true},
		{MinRating: 1},
		{Boosts: search.Boosts{InStock: 1}},
		{Boosts: search.Boosts{Featured: 1}},
		{Boosts: search.Boosts{OutOfStockLast: true}},
		{Sort: search.ByNewest},
		{Page: 1},
		{PerPage: 1},
		{Page: 1, PerPage: 1},
	}
	seen := map[string]int{}
	for i := range queries {
		key := string(keyOf(&queries[i]))
		if other, there := seen[key]; there {
			t.Errorf("%+v and %+v have one key", queries[other], queries[i])
		}
		seen[key] = i
	}
	if fields := reflect.TypeFor[search.Query]().NumField(); fields != 16 {
		t.Errorf("a query has %d members: do they all decide its key?", fields)
	}
}
