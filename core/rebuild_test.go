package core_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/elasticsearch"
	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// builds is an engine that counts what a rebuild adds, and can stop it.
type builds struct {
	ports.SearchEngine
	added atomic.Int64 // documents
	stop  atomic.Pointer[func(added int64) error]
}

func (b *builds) Begin(ctx context.Context, name string) (ports.IndexBuild, bool, error) {
	build, resumed, err := b.SearchEngine.Begin(ctx, name)
	return &countedBuild{build, b}, resumed, err
}

type countedBuild struct {
	ports.IndexBuild
	of *builds
}

func (c *countedBuild) Add(ctx context.Context, docs []search.Document) ([]search.Outcome, error) {
	if stop := c.of.stop.Load(); stop != nil {
		if err := (*stop)(c.of.added.Load()); err != nil {
			return nil, err
		}
	}
	outcomes, err := c.IndexBuild.Add(ctx, docs)
	c.of.added.Add(int64(len(docs)))
	return outcomes, err
}

// keepers are lines of as many products, which storms leave alone.
func keepers(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, `{"sku":"keep-%04d","title":"Obsidian lamp %d","price":{"amount":%d,"currency":"EUR"}}`+"\n", i, i, 100+i)
	}
	return b.String()
}

// While one program builds a new index, another follows the changes of a
// storm and both search: no search fails or finds less, and no update is lost. The
// first builder is taken for dead half-way: the other goes on where it stopped,
// and when the first wakes up it leaves the index alone.
func TestSearch_Rebuild_UnderLoadGoesOnAfterADeath(t *testing.T) {
	t.Parallel()
	url := containers.Elasticsearch(t)
	open := func() *builds {
		e, err := elasticsearch.Open(t.Context(), []string{url}, elasticsearch.Options{
			Timeout: 20 * time.Second, Settling: 300 * time.Millisecond, Grace: 300 * time.Millisecond,
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(e.Close)
		return &builds{SearchEngine: e}
	}
	const lamps = 1600 // four batches
	mine, others := open(), open()
	var late atomic.Int64 // seconds
	var other *core.Shop  // the program that builds first
	w := openStall(t, nil, func(w *stall, d *core.Deps) {
		d.Catalog, d.Orders = w.db.Catalog(), w.db.Orders()
		d.Now = func() time.Time { return time.Now().Add(time.Duration(late.Load()) * time.Second) }
		w.index.SearchEngine = mine
		their := *d
		their.Search = others
		var err error
		if other, err = core.New(their, nil); err != nil {
			t.Fatal(err)
		}
	})
	if r := w.importing(keepers(lamps)); r.Created != lamps {
		t.Fatalf("imported %+v", r)
	}
	w.work()
	refresh := func() {
		if err := mine.SearchEngine.(*elasticsearch.Engine).Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	refresh()

	over := make(chan struct{})
	var searches atomic.Int64
	var all sync.WaitGroup
	for _, shop := range []*core.Shop{w.shop, other} {
		all.Go(func() {
			for open := true; open; {
				found, err := shop.Search.Find(t.Context(), core.FindProducts{Query: search.Query{Text: "obsidian lamp", PerPage: 1}})
				if err != nil || found.Degraded || found.Total != lamps {
					t.Errorf("found %d, degraded %v, %v", found.Total, found.Degraded, err)
					return
				}
				searches.Add(1)
				select {
				case <-over:
					open = false
				default:
				}
			}
		})
	}
	calm := make(chan struct{})
	var stormy, quiet sync.WaitGroup
	indexed := make(chan struct{}, 3) // of more changes than that, none might ever be
	for hand := range 3 {
		stormy.Go(func() {
			random := rand.New(rand.NewPCG(9, uint64(hand)))
			for open := true; open; {
				if err := w.gust(t.Context(), random, id.SKU(fmt.Sprintf("s-%d", random.IntN(200)))); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-over:
					open = false
				case <-indexed:
				case <-time.After(time.Second): // there was nothing to index
				}
			}
		})
	}
	quiet.Go(func() {
		w.messyQueue(calm, func() {
			select {
			case indexed <- struct{}{}:
			default:
			}
		})
	})
	var building sync.WaitGroup
	asleep, wake := make(chan struct{}), make(chan struct{})
	fallAsleep, awaken := sync.OnceFunc(func() { close(asleep) }), sync.OnceFunc(func() { close(wake) })
	rest := sync.OnceFunc(func() {
		awaken()
		building.Wait()
		close(over)
		all.Wait()
		stormy.Wait()
		close(calm)
		quiet.Wait()
	})
	defer rest() // where the test gives up half-way, nothing goes on after it

	// The first builder falls asleep with two batches in.
	sleep := func(added int64) error { //nolint:unparam // others refuse
		late.Add(3) // time enough to tell the store how far it is
		if added >= 1000 {
			fallAsleep()
			<-wake
		}
		return nil
	}
	others.stop.Store(&sleep)
	died := make(chan error, 1)
	building.Go(func() {
		_, err := other.Search.Rebuild(t.Context(), core.RebuildIndex{By: shopkeeper})
		died <- err
	})
	select {
	case <-asleep:
	case err := <-died:
		t.Fatalf("the first builder did not get half-way: %v", err)
	}
	report := func() core.RebuildReport {
		t.Helper()
		return done(t, first(w.shop.Search.Rebuilt(t.Context(), core.ReadRebuild{By: shopkeeper})))
	}
	if r := report(); !r.Running || r.Products < 500 || r.Total < lamps || !r.FinishedAt.IsZero() {
		t.Errorf("half-way: %+v", r)
	}
	if waits := done(t, first(w.shop.Search.Interrupted(t.Context()))); waits {
		t.Error("taken for dead at once")
	}
	_, err := w.shop.Search.Rebuild(t.Context(), core.RebuildIndex{By: shopkeeper})
	mustRefuse(t, err, fault.Conflict, "in_use")
	late.Add(180)
	if waits := done(t, first(w.shop.Search.Interrupted(t.Context()))); !waits {
		t.Error("nobody is to go on with it")
	}
	n := done(t, first(w.shop.Search.Rebuild(t.Context(), core.RebuildIndex{By: shopkeeper})))
	if r := report(); n < lamps || r.Products != n || r.TakenUp != 1 || r.Running || r.Failure != "" || r.FinishedAt.IsZero() || r.Checked < lamps {
		t.Errorf("in the end %d: %+v", n, r)
	}
	if added := mine.added.Load(); added > lamps-500 {
		t.Errorf("%d documents were added again", added)
	}
	awaken()
	mustRefuse(t, <-died, fault.Conflict, "in_use")

	rest()
	if searches.Load() < 10 {
		t.Errorf("%d searches", searches.Load())
	}
	refresh()
	w.mustHoldWhatTheStoreSays()
}

// mustHoldWhatTheStoreSays compares the index with one just made from the store.
func (w *stall) mustHoldWhatTheStoreSays() {
	w.t.Helper()
	fresh := memsearch.New()
	shop, err := core.New(core.Deps{
		Catalog: w.db.Catalog(), Orders: w.db.Orders(), Identity: w.db.Identity(), Search: fresh,
		Files: noFiles{}, Mail: noMail{}, Payments: core.Providers{"none": nil},
	}, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	done(w.t, first(shop.Search.Rebuild(w.t.Context(), core.RebuildIndex{By: shopkeeper, First: true})))
	digests := func(e ports.IndexReader) map[string]uint64 {
		entries, err := e.Entries(w.t.Context(), "", 10_000)
		if err != nil {
			w.t.Fatal(err)
		}
		held := make(map[string]uint64, len(entries))
		for _, e := range entries {
			held[e.Key] = e.Digest
		}
		return held
	}
	want, got := digests(fresh), digests(w.index)
	if len(want) == 0 || !maps.Equal(want, got) {
		for key := range want {
			if want[key] != got[key] {
				w.t.Errorf("%s: %x in the index, %x in the store", key, got[key], want[key])
			}
		}
		w.t.Errorf("%d SKUs in the index, %d in the store", len(got), len(want))
	}
}

type (
	noFiles struct{ ports.Files }
	noMail  struct{ ports.Mailer }
)

func TestSearch_Rebuild_EndsOrGoesOn(t *testing.T) {
	t.Parallel()
	open := func(t *testing.T, products int) (*stall, *builds) {
		t.Helper()
		var b *builds
		w := openStall(t, nil, func(w *stall, d *core.Deps) {
			b = &builds{SearchEngine: w.index.SearchEngine}
			w.index.SearchEngine = b
		})
		w.importing(keepers(products))
		w.work()
		return w, b
	}
	report := func(w *stall) core.RebuildReport {
		w.t.Helper()
		return done(w.t, first(w.shop.Search.Rebuilt(w.t.Context(), core.ReadRebuild{By: shopkeeper})))
	}
	again := func(w *stall) (int, error) {
		return w.shop.Search.Rebuild(w.t.Context(), core.RebuildIndex{By: shopkeeper})
	}

	t.Run("WhatTheIndexDoesNotKeepIsNotPutInService", func(t *testing.T) {
		t.Parallel()
		w, b := open(t, 3)
		engine := b.SearchEngine
		b.SearchEngine = forgetful{engine, "keep-0001"}
		_, err := again(w)
		mustRefuse(t, err, fault.Internal, "")
		if r := report(w); r.Running || r.Failure == "" || r.FinishedAt.IsZero() {
			t.Errorf("%+v", r)
		}
		b.SearchEngine = engine
		w.mustHoldWhatTheStoreSays()
		if n, err := again(w); n != 3 || err != nil {
			t.Errorf("then %d, %v", n, err)
		}
		if r := report(w); r.Failure != "" || r.TakenUp != 0 || r.Checked != 3 || r.Total != 3 {
			t.Errorf("%+v", r)
		}
	})

	t.Run("AnEngineThatIsAwayInterrupts", func(t *testing.T) {
		t.Parallel()
		w, b := open(t, 3)
		away := func(int64) error { return errDown }
		b.stop.Store(&away)
		_, err := again(w)
		mustRefuse(t, err, fault.Unavailable, "")
		if r := report(w); r.Running || r.Failure != "the engine is down" || !r.FinishedAt.IsZero() {
			t.Errorf("%+v", r)
		}
		if waits := done(t, first(w.shop.Search.Interrupted(t.Context()))); !waits {
			t.Error("nobody is to go on with it")
		}
		b.stop.Store(nil)
		if n, err := again(w); n != 3 || err != nil {
			t.Errorf("then %d, %v", n, err)
		}
		if waits := done(t, first(w.shop.Search.Interrupted(t.Context()))); waits {
			t.Error("it is to go on for ever")
		}
		w.mustHoldWhatTheStoreSays()
	})

	t.Run("APanicEndsIt", func(t *testing.T) {
		t.Parallel()
		w, b := open(t, 3)
		fall := func(int64) error { panic("bug") }
		b.stop.Store(&fall)
		func() {
			defer func() { _ = recover() }()
			_, _ = again(w)
		}()
		if r := report(w); r.Running || r.Failure == "" || r.FinishedAt.IsZero() {
			t.Errorf("%+v", r)
		}
		b.stop.Store(nil)
		if n, err := again(w); n != 3 || err != nil {
			t.Errorf("then %d, %v", n, err)
		}
	})
}

// forgetful is an engine whose new indices lose a SKU.
type forgetful struct {
	ports.SearchEngine
	key string
}

func (f forgetful) Begin(ctx context.Context, name string) (ports.IndexBuild, bool, error) {
	build, resumed, err := f.SearchEngine.Begin(ctx, name)
	return forgetfulBuild{build, f.key}, resumed, err
}

type forgetfulBuild struct {
	ports.IndexBuild
	key string
}

func (f forgetfulBuild) Entries(ctx context.Context, after string, limit int) ([]search.Entry, error) {
	entries, err := f.IndexBuild.Entries(ctx, after, limit)
	for i := range entries {
		if entries[i].Key == f.key {
			return append(entries[:i:i], entries[i+1:]...), err
		}
	}
	return entries, err
}
