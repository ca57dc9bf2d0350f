package porttest

import (
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// TestPayments is the contract of Payments and PaymentWriter.
func TestPayments(t *testing.T, h OrderHarness) {
	t.Parallel()

	insert := func(w *orderWorld, ps ...payment.Payment) {
		w.t.Helper()
		w.inTx(func(tx ports.OrderTx) error {
			for _, p := range ps {
				if err := tx.Payments.InsertPayment(t.Context(), p); err != nil {
					return err
				}
			}
			return nil
		})
	}
	// pay stores an order and returns its payment, not yet stored.
	pay := func(w *orderWorld) payment.Payment {
		w.t.Helper()
		o := w.order()
		w.insertOrders(o)
		return w.payment(o)
	}

	t.Run("RoundTripsExactly", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		bare, full := pay(w), pay(w)
		full.Reference, full.Status = "ch_1", payment.PartiallyRefunded
		full.Captured, full.Refunded = eur(900), eur(100)
		full.DeclineCode, full.Retryable = "insufficient_funds", true
		full.NextAction = &payment.NextAction{Type: "redirect", URL: "https://example.com/3ds?a=b&c=d", ClientSecret: "s", ExpiresAt: w.now.Add(time.Hour)}
		full.NextCheckAt, full.Checks, full.Version = w.now.Add(2*time.Minute), 3, 4
		full.UpdatedAt = w.now.Add(time.Microsecond)
		insert(w, bare, full)
		for name, want := range map[string]payment.Payment{"bare": bare, "full": full} {
			got, err := w.store.Payments.Payment(t.Context(), want.ID)
			mustSame(t, name+" by id", got, err, want)
			got, err = w.store.Payments.PaymentOf(t.Context(), want.Order)
			mustSame(t, name+" by order", got, err, want)
			w.inTx(func(tx ports.OrderTx) error {
				got, err := tx.Payments.PaymentForUpdate(t.Context(), want.ID)
				mustSame(t, name+" for update", got, err, want)
				return nil
			})
		}
		all, err := w.store.Payments.PaymentsOf(t.Context(), []id.Order{bare.Order, w.orderID(), full.Order})
		mustSame(t, "of orders", all, err, map[id.Order]payment.Payment{bare.Order: bare, full.Order: full})
		none, err := w.store.Payments.PaymentsOf(t.Context(), nil)
		mustSame(t, "of no orders", none, err, map[id.Order]payment.Payment{})
	})

	t.Run("ByReference", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		bare, one, two := pay(w), pay(w), pay(w)
		one.Reference, two.Reference = "pi_1", "PI_1"
		insert(w, bare, one, two)
		for _, want := range []payment.Payment{one, two} {
			got, err := w.store.Payments.PaymentByReference(t.Context(), want.Provider, want.Reference)
			mustSame(t, want.Reference, got, err, want)
		}
		for _, unknown := range [][2]string{{one.Provider, "pi_2"}, {one.Provider, ""}, {"another", "pi_1"}, {"", ""}} {
			_, err := w.store.Payments.PaymentByReference(t.Context(), unknown[0], unknown[1])
			mustFail(t, err, fault.NotFound, "not_found")
		}
	})

	t.Run("LockedWithItsOrderAndCart", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		c, o := w.insertCart(w.cart()), w.order()
		o.Cart = c.ID
		gone := w.order() // its cart was never there, and nothing is to be paid
		w.insertOrders(o, gone)
		p := w.payment(o)
		insert(w, p)
		w.inTx(func(tx ports.OrderTx) error {
			gotCart, gotOrder, gotPayment, err := tx.Orders.CheckoutForUpdate(t.Context(), c.ID, o.ID, p.ID)
			mustSame(t, "cart", gotCart, err, c)
			mustSame(t, "order", gotOrder, err, o)
			mustSame(t, "payment", gotPayment, err, p)
			gotCart, gotOrder, gotPayment, err = tx.Orders.CheckoutForUpdate(t.Context(), gone.Cart, gone.ID, id.Payment{})
			mustSame(t, "no cart", gotCart, err, cart.Cart{})
			mustSame(t, "the order alone", gotOrder, err, gone)
			mustSame(t, "no payment", gotPayment, err, payment.Payment{})
			_, _, _, err = tx.Orders.CheckoutForUpdate(t.Context(), c.ID, w.orderID(), p.ID)
			mustFail(t, err, fault.NotFound, "not_found")
			_, _, _, err = tx.Orders.CheckoutForUpdate(t.Context(), c.ID, o.ID, id.Payment{UUID: w.ids.New()})
			mustFail(t, err, fault.NotFound, "not_found")
			return nil
		})
	})

	t.Run("LockedAsKnown", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		c, o := w.insertCart(w.cart()), w.order()
		o.Cart = c.ID
		w.insertOrders(o)
		p := w.payment(o)
		p.NextCheckAt = w.now
		insert(w, p)
		lock := func(c cart.Cart, o order.Order, p payment.Payment) error {
			return w.try(func(tx ports.OrderTx) error { return tx.Orders.LockCheckout(t.Context(), c, o, p) })
		}
		for _, paid := range []payment.Payment{p, {}} {
			if err := lock(c, o, paid); err != nil {
				t.Errorf("payment %s: %v", paid.ID, err)
			}
		}
		for what, change := range map[string]func(*cart.Cart, *order.Order, *payment.Payment){
			"cart's version":    func(c *cart.Cart, _ *order.Order, _ *payment.Payment) { c.Version++ },
			"order's version":   func(_ *cart.Cart, o *order.Order, _ *payment.Payment) { o.Version++ },
			"payment's version": func(_ *cart.Cart, _ *order.Order, p *payment.Payment) { p.Version++ },
			"check":             func(_ *cart.Cart, _ *order.Order, p *payment.Payment) { p.NextCheckAt = p.NextCheckAt.Add(time.Second) },
			"no check":          func(_ *cart.Cart, _ *order.Order, p *payment.Payment) { p.NextCheckAt = time.Time{} },
			"no such cart":      func(c *cart.Cart, _ *order.Order, _ *payment.Payment) { c.ID.UUID = w.ids.New() },
			"no such order":     func(_ *cart.Cart, o *order.Order, _ *payment.Payment) { o.ID = w.orderID() },
			"no such payment":   func(_ *cart.Cart, _ *order.Order, p *payment.Payment) { p.ID.UUID = w.ids.New() },
		} {
			c, o, p := c, o, p
			change(&c, &o, &p)
			if err := lock(c, o, p); fault.CodeOf(err) != "version_conflict" {
				t.Errorf("%s: got %v", what, err)
			}
		}
	})

	t.Run("SaveReplacesAll", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		p := pay(w)
		p.NextAction = &payment.NextAction{Type: "sdk", ExpiresAt: w.now}
		insert(w, p)
		p.Status, p.Reference, p.Captured, p.Version = payment.Captured, "ch_1", p.Amount, 2
		p.NextAction, p.NextCheckAt, p.Checks, p.UpdatedAt = nil, w.now, 1, w.now.Add(time.Second)
		w.inTx(func(tx ports.OrderTx) error {
			if err := tx.Payments.SavePayment(t.Context(), p); err != nil {
				return err
			}
			got, err := tx.Payments.PaymentForUpdate(t.Context(), p.ID)
			mustSame(t, "own write", got, err, p)
			return nil
		})
		got, err := w.store.Payments.Payment(t.Context(), p.ID)
		mustSame(t, "saved", got, err, p)
	})

	t.Run("UnknownIsNotFound", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		p := pay(w)
		_, err := w.store.Payments.Payment(t.Context(), p.ID)
		mustFail(t, err, fault.NotFound, "not_found")
		_, err = w.store.Payments.PaymentOf(t.Context(), p.Order)
		mustFail(t, err, fault.NotFound, "not_found")
		mustFail(t, w.try(func(tx ports.OrderTx) error {
			_, err := tx.Payments.PaymentForUpdate(t.Context(), p.ID)
			return err
		}), fault.NotFound, "not_found")
		mustFail(t, w.try(func(tx ports.OrderTx) error { return tx.Payments.SavePayment(t.Context(), p) }), fault.NotFound, "not_found")
	})

	t.Run("AReferenceIsOnePayments", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		first, second, elsewhere, unasked := pay(w), pay(w), pay(w), pay(w)
		first.Reference, elsewhere.Reference = "ch_1", "ch_1"
		elsewhere.Provider = "stripe"
		insert(w, first, second, elsewhere, unasked) // two have no reference yet
		second.Reference = "ch_1"
		err := w.try(func(tx ports.OrderTx) error { return tx.Payments.SavePayment(t.Context(), second) })
		mustFail(t, err, fault.Exists, "already_exists")
		if taken := dataOf[fault.Taken](t, err); taken.Field != "reference" {
			t.Errorf("taken is %q, want reference", taken.Field)
		}
		third := pay(w)
		third.Reference = "ch_1"
		mustFail(t, w.try(func(tx ports.OrderTx) error { return tx.Payments.InsertPayment(t.Context(), third) }), fault.Exists, "already_exists")
	})

	t.Run("NeverGivesBackMoreThanItTook", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		p := pay(w)
		insert(w, p)
		for name, bad := range map[string]func(*payment.Payment){
			"captured above amount":   func(p *payment.Payment) { p.Captured = eur(p.Amount.Minor() + 1) },
			"refunded above captured": func(p *payment.Payment) { p.Captured, p.Refunded = eur(10), eur(11) },
			"negative refund":         func(p *payment.Payment) { p.Refunded = eur(-1) },
		} {
			broken := p
			bad(&broken)
			if err := w.try(func(tx ports.OrderTx) error { return tx.Payments.SavePayment(t.Context(), broken) }); !fault.Is(err, fault.Internal) {
				t.Errorf("%s: got %v, want Internal", name, err)
			}
		}
		got, err := w.store.Payments.Payment(t.Context(), p.ID)
		mustSame(t, "unchanged", got, err, p)
	})

	t.Run("DueForCheckIsLongestDueFirst", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		never, later, late, now := pay(w), pay(w), pay(w), pay(w)
		later.NextCheckAt, late.NextCheckAt, now.NextCheckAt = w.now.Add(time.Second), w.now.Add(-time.Hour), w.now
		insert(w, never, later, now, late)
		due, err := w.store.Payments.DueForCheck(t.Context(), w.now, 10)
		mustSame(t, "due", due, err, []payment.Payment{late, now})
		due, err = w.store.Payments.DueForCheck(t.Context(), w.now, 1)
		mustSame(t, "limited", due, err, []payment.Payment{late})
		late.NextCheckAt, now.NextCheckAt = w.now.Add(time.Hour), time.Time{}
		w.inTx(func(tx ports.OrderTx) error {
			if err := tx.Payments.SavePayment(t.Context(), late); err != nil {
				return err
			}
			return tx.Payments.SavePayment(t.Context(), now)
		})
		due, err = w.store.Payments.DueForCheck(t.Context(), w.now, 10)
		mustSame(t, "pushed forward", due, err, []payment.Payment{})
	})

	t.Run("OrderAndPaymentStandOrFallTogether", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		o := w.order()
		p := w.payment(o)
		p.Refunded = eur(1) // more than it took
		if err := w.try(func(tx ports.OrderTx) error {
			if err := tx.Orders.InsertOrder(t.Context(), o); err != nil {
				return err
			}
			return tx.Payments.InsertPayment(t.Context(), p)
		}); err == nil {
			t.Fatal("stored a payment that gave back what it never took")
		}
		_, err := w.store.Orders.Order(t.Context(), o.ID)
		mustFail(t, err, fault.NotFound, "not_found")
		page, _, err := w.store.Orders.BrowseOrders(t.Context(), order.Filter{Limit: 10})
		mustSame(t, "orders", page, err, []order.Order{})
	})
}
