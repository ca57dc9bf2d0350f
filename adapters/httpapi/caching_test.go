package httpapi

import (
	"net/http"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/adapters/cached"
	"github.com/bodega-commerce/bodega/adapters/memory"
)

func withCaches(s setup) {
	s.deps.Catalog, s.deps.Caches = cached.Catalog(s.deps.Catalog, memory.NewCache(64<<20, nil), cached.Options{})
}

func TestShop_ProductPagesAreConditional(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(setup){"Cached": withCaches, "Bare": func(setup) {}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newCounter(t, change)
			p := c.product("CUP", 1000, 10)
			seen := c.do("GET", "/v1/products/cup", "").ok(200)
			tag := seen.header.Get("ETag")
			if !strings.HasPrefix(tag, `W/"`) || seen.header.Get("Cache-Control") != forEverybody {
				t.Fatalf("answered with %v", seen.header)
			}
			for _, none := range []string{tag, strings.TrimPrefix(tag, "W/"), `"x", ` + tag, "*"} {
				if g := c.do("GET", "/v1/products/cup", "", "If-None-Match", none).ok(304); g.body != "" || g.header.Get("ETag") != tag || g.header.Get("Cache-Control") != forEverybody {
					t.Errorf("%s: %q %v", none, g.body, g.header)
				}
			}
			c.do("GET", "/v1/products/cup", "", "If-None-Match", `W/"x"`).ok(200)

			// Whatever is seen of the product changes its tag.
			changed := func(what string) {
				t.Helper()
				g := c.do("GET", "/v1/products/cup", "", "If-None-Match", tag)
				if g.status != 200 || g.header.Get("ETag") == tag {
					t.Errorf("after %s: %d %s", what, g.status, g.header.Get("ETag"))
				}
				tag = g.header.Get("ETag")
			}
			c.admin("PATCH", "/v1/admin/products/"+p.ProductID, `{"name":"Mug"}`, "If-Match", "*").ok(200)
			changed("a new name")
			c.stock("CUP", 5)
			changed("a delivery")
			c.basket("CUP", 1).checkout("k", "tok_ok", 1490).ok(201)
			changed("a sale")
		})
	}
}

func TestShop_PersonalAnswersAreForNobodyElse(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.product("CUP", 1000, 10)
	token := c.admin("POST", "/v1/admin/brands", `{"name":"Acme"}`).ok(201).header.Get("X-Consistency-Token")
	for _, target := range []string{"/v1/products/cup", "/v1/products", "/v1/search", "/v1/categories", "/v1/brands", "/v1/brands/acme", "/v1/shop", "/v1/search/suggest?q=c"} {
		if got := c.do("GET", target, "").ok(200).header.Get("Cache-Control"); got != forEverybody {
			t.Errorf("%s is sent %q", target, got)
		}
		for _, who := range [][]string{
			{"X-Consistency-Token", token}, {"X-Cart-Token", "t"}, {"X-Order-Token", "t"}, {"Authorization", "Bearer " + rootKey},
		} {
			if got := c.do("GET", target, "", who...).ok(200).header.Get("Cache-Control"); got != "private, no-store" {
				t.Errorf("%s with %s is sent %q", target, who[0], got)
			}
		}
		if got := c.do("GET", target, "", "X-Consistency-Token", "made up").ok(200).header.Get("Cache-Control"); got != forEverybody {
			t.Errorf("%s with an invalid token is sent %q", target, got)
		}
	}
	b := c.basket("CUP", 1)
	for _, g := range []got{b.do("GET", "/v1/carts/"+b.id, ""), c.admin("GET", "/v1/admin/products", ""), c.do("GET", "/v1/products/nowhere", "")} {
		if cache := g.header.Get("Cache-Control"); cache != "private, no-store" {
			t.Errorf("%d %.40s is sent %q", g.status, g.body, cache)
		}
	}
}

// A writer that shows its token sees what it wrote, in every realm it wrote in.
func TestShop_WritesAreSeenByTheirWriters(t *testing.T) {
	t.Parallel()
	c := newCounter(t, withCaches)
	c.product("CUP", 1000, 10)
	c.do("GET", "/v1/products/cup", "").ok(200)
	list := read[CursorPage[AdminProduct]](c.admin("GET", "/v1/admin/products", "").ok(200))
	var token string
	for i, name := range []string{"One", "Two", "Three"} {
		g := c.admin("PATCH", "/v1/admin/products/"+list.Items[0].ProductID, `{"name":"`+name+`"}`, "If-Match", "*", "X-Consistency-Token", token).ok(200)
		token = g.header.Get("X-Consistency-Token")
		adjusted := c.admin("POST", "/v1/admin/variants/CUP/stock-adjustments", `{"delta":-1,"reason":"damaged"}`, "Idempotency-Key", name, "X-Consistency-Token", token).ok(201)
		token = adjusted.header.Get("X-Consistency-Token")
		if len(token) == 0 || len(token) > 256 {
			t.Fatalf("the token is %q", token)
		}
		seen := read[Product](c.do("GET", "/v1/products/cup", "", "X-Consistency-Token", token).ok(200))
		if seen.Name != name {
			t.Errorf("after %s the page shows %s", name, seen.Name)
		}
		if v := read[AdminVariant](c.admin("GET", "/v1/admin/variants/CUP", "").ok(200)); v.StockQty != 9-i {
			t.Errorf("after %d adjustments there are %d", i+1, v.StockQty)
		}
		found := read[Page[ProductItem]](c.do("GET", "/v1/products?skus=CUP", "", "X-Consistency-Token", token).ok(200))
		if len(found.Items) != 1 || found.Items[0].Name != name {
			t.Errorf("after %s the list shows %+v", name, found.Items)
		}
	}
}

func TestShop_BrowsersMayReadItsHeaders(t *testing.T) {
	t.Parallel()
	c := newCounter(t, func(s setup) { s.edge.CORSOrigins = []string{"https://shop.example"} })
	c.product("CUP", 1000, 10)
	b := c.basket("CUP", 1)
	g := b.do("POST", "/v1/checkout", `{"cart_id":"`+b.id+`","email":"a@b.de","shipping_address":`+address+`,"payment":{"provider":"sandbox","token":"tok_ok"},"expected_total":{"amount":1490,"currency":"EUR"}}`,
		"Idempotency-Key", "k", "Origin", "https://shop.example").ok(201)
	exposed := g.header.Get("Access-Control-Expose-Headers")
	for _, name := range []string{"ETag", "Location", "X-Request-ID", "X-Consistency-Token", "X-Order-Token"} {
		if g.header.Get(name) == "" || !strings.Contains(exposed, name) {
			t.Errorf("%s is %q, exposed are %s", name, g.header.Get(name), exposed)
		}
	}
	preflight := c.do("OPTIONS", "/v1/checkout", "", "Origin", "https://shop.example", "Access-Control-Request-Method", "POST",
		"Access-Control-Request-Headers", "idempotency-key,x-cart-token,content-type").ok(http.StatusNoContent)
	for _, name := range []string{"Idempotency-Key", "X-Cart-Token", "Content-Type"} {
		if !strings.Contains(preflight.header.Get("Access-Control-Allow-Headers"), name) {
			t.Errorf("%s is not allowed: %v", name, preflight.header)
		}
	}
}

func TestShop_OldSlugsLeadToTheNew(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	p := c.product("CUP", 1000, 1)
	brand := read[AdminBrand](c.admin("POST", "/v1/admin/brands", `{"name":"Acme"}`).ok(201))
	category := read[AdminCategory](c.admin("POST", "/v1/admin/categories", `{"name":"Cups"}`).ok(201))
	for target, at := range map[string]string{
		"/v1/products/cup": "/v1/admin/products/" + p.ProductID, "/v1/brands/acme": "/v1/admin/brands/" + brand.ID, "/v1/categories/cups": "/v1/admin/categories/" + category.ID,
	} {
		c.do("GET", target, "").ok(200)
		c.admin("PATCH", at, `{"slug":"renamed"}`, "If-Match", "*").ok(200)
		g := c.do("GET", target, "").ok(http.StatusMovedPermanently)
		if to := g.header.Get("Location"); to != target[:strings.LastIndex(target, "/")]+"/renamed" || g.body != "" {
			t.Errorf("%s leads to %q", target, to)
		}
		c.do("GET", g.header.Get("Location"), "").ok(200)
		if to := c.do("GET", target+"?attributes=all&utm=1", "").ok(http.StatusMovedPermanently).header.Get("Location"); to != g.header.Get("Location")+"?attributes=all&utm=1" {
			t.Errorf("a question about %s leads to %q", target, to)
		}
	}
}

func TestShop_ListsAreConditional(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.product("CUP", 1000, 10)
	for _, target := range []string{
		"/v1/shop", "/v1/products", "/v1/products?cursor=", "/v1/products?skus=CUP", "/v1/products/cup/related", "/v1/categories", "/v1/brands",
		"/v1/search", "/v1/search?q=cup", "/v1/search/suggest?q=c",
	} {
		tag := c.do("GET", target, "").ok(200).header.Get("ETag")
		if !strings.HasPrefix(tag, `W/"`) {
			t.Errorf("%s is tagged %q", target, tag)
		}
		if g := c.do("GET", target, "", "If-None-Match", tag).ok(http.StatusNotModified); g.body != "" || g.header.Get("ETag") != tag || g.header.Get("Cache-Control") != forEverybody {
			t.Errorf("%s: %q %v", target, g.body, g.header)
		}
	}
	tag := c.do("GET", "/v1/products", "").ok(200).header.Get("ETag")
	c.product("MUG", 1000, 10)
	c.do("GET", "/v1/products", "", "If-None-Match", tag).ok(200)
}
