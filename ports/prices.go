package ports

import (
	"context"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/pricing"
)

// PriceRules reads what operators have said about prices, on the primary.
type PriceRules interface {
	// PriceRules returns all of it, of one state; before anything was said, rules
	// of revision 0 without any.
	PriceRules(ctx context.Context) (pricing.Rules, error)
}

// Coupons reads coupons on the primary.
type Coupons interface {
	// Coupons returns those of the codes that exist, by code.
	Coupons(ctx context.Context, codes []string) ([]pricing.Coupon, error)
	// CouponsOf returns up to limit coupons of a promotion with a code after the
	// given one ("": from the first), by code.
	CouponsOf(ctx context.Context, p id.Promotion, after string, limit int) ([]pricing.Coupon, error)
}

// PriceRuleWriter changes price rules within a transaction, all of them as one.
type PriceRuleWriter interface {
	// PriceRulesForUpdate returns the rules, and locks them until the end.
	PriceRulesForUpdate(ctx context.Context) (pricing.Rules, error)
	SavePriceRules(ctx context.Context, r pricing.Rules) error
	// RequirePriceRules answers Stale (price_rules_changed) unless the rules are
	// still of the revision. It locks nothing.
	RequirePriceRules(ctx context.Context, revision int64) error
}

// CouponWriter changes coupons within a transaction. Coupons of one call are
// taken in ascending order of their codes.
type CouponWriter interface {
	CouponForUpdate(ctx context.Context, code string) (pricing.Coupon, error)
	// InsertCoupon stores a new coupon that nobody has used. Exists ("code") when
	// the code is taken.
	InsertCoupon(ctx context.Context, c pricing.Coupon) error
	// SaveCoupon stores a coupon's limits, Version and UpdatedAt; uses stay as they
	// are. Lowering Limit below them breaks the schema: look first.
	SaveCoupon(ctx context.Context, c pricing.Coupon) error
	// DeleteCoupons forgets a promotion's coupons of the codes, all of them if none
	// are given, and who has used them. Those that are not there are ignored.
	DeleteCoupons(ctx context.Context, p id.Promotion, codes ...string) error
	// Redeem counts an order's use of coupons, all or none: Exhausted
	// (coupon_exhausted) when one has been used as often as it may be, in all or
	// by this e-mail address, or is not there any more. An order redeems once.
	Redeem(ctx context.Context, r pricing.Redemption) error
	// GiveBack takes back what an order redeemed; nothing if that was nothing.
	GiveBack(ctx context.Context, o id.Order) error
}

// ShippingRater tells how a parcel can be sent, in place of the shop's own
// shipping methods.
type ShippingRater interface {
	// ShippingMethods returns the ways to send a parcel somewhere, with their
	// prices in the shop's currency; none: it cannot be sent there. Of the address
	// perhaps only the country is known. It is asked for every quote and again at
	// checkout, never within a transaction.
	ShippingMethods(ctx context.Context, to order.Address, p pricing.Parcel) ([]pricing.ShippingMethod, error)
}

// TaxCalculator tells the tax of a sale, in place of the shop's own rates.
type TaxCalculator interface {
	// Tax returns the tax of what is sent somewhere, in parts that add up exactly.
	// It is asked as ShippingRater is.
	Tax(ctx context.Context, to order.Address, t pricing.Taxable) (pricing.Tax, error)
}
