package httpapi

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"
)

// walk follows a list to its end and returns what name says of each item.
func walk[T any](c *counter, target string, name func(T) string) []string {
	c.t.Helper()
	var names []string
	for cursor := ""; ; {
		p := read[CursorPage[T]](c.admin("GET", target+"&cursor="+url.QueryEscape(cursor), "").ok(200))
		for _, item := range p.Items {
			names = append(names, name(item))
		}
		if p.NextCursor == nil {
			return names
		}
		if cursor = *p.NextCursor; len(names) > 1000 {
			c.t.Fatalf("%s does not end", target)
		}
	}
}

func TestLists_AreWalkedWhole(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	var skus []string
	for i := range 7 {
		skus = append(skus, fmt.Sprintf("P-%d", i))
		c.product(skus[i], 1000+i, i+1)
	}
	for i := range 5 {
		c.basket("P-6", 1).checkout(fmt.Sprint(i), "tok_ok", 1496).ok(201)
	}
	c.basket("P-5", 1).checkout("d", "tok_declined", 1495)
	c.basket("P-5", 1).checkout("t", "tok_timeout", 1495).ok(201)

	bySKU := func(p AdminProduct) string { return p.SKU }
	for sort, want := range map[string][]string{"name": skus, "price": skus, "id": skus} {
		if got := walk(c, "/v1/admin/products?limit=3&sort="+sort, bySKU); !slices.Equal(got, want) {
			t.Errorf("by %s: %v", sort, got)
		}
		slices.Reverse(want)
		if got := walk(c, "/v1/admin/products?limit=2&sort=-"+sort, bySKU); !slices.Equal(got, want) {
			t.Errorf("by %s, backwards: %v", sort, got)
		}
		slices.Reverse(want)
	}
	if p := read[CursorPage[AdminProduct]](c.admin("GET", "/v1/admin/products?limit=2&count=true&q=p-", "").ok(200)); p.Total == nil || *p.Total != 7 || len(p.Items) != 2 {
		t.Errorf("counted %+v", p.Total)
	}
	public := walk(c, "/v1/products?limit=3", func(p ProductItem) string { return p.SKU })
	if slices.Sort(public); !slices.Equal(public, skus) {
		t.Errorf("walked %v", public)
	}
	if none := walk(c, "/v1/products?limit=3&updated_since=2100-01-01T00:00:00Z", func(p ProductItem) string { return p.SKU }); len(none) != 0 {
		t.Errorf("since 2100: %v", none)
	}

	orders := walk(c, "/v1/admin/orders?limit=2", func(o Order) string { return o.ID })
	if len(orders) != 7 || !slices.IsSortedFunc(orders, func(a, b string) int { return strings.Compare(b, a) }) {
		t.Errorf("orders: %v", orders)
	}
	for query, want := range map[string]int{"status=confirmed": 5, "payment_status=failed": 1, "sku=p-6": 5, "email=ADA@example.com": 7, "email=eve@example.com": 0, "created_to=2001-01-01T00:00:00Z": 0} {
		if got := walk(c, "/v1/admin/orders?limit=2&"+query, func(o Order) string { return o.ID }); len(got) != want {
			t.Errorf("%s: %d orders", query, len(got))
		}
	}
	slices.Reverse(orders)
	if got := walk(c, "/v1/admin/orders?limit=2&sort=created_at", func(o Order) string { return o.ID }); !slices.Equal(got, orders) {
		t.Errorf("orders, oldest first: %v, want %v", got, orders)
	}
	first := read[Order](c.admin("GET", "/v1/admin/orders/"+orders[0], "").ok(200))
	for q, want := range map[string]int{first.Number: 1, "ADA@": 7, "p-5": 2, "eve": 0} {
		if got := read[CursorPage[Order]](c.admin("GET", "/v1/admin/orders?count=true&limit=1&q="+q, "").ok(200)); *got.Total != want {
			t.Errorf("%s: %d orders, want %d", q, *got.Total, want)
		}
	}
	next := read[CursorPage[Order]](c.admin("GET", "/v1/admin/orders?limit=1", "").ok(200)).NextCursor
	for _, other := range []string{"sort=created_at", "status=confirmed", "q=ada", "sku=P-6"} {
		c.admin("GET", "/v1/admin/orders?limit=1&"+other+"&cursor="+*next, "").finding("query.cursor", "pattern")
	}
	c.admin("GET", "/v1/admin/orders?sort=total", "").finding("query.sort", "enum")
	c.admin("GET", "/v1/admin/orders?payment_status=paid", "").finding("query.payment_status", "enum")
	if again := read[Order](c.admin("GET", "/v1/admin/orders/"+strings.ToLower(first.Number), "").ok(200)); again.ID != first.ID {
		t.Errorf("the number %s is that of %s", first.Number, again.ID)
	}

	name := func(p AdminPayment) string { return p.OrderID }
	for query, want := range map[string]int{"": 7, "status=authorized": 5, "status=failed": 1, "status=processing": 1, "status=refunded": 0} {
		if got := walk(c, "/v1/admin/payments?limit=2&"+query, name); len(got) != want {
			t.Errorf("%s: %d payments", query, len(got))
		}
	}
	if doubt := read[CursorPage[AdminPayment]](c.admin("GET", "/v1/admin/payments?in_doubt=true&status=processing", "").ok(200)); len(doubt.Items) != 1 || doubt.NextCursor != nil {
		t.Errorf("in doubt: %+v", doubt)
	}

	if low := walk(c, "/v1/admin/stock?below=4&limit=2", func(l StockLevel) string { return l.SKU }); !slices.Equal(low, []string{"P-0", "P-1", "P-2", "P-6"}) {
		t.Errorf("low are %v", low)
	}
	levels := func(l StockLevel) string { return l.SKU }
	if all := walk(c, "/v1/admin/stock?limit=3&sort=-available", levels); len(all) != 7 || all[0] != "P-5" {
		t.Errorf("by what is available: %v", all)
	}
	if some := read[CursorPage[StockLevel]](c.admin("GET", "/v1/admin/stock?q=p-&limit=1&count=true", "").ok(200)); *some.Total != 7 || len(some.Items) != 1 {
		t.Errorf("counted %d of %+v", *some.Total, some.Items)
	}
	for i := range 5 {
		c.stock("P-0", i+1)
	}
	deltas := walk(c, "/v1/admin/variants/p-0/stock-movements?limit=2", func(m StockMovement) string { return fmt.Sprint(m.Delta) })
	if !slices.Equal(deltas, []string{"5", "4", "3", "2", "1", "1"}) {
		t.Errorf("the ledger is %v", deltas)
	}
}

func TestLists_WhatAStorefrontShows(t *testing.T) {
	t.Parallel()
	c := newCounter(t).worked()
	root := read[AdminCategory](c.admin("POST", "/v1/admin/categories", `{"name":"Home"}`).ok(201))
	leaf := read[AdminCategory](c.admin("POST", "/v1/admin/categories", `{"name":"Cups","parent_id":"`+root.ID+`"}`).ok(201))
	c.admin("PUT", "/v1/admin/categories/"+root.ID+"/attributes/color", `{"type":"string","label":"Colour","filterable":true}`, "If-None-Match", "*").ok(201)
	c.admin("PUT", "/v1/admin/categories/"+root.ID+"/attributes/code", `{"type":"string"}`, "If-None-Match", "*").ok(201)
	brand := read[AdminBrand](c.admin("POST", "/v1/admin/brands", `{"name":"Acme"}`).ok(201))
	for i, color := range []string{"red", "green", "red"} {
		c.admin("POST", "/v1/admin/products", fmt.Sprintf(`{"name":"Cup %d","status":"active","brand_id":%q,"category_id":%q,"featured":%t,"base_price":{"amount":%d,"currency":"EUR"},
			"attributes":{"color":%q},"seo":{"title":"T"},"released_at":"2024-01-0%dT00:00:00Z"}`, i, brand.ID, leaf.ID, i == 1, 1000+i, color, i+1)).ok(201)
	}
	tree := read[List[CategoryNode]](c.do("GET", "/v1/categories", "").ok(200))
	if len(tree.Items) != 1 || tree.Items[0].ProductCount != 3 || tree.Items[0].Children[0].Slug != "cups" {
		t.Errorf("the tree is %+v", tree)
	}
	page := read[Category](c.do("GET", "/v1/categories/cups", "").ok(200))
	if len(page.Breadcrumbs) != 2 || len(page.Attributes) != 1 || page.Attributes[0].InheritedFrom == nil || *page.Attributes[0].InheritedFrom != "home" {
		t.Errorf("the category shows %+v", page)
	}
	if all := read[Category](c.do("GET", "/v1/categories/cups?attributes=all", "").ok(200)); len(all.Attributes) != 2 {
		t.Errorf("all attributes are %+v", all.Attributes)
	}
	if brands := read[List[Brand]](c.do("GET", "/v1/brands", "").ok(200)); len(brands.Items) != 1 {
		t.Errorf("the brands are %+v", brands)
	}
	if related := read[List[Card]](c.do("GET", "/v1/products/cup-0/related", "").ok(200)); len(related.Items) != 2 {
		t.Errorf("related are %+v", related)
	}
	for query, want := range map[string]string{
		"category=home&sort=price_desc": "cup-2 cup-1 cup-0", "brand=acme&sort=newest": "cup-2 cup-1 cup-0", "featured=true": "cup-1",
		"category=nowhere": "", "sort=price_asc&per_page=2&page=2": "cup-2", "page=9": "", "skus=CUP-2,cup-0,CUP-2,NOPE": "cup-2 cup-0", "unknown=1&featured=false&sort=price_asc": "cup-0 cup-2",
	} {
		var slugs []string
		for _, p := range read[Page[ProductItem]](c.do("GET", "/v1/products?"+query, "").ok(200)).Items {
			slugs = append(slugs, p.Slug)
		}
		if got := strings.Join(slugs, " "); got != want {
			t.Errorf("%s: %s, want %s", query, got, want)
		}
	}
	soon(t, "everything is found", func() bool {
		return read[SearchResult](c.do("GET", "/v1/search?q=cup", "").ok(200)).Total == 3
	})
	for query, want := range map[string]int{
		"q=cup&attr=color:red": 2, "q=cup&attr=color:red&attr=color:green": 3, "category=home": 3, "brand=acme&brand=other": 3, "brand=other": 0,
		"attr=nothing:here": 0, "price_min=1001&price_max=1001": 1, "min_rating=1": 0, "min_rating=0.0": 3, "in_stock=true": 0, "q=cups": 3, "q=kup&exact=true": 0,
	} {
		if r := read[SearchResult](c.do("GET", "/v1/search?"+query, "").ok(200)); r.Total != want || len(r.Items) != want {
			t.Errorf("%s: %d and %d found", query, r.Total, len(r.Items))
		}
	}
	if s := read[List[Suggestion]](c.do("GET", "/v1/search/suggest?q=cu", "").ok(200)); len(s.Items) == 0 {
		t.Errorf("nothing is suggested")
	}
	found := read[SearchResult](c.do("GET", "/v1/search?q=cup", "").ok(200))
	c.do("POST", "/v1/search/events", `{"search_id":"`+found.SearchID+`","type":"click","product_id":"`+found.Items[0].ProductID+`","position":0}`).ok(204)

	info := read[ShopInfo](c.do("GET", "/v1/shop", "").ok(200))
	if info.Currency != "EUR" || info.CurrencyExponent != 2 || !info.TestMode || len(info.PaymentProviders) != 1 || !slices.IsSorted(info.ShippingCountries) {
		t.Errorf("the shop is %+v", info)
	}
}

func TestOrders_AreSeenThrough(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.product("CUP", 1000, 10)
	c.product("MUG", 1000, 10)
	g := c.basket("CUP", 2, "MUG", 1).checkout("k", "tok_ok", 3490).ok(201)
	at, shopper := "/v1/admin/orders/"+read[Order](g).ID, []string{"X-Order-Token", g.header.Get("X-Order-Token")}
	step := func(path, body string, want string, headers ...string) Order {
		t.Helper()
		answer := c.admin("POST", at+path, body, headers...)
		if answer.status != 200 && answer.status != 201 {
			t.Fatalf("%s: %d %s", path, answer.status, answer.body)
		}
		o := read[Order](answer)
		if o.Status != want {
			t.Fatalf("%s: the order is %s, want %s", path, o.Status, want)
		}
		return o
	}
	c.admin("POST", at+"/deliver", "").problem(409, "order_state_conflict")
	step("/fulfill", "", "fulfilling")
	step("/fulfill", "", "fulfilling")
	step("/notes", `{"text":"handle with care"}`, "fulfilling")
	if seen := c.do("GET", strings.Replace(at, "/admin", "", 1), "", shopper...).ok(200); strings.Contains(seen.body, "handle with care") {
		t.Errorf("the shopper reads %s", seen.body)
	}
	c.do("POST", strings.Replace(at, "/admin", "", 1)+"/cancel", "", shopper...).problem(409, "order_state_conflict")
	c.admin("POST", at+"/shipments", `{"lines":[{"sku":"CUP","quantity":3}]}`, "Idempotency-Key", "a").problem(422, "validation_failed")
	c.admin("POST", at+"/shipments", `{"lines":[{"sku":"CUP","quantity":1}]}`).problem(400, "idempotency_key_missing")
	c.admin("POST", at+"/shipments", `{"tracking_url":"javascript:alert(1)"}`, "Idempotency-Key", "a").finding("body.tracking_url", "pattern")
	for range 2 { // the second repeats the first
		o := step("/shipments", `{"lines":[{"sku":"CUP","quantity":1}],"carrier":"Post","tracking_url":"https://post.example/1"}`, "fulfilling", "Idempotency-Key", "b")
		if o.FulfillmentStatus != "partial" || len(o.Shipments) != 1 || o.Lines[0].ShippedQuantity != 1 {
			t.Errorf("after a parcel: %+v", o)
		}
	}
	c.admin("POST", at+"/cancel", "").problem(409, "order_state_conflict")
	if o := step("/ship", "", "shipped"); o.FulfillmentStatus != "fulfilled" || len(o.Shipments) != 2 {
		t.Errorf("after the rest: %+v", o)
	}
	step("/deliver", "", "delivered")
	c.admin("POST", at+"/resend-confirmation", "").ok(202)
	o := read[Order](c.do("GET", strings.Replace(at, "/admin", "", 1), "", shopper...).ok(200))
	if o.Status != "delivered" || !o.Shipments[1].DeliveredAt.Valid || len(o.Timeline) < 5 {
		t.Errorf("the shopper sees %+v", o)
	}
}

func TestOrders_MoneyAndGoodsComeBack(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.product("CUP", 1000, 10)
	g := c.basket("CUP", 3).checkout("k", "tok_ok", 3490).ok(201)
	id, shopper := read[Order](g).ID, []string{"X-Order-Token", g.header.Get("X-Order-Token"), "Idempotency-Key", "r"}
	at, own := "/v1/admin/orders/"+id, "/v1/orders/"+id
	for path, body := range map[string]string{"/captures": "", "/refunds": "{}", "/returns": "{}"} {
		c.admin("POST", at+path, body).problem(400, "idempotency_key_missing")
		c.do("POST", at+path, body, "Idempotency-Key", "x").problem(401, "unauthenticated")
	}
	c.admin("POST", at+"/refunds", "{}", "Idempotency-Key", "early").problem(409, "order_state_conflict") // it is only held
	c.admin("POST", at+"/captures", `{"amount":{"amount":3491,"currency":"EUR"}}`, "Idempotency-Key", "c").problem(422, "amount_exceeds")
	c.admin("POST", at+"/captures", `{"amount":{"amount":-1,"currency":"EUR"}}`, "Idempotency-Key", "c").problem(422, "validation_failed")
	if o := read[Order](c.admin("POST", at+"/captures", "", "Idempotency-Key", "c").ok(201)); o.Payment.Status != "captured" || o.Payment.Captured.Amount != 3490 {
		t.Errorf("captured: %+v", o.Payment)
	}
	c.admin("POST", at+"/refunds", `{"lines":[{"sku":"MUG","quantity":1}]}`, "Idempotency-Key", "u").finding("body.lines[0].sku", "unknown_reference")
	c.admin("POST", at+"/refunds", `{"lines":[{"sku":"CUP","quantity":0}]}`, "Idempotency-Key", "u").problem(422, "validation_failed")
	c.admin("POST", at+"/refunds", `{"amount":{"amount":1,"currency":"EUR"},"restock":true}`, "Idempotency-Key", "u").finding("body.lines", "required")
	for range 2 { // the second repeats the first
		o := read[Order](c.admin("POST", at+"/refunds", `{"lines":[{"sku":"CUP","quantity":1}],"restock":true,"reason":"out of glaze"}`, "Idempotency-Key", "u").ok(201))
		if o.Payment.Status != "partially_refunded" || len(o.Refunds) != 1 || o.Refunds[0].Amount.Amount != 1000 || o.Refunds[0].Status != "succeeded" || o.Lines[0].ReturnedQuantity != 1 {
			t.Errorf("refunded: %+v, %+v", o.Payment, o.Refunds)
		}
	}
	c.do("POST", own+"/returns", `{"lines":[{"sku":"CUP","quantity":1}]}`, shopper...).problem(409, "order_state_conflict")
	if o := read[Order](c.admin("POST", at+"/ship", "").ok(200)); o.Status != "shipped" || o.Lines[0].ShippedQuantity != 2 {
		t.Errorf("shipped: %+v", o)
	}
	c.do("POST", own+"/returns", `{"lines":[{"sku":"CUP","quantity":1}]}`, "Idempotency-Key", "r").problem(404, "not_found")
	o := read[Order](c.do("POST", own+"/returns", `{"lines":[{"sku":"CUP","quantity":2}],"reason":"too small"}`, shopper...).ok(201))
	if len(o.Returns) != 1 || o.Returns[0].Status != "requested" {
		t.Fatalf("asked to return: %+v", o.Returns)
	}
	o = read[Order](c.admin("POST", at+"/returns", `{"return_id":"`+o.Returns[0].ID+`","restock":true}`, "Idempotency-Key", "b").ok(201))
	if len(o.Returns) != 1 || o.Returns[0].Status != "received" || o.Lines[0].ReturnedQuantity != 3 {
		t.Errorf("received: %+v, %+v", o.Returns, o.Lines)
	}
	if o = read[Order](c.admin("POST", at+"/refunds", `{}`, "Idempotency-Key", "all").ok(201)); o.Status != "refunded" || o.Payment.Refunded.Amount != 3490 {
		t.Errorf("all refunded: %s, %+v", o.Status, o.Payment)
	}
	c.admin("POST", at+"/refunds", `{}`, "Idempotency-Key", "more").problem(409, "order_state_conflict")
}

func TestLists_OfFewThings(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	names := []string{"alpha", "Beta", "beta", "gamma", "Delta"}
	var brands, categories []string
	for _, name := range names {
		brands = append(brands, read[AdminBrand](c.admin("POST", "/v1/admin/brands", `{"name":"`+name+`"}`).ok(201)).ID)
		categories = append(categories, read[AdminCategory](c.admin("POST", "/v1/admin/categories", `{"name":"`+name+`"}`).ok(201)).ID)
	}
	brand, category := func(b AdminBrand) string { return b.ID }, func(c AdminCategory) string { return c.ID }
	pick := func(ids []string, order ...int) []string {
		picked := make([]string, len(order))
		for i, n := range order {
			picked[i] = ids[n]
		}
		return picked
	}
	for query, order := range map[string][]int{
		"limit=2": {0, 1, 2, 4, 3}, "limit=1&sort=-name": {3, 4, 2, 1, 0}, "limit=100&q=BET": {1, 2}, "limit=1&q=beta-2": {2}, "limit=3&q=zeta": {},
	} {
		if got := walk(c, "/v1/admin/brands?"+query, brand); !slices.Equal(got, pick(brands, order...)) {
			t.Errorf("brands, %s: %v", query, got)
		}
	}
	if got := walk(c, "/v1/admin/categories?limit=2&sort=-name", category); !slices.Equal(got, pick(categories, 3, 4, 2, 1, 0)) {
		t.Errorf("categories by name: %v", got)
	}
	if got := walk(c, "/v1/admin/categories?limit=2", category); !slices.Equal(got, categories) {
		t.Errorf("categories by position: %v", got)
	}

	first := read[CursorPage[AdminBrand]](c.admin("GET", "/v1/admin/brands?limit=2&count=true", "").ok(200))
	if first.Total == nil || *first.Total != len(names) {
		t.Errorf("counted %v", first.Total)
	}
	c.admin("GET", "/v1/admin/brands?limit=2&sort=-name&cursor="+*first.NextCursor, "").finding("query.cursor", "pattern")
	c.admin("DELETE", "/v1/admin/brands/"+brands[1], "").ok(204) // the cursor stands on it
	rest := read[CursorPage[AdminBrand]](c.admin("GET", "/v1/admin/brands?cursor="+*first.NextCursor, "").ok(200))
	if len(rest.Items) != 3 || rest.NextCursor != nil {
		t.Errorf("behind what is gone: %+v", rest)
	}
}
