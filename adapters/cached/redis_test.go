package cached_test

import (
	"cmp"
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/adapters/cached"
	"github.com/bodega-commerce/bodega/adapters/redis"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What holds on a cache in memory holds on the one that processes share.

// openRedis gives calls a lot of time, for the machine may be busy, unless a test
// is about that.
func openRedis(t *testing.T, address string, o redis.Options) *redis.Client {
	t.Helper()
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	c, err := redis.Open(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}

func TestRedis_AnswersOfAMomentNewEnough(t *testing.T) {
	t.Parallel()
	address := containers.Redis(t)
	runs := 0
	rapid.Check(t, func(rt *rapid.T) {
		runs++
		answersOfAMoment(rt, func(now func() time.Time) ports.Cache {
			return openRedis(t, address, redis.Options{Prefix: strconv.Itoa(runs) + ":", Now: now}).Cache()
		})
	})
}

func TestRedis_IsAStore(t *testing.T) {
	t.Parallel()
	address := containers.Redis(t)
	var stores atomic.Int64
	cache := func(t *testing.T) ports.Cache {
		t.Helper()
		return openRedis(t, address, redis.Options{Prefix: strconv.FormatInt(stores.Add(1), 10) + ":"}).Cache()
	}
	t.Run("Catalog", func(t *testing.T) {
		porttest.TestCatalogStore(t, porttest.CatalogHarness{New: func(t *testing.T) ports.CatalogStore {
			store, told := cached.Catalog(openSQLite(t).Catalog(), cache(t), cached.Options{Shared: true})
			store.Tx = tellingCatalog{store.Tx, told}
			return store
		}})
	})
	t.Run("Orders", func(t *testing.T) {
		porttest.TestOrderStore(t, porttest.OrderHarness{New: func(t *testing.T) ports.OrderStore {
			return cached.Orders(openSQLite(t).Orders(), cache(t), cached.Options{Shared: true})
		}})
	})
}

// coldReads are the first questions of a page, each with the reads of the store
// that it may cost however many ask it at once.
func coldReads(w *world) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"product": func(ctx context.Context) error { _, err := w.Products.BySlug(ctx, "tee", ports.Mark{}); return err },
		"list":    func(ctx context.Context) error { _, err := w.Products.Page(ctx, listing(), ports.Mark{}); return err },
		"tree":    func(ctx context.Context) error { _, err := w.Taxonomy.Taxonomy(ctx, ports.Mark{}); return err },
		"counts":  func(ctx context.Context) error { _, err := w.Taxonomy.ActiveCounts(ctx, ports.Mark{}); return err },
	}
}

func TestRedis_ColdKeyAskedByMany(t *testing.T) {
	t.Parallel()
	w := newWorld(cached.Options{})
	w.cache = openRedis(t, containers.Redis(t), redis.Options{}).Cache()
	w.open(cached.Options{Shared: true})
	w.change(t, product(1, "tee"))
	w.onRead = func() { time.Sleep(5 * time.Millisecond) } // long enough for all to be there
	for what := range coldReads(w) {
		var asStored, answers atomic.Int64
		w.open(cached.Options{Shared: true, Observe: func(_ string, from cached.Source) {
			answers.Add(1)
			if from == cached.Read {
				asStored.Add(1)
			}
		}})
		before := w.reads.Load()
		var group sync.WaitGroup
		for range 200 {
			group.Go(func() {
				if err := coldReads(w)[what](t.Context()); err != nil {
					t.Errorf("%s: %v", what, err)
				}
			})
		}
		group.Wait()
		if n := w.reads.Load() - before; n != 1 {
			t.Errorf("%s: %d reads of the store by 200 who asked at once", what, n)
		}
		if asStored.Load() != 1 || answers.Load() != 200 {
			t.Errorf("%s: %d of %d answers are said to be read from the store", what, asStored.Load(), answers.Load())
		}
		w.open(cached.Options{Shared: true}) // another process
		if err := coldReads(w)[what](t.Context()); err != nil || w.reads.Load()-before != 1 {
			t.Errorf("%s: %v; another process read it again", what, err)
		}
	}
}

// Without Redis the store answers, asked by so many at once and no more; when it
// is back it is used again, and knows of nothing that changed meanwhile.
func TestRedis_Away(t *testing.T) {
	t.Parallel()
	server := containers.RedisServer(t)
	const direct = 8
	options := cached.Options{Shared: true, Direct: direct}
	w := newWorld(options)
	w.cache = openRedis(t, server.URL, redis.Options{Timeout: 300 * time.Millisecond}).Cache()
	w.open(options)
	w.change(t, product(1, "tee"))
	mustBe(t, w, "tee", 1)

	server.Pause(t)
	w.change(t, product(1, "tee"))
	mustBe(t, w, "tee", 2)
	var now, most atomic.Int64
	w.onRead = func() {
		n := now.Add(1)
		for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
		}
		time.Sleep(time.Millisecond)
		now.Add(-1)
	}
	var group sync.WaitGroup
	for range 50 {
		group.Go(func() {
			for what, read := range coldReads(w) {
				if err := read(t.Context()); err != nil {
					t.Errorf("%s: %v", what, err)
				}
			}
			if ps, err := w.Products.ByIDs(t.Context(), []id.Product{productID(1)}, ports.Mark{}); err != nil || len(ps) != 1 {
				t.Errorf("hydration: %v, %v", ps, err)
			}
		})
	}
	group.Wait()
	if n := most.Load(); n > 2*direct { // of products, and of the taxonomy
		t.Errorf("%d reads of the store at once", n)
	}
	w.onRead = func() {}
	w.change(t, product(1, "tee"))

	mustBe(t, w, "tee", 3)

	w.replicated()
	server.Resume(t)
	used := func() bool {
		before := w.reads.Load()
		p, err := w.Products.BySlug(t.Context(), "tee", ports.Mark{})
		if err != nil || p.Version != 3 {
			t.Fatalf("version %d, %v after the outage, want 3", p.Version, err)
		}
		return w.reads.Load() == before
	}
	soon(t, "it is back and is not used", used) // and told of what changed
	w.open(options)
	soon(t, "it is not used by a process that saw nothing of it", used)
}
