package core

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/pricing"
)

// ApplyCoupon puts a coupon into a cart.
type ApplyCoupon struct {
	By      account.Actor
	Cart    id.Cart
	Version int64 // zero: whatever is there
	Code    string
}

// RemoveCoupon takes a coupon out of a cart.
type RemoveCoupon struct {
	By      account.Actor
	Cart    id.Cart
	Version int64 // zero: whatever is there
	Code    string
}

// ApplyCoupon puts a coupon into a cart, if it counts there now. Whether it still
// does is decided at checkout, by the e-mail address too. Invalid
// (coupon_unknown, coupon_expired, coupon_not_applicable), Exhausted
// (coupon_exhausted), Stale (version_conflict), and the errors of cart.Editable.
func (x *Carts) ApplyCoupon(ctx context.Context, c ApplyCoupon) (CartView, error) {
	k, err := x.s.ownCart(ctx, c.By, c.Cart)
	if err != nil {
		return CartView{}, err
	}
	code, err := pricing.ParseCode(c.Code)
	if err != nil {
		return CartView{}, CouponUnknown.err()
	}
	g, err := x.s.goods(ctx, k.SKUs(), x.s.available)
	if err != nil {
		return CartView{}, err
	}
	entered := k
	if err := entered.AddCoupon(code, x.s.Now()); err != nil {
		return CartView{}, err
	}
	book, err := x.s.prices(ctx, 0) // it may have been made a moment ago
	if err != nil {
		return CartView{}, err
	}
	_, problems, err := x.s.bill(ctx, book, entered, g.offers)
	if err != nil {
		return CartView{}, err
	}
	if problem := problems[code]; problem != "" {
		return CartView{}, problem.err()
	}
	return x.change(ctx, c.Cart, c.Version, g, func(k *cart.Cart, now time.Time) error { return k.AddCoupon(code, now) })
}

// RemoveCoupon takes a coupon out; one that is not there is a success without
// effect. Errors as of ApplyCoupon.
func (x *Carts) RemoveCoupon(ctx context.Context, c RemoveCoupon) (CartView, error) {
	k, err := x.s.ownCart(ctx, c.By, c.Cart)
	if err != nil {
		return CartView{}, err
	}
	g, err := x.s.goods(ctx, k.SKUs(), x.s.available)
	if err != nil {
		return CartView{}, err
	}
	code, _ := pricing.ParseCode(c.Code) // "" is in no cart
	return x.change(ctx, c.Cart, c.Version, g, func(k *cart.Cart, now time.Time) error { return k.RemoveCoupon(code, now) })
}
