package sqlite

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

// BenchmarkCheckout is what the store does for a paid checkout of three lines:
// the cart, a key's claim, the order with its reservation, its confirmation,
// the answer. The load program measures the whole shop; this finds what to cut.
func BenchmarkCheckout(b *testing.B) {
	for _, callers := range []int{1, 16} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			db := open(b)
			shop := benchShop{store: db.Orders(), ids: id.NewSource(time.Now, rand.Reader), skus: make([]id.SKU, 300)}
			var all []inventory.Adjustment
			for i := range shop.skus {
				shop.skus[i] = id.SKU(fmt.Sprintf("SKU-%05d", i))
				all = append(all, inventory.Adjustment{
					ID: shop.movement(), SKU: shop.skus[i], Location: id.Main, Delta: 1_000_000, Reason: inventory.Received, At: time.Now(),
				})
			}
			if err := shop.tx(b.Context(), func(ctx context.Context, tx ports.OrderTx) error {
				_, err := tx.Stock.Adjust(ctx, all...)
				return err
			}); err != nil {
				b.Fatal(err)
			}
			var wg sync.WaitGroup
			next := make(chan int, callers)
			b.ReportAllocs()
			b.ResetTimer()
			for range callers {
				wg.Go(func() {
					for i := range next {
						if err := shop.checkout(b.Context(), i); err != nil {
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
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "checkouts/s")
		})
	}
}

type benchShop struct {
	store ports.OrderStore
	ids   *id.Source
	skus  []id.SKU
}

func (s *benchShop) movement() id.Movement { return id.Movement{UUID: s.ids.New()} }

func (s *benchShop) tx(ctx context.Context, fn func(context.Context, ports.OrderTx) error) error {
	_, err := s.store.Tx.InTx(ctx, fn)
	return err
}

func (s *benchShop) checkout(ctx context.Context, n int) error {
	now := time.Now().UTC().Truncate(time.Microsecond)
	eur := func(minor int64) money.Amount { return money.New(minor, "EUR") }
	c := cart.Cart{ID: id.Cart{UUID: s.ids.New()}, Status: cart.Open, Currency: "EUR", Version: 1, ExpiresAt: now.Add(time.Hour), CreatedAt: now, UpdatedAt: now}
	o := order.Order{
		ID: id.Order{UUID: s.ids.New()}, Number: rand.Text(), Cart: c.ID, Email: fmt.Sprintf("shopper-%d@example.com", n),
		Status: order.PendingPayment, Currency: "EUR", Version: 1, CreatedAt: now, UpdatedAt: now,
		ShipTo:         order.Address{LastName: "Doe", Line1: "Main Street 1", City: "Berlin", PostalCode: "10115", Country: "DE"},
		ShippingMethod: pricing.ShippingMethod{Code: "standard", Name: "Standard", Price: eur(490), MinDays: 2, MaxDays: 4, Selected: true},
		Totals: pricing.Totals{
			Subtotal: eur(4500), Discount: eur(0), Shipping: eur(490), Tax: eur(797), TaxIncluded: true, Total: eur(4990),
			TaxLines: []pricing.TaxLine{{Name: "VAT", BasisPoints: 1900, Base: eur(4193), Amount: eur(797)}},
		},
	}
	held := inventory.Reservation{Order: o.ID, ExpiresAt: now.Add(10 * time.Minute), At: now}
	for i := range 3 {
		sku := s.skus[(n*3+i)%len(s.skus)]
		c.Lines = append(c.Lines, cart.Line{SKU: sku, Quantity: 1, AddedPrice: eur(1500)})
		o.Lines = append(o.Lines, order.Line{
			SKU: sku, Product: id.Product{UUID: s.ids.New()}, ProductSlug: "tee", Name: "Tee", Quantity: 1,
			UnitPrice: eur(1500), Subtotal: eur(1500), Discount: eur(0), Tax: eur(239), Total: eur(1500),
		})
		held.Lines = append(held.Lines, inventory.Line{SKU: sku, Location: id.Main, Quantity: 1})
	}
	p := payment.Payment{
		ID: id.Payment{UUID: s.ids.New()}, Order: o.ID, Provider: "sandbox", Status: payment.Created, Amount: eur(4990), Captured: eur(0),
		Refunded: eur(0), NextCheckAt: now.Add(2 * time.Minute), Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	key := ports.KeyRef{Owner: "guest:" + c.ID.String(), Operation: "checkout", Key: o.Number}
	mail, capture := id.Job{UUID: s.ids.New()}, id.Job{UUID: s.ids.New()}

	if _, err := s.store.Carts.Insert(ctx, c); err != nil {
		return err
	}
	if _, err := s.store.Keys.Claim(ctx, ports.Claim{KeyRef: key, Now: now, Lease: time.Minute}); err != nil {
		return err
	}
	if err := s.tx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
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
	if err := s.tx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		c, err := tx.Carts.CartForUpdate(ctx, c.ID)
		if err != nil {
			return err
		}
		c.EndOrder(o.ID, now)
		if err := tx.Carts.SaveCart(ctx, c); err != nil {
			return err
		}
		o, err := tx.Orders.OrderForUpdate(ctx, o.ID)
		if err != nil {
			return err
		}
		o.Confirm(order.Step{At: now, By: "system", Message: "paid"})
		if err := tx.Orders.SaveOrder(ctx, o); err != nil {
			return err
		}
		p, err := tx.Payments.PaymentForUpdate(ctx, p.ID)
		if err != nil {
			return err
		}
		p.Status, p.Reference, p.NextCheckAt = payment.Authorized, "ch_"+o.Number, time.Time{}
		if err := tx.Payments.SavePayment(ctx, p); err != nil {
			return err
		}
		if err := tx.Keys.Settle(ctx, key, o.ID, make([]byte, 1500)); err != nil {
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
