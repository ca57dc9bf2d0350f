package sqlite

import (
	"context"
	"slices"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/ports"
)

type coupons struct{ db *DB }

var _ ports.Coupons = coupons{}

const selectCoupons = "SELECT code, promotion_id, usage_limit, per_customer, used, version, created_at, updated_at FROM coupons "

// Coupons is contracted by ports.Coupons.
func (c coupons) Coupons(ctx context.Context, codes []string) ([]pricing.Coupon, error) {
	list, err := encodeList(codes)
	if err != nil {
		return nil, err
	}
	return c.read(ctx, "WHERE code IN (SELECT value FROM json_each(?1)) ORDER BY code", list)
}

// CouponsOf is contracted by ports.Coupons.
func (c coupons) CouponsOf(ctx context.Context, p id.Promotion, after string, limit int) ([]pricing.Coupon, error) {
	return c.read(ctx, "WHERE promotion_id = ?1 AND code > ?2 ORDER BY code LIMIT ?3", p.UUID, after, limit)
}

func (c coupons) read(ctx context.Context, where string, args ...any) ([]pricing.Coupon, error) {
	found := []pricing.Coupon{}
	err := c.db.view(ctx, func(s *session) error {
		return s.query(selectCoupons+where, func(r row) error {
			found = append(found, scanCoupon(r))
			return nil
		}, args...)
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func scanCoupon(r row) pricing.Coupon {
	return pricing.Coupon{
		Code: r.text(0), Promotion: id.Promotion{UUID: r.uuid(1)}, Limit: r.int64(2), PerCustomer: r.int64(3), Used: r.int64(4),
		Version: r.int64(5), CreatedAt: r.time(6), UpdatedAt: r.time(7),
	}
}

type couponWriter struct{ s *session }

var _ ports.CouponWriter = couponWriter{}

// CouponForUpdate is contracted by ports.CouponWriter.
func (w couponWriter) CouponForUpdate(_ context.Context, code string) (c pricing.Coupon, err error) {
	found, err := w.s.first(selectCoupons+"WHERE code = ?1", func(r row) error {
		c = scanCoupon(r)
		return nil
	}, code)
	if err == nil && !found {
		err = fault.Missing("coupon")
	}
	return c, err
}

// InsertCoupon is contracted by ports.CouponWriter.
func (w couponWriter) InsertCoupon(_ context.Context, c pricing.Coupon) error {
	_, err := w.s.exec(`INSERT INTO coupons (code, promotion_id, usage_limit, per_customer, used, version, created_at, updated_at)
		VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6, ?7)`, c.Code, c.Promotion.UUID, c.Limit, c.PerCustomer, c.Version, c.CreatedAt, c.UpdatedAt)
	if taken(err) {
		return fault.Duplicate("code")
	}
	return err
}

// SaveCoupon is contracted by ports.CouponWriter.
func (w couponWriter) SaveCoupon(_ context.Context, c pricing.Coupon) error {
	n, err := w.s.exec("UPDATE coupons SET usage_limit = ?2, per_customer = ?3, version = ?4, updated_at = ?5 WHERE code = ?1",
		c.Code, c.Limit, c.PerCustomer, c.Version, c.UpdatedAt)
	if err == nil && n == 0 {
		err = fault.Missing("coupon")
	}
	return err
}

// DeleteCoupons is contracted by ports.CouponWriter.
func (w couponWriter) DeleteCoupons(_ context.Context, p id.Promotion, codes ...string) error {
	list, err := encodeList(codes)
	if err != nil {
		return err
	}
	const which = "FROM coupons WHERE promotion_id = ?1 AND (?2 = '[]' OR code IN (SELECT value FROM json_each(?2)))"
	if _, err := w.s.exec("DELETE FROM redemptions WHERE code IN (SELECT code "+which+")", p.UUID, list); err != nil {
		return err
	}
	_, err = w.s.exec("DELETE "+which, p.UUID, list)
	return err
}

// Redeem is contracted by ports.CouponWriter.
func (w couponWriter) Redeem(_ context.Context, r pricing.Redemption) error {
	for _, code := range slices.Sorted(slices.Values(r.Codes)) {
		n, err := w.s.exec(`UPDATE coupons SET used = used + 1 WHERE code = ?1 AND (usage_limit = 0 OR used < usage_limit)
			AND (per_customer = 0 OR (SELECT count(*) FROM redemptions WHERE code = ?1 AND email = ?2) < per_customer)`, code, r.Email)
		if err != nil {
			return err
		}
		if n == 0 {
			return pricing.CouponExhausted(code)
		}
		if _, err := w.s.exec("INSERT INTO redemptions (order_id, code, email) VALUES (?1, ?2, ?3)", r.Order.UUID, code, r.Email); err != nil {
			return err
		}
	}
	return nil
}

// GiveBack is contracted by ports.CouponWriter.
func (w couponWriter) GiveBack(_ context.Context, o id.Order) error {
	if _, err := w.s.exec("UPDATE coupons SET used = used - 1 WHERE code IN (SELECT code FROM redemptions WHERE order_id = ?1)", o.UUID); err != nil {
		return err
	}
	_, err := w.s.exec("DELETE FROM redemptions WHERE order_id = ?1", o.UUID)
	return err
}
