package postgres

import (
	"context"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/ports"
)

type coupons struct{ r *realm }

var _ ports.Coupons = coupons{}

const selectCoupons = "SELECT code, promotion_id, usage_limit, per_customer, used, version, created_at, updated_at FROM orders.coupons "

// Coupons is contracted by ports.Coupons.
func (c coupons) Coupons(ctx context.Context, codes []string) ([]pricing.Coupon, error) {
	return c.read(ctx, "WHERE code = ANY($1) ORDER BY code", codes)
}

// CouponsOf is contracted by ports.Coupons.
func (c coupons) CouponsOf(ctx context.Context, p id.Promotion, after string, limit int) ([]pricing.Coupon, error) {
	return c.read(ctx, "WHERE promotion_id = $1 AND code > $2 ORDER BY code LIMIT $3", uuid(p.UUID), after, limit)
}

func (c coupons) read(ctx context.Context, where string, args ...any) (found []pricing.Coupon, err error) {
	err = c.r.read(ctx, func(q querier) error {
		found, err = collect(ctx, q, scanCoupon, selectCoupons+where, args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func scanCoupon(row pgx.CollectableRow) (c pricing.Coupon, err error) {
	err = row.Scan(&c.Code, (*uuid)(&c.Promotion.UUID), &c.Limit, &c.PerCustomer, &c.Used, &c.Version, (*instant)(&c.CreatedAt), (*instant)(&c.UpdatedAt))
	return c, err
}

type couponWriter struct{ t *tx }

var _ ports.CouponWriter = couponWriter{}

// CouponForUpdate is contracted by ports.CouponWriter.
func (w couponWriter) CouponForUpdate(ctx context.Context, code string) (pricing.Coupon, error) {
	found, err := collect(ctx, w.t, scanCoupon, selectCoupons+"WHERE code = $1 FOR UPDATE", code)
	switch {
	case err != nil:
		return pricing.Coupon{}, translate(ctx, err)
	case len(found) == 0:
		return pricing.Coupon{}, fault.Missing("coupon")
	}
	return found[0], nil
}

// InsertCoupon is contracted by ports.CouponWriter.
func (w couponWriter) InsertCoupon(_ context.Context, c pricing.Coupon) error {
	w.t.queue(`INSERT INTO orders.coupons (code, promotion_id, usage_limit, per_customer, used, version, created_at, updated_at)
		VALUES ($1, $2, $3, $4, 0, $5, $6, $7)`,
		c.Code, uuid(c.Promotion.UUID), c.Limit, c.PerCustomer, c.Version, instant(c.CreatedAt), instant(c.UpdatedAt))
	return nil
}

// SaveCoupon is contracted by ports.CouponWriter.
func (w couponWriter) SaveCoupon(_ context.Context, c pricing.Coupon) error {
	w.t.queue(`WITH saved AS (
			UPDATE orders.coupons SET usage_limit = $2, per_customer = $3, version = $4, updated_at = $5 WHERE code = $1 RETURNING 1
		) SELECT orders.missing('coupon') WHERE NOT EXISTS (SELECT FROM saved)`, c.Code, c.Limit, c.PerCustomer, c.Version, instant(c.UpdatedAt))
	return nil
}

// DeleteCoupons is contracted by ports.CouponWriter. They are locked by rising
// code first, as those who use them do.
func (w couponWriter) DeleteCoupons(_ context.Context, p id.Promotion, codes ...string) error {
	const which = "FROM orders.coupons WHERE promotion_id = $1 AND (cardinality($2::text[]) = 0 OR code = ANY($2))"
	args := []any{uuid(p.UUID), append([]string{}, codes...)}
	w.t.queue("SELECT "+which+" ORDER BY code FOR UPDATE", args...)
	w.t.queue("DELETE "+which, args...)
	return nil
}

// Redeem is contracted by ports.CouponWriter.
func (w couponWriter) Redeem(ctx context.Context, r pricing.Redemption) error {
	var exhausted *string
	err := w.t.QueryRow(ctx, "SELECT orders.redeem($1, $2, $3)", uuid(r.Order.UUID), r.Email, slices.Sorted(slices.Values(r.Codes))).Scan(&exhausted)
	if err == nil && exhausted != nil {
		err = pricing.CouponExhausted(*exhausted)
	}
	return translate(ctx, err)
}

// GiveBack is contracted by ports.CouponWriter.
func (w couponWriter) GiveBack(_ context.Context, o id.Order) error {
	w.t.queue("SELECT orders.give_back($1)", uuid(o.UUID))
	return nil
}
