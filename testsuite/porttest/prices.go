package porttest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/ports"
)

// TestPrices is the contract of PriceRules and PriceRuleWriter.
func TestPrices(t *testing.T, h OrderHarness) {
	t.Parallel()

	t.Run("RoundTripExactly", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		none := pricing.Rules{Tariffs: []pricing.Tariff{}, TaxRates: []pricing.TaxRate{}, Promotions: []pricing.Promotion{}}
		got, err := w.store.Prices.PriceRules(t.Context())
		mustSame(t, "before anything was said", got, err, none)
		want := w.priceRules()
		w.inTx(func(tx ports.OrderTx) error {
			got, err := tx.Prices.PriceRulesForUpdate(t.Context())
			mustSame(t, "for update", got, err, none)
			if err := tx.Prices.SavePriceRules(t.Context(), want); err != nil {
				return err
			}
			got, err = tx.Prices.PriceRulesForUpdate(t.Context())
			mustSame(t, "own write", got, err, want)
			return nil
		})
		got, err = w.store.Prices.PriceRules(t.Context())
		mustSame(t, "saved", got, err, want)
	})

	t.Run("TheRevisionIsRequired", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		require := func(revision int64) error {
			return w.try(func(tx ports.OrderTx) error { return tx.Prices.RequirePriceRules(t.Context(), revision) })
		}
		if err := require(0); err != nil {
			t.Errorf("before anything was said: %v", err)
		}
		mustFail(t, require(1), fault.Stale, "price_rules_changed")
		rules := w.priceRules()
		w.inTx(func(tx ports.OrderTx) error { return tx.Prices.SavePriceRules(t.Context(), rules) })
		if err := require(rules.Revision); err != nil {
			t.Errorf("the revision in force: %v", err)
		}
		mustFail(t, require(0), fault.Stale, "price_rules_changed")
	})

	t.Run("WritersLoseNothing", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		const writers = 10
		errs := together(writers, func(i int) error {
			return w.try(func(tx ports.OrderTx) error {
				rules, err := tx.Prices.PriceRulesForUpdate(t.Context())
				if err != nil {
					return err
				}
				rules.Revision++
				rules.TaxRates = append(rules.TaxRates, pricing.TaxRate{Name: "VAT", Country: fmt.Sprintf("X%d", i), Version: 1})
				return tx.Prices.SavePriceRules(t.Context(), rules)
			})
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		rules, err := w.store.Prices.PriceRules(t.Context())
		if err != nil || rules.Revision != writers || len(rules.TaxRates) != writers {
			t.Errorf("revision %d, %d rates, %v", rules.Revision, len(rules.TaxRates), err)
		}
	})
}

// priceRules returns rules with every member set, and with none.
func (w *orderWorld) priceRules() pricing.Rules {
	at := w.now.Add(time.Microsecond)
	return pricing.Rules{
		Revision: 7,
		Tariffs: []pricing.Tariff{
			{
				Code: "parcel", Name: `Paket "groß" & <schnell>`, Countries: []string{"DE", "AT"}, By: pricing.RateByWeight,
				Steps: []pricing.RateStep{{From: 0, Price: eur(490)}, {From: 1000, Price: eur(690)}}, Max: 31_500, FreeFrom: eur(5000),
				MinDays: 1, MaxDays: 3, Position: 2, Disabled: true, Version: 3,
			},
			{Code: "letter", By: pricing.RateFlat, Countries: []string{}, Steps: []pricing.RateStep{}},
		},
		TaxRates: []pricing.TaxRate{{Name: "MwSt", Country: "DE", BasisPoints: 1900, Version: 2}, {Country: "CH"}},
		Promotions: []pricing.Promotion{
			{
				ID: id.Promotion{UUID: w.ids.New()}, Name: "10 %", Type: pricing.PercentageOff, BasisPoints: 1000, Amount: eur(5),
				Categories: []id.Category{{UUID: w.ids.New()}}, Minimum: eur(2000), NeedsCoupon: true, Disabled: true,
				StartsAt: at, EndsAt: at.Add(time.Hour), Version: 4, CreatedAt: w.now, UpdatedAt: at,
			},
			{ID: id.Promotion{UUID: w.ids.New()}, Type: pricing.AmountOff, Amount: money.New(0, "EUR"), Categories: []id.Category{}, CreatedAt: w.now, UpdatedAt: w.now},
		},
	}
}

// TestCoupons is the contract of Coupons and CouponWriter.
func TestCoupons(t *testing.T, h OrderHarness) {
	t.Parallel()

	t.Run("RoundTripExactly", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		p := id.Promotion{UUID: w.ids.New()}
		full := pricing.Coupon{Code: "TEN", Promotion: p, Limit: 100, PerCustomer: 1, Version: 3, CreatedAt: w.now, UpdatedAt: w.now.Add(time.Microsecond)}
		bare := pricing.Coupon{Code: "A-1", Promotion: p, Version: 1, CreatedAt: w.now, UpdatedAt: w.now}
		other := pricing.Coupon{Code: "B", Promotion: id.Promotion{UUID: w.ids.New()}, Version: 1, CreatedAt: w.now, UpdatedAt: w.now}
		w.addCoupons(full, bare, other)
		got, err := w.store.Coupons.Coupons(t.Context(), []string{"TEN", "NONE", "A-1"})
		mustSame(t, "by code", got, err, []pricing.Coupon{bare, full})
		got, err = w.store.Coupons.Coupons(t.Context(), nil)
		mustSame(t, "by no code", got, err, []pricing.Coupon{})
		got, err = w.store.Coupons.CouponsOf(t.Context(), p, "", 10)
		mustSame(t, "of a promotion", got, err, []pricing.Coupon{bare, full})
		got, err = w.store.Coupons.CouponsOf(t.Context(), p, "", 1)
		mustSame(t, "the first", got, err, []pricing.Coupon{bare})
		got, err = w.store.Coupons.CouponsOf(t.Context(), p, "A-1", 10)
		mustSame(t, "the rest", got, err, []pricing.Coupon{full})

		full.Limit, full.PerCustomer, full.Version, full.UpdatedAt = 0, 2, 4, w.now.Add(time.Hour)
		w.inTx(func(tx ports.OrderTx) error {
			if err := tx.Coupons.SaveCoupon(t.Context(), full); err != nil {
				return err
			}
			got, err := tx.Coupons.CouponForUpdate(t.Context(), "TEN")
			mustSame(t, "saved", got, err, full)
			return nil
		})
	})

	t.Run("ACodeIsTakenOnce", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.addCoupons(w.coupon("TEN", 0, 0))
		mustFail(t, w.try(func(tx ports.OrderTx) error { return tx.Coupons.InsertCoupon(t.Context(), w.coupon("TEN", 0, 0)) }), fault.Exists, "already_exists")
	})

	t.Run("UnknownIsNotFound", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		mustFail(t, w.try(func(tx ports.OrderTx) error {
			_, err := tx.Coupons.CouponForUpdate(t.Context(), "NONE")
			return err
		}), fault.NotFound, "not_found")
		mustFail(t, w.try(func(tx ports.OrderTx) error { return tx.Coupons.SaveCoupon(t.Context(), w.coupon("NONE", 0, 0)) }), fault.NotFound, "not_found")
		mustFail(t, w.redeem("a@example.com", "NONE"), fault.Exhausted, "coupon_exhausted")
		w.inTx(func(tx ports.OrderTx) error {
			return tx.Coupons.DeleteCoupons(t.Context(), id.Promotion{UUID: w.ids.New()}, "NONE")
		})
		w.inTx(func(tx ports.OrderTx) error { return tx.Coupons.GiveBack(t.Context(), w.orderID()) })
	})

	t.Run("LimitsHold", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.addCoupons(w.coupon("TWO", 2, 0), w.coupon("ONCE", 0, 1), w.coupon("ANY", 0, 0))
		for range 2 {
			w.mustRedeem("a@example.com", "TWO", "ANY")
		}
		mustFail(t, w.redeem("b@example.com", "TWO"), fault.Exhausted, "coupon_exhausted")
		mustFail(t, w.redeem("b@example.com", "ANY", "TWO"), fault.Exhausted, "coupon_exhausted") // all or none
		w.mustRedeem("a@example.com", "ONCE")
		mustFail(t, w.redeem("a@example.com", "ONCE"), fault.Exhausted, "coupon_exhausted")
		w.mustRedeem("b@example.com", "ONCE")
		w.mustBeUsed(map[string]int64{"TWO": 2, "ANY": 2, "ONCE": 2})
	})

	t.Run("WhatIsGivenBackCanBeUsedAgain", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.addCoupons(w.coupon("LAST", 1, 1), w.coupon("OTHER", 5, 5))
		o := w.mustRedeem("a@example.com", "LAST", "OTHER")
		for range 2 { // the second time changes nothing
			w.inTx(func(tx ports.OrderTx) error { return tx.Coupons.GiveBack(t.Context(), o) })
		}
		w.mustBeUsed(map[string]int64{"LAST": 0, "OTHER": 0})
		w.mustRedeem("a@example.com", "LAST")
		w.mustBeUsed(map[string]int64{"LAST": 1, "OTHER": 0})
	})

	t.Run("ARolledBackUseIsNone", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.addCoupons(w.coupon("LAST", 1, 1))
		refuse := errors.New("refused")
		if err := w.try(func(tx ports.OrderTx) error {
			return errors.Join(tx.Coupons.Redeem(t.Context(), pricing.Redemption{Order: w.orderID(), Email: "a@example.com", Codes: []string{"LAST"}}), refuse)
		}); !errors.Is(err, refuse) {
			t.Fatal(err)
		}
		w.mustBeUsed(map[string]int64{"LAST": 0})
		w.mustRedeem("a@example.com", "LAST")
	})

	t.Run("ForgottenWithItsUses", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		ten, other, foreign := w.coupon("TEN", 1, 1), w.coupon("OTHER", 1, 1), w.coupon("FOREIGN", 0, 0)
		other.Promotion = ten.Promotion
		w.addCoupons(ten, other, foreign)
		o := w.mustRedeem("a@example.com", "TEN", "OTHER")
		w.inTx(func(tx ports.OrderTx) error {
			return tx.Coupons.DeleteCoupons(t.Context(), ten.Promotion, "TEN", "FOREIGN")
		})
		w.mustBeUsed(map[string]int64{"OTHER": 1, "FOREIGN": 0})
		w.addCoupons(ten) // another one by that name
		w.inTx(func(tx ports.OrderTx) error { return tx.Coupons.GiveBack(t.Context(), o) })
		w.mustBeUsed(map[string]int64{"TEN": 0, "OTHER": 0, "FOREIGN": 0})
		w.mustRedeem("a@example.com", "TEN")
		w.inTx(func(tx ports.OrderTx) error { return tx.Coupons.DeleteCoupons(t.Context(), ten.Promotion) })
		w.mustBeUsed(map[string]int64{"FOREIGN": 0})
	})

	t.Run("FiftyBuyersOneUse", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.addCoupons(w.coupon("LAST", 1, 0))
		w.race(50, 1, func(i int) error { return w.redeem(fmt.Sprintf("%d@example.com", i), "LAST") })
		w.mustBeUsed(map[string]int64{"LAST": 1})
	})

	t.Run("FiftyOrdersOfOneCustomer", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.addCoupons(w.coupon("ONCE", 0, 1))
		w.race(50, 1, func(int) error { return w.redeem("a@example.com", "ONCE") })
		w.mustBeUsed(map[string]int64{"ONCE": 1})
	})

	t.Run("CouponsInAnyOrderNeverDeadlock", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.addCoupons(w.coupon("A", 7, 0), w.coupon("B", 0, 0), w.coupon("C", 0, 0))
		w.race(30, 7, func(i int) error {
			codes := []string{"A", "B", "C"}
			codes[0], codes[i%3] = codes[i%3], codes[0]
			return w.redeem(fmt.Sprintf("%d@example.com", i), codes...)
		})
		w.mustBeUsed(map[string]int64{"A": 7, "B": 7, "C": 7})
	})

	t.Run("UsesAndReturnsAddUp", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.addCoupons(w.coupon("A", 3, 0), w.coupon("B", 0, 2))
		errs := together(30, func(i int) error {
			o := w.orderID()
			for range 3 {
				err := w.try(func(tx ports.OrderTx) error {
					return tx.Coupons.Redeem(t.Context(), pricing.Redemption{Order: o, Email: fmt.Sprintf("%d@example.com", i%2), Codes: []string{"B", "A"}})
				})
				if fault.CodeOf(err) == "coupon_exhausted" {
					continue
				}
				if err == nil {
					err = w.try(func(tx ports.OrderTx) error { return tx.Coupons.GiveBack(t.Context(), o) })
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		w.mustBeUsed(map[string]int64{"A": 0, "B": 0})
	})
}

func (w *orderWorld) coupon(code string, limit, perCustomer int64) pricing.Coupon {
	return pricing.Coupon{
		Code: code, Promotion: id.Promotion{UUID: w.ids.New()}, Limit: limit, PerCustomer: perCustomer, Version: 1, CreatedAt: w.now, UpdatedAt: w.now,
	}
}

func (w *orderWorld) addCoupons(cs ...pricing.Coupon) {
	w.t.Helper()
	w.inTx(func(tx ports.OrderTx) error {
		for _, c := range cs {
			if err := tx.Coupons.InsertCoupon(w.t.Context(), c); err != nil {
				return err
			}
		}
		return nil
	})
}

// redeem lets a new order use coupons.
func (w *orderWorld) redeem(email string, codes ...string) error {
	return w.try(func(tx ports.OrderTx) error {
		return tx.Coupons.Redeem(w.t.Context(), pricing.Redemption{Order: w.orderID(), Email: email, Codes: codes})
	})
}

func (w *orderWorld) mustRedeem(email string, codes ...string) id.Order {
	w.t.Helper()
	o := w.orderID()
	w.inTx(func(tx ports.OrderTx) error {
		return tx.Coupons.Redeem(w.t.Context(), pricing.Redemption{Order: o, Email: email, Codes: codes})
	})
	return o
}

// race lets n try at once, of whom so many succeed and the others find the
// coupon exhausted.
func (w *orderWorld) race(n, succeed int, try func(i int) error) {
	w.t.Helper()
	for i, err := range together(n, try) {
		switch {
		case err == nil:
			succeed--
		case fault.CodeOf(err) != "coupon_exhausted":
			w.t.Errorf("buyer %d: %v", i, err)
		}
	}
	if succeed != 0 {
		w.t.Errorf("%d fewer succeeded than should", succeed)
	}
}

// mustBeUsed fails unless these coupons are there, used so often.
func (w *orderWorld) mustBeUsed(want map[string]int64) {
	w.t.Helper()
	got := map[string]int64{}
	found, err := w.store.Coupons.Coupons(w.t.Context(), []string{"A", "ANY", "B", "C", "FOREIGN", "LAST", "ONCE", "OTHER", "TEN", "TWO"})
	if err != nil {
		w.t.Fatal(err)
	}
	for _, c := range found {
		got[c.Code] = c.Used
	}
	mustSame(w.t, "uses", got, nil, want)
}
