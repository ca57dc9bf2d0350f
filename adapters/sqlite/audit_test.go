package sqlite

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/ports"
)

// sold is a shop that has sold two of ten mugs and waits for the money of one more.
type sold struct {
	db                 *DB
	confirmed, pending order.Order
	paid, asked        id.Payment // for them
}

func sell(t *testing.T) sold {
	t.Helper()
	db := open(t)
	now := time.Date(2026, 11, 5, 10, 0, 0, 0, time.UTC)
	ids := id.NewSource(time.Now, rand.Reader)
	eur := func(minor int64) money.Amount { return money.New(minor, "EUR") }
	movement := func() id.Movement { return id.Movement{UUID: ids.New()} }
	buy := func(quantity int, confirm bool) (order.Order, id.Payment) {
		c := cart.Cart{ID: id.Cart{UUID: ids.New()}, Status: cart.Ordering, Currency: "EUR", Version: 1, ExpiresAt: now, CreatedAt: now, UpdatedAt: now}
		subtotal := eur(1190 * int64(quantity))
		tax := eur(190 * int64(quantity))
		o := order.Order{
			ID: id.Order{UUID: ids.New()}, Number: rand.Text(), Cart: c.ID, Email: "a@example.com", Status: order.PendingPayment, Currency: "EUR",
			Lines: []order.Line{{
				SKU: "MUG", Product: id.Product{UUID: ids.New()}, ProductSlug: "mug", Name: "Mug", Quantity: quantity,
				UnitPrice: eur(1190), Subtotal: subtotal, Discount: eur(0), Tax: tax, Total: subtotal,
			}},
			Totals: pricing.Totals{
				Subtotal: subtotal, Discount: eur(0), Shipping: eur(0), Tax: tax, TaxIncluded: true, Total: subtotal,
				TaxLines: []pricing.TaxLine{{Name: "VAT", BasisPoints: 1900, Base: eur(1000 * int64(quantity)), Amount: tax}},
			},
			Version: 1, CreatedAt: now, UpdatedAt: now,
		}
		c.Order = o.ID
		p := payment.Payment{
			ID: id.Payment{UUID: ids.New()}, Order: o.ID, Provider: "sandbox", Status: payment.Created, Amount: subtotal,
			Captured: eur(0), Refunded: eur(0), Version: 1, CreatedAt: now, UpdatedAt: now,
		}
		if !confirm {
			p.CheckAt(now.Add(time.Minute))
		}
		if _, err := db.Orders().Carts.Insert(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if _, err := db.Orders().Tx.InTx(t.Context(), func(ctx context.Context, tx ports.OrderTx) error {
			if err := tx.Orders.InsertOrder(ctx, o); err != nil {
				return err
			}
			if err := tx.Payments.InsertPayment(ctx, p); err != nil {
				return err
			}
			_, err := tx.Stock.Reserve(ctx, inventory.Reservation{
				Order: o.ID, Lines: []inventory.Line{{SKU: "MUG", Location: id.Main, Quantity: quantity}}, ExpiresAt: now, At: now,
			})
			if err != nil || !confirm {
				return err
			}
			o.Status, o.ConfirmedAt = order.Confirmed, now
			p.Status, p.Captured = payment.Captured, p.Amount
			c.Status = cart.Ordered
			if err := tx.Carts.SaveCart(ctx, c); err != nil {
				return err
			}
			if err := tx.Orders.SaveOrder(ctx, o); err != nil {
				return err
			}
			if err := tx.Payments.SavePayment(ctx, p); err != nil {
				return err
			}
			if err := tx.Jobs.Add(ctx, job.New(id.Job{UUID: ids.New()}, job.SendOrderConfirmation, job.OrderPayload{Order: o.ID}, now, "")); err != nil {
				return err
			}
			return tx.Stock.Consume(ctx, o.ID, []id.Movement{movement()}, now)
		}); err != nil {
			t.Fatal(err)
		}
		return o, p.ID
	}
	if _, err := db.Orders().Tx.InTx(t.Context(), func(ctx context.Context, tx ports.OrderTx) error {
		_, err := tx.Stock.Adjust(ctx, inventory.Adjustment{ID: movement(), SKU: "MUG", Location: id.Main, Delta: 10, Reason: inventory.Received, At: now})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	confirmed, paid := buy(2, true)
	pending, asked := buy(1, false)
	return sold{db, confirmed, pending, paid, asked}
}

func TestDB_Violations(t *testing.T) {
	t.Parallel()

	t.Run("AnHonestShopHasNone", func(t *testing.T) {
		t.Parallel()
		s := sell(t)
		broken, err := s.db.Violations(t.Context())
		if err != nil || broken == nil || len(broken) != 0 {
			t.Errorf("broken %+v, %v", broken, err)
		}
		for range 2 { // nor when its confirmation was sent
			_, err := s.db.Jobs().Receive(t.Context(), job.SendOrderConfirmation, ports.Batch{Max: 1}, func(context.Context, []job.Delivery) []job.Verdict {
				return []job.Verdict{job.Ack()}
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if broken, err = s.db.Violations(t.Context()); err != nil || len(broken) != 0 {
			t.Errorf("broken %+v, %v", broken, err)
		}
	})

	for invariant, b := range orderBreaks {
		t.Run(invariant, func(t *testing.T) {
			t.Parallel()
			s := sell(t)
			s.run(t, b.broken)
			want := []ports.Violation{{Invariant: invariant, Subject: b.subject(s), Detail: b.detail}}
			all := want
			if table, checked := strings.CutSuffix(invariant, "_within_bounds"); checked { // which the file itself knows
				all = append(all, ports.Violation{Invariant: "store_is_intact", Subject: "the file", Detail: "CHECK constraint failed in " + map[string]string{"stock": "stock", "payment": "payments"}[table]})
			}
			if broken, err := s.db.Violations(t.Context()); err != nil || !slices.Equal(broken, all) {
				t.Errorf("found %+v, %v; want %+v", broken, err, all)
			}
			if broken, err := s.db.Check(t.Context(), invariant, time.Time{}); err != nil || !slices.Equal(broken, want) {
				t.Errorf("checked alone: %+v, %v", broken, err)
			}
			if b.placed { // what nobody has touched lately is not looked at
				if broken, err := s.db.Check(t.Context(), invariant, s.confirmed.ID.Time().Add(-time.Minute)); err != nil || !slices.Equal(broken, want) {
					t.Errorf("since before the orders: %+v, %v", broken, err)
				}
				if broken, err := s.db.Check(t.Context(), invariant, time.Now().Add(time.Minute)); err != nil || len(broken) != 0 {
					t.Errorf("since after the orders: %+v, %v", broken, err)
				}
			}
		})
	}

	for _, known := range Invariants() {
		_, ofOrders := orderBreaks[known.Name]
		if _, ofCatalog := catalogBreaks[known.Name]; !ofOrders && !ofCatalog {
			t.Errorf("nothing breaks %s", known.Name)
		}
		if !strings.HasPrefix(known.SQL, "-- ") {
			t.Errorf("%s does not say what it is", known.Name)
		}
	}
}

// run plants what no program would write.
func (s sold) run(t *testing.T, sql string) {
	t.Helper()
	if _, err := s.db.write(t.Context(), ports.Orders, func(_ context.Context, s *session) error {
		return sqlitex.ExecuteScript(s.conn, "PRAGMA ignore_check_constraints = ON; "+sql+"; PRAGMA ignore_check_constraints = OFF", nil)
	}); err != nil {
		t.Fatal(err)
	}
}

// orderBreaks breaks each invariant of the orders, and nothing else.
var orderBreaks = map[string]struct {
	broken  string // by this
	subject func(sold) string
	detail  string
	placed  bool // it is about orders, which may be too old to be looked at
}{
	"stock_within_bounds": {
		"UPDATE stock SET reserved = 11; UPDATE reservations SET lines = json_set(lines, '$[0].quantity', 11) WHERE state = 'active'",
		sold.mug, "main: 8 on hand, 11 reserved", false,
	},
	"stock_reserved_is_held":  {"UPDATE stock SET reserved = 2", sold.mug, "main: 2 reserved, 1 held", false},
	"stock_on_hand_is_ledger": {"DELETE FROM movements WHERE reason = 'sale'", sold.mug, "main: 8 on hand, the ledger adds up to 10", false},
	"stock_held_only_for_payment": {
		"UPDATE orders SET status = 'payment_failed' WHERE status = 'pending_payment'; UPDATE carts SET status = 'open', order_id = NULL WHERE status = 'ordering'",
		sold.pendingID, "is payment_failed and still holds units", false,
	},
	"cart_has_one_live_order": {
		"DROP INDEX orders_live; UPDATE orders SET cart_id = (SELECT cart_id FROM orders WHERE status = 'confirmed')",
		func(s sold) string { return s.confirmed.Cart.String() }, "has 2 live orders", true,
	},
	"cart_locked_by_its_order": {
		"UPDATE carts SET status = 'ordering' WHERE status = 'ordered'",
		func(s sold) string { return s.confirmed.Cart.String() }, "is locked by an order that is confirmed", false,
	},
	"coupon_used_by_living_orders": {
		`INSERT INTO coupons (code, promotion_id, usage_limit, per_customer, used, version) VALUES ('TEN', x'00', 0, 0, 1, 1);
			INSERT INTO redemptions (order_id, code, email) VALUES (x'00000000000000000000000000000001', 'TEN', 'ada@example.com')`,
		func(sold) string { return "00000000-0000-0000-0000-000000000001" }, "TEN redeemed by an order that is gone", false,
	},
	"coupon_uses_are_redemptions": {
		"INSERT INTO coupons (code, promotion_id, usage_limit, per_customer, used, version) VALUES ('TEN', x'00', 0, 0, 1, 1)",
		func(sold) string { return "TEN" }, "used 1, redeemed 0", false,
	},
	"order_confirmed_is_announced": {"DELETE FROM confirmations", sold.confirmedID, "has 0 confirmations", true},
	"order_has_one_key": {
		`INSERT INTO idempotency_keys (owner, operation, key, fingerprint, locked_until, order_id, created_at)
			SELECT 'guest', 'checkout', key.value, x'', 0, orders.id, 0 FROM orders, json_each('["a", "b"]') AS key WHERE status = 'confirmed'`,
		sold.confirmedID, "was placed under 2 keys", false,
	},
	"order_line_totals": {"UPDATE order_lines SET total = total + 1 WHERE quantity = 2", sold.confirmedID, "MUG at position 0", true},
	"order_pending_is_watched": {
		"DELETE FROM reservations WHERE state = 'active'; UPDATE stock SET reserved = 0; UPDATE payments SET status = 'failed', next_check_at = NULL WHERE status = 'created'",
		sold.pendingID, "waits for its payment, and nobody will end that", true,
	},
	"order_totals": {
		"UPDATE orders SET subtotal = subtotal + 1, discount = discount + 1 WHERE status = 'confirmed'",
		sold.confirmedID, "subtotal 2381, discount 1, shipping 0, tax 380, total 2380", true,
	},
	"payment_has_one_order": {
		"UPDATE orders SET status = 'canceled' WHERE status = 'confirmed'", sold.paidID, "took 2380, gave back 0, and its order is canceled", true,
	},
	"payment_in_doubt_is_watched": {
		"UPDATE payments SET next_check_at = NULL WHERE status = 'created'", sold.askedID, "is created, and nobody will ask about it", true,
	},
	"payment_is_the_only_one": {
		"UPDATE payments SET status = 'authorized', order_id = (SELECT id FROM orders WHERE status = 'confirmed') WHERE status = 'created'",
		sold.confirmedID, "has 2 payments that hold or took money", true,
	},
	"payment_within_bounds": {"UPDATE payments SET refunded = 1 WHERE status = 'created'", sold.askedID, "amount 1190, captured 0, refunded 1", true},
	"refund_failed_is_answered": {
		`UPDATE orders SET history = json_set(history, '$.timeline', json('[{"type": "refund.pending"}, {"type":"refund.failed"}]')) WHERE status = 'confirmed'`,
		sold.confirmedID, "has a refund that failed and nobody has answered", false,
	},
	"refund_pending_is_watched": {
		`UPDATE orders SET history = json_set(history, '$.refunds', json('[{"status": "pending", "amount": {"amount": 1, "currency": "EUR"}}]')) WHERE status = 'confirmed'`,
		sold.confirmedID, "has a pending refund and nobody asks", true,
	},
	"refunds_within_captured": {
		`UPDATE orders SET history = json_set(history, '$.refunds', json('[{"status": "succeeded", "amount": {"amount": 2381, "currency": "EUR"}}]')) WHERE status = 'confirmed'`,
		sold.confirmedID, "had 2381 back of 2380", true,
	},
}

func (s sold) confirmedID() string { return s.confirmed.ID.String() }
func (s sold) pendingID() string   { return s.pending.ID.String() }
func (s sold) paidID() string      { return s.paid.String() }
func (s sold) askedID() string     { return s.asked.String() }
func (sold) mug() string           { return "MUG" }

func TestDB_Check(t *testing.T) {
	t.Parallel()
	db := open(t)
	if _, err := db.Check(t.Context(), "nothing_like_it", time.Time{}); !fault.Is(err, fault.NotFound) {
		t.Errorf("an unknown invariant: %v", err)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := db.Check(gone, "store_is_intact", time.Time{}); !fault.Is(err, fault.Canceled) {
		t.Errorf("for somebody who is gone: %v", err)
	}
	if broken, err := db.Check(t.Context(), "store_is_intact", time.Time{}); err != nil || len(broken) != 0 {
		t.Errorf("after that: %v, %v", broken, err)
	}
}
