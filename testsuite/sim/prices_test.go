package sim

import (
	"context"
	"fmt"
	"testing"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/pricing"
)

// Two ways to send a parcel, and what the dearer one costs.
const (
	standard = "standard"
	express  = "express"
	rush     = 990
)

// What a coupon takes off, and the one that is left of one of them.
const couponOff = 500

var coupons = []core.CreateCoupon{
	{Code: "LAST", Limit: 1},       // somebody's
	{Code: "ONCE", PerCustomer: 1}, // everybody's, once
	{Code: "FEW", Limit: 2, PerCustomer: 1},
}

// price says what sending costs and what there is off.
func price(t *testing.T, shop *core.Shop) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	_, err := shop.Prices.DefineShippingMethod(t.Context(), core.DefineShippingMethod{By: keeper, Method: tariff(standard, 490)})
	must(err)
	_, err = shop.Prices.DefineShippingMethod(t.Context(), core.DefineShippingMethod{By: keeper, Method: tariff(express, rush)})
	must(err)
	_, err = shop.Prices.CreatePromotion(t.Context(), core.CreatePromotion{By: keeper, Promotion: pricing.Promotion{
		Name: "Much", Type: pricing.PercentageOff, BasisPoints: 1000, Minimum: money.New(3000, "EUR"),
	}})
	must(err)
	off, err := shop.Prices.CreatePromotion(t.Context(), core.CreatePromotion{By: keeper, Promotion: pricing.Promotion{
		Name: "Coupon", Type: pricing.AmountOff, Amount: money.New(couponOff, "EUR"), NeedsCoupon: true,
	}})
	must(err)
	for _, c := range coupons {
		c.By, c.Promotion = keeper, off.Rule.ID
		_, err := shop.Prices.CreateCoupon(t.Context(), c)
		must(err)
	}
}

func tariff(code string, minor int64) pricing.Tariff {
	return pricing.Tariff{Code: code, Name: code, By: pricing.RateFlat, Steps: []pricing.RateStep{{Price: money.New(minor, "EUR")}}}
}

// reprice changes what sending costs: who was shown another total is told so.
func (w *world) reprice(ctx context.Context) {
	minor := int64(400 + w.rng.IntN(400))
	_, _, _ = send(ctx, w, fmt.Sprintf("send for %d", minor), func(ctx context.Context, shop *core.Shop) (core.SavedRule[pricing.Tariff], error) {
		return shop.Prices.DefineShippingMethod(ctx, core.DefineShippingMethod{By: keeper, Method: tariff(standard, minor)})
	})
}

// auditPrices: what is off is what was promised, as often as was promised.
func (w *world) auditPrices(ctx context.Context, orders map[id.Order]core.OrderView) {
	uses := map[string]int64{}
	mine := map[[2]string]int64{} // by coupon and address
	for _, o := range orders {
		var off, goods int64
		for _, l := range o.Lines {
			goods += l.UnitPrice.Minor() * int64(l.Quantity)
		}
		for _, d := range o.Totals.Discounts {
			off += d.Amount.Minor()
			switch {
			case d.Code == "" && goods < 3000, d.Code != "" && d.Amount.Minor() > couponOff:
				w.broken("order %s of %d has %d off for %q %s", o.ID, goods, d.Amount.Minor(), d.Label, d.Code)
			case d.Code != "" && !o.Dead():
				uses[d.Code]++
				mine[[2]string{d.Code, o.Email}]++
			}
		}
		if sum := goods - off + o.Totals.Shipping.Minor(); o.Totals.Total.Minor() != sum {
			w.broken("order %s costs %d, its parts %d", o.ID, o.Totals.Total.Minor(), sum)
		}
		if o.ShippingMethod.Code == express && o.Totals.Shipping.Minor() != rush {
			w.broken("order %s is sent in a hurry for %s", o.ID, o.Totals.Shipping)
		}
	}
	for _, c := range coupons {
		stored, err := w.db.Orders().Coupons.Coupons(ctx, []string{c.Code})
		if err != nil || len(stored) != 1 || stored[0].Used != uses[c.Code] {
			w.broken("coupon %s is used by %d orders, the shop says %+v, %v", c.Code, uses[c.Code], stored, err)
		}
		if c.Limit > 0 && uses[c.Code] > c.Limit {
			w.broken("coupon %s is used %d times of %d", c.Code, uses[c.Code], c.Limit)
		}
	}
	for who, n := range mine {
		for _, c := range coupons {
			if c.Code == who[0] && c.PerCustomer > 0 && n > c.PerCustomer {
				w.broken("%s used coupon %s %d times", who[1], who[0], n)
			}
		}
	}
}
