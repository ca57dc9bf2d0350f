// Package cart holds what somebody is about to buy. A cart knows SKUs and
// quantities; prices in it are memories of what was shown, never what binds. It
// imports the standard library, fault, money, id and account.
package cart

import (
	"fmt"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

// MaxLines bounds the number of different SKUs in a cart.
const MaxLines = 100

// Status is where a cart is in its life.
type Status string

const (
	Open     Status = "open"
	Ordering Status = "ordering" // an order of it is in payment; nobody edits it
	Ordered  Status = "ordered"  // final
	Expired  Status = "expired"  // final
)

// Cart is a shopper's basket, one line per SKU.
type Cart struct {
	ID        id.Cart
	Customer  id.Customer       // zero: a guest's
	Token     account.TokenHash // what a guest must show
	Status    Status
	Order     id.Order // the order in payment, or the one it became
	Currency  money.Currency
	Lines     []Line // in the order they were added
	Coupons   []string
	Version   int64 // rises by one with every change
	ExpiresAt time.Time
	CreatedAt time.Time
	UpdatedAt time.Time
}

// Line is a number of units of a SKU.
type Line struct {
	SKU        id.SKU       `json:"sku"`
	Quantity   int          `json:"quantity"`
	AddedPrice money.Amount `json:"added_price"` // the price shown when it was added
}

// OwnedBy reports whether the actor may see and change the cart: its customer,
// whoever shows its token, the system, and for a cart without either any
// operator with order.write.
func (c *Cart) OwnedBy(a account.Actor) bool {
	switch {
	case a.IsSystem():
		return true
	case !c.Customer.IsZero():
		return a.CustomerID() == c.Customer
	case c.Token == account.TokenHash{}:
		return a.Can(account.OrderWrite)
	default:
		return a.Shows(c.Token)
	}
}

// ItemCount returns the number of units in the cart.
func (c *Cart) ItemCount() int {
	n := 0
	for _, l := range c.Lines {
		n += l.Quantity
	}
	return n
}

// Line returns the line of a SKU, ignoring case; nil if there is none.
func (c *Cart) Line(sku id.SKU) *Line {
	for i := range c.Lines {
		if c.Lines[i].SKU.Fold() == sku.Fold() {
			return &c.Lines[i]
		}
	}
	return nil
}

// SKUs returns the SKUs of all lines, in order.
func (c *Cart) SKUs() []id.SKU {
	skus := make([]id.SKU, len(c.Lines))
	for i, l := range c.Lines {
		skus[i] = l.SKU
	}
	return skus
}

// Editable answers Conflict (cart_locked, cart_already_ordered) or Gone
// (cart_expired) unless the cart can be changed now.
func (c *Cart) Editable(now time.Time) error {
	switch {
	case c.Status == Ordering:
		return &fault.Error{Kind: fault.Conflict, Code: "cart_locked", Detail: "an order of this cart is being paid", Data: InOrder{c.Order}}
	case c.Status == Ordered:
		return &fault.Error{Kind: fault.Conflict, Code: "cart_already_ordered", Detail: "this cart has been ordered", Data: InOrder{c.Order}}
	case c.Over(now):
		return fault.New(fault.Gone, "cart_expired", "this cart has expired")
	}
	return nil
}

// Over reports whether the cart expired without having been ordered.
func (c *Cart) Over(now time.Time) bool {
	return c.Status == Expired || c.Status == Open && !now.Before(c.ExpiresAt)
}

// InOrder is the Data of cart_locked and cart_already_ordered.
type InOrder struct{ Order id.Order }

// Set puts a quantity of a SKU into the cart, in place of what was there; 0
// takes the line out, and one that is not there changes nothing. max is the
// shop's cap per line. Invalid quantity_limit above it; the errors of Editable.
func (c *Cart) Set(sku id.SKU, quantity, max int, price money.Amount, now time.Time) error {
	if err := c.Editable(now); err != nil {
		return err
	}
	if quantity < 0 {
		return fault.InvalidField("quantity", "too_small", "must not be negative")
	}
	if quantity > max {
		return &fault.Error{
			Kind: fault.Invalid, Code: "quantity_limit", Detail: fmt.Sprintf("at most %d of one product", max), Data: fault.Max{Max: int64(max)},
			Fields: []fault.Field{{Location: "quantity", Code: "too_large", Message: fmt.Sprintf("must be at most %d", max)}},
		}
	}
	line := c.Line(sku)
	switch {
	case quantity == 0 && line == nil:
		return nil
	case quantity == 0:
		c.remove(sku)
	case line != nil:
		line.Quantity = quantity
		line.AddedPrice = price
	case len(c.Lines) >= MaxLines:
		return &fault.Error{Kind: fault.Invalid, Code: "quantity_limit", Detail: fmt.Sprintf("at most %d different products in a cart", MaxLines), Data: fault.Max{Max: MaxLines}}
	default:
		c.Lines = append(c.Lines, Line{sku, quantity, price})
	}
	c.touch(now)
	return nil
}

func (c *Cart) remove(sku id.SKU) {
	kept := c.Lines[:0:0]
	for _, l := range c.Lines {
		if l.SKU.Fold() != sku.Fold() {
			kept = append(kept, l)
		}
	}
	c.Lines = kept
}

// BeginOrder locks an open cart for an order. The errors of Editable; Invalid
// at cart_id when it is empty.
func (c *Cart) BeginOrder(o id.Order, now time.Time) error {
	if err := c.Editable(now); err != nil {
		return err
	}
	if len(c.Lines) == 0 {
		return fault.InvalidField("cart_id", "required", "the cart is empty")
	}
	c.Status, c.Order = Ordering, o
	c.touch(now)
	return nil
}

// EndOrder closes the cart after its order was confirmed. A cart that is in
// another order stays as it is.
func (c *Cart) EndOrder(o id.Order, now time.Time) {
	if c.Order == o && c.Status == Ordering {
		c.Status = Ordered
		c.touch(now)
	}
}

// Reopen gives the cart back after its order failed, was cancelled or expired.
// A cart that is in another order, or ordered, stays as it is. It lives for at
// least ttl from now.
func (c *Cart) Reopen(o id.Order, ttl time.Duration, now time.Time) {
	if c.Order == o && c.Status == Ordering {
		c.Status, c.Order = Open, id.Order{}
		c.Keep(ttl, now)
		c.touch(now)
	}
}

// Keep lets an open cart live for at least ttl from now.
func (c *Cart) Keep(ttl time.Duration, now time.Time) {
	if until := now.Add(ttl); c.Status == Open && until.After(c.ExpiresAt) {
		c.ExpiresAt = until
	}
}

func (c *Cart) touch(now time.Time) {
	c.Version++
	c.UpdatedAt = now
}

// MaxCoupons bounds the coupons in a cart.
const MaxCoupons = 10

// AddCoupon puts a coupon into the cart; one that is there already changes
// nothing. Invalid coupon_not_applicable when there are too many; the errors of
// Editable.
func (c *Cart) AddCoupon(code string, now time.Time) error {
	if err := c.Editable(now); err != nil {
		return err
	}
	if slices.Contains(c.Coupons, code) {
		return nil
	}
	if len(c.Coupons) >= MaxCoupons {
		return fault.New(fault.Invalid, "coupon_not_applicable", fmt.Sprintf("at most %d coupons in a cart", MaxCoupons))
	}
	c.Coupons = append(slices.Clone(c.Coupons), code)
	c.touch(now)
	return nil
}

// RemoveCoupon takes a coupon out; one that is not there changes nothing. The
// errors of Editable.
func (c *Cart) RemoveCoupon(code string, now time.Time) error {
	if err := c.Editable(now); err != nil {
		return err
	}
	if i := slices.Index(c.Coupons, code); i >= 0 {
		c.Coupons = slices.Delete(slices.Clone(c.Coupons), i, i+1)
		c.touch(now)
	}
	return nil
}
