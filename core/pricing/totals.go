package pricing

import (
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

// Totals are the sums of a quote or an order. They keep these identities, each
// line rounded once, half to even:
//
//	Total = Subtotal − Discount + Shipping + (TaxIncluded ? 0 : Tax)
//	Subtotal = Σ line.Subtotal, Discount = Σ line.Discount + any off shipping
//	Tax = Σ TaxLines.Amount = Σ line.Tax + shipping's tax
//
// Discounts are positive numbers that are subtracted.
type Totals struct {
	Subtotal    money.Amount
	Discount    money.Amount
	Discounts   []Discount
	Shipping    money.Amount
	Tax         money.Amount
	TaxIncluded bool // prices contain their tax
	TaxLines    []TaxLine
	Total       money.Amount
}

// Discount is what one promotion took off.
type Discount struct {
	Promotion string // its id; "" for none
	Code      string // the coupon; "" without one
	Label     string
	Amount    money.Amount
}

// TaxLine sums up the tax of one rate.
type TaxLine struct {
	Name        string
	BasisPoints int64
	Base        money.Amount // net of this tax
	Amount      money.Amount
}

// Line is one line's money:
//
//	Subtotal = UnitPrice × Quantity
//	Total = Subtotal − Discount + (included ? 0 : Tax)
type Line struct {
	SKU       id.SKU
	Quantity  int
	UnitPrice money.Amount
	Subtotal  money.Amount
	Discount  money.Amount
	Tax       money.Amount
	Total     money.Amount
}

// Quote is what a cart costs at this moment, sent to this place. It binds
// nobody: checkout computes it again and compares the total.
type Quote struct {
	Totals
	Cart        id.Cart
	CartVersion int64
	Lines       []QuoteLine
	Methods     []ShippingMethod // at least one; exactly one selected
	ExpiresAt   time.Time
}

// QuoteLine is a line with what the shopper reads.
type QuoteLine struct {
	Line
	Name string
}

// Selected returns the shipping method the quote is for.
func (q *Quote) Selected() ShippingMethod {
	for _, m := range q.Methods {
		if m.Selected {
			return m
		}
	}
	return ShippingMethod{}
}
