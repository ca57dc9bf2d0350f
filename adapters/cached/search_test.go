package cached_test

import (
	"context"
	"errors"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/cached"
	"github.com/bodega-commerce/bodega/adapters/memory"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

// engine answers every search with a result that has its number in it.
type engine struct {
	ports.SearchEngine
	searches atomic.Int64
	err      error
}

func (e *engine) Search(context.Context, search.Query) (search.Result, error) {
	r := fill[search.Result]()
	r.Total = int(e.searches.Add(1))
	return r, e.err
}

func TestSearch(t *testing.T) {
	t.Parallel()
	clock := porttest.StillClock()
	options := cached.Options{Shared: true, Now: clock.Now, Rand: func() float64 { return 0.5 }}
	w := newWorld(options)
	e := &engine{}
	one := cached.Search(e, w.cache, options)
	other := cached.Search(e, w.cache, options)
	total := func(by ports.SearchEngine, q search.Query) int {
		t.Helper()
		r, err := by.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		want := fill[search.Result]()
		want.Total = r.Total
		if !reflect.DeepEqual(r, want) {
			t.Fatalf("it changed on its way:\n%+v\n%+v", want, r)
		}
		return r.Total
	}
	cups := search.Query{Category: "cups"}

	if a, b := total(one, cups), total(one, cups); a == b {
		t.Error("held right after the start, when the engine may not know of the last change yet")
	}
	total(other, cups)
	clock.Pass(3 * time.Second)
	first := total(one, cups)
	if total(one, cups) != first || total(other, search.Query{Category: "cups", Page: 1, PerPage: search.PerPage}) != first {
		t.Error("searched again for what another process knows")
	}
	for what, q := range map[string]search.Query{
		"all": {}, "text": {Category: "cups", Text: "tea"}, "page": {Category: "cups", Page: 2}, "size": {Category: "cups", PerPage: 7},
		"brand": {Category: "cups", Brands: []string{"acme"}}, "price": {Category: "cups", PriceMin: new(int64)}, "in stock": {Category: "cups", InStock: true},
		"sort": {Category: "cups", Sort: search.ByNewest}, "rating": {Category: "cups", MinRating: 3}, "no slug": {Category: "Cups & More"},
		"filter": {Category: "cups", Filters: []search.Filter{{Name: "size", Values: []string{"l"}}}},
	} {
		if a, b := total(one, q), total(one, q); a == b {
			t.Errorf("%s: not the first view of a category, and held", what)
		}
	}
	w.change(t, product(1, "tee"))
	if a, b := total(one, cups), total(one, cups); a == first || a == b {
		t.Error("held although the engine may not know of the change yet")
	}
	clock.Pass(3 * time.Second)
	second := total(one, cups)
	if total(one, cups) != second {
		t.Error("not held again")
	}
	clock.Pass(5 * time.Minute)
	if total(one, cups) == second {
		t.Error("held for more than its time")
	}
	e.err = errors.New("engine is away")
	if _, err := one.Search(t.Context(), search.Query{Category: "bowls"}); !errors.Is(err, e.err) {
		t.Errorf("a failure became %v", err)
	}
}

func TestSearch_WithoutItsCache(t *testing.T) {
	t.Parallel()
	e := &engine{}
	s := cached.Search(e, brokenCache{memory.NewCache(0, nil)}, cached.Options{})
	if _, err := s.Search(t.Context(), search.Query{Category: "cups"}); err != nil || e.searches.Load() != 1 {
		t.Errorf("%v after %d searches", err, e.searches.Load())
	}
}
