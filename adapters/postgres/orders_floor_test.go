package postgres

import (
	"context"
	"crypto/rand"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/ports"
)

// floor is a shop's floor: the orders realm with makers of valid things.
type floor struct {
	t     testing.TB
	db    *DB
	store ports.OrderStore
	ids   *id.Source
	now   time.Time
}

func newFloor(t testing.TB, db *DB) *floor {
	return &floor{t: t, db: db, store: db.Orders(), ids: id.NewSource(time.Now, rand.Reader), now: time.Now().UTC().Truncate(time.Microsecond)}
}

func (f *floor) try(fn func(ctx context.Context, tx ports.OrderTx) error) error {
	_, err := f.store.Tx.InTx(context.WithoutCancel(f.t.Context()), fn)
	return err
}

// must ends the test unless all went well.
func (f *floor) must(errs ...error) {
	f.t.Helper()
	for _, err := range errs {
		if err != nil {
			f.t.Fatal(err)
		}
	}
}

func (f *floor) orderID() id.Order     { return id.Order{UUID: f.ids.New()} }
func (f *floor) movement() id.Movement { return id.Movement{UUID: f.ids.New()} }

func (f *floor) received(sku id.SKU, quantity int) inventory.Adjustment {
	return inventory.Adjustment{ID: f.movement(), SKU: sku, Location: id.Main, Delta: quantity, Reason: inventory.Received, By: "test", At: f.now}
}

func (f *floor) receive(sku id.SKU, quantity int) error {
	return f.try(func(ctx context.Context, tx ports.OrderTx) error {
		_, err := tx.Stock.Adjust(ctx, f.received(sku, quantity))
		return err
	})
}

func units(sku id.SKU, quantity int) inventory.Line {
	return inventory.Line{SKU: sku, Location: id.Main, Quantity: quantity}
}

func (f *floor) reservation(o id.Order, lines ...inventory.Line) inventory.Reservation {
	return inventory.Reservation{Order: o, Lines: lines, ExpiresAt: f.now.Add(10 * time.Minute), At: f.now}
}

func (f *floor) reserve(o id.Order, lines ...inventory.Line) error {
	return f.try(func(ctx context.Context, tx ports.OrderTx) error {
		_, err := tx.Stock.Reserve(ctx, f.reservation(o, lines...))
		return err
	})
}

// insist is a reserve that comes again when the shop is too busy.
func (f *floor) insist(lines ...inventory.Line) error {
	for {
		if err := f.reserve(f.orderID(), lines...); !fault.Is(err, fault.Unavailable) {
			return err
		}
	}
}

// level returns the level of a SKU at the main location.
func (f *floor) level(sku id.SKU) inventory.Level {
	f.t.Helper()
	levels, err := f.store.Stock.Levels(f.t.Context(), []id.SKU{sku})
	f.must(err)
	if len(levels) != 1 {
		f.t.Fatalf("%s has levels %+v", sku, levels)
	}
	return levels[0]
}

func (f *floor) mustLevel(sku id.SKU, onHand, reserved int) {
	f.t.Helper()
	if l := f.level(sku); l.OnHand != onHand || l.Reserved != reserved {
		f.t.Errorf("%s: %d on hand, %d reserved, want %d and %d", sku, l.OnHand, l.Reserved, onHand, reserved)
	}
}

// mustBeSound fails if an invariant is broken.
func (f *floor) mustBeSound() {
	f.t.Helper()
	broken, err := f.db.Violations(f.t.Context())
	if err != nil || len(broken) > 0 {
		f.t.Errorf("broken: %+v, %v", broken, err)
	}
}

func euros(minor int64) money.Amount { return money.New(minor, "EUR") }

// cart stores an open cart.
func (f *floor) cart() cart.Cart {
	f.t.Helper()
	c := cart.Cart{
		ID: id.Cart{UUID: f.ids.New()}, Status: cart.Open, Currency: "EUR", Version: 1,
		Lines: []cart.Line{{SKU: "MUG", Quantity: 1, AddedPrice: euros(1190)}}, Coupons: []string{},
		ExpiresAt: f.now.Add(time.Hour), CreatedAt: f.now, UpdatedAt: f.now,
	}
	_, err := f.store.Carts.Insert(f.t.Context(), c)
	f.must(err)
	return c
}

// order makes an order of mugs that waits for its payment, and the payment.
func (f *floor) order(c id.Cart, quantity int) (order.Order, payment.Payment) {
	subtotal, tax := euros(1190*int64(quantity)), euros(190*int64(quantity))
	o := order.Order{
		ID: f.orderID(), Number: rand.Text(), Cart: c, Email: "a@example.com", Status: order.PendingPayment, Currency: "EUR",
		Lines: []order.Line{{
			SKU: "MUG", Product: id.Product{UUID: f.ids.New()}, ProductSlug: "mug", Name: "Mug", Options: []catalog.Option{}, Quantity: quantity,
			UnitPrice: euros(1190), Subtotal: subtotal, Discount: euros(0), Tax: tax, Total: subtotal,
		}},
		Totals: pricing.Totals{
			Subtotal: subtotal, Discount: euros(0), Shipping: euros(0), Tax: tax, TaxIncluded: true, Total: subtotal,
			TaxLines: []pricing.TaxLine{{Name: "VAT", BasisPoints: 1900, Base: euros(1000 * int64(quantity)), Amount: tax}},
		},
		Version: 1, CreatedAt: f.now, UpdatedAt: f.now,
	}
	return o, payment.Payment{
		ID: id.Payment{UUID: f.ids.New()}, Order: o.ID, Provider: "sandbox", Status: payment.Created, Amount: subtotal,
		Captured: euros(0), Refunded: euros(0), NextCheckAt: f.now.Add(time.Minute), Version: 1, CreatedAt: f.now, UpdatedAt: f.now,
	}
}

// eventually waits until something is so.
func (f *floor) eventually(what string, so func() (bool, error)) {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), 20*time.Second)
	defer cancel()
	poll := time.NewTicker(5 * time.Millisecond)
	defer poll.Stop()
	for {
		ok, err := so()
		f.must(err)
		if ok {
			return
		}
		select {
		case <-ctx.Done():
			f.t.Fatalf("not in time: %s", what)
		case <-poll.C:
		}
	}
}

// somebodyWaits waits until a transaction waits for another one's lock.
func (f *floor) somebodyWaits() {
	f.t.Helper()
	f.eventually("somebody waits for a lock", func() (waits bool, err error) {
		err = f.db.orders.read(f.t.Context(), func(q querier) error {
			return q.QueryRow(f.t.Context(), "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')").Scan(&waits)
		})
		return waits, err
	})
}
