package cached_test

import (
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/adapters/cached"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

// Whatever changes, is told late, lags, is forgotten or runs out: every answer
// is one that the store gave at a moment that includes all changes that were
// told of, and the write that the reader insists on. Run by two processes.
func TestProducts_AnswersOfAMomentNewEnough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { answersOfAMoment(t, nil) })
}

// answersOfAMoment checks one run of it, on a cache that is given the clock, or
// on one in memory.
func answersOfAMoment(t *rapid.T, open func(now func() time.Time) ports.Cache) {
	slugs := []string{"a", "b", "c"}
	clock := porttest.StillClock()
	options := cached.Options{
		Shared: rapid.Bool().Draw(t, "shared"), Held: rapid.IntRange(1, 20).Draw(t, "held"), Now: clock.Now,
		Rand: func() float64 { return 0 },
	}
	w := newWorld(options)
	if open != nil {
		w.cache = open(clock.Now)
	}
	processes := [2]ports.CatalogStore{w.CatalogStore}
	w.open(options)
	processes[1] = w.CatalogStore

	told := 0 // all changes up to this position
	untold := []catalog.Product{}

	// oneOf fails unless the answer is that of some state from the floor on.
	oneOf := func(what string, after int, same func(state) bool) {
		for pos := max(told, after); pos < len(w.states); pos++ {
			if same(w.states[pos]) {
				return
			}
		}
		t.Fatalf("%s: no state from %d (told %d, insisted on %d) to %d answers so", what, max(told, after), told, after, w.newest())
	}
	// reader draws a process and a write that the read must include.
	reader := func(t *rapid.T) (ports.CatalogStore, int, ports.Mark) {
		process := processes[rapid.IntRange(0, 1).Draw(t, "process")]
		if after := rapid.IntRange(-1, w.newest()).Draw(t, "after"); after >= 0 {
			return process, after, mark(after)
		}
		return process, 0, ports.Mark{}
	}
	t.Repeat(map[string]func(*rapid.T){
		"change": func(t *rapid.T) {
			n := rapid.ByteRange(1, 3).Draw(t, "product")
			slug := rapid.SampledFrom(slugs).Draw(t, "slug")
			for _, other := range w.states[w.newest()].products {
				if other.Slug == slug && other.ID != productID(n) {
					t.Skip("the slug is taken")
				}
			}
			p := product(n, slug)
			p.Category = categoryID(rapid.ByteRange(1, 2).Draw(t, "category"))
			if rapid.Bool().Draw(t, "archived") {
				p.Status = catalog.Archived
			}
			w.save(p)
			untold = append(untold, p)
		},
		"tell": func(t *rapid.T) {
			if len(untold) == 0 {
				t.Skip("nothing to tell")
			}
			at := mark(told + 1)
			if rapid.Bool().Draw(t, "by the job") {
				at = ports.Mark{}
			}
			w.told.ProductsChanged(t.Context(), at, untold[0])
			untold = untold[1:]
			told++
		},
		"bySlug": func(t *rapid.T) {
			store, after, m := reader(t)
			slug := rapid.SampledFrom(slugs).Draw(t, "slug")
			p, err := store.Products.BySlug(t.Context(), slug, m)
			if err != nil && !fault.Is(err, fault.NotFound) {
				t.Fatal(err)
			}
			oneOf("bySlug", after, func(s state) bool {
				want, wantErr := s.bySlug(slug)
				return reflect.DeepEqual(p, want) && (err == nil) == (wantErr == nil)
			})
		},
		"byIDs": func(t *rapid.T) {
			store, after, m := reader(t)
			// One at a time: several may come from several moments.
			ids := []id.Product{productID(rapid.ByteRange(1, 4).Draw(t, "product"))}
			ps, err := store.Products.ByIDs(t.Context(), ids, m)
			if err != nil {
				t.Fatal(err)
			}
			oneOf("byIDs", after, func(s state) bool { return reflect.DeepEqual(ps, s.byIDs(ids)) })
		},
		"page": func(t *rapid.T) {
			store, after, m := reader(t)
			l := listing(rapid.SampledFrom([][]id.Category{nil, {categoryID(1)}, {categoryID(2)}, {categoryID(1), categoryID(2)}}).Draw(t, "categories")...)
			page, err := store.Products.Page(t.Context(), l, m)
			if err != nil {
				t.Fatal(err)
			}
			oneOf("page", after, func(s state) bool { return reflect.DeepEqual(page, s.page(l)) })
		},
		"counts": func(t *rapid.T) {
			store, after, m := reader(t)
			counts, err := store.Taxonomy.ActiveCounts(t.Context(), m)
			if err != nil {
				t.Fatal(err)
			}
			oneOf("counts", after, func(s state) bool { return reflect.DeepEqual(counts, s.counts()) })
		},
		"wait": func(t *rapid.T) {
			clock.Pass(time.Duration(rapid.IntRange(1, 400).Draw(t, "seconds")) * time.Second)
		},
	})
}
