package pricing

import (
	"errors"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

// TaxRate is the rate of a country.
type TaxRate struct {
	Name        string `json:"name"`         // "VAT"
	Country     string `json:"country"`      // ISO 3166-1 alpha-2
	BasisPoints int64  `json:"basis_points"` // 1900 is 19 %
	Version     int64  `json:"version"`      // rises by one with every change; 0: of the settings
}

// Validate answers Invalid naming every member that is wrong, except the
// country, whose codes this package does not know.
func (r *TaxRate) Validate() error {
	var f fault.Fields
	text(&f, "name", r.Name, 100)
	within(&f, "rate_bp", r.BasisPoints, 0, 10_000)
	return f.Err()
}

// Taxable is what is to be taxed, after discounts.
type Taxable struct {
	Included bool // the amounts contain their tax
	Lines    []TaxableLine
	Shipping money.Amount
}

// TaxableLine is one line of it.
type TaxableLine struct {
	SKU      id.SKU
	Category id.Category
	Quantity int
	Amount   money.Amount
}

// Tax is the tax of a Taxable.
type Tax struct {
	Lines    []money.Amount // one each, in order; empty: none of them has any
	Shipping money.Amount
	Summary  []TaxLine // by rate; the amounts add up to all of the above
}

// Tax returns the tax of a country with one rate; a nil rate has none. Every
// line is rounded once, half to even.
func (r *TaxRate) Tax(t Taxable) Tax {
	if r == nil {
		return Tax{}
	}
	of := func(price money.Amount) money.Amount {
		if t.Included {
			return price.IncludedTax(r.BasisPoints)
		}
		return price.BasisPoints(r.BasisPoints)
	}
	tax := Tax{Lines: make([]money.Amount, len(t.Lines)), Shipping: of(t.Shipping)}
	base, sum := t.Shipping, tax.Shipping
	for i, l := range t.Lines {
		tax.Lines[i] = of(l.Amount)
		base, sum = plus(base, l.Amount), plus(sum, tax.Lines[i])
	}
	if t.Included {
		base = minus(base, sum)
	}
	tax.Summary = []TaxLine{{Name: r.Name, BasisPoints: r.BasisPoints, Base: base, Amount: sum}}
	return tax
}

// check answers Internal unless the tax is one of t whose parts add up: it may
// come from a service of somebody else's.
func (x Tax) check(t Taxable) error {
	if len(x.Lines) > 0 && len(x.Lines) != len(t.Lines) {
		return fault.Wrap(fault.Internal, "pricing: tax", errors.New("it is not of these lines"))
	}
	wrong := func(tax, of money.Amount) bool {
		return tax.Minor() < 0 || tax.Minor() > money.Max || t.Included && tax.Minor() > of.Minor() || tax.Currency() != of.Currency() && !tax.IsNone()
	}
	bad := wrong(x.Shipping, t.Shipping)
	sum := x.Shipping.Minor()
	for i, tax := range x.Lines {
		bad = bad || wrong(tax, t.Lines[i].Amount)
		sum += tax.Minor()
	}
	for _, l := range x.Summary {
		sum -= l.Amount.Minor()
	}
	if bad || sum != 0 {
		return fault.Wrap(fault.Internal, "pricing: tax", errors.New("it does not add up"))
	}
	return nil
}
