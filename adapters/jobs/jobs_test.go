package jobs

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

func TestVerdict(t *testing.T) {
	t.Parallel()
	for _, k := range fault.Kinds() {
		if _, decided := permanent[k]; !decided {
			t.Errorf("nobody has decided whether %v is permanent", k)
		}
		v := verdict(fault.New(k, "", "why"), 1, 0, job.Patience)
		if v.IsDead() != permanent[k] || v.IsRetry() == permanent[k] {
			t.Errorf("%v: got %+v", k, v)
		}
	}
	if !verdict(nil, 9, 0, job.Patience).IsAck() {
		t.Error("what succeeded is not done")
	}
	if !verdict(io.EOF, len(job.Patience)+1, 0, job.Patience).IsDead() {
		t.Error("patience has no end")
	}
}

// desk is a shop on its embedded parts, with a queue to put jobs into.
type desk struct {
	shop *core.Shop
	db   *sqlite.DB
}

func newDesk(t *testing.T) desk {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	wallet := sandbox.New(filepath.Join(dir, "sandbox.log"))
	t.Cleanup(func() {
		if err := errors.Join(db.Close(), wallet.Close()); err != nil {
			t.Error(err)
		}
	})
	shop, err := core.New(core.Deps{
		Catalog: db.Catalog(), Orders: db.Orders(), Identity: db.Identity(), Search: memsearch.New(),
		Files: files.Dir(filepath.Join(dir, "media")), Mail: files.Mail(filepath.Join(dir, "mail")),
		Payments: core.Providers{"sandbox": wallet},
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return desk{shop, db}
}

// start runs a runner and returns how to stop it and wait for its end.
func (d desk) start(t *testing.T, set func(*Runner)) (stop func()) {
	t.Helper()
	r := New(d.shop, d.db.Jobs())
	r.Log = slog.New(slog.DiscardHandler)
	ready := make(chan struct{})
	r.Ready = func() { close(ready) }
	if set != nil {
		set(r)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	select {
	case <-ready:
	case <-time.After(30 * time.Second):
		t.Fatal("the index was not built")
	}
	return stop
}

func (d desk) add(t *testing.T, task string, payload string) id.Job {
	t.Helper()
	j := id.Job{UUID: id.NewSource(time.Now, rand.Reader).New()}
	_, err := d.db.Orders().Tx.InTx(t.Context(), func(ctx context.Context, tx ports.OrderTx) error {
		return tx.Jobs.Add(ctx, job.Envelope{Task: task, ID: j, Payload: []byte(payload), CreatedAt: time.Now().UTC()})
	})
	if err != nil {
		t.Fatal(err)
	}
	return j
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !holds(); {
		if time.Now().After(deadline) {
			t.Fatalf("not within 30 s: %s", what)
		}
		select {
		case <-t.Context().Done():
			t.Fatal(t.Context().Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func TestHandlers_KnowEveryTask(t *testing.T) {
	t.Parallel()
	known := map[string]bool{}
	for _, h := range handlers(newDesk(t).shop) {
		if known[h.task] || h.batch < 1 || (h.all == nil) == (h.one == nil) {
			t.Errorf("%s is handled in no one way", h.task)
		}
		known[h.task] = true
	}
	for _, task := range job.Tasks() {
		if !known[task] {
			t.Errorf("nobody handles %s", task)
		}
	}
}

func TestRunner_Run(t *testing.T) {
	t.Parallel()
	t.Run("WhatIsWrittenIsFound", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		d.start(t, nil)
		_, err := d.shop.Catalog.Create(t.Context(), core.CreateProduct{
			By: account.System("test"), Name: "Walnut Tray", Variants: []core.NewVariant{{SKU: "TRAY", Price: money.New(900, "EUR")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "the product is found", func() bool {
			found, err := d.shop.Search.Find(t.Context(), core.FindProducts{Query: search.Query{Text: "walnut"}})
			return err == nil && found.Total == 1
		})
	})
	t.Run("APoisonedJobDiesAloneInItsBatch", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		product, err := d.shop.Catalog.Create(t.Context(), core.CreateProduct{
			By: account.System("test"), Name: "Walnut Tray", Variants: []core.NewVariant{{SKU: "TRAY", Price: money.New(900, "EUR")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		poisoned := d.add(t, job.IndexProduct, `"not an object"`)
		d.add(t, job.IndexProduct, `{"product_id":"`+product.ID.String()+`","version":1}`)
		d.start(t, nil)
		eventually(t, "the queue is empty", func() bool { return d.waiting(t) == 0 })
		dead, _, err := d.db.Jobs().ListDead(t.Context(), job.DeadFilter{Limit: 10})
		if err != nil || len(dead) != 1 || dead[0].ID != poisoned {
			t.Errorf("dead are %+v, %v", dead, err)
		}
	})
	t.Run("ManyProductsAreIndexedByTwoHands", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		for range 5 { // more than one batch
			d.add(t, job.IndexProducts, `{"products":[]}`)
		}
		var begun atomic.Int32
		both := make(chan struct{})
		d.start(t, func(r *Runner) {
			r.Traced = func(ctx context.Context, _ []job.Delivery) (context.Context, func(error)) {
				if begun.Add(1) == 2 {
					close(both)
				}
				select {
				case <-both:
				case <-time.After(30 * time.Second):
					t.Error("the second batch waits for the first")
				}
				return ctx, func(error) {}
			}
		})
		eventually(t, "the queue is empty", func() bool { return d.waiting(t) == 0 })
	})
	t.Run("APanicIsTriedAgainLater", func(t *testing.T) {
		t.Parallel()
		r := New(newDesk(t).shop, nil)
		r.Log = slog.New(slog.DiscardHandler)
		boom := handler{task: "x", one: func(context.Context, job.Delivery) error { panic("boom") }}
		if v := r.handle(t.Context(), boom, []job.Delivery{{Attempt: 1}}); len(v) != 1 || !v[0].IsRetry() || v[0].After <= 0 {
			t.Errorf("got %+v", v)
		}
		boom = handler{task: "x", all: func(context.Context, []job.Delivery) []error { panic("boom") }}
		if v := r.handle(t.Context(), boom, []job.Delivery{{Attempt: 1}, {Attempt: 5}}); len(v) != 2 || !v[0].IsRetry() || !v[1].IsDead() {
			t.Errorf("got %+v", v)
		}
	})
	t.Run("WhatNeverEndsIsLeftToItself", func(t *testing.T) {
		t.Parallel()
		shop := newDesk(t).shop
		synctest.Test(t, func(t *testing.T) {
			r := New(shop, nil)
			r.Log = slog.New(slog.DiscardHandler)
			release := make(chan struct{})
			defer close(release)
			began := time.Now()
			v := r.handle(t.Context(), handler{task: "x", one: func(_ context.Context, d job.Delivery) error {
				if d.Attempt == 2 {
					<-release // whatever its context says
				}
				return nil
			}}, []job.Delivery{{Attempt: 1}, {Attempt: 2}})
			if took := time.Since(began); took >= time.Minute || !v[0].IsAck() || !v[1].IsRetry() {
				t.Errorf("after %v: %+v", took, v)
			}
			v = r.handle(t.Context(), handler{task: "x", all: func(context.Context, []job.Delivery) []error { <-release; return nil }}, []job.Delivery{{Attempt: 5}})
			if !v[0].IsDead() {
				t.Errorf("after the last attempt: %+v", v)
			}
		})
	})
	t.Run("AnIndexOfOthersIsNotBuilt", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		_, err := d.shop.Catalog.Create(t.Context(), core.CreateProduct{
			By: account.System("test"), Name: "Walnut Tray", Variants: []core.NewVariant{{SKU: "TRAY", Price: money.New(900, "EUR")}},
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := d.db.Jobs().Receive(t.Context(), job.IndexProduct, ports.Batch{Max: 10}, func(_ context.Context, ds []job.Delivery) []job.Verdict {
			return make([]job.Verdict, len(ds)) // somebody else has indexed it
		}); err != nil {
			t.Fatal(err)
		}
		d.start(t, func(r *Runner) { r.BuildIndex = nil })
		found, err := d.shop.Search.Find(t.Context(), core.FindProducts{Query: search.Query{Text: "walnut"}})
		if err != nil || found.Total != 0 {
			t.Errorf("found %d, %v", found.Total, err)
		}
	})
	t.Run("LoopsTurnAtOnceWhileThereIsWorkAndSurviveFailure", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		var turns atomic.Int32
		d.start(t, func(r *Runner) {
			r.Loops = []Loop{{Name: "count", Every: 10 * time.Millisecond, Do: func(context.Context) (int, error) {
				switch turns.Add(1) {
				case 1:
					panic("boom")
				case 2:
					return 0, io.EOF
				default:
					return 1, nil
				}
			}}}
		})
		eventually(t, "a hundred turns", func() bool { return turns.Load() > 100 })
	})
	t.Run("WhatHasBegunIsFinished", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		begun, release := make(chan struct{}), make(chan struct{})
		var finished atomic.Bool
		stop := d.start(t, func(r *Runner) {
			r.Loops = []Loop{{Name: "slow", Every: time.Hour, Do: func(ctx context.Context) (int, error) {
				close(begun)
				<-release
				finished.Store(ctx.Err() == nil)
				return 0, nil
			}}}
		})
		<-begun
		time.AfterFunc(50*time.Millisecond, func() { close(release) }) // after stop has begun to wait
		stop()
		if !finished.Load() {
			t.Error("it was cut off")
		}
	})
}

// waiting returns how many jobs are ready or under way.
func (d desk) waiting(t *testing.T) int {
	t.Helper()
	all, err := d.db.Jobs().Backlogs(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, b := range all {
		n += b.Ready + b.Held
	}
	return n
}
