package postgres

import (
	"strconv"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
)

// orderConstraint says what breaking a constraint of the orders realm means. Some
// are broken by functions of the schema, which name them and, in DETAIL, the
// order that is in the way.
func orderConstraint(pg *pgconn.PgError) *fault.Error {
	switch pg.ConstraintName {
	case "missing_cart":
		return fault.Missing("cart")
	case "missing_order":
		return fault.Missing("order")
	case "missing_payment":
		return fault.Missing("payment")
	case "missing_key":
		return fault.Missing("idempotency key")
	case "missing_coupon":
		return fault.Missing("coupon")
	case "missing_price_rules":
		return fault.New(fault.Stale, "price_rules_changed", "what makes prices was changed meanwhile")
	case "nothing_held":
		return inventory.NothingHeld()
	case "coupons_code":
		return fault.Duplicate("code")
	case "stale_cart", "stale_order", "stale_payment":
		current, _ := strconv.ParseInt(pg.Detail, 10, 64)
		return fault.VersionConflict(current)
	case "checkouts_number":
		return fault.Duplicate("number")
	case "checkouts_live":
		live, _ := id.Parse(pg.Detail)
		return &fault.Error{
			Kind: fault.Conflict, Code: "cart_already_ordered", Detail: "this cart has been ordered", Data: cart.InOrder{Order: id.Order{UUID: live}},
		}
	case "payments_reference", "movements_once":
		return fault.Duplicate("reference")
	}
	return nil
}
