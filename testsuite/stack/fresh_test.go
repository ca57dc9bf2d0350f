package stack_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/expect"
	"github.com/bodega-commerce/bodega/testsuite/fixture"
	"github.com/bodega-commerce/bodega/testsuite/stack"
)

// What one of two servers changes it shows at once, and so does the other to
// whoever has the writer's token; to everybody else the other shows it soon, long
// before what it holds has had its time (a minute for lists, four for products, ten
// for categories). So it is with the broker, which carries the second word of each
// change, and without, and even if the caches could not be told before later.
func TestProduction_ChangesAreSeen(t *testing.T) {
	t.Parallel()
	shop := stack.Start(t, stack.Production(), stack.Linked(), stack.Servers(2))
	writer, other := *shop, *shop
	other.App = shop.Servers[1]
	tee := fixture.Product(t, shop.Shop, 1)
	product, variant := "/v1/products/"+tee.Slug, "/v1/admin/variants/"+string(tee.Variants[0].SKU)
	type saved struct{ ID string }
	category := expect.JSON[saved](t, shop.Admin(t, "POST", "/v1/admin/categories", `{"name": "Shirts"}`), 201).ID
	shop.Quiet(t)

	inStock := true // one unit, which is taken away and put back
	for _, state := range []struct {
		name string
		away *containers.Link
	}{
		{"with all servers", nil}, {"without the broker", shop.Links.RabbitMQ}, {"without the caches", shop.Links.Redis},
	} {
		name := "Renamed " + state.name
		inStock = !inStock
		delta := -1
		if inStock {
			delta = 1
		}
		shown := func(s stack.Shop, headers ...string) map[string]bool {
			return map[string]bool{
				"the product":  shows(t, s, product, name, headers...),
				"the list":     shows(t, s, "/v1/products", name, headers...),
				"the category": shows(t, s, "/v1/categories", name, headers...),
				"the stock":    stocked(t, s, product, headers...) == inStock,
			}
		}
		for range 3 { // all of it is held by both
			for _, server := range []stack.Shop{writer, other} {
				for what, already := range shown(server) {
					if already {
						t.Fatalf("%s: %s is new before it was changed", state.name, what)
					}
				}
			}
		}
		if state.away != nil {
			state.away.Down(t)
		}
		var tokens []string
		for _, change := range []struct {
			method, path string
			body         any
			header       []string
			status       int
		}{
			{"PATCH", "/v1/admin/products/" + tee.ID.String(), map[string]string{"name": name}, []string{"If-Match", "*"}, 200},
			{"PATCH", "/v1/admin/categories/" + category, map[string]string{"name": name}, []string{"If-Match", "*"}, 200},
			{"POST", variant + "/stock-adjustments", map[string]any{"delta": delta, "reason": "correction"}, []string{"Idempotency-Key", name}, 201},
		} {
			resp := writer.Admin(t, change.method, change.path, change.body, change.header...)
			expect.Status(t, resp, change.status)
			tokens = append(tokens, resp.Header.Get("X-Consistency-Token"))
		}
		for what, fresh := range shown(writer) {
			if !fresh {
				t.Errorf("%s: the writer's server shows %s as it was", state.name, what)
			}
		}
		if !shows(t, other, product, name, "X-Consistency-Token", tokens[0]) || !shows(t, other, "/v1/products", name, "X-Consistency-Token", tokens[0]) ||
			!shows(t, other, "/v1/categories", name, "X-Consistency-Token", tokens[1]) || stocked(t, other, product, "X-Consistency-Token", tokens[2]) != inStock {
			t.Errorf("%s: the other server shows the writer what was before", state.name)
		}
		all := func() bool {
			for _, fresh := range shown(other) {
				if !fresh {
					return false
				}
			}
			return true
		}
		expect.Soon(t, state.name+" the other server shows everything as it is", all)
		if state.away != nil {
			state.away.Heal(t)
		}
		expect.Soon(t, "it does when all are back", all)
		shop.Quiet(t)
		if !all() {
			t.Errorf("%s: an old value is back", state.name)
		}
		found := expect.JSON[list](t, other.Storefront(t, "GET", "/v1/search?q="+url.QueryEscape(name), nil), 200)
		if found.Total == 0 {
			t.Errorf("%s: the other server does not find the product by its name", state.name)
		}
	}
}

// shows reports whether a server's answer names something.
func shows(t *testing.T, s stack.Shop, path, name string, headers ...string) bool {
	t.Helper()
	resp := s.Storefront(t, "GET", path, nil, headers...)
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v\n%s", path, resp.Status, err, body)
	}
	return strings.Contains(string(body), name)
}

// stocked reports whether a server says that a product can be had.
func stocked(t *testing.T, s stack.Shop, product string, headers ...string) bool {
	t.Helper()
	type shown struct {
		InStock bool `json:"in_stock"`
	}
	return expect.JSON[shown](t, s.Storefront(t, "GET", product, nil, headers...), http.StatusOK).InStock
}
