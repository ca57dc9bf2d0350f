package pricing

import (
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

// PromotionType says what a promotion gives.
type PromotionType string

const (
	PercentageOff PromotionType = "percentage"    // a share of what the goods it is for cost
	AmountOff     PromotionType = "amount"        // an amount of money, once an order
	FreeShipping  PromotionType = "free_shipping" // all that shipping costs
)

// Promotion is a reason to pay less. One that needs no coupon is everybody's.
// Its amounts are stored even if there are none: omitzero would lose nought.
type Promotion struct {
	ID          id.Promotion  `json:"id"`
	Name        string        `json:"name"` // as the receipt says it
	Type        PromotionType `json:"type"`
	BasisPoints int64         `json:"basis_points,omitzero"` // of PercentageOff: 1000 is 10 %
	Amount      money.Amount  `json:"amount"`                // of AmountOff
	Categories  []id.Category `json:"categories,omitempty"`  // whose goods it is for, with all below them; empty: all
	Minimum     money.Amount  `json:"minimum"`               // what the goods it is for must cost together; none: anything
	NeedsCoupon bool          `json:"needs_coupon,omitzero"`
	Disabled    bool          `json:"disabled,omitzero"`
	StartsAt    time.Time     `json:"starts_at,omitzero"` // zero: at once
	EndsAt      time.Time     `json:"ends_at,omitzero"`   // zero: never
	Version     int64         `json:"version"`            // rises by one with every change
	CreatedAt   time.Time     `json:"created_at"`
	UpdatedAt   time.Time     `json:"updated_at"`
}

// Live reports whether the promotion is given at a time.
func (p *Promotion) Live(at time.Time) bool {
	return !p.Disabled && !at.Before(p.StartsAt) && (p.EndsAt.IsZero() || at.Before(p.EndsAt))
}

// Validate answers Invalid naming every member that is wrong, in a shop of a
// currency.
func (p *Promotion) Validate(shop money.Currency) error {
	var f fault.Fields
	text(&f, "name", p.Name, 200)
	switch p.Type {
	case PercentageOff:
		within(&f, "percent_bp", p.BasisPoints, 1, 10_000)
	case AmountOff:
		if p.Amount.IsNone() {
			f.Add("amount", "required", "is required")
		} else if p.Amount.IsZero() {
			f.Add("amount.amount", "too_small", "must be more than nothing")
		}
	case FreeShipping:
	default:
		f.Add("type", "enum", "must be percentage, amount or free_shipping")
	}
	if p.Type != PercentageOff && p.BasisPoints != 0 {
		f.Add("percent_bp", "enum", "is of a percentage only")
	}
	if p.Type != AmountOff && !p.Amount.IsNone() {
		f.Add("amount", "enum", "is of an amount only")
	}
	if !p.EndsAt.IsZero() && !p.EndsAt.After(p.StartsAt) {
		f.Add("ends_at", "too_small", "must be after starts_at")
	}
	price(&f, "amount", p.Amount, shop)
	price(&f, "minimum", p.Minimum, shop)
	return f.Err()
}

// Coupon is a word that gives the right to a promotion, so many times.
type Coupon struct {
	Code        string // upper case
	Promotion   id.Promotion
	Limit       int64 // orders in all; 0: any number
	PerCustomer int64 // orders of one e-mail address; 0: any number
	Used        int64 // orders that have it and are not cancelled
	Version     int64 // rises by one with every change by an operator
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Exhausted reports whether nobody may use the coupon any more.
func (c *Coupon) Exhausted() bool { return c.Limit > 0 && c.Used >= c.Limit }

// Validate answers Invalid naming every member that is wrong.
func (c *Coupon) Validate() error {
	var f fault.Fields
	if _, err := ParseCode(c.Code); err != nil {
		f.Join("", err)
	}
	within(&f, "usage_limit", c.Limit, 0, MaxUses)
	within(&f, "usage_limit_per_customer", c.PerCustomer, 0, MaxUses)
	return f.Err()
}

// MaxUses bounds the limits of a coupon.
const MaxUses = 1_000_000_000

// ParseCode returns a coupon's code as it is stored: in upper case, so that it
// can be typed in any. Invalid unless it has 1 to 64 letters, digits, '.', '_'
// or '-' and begins with a letter or digit.
func ParseCode(code string) (string, error) {
	if err := id.SKU(code).Validate(); err != nil { // the same letters
		return "", fault.InvalidField("code", "pattern", "must be 1 to 64 letters, digits, '.', '_' or '-', and begin with a letter or digit")
	}
	return strings.ToUpper(code), nil
}

// Redemption is an order's use of coupons, each of which counts once.
type Redemption struct {
	Order id.Order
	Email string // lower case: who uses them
	Codes []string
}

// CouponExhausted is the error of a coupon that has been used as often as it may be.
func CouponExhausted(code string) error {
	return fault.New(fault.Exhausted, "coupon_exhausted", "the coupon "+code+" has been used as often as it may be")
}
