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
}

func sell(t *testing.T) sold {
	t.Helper()
	db := open(t)
	now := time.Date(2026, 11, 5, 10, 0, 0, 0, time.UTC)
	ids := id.NewSource(time.Now, rand.Reader)
	eur := func(minor int64) money.Amount { return money.New(minor, "EUR") }
	movement := func() id.Movement { return id.Movement{UUID: ids.New()} }
	buy := func(quantity int, confirm bool) order.Order {
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
			_, err = tx.Stock.Consume(ctx, o.ID, movement, now)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return o
	}
	if _, err := db.Orders().Tx.InTx(t.Context(), func(ctx context.Context, tx ports.OrderTx) error {
		_, err := tx.Stock.Adjust(ctx, inventory.Adjustment{ID: movement(), SKU: "MUG", Location: id.Main, Delta: 10, Reason: inventory.Received, At: now})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return sold{db, buy(2, true), buy(1, false)}
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

	confirmed, pending := func(s sold) string { return s.confirmed.ID.String() }, func(s sold) string { return s.pending.ID.String() }
	mug := func(sold) string { return "MUG" }
	breaks := map[string]struct {
		broken  string // by this
		subject func(sold) string
	}{
		"coupon_uses_are_redemptions": {
			"INSERT INTO coupons (code, promotion_id, usage_limit, per_customer, used, version) VALUES ('TEN', x'00', 0, 0, 1, 1)",
			func(sold) string { return "TEN" },
		},
		"coupon_used_by_living_orders": {
			"UPDATE orders SET status = 'canceled' WHERE status = 'pending_payment'; INSERT INTO redemptions (order_id, code, email) SELECT id, 'TEN', '' FROM orders",
			pending,
		},
		"stock_within_bounds":         {"UPDATE stock SET reserved = 11", mug},
		"stock_reserved_is_held":      {"UPDATE stock SET reserved = 2", mug},
		"stock_on_hand_is_ledger":     {"DELETE FROM movements WHERE reason = 'sale'", mug},
		"stock_held_only_for_payment": {"UPDATE orders SET status = 'payment_failed' WHERE status = 'pending_payment'", pending},
		"cart_has_one_live_order": {
			"DROP INDEX orders_live; UPDATE orders SET cart_id = (SELECT cart_id FROM orders WHERE status = 'confirmed')",
			func(s sold) string { return s.confirmed.Cart.String() },
		},
		"cart_locked_by_its_order": {
			"UPDATE orders SET status = 'canceled' WHERE status = 'pending_payment'", func(s sold) string { return s.pending.Cart.String() },
		},
		"order_line_totals":            {"UPDATE order_lines SET total = total + 1 WHERE quantity = 2", confirmed},
		"order_totals":                 {"UPDATE orders SET subtotal = subtotal + 1, discount = discount + 1 WHERE status = 'confirmed'", confirmed},
		"payment_within_bounds":        {"UPDATE payments SET refunded = 1 WHERE status = 'created'", nil},
		"payment_has_one_order":        {"UPDATE orders SET status = 'canceled' WHERE status = 'confirmed'", nil},
		"payment_is_the_only_one":      {"UPDATE payments SET status = 'authorized', order_id = (SELECT id FROM orders WHERE status = 'confirmed')", confirmed},
		"order_confirmed_is_announced": {"DELETE FROM confirmations", confirmed},
	}
	for invariant, c := range breaks {
		t.Run(invariant, func(t *testing.T) {
			t.Parallel()
			s := sell(t)
			if _, err := s.db.write(t.Context(), ports.Orders, func(_ context.Context, s *session) error {
				return sqlitex.ExecuteScript(s.conn, "PRAGMA ignore_check_constraints = ON; "+c.broken+"; PRAGMA ignore_check_constraints = OFF", nil)
			}); err != nil {
				t.Fatal(err)
			}
			broken, err := s.db.Violations(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(broken, func(v ports.Violation) bool {
				return v.Invariant == invariant && v.Detail != "" && (c.subject == nil || v.Subject == c.subject(s))
			}) {
				t.Errorf("found only %+v", broken)
			}
		})
	}

	files, err := invariants.ReadDir("audit")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), ".sql")
		_, ofOrders := breaks[name]
		if _, ofCatalog := catalogBreaks[name]; !ofOrders && !ofCatalog {
			t.Errorf("nothing breaks %s", f.Name())
		}
	}
}
