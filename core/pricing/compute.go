package pricing

import (
	"github.com/bodega-commerce/bodega/core/money"
)

// Terms are what totals are computed from.
type Terms struct {
	Currency    money.Currency
	Items       []Item
	Discounts   []Discount // taken off the lines in turn, each spread by what the lines still cost
	Shipping    money.Amount
	Tax         *TaxRate // nil: no tax
	TaxIncluded bool     // prices and shipping contain their tax
}

// Compute returns the totals and the lines behind them. Discounts never take
// more than there is: an Amount beyond that comes back cut, one that takes
// nothing is left out. Invalid amount_exceeds when a sum leaves money.Max.
func Compute(t Terms) (Totals, []Line, error) {
	zero := money.New(0, t.Currency)
	totals := Totals{Subtotal: zero, Discount: zero, Discounts: []Discount{}, Shipping: t.Shipping, Tax: zero, TaxIncluded: t.TaxIncluded, TaxLines: []TaxLine{}}
	if totals.Shipping.IsNone() {
		totals.Shipping = zero
	}
	lines := make([]Line, len(t.Items))
	var err error
	for i, item := range t.Items {
		l := Line{SKU: item.SKU, Quantity: item.Quantity, UnitPrice: item.UnitPrice, Discount: zero, Tax: zero}
		if l.Subtotal, err = item.UnitPrice.Times(int64(item.Quantity)); err != nil {
			return Totals{}, nil, err
		}
		if totals.Subtotal, err = totals.Subtotal.Add(l.Subtotal); err != nil {
			return Totals{}, nil, err
		}
		lines[i] = l
	}
	for _, d := range t.Discounts {
		if d.Amount = spread(lines, d.Amount); d.Amount.Minor() > 0 {
			totals.Discounts = append(totals.Discounts, d)
			totals.Discount = plus(totals.Discount, d.Amount)
		}
	}
	for i := range lines {
		l := &lines[i]
		cost := minus(l.Subtotal, l.Discount)
		l.Tax = t.tax(cost)
		l.Total = cost
		if !t.TaxIncluded {
			l.Total = plus(cost, l.Tax)
		}
		totals.Tax = plus(totals.Tax, l.Tax)
	}
	totals.Tax = plus(totals.Tax, t.tax(totals.Shipping))
	cost := plus(minus(totals.Subtotal, totals.Discount), totals.Shipping)
	totals.Total = cost
	if !t.TaxIncluded {
		totals.Total = plus(cost, totals.Tax)
	}
	if _, err = totals.Total.Add(zero); err != nil {
		return Totals{}, nil, err
	}
	if t.Tax != nil {
		base := cost
		if t.TaxIncluded {
			base = minus(cost, totals.Tax)
		}
		totals.TaxLines = append(totals.TaxLines, TaxLine{Name: t.Tax.Name, BasisPoints: t.Tax.BasisPoints, Base: base, Amount: totals.Tax})
	}
	return totals, lines, nil
}

// tax returns the tax of a price, rounded half to even.
func (t *Terms) tax(price money.Amount) money.Amount {
	switch {
	case t.Tax == nil:
		return money.New(0, t.Currency)
	case t.TaxIncluded:
		return price.IncludedTax(t.Tax.BasisPoints)
	default:
		return price.BasisPoints(t.Tax.BasisPoints)
	}
}

// spread takes up to amount off the lines, by largest remainder over what they
// still cost, and returns what it took. No line falls below nought: a share
// rounded up is never more than the cost it is a share of.
func spread(lines []Line, amount money.Amount) money.Amount {
	weights := make([]int64, len(lines))
	var left int64
	for i, l := range lines {
		weights[i] = l.Subtotal.Minor() - l.Discount.Minor()
		left += weights[i]
	}
	amount = money.New(max(0, min(amount.Minor(), left)), amount.Currency())
	if amount.IsZero() {
		return amount
	}
	for i, share := range amount.Allocate(weights) {
		lines[i].Discount = plus(lines[i].Discount, share)
	}
	return amount
}

// plus and minus work on amounts of one currency that are known to stay far
// within int64; Compute judges the sums that count.
func plus(a, b money.Amount) money.Amount {
	return money.New(a.Minor()+b.Minor(), a.Currency())
}

func minus(a, b money.Amount) money.Amount {
	return money.New(a.Minor()-b.Minor(), a.Currency())
}
