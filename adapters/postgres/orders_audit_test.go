package postgres

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
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
	paid, asked        id.Payment // for them
}

func sell(t *testing.T) sold {
	t.Helper()
	f := newFloor(t, open(t))
	buy := func(quantity int, confirm bool) (order.Order, id.Payment) {
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
			p.CheckNever()
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
			return tx.Stock.Consume(ctx, o.ID, []id.Movement{f.movement()}, f.now)
		}), f.try(func(ctx context.Context, tx ports.OrderTx) error { return tx.Carts.SaveCart(ctx, c) }))
		return o, p.ID
	}
	f.must(f.receive("MUG", 10))
	confirmed, paid := buy(2, true)
	pending, asked := buy(1, false)
	return sold{f, confirmed, pending, paid, asked}
}

func (s sold) confirmedID() string { return s.confirmed.ID.String() }
func (s sold) pendingID() string   { return s.pending.ID.String() }
func (s sold) paidID() string      { return s.paid.String() }
func (s sold) askedID() string     { return s.asked.String() }
func (sold) mug() string           { return "MUG" }
func (sold) fold() string          { return "mug" }

// orderBreaks breaks each invariant of the orders realm, and nothing else.
var orderBreaks = map[string]struct {
	broken  string // by this
	subject func(sold) string
	detail  string
	placed  bool // it is about orders, which may be too old to be looked at
}{
	"stock_within_bounds": {
		"ALTER TABLE orders.stock DROP CONSTRAINT stock_within_bounds; UPDATE orders.stock SET reserved = 11; UPDATE orders.reservations SET quantities = '{11}'",
		sold.mug, "main: 8 on hand, 11 reserved", false,
	},
	"stock_reserved_is_held":  {"UPDATE orders.stock SET reserved = 2", sold.fold, "main: 2 reserved, 1 held", false},
	"stock_on_hand_is_ledger": {"DELETE FROM orders.movements WHERE reason = 'sale'", sold.fold, "main: 8 on hand, the ledger adds up to 10", false},
	"stock_held_only_for_payment": {
		`UPDATE orders.orders SET status = 'payment_failed' WHERE status = 'pending_payment';
			UPDATE orders.checkouts SET live = false WHERE order_id IN (SELECT id FROM orders.orders WHERE status = 'payment_failed');
			UPDATE orders.carts SET status = 'open', order_id = NULL WHERE status = 'ordering'`,
		sold.pendingID, "is payment_failed and still holds units", false,
	},
	"cart_has_one_live_order": {
		`UPDATE orders.orders SET cart_id = (SELECT cart_id FROM orders.orders WHERE status = 'confirmed');
			DROP INDEX orders.checkouts_live; UPDATE orders.checkouts SET cart_id = (SELECT cart_id FROM orders.orders LIMIT 1)`,
		func(s sold) string { return s.confirmed.Cart.String() }, "has 2 live orders", true,
	},
	"cart_locked_by_its_order": {
		"UPDATE orders.carts SET status = 'ordering' WHERE status = 'ordered'",
		func(s sold) string { return s.confirmed.Cart.String() }, "is locked by an order that is confirmed", false,
	},
	"coupon_used_by_living_orders": {
		`INSERT INTO orders.coupons (code, promotion_id, usage_limit, per_customer, used, version) VALUES ('TEN', gen_random_uuid(), 0, 0, 1, 1);
			INSERT INTO orders.coupon_customers (code, email, used) VALUES ('TEN', 'ada@example.com', 1);
			INSERT INTO orders.redemptions (order_id, code, email) VALUES ('00000000-0000-0000-0000-000000000001', 'TEN', 'ada@example.com')`,
		func(sold) string { return "00000000-0000-0000-0000-000000000001" }, "TEN redeemed by an order that is gone", false,
	},
	"coupon_uses_are_redemptions": {
		"INSERT INTO orders.coupons (code, promotion_id, usage_limit, per_customer, used, version) VALUES ('TEN', gen_random_uuid(), 0, 0, 1, 1)",
		func(sold) string { return "TEN" }, "used 1, redeemed 0, counted 0", false,
	},
	"order_confirmed_is_announced": {"DELETE FROM orders.confirmations", sold.confirmedID, "has 0 confirmations", true},
	"order_has_one_key": {
		`INSERT INTO orders.idempotency_keys (owner, operation, key, fingerprint, locked_until, order_id, created_at)
			SELECT 'guest', 'checkout', key, '', now(), id, now() FROM orders.orders, unnest(ARRAY['a', 'b']) AS key WHERE status = 'confirmed'`,
		sold.confirmedID, "was placed under 2 keys", false,
	},
	"order_is_entered": {
		"UPDATE orders.checkouts SET number = 'ANOTHER', cart_id = '00000000-0000-0000-0000-000000000001' WHERE order_id = (SELECT id FROM orders.orders WHERE status = 'confirmed')",
		sold.confirmedID, "is entered as number ANOTHER, cart 00000000-0000-0000-0000-000000000001, live", true,
	},
	"order_line_totals": {"UPDATE orders.order_lines SET total = total + 1 WHERE quantity = 2", sold.confirmedID, "MUG at position 0", true},
	"order_pending_is_watched": {
		`DELETE FROM orders.reservations; UPDATE orders.stock SET reserved = 0;
			UPDATE orders.payments SET status = 'failed', next_check_at = NULL WHERE status = 'created'`,
		sold.pendingID, "waits for its payment, and nobody will end that", true,
	},
	"order_totals": {
		"UPDATE orders.orders SET subtotal = subtotal + 1, discount = discount + 1 WHERE status = 'confirmed'",
		sold.confirmedID, "subtotal 2381, discount 1, shipping 0, tax 380, total 2380", true,
	},
	"partitions_are_ahead": {
		"DO $$ BEGIN EXECUTE 'DROP TABLE orders.order_lines' || to_char((now() AT TIME ZONE 'UTC') + interval '2 months', '_YYYY_MM'); END $$",
		func(sold) string { return "order_lines" }, "has no partition for " + twoMonthsOn(), false,
	},
	"payment_has_one_order": {
		"UPDATE orders.orders SET status = 'canceled' WHERE status = 'confirmed'", sold.paidID, "took 2380, gave back 0, and its order is canceled", true,
	},
	"payment_in_doubt_is_watched": {
		"UPDATE orders.payments SET next_check_at = NULL WHERE status = 'created'", sold.askedID, "is created, and nobody will ask about it", true,
	},
	"payment_is_the_only_one": {
		"UPDATE orders.payments SET status = 'authorized', order_id = (SELECT id FROM orders.orders WHERE status = 'confirmed') WHERE status = 'created'",
		sold.confirmedID, "has 2 payments that hold or took money", true,
	},
	"payment_within_bounds": {
		"ALTER TABLE orders.payments DROP CONSTRAINT payments_within_bounds; UPDATE orders.payments SET refunded = 1 WHERE status = 'created'",
		sold.askedID, "amount 1190, captured 0, refunded 1", true,
	},
	"refund_failed_is_answered": {
		`UPDATE orders.orders SET history = jsonb_set(history::jsonb, '{timeline}', '[{"type": "refund.pending"}, {"type":"refund.failed"}]')::text::json
			WHERE status = 'confirmed'`,
		sold.confirmedID, "has a refund that failed and nobody has answered", false,
	},
	"refund_pending_is_watched": {
		`UPDATE orders.orders SET history = jsonb_set(history::jsonb, '{refunds}', '[{"status": "pending", "amount": {"amount": 1, "currency": "EUR"}}]')::json
			WHERE status = 'confirmed'`,
		sold.confirmedID, "has a pending refund and nobody asks", true,
	},
	"refunds_within_captured": {
		`UPDATE orders.orders SET history = jsonb_set(history::jsonb, '{refunds}', '[{"status": "succeeded", "amount": {"amount": 2381, "currency": "EUR"}}]')::json
			WHERE status = 'confirmed'`,
		sold.confirmedID, "had 2381 back of 2380", true,
	},
}

// twoMonthsOn names the last month that must have partitions.
func twoMonthsOn() string {
	now := time.Now().UTC()
	return time.Date(now.Year(), now.Month()+2, 1, 0, 0, 0, 0, time.UTC).Format("2006-01")
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

	for invariant, b := range orderBreaks {
		t.Run(invariant, func(t *testing.T) {
			tx, err := s.db.orders.primary.pool.Begin(t.Context())
			s.must(err)
			defer tx.Rollback(t.Context()) //nolint:errcheck // nothing of it is kept
			_, err = tx.Conn().PgConn().Exec(t.Context(), b.broken).ReadAll()
			s.must(err)
			joined := &realm{name: ports.Orders, joined: tx}
			want := []ports.Violation{{Invariant: invariant, Subject: b.subject(s), Detail: b.detail}}
			if broken, err := joined.audit(t.Context(), invariantsOf(ports.Orders), time.Time{}); err != nil || !slices.Equal(broken, want) {
				t.Errorf("found %+v, %v; want %+v", broken, err, want)
			}
			if !b.placed {
				return
			}
			// What nobody has touched lately is not looked at.
			if broken, err := joined.audit(t.Context(), invariantsOf(ports.Orders), s.now.Add(-time.Minute)); err != nil || !slices.Equal(broken, want) {
				t.Errorf("since before the orders: %+v, %v", broken, err)
			}
			if broken, err := joined.audit(t.Context(), invariantsOf(ports.Orders), s.now.Add(time.Hour)); err != nil || len(broken) != 0 {
				t.Errorf("since after the orders: %+v, %v", broken, err)
			}
		})
	}

	for _, known := range invariantsOf(ports.Orders) {
		if _, ok := orderBreaks[known.Name]; !ok {
			t.Errorf("nothing breaks %s", known.Name)
		}
	}
}

func TestDB_Check(t *testing.T) {
	t.Parallel()
	s := sell(t)
	if _, err := s.db.Check(t.Context(), "nothing_like_it", time.Time{}); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown invariant: %v", err)
	}
	_, err := s.db.orders.primary.pool.Exec(t.Context(), "UPDATE orders.stock SET reserved = 2")
	s.must(err)
	for _, known := range s.db.Invariants() {
		broken, err := s.db.Check(t.Context(), known.Name, s.now.Add(-time.Minute))
		if err != nil || (len(broken) > 0) != (known.Name == "stock_reserved_is_held") || !strings.HasPrefix(known.SQL, "-- ") {
			t.Errorf("%s: %+v, %v", known.Name, broken, err)
		}
	}
}
