package cached_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bodega-commerce/bodega/adapters/cached"
	"github.com/bodega-commerce/bodega/adapters/memory"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// slow is a cache that takes a second to be told of anything.
type slow struct{ ports.Cache }

func (s slow) Raise(ctx context.Context, at ports.Mark, generations ...string) error {
	time.Sleep(time.Second)
	return s.Cache.Raise(ctx, at, generations...)
}

func TestFront_TellsLater(t *testing.T) {
	t.Parallel()

	t.Run("HoweverMuchItIs", func(t *testing.T) {
		t.Parallel()
		cache := &switchable{Cache: memory.NewCache(0, nil)}
		front := cached.Front(cache, 0)
		names := make([]string, 2000)
		for i := range names {
			names[i] = fmt.Sprint("g", i)
		}
		_, before, err := cache.Lookup(t.Context(), "", names...)
		if err != nil {
			t.Fatal(err)
		}
		cache.away.Store(true)
		for i := range names {
			if err := front.Raise(t.Context(), mark(i), names[i]); !fault.Is(err, fault.Unavailable) {
				t.Fatal(err)
			}
		}
		if _, _, err := front.Lookup(t.Context(), "", "g1"); !fault.Is(err, fault.Unavailable) {
			t.Errorf("a cache that is away answers %v", err)
		}
		cache.away.Store(false)
		if _, _, err := front.Lookup(t.Context(), "", "g1"); err != nil {
			t.Fatal(err)
		}
		_, after, err := cache.Lookup(t.Context(), "", names...)
		if err != nil {
			t.Fatal(err)
		}
		for i := range names {
			if after[i].Number == before[i].Number || after[i].After != mark(len(names)-1) {
				t.Fatalf("%v became %v; want it raised after the newest change", before[i], after[i])
			}
		}
	})

	// Who finds the cache being told goes to the store instead of waiting.
	t.Run("OneTellsAndNobodyWaits", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(cached.Options{})
			cache := &switchable{Cache: slow{w.cache}}
			w.cache = cache
			w.change(t, product(1, "tee"))
			mustBe(t, w, "tee", 1)
			cache.away.Store(true)
			w.change(t, product(1, "tee"))
			cache.away.Store(false)
			began := time.Now()
			waited := 0
			var mu sync.Mutex
			var group sync.WaitGroup
			for range 20 {
				group.Go(func() {
					mustBe(t, w, "tee", 2)
					if time.Since(began) > 0 {
						mu.Lock()
						waited++
						mu.Unlock()
					}
				})
			}
			group.Wait()
			if waited != 1 {
				t.Errorf("%d readers waited", waited)
			}
		})
	})
}
