package chaos

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// cutter cuts the line to the database when one of its transactions is about to
// be committed.
type cutter struct {
	ports.Transactor[ports.OrderTx]
	cut, heal func()
	left      atomic.Int32 // transactions until then
	done      atomic.Bool
}

func (x *cutter) InTx(ctx context.Context, fn func(context.Context, ports.OrderTx) error) (ports.Mark, error) {
	mine := x.left.Add(-1) == 0
	defer func() {
		if mine {
			x.heal()
		}
	}()
	return x.Transactor.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		err := fn(ctx, tx)
		if mine && err == nil && x.done.CompareAndSwap(false, true) {
			x.cut()
		}
		return err
	})
}

// The line to PostgreSQL is cut during the COMMIT of each transaction of an
// order, before it gets there or before anybody hears that it did. The shopper
// asks again, at another server, and gets one order and one answer.
func TestCommitCut(t *testing.T) {
	t.Parallel()
	for _, cut := range []struct {
		name string
		line func(*containers.Link, testing.TB)
	}{{"AnswerLost", (*containers.Link).LoseAnswers}, {"RequestLost", (*containers.Link).Down}} {
		for _, token := range []string{"tok_ok", "tok_declined"} {
			for n := int32(1); n <= map[string]int32{"tok_ok": 3, "tok_declined": 2}[token]; n++ {
				t.Run(fmt.Sprintf("%s/%s/%d", cut.name, token, n), func(t *testing.T) {
					t.Parallel()
					url := containers.Postgres(t)
					link := containers.Proxy(t, url)
					x := &cutter{cut: func() { cut.line(link, t) }, heal: func() { link.Heal(t) }}
					w := openTills(t, [2]realms{openPostgres(t, link.URL), openPostgres(t, url)}, func(d *core.Deps) {
						x.Transactor, d.Orders.Tx = d.Orders.Tx, x
					})
					w.sell("CUP", 1)
					w.sell("TEE", 1)
					(&till{tills: w, name: "Bob", shop: w.shop[0]}).begin(t.Context(), "CUP", "tok_ok") // and statements are prepared
					x.left.Store(n)
					w.mustEndOnce(token)
					if !x.done.Load() {
						t.Errorf("there is no transaction %d", n)
					}
				})
			}
		}
	}
}

// mustEndOnce has a shopper buy the last TEE with a token, and ask again until
// there is an answer: then all of it happened once or not at all.
func (w *tills) mustEndOnce(token string) {
	w.t.Helper()
	ctx := w.t.Context()
	b := &till{tills: w, name: "Ada", shop: w.shop[0]}
	placed, err := b.place(ctx, "TEE", token)
	w.t.Logf("told %s, %v", placed.ID, err)
	b.shop = w.shop[1]
	for try := 0; err != nil && !fault.Is(err, fault.Declined) && try < 20; try++ {
		if fault.CodeOf(err) == "idempotency_in_progress" {
			w.ahead.Add(int64(time.Minute)) // nobody holds a key longer
		}
		placed, err = b.place(ctx, "TEE", token)
	}
	if declined := fault.Is(err, fault.Declined); err != nil && !declined || declined != (token == "tok_declined") {
		w.t.Fatalf("in the end the shopper is told %v", err)
	}
	w.ahead.Add(int64(time.Hour))
	_, err = w.shop[0].Payments.Reconcile(ctx, 100) // takes the money
	w.t.Logf("taking it: %v", err)
	again, err := b.place(ctx, "TEE", token)
	if again.ID != placed.ID || fault.Is(err, fault.Declined) != (token == "tok_declined") || !again.Replayed {
		w.t.Errorf("told %s and then %s, %v", placed.ID, again.ID, err)
	}
	sold, want := w.mustAddUp(map[id.SKU]int{"TEE": 1, "CUP": 1})["tee"], 1
	if token == "tok_declined" {
		want = 0
	}
	if sold != want {
		w.t.Errorf("%d are sold, want %d", sold, want)
	}
}
