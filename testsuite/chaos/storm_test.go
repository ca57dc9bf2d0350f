package chaos

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/money"
	orders "github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/pricing"
)

// A hundred and twenty buyers at once want carts of up to four things, in any
// order, some named twice; of all of them there is too little, of one a single
// unit, and of a coupon three uses. Whoever cannot have all takes what is there.
// So each SKU is sold to the last unit, and the coupon used to the last use.
func TestStorm(t *testing.T) { onEachStore(t, storms) }

func storms(t *testing.T, w *tills) {
	t.Helper()
	units := map[id.SKU]int{"LAST": 1, "a-few": 15, "B-SOME": 30, "c-many": 60}
	for sku, n := range units {
		w.sell(sku, n)
	}
	const buyers, uses = 120, 3
	w.promise("THREE", uses)
	stop := w.work()
	gate := make(chan struct{})
	took := make([]time.Duration, buyers)
	var crowd sync.WaitGroup
	for n := range buyers {
		b := &till{tills: w, name: fmt.Sprint("buyer-", n), shop: w.shop[n%2]}
		crowd.Go(func() {
			<-gate
			took[n] = b.insist(units)
		})
	}
	close(gate)
	crowd.Wait()
	stop()
	sold := w.mustAddUp(units)
	for sku, n := range units {
		if sold[sku.Fold()] != n {
			t.Errorf("%d of %d %s are sold, and buyers went without", sold[sku.Fold()], n, sku)
		}
	}
	coupons, err := w.db[0].Orders().Coupons.Coupons(t.Context(), []string{"THREE"})
	if err != nil || len(coupons) != 1 || coupons[0].Used != uses {
		t.Errorf("the coupon of %d uses is %+v, %v", uses, coupons, err)
	}
	slices.Sort(took)
	t.Logf("checkouts of %d buyers at once: p50 %s, p99 %s", buyers, took[buyers/2].Round(time.Millisecond), took[buyers*99/100].Round(time.Millisecond))
}

// promise makes a coupon for a euro off.
func (w *tills) promise(code string, uses int64) {
	w.t.Helper()
	p, err := w.shop[0].Prices.CreatePromotion(w.t.Context(), core.CreatePromotion{By: operator, Promotion: pricing.Promotion{
		Name: "Storm", Type: pricing.AmountOff, Amount: money.New(100, "EUR"), NeedsCoupon: true,
	}})
	if err == nil {
		_, err = w.shop[0].Prices.CreateCoupon(w.t.Context(), core.CreateCoupon{By: operator, Promotion: p.Rule.ID, Code: code, Limit: uses})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// till is where one buyer stands.
type till struct {
	*tills
	name  string
	shop  *core.Shop
	cart  id.Cart
	total money.Amount // of the cart
}

// insist buys, with the coupon as long as there is one, as much of some things as
// there is. It returns how long the checkouts took.
func (b *till) insist(units map[id.SKU]int) (took time.Duration) {
	ctx := b.t.Context()
	opened, err := again(func() (core.CartView, error) { return b.shop.Carts.Open(ctx, core.OpenCart{By: operator}) })
	if err != nil {
		b.t.Errorf("%s: %v", b.name, err)
		return 0
	}
	b.cart = opened.ID
	var wanted []id.SKU
	for sku := range units { // in no order
		wanted = append(wanted, sku)
	}
	wanted = append(wanted[:1+rand.IntN(len(wanted))], wanted[0]) // one of them twice
	if !slices.Contains(wanted, "LAST") && rand.IntN(2) == 0 {
		wanted = append(wanted, "LAST")
	}
	for _, sku := range wanted {
		if rand.IntN(2) == 0 {
			sku = id.SKU(strings.ToUpper(string(sku))) // the same thing
		}
		b.take(ctx, sku, 1+rand.IntN(2))
	}
	if _, err := again(func() (core.CartView, error) {
		return b.shop.Carts.ApplyCoupon(ctx, core.ApplyCoupon{By: operator, Cart: b.cart, Code: "THREE"})
	}); err != nil && !fault.Is(err, fault.Exhausted, fault.Invalid, fault.Conflict) { // used up, or the cart is empty
		b.t.Errorf("%s: %v", b.name, err)
	}
	for try := range 100 {
		q, err := again(func() (pricing.Quote, error) {
			return b.shop.Checkout.Quote(ctx, core.QuoteCheckout{By: operator, Cart: b.cart, ShipTo: home})
		})
		if err != nil {
			if !fault.Is(err, fault.Invalid, fault.Conflict, fault.Exhausted) { // nothing is left for it
				b.t.Errorf("%s: %v", b.name, err)
			}
			if lacking, ok := shortages(err); ok && b.settleFor(ctx, lacking) {
				continue
			}
			return took
		}
		began := time.Now()
		_, err = again(func() (core.Placed, error) {
			return b.shop.Checkout.Place(ctx, core.PlaceOrder{
				By: operator, Key: fmt.Sprint(b.name, "-", try), Cart: b.cart, Email: b.name + "@example.com", ShipTo: home, Expect: q.Total,
				Pay: core.Pay{Provider: "sandbox", Token: "tok_ok"},
			})
		})
		took += time.Since(began)
		lacking, short := shortages(err)
		switch code := fault.CodeOf(err); {
		case err == nil:
			return took
		case short:
			if !b.settleFor(ctx, lacking) {
				return took
			}
		case code == "coupon_exhausted", code == "price_changed":
			if _, err := again(func() (core.CartView, error) {
				return b.shop.Carts.RemoveCoupon(ctx, core.RemoveCoupon{By: operator, Cart: b.cart, Code: "THREE"})
			}); err != nil {
				b.t.Errorf("%s: %v", b.name, err)
			}
		default:
			b.t.Errorf("%s: %v", b.name, err)
			return took
		}
	}
	b.t.Errorf("%s never got through", b.name)
	return took
}

func shortages(err error) ([]inventory.Shortage, bool) {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return nil, false
	}
	s, ok := f.Data.(inventory.Shortages)
	return s.Lines, ok
}

// settleFor takes no more than there is; it reports whether that is anything.
func (b *till) settleFor(ctx context.Context, lacking []inventory.Shortage) bool {
	for _, l := range lacking {
		b.take(ctx, l.SKU, l.Available)
	}
	c, err := again(func() (core.CartView, error) {
		return b.shop.Carts.Find(ctx, core.FindCart{By: operator, Cart: b.cart})
	})
	if err != nil {
		b.t.Errorf("%s: %v", b.name, err)
	}
	return len(c.Lines) > 0
}

// take puts as many into the cart as there are, up to a number.
func (b *till) take(ctx context.Context, sku id.SKU, units int) {
	for {
		_, err := again(func() (core.CartView, error) {
			return b.shop.Carts.SetLine(ctx, core.SetCartLine{By: operator, Cart: b.cart, SKU: sku, Quantity: units})
		})
		lacking, short := shortages(err)
		switch {
		case err == nil:
			return
		case !short || len(lacking) == 0 || lacking[0].Available >= units:
			b.t.Errorf("%s: %d of %s: %v", b.name, units, sku, err)
			return
		case lacking[0].Available == 0:
			units = 0
		default:
			units = lacking[0].Available
		}
	}
}

// The shopper pays, the shopper cancels, the time runs out, and both servers
// look how it stands, all at once: one of them decides, and all agree.
func TestStorm_OneWinner(t *testing.T) { onEachStore(t, oneWinner) }

func oneWinner(t *testing.T, w *tills) {
	t.Helper()
	const rounds = 20
	w.sell("TEE", rounds)
	ends := map[orders.Status]int{}
	bought := 0
	for n := range rounds {
		ctx := t.Context()
		b := &till{tills: w, name: fmt.Sprint("racer-", n), shop: w.shop[0]}
		placed := b.begin(ctx, "TEE", "tok_requires_action")
		w.ahead.Add(int64(10*time.Minute - time.Since(placed.CreatedAt.Add(-time.Duration(w.ahead.Load()))) - rand.N(6*time.Millisecond)))
		var racers sync.WaitGroup
		for i, act := range []func(*core.Shop) error{
			func(s *core.Shop) error {
				_, err := s.Payments.Complete(ctx, core.CompletePayment{Payment: placed.Payment.ID, OK: true})
				return err
			},
			func(s *core.Shop) error {
				if n%2 == 0 { // else whoever pays would be cancelled after all
					return nil
				}
				_, err := s.Orders.Cancel(ctx, core.CancelOrder{By: account.Guest(placed.Token), Order: placed.ID})
				return err
			},
			func(s *core.Shop) error { _, err := s.Checkout.Expire(ctx, 10); return err },
			func(s *core.Shop) error { _, err := s.Checkout.Expire(ctx, 10); return err },
			func(s *core.Shop) error { _, err := s.Payments.Reconcile(ctx, 10); return err },
			func(s *core.Shop) error {
				_, err := s.Payments.Refresh(ctx, core.RefreshPayment{By: account.Guest(placed.Token), Order: placed.ID})
				return err
			},
		} {
			racers.Go(func() {
				time.Sleep(rand.N(2 * time.Millisecond)) // who is first is the point
				if err := act(w.shop[i%2]); err != nil && !fault.Is(err, fault.Conflict, fault.Unavailable) {
					t.Errorf("racer %d: %v", i, err)
				}
			})
		}
		racers.Wait()
		for range 3 {
			w.ahead.Add(int64(time.Hour))
			w.sweep(w.shop[n%2])
		}
		o, err := w.shop[1].Orders.Find(ctx, core.FindOrder{By: account.Guest(placed.Token), Order: placed.ID})
		if err != nil {
			t.Fatal(err)
		}
		ends[o.Status]++
		switch {
		case o.Status == orders.Confirmed && o.Payment.Status == payment.Captured:
			bought++
		case o.Dead() && !o.Payment.InDoubt() && o.Payment.Owed().Minor() == 0 && o.Payment.Status != payment.Authorized:
		default:
			t.Errorf("in the end it is %s and %s", o.Status, o.Payment.Status)
		}
	}
	if sold := w.mustAddUp(map[id.SKU]int{"TEE": rounds}); sold["tee"] != bought {
		t.Errorf("%d are sold, %d orders paid", sold["tee"], bought)
	}
	t.Log(ends)
}

// begin places an order of one unit that has to be taken.
func (b *till) begin(ctx context.Context, sku id.SKU, token string) core.Placed {
	b.t.Helper()
	placed, err := b.place(ctx, sku, token)
	if err != nil {
		b.t.Fatalf("%s: %v", b.name, err)
	}
	return placed
}

// open has the buyer take a cart, one unit, and coupons.
func (b *till) open(ctx context.Context, sku id.SKU, coupons ...string) {
	b.t.Helper()
	c, err := b.shop.Carts.Open(ctx, core.OpenCart{By: operator})
	if err == nil {
		b.cart = c.ID
		_, err = b.shop.Carts.SetLine(ctx, core.SetCartLine{By: operator, Cart: b.cart, SKU: sku, Quantity: 1})
	}
	for _, code := range coupons {
		if err == nil {
			_, err = b.shop.Carts.ApplyCoupon(ctx, core.ApplyCoupon{By: operator, Cart: b.cart, Code: code})
		}
	}
	if err == nil {
		var q pricing.Quote
		q, err = b.shop.Checkout.Quote(ctx, core.QuoteCheckout{By: operator, Cart: b.cart, ShipTo: home})
		b.total = q.Total
	}
	if err != nil {
		b.t.Fatalf("%s: %v", b.name, err)
	}
}

// place orders one unit under the buyer's name as the key; of a buyer who has a
// cart, that.
func (b *till) place(ctx context.Context, sku id.SKU, token string) (core.Placed, error) {
	b.t.Helper()
	if b.cart.IsZero() {
		b.open(ctx, sku)
	}
	return b.shop.Checkout.Place(ctx, core.PlaceOrder{
		By: operator, Key: b.name, Cart: b.cart, Email: b.name + "@example.com", ShipTo: home, Expect: b.total,
		Pay: core.Pay{Provider: "sandbox", Token: token},
	})
}
