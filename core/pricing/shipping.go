package pricing

import (
	"fmt"
	"slices"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/money"
)

// ShippingMethod is a way to send a parcel, and what it costs for this cart.
type ShippingMethod struct {
	Code     string
	Name     string
	Price    money.Amount
	MinDays  int
	MaxDays  int
	Selected bool
}

// RateBy says what the price of a shipping method depends on.
type RateBy string

const (
	RateFlat     RateBy = "flat"   // on nothing
	RateByWeight RateBy = "weight" // on grams
	RateByTotal  RateBy = "total"  // on what the goods cost after discounts, in minor units
)

// Tariff is a shipping method as the shop offers it: to whom, and how its price
// is found.
type Tariff struct {
	Code      string       `json:"code"`
	Name      string       `json:"name"`
	Countries []string     `json:"countries,omitempty"` // empty: all the shop sends to
	By        RateBy       `json:"by"`
	Steps     []RateStep   `json:"steps"`        // by rising From; a flat rate has one, from 0
	Max       int64        `json:"max,omitzero"` // the most grams or minor units it is for; 0: any number
	FreeFrom  money.Amount `json:"free_from"`    // from this total on it costs nothing; none: never
	MinDays   int          `json:"min_days,omitzero"`
	MaxDays   int          `json:"max_days,omitzero"`
	Position  int          `json:"position,omitzero"` // among the methods
	Disabled  bool         `json:"disabled,omitzero"`
	Version   int64        `json:"version"` // rises by one with every change
}

// RateStep is the price from a weight or total on.
type RateStep struct {
	From  int64        `json:"from"`
	Price money.Amount `json:"price"`
}

// MaxSteps bounds the steps of a tariff.
const MaxSteps = 100

// Parcel is what is to be sent.
type Parcel struct {
	Country string
	Grams   int64
	Value   money.Amount // of the goods after discounts
}

// Rate returns the method with its price for a parcel; false if it is not for it.
func (t *Tariff) Rate(p Parcel) (ShippingMethod, bool) {
	m := ShippingMethod{Code: t.Code, Name: t.Name, MinDays: t.MinDays, MaxDays: t.MaxDays}
	size := map[RateBy]int64{RateFlat: 0, RateByWeight: p.Grams, RateByTotal: p.Value.Minor()}[t.By]
	if t.Disabled || len(t.Countries) > 0 && !slices.Contains(t.Countries, p.Country) || t.Max > 0 && size > t.Max {
		return m, false
	}
	found := false
	for _, step := range t.Steps {
		if step.From <= size {
			m.Price, found = step.Price, true
		}
	}
	if !t.FreeFrom.IsNone() && p.Value.Minor() >= t.FreeFrom.Minor() {
		m.Price = money.New(0, p.Value.Currency())
	}
	return m, found
}

// Validate answers Invalid naming every member that is wrong, in a shop of a
// currency, except the countries, whose codes this package does not know.
func (t *Tariff) Validate(shop money.Currency) error {
	var f fault.Fields
	if _, err := ParseCode(t.Code); err != nil {
		f.Join("", err)
	}
	text(&f, "name", t.Name, 200)
	switch t.By {
	case RateFlat, RateByWeight, RateByTotal:
	default:
		f.Add("rate", "enum", "must be flat, weight or total")
	}
	switch {
	case len(t.Steps) == 0:
		f.Add("steps", "required", "needs at least one price")
	case len(t.Steps) > MaxSteps:
		f.Add("steps", "too_long", fmt.Sprintf("must be at most %d", MaxSteps))
	case t.By == RateFlat && (len(t.Steps) > 1 || t.Steps[0].From != 0):
		f.Add("steps", "too_long", "a flat rate has one price, from 0")
	}
	for i, step := range t.Steps {
		at := fmt.Sprintf("steps[%d]", i)
		within(&f, at+".from", step.From, 0, money.Max)
		if i > 0 && step.From <= t.Steps[i-1].From {
			f.Add(at+".from", "too_small", "must be more than that of the step before")
		}
		if step.Price.IsNone() {
			f.Add(at+".price", "required", "is required")
		}
		price(&f, at+".price", step.Price, shop)
	}
	within(&f, "max", t.Max, 0, money.Max)
	price(&f, "free_from", t.FreeFrom, shop)
	within(&f, "delivery_days.min", int64(t.MinDays), 0, 365)
	within(&f, "delivery_days.max", int64(t.MaxDays), int64(t.MinDays), 365)
	within(&f, "position", int64(t.Position), 0, 1_000_000)
	return f.Err()
}
