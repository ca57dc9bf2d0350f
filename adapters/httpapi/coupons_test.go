package httpapi

import (
	"net/http"
	"testing"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/pricing"
)

func TestShop_Coupons(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.product("TEE-S", 1500, 10)
	by := account.System("test")
	p, err := c.shop.Prices.CreatePromotion(t.Context(), core.CreatePromotion{By: by, Promotion: pricing.Promotion{
		Name: "Welcome", Type: pricing.AmountOff, Amount: money.New(500, "EUR"), Minimum: money.New(3000, "EUR"), NeedsCoupon: true,
	}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.shop.Prices.CreateCoupon(t.Context(), core.CreateCoupon{By: by, Promotion: p.Rule.ID, Code: "WELCOME", Limit: 1}); err != nil {
		t.Fatal(err)
	}
	b := c.basket("TEE-S", 1)
	b.do("PUT", "/v1/carts/"+b.id+"/coupons/none", "").problem(http.StatusUnprocessableEntity, "coupon_unknown")
	b.do("PUT", "/v1/carts/"+b.id+"/coupons/welcome", "").problem(http.StatusUnprocessableEntity, "coupon_not_applicable")
	b.do("PUT", "/v1/carts/"+b.id+"/lines/TEE-S", `{"quantity":2}`).ok(200)
	cart := read[Cart](b.do("PUT", "/v1/carts/"+b.id+"/coupons/welcome", "").ok(200))
	if len(cart.Coupons) != 1 || cart.Coupons[0] != (CartCoupon{Code: "WELCOME", Applied: true}) || cart.Discount.Amount != 500 || cart.Subtotal.Amount != 3000 {
		t.Errorf("the cart shows %+v off %d", cart.Coupons, cart.Discount.Amount)
	}
	b.do("PUT", "/v1/carts/"+b.id+"/coupons/welcome", "", "If-Match", `"1"`).problem(http.StatusPreconditionFailed, "version_conflict")
	b.do("PUT", "/v1/carts/"+b.id+"/lines/TEE-S", `{"quantity":1}`).ok(200)
	if cart = b.show(); cart.Coupons[0].Applied || cart.Coupons[0].Reason == nil || *cart.Coupons[0].Reason != "coupon_not_applicable" || cart.Discount.Amount != 0 {
		t.Errorf("below the minimum: %+v", cart.Coupons)
	}
	if cart = read[Cart](b.do("DELETE", "/v1/carts/"+b.id+"/coupons/Welcome", "").ok(200)); len(cart.Coupons) != 0 {
		t.Errorf("taken out: %+v", cart.Coupons)
	}
	b.do("PUT", "/v1/carts/"+b.id+"/lines/TEE-S", `{"quantity":2}`).ok(200)
	b.do("PUT", "/v1/carts/"+b.id+"/coupons/welcome", "").ok(200)
	q := b.quote()
	if len(q.Discounts) != 1 || q.Discounts[0].Label != "Welcome" || *q.Discounts[0].Code != "WELCOME" || q.Lines[0].Discount.Amount != 500 {
		t.Errorf("quoted %+v", q.Discounts)
	}
	o := read[Order](b.checkout("key", "tok_ok", q.Total.Amount).ok(201))
	if o.Discount.Amount != 500 || o.Total != q.Total || *o.Discounts[0].PromotionID != p.Rule.ID.String() {
		t.Errorf("ordered %+v", o.Totals)
	}
	late := c.basket("TEE-S", 2)
	late.do("PUT", "/v1/carts/"+late.id+"/coupons/welcome", "").problem(http.StatusConflict, "coupon_exhausted")
}
