package porttest

import (
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
)

// TestSearchWorks is the contract of SearchWorks.
func TestSearchWorks(t *testing.T, h CatalogHarness) {
	t.Parallel()
	until := time.Date(2026, 3, 1, 12, 30, 0, 123_456_000, time.UTC)

	t.Run("RoundTripsExactly", func(t *testing.T) {
		t.Parallel()
		works := h.New(t).Works
		got, err := works.Work(t.Context(), search.WorkCompare)
		mustSame(t, "before the first save", got, err, search.Work{Name: search.WorkCompare})
		want := search.Work{Name: search.WorkCompare, Holder: "one", Until: until, Body: []byte(`{"checked": 7, "text": "é 🔥"}`)}
		if want.Version, err = works.SaveWork(t.Context(), want); err != nil || want.Version != 1 {
			t.Fatalf("version %d, %v", want.Version, err)
		}
		got, err = works.Work(t.Context(), search.WorkCompare)
		mustSame(t, "saved", got, err, want)
		want.Holder, want.Until, want.Body = "", time.Time{}, []byte(`{}`)
		if want.Version, err = works.SaveWork(t.Context(), want); err != nil || want.Version != 2 {
			t.Fatalf("version %d, %v", want.Version, err)
		}
		got, err = works.Work(t.Context(), search.WorkCompare)
		mustSame(t, "let go", got, err, want)
		got, err = works.Work(t.Context(), search.WorkRebuild)
		mustSame(t, "another", got, err, search.Work{Name: search.WorkRebuild})
	})

	t.Run("AStaleVersionIsRefused", func(t *testing.T) {
		t.Parallel()
		works := h.New(t).Works
		w := search.Work{Name: search.WorkRebuild, Holder: "one", Until: until, Body: []byte(`{}`)}
		for want := range int64(2) {
			v, err := works.SaveWork(t.Context(), w)
			if err != nil || v != want+1 {
				t.Fatalf("version %d, %v", v, err)
			}
			w.Version = v
		}
		for _, version := range []int64{0, 1, 3} {
			_, err := works.SaveWork(t.Context(), search.Work{Name: w.Name, Version: version, Body: []byte(`{}`)})
			mustFail(t, err, fault.Stale, "version_conflict")
		}
	})

	t.Run("OneOfManyTakesItUp", func(t *testing.T) {
		t.Parallel()
		works := h.New(t).Works
		var all sync.WaitGroup
		took := make(chan int64, 8)
		for range cap(took) {
			all.Go(func() {
				v, err := works.SaveWork(t.Context(), search.Work{Name: search.WorkCompare, Holder: "somebody", Until: until, Body: []byte(`{}`)})
				if err == nil {
					took <- v
				} else if !fault.Is(err, fault.Stale) {
					t.Errorf("got %v", err)
				}
			})
		}
		all.Wait()
		if len(took) != 1 || <-took != 1 {
			t.Errorf("%d took it up", len(took)+1)
		}
	})
}
