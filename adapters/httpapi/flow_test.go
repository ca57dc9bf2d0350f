package httpapi

import (
	"net/http"
	"strings"
	"testing"
)

// The whole way of a product: created, found, bought, cancelled.
func TestShop_FromProductToOrderAndBack(t *testing.T) {
	t.Parallel()
	c := newCounter(t).worked()

	brand := read[AdminBrand](c.admin("POST", "/v1/admin/brands", `{"name":"Acme"}`).ok(201))
	category := read[AdminCategory](c.admin("POST", "/v1/admin/categories", `{"name":"Shirts"}`).ok(201))
	c.admin("PUT", "/v1/admin/categories/"+category.ID+"/attributes/material", `{"type":"enum","label":"Material","choices":[{"value":"cotton","label":"Cotton"}],"filterable":true}`,
		"If-None-Match", "*").ok(201)
	created := c.admin("POST", "/v1/admin/products", `{"name":"Plain Tee","description":"Soft & warm","brand_id":"`+brand.ID+`","category_id":"`+category.ID+`",
		"base_price":{"amount":1500,"currency":"EUR"},"attributes":{"material":"cotton"},
		"variants":[{"sku":"TEE-S","options":{"size":"S"}},{"sku":"TEE-M","options":{"size":"M"},"price_override":{"amount":1700,"currency":"EUR"}}]}`).ok(201)
	p := read[AdminProduct](created)
	if p.Status != "draft" || p.Slug != "plain-tee" || len(p.Variants) != 2 || created.header.Get("ETag") != `"1"` || created.header.Get("X-Consistency-Token") == "" ||
		created.header.Get("Location") != "/v1/admin/products/"+p.ProductID {
		t.Fatalf("created %s with %v", created.body, created.header)
	}
	c.do("GET", "/v1/products/plain-tee", "").problem(http.StatusNotFound, "not_found")
	c.admin("POST", "/v1/admin/products/"+p.ProductID+"/publish", "").ok(200)
	c.stock("TEE-S", 10)

	page := read[Product](c.do("GET", "/v1/products/plain-tee", "").ok(200))
	if page.Brand.Value.Slug != "acme" || page.Category.Value.Slug != "shirts" || page.Specs[0].Text != "Cotton" || !page.InStock || page.PriceRange.Max.Amount != 1700 || page.SKU != "TEE-S" {
		t.Errorf("the page shows %+v", page)
	}
	soon(t, "the product is found", func() bool {
		r := read[SearchResult](c.do("GET", "/v1/search?q=tee&attr=material:cotton&in_stock=true", "").ok(200))
		return r.Total == 1 && r.Items[0].Slug == "plain-tee" && len(r.Facets) > 0
	})
	if list := read[Page[ProductItem]](c.do("GET", "/v1/products?category=shirts&sort=price_asc", "").ok(200)); list.Total != 1 || list.MaxPage != 41 || len(list.Items[0].Variants) != 2 {
		t.Errorf("the list shows %+v", list)
	}

	b := c.basket("TEE-S", 2, "tee-s", 3)
	cart := b.show()
	if len(cart.Lines) != 1 || cart.Lines[0].Quantity != 3 || cart.Lines[0].SKU != "TEE-S" || cart.Subtotal.Amount != 4500 || cart.ItemCount != 3 || cart.Token != "" {
		t.Fatalf("the cart holds %+v", cart)
	}
	q := b.quote()
	if q.Total.Amount != 4500+490 || q.CartVersion != cart.Version || len(q.ShippingMethods) != 1 || !q.ShippingMethods[0].Selected {
		t.Fatalf("quoted %+v", q)
	}
	answer := b.checkout("key", "tok_ok", q.Total.Amount).ok(201)
	o := read[Order](answer)
	token := answer.header.Get("X-Order-Token")
	if o.Status != "confirmed" || o.Payment.Status != "authorized" || o.Email != "ada@example.com" || o.Total.Amount != 4990 || token == "" ||
		answer.header.Get("Location") != "/v1/orders/"+o.ID || answer.header.Get("ETag") == "" || strings.Contains(answer.body, token) {
		t.Fatalf("ordered %s with %v", answer.body, answer.header)
	}
	if cart := b.show(); cart.Status != "ordered" {
		t.Errorf("the cart is %s", cart.Status)
	}
	soon(t, "the money is taken", func() bool {
		return read[Order](c.do("GET", "/v1/orders/"+o.ID, "", "X-Order-Token", token).ok(200)).Payment.Status == "captured"
	})

	canceled := read[Order](c.do("POST", "/v1/orders/"+o.ID+"/cancel", "", "X-Order-Token", token).ok(200))
	if canceled.Status != "canceled" || len(canceled.AllowedActions) != 0 {
		t.Errorf("cancelled: %+v", canceled)
	}
	soon(t, "the money goes back", func() bool {
		o := read[Order](c.do("GET", "/v1/orders/"+o.ID, "", "X-Order-Token", token).ok(200))
		return o.Payment.Status == "refunded" && o.Payment.Refunded == o.Total && len(o.Refunds) == 1
	})
	c.do("POST", "/v1/orders/"+o.ID+"/cancel", `{"reason":"again"}`, "X-Order-Token", token).ok(200)
	if v := read[AdminVariant](c.admin("GET", "/v1/admin/variants/TEE-S", "").ok(200)); v.StockQty != 10 || v.Reserved != 0 {
		t.Errorf("the stock is %+v", v)
	}
	if found := read[Violations](c.admin("GET", "/v1/admin/check", "").ok(200)); len(found.Violations) != 0 {
		t.Errorf("check finds %v", found)
	}
}
