package porttest

import (
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

// testSearchCrowds searches while others write: a search never sees a product
// missing that was never deleted, nor one twice.
func testSearchCrowds(t *testing.T, h SearchHarness) {
	t.Parallel()
	const total = 60
	docs := func(version int64) []search.Document {
		list := make([]search.Document, 0, 2*total)
		for n := range byte(total) {
			for v := range 2 {
				d := sold(n+1, id.SKU(fmt.Sprintf("P-%d-%d", n, v)), "obsidian lamp")
				d.Version, d.Sales, d.Created = version, (version*int64(n))%17, time.Time{}
				d.Attributes = map[string]search.Value{"size": search.Text(fmt.Sprint(v))}
				list = append(list, d)
			}
		}
		return list
	}
	watch := func(w *searchWorld, done <-chan struct{}) {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			q := search.Query{Text: "obsidian", PerPage: 100}
			if i%2 == 0 {
				q = search.Query{PerPage: 100, Filters: []search.Filter{{Name: "size", Values: []string{"1"}}}}
			}
			r, err := w.engine.Search(w.t.Context(), q)
			if err != nil {
				w.t.Error(err)
				return
			}
			seen := map[id.Product]bool{}
			for _, hit := range r.Hits {
				seen[hit.Product] = true
			}
			if r.Total != total || len(r.Hits) != total || len(seen) != total {
				w.t.Errorf("%d products, %d shown, %d different, of %d", r.Total, len(r.Hits), len(seen), total)
				return
			}
			if one, err := w.engine.Search(w.t.Context(), search.Query{Text: "P-7-1", Exact: true}); err != nil || one.Total == 0 || one.Hits[0].SKU != "P-7-1" {
				w.t.Errorf("the SKU finds %v, %v", foundSKUs(one), err)
				return
			}
			if s, err := w.engine.Suggest(w.t.Context(), search.SuggestQuery{Text: "obs"}); err != nil || len(s) != 8 {
				w.t.Errorf("suggested %v, %v", s, err)
				return
			}
		}
	}
	crowd := func(w *searchWorld, work func()) {
		done := make(chan struct{})
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { watch(w, done) })
		}
		work()
		close(done)
		wg.Wait()
	}

	t.Run("Updates", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		w.put(docs(1)...)
		crowd(w, func() {
			for version := range int64(h.rounds(30, 3)) {
				for batch := range slices.Chunk(docs(version+2), 9) {
					w.put(batch...)
				}
			}
		})
	})

	t.Run("Rebuilds", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		w.put(docs(1)...)
		crowd(w, func() {
			for version := range int64(h.rounds(5, 2)) {
				build, _, err := w.engine.Begin(t.Context(), "")
				if err != nil {
					t.Error(err)
					return
				}
				for batch := range slices.Chunk(docs(version+1), 40) {
					if _, err := build.Add(t.Context(), batch); err != nil {
						t.Error(err)
					}
				}
				w.put(docs(version + 2)[:total]...)
				if err := build.Commit(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	})
}
