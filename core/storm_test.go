package core_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/elasticsearch"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// engineOf opens the shared engine, an index of its own.
func engineOf(t *testing.T) *elasticsearch.Engine {
	t.Helper()
	e, err := elasticsearch.Open(t.Context(), []string{containers.Elasticsearch(t)}, elasticsearch.Options{
		Timeout: 20 * time.Second, Settling: 50 * time.Millisecond, Grace: 50 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

// changes is how many a storm has on an engine; BODEGA_TEST_STORM sets another
// number.
func changes(t *testing.T, n int) int {
	t.Helper()
	if text := os.Getenv("BODEGA_TEST_STORM"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

// Products are changed, deleted and made again all at once, while every job of
// theirs comes once or twice, in any order. When it is quiet the index holds what
// the store does.
func TestSearch_Index_AStormEndsInStep(t *testing.T) {
	t.Parallel()
	t.Run("Embedded", func(t *testing.T) {
		t.Parallel()
		storm(t, changes(t, 10_000), func(e ports.SearchEngine) ports.SearchEngine { return e }, func() {})
	})
	t.Run("Loose", func(t *testing.T) {
		t.Parallel()
		storm(t, changes(t, 1500), func(e ports.SearchEngine) ports.SearchEngine {
			return &looseIndex{lateIndex: lateIndex{SearchEngine: e}}
		}, func() {})
	})
	t.Run("Elasticsearch", func(t *testing.T) {
		t.Parallel()
		e := engineOf(t)
		storm(t, changes(t, 150), func(ports.SearchEngine) ports.SearchEngine { return e }, func() {
			if err := e.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
		})
	})
}

func storm(t *testing.T, changes int, engine func(ports.SearchEngine) ports.SearchEngine, settle func()) {
	t.Helper()
	w := openStall(t, nil, func(w *stall, d *core.Deps) {
		d.Catalog, d.Orders = w.db.Catalog(), w.db.Orders() // once is enough, so often
		w.index.SearchEngine = engine(w.index.SearchEngine)
	})
	const shelf, hands = 60, 6
	var all sync.WaitGroup
	for hand := range hands {
		all.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(hand)))
			for range changes / hands {
				if err := w.gust(t.Context(), random, id.SKU(fmt.Sprintf("s-%d", random.IntN(shelf)))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	calm, quiet := make(chan struct{}), make(chan struct{})
	go func() { all.Wait(); close(calm) }()
	go func() { w.messyQueue(calm, func() {}); close(quiet) }()
	<-quiet
	settle()
	held := func() map[string]uint64 {
		t.Helper()
		entries, err := w.index.Entries(t.Context(), "", 10_000)
		if err != nil {
			t.Fatal(err)
		}
		docs := make(map[string]uint64)
		for _, e := range entries {
			docs[e.Key] = e.Digest
		}
		return docs
	}
	before := held()
	done(t, first(w.shop.Search.Rebuild(t.Context(), core.RebuildIndex{By: shopkeeper})))
	settle()
	after := held()
	if !maps.Equal(before, after) {
		t.Errorf("the index held %v, and built anew %v", before, after)
	}
	if len(after) == 0 {
		t.Error("nothing is left to compare")
	}
}

// gust changes whatever has a SKU, or makes it.
func (w *stall) gust(ctx context.Context, random *rand.Rand, sku id.SKU) error {
	name, price := fmt.Sprintf("Mug %d", random.IntN(3)), money.New(int64(100+random.IntN(3)), "EUR") // so that some come back to what they were
	found, err := w.db.Catalog().Records.ProductsBySKU(ctx, []id.SKU{sku})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		_, err = w.shop.Catalog.Create(ctx, core.CreateProduct{By: shopkeeper, Name: name, Variants: []core.NewVariant{{SKU: sku, Price: price}}})
	} else {
		p := found[0]
		switch random.IntN(10) {
		case 0, 1:
			_, err = w.shop.Catalog.Delete(ctx, core.DeleteProduct{By: shopkeeper, Product: p.ID})
		case 2:
			_, err = w.shop.Catalog.Archive(ctx, core.ArchiveProduct{By: shopkeeper, Product: p.ID})
		case 3, 4:
			status := catalog.Active
			_, err = w.shop.Catalog.Patch(ctx, core.PatchProduct{By: shopkeeper, Product: p.ID, Status: &status})
		case 5, 6:
			_, err = w.shop.Catalog.Patch(ctx, core.PatchProduct{By: shopkeeper, Product: p.ID, Name: &name, BasePrice: &price})
		case 7, 8:
			_, err = w.shop.Inventory.Adjust(ctx, core.AdjustStock{By: shopkeeper, SKU: sku, Delta: random.IntN(3) - 1, Reason: inventory.Other})
		default:
			featured := random.IntN(2) == 0
			_, err = w.shop.Catalog.Patch(ctx, core.PatchProduct{By: shopkeeper, Product: p.ID, Featured: &featured})
		}
	}
	switch fault.KindOf(err) {
	case fault.NotFound, fault.Exists, fault.Invalid, fault.Exhausted, fault.Conflict: // somebody else was quicker
		return nil
	default:
		return err
	}
}

// messyQueue takes the jobs from the store and does each once or twice, in any
// order and several at once, until there are none any more. Of each time it tells
// done.
func (w *stall) messyQueue(calm <-chan struct{}, done func()) {
	var mu sync.Mutex
	news := sync.NewCond(&mu)
	var heap [][]id.Product
	taken, busy := false, 0 // all from the store; how many are being done
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(2, uint64(worker)))
			for {
				mu.Lock()
				for len(heap) == 0 && !(taken && busy == 0) {
					news.Wait()
				}
				if len(heap) == 0 {
					mu.Unlock()
					return
				}
				i := random.IntN(len(heap))
				products := heap[i]
				if random.IntN(3) > 0 { // else it comes again
					heap[i] = heap[len(heap)-1]
					heap = heap[:len(heap)-1]
				}
				busy++
				mu.Unlock()
				if err := w.shop.Search.Index(w.t.Context(), products); err != nil {
					w.t.Error(err)
				}
				done()
				mu.Lock()
				busy--
				news.Broadcast()
				mu.Unlock()
			}
		})
	}
	for last := false; ; {
		n := 0
		for _, task := range []string{job.IndexProduct, job.IndexProducts} {
			more, err := w.db.Jobs().Receive(w.t.Context(), task, ports.Batch{Max: 50, Wait: time.Millisecond}, func(_ context.Context, ds []job.Delivery) []job.Verdict {
				mu.Lock()
				defer mu.Unlock()
				for _, d := range ds {
					one, _ := job.Decode[job.ProductPayload](d.Envelope)
					many, err := job.Decode[job.ProductsPayload](d.Envelope)
					if err != nil {
						w.t.Error(err)
					}
					var products []id.Product
					for _, p := range append(many.Products, one) {
						if !p.Product.IsZero() {
							products = append(products, p.Product)
						}
					}
					heap = append(heap, products)
				}
				news.Broadcast()
				return make([]job.Verdict, len(ds))
			})
			if err != nil {
				w.t.Error(err)
			}
			n += more
		}
		if n == 0 && last {
			break
		}
		select {
		case <-calm:
			last = n == 0 // nothing is added any more: once round again
		default:
		}
	}
	mu.Lock()
	taken = true
	news.Broadcast()
	mu.Unlock()
	all.Wait()
}
