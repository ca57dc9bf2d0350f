package cached_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/cached"
	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/httpapi"
	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/adapters/redis"
	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/fixture"
)

// twin is one of several servers over one store and one Redis. No jobs run: what
// is seen is seen without the queue.
type twin struct {
	t    *testing.T
	shop *core.Shop
	api  http.Handler
}

func newTwin(t *testing.T, db *sqlite.DB, address string) *twin {
	t.Helper()
	deps := plainDeps(t, db)
	if address != "" {
		options := cached.Options{Shared: true}
		front := cached.Front(openRedis(t, address, redis.Options{}).Cache(), cached.Blink)
		deps.Catalog, deps.Caches = cached.Catalog(deps.Catalog, front, options)
		deps.Orders = cached.Orders(deps.Orders, front, options)
	}
	shop, err := core.New(deps, nil)
	if err != nil {
		t.Fatal(err)
	}
	return &twin{t, shop, httpapi.New(shop, httpapi.Options{
		Secrets: [][]byte{[]byte("a secret of both twins")}, Keys: deps.Orders.Keys,
		Authenticate: func(context.Context, string) (account.Actor, error) {
			return account.Key("admin", account.Everything), nil
		},
	})}
}

func plainDeps(t *testing.T, db *sqlite.DB) core.Deps {
	t.Helper()
	dir := t.TempDir()
	wallet := sandbox.New(dir + "/sandbox.log")
	t.Cleanup(func() { _ = wallet.Close() })
	return core.Deps{
		Catalog: db.Catalog(), Orders: db.Orders(), Identity: db.Identity(), Search: memsearch.New(), Files: files.Dir(dir + "/media"),
		Mail: files.Mail(dir + "/mail"), Payments: core.Providers{"sandbox": wallet},
	}
}

// do asks one of the twins, which must answer well, and returns its answer and
// its headers.
func (w *twin) do(method, path, body string, headers ...string) (map[string]any, http.Header) {
	w.t.Helper()
	r := httptest.NewRequestWithContext(w.t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	rec := httptest.NewRecorder()
	w.api.ServeHTTP(rec, r)
	answer := map[string]any{}
	if rec.Code >= 400 || rec.Code < 300 && json.NewDecoder(bytes.NewReader(rec.Body.Bytes())).Decode(&answer) != nil {
		w.t.Fatalf("%s %s: %d %s", method, path, rec.Code, rec.Body)
	}
	answer["status_code"] = rec.Code
	return answer, rec.Header()
}

// soon fails unless something is so long before what is held has had its time,
// which is half a minute for stock and more for all else.
func soon(t *testing.T, what string, so func() bool) {
	t.Helper()
	for until := time.Now().Add(20 * time.Second); !so(); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("after twenty seconds %s", what)
		}
	}
}

// Two servers over one store and one Redis show what the other one changed,
// whatever bytes they keep: at once to who shows the token of the write, and
// soon to others, without any job having run.
func TestTwins(t *testing.T) {
	t.Parallel()
	db, address := openSQLite(t), containers.Redis(t)
	admin := []string{"Authorization", "Bearer key", "If-Match", "*"}

	begin := func(t *testing.T) (one, other *twin, p core.SavedProduct) {
		t.Helper()
		one, other = newTwin(t, db, address), newTwin(t, db, address)
		category := fixture.Category(t, one.shop)
		p = fixture.Product(t, one.shop, 3, func(c *core.CreateProduct) { c.Category = category.ID })
		return one, other, p
	}
	pages := func(p core.SavedProduct) []string {
		return []string{"/v1/products/" + p.Slug, "/v1/products?category=" + p.Path[0].Slug}
	}
	// shown is what a page says of the product.
	shown := func(w *twin, page string, headers ...string) map[string]any {
		w.t.Helper()
		answer, _ := w.do("GET", page, "", headers...)
		if items, ok := answer["items"].([]any); ok {
			answer, _ = items[0].(map[string]any)
		}
		return answer
	}

	t.Run("AProduct", func(t *testing.T) {
		t.Parallel()
		one, other, p := begin(t)
		for _, page := range pages(p) {
			for _, w := range []*twin{one, other, other} {
				if got := shown(w, page)["name"]; got != p.Name {
					t.Fatalf("%s shows %v", page, got)
				}
			}
		}
		_, before := other.do("GET", pages(p)[0], "")
		_, written := one.do("PATCH", "/v1/admin/products/"+p.ID.String(), `{"name":"Renamed"}`, admin...)
		for _, page := range pages(p) {
			if got := shown(other, page, "X-Consistency-Token", written.Get("X-Consistency-Token"))["name"]; got != "Renamed" {
				t.Errorf("%s shows %v to who renamed it", page, got)
			}
		}
		for _, page := range pages(p) {
			soon(t, page+" shows the old name", func() bool { return shown(other, page)["name"] == "Renamed" })
		}
		if answer, _ := other.do("GET", pages(p)[0], "", "If-None-Match", before.Get("ETag")); answer["status_code"] != 200 {
			t.Errorf("answers %v to who has the old page", answer["status_code"])
		}
	})

	t.Run("ItsStock", func(t *testing.T) {
		t.Parallel()
		one, other, p := begin(t)
		for _, page := range pages(p) {
			if shown(one, page)["in_stock"] != true || shown(other, page)["in_stock"] != true {
				t.Fatalf("%s: not in stock", page)
			}
		}
		cart := fixture.Cart(t, one.shop, fixture.Line{SKU: p.Variants[0].SKU, Quantity: 3})
		if _, err := one.shop.Checkout.Place(t.Context(), fixture.Purchase(t, one.shop, cart.ID)); err != nil {
			t.Fatal(err)
		}
		for _, page := range pages(p) {
			soon(t, page+" still sells it", func() bool { return shown(other, page)["in_stock"] == false })
		}
	})

	t.Run("ItsCategory", func(t *testing.T) {
		t.Parallel()
		one, other, p := begin(t)
		shown(one, pages(p)[0])
		shown(other, pages(p)[0])
		_, written := one.do("PATCH", "/v1/admin/categories/"+p.Category.String(), `{"name":"Elsewhere"}`, admin...)
		name := func(headers ...string) any {
			c, _ := shown(other, pages(p)[0], headers...)["category"].(map[string]any)
			return c["name"]
		}
		if got := name("X-Consistency-Token", written.Get("X-Consistency-Token")); got != "Elsewhere" {
			t.Errorf("the category is %v to who renamed it", got)
		}
		soon(t, "the category has its old name", func() bool { return name() == "Elsewhere" })
	})

	t.Run("ACart", func(t *testing.T) {
		t.Parallel()
		one, other, p := begin(t)
		made, _ := one.do("POST", "/v1/carts", "")
		cart, _ := made["id"].(string)
		token, _ := made["token"].(string)
		count := func(headers ...string) any {
			answer, _ := other.do("GET", "/v1/carts/"+cart, "", append(headers, "X-Cart-Token", token)...)
			return answer["item_count"]
		}
		for n := 1.0; n <= 3; n++ {
			body, _ := json.Marshal(map[string]any{"quantity": n})
			_, written := one.do("PUT", "/v1/carts/"+cart+"/lines/"+string(p.Variants[0].SKU), string(body), "X-Cart-Token", token)
			if got := count("X-Consistency-Token", written.Get("X-Consistency-Token")); got != n {
				t.Errorf("%v in the cart of who has put %v in", got, n)
			}
			soon(t, "the cart is as it was", func() bool { return count() == n })
		}
	})

	// A server that dies between its commit and telling of it leaves the rest to
	// the job, which any server may do.
	t.Run("WhatNobodyTold", func(t *testing.T) {
		t.Parallel()
		one, other, p := begin(t)
		dying := newTwin(t, db, "")
		shown(one, pages(p)[0])
		shown(other, pages(p)[0])
		dying.do("PATCH", "/v1/admin/products/"+p.ID.String(), `{"name":"Renamed"}`, admin...)
		if got := shown(other, pages(p)[0])["name"]; got != p.Name {
			t.Fatalf("shows %v, which it cannot know", got)
		}
		if err := one.shop.Search.Index(t.Context(), []id.Product{p.ID}); err != nil {
			t.Fatal(err)
		}
		for _, page := range pages(p) {
			soon(t, page+" shows the old name", func() bool { return shown(other, page)["name"] == "Renamed" })
		}
	})
}
