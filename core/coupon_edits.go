package core

import (
	"context"
	"fmt"
	"slices"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/ports"
)

// SavedCoupon is a coupon as a write left it.
type SavedCoupon struct {
	pricing.Coupon
	Mark ports.Mark
}

// CreateCoupon asks for a new coupon of a promotion.
type CreateCoupon struct {
	By          account.Actor
	Promotion   id.Promotion
	Code        string // in any case
	Limit       int64  // orders in all; 0: any number
	PerCustomer int64  // orders of one e-mail address; 0: any number
}

// CreateCoupon adds a coupon. NotFound for a promotion that is not there, Exists
// (already_exists, "code").
func (x *Prices) CreateCoupon(ctx context.Context, c CreateCoupon) (SavedCoupon, error) {
	if err := allow(c.By, account.PriceWrite); err != nil {
		return SavedCoupon{}, err
	}
	now := x.s.Now()
	made := pricing.Coupon{Code: c.Code, Promotion: c.Promotion, Limit: c.Limit, PerCustomer: c.PerCustomer, Version: 1, CreatedAt: now, UpdatedAt: now}
	if err := made.Validate(); err != nil {
		return SavedCoupon{}, err
	}
	made.Code, _ = pricing.ParseCode(c.Code) // as Validate did
	mark, err := x.s.Orders.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		// Locked, so that nobody drops the promotion meanwhile and leaves its coupon.
		rules, err := tx.Prices.PriceRulesForUpdate(ctx)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(rules.Promotions, func(p pricing.Promotion) bool { return p.ID == c.Promotion }) {
			return fault.Missing("promotion")
		}
		return tx.Coupons.InsertCoupon(ctx, made)
	})
	return SavedCoupon{Coupon: made, Mark: mark}, err
}

// ReplaceCoupon asks for a coupon's limits to be as given.
type ReplaceCoupon struct {
	By          account.Actor
	Promotion   id.Promotion
	Code        string // in any case
	Version     int64  // 0: whatever is there
	Limit       int64
	PerCustomer int64
}

// ReplaceCoupon changes a coupon's limits. Invalid (usage_limit) for one below
// what has been used; who has used it more often than a new PerCustomer keeps
// that. Stale (version_conflict).
func (x *Prices) ReplaceCoupon(ctx context.Context, c ReplaceCoupon) (SavedCoupon, error) {
	if err := allow(c.By, account.PriceWrite); err != nil {
		return SavedCoupon{}, err
	}
	now := x.s.Now()
	var after pricing.Coupon
	mark, err := x.changeCoupon(ctx, c.Promotion, c.Code, c.Version, func(ctx context.Context, tx ports.OrderTx, before pricing.Coupon) error {
		after = before
		after.Limit, after.PerCustomer, after.UpdatedAt = c.Limit, c.PerCustomer, now
		after.Version++
		if err := after.Validate(); err != nil {
			return err
		}
		if after.Limit > 0 && after.Limit < after.Used {
			return fault.InvalidField("usage_limit", "too_small", fmt.Sprintf("it has been used %d times", after.Used))
		}
		return tx.Coupons.SaveCoupon(ctx, after)
	})
	return SavedCoupon{Coupon: after, Mark: mark}, err
}

// DropCoupon asks for a coupon to be forgotten, with who has used it.
type DropCoupon struct {
	By        account.Actor
	Promotion id.Promotion
	Code      string // in any case
	Version   int64  // 0: whatever is there
}

// DropCoupon removes a coupon. Orders keep what they were given.
func (x *Prices) DropCoupon(ctx context.Context, c DropCoupon) (ports.Mark, error) {
	if err := allow(c.By, account.PriceWrite); err != nil {
		return ports.Mark{}, err
	}
	return x.changeCoupon(ctx, c.Promotion, c.Code, c.Version, func(ctx context.Context, tx ports.OrderTx, before pricing.Coupon) error {
		return tx.Coupons.DeleteCoupons(ctx, c.Promotion, before.Code)
	})
}

// changeCoupon changes a coupon of a promotion under its lock.
func (x *Prices) changeCoupon(ctx context.Context, p id.Promotion, code string, version int64, change func(context.Context, ports.OrderTx, pricing.Coupon) error) (ports.Mark, error) {
	code, err := pricing.ParseCode(code)
	if err != nil {
		return ports.Mark{}, fault.Missing("coupon")
	}
	return x.s.Orders.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		before, err := tx.Coupons.CouponForUpdate(ctx, code)
		switch {
		case err != nil:
			return err
		case before.Promotion != p:
			return fault.Missing("coupon")
		case version != 0 && version != before.Version:
			return fault.VersionConflict(before.Version)
		}
		return change(ctx, tx, before)
	})
}

// FindCoupon asks for a coupon of a promotion.
type FindCoupon struct {
	By        account.Actor
	Promotion id.Promotion
	Code      string // in any case
}

// FindCoupon returns a coupon with how often it has been used.
func (x *Prices) FindCoupon(ctx context.Context, q FindCoupon) (SavedCoupon, error) {
	if err := allow(q.By, account.PriceRead); err != nil {
		return SavedCoupon{}, err
	}
	code, _ := pricing.ParseCode(q.Code) // "" is none
	found, err := x.s.Orders.Coupons.Coupons(ctx, []string{code})
	if err != nil {
		return SavedCoupon{}, err
	}
	if len(found) == 0 || found[0].Promotion != q.Promotion {
		return SavedCoupon{}, fault.Missing("coupon")
	}
	return SavedCoupon{Coupon: found[0]}, nil
}

// BrowseCoupons asks for coupons of a promotion.
type BrowseCoupons struct {
	By        account.Actor
	Promotion id.Promotion
	After     string // the code before the first; "": from the first
	Limit     int
}

// BrowseCoupons returns coupons of a promotion, by code. NotFound for a promotion
// that is not there.
func (x *Prices) BrowseCoupons(ctx context.Context, q BrowseCoupons) ([]pricing.Coupon, error) {
	rules, err := x.Rules(ctx, ShowPriceRules{By: q.By})
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(rules.Promotions, func(p pricing.Promotion) bool { return p.ID == q.Promotion }) {
		return nil, fault.Missing("promotion")
	}
	return x.s.Orders.Coupons.CouponsOf(ctx, q.Promotion, q.After, q.Limit)
}
