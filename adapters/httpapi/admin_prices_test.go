package httpapi

import (
	"net/http"
	"strings"
	"testing"
)

func TestShop_AdminPrices(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.product("CUP", 1000, 10)

	const parcel = `{"name":"Parcel","rate":"total","steps":[{"price":{"amount":490,"currency":"EUR"}},{"from":5000,"price":{"amount":290,"currency":"EUR"}}],
		"countries":["DE"],"free_from":{"amount":9000,"currency":"EUR"},"delivery_days":{"min":1,"max":3}}`
	const method = "/v1/admin/shipping-methods/parcel"
	c.admin("PUT", method, parcel).problem(http.StatusPreconditionRequired, "if_match_required")
	made := c.admin("PUT", method, parcel, "If-None-Match", "*").ok(201)
	m := read[AdminShippingMethod](made)
	if made.header.Get("ETag") != `"1"` || len(m.Steps) != 2 || m.Steps[1].From != 5000 || m.FreeFrom.Value.Amount != 9000 || !m.Enabled || m.Max != nil || m.DeliveryDays.Max != 3 {
		t.Errorf("made %s", made.body)
	}
	if !strings.Contains(made.body, `"from":0`) {
		t.Errorf("the first step does not say where it begins: %s", made.body)
	}
	c.admin("PUT", method, parcel, "If-None-Match", "*").problem(http.StatusPreconditionFailed, "version_conflict")
	c.admin("PUT", method, strings.Replace(parcel, `"rate":"total"`, `"rate":"flat"`, 1), "If-Match", `"1"`).finding("body.steps", "too_long")
	c.admin("PUT", method, strings.Replace(parcel, `"DE"`, `"XX"`, 1), "If-Match", `"1"`).finding("body.countries[0]", "enum")
	c.admin("PUT", method, strings.Replace(parcel, `490,"currency":"EUR"`, `490,"currency":"USD"`, 1), "If-Match", `"1"`).findingOf("currency_mismatch", "body.steps[0].price.currency", "enum")
	c.admin("PUT", method, strings.Replace(parcel, `"Parcel"`, `"Paket"`, 1), "If-Match", `"1"`).ok(200)
	if m = read[AdminShippingMethod](c.admin("GET", method, "").ok(200)); m.Name != "Paket" || m.Version != 2 {
		t.Errorf("read %+v", m)
	}
	q := c.basket("CUP", 2).quote()
	if q.Shipping.Amount != 490 || q.ShippingMethods[0].Name != "Paket" || q.ShippingMethods[0].DeliveryDays.Max != 3 {
		t.Errorf("quoted %+v", q.ShippingMethods)
	}
	if list := read[CursorPage[AdminShippingMethod]](c.admin("GET", "/v1/admin/shipping-methods?count=true", "").ok(200)); len(list.Items) != 1 || *list.Total != 1 {
		t.Errorf("listed %+v", list)
	}
	c.admin("DELETE", method, "", "If-Match", `"1"`).problem(http.StatusPreconditionFailed, "version_conflict")
	c.admin("DELETE", method, "").ok(204)
	c.admin("GET", method, "").problem(http.StatusNotFound, "not_found")

	const rate = "/v1/admin/tax-rates/DE"
	c.admin("PUT", rate, `{"name":"MwSt","rate_bp":1900}`, "If-None-Match", "*").ok(201)
	c.admin("PUT", "/v1/admin/tax-rates/XX", `{"name":"MwSt","rate_bp":1900}`, "If-None-Match", "*").problem(http.StatusUnprocessableEntity, "validation_failed")
	c.admin("PUT", rate, `{"name":"MwSt","rate_bp":700}`, "If-Match", "*").ok(200)
	if r := read[AdminTaxRate](c.admin("GET", rate, "").ok(200)); r.RateBP != 700 || r.Version != 2 || r.Country != "DE" {
		t.Errorf("read %+v", r)
	}
	if q := c.basket("CUP", 1).quote(); q.TaxLines[0].RateBP != 700 || q.TaxLines[0].Name != "MwSt" {
		t.Errorf("taxed %+v", q.TaxLines)
	}
	if list := read[CursorPage[AdminTaxRate]](c.admin("GET", "/v1/admin/tax-rates", "").ok(200)); len(list.Items) != 1 {
		t.Errorf("listed %+v", list)
	}
	c.admin("DELETE", rate, "").ok(204)
	c.admin("DELETE", rate, "").problem(http.StatusNotFound, "not_found")
}

func TestShop_AdminPromotions(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.product("CUP", 1000, 10)
	category := read[AdminCategory](c.admin("POST", "/v1/admin/categories", `{"name":"Cups"}`).ok(201))

	const promotions = "/v1/admin/promotions"
	c.admin("POST", promotions, `{"name":"Sale","type":"percentage"}`).finding("body.percent_bp", "too_small")
	c.admin("POST", promotions, `{"name":"Sale","type":"amount","amount":{"amount":1,"currency":"USD"}}`).findingOf("currency_mismatch", "body.amount.currency", "enum")
	c.admin("POST", promotions, `{"name":"Sale","type":"amount","amount":{"amount":1,"currency":"XYZ"}}`).finding("body.amount.currency", "enum")
	if p := c.admin("POST", promotions, `{"name":"Sale","type":"amount","amount":{"amount":0,"currency":"EUR"},"minimum":{"amount":1,"currency":"USD"}}`).problem(422, "validation_failed"); len(p.Errors) != 2 {
		t.Errorf("found %+v", p.Errors)
	}
	c.admin("POST", promotions, `{"name":"Sale","type":"free_shipping","category_ids":["00000000-0000-7000-8000-000000000001"]}`).finding("body.category_ids[0]", "unknown_reference")
	made := c.admin("POST", promotions, `{"name":"Sale","type":"percentage","percent_bp":1000,"coupon_required":true,"ends_at":"2100-01-01T00:00:00Z"}`).ok(201)
	p := read[Promotion](made)
	target := promotions + "/" + p.ID
	if made.header.Get("Location") != target || *p.PercentBP != 1000 || p.Amount.Valid || !p.CouponRequired || !p.Enabled || p.StartsAt.Valid || !p.EndsAt.Valid || p.Version != 1 {
		t.Errorf("made %s", made.body)
	}
	limited := `{"name":"Sale","type":"percentage","percent_bp":2000,"coupon_required":true,"category_ids":["` + category.ID + `"]}`
	c.admin("PUT", target, limited, "If-Match", `"2"`).problem(http.StatusPreconditionFailed, "version_conflict")
	if p = read[Promotion](c.admin("PUT", target, limited, "If-Match", `"1"`).ok(200)); *p.PercentBP != 2000 || len(p.CategoryIDs) != 1 || p.EndsAt.Valid {
		t.Errorf("replaced %+v", p)
	}
	c.admin("PUT", target, `{"name":"Sale","type":"percentage","percent_bp":2000,"coupon_required":true}`, "If-Match", "*").ok(200)

	coupons := target + "/coupons"
	if made = c.admin("POST", coupons, `{"code":"twenty","usage_limit":2,"usage_limit_per_customer":1}`).ok(201); made.header.Get("Location") != coupons+"/TWENTY" {
		t.Errorf("made at %s", made.header.Get("Location"))
	}
	c.admin("POST", coupons, `{"code":"TWENTY"}`).problem(http.StatusConflict, "already_exists")
	c.admin("POST", coupons, `{"code":"a b"}`).finding("body.code", "pattern")
	c.admin("POST", coupons, `{"code":"OTHER"}`).ok(201)
	b := c.basket("CUP", 1)
	b.do("PUT", "/v1/carts/"+b.id+"/coupons/twenty", "").ok(200)
	b.checkout("key", "tok_ok", b.quote().Total.Amount).ok(201)
	if used := read[Coupon](c.admin("GET", coupons+"/twenty", "").ok(200)); used.Used != 1 || *used.UsageLimit != 2 || *used.UsageLimitPerCustomer != 1 {
		t.Errorf("used %+v", used)
	}
	if changed := read[Coupon](c.admin("PUT", coupons+"/twenty", `{"usage_limit":1}`, "If-Match", `"1"`).ok(200)); *changed.UsageLimit != 1 || changed.UsageLimitPerCustomer != nil || changed.Version != 2 {
		t.Errorf("changed %+v", changed)
	}
	page := read[CursorPage[Coupon]](c.admin("GET", coupons+"?limit=1", "").ok(200))
	if len(page.Items) != 1 || page.Items[0].Code != "OTHER" || page.NextCursor == nil {
		t.Fatalf("listed %+v", page)
	}
	if page = read[CursorPage[Coupon]](c.admin("GET", coupons+"?limit=1&cursor="+*page.NextCursor, "").ok(200)); len(page.Items) != 1 || page.Items[0].Code != "TWENTY" || page.NextCursor != nil {
		t.Errorf("listed %+v", page)
	}
	c.admin("DELETE", coupons+"/other", "").ok(204)
	c.admin("GET", coupons+"/OTHER", "").problem(http.StatusNotFound, "not_found")
	if list := read[CursorPage[Promotion]](c.admin("GET", promotions+"?q=sal", "").ok(200)); len(list.Items) != 1 || list.Items[0].ID != p.ID {
		t.Errorf("listed %+v", list)
	}
	c.admin("DELETE", target, "").ok(204)
	c.admin("GET", target, "").problem(http.StatusNotFound, "not_found")
	c.admin("GET", coupons, "").problem(http.StatusNotFound, "not_found")
}
