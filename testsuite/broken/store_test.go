package broken

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

type (
	store     = ports.OrderStore
	orderTx   = ports.OrderTx
	catalogTx = ports.CatalogTx
)

func open(t *testing.T) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() }) // a broken one may not close
	return db
}

// orders runs the suites of a store of orders, broken or not.
func orders(spoil func(*store)) func(*testing.T, bool) {
	return func(t *testing.T, broken bool) {
		t.Helper()
		porttest.TestOrderStore(t, porttest.OrderHarness{New: func(t *testing.T) store { return spoiled(t, spoil, broken) }})
	}
}

func transactions(spoil func(*store)) func(*testing.T, bool) {
	return func(t *testing.T, broken bool) {
		t.Helper()
		porttest.TestTransactor(t, porttest.TxHarness[orderTx]{
			New:            func(t *testing.T) porttest.TxWorld[orderTx] { return porttest.OrderTx(spoiled(t, spoil, broken)) },
			NoConcurrentTx: "SQLite has one writer",
		})
	}
}

func spoiled(t *testing.T, spoil func(*store), broken bool) store {
	t.Helper()
	s := open(t).Orders()
	if broken {
		spoil(&s)
	}
	return s
}

func catalogs(spoil func(*catalogTx)) func(*testing.T, bool) {
	return func(t *testing.T, broken bool) {
		t.Helper()
		porttest.TestCatalogStore(t, porttest.CatalogHarness{New: func(t *testing.T) ports.CatalogStore {
			s := open(t).Catalog()
			if broken {
				s.Tx = within[catalogTx]{s.Tx, spoil}
			}
			return s
		}})
	}
}

// inTx breaks what is done within transactions.
func inTx(spoil func(*orderTx)) func(*store) {
	return func(s *store) { s.Tx = within[orderTx]{s.Tx, spoil} }
}

type within[T any] struct {
	ports.Transactor[T]
	spoil func(*T)
}

func (x within[T]) InTx(ctx context.Context, fn func(context.Context, T) error) (ports.Mark, error) {
	return x.Transactor.InTx(ctx, func(ctx context.Context, tx T) error {
		x.spoil(&tx)
		return fn(ctx, tx)
	})
}

// unfailing commits what failed.
type unfailing struct{ ports.Transactor[orderTx] }

func (x unfailing) InTx(ctx context.Context, fn func(context.Context, orderTx) error) (ports.Mark, error) {
	var failed error
	mark, err := x.Transactor.InTx(ctx, func(ctx context.Context, tx orderTx) error {
		failed = fn(ctx, tx)
		return nil
	})
	if failed != nil {
		return ports.Mark{}, failed
	}
	return mark, err
}

// deaf does not hear that its caller has gone.
type deaf struct{ ports.Transactor[orderTx] }

func (x deaf) InTx(ctx context.Context, fn func(context.Context, orderTx) error) (ports.Mark, error) {
	return x.Transactor.InTx(context.WithoutCancel(ctx), fn)
}

// yes says that it holds what it could not.
type yes struct{ ports.StockWriter }

func (x yes) Reserve(ctx context.Context, r inventory.Reservation) ([]inventory.Change, error) {
	changes, err := x.StockWriter.Reserve(ctx, r)
	if fault.Is(err, fault.Exhausted) {
		return changes, nil
	}
	return changes, err
}

// keeping leaves sold units where they are.
type keeping struct{ ports.StockWriter }

func (x keeping) Consume(ctx context.Context, o id.Order, _ []id.Movement, at time.Time) error {
	_, err := x.Release(ctx, o, at)
	return err
}

// grabbing takes a cart whatever has become of it.
type grabbing struct{ ports.CartWriter }

func (x grabbing) TakeCart(ctx context.Context, c cart.Cart, _ int64) error {
	return x.SaveCart(ctx, c)
}

// unlocked changes what it read a moment ago.
type unlocked struct{ ports.Carts }

func (x unlocked) Update(ctx context.Context, c id.Cart, fn func(*cart.Cart) error) (ports.Mark, error) {
	read, err := x.Cart(ctx, c)
	if err != nil {
		return ports.Mark{}, err
	}
	if err := fn(&read); err != nil {
		return ports.Mark{}, err
	}
	return x.Carts.Update(ctx, c, func(c *cart.Cart) error {
		*c = read
		return nil
	})
}

// careless does not tell that an order is one too many.
type careless struct{ ports.OrderWriter }

func (x careless) InsertOrder(ctx context.Context, o order.Order) error {
	if err := x.OrderWriter.InsertOrder(ctx, o); !fault.Is(err, fault.Exists, fault.Conflict) {
		return err
	}
	return nil
}

// lavish does not tell that it cannot give back so much.
type lavish struct{ ports.PaymentWriter }

func (x lavish) SavePayment(ctx context.Context, p payment.Payment) error {
	_ = x.PaymentWriter.SavePayment(ctx, p)
	return nil
}

// forgetful has heard nothing before.
type forgetful struct{ ports.PaymentEventWriter }

func (x forgetful) AddEvent(ctx context.Context, e payment.Event) (bool, error) {
	_, err := x.PaymentEventWriter.AddEvent(ctx, e)
	return err == nil, err
}

// greedy hands out what somebody holds.
type greedy struct{ ports.Keys }

func (x greedy) Claim(ctx context.Context, c ports.Claim) (ports.Claimed, error) {
	got, err := x.Keys.Claim(ctx, c)
	if got.State == ports.ClaimInProgress {
		got.State = ports.ClaimContinued
	}
	return got, err
}

// rash claims before it looks.
type rash struct{ ports.Keys }

func (x rash) Claim(ctx context.Context, c ports.Claim) (ports.Claimed, error) {
	blind := c
	blind.Cart = id.Cart{}
	if _, err := x.Keys.Claim(ctx, blind); err != nil {
		return ports.Claimed{}, err
	}
	return x.Keys.Claim(ctx, c)
}

// fickle repeats what it was told last.
type fickle struct{ ports.Keys }

func (x fickle) Remember(ctx context.Context, k ports.KeyRef, a ports.Answer) (ports.Answer, error) {
	_, err := x.Keys.Remember(ctx, k, a)
	return a, err
}

// bottomless lets a coupon be used once more.
type bottomless struct{ ports.CouponWriter }

func (x bottomless) Redeem(ctx context.Context, r pricing.Redemption) error {
	if err := x.CouponWriter.Redeem(ctx, r); !fault.Is(err, fault.Exhausted) {
		return err
	}
	return nil
}

// stingy gives no use back.
type stingy struct{ ports.CouponWriter }

func (stingy) GiveBack(context.Context, id.Order) error { return nil }

// amnesia does every job for the first time.
type amnesia struct{}

func (amnesia) First(context.Context, string, id.Job) (bool, error) { return true, nil }

// stuck does not get beyond the first version.
type stuck struct{ ports.SearchVersions }

func (x stuck) Raise(ctx context.Context, products ...id.Product) (map[id.Product][]ports.SearchVersion, error) {
	all, err := x.SearchVersions.Raise(ctx, products...)
	for _, versions := range all {
		for i := range versions {
			versions[i].Version = 1
		}
	}
	return all, err
}

// queue is a store's outboxes and who receives from them.
type queue struct {
	porttest.Queue
	add adder
}

type adder = func(ctx context.Context, fn func(context.Context, ports.Outbox) error) error

func queues(spoil func(*queue)) func(*testing.T, bool) {
	return func(t *testing.T, broken bool) {
		t.Helper()
		porttest.TestJobs(t, porttest.JobHarness{New: func(t *testing.T) porttest.Queue {
			db := open(t)
			q := queue{
				porttest.Queue{Source: db.Jobs(), Dead: db.Jobs(), Backlogs: db.Jobs(), Orders: db.Orders(), NoElapse: "real time"},
				func(ctx context.Context, fn func(context.Context, ports.Outbox) error) error {
					_, err := db.Orders().Tx.InTx(ctx, func(ctx context.Context, tx orderTx) error { return fn(ctx, tx.Jobs) })
					return err
				},
			}
			if broken {
				spoil(&q)
			}
			q.Realms = map[ports.Realm]adder{ports.Orders: q.add}
			return q.Queue
		}})
	}
}

// addAnyway adds jobs whether their transaction succeeds or not.
func addAnyway(add adder) adder {
	return func(ctx context.Context, fn func(context.Context, ports.Outbox) error) error {
		var noted notes
		err := add(ctx, func(ctx context.Context, _ ports.Outbox) error { return fn(ctx, &noted) })
		return errors.Join(err, add(ctx, func(ctx context.Context, to ports.Outbox) error { return to.Add(ctx, noted...) }))
	}
}

type notes []job.Envelope

func (n *notes) Add(_ context.Context, jobs ...job.Envelope) error {
	*n = append(*n, jobs...)
	return nil
}

// hasty takes every job for done.
type hasty struct{ ports.JobSource }

func (x hasty) Receive(ctx context.Context, task string, b ports.Batch, handle func(context.Context, []job.Delivery) []job.Verdict) (int, error) {
	return x.JobSource.Receive(ctx, task, b, func(ctx context.Context, ds []job.Delivery) []job.Verdict {
		verdicts := handle(ctx, ds)
		for i := range verdicts {
			verdicts[i] = job.Ack()
		}
		return verdicts
	})
}
