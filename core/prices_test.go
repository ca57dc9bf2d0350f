package core_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/pricing"
)

// promote makes a promotion.
func (w *till) promote(p pricing.Promotion) pricing.Promotion {
	w.t.Helper()
	if p.Name == "" {
		p.Name = "Sale"
	}
	saved, err := w.shop.Prices.CreatePromotion(w.t.Context(), core.CreatePromotion{By: shopkeeper, Promotion: p})
	if err != nil {
		w.t.Fatal(err)
	}
	return saved.Rule
}

// coupon makes a coupon of 10 % off everything.
func (w *till) coupon(code string, limit, perCustomer int64) pricing.Promotion {
	w.t.Helper()
	p := w.promote(pricing.Promotion{Type: pricing.PercentageOff, BasisPoints: 1000, NeedsCoupon: true})
	if _, err := w.shop.Prices.CreateCoupon(w.t.Context(), core.CreateCoupon{By: shopkeeper, Promotion: p.ID, Code: code, Limit: limit, PerCustomer: perCustomer}); err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *till) mustBeUsed(p pricing.Promotion, code string, times int64) {
	w.t.Helper()
	c, err := w.shop.Prices.FindCoupon(w.t.Context(), core.FindCoupon{By: shopkeeper, Promotion: p.ID, Code: code})
	if err != nil || c.Used != times {
		w.t.Errorf("%s was used %d times, want %d: %v", code, c.Used, times, err)
	}
}

func (w *till) method(m pricing.Tariff) {
	w.t.Helper()
	m.Name = "by " + m.Code
	if _, err := w.shop.Prices.DefineShippingMethod(w.t.Context(), core.DefineShippingMethod{By: shopkeeper, Method: m}); err != nil {
		w.t.Fatal(err)
	}
}

func flat(code string, price int64) pricing.Tariff {
	return pricing.Tariff{Code: code, By: pricing.RateFlat, Steps: []pricing.RateStep{{Price: eur(price)}}}
}

func (s *shopper) enterCode(code string) (core.CartView, error) {
	return s.w.shop.Carts.ApplyCoupon(s.w.t.Context(), core.ApplyCoupon{By: s.by, Cart: s.cart, Code: code})
}

func (s *shopper) mustEnter(code string) core.CartView {
	s.w.t.Helper()
	v, err := s.enterCode(code)
	if err != nil {
		s.w.t.Fatal(err)
	}
	return v
}

func (s *shopper) quote(method string) (pricing.Quote, error) {
	return s.w.shop.Checkout.Quote(s.w.t.Context(), core.QuoteCheckout{By: s.by, Cart: s.cart, ShipTo: berlin, ShippingMethod: method})
}

func (s *shopper) mustCost(shipping, total int64) pricing.Quote {
	s.w.t.Helper()
	q, err := s.quote("")
	if err != nil {
		s.w.t.Fatal(err)
	}
	if q.Shipping != eur(shipping) || q.Total != eur(total) {
		s.w.t.Errorf("shipping %s, total %s, want %s and %s", q.Shipping, q.Total, eur(shipping), eur(total))
	}
	return q
}

// beside opens another shop on the till's store, as another server would.
func (w *till) beside(change func(*core.Deps)) *core.Shop {
	w.t.Helper()
	deps := core.Deps{
		Catalog: w.db.Catalog(), Orders: w.db.Orders(), Identity: w.db.Identity(), Search: noIndex{}, Files: files.Dir(w.t.TempDir()), Mail: w.post,
		Payments: core.Providers{"sandbox": w.bank}, Now: w.clock,
	}
	if change != nil {
		change(&deps)
	}
	shop, err := core.New(deps, &core.Options{ShippingFlat: 490})
	if err != nil {
		w.t.Fatal(err)
	}
	return shop
}

func TestCheckout_ShippingMethods(t *testing.T) {
	t.Parallel()
	t.Run("CheapestUnlessChosen", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		w.sell("TEE", 1500, 9)
		s := w.enter(want{"TEE", 1})
		s.mustCost(490, 1990) // the settings'
		w.method(flat("express", 900))
		s.mustCost(900, 2400)
		w.method(flat("parcel", 300))
		q := s.mustCost(300, 1800)
		if len(q.Methods) != 2 || q.Selected().Code != "parcel" {
			t.Errorf("methods %+v", q.Methods)
		}
		q, err := s.quote("express")
		if err != nil || q.Total != eur(2400) || q.Selected().Code != "express" {
			t.Errorf("express: %s, %v", q.Total, err)
		}
		_, err = s.quote("pigeon")
		mustFail[any](t, err, fault.Invalid, "validation_failed")
		c := s.command("k", sandbox.TokenOK)
		c.ShippingMethod, c.Expect = "express", eur(2400)
		placed, err := w.shop.Checkout.Place(t.Context(), c)
		if err != nil || placed.ShippingMethod.Code != "express" || placed.Totals.Shipping != eur(900) {
			t.Errorf("placed %+v, %v", placed.ShippingMethod, err)
		}
		if _, err := w.shop.Prices.DropShippingMethod(t.Context(), core.DropShippingMethod{By: shopkeeper, Code: "parcel"}); err != nil {
			t.Fatal(err)
		}
		w.enter(want{"TEE", 1}).mustCost(900, 2400)
		w.settle()
	})
	t.Run("NotForThisParcel", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		w.sell("TEE", 1500, 9)
		abroad := flat("abroad", 900)
		abroad.Countries = []string{"AT"}
		w.method(abroad)
		s := w.enter(want{"TEE", 1})
		for _, chosen := range []string{"", "abroad"} {
			_, err := s.quote(chosen)
			mustFail[any](t, err, fault.Invalid, "shipping_unavailable")
		}
		_, err := w.shop.Checkout.Place(t.Context(), core.PlaceOrder{
			By: s.by, Key: "k", Cart: s.cart, Email: "a@b.co", ShipTo: berlin, Expect: eur(2400), Pay: core.Pay{Provider: "sandbox", Token: sandbox.TokenOK},
		})
		mustFail[any](t, err, fault.Invalid, "shipping_unavailable")
	})
	t.Run("FreeFromWhatIsLeftAfterDiscounts", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		w.sell("TEE", 1500, 9)
		m := flat("parcel", 490)
		m.FreeFrom = eur(3000)
		w.method(m)
		s := w.enter(want{"TEE", 2})
		s.mustCost(0, 3000)
		w.coupon("TEN", 0, 0)
		s.mustEnter("ten")
		s.mustCost(490, 2700+490)
	})
	t.Run("ByWeight", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		light, heavy := w.sell("LIGHT", 100, 9), w.sell("HEAVY", 100, 9)
		w.sell("AIR", 100, 9)
		light.Attributes = catalog.Attributes{"weight_g": catalog.Num(250)}
		heavy.Attributes = catalog.Attributes{"weight_g": catalog.Num(1)}
		heavy.Variants[0].Attributes = catalog.Attributes{"weight_g": catalog.Num(4999.6)}
		w.save(light)
		w.save(heavy)
		w.method(pricing.Tariff{Code: "parcel", By: pricing.RateByWeight, Steps: []pricing.RateStep{{From: 0, Price: eur(490)}, {From: 1000, Price: eur(690)}}, Max: 5000})
		w.enter(want{"AIR", 9}).mustCost(490, 1390)
		w.enter(want{"LIGHT", 3}).mustCost(490, 790)
		w.enter(want{"LIGHT", 4}).mustCost(690, 1090)
		w.enter(want{"HEAVY", 1}).mustCost(690, 790)
		_, err := w.enter(want{"HEAVY", 1}, want{"LIGHT", 1}).quote("")
		mustFail[any](t, err, fault.Invalid, "shipping_unavailable")
	})
}

func TestCheckout_TaxRates(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 9)
	s := w.enter(want{"TEE", 1})
	if q := s.mustCost(490, 1990); q.Tax != eur(239+78) {
		t.Errorf("tax of the settings %s", q.Tax)
	}
	if _, err := w.shop.Prices.DefineTaxRate(t.Context(), core.DefineTaxRate{By: shopkeeper, Rate: pricing.TaxRate{Name: "MwSt", Country: "DE", BasisPoints: 700}}); err != nil {
		t.Fatal(err)
	}
	if q := s.mustCost(490, 1990); q.Tax != eur(98+32) || q.TaxLines[0].Name != "MwSt" {
		t.Errorf("tax %s, %+v", q.Tax, q.TaxLines)
	}
	if _, err := w.shop.Prices.DropTaxRate(t.Context(), core.DropTaxRate{By: shopkeeper, Country: "DE"}); err != nil {
		t.Fatal(err)
	}
	if q := s.mustCost(490, 1990); q.Tax != eur(239+78) {
		t.Errorf("tax of the settings again %s", q.Tax)
	}
}

func TestCheckout_Promotions(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	clothes, err := w.shop.Catalog.CreateCategory(t.Context(), core.CreateCategory{By: shopkeeper, Name: "Clothes"})
	if err != nil {
		t.Fatal(err)
	}
	shirts, err := w.shop.Catalog.CreateCategory(t.Context(), core.CreateCategory{By: shopkeeper, Name: "Shirts", Parent: clothes.ID})
	if err != nil {
		t.Fatal(err)
	}
	tee := w.sell("TEE", 1500, 9)
	tee.Category = shirts.ID
	w.save(tee)
	w.sell("MUG", 1000, 9)
	s := w.enter(want{"TEE", 2}, want{"MUG", 1})
	s.mustCost(490, 4490)
	sale := w.promote(pricing.Promotion{Name: "Summer", Type: pricing.PercentageOff, BasisPoints: 1000, Categories: []id.Category{clothes.ID}})
	q := s.mustCost(490, 4490-300)
	if len(q.Discounts) != 1 || q.Discounts[0].Label != "Summer" || q.Discounts[0].Promotion != sale.ID.String() || q.Lines[0].Discount != eur(300) || q.Lines[1].Discount != eur(0) {
		t.Errorf("discounts %+v of %+v", q.Discounts, q.Lines)
	}
	if v := s.view(); v.Discount != eur(300) || v.Subtotal != eur(4000) {
		t.Errorf("the cart shows %s off %s", v.Discount, v.Subtotal)
	}
	w.promote(pricing.Promotion{Name: "Free shipping", Type: pricing.FreeShipping, Minimum: eur(4000)})
	s.mustCost(490, 4000-300)
	w.promote(pricing.Promotion{Name: "Later", Type: pricing.AmountOff, Amount: eur(1000), StartsAt: w.clock().Add(time.Hour)})
	s.mustCost(490, 4000-300)
	placed := s.buy()
	if placed.Totals.Discount != eur(790) || placed.Totals.Total != eur(3700) || placed.Payment.Amount != eur(3700) {
		t.Errorf("placed at %+v", placed.Totals)
	}
	w.pass(time.Hour)
	later := w.enter(want{"TEE", 2}, want{"MUG", 1})
	later.mustCost(490, 4000-300-1000)
	sale.Disabled = true
	if _, err := w.shop.Prices.ReplacePromotion(t.Context(), core.ReplacePromotion{By: shopkeeper, Version: sale.Version, Promotion: sale}); err != nil {
		t.Fatal(err)
	}
	later.mustCost(490, 4000-1000)
	w.settle()
}

// What costs nothing is ordered without a payment.
func TestCheckout_NothingLeftToPay(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 1)
	w.promote(pricing.Promotion{Type: pricing.PercentageOff, BasisPoints: 10_000})
	w.promote(pricing.Promotion{Type: pricing.FreeShipping})
	s := w.enter(want{"TEE", 1})
	placed, err := w.shop.Checkout.Place(t.Context(), core.PlaceOrder{By: s.by, Key: "k", Cart: s.cart, Email: "a@b.co", ShipTo: berlin, Expect: eur(0)})
	if err != nil {
		t.Fatal(err)
	}
	mustStand(t, placed.OrderView, order.Confirmed, "")
	w.mustHave("TEE", 0, 0)
	w.settle()
}

func TestCarts_ApplyCoupon(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 99)
	ten := w.coupon("TEN", 0, 0)
	w.coupon("GONE", 1, 0)
	dear := w.promote(pricing.Promotion{Type: pricing.AmountOff, Amount: eur(500), Minimum: eur(5000), NeedsCoupon: true})
	early := w.promote(pricing.Promotion{Type: pricing.AmountOff, Amount: eur(500), StartsAt: w.clock().Add(time.Hour), NeedsCoupon: true})
	for code, p := range map[string]pricing.Promotion{"DEAR": dear, "EARLY": early, "TEN-TOO": ten} {
		if _, err := w.shop.Prices.CreateCoupon(t.Context(), core.CreateCoupon{By: shopkeeper, Promotion: p.ID, Code: code}); err != nil {
			t.Fatal(err)
		}
	}
	buyer := w.enter(want{"TEE", 1})
	buyer.mustEnter("gone")
	buyer.buy()

	s := w.enter(want{"TEE", 2})
	for code, c := range map[string]struct {
		kind fault.Kind
		code string
	}{
		"NONE": {fault.Invalid, "coupon_unknown"}, "no code": {fault.Invalid, "coupon_unknown"}, "EARLY": {fault.Invalid, "coupon_expired"},
		"GONE": {fault.Exhausted, "coupon_exhausted"}, "DEAR": {fault.Invalid, "coupon_not_applicable"},
	} {
		_, err := s.enterCode(code)
		mustFail[any](t, err, c.kind, c.code)
	}
	_, err := w.enter().enterCode("TEN")
	mustFail[any](t, err, fault.Invalid, "coupon_not_applicable")

	v := s.mustEnter("ten")
	if !slices.Equal(v.Coupons, []core.CartCoupon{{Code: "TEN"}}) || v.Discount != eur(300) {
		t.Errorf("coupons %+v, discount %s", v.Coupons, v.Discount)
	}
	if again := s.mustEnter("TEN"); again.Version != v.Version {
		t.Error("the same coupon again is a change")
	}
	_, err = s.enterCode("TEN-TOO") // of the same promotion
	mustFail[any](t, err, fault.Invalid, "coupon_not_applicable")
	_, err = w.shop.Carts.ApplyCoupon(t.Context(), core.ApplyCoupon{By: s.by, Cart: s.cart, Version: v.Version - 1, Code: "TEN"})
	mustFail[fault.CurrentVersion](t, err, fault.Stale, "version_conflict")

	// What it needs is gone: it stays, and says why it does not count.
	if _, err := s.put("TEE", 4); err != nil {
		t.Fatal(err)
	}
	s.mustEnter("DEAR")
	if _, err := s.put("TEE", 1); err != nil {
		t.Fatal(err)
	}
	if v := s.view(); !slices.Equal(v.Coupons, []core.CartCoupon{{Code: "TEN"}, {Code: "DEAR", Problem: core.CouponNotApplicable}}) || v.Discount != eur(150) {
		t.Errorf("coupons %+v, discount %s", v.Coupons, v.Discount)
	}
	for range 2 { // the second time changes nothing
		if v, err = w.shop.Carts.RemoveCoupon(t.Context(), core.RemoveCoupon{By: s.by, Cart: s.cart, Code: "dear"}); err != nil || len(v.Coupons) != 1 {
			t.Errorf("coupons %+v, %v", v.Coupons, err)
		}
	}
	placed := s.buy()
	if placed.Totals.Discounts[0].Code != "TEN" || placed.Totals.Discount != eur(150) {
		t.Errorf("placed with %+v", placed.Totals.Discounts)
	}
	w.mustBeUsed(ten, "TEN", 1)
	_, err = s.enterCode("TEN")
	mustFail[any](t, err, fault.Conflict, "cart_already_ordered")
	w.settle()
}

func TestCheckout_CouponIsGivenBack(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*till, *shopper){
		"Declined": func(w *till, s *shopper) {
			_, err := s.pay("k", sandbox.TokenDeclined)
			mustFail[payment.Declined](w.t, err, fault.Declined, "payment_declined")
		},
		"NotPaidInTime": func(w *till, s *shopper) {
			if _, err := s.pay("k", sandbox.TokenRequiresAction); err != nil {
				w.t.Fatal(err)
			}
			w.pass(time.Hour)
			if _, err := w.shop.Checkout.Expire(w.t.Context(), 10); err != nil {
				w.t.Fatal(err)
			}
		},
		"CanceledAfterwards": func(w *till, s *shopper) {
			if _, err := w.shop.Orders.Cancel(w.t.Context(), core.CancelOrder{By: shopkeeper, Order: s.buy().ID}); err != nil {
				w.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := openTill(t)
			w.t = t
			w.sell("TEE", 1500, 9)
			p := w.coupon("LAST", 1, 1)
			s := w.enter(want{"TEE", 1})
			s.mustEnter("LAST")
			end(w, s)
			w.mustBeUsed(p, "LAST", 0)
			w.settle()
			next := w.enter(want{"TEE", 1})
			next.mustEnter("LAST")
			next.buy()
			w.mustBeUsed(p, "LAST", 1)
			w.settle()
		})
	}
}

// Who a customer is, the e-mail address says, and only at checkout.
func TestCheckout_CouponOncePerCustomer(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 9)
	p := w.coupon("ONCE", 0, 1)
	first := w.enter(want{"TEE", 1})
	first.mustEnter("ONCE")
	first.buy()
	again := w.enter(want{"TEE", 1})
	again.mustEnter("ONCE")
	command := again.command("k", sandbox.TokenOK)
	command.Email = "ADA@example.com"
	for range 2 { // the second answer is the first one's
		placed, err := w.shop.Checkout.Place(t.Context(), command)
		mustFail[any](t, err, fault.Exhausted, "coupon_exhausted")
		if !placed.Final {
			t.Error("the key goes on")
		}
	}
	w.mustHave("TEE", 8, 0)
	command.Key, command.Email = "k2", "grace@example.com"
	if _, err := w.shop.Checkout.Place(t.Context(), command); err != nil {
		t.Error(err)
	}
	w.mustBeUsed(p, "ONCE", 2)
	w.settle()
}

func TestCheckout_LastCouponUsedOnce(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	const buyers = 50
	w.sell("TEE", 1500, buyers)
	p := w.coupon("LAST", 1, 0)
	shoppers := make([]*shopper, buyers)
	commands := make([]core.PlaceOrder, buyers)
	for i := range shoppers {
		shoppers[i] = w.enter(want{"TEE", 1})
		shoppers[i].mustEnter("LAST")
		commands[i] = shoppers[i].command("k", sandbox.TokenOK)
		commands[i].Email = fmt.Sprintf("%d@example.com", i)
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	redeemed := 0
	for _, c := range commands {
		all.Go(func() {
			_, err := w.shop.Checkout.Place(t.Context(), c)
			mu.Lock()
			defer mu.Unlock()
			switch code := fault.CodeOf(err); {
			case err == nil:
				redeemed++
			case code != "coupon_exhausted" && code != "price_changed":
				t.Error(err)
			}
		})
	}
	all.Wait()
	if redeemed != 1 {
		t.Errorf("%d orders have the coupon", redeemed)
	}
	w.mustBeUsed(p, "LAST", 1)
	w.mustHave("TEE", buyers-1, 0)
	w.settle()
}

// Another server's price rules are in force here too, at the latest when the
// order is stored.
func TestCheckout_RulesChangedElsewhere(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 9)
	s := w.enter(want{"TEE", 1})
	before, after := s.command("k1", sandbox.TokenOK), s.command("k2", sandbox.TokenOK)
	if before.Expect != eur(1990) {
		t.Fatalf("costs %s", before.Expect)
	}
	elsewhere := w.beside(nil)
	if _, err := elsewhere.Prices.DefineShippingMethod(t.Context(), core.DefineShippingMethod{By: shopkeeper, Method: pricing.Tariff{
		Code: "parcel", Name: "Parcel", By: pricing.RateFlat, Steps: []pricing.RateStep{{Price: eur(900)}},
	}}); err != nil {
		t.Fatal(err)
	}
	_, err := w.shop.Checkout.Place(t.Context(), before)
	if requote := mustFail[core.Requote](t, err, fault.Conflict, "price_changed"); requote.Quote.Total != eur(2400) {
		t.Errorf("quoted again at %s", requote.Quote.Total)
	}
	if _, err := elsewhere.Prices.DropShippingMethod(t.Context(), core.DropShippingMethod{By: shopkeeper, Code: "parcel"}); err != nil {
		t.Fatal(err)
	}
	if placed, err := w.shop.Checkout.Place(t.Context(), after); err != nil || placed.Totals.Total != eur(1990) { // what it remembers is too dear
		t.Errorf("placed at %s, %v", placed.Totals.Total, err)
	}
	w.settle()
}

// service is a shipping and a tax service of an embedder's.
type service struct {
	methods []pricing.ShippingMethod
	parcel  pricing.Parcel
	down    error
}

func (x *service) ShippingMethods(_ context.Context, _ order.Address, p pricing.Parcel) ([]pricing.ShippingMethod, error) {
	x.parcel = p
	return x.methods, x.down
}

// Tax taxes the first line only, by two authorities.
func (x *service) Tax(_ context.Context, to order.Address, t pricing.Taxable) (pricing.Tax, error) {
	tax := pricing.Tax{Lines: make([]money.Amount, len(t.Lines)), Summary: []pricing.TaxLine{
		{Name: to.Country + " state", BasisPoints: 600, Base: t.Lines[0].Amount, Amount: t.Lines[0].Amount.BasisPoints(600)},
		{Name: "city", BasisPoints: 100, Base: t.Lines[0].Amount, Amount: t.Lines[0].Amount.BasisPoints(100)},
	}}
	for i := range tax.Lines {
		tax.Lines[i] = eur(0)
	}
	tax.Lines[0] = eur(tax.Summary[0].Amount.Minor() + tax.Summary[1].Amount.Minor())
	return tax, x.down
}

func TestCheckout_ServicesOfAnEmbedder(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 9)
	w.sell("MUG", 1000, 9)
	w.method(flat("parcel", 100))
	x := &service{methods: []pricing.ShippingMethod{{Code: "drone", Name: "Drone", Price: eur(700)}, {Code: "truck", Name: "Truck", Price: eur(600)}}}
	shop := w.beside(func(d *core.Deps) { d.Shipping, d.Tax = x, x })
	s := w.enter(want{"TEE", 1}, want{"MUG", 2})
	w.shop = shop
	q := s.mustCost(600, 4100)
	if q.Tax != eur(105) || len(q.TaxLines) != 2 || q.TaxLines[0].Name != "DE state" || q.Selected().Code != "truck" || x.parcel.Value != eur(3500) {
		t.Errorf("tax %s, %+v, sent %+v", q.Tax, q.TaxLines, x.parcel)
	}
	placed := s.buy()
	if placed.Totals.Tax != eur(105) || placed.ShippingMethod.Code != "truck" {
		t.Errorf("placed %+v", placed.Totals)
	}
	next := w.enter(want{"TEE", 1})
	x.methods[0].Price = money.New(1, "USD")
	_, err := next.quote("")
	if !fault.Is(err, fault.Internal) {
		t.Errorf("another currency: %v", err)
	}
	x.methods = nil
	_, err = next.quote("")
	mustFail[any](t, err, fault.Invalid, "shipping_unavailable")
	x.down = fault.Wrap(fault.Unavailable, "truck", errors.New("no answer"))
	_, err = next.quote("")
	if !fault.Is(err, fault.Unavailable) {
		t.Errorf("a service that is down: %v", err)
	}
}

type flatTax struct{}

func (flatTax) Tax(_ context.Context, to order.Address, t pricing.Taxable) (pricing.Tax, error) {
	return (&pricing.TaxRate{Name: "Sales tax", Country: to.Country, BasisPoints: 725}).Tax(t), nil
}

func TestCheckout_TaxOfAnEmbedder(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 9)
	s := w.enter(want{"TEE", 1})
	w.shop = w.beside(func(d *core.Deps) { d.Tax = flatTax{} })
	if q := s.mustCost(490, 1990); q.Tax != eur(101+33) || q.TaxLines[0].Name != "Sales tax" {
		t.Errorf("tax %s, %+v", q.Tax, q.TaxLines)
	}
}

func TestPrices_Edits(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	prices, ctx := w.shop.Prices, t.Context()
	define := func(e core.Expected, m pricing.Tariff) (core.SavedRule[pricing.Tariff], error) {
		m.Name = "Name"
		return prices.DefineShippingMethod(ctx, core.DefineShippingMethod{By: shopkeeper, Expected: e, Method: m})
	}
	made, err := define(core.Expected{New: true}, flat("parcel", 100))
	if err != nil || !made.Created || made.Rule.Version != 1 {
		t.Fatalf("%+v, %v", made, err)
	}
	_, err = define(core.Expected{New: true}, flat("parcel", 100))
	mustFail[fault.CurrentVersion](t, err, fault.Stale, "version_conflict")
	_, err = define(core.Expected{Version: 2}, flat("parcel", 100))
	mustFail[fault.CurrentVersion](t, err, fault.Stale, "version_conflict")
	_, err = define(core.Expected{Version: 1}, flat("express", 100))
	mustFail[fault.CurrentVersion](t, err, fault.Stale, "version_conflict")
	first := flat("first", 5)
	first.Position = -1
	_, err = define(core.Expected{}, first)
	mustFail[any](t, err, fault.Invalid, "validation_failed")
	last := flat("a-last", 100)
	last.Position = 1
	for _, m := range []pricing.Tariff{last, flat("parcel", 300), flat("letter", 100)} {
		if _, err := define(core.Expected{}, m); err != nil {
			t.Fatal(err)
		}
	}
	rules, err := prices.Rules(ctx, core.ShowPriceRules{By: shopkeeper})
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, m := range rules.Tariffs {
		codes = append(codes, fmt.Sprintf("%s %d", m.Code, m.Version))
	}
	if !slices.Equal(codes, []string{"letter 1", "parcel 2", "a-last 1"}) {
		t.Errorf("methods %q", codes)
	}
	_, err = prices.DropShippingMethod(ctx, core.DropShippingMethod{By: shopkeeper, Code: "parcel", Version: 1})
	mustFail[fault.CurrentVersion](t, err, fault.Stale, "version_conflict")
	_, err = prices.DropShippingMethod(ctx, core.DropShippingMethod{By: shopkeeper, Code: "none"})
	mustFail[fault.Resource](t, err, fault.NotFound, "not_found")

	p := w.coupon("TEN", 5, 0)
	w.pass(time.Minute)
	p.BasisPoints = 2000
	saved, err := prices.ReplacePromotion(ctx, core.ReplacePromotion{By: shopkeeper, Version: 1, Promotion: p})
	if err != nil || saved.Rule.Version != 2 || !saved.Rule.CreatedAt.Equal(p.CreatedAt) || !saved.Rule.UpdatedAt.After(p.UpdatedAt) {
		t.Errorf("%+v, %v", saved.Rule, err)
	}
	unknown := p
	unknown.ID = id.Promotion{UUID: w.ids.New()}
	_, err = prices.ReplacePromotion(ctx, core.ReplacePromotion{By: shopkeeper, Promotion: unknown})
	mustFail[fault.Resource](t, err, fault.NotFound, "not_found")
	unknown.Categories = []id.Category{{UUID: w.ids.New()}}
	_, err = prices.CreatePromotion(ctx, core.CreatePromotion{By: shopkeeper, Promotion: unknown})
	mustFail[any](t, err, fault.Invalid, "validation_failed")

	w.sell("TEE", 1500, 9)
	for range 2 {
		s := w.enter(want{"TEE", 1})
		s.mustEnter("TEN")
		s.buy()
	}
	_, err = prices.CreateCoupon(ctx, core.CreateCoupon{By: shopkeeper, Promotion: p.ID, Code: "ten"})
	mustFail[fault.Taken](t, err, fault.Exists, "already_exists")
	_, err = prices.CreateCoupon(ctx, core.CreateCoupon{By: shopkeeper, Promotion: unknown.ID, Code: "NEW"})
	mustFail[fault.Resource](t, err, fault.NotFound, "not_found")
	limit := func(version, limit int64) error {
		_, err := prices.ReplaceCoupon(ctx, core.ReplaceCoupon{By: shopkeeper, Promotion: p.ID, Code: "ten", Version: version, Limit: limit})
		return err
	}
	mustFail[any](t, limit(1, 1), fault.Invalid, "validation_failed") // two have used it
	mustFail[fault.CurrentVersion](t, limit(2, 3), fault.Stale, "version_conflict")
	if err := limit(1, 2); err != nil {
		t.Error(err)
	}
	_, err = w.enter(want{"TEE", 1}).enterCode("TEN")
	mustFail[any](t, err, fault.Exhausted, "coupon_exhausted")
	if list, err := prices.BrowseCoupons(ctx, core.BrowseCoupons{By: shopkeeper, Promotion: p.ID, Limit: 10}); err != nil || len(list) != 1 || list[0].Used != 2 || list[0].Version != 2 {
		t.Errorf("%+v, %v", list, err)
	}
	if _, err := prices.DropPromotion(ctx, core.DropPromotion{By: shopkeeper, Promotion: p.ID}); err != nil {
		t.Error(err)
	}
	_, err = w.enter(want{"TEE", 1}).enterCode("TEN")
	mustFail[any](t, err, fault.Invalid, "coupon_unknown")
	w.settle()
}

func TestPrices_NeedPermission(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	prices, ctx := w.shop.Prices, t.Context()
	second := func(_ any, err error) error { return err }
	for name, verb := range map[string]func(by account.Actor) error{
		"Rules": func(by account.Actor) error { return second(prices.Rules(ctx, core.ShowPriceRules{By: by})) },
		"DefineShippingMethod": func(by account.Actor) error {
			return second(prices.DefineShippingMethod(ctx, core.DefineShippingMethod{By: by}))
		},
		"DropShippingMethod": func(by account.Actor) error {
			return second(prices.DropShippingMethod(ctx, core.DropShippingMethod{By: by}))
		},
		"DefineTaxRate":   func(by account.Actor) error { return second(prices.DefineTaxRate(ctx, core.DefineTaxRate{By: by})) },
		"DropTaxRate":     func(by account.Actor) error { return second(prices.DropTaxRate(ctx, core.DropTaxRate{By: by})) },
		"CreatePromotion": func(by account.Actor) error { return second(prices.CreatePromotion(ctx, core.CreatePromotion{By: by})) },
		"ReplacePromotion": func(by account.Actor) error {
			return second(prices.ReplacePromotion(ctx, core.ReplacePromotion{By: by}))
		},
		"DropPromotion": func(by account.Actor) error { return second(prices.DropPromotion(ctx, core.DropPromotion{By: by})) },
		"CreateCoupon":  func(by account.Actor) error { return second(prices.CreateCoupon(ctx, core.CreateCoupon{By: by})) },
		"ReplaceCoupon": func(by account.Actor) error { return second(prices.ReplaceCoupon(ctx, core.ReplaceCoupon{By: by})) },
		"DropCoupon":    func(by account.Actor) error { return second(prices.DropCoupon(ctx, core.DropCoupon{By: by})) },
		"FindCoupon":    func(by account.Actor) error { return second(prices.FindCoupon(ctx, core.FindCoupon{By: by})) },
		"BrowseCoupons": func(by account.Actor) error { return second(prices.BrowseCoupons(ctx, core.BrowseCoupons{By: by})) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			mustFail[any](t, verb(account.Actor{}), fault.Unauthenticated, "unauthenticated")
			mustFail[any](t, verb(account.Guest(rand.Text())), fault.Denied, "permission_denied")
			mustFail[any](t, verb(account.Key("k", account.CatalogWrite)), fault.Denied, "permission_denied")
		})
	}
}
