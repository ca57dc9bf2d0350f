package postgres

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"testing"
	"time"

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

// BenchmarkCheckout is what the store does for a paid checkout of one to three
// lines: a key's claim, the order with its reservation, its confirmation, the
// answer. The same with the least SQL is testsuite/bench/baseline/postgres.
func BenchmarkCheckout(b *testing.B) {
	for _, callers := range []int{1, 8, 16} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			s := till{floor: newFloor(b, open(b)), skus: make([]id.SKU, 300)}
			var all []inventory.Adjustment
			for i := range s.skus {
				s.skus[i] = id.SKU(fmt.Sprintf("SKU-%05d", i))
				all = append(all, s.received(s.skus[i], 1_000_000))
			}
			s.must(s.try(func(ctx context.Context, tx ports.OrderTx) error {
				_, err := tx.Stock.Adjust(ctx, all...)
				return err
			}))
			carts := make([]cart.Cart, b.N)
			ids := make([]uuid, b.N)
			for i := range carts {
				carts[i].ID.UUID = s.ids.New()
				ids[i] = uuid(carts[i].ID.UUID)
			}
			s.exec(`INSERT INTO orders.carts (id, token, status, currency, lines, coupons, version, expires_at)
				SELECT id, '', 'open', 'EUR', '[{"sku":"MUG","quantity":1,"added_price":{"amount":1190,"currency":"EUR"}}]', '{}', 1, now() + interval '1 hour'
				FROM unnest($1::uuid[]) AS id`, ids)
			s.crowd(b, callers, func(i int) error { return s.checkout(i, carts[i]) })
		})
	}
}

// BenchmarkReserve is everybody after one SKU. The same with the least SQL is
// hotrow.sql beside the other.
func BenchmarkReserve(b *testing.B) {
	for _, callers := range []int{1, 8, 50, 100} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			s := till{floor: newFloor(b, open(b))}
			s.must(s.receive("HOT", inventory.MaxQuantity))
			s.crowd(b, callers, func(int) error { return s.reserve(s.orderID(), units("hot", 1)) })
		})
	}
}

type till struct {
	*floor
	skus []id.SKU
}

// crowd lets so many callers do something b.N times.
func (s *till) crowd(b *testing.B, callers int, do func(i int) error) {
	var wg sync.WaitGroup
	next := make(chan int, callers)
	b.ReportAllocs()
	b.ResetTimer()
	for range callers {
		wg.Go(func() {
			for i := range next {
				if err := do(i); err != nil {
					b.Error(err)
				}
			}
		})
	}
	for i := range b.N {
		next <- i
	}
	close(next)
	wg.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "a-second")
}

// draft makes an order of one to three lines, as a shop does.
func (s *till) draft(n int, c cart.Cart) (o order.Order, p payment.Payment, held inventory.Reservation) {
	now := time.Now().UTC().Truncate(time.Microsecond)
	lines := int64(n%3 + 1)
	subtotal, tax := euros(1500*lines), euros(239*lines)
	total := euros(1500*lines + 490)
	o = order.Order{
		ID: s.orderID(), Number: rand.Text(), Cart: c.ID, Email: fmt.Sprintf("shopper-%d@example.com", n),
		Status: order.PendingPayment, Currency: "EUR", Version: 1, CreatedAt: now, UpdatedAt: now,
		ShipTo:         order.Address{LastName: "Doe", Line1: "Main Street 1", City: "Berlin", PostalCode: "10115", Country: "DE"},
		ShippingMethod: pricing.ShippingMethod{Code: "standard", Name: "Standard", Price: euros(490), MinDays: 2, MaxDays: 4, Selected: true},
		Totals: pricing.Totals{
			Subtotal: subtotal, Discount: euros(0), Shipping: euros(490), Tax: tax, TaxIncluded: true, Total: total,
			TaxLines: []pricing.TaxLine{{Name: "VAT", BasisPoints: 1900, Base: money.New(total.Minor()-tax.Minor(), "EUR"), Amount: tax}},
		},
	}
	o.BillTo = o.ShipTo
	o.Record("order.placed", order.Step{At: now, By: "customer"})
	held = inventory.Reservation{Order: o.ID, ExpiresAt: now.Add(10 * time.Minute), At: now}
	for i := range int(lines) {
		sku := s.skus[(n*7+i*100)%len(s.skus)]
		o.Lines = append(o.Lines, order.Line{
			SKU: sku, Product: id.Product{UUID: s.ids.New()}, ProductSlug: "tee", Name: "Tee", Quantity: 1,
			UnitPrice: euros(1500), Subtotal: euros(1500), Discount: euros(0), Tax: euros(239), Total: euros(1500),
		})
		held.Lines = append(held.Lines, units(sku, 1))
	}
	p = payment.Payment{
		ID: id.Payment{UUID: s.ids.New()}, Order: o.ID, Provider: "sandbox", Status: payment.Created, Amount: total, Captured: euros(0),
		Refunded: euros(0), NextCheckAt: now.Add(2 * time.Minute), Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	return o, p, held
}

func (s *till) checkout(n int, c cart.Cart) error {
	ctx := s.t.Context()
	o, p, held := s.draft(n, c)
	now := o.CreatedAt
	key := ports.KeyRef{Owner: "guest:" + c.ID.String(), Operation: "checkout", Key: o.Number}
	mail, capture := id.Job{UUID: s.ids.New()}, id.Job{UUID: s.ids.New()}
	if _, err := s.store.Keys.Claim(ctx, ports.Claim{KeyRef: key, Now: now, Lease: time.Minute}); err != nil {
		return err
	}
	if err := s.try(func(ctx context.Context, tx ports.OrderTx) error {
		c, err := tx.Carts.CartForUpdate(ctx, c.ID)
		if err != nil {
			return err
		}
		if err := c.BeginOrder(o.ID, now); err != nil {
			return err
		}
		if err := tx.Carts.SaveCart(ctx, c); err != nil {
			return err
		}
		if err := tx.Orders.InsertOrder(ctx, o); err != nil {
			return err
		}
		if err := tx.Payments.InsertPayment(ctx, p); err != nil {
			return err
		}
		if err := tx.Keys.Attach(ctx, key, o.ID); err != nil {
			return err
		}
		_, err = tx.Stock.Reserve(ctx, held)
		return err
	}); err != nil {
		return err
	}
	if err := s.try(func(ctx context.Context, tx ports.OrderTx) error {
		c, o, p, err := tx.Orders.CheckoutForUpdate(ctx, c.ID, o.ID, p.ID)
		if err != nil {
			return err
		}
		c.EndOrder(o.ID, now)
		if err := tx.Carts.SaveCart(ctx, c); err != nil {
			return err
		}
		o.Record("payment.authorized", order.Step{At: now, By: "system"})
		o.Confirm(order.Step{At: now, By: "system", Message: "paid"})
		if err := tx.Orders.SaveOrder(ctx, o); err != nil {
			return err
		}
		p.Status, p.Reference, p.NextCheckAt = payment.Authorized, "ch_"+o.Number, now.Add(time.Minute)
		if err := tx.Payments.SavePayment(ctx, p); err != nil {
			return err
		}
		if err := tx.Keys.SettleOrder(ctx, o.ID, make([]byte, 1500)); err != nil {
			return err
		}
		if err := tx.Jobs.Add(ctx,
			job.New(mail, job.SendOrderConfirmation, job.OrderPayload{Order: o.ID}, now, ""),
			job.New(capture, job.CapturePayment, job.PaymentPayload{Payment: p.ID}, now, "")); err != nil {
			return err
		}
		return tx.Stock.Consume(ctx, o.ID, []id.Movement{s.movement(), s.movement(), s.movement()}, now)
	}); err != nil {
		return err
	}
	_, err := s.store.Keys.Remember(ctx, key, ports.Answer{Status: 201, Header: map[string]string{"Content-Type": "application/json"}, Body: make([]byte, 2000)})
	return err
}
