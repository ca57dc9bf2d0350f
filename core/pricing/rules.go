package pricing

import (
	"encoding/json"
	"fmt"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/money"
)

// Rules are what a shop's operators have said about prices, as one: they change
// seldom, and every checkout needs them all.
type Rules struct {
	Revision   int64       `json:"-"`         // rises by one with every change
	Tariffs    []Tariff    `json:"tariffs"`   // none: the settings' flat rate
	TaxRates   []TaxRate   `json:"tax_rates"` // none: those of the settings
	Promotions []Promotion `json:"promotions"`
}

// Marshal returns the document a store keeps of the rules, beside their revision.
func (r *Rules) Marshal() ([]byte, error) { return json.Marshal(r) }

// ParseRules reads what Marshal wrote. No list in it is nil.
func ParseRules(doc []byte, revision int64) (Rules, error) {
	r := Rules{Revision: revision}
	if err := json.Unmarshal(doc, &r); err != nil {
		return Rules{}, err
	}
	r.Tariffs, r.TaxRates, r.Promotions = listed(r.Tariffs), listed(r.TaxRates), listed(r.Promotions)
	for i := range r.Tariffs {
		r.Tariffs[i].Countries, r.Tariffs[i].Steps = listed(r.Tariffs[i].Countries), listed(r.Tariffs[i].Steps)
	}
	for i := range r.Promotions {
		r.Promotions[i].Categories = listed(r.Promotions[i].Categories)
	}
	return r, nil
}

func listed[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// MaxRules bounds how many there are of each kind: all are read at once.
const MaxRules = 1000

// text judges what people read.
func text(f *fault.Fields, at, v string, most int) {
	switch {
	case v == "":
		f.Add(at, "required", "is required")
	case utf8.RuneCountInString(v) > most:
		f.Add(at, "too_long", fmt.Sprintf("must have at most %d characters", most))
	}
}

func within(f *fault.Fields, at string, v, least, most int64) {
	switch {
	case v < least:
		f.Add(at, "too_small", fmt.Sprintf("must be at least %d", least))
	case v > most:
		f.Add(at, "too_large", fmt.Sprintf("must be at most %d", most))
	}
}

// price judges an amount that may be none.
func price(f *fault.Fields, at string, a money.Amount, shop money.Currency) {
	switch {
	case a.IsNone():
	case !a.Currency().Known():
		f.Add(at+".currency", "enum", "is not an ISO 4217 code")
	case a.Currency() != shop:
		f.AddCurrency(at, string(shop))
	default:
		within(f, at+".amount", a.Minor(), 0, money.Max)
	}
}
