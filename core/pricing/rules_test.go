package pricing_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/pricing"
)

func TestTariff_Rate(t *testing.T) {
	t.Parallel()
	steps := []pricing.RateStep{{From: 0, Price: eur(490)}, {From: 1000, Price: eur(690)}, {From: 5000, Price: eur(990)}}
	flat := pricing.Tariff{By: pricing.RateFlat, Steps: steps[:1]}
	weight := pricing.Tariff{By: pricing.RateByWeight, Steps: steps, Max: 10_000}
	total := pricing.Tariff{By: pricing.RateByTotal, Steps: steps[1:], FreeFrom: eur(8000)}
	abroad := flat
	abroad.Countries = []string{"AT", "CH"}
	off := flat
	off.Disabled = true
	for name, c := range map[string]struct {
		tariff pricing.Tariff
		parcel pricing.Parcel
		price  int64 // negative: not for it
	}{
		"Flat":           {flat, pricing.Parcel{Country: "DE", Grams: 99_999, Value: eur(99_999)}, 490},
		"Disabled":       {off, pricing.Parcel{Country: "DE", Value: eur(1)}, -1},
		"OtherCountry":   {abroad, pricing.Parcel{Country: "DE", Value: eur(1)}, -1},
		"ItsCountry":     {abroad, pricing.Parcel{Country: "CH", Value: eur(1)}, 490},
		"WeightBelow":    {weight, pricing.Parcel{Grams: 999, Value: eur(9000)}, 490},
		"WeightFrom":     {weight, pricing.Parcel{Grams: 1000, Value: eur(1)}, 690},
		"WeightLast":     {weight, pricing.Parcel{Grams: 10_000, Value: eur(1)}, 990},
		"TooHeavy":       {weight, pricing.Parcel{Grams: 10_001, Value: eur(1)}, -1},
		"TotalTooSmall":  {total, pricing.Parcel{Value: eur(999)}, -1},
		"TotalFrom":      {total, pricing.Parcel{Value: eur(1000)}, 690},
		"BelowThreshold": {total, pricing.Parcel{Value: eur(7999)}, 990},
		"FreeFrom":       {total, pricing.Parcel{Value: eur(8000)}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := c.tariff.Rate(c.parcel)
			if ok != (c.price >= 0) || ok && got.Price != eur(c.price) {
				t.Errorf("got %s, %v", got.Price, ok)
			}
		})
	}
}

func TestPromotion_Live(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := pricing.Promotion{StartsAt: start, EndsAt: start.Add(time.Hour)}
	for after, want := range map[time.Duration]bool{-1: false, 0: true, time.Hour - 1: true, time.Hour: false} {
		if p.Live(start.Add(after)) != want {
			t.Errorf("%s after its start: live %v", after, !want)
		}
	}
	if forever := (pricing.Promotion{}); !forever.Live(start) {
		t.Error("one without limits is not live")
	}
	p.Disabled = true
	if p.Live(start) {
		t.Error("a disabled one is live")
	}
}

func TestRules_Validate(t *testing.T) {
	t.Parallel()
	promotion := func(change func(*pricing.Promotion)) error {
		p := pricing.Promotion{Name: "Sale", Type: pricing.PercentageOff, BasisPoints: 1000}
		change(&p)
		return p.Validate("EUR")
	}
	tariff := func(change func(*pricing.Tariff)) error {
		x := pricing.Tariff{Code: "standard", Name: "Standard", By: pricing.RateByWeight, Steps: []pricing.RateStep{{0, eur(1)}, {10, eur(2)}}, MaxDays: 2}
		change(&x)
		return x.Validate("EUR")
	}
	coupon := func(change func(*pricing.Coupon)) error {
		c := pricing.Coupon{Code: "TEN", Limit: 1, PerCustomer: 1}
		change(&c)
		return c.Validate()
	}
	for name, c := range map[string]struct {
		err  error
		want string // location and code of each finding
	}{
		"Promotion":          {promotion(func(*pricing.Promotion) {}), ""},
		"Unnamed":            {promotion(func(p *pricing.Promotion) { p.Name = "" }), "name required"},
		"NoPercentage":       {promotion(func(p *pricing.Promotion) { p.BasisPoints = 0 }), "percent_bp too_small"},
		"MoreThanAll":        {promotion(func(p *pricing.Promotion) { p.BasisPoints = 10_001 }), "percent_bp too_large"},
		"NoAmount":           {promotion(func(p *pricing.Promotion) { p.Type, p.BasisPoints = pricing.AmountOff, 0 }), "amount required"},
		"AmountOfNothing":    {promotion(func(p *pricing.Promotion) { p.Type, p.BasisPoints, p.Amount = pricing.AmountOff, 0, eur(0) }), "amount.amount too_small"},
		"AmountOfPercentage": {promotion(func(p *pricing.Promotion) { p.Amount = eur(1) }), "amount enum"},
		"PercentOfShipping":  {promotion(func(p *pricing.Promotion) { p.Type = pricing.FreeShipping }), "percent_bp enum"},
		"OtherType":          {promotion(func(p *pricing.Promotion) { p.Type, p.BasisPoints = "gift", 0 }), "type enum"},
		"OtherCurrency":      {promotion(func(p *pricing.Promotion) { p.Minimum = money.New(1, "USD") }), "minimum.currency enum"},
		"EndsFirst": {promotion(func(p *pricing.Promotion) {
			p.StartsAt, p.EndsAt = time.Unix(2, 0), time.Unix(2, 0)
		}), "ends_at too_small"},

		"Tariff":        {tariff(func(*pricing.Tariff) {}), ""},
		"BadCode":       {tariff(func(x *pricing.Tariff) { x.Code = "a b" }), "code pattern"},
		"NoSteps":       {tariff(func(x *pricing.Tariff) { x.Steps = nil }), "steps required"},
		"FlatHasOne":    {tariff(func(x *pricing.Tariff) { x.By = pricing.RateFlat }), "steps too_long"},
		"OtherRate":     {tariff(func(x *pricing.Tariff) { x.By = "volume" }), "rate enum"},
		"StepsFall":     {tariff(func(x *pricing.Tariff) { x.Steps[1].From = 0 }), "steps[1].from too_small"},
		"StepUnpriced":  {tariff(func(x *pricing.Tariff) { x.Steps[1].Price = money.Amount{} }), "steps[1].price required"},
		"StepElsewhere": {tariff(func(x *pricing.Tariff) { x.Steps[1].Price = money.New(1, "USD") }), "steps[1].price.currency enum"},
		"DaysFall":      {tariff(func(x *pricing.Tariff) { x.MinDays = 3 }), "delivery_days.max too_small"},

		"Coupon":        {coupon(func(*pricing.Coupon) {}), ""},
		"Unlimited":     {coupon(func(c *pricing.Coupon) { c.Limit, c.PerCustomer = 0, 0 }), ""},
		"BadWord":       {coupon(func(c *pricing.Coupon) { c.Code = "-TEN" }), "code pattern"},
		"NegativeLimit": {coupon(func(c *pricing.Coupon) { c.Limit = -1 }), "usage_limit too_small"},

		"TaxRate":        {vat(1900).Validate(), ""},
		"MoreThanAllTax": {(&pricing.TaxRate{Name: "VAT", BasisPoints: 10_001}).Validate(), "rate_bp too_large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var found []string
			if e, ok := errors.AsType[*fault.Error](c.err); ok {
				for _, f := range e.Fields {
					found = append(found, f.Location+" "+f.Code)
				}
			}
			foreign := strings.HasSuffix(c.want, "currency enum")
			if code := fault.CodeOf(c.err); foreign != (code == "currency_mismatch") {
				t.Errorf("the code is %q", code)
			}
			if got := strings.Join(found, ", "); got != c.want || (c.err == nil) != (c.want == "") {
				t.Errorf("got %q (%v), want %q", got, c.err, c.want)
			}
		})
	}
}

func TestParseCode(t *testing.T) {
	t.Parallel()
	if got, err := pricing.ParseCode("summer-10"); got != "SUMMER-10" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	for _, bad := range []string{"", " ", "a b", "ä", strings.Repeat("x", 65)} {
		if _, err := pricing.ParseCode(bad); !fault.Is(err, fault.Invalid) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
