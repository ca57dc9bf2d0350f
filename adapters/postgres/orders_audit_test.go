package postgres

import (
	"context"
	"slices"
	"testing"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// sold is a floor that has sold two of ten mugs and waits for the money of one
// more.
type sold struct {
	*floor
	confirmed, pending order.Order
}

func sell(t *testing.T) sold {
	t.Helper()
	f := newFloor(t, open(t))
	buy := func(quantity int, confirm bool) order.Order {
		c := f.cart()
		o, p := f.order(c.ID, quantity)
		c.Status, c.Order = cart.Ordering, o.ID
		f.must(f.try(func(ctx context.Context, tx ports.OrderTx) error {
			if err := tx.Orders.InsertOrder(ctx, o); err != nil {
				return err
			}
			if err := tx.Payments.InsertPayment(ctx, p); err != nil {
				return err
			}
			_, err := tx.Stock.Reserve(ctx, f.reservation(o.ID, units("MUG", quantity)))
			if err != nil || !confirm {
				return err
			}
			o.Status, o.ConfirmedAt = order.Confirmed, f.now
			p.Status, p.Captured = payment.Captured, p.Amount
			c.Status = cart.Ordered
			if err := tx.Orders.SaveOrder(ctx, o); err != nil {
				return err
			}
			if err := tx.Payments.SavePayment(ctx, p); err != nil {
				return err
			}
			if err := tx.Jobs.Add(ctx, job.New(id.Job{UUID: f.ids.New()}, job.SendOrderConfirmation, job.OrderPayload{Order: o.ID}, f.now, "")); err != nil {
				return err
			}
			_, err = tx.Stock.Consume(ctx, o.ID, f.movement, f.now)
			return err
		}), f.try(func(ctx context.Context, tx ports.OrderTx) error { return tx.Carts.SaveCart(ctx, c) }))
		return o
	}
	f.must(f.receive("MUG", 10))
	return sold{f, buy(2, true), buy(1, false)}
}

// orderBreaks is what breaks each invariant of the orders realm.
func orderBreaks() map[string]struct {
	broken  string // by this
	subject func(sold) string
} {
	confirmed, pending := func(s sold) string { return s.confirmed.ID.String() }, func(s sold) string { return s.pending.ID.String() }
	mug := func(sold) string { return "MUG" }
	fold := func(sold) string { return "mug" }
	return map[string]struct {
		broken  string
		subject func(sold) string
	}{
		"coupon_uses_are_redemptions": {
			"INSERT INTO orders.coupons (code, promotion_id, usage_limit, per_customer, used, version) VALUES ('TEN', gen_random_uuid(), 0, 0, 1, 1)", func(sold) string { return "TEN" },
		},
		"coupon_used_by_living_orders": {
			"INSERT INTO orders.coupons (code, promotion_id, usage_limit, per_customer, used, version) VALUES ('TEN', gen_random_uuid(), 0, 0, 1, 1);" +
				"UPDATE orders.orders SET status = 'canceled' WHERE status = 'pending_payment'; INSERT INTO orders.redemptions (order_id, code, email) SELECT id, 'TEN', '' FROM orders.orders",
			pending,
		},
		"stock_within_bounds":         {"ALTER TABLE orders.stock DROP CONSTRAINT stock_within_bounds; UPDATE orders.stock SET reserved = 11", mug},
		"stock_reserved_is_held":      {"UPDATE orders.stock SET reserved = 2", fold},
		"stock_on_hand_is_ledger":     {"DELETE FROM orders.movements WHERE reason = 'sale'", fold},
		"stock_held_only_for_payment": {"UPDATE orders.orders SET status = 'payment_failed' WHERE status = 'pending_payment'", pending},
		"cart_has_one_live_order": {
			"UPDATE orders.orders SET cart_id = (SELECT cart_id FROM orders.orders WHERE status = 'confirmed')",
			func(s sold) string { return s.confirmed.Cart.String() },
		},
		"cart_locked_by_its_order": {
			"UPDATE orders.orders SET status = 'canceled' WHERE status = 'pending_payment'", func(s sold) string { return s.pending.Cart.String() },
		},
		"order_is_entered":             {"UPDATE orders.checkouts SET live = false WHERE order_id = (SELECT id FROM orders.orders WHERE status = 'confirmed')", confirmed},
		"order_line_totals":            {"UPDATE orders.order_lines SET total = total + 1 WHERE quantity = 2", confirmed},
		"order_totals":                 {"UPDATE orders.orders SET subtotal = subtotal + 1, discount = discount + 1 WHERE status = 'confirmed'", confirmed},
		"order_confirmed_is_announced": {"DELETE FROM orders.confirmations", confirmed},
		"payment_within_bounds": {
			"ALTER TABLE orders.payments DROP CONSTRAINT payments_within_bounds; UPDATE orders.payments SET refunded = 1 WHERE status = 'created'", nil,
		},
		"payment_has_one_order": {"UPDATE orders.orders SET status = 'canceled' WHERE status = 'confirmed'", nil},
		"payment_is_the_only_one": {
			"UPDATE orders.payments SET status = 'authorized', order_id = (SELECT id FROM orders.orders WHERE status = 'confirmed')", confirmed,
		},
		"partitions_are_ahead": {
			"DO $$ BEGIN EXECUTE 'DROP TABLE orders.order_lines' || to_char((now() AT TIME ZONE 'UTC') + interval '2 months', '_YYYY_MM'); END $$",
			func(sold) string { return "order_lines" },
		},
	}
}

func TestDB_ViolationsOfOrders(t *testing.T) {
	t.Parallel()

	s := sell(t)
	s.mustBeSound()
	for range 2 { // nor when its confirmation was sent
		if _, err := s.db.Jobs().Receive(t.Context(), job.SendOrderConfirmation, ports.Batch{Max: 1}, func(context.Context, []job.Delivery) []job.Verdict {
			return []job.Verdict{job.Ack()}
		}); err != nil {
			t.Fatal(err)
		}
	}
	s.mustBeSound()

	breaks := orderBreaks()
	for invariant, c := range breaks {
		t.Run(invariant, func(t *testing.T) {
			tx, err := s.db.orders.primary.pool.Begin(t.Context())
			s.must(err)
			defer tx.Rollback(t.Context()) //nolint:errcheck // nothing of it is kept
			_, err = tx.Conn().PgConn().Exec(t.Context(), c.broken).ReadAll()
			s.must(err)
			broken, err := (&realm{name: ports.Orders, joined: tx}).audit(t.Context())
			s.must(err)
			if !slices.ContainsFunc(broken, func(v ports.Violation) bool {
				return v.Invariant == invariant && v.Detail != "" && (c.subject == nil || v.Subject == c.subject(s))
			}) {
				t.Errorf("found only %+v", broken)
			}
		})
	}

	files, err := invariants.ReadDir("audit/orders")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if _, ok := breaks[f.Name()[:len(f.Name())-len(".sql")]]; !ok {
			t.Errorf("nothing breaks %s", f.Name())
		}
	}
}
