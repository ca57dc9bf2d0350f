package httpapi

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
)

// operations returns everything that is documented, by name.
func (c *counter) operations() map[string]*huma.Operation {
	all := map[string]*huma.Operation{}
	for _, item := range c.api.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				all[op.OperationID] = op
			}
		}
	}
	return all
}

// contentType returns what an operation reads.
func contentType(op *huma.Operation) string {
	if op.RequestBody == nil {
		return ""
	}
	return slices.Sorted(maps.Keys(op.RequestBody.Content))[0]
}

func TestShop_OperatorsNeedTheirPermission(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	guarded := 0
	for name, op := range c.operations() {
		permission, _ := op.Extensions["x-permission"].(string)
		if admin := strings.HasPrefix(op.Path, "/v1/admin/"); admin != (permission != "") || admin != (op.Security != nil) {
			t.Errorf("%s at %s needs %q", name, op.Path, permission)
		}
		if permission == "" {
			continue
		}
		guarded++
		// Every permission but the one.
		var others []account.Permission
		for _, p := range []account.Permission{
			account.CatalogRead, account.CatalogWrite, account.StockRead, account.StockAdjust, account.OrderRead, account.OrderWrite,
			account.OrderRefund, account.JobsManage, account.SearchManage, account.StorefrontProxy,
		} {
			if string(p) != permission {
				others = append(others, p)
			}
		}
		c.keys["others"] = account.Key("others", others...)
		send := func(headers ...string) got {
			t.Helper()
			return c.do(op.Method, strings.NewReplacer("{", "", "}", "").Replace(op.Path), "", append(headers, "Content-Type", contentType(op))...)
		}
		send().problem(http.StatusUnauthorized, "unauthenticated")
		send("Authorization", "Bearer nobody's").problem(http.StatusUnauthorized, "unauthenticated")
		send("X-Cart-Token", "t", "X-Order-Token", "t").problem(http.StatusUnauthorized, "unauthenticated")
		send("Authorization", "Bearer idle-key").problem(http.StatusForbidden, "permission_denied")
		send("Authorization", "Bearer others").problem(http.StatusForbidden, "permission_denied")
	}
	if guarded < 40 {
		t.Errorf("only %d operations are guarded", guarded)
	}
}

// What belongs to somebody is not there for anybody else.
func TestShop_OtherPeoplesThingsAreNotThere(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.product("CUP", 1000, 10)
	c.keys["customer"] = account.Customer(id.Customer{UUID: id.UUID{15: 1}})
	mine, theirs := c.basket("CUP", 1), c.basket("CUP", 1)
	ordered := c.basket("CUP", 1)
	theirOrder := ordered.checkout("k", "tok_requires_action", 1490).ok(201)
	order, token := read[Order](theirOrder), theirOrder.header.Get("X-Order-Token")
	myToken := mine.checkout("k", "tok_ok", 1490).ok(201).header.Get("X-Order-Token")

	strangers := map[string][]string{
		"Nobody":        nil,
		"AnotherGuest":  {"X-Cart-Token", mine.token, "X-Order-Token", myToken},
		"WrongTokens":   {"X-Cart-Token", token, "X-Order-Token", theirs.token},
		"CutTokens":     {"X-Cart-Token", theirs.token[:len(theirs.token)-1], "X-Order-Token", token[:len(token)-1]},
		"TheID":         {"X-Cart-Token", theirs.id, "X-Order-Token", order.ID},
		"Customer":      {"Authorization", "Bearer customer"},
		"CustomerToo":   {"Authorization", "Bearer customer", "X-Cart-Token", theirs.token, "X-Order-Token", token}, // a session speaks for itself
		"IdleKey":       {"Authorization", "Bearer idle-key"},
		"IdleKeyToo":    {"Authorization", "Bearer idle-key", "X-Cart-Token", theirs.token, "X-Order-Token", token},
		"TokensSwapped": {"X-Order-Token", theirs.token, "X-Cart-Token", token},
	}
	place := fmt.Sprintf(`{"cart_id":%q,"email":"a@b.de","shipping_address":%s,"payment":{"provider":"sandbox","token":"tok_ok"},"expected_total":{"amount":1490,"currency":"EUR"}}`, theirs.id, address)
	tried := map[string]bool{}
	for _, try := range []struct{ name, target, body string }{
		{"readCart", "/v1/carts/" + theirs.id, ""},
		{"setCartLine", "/v1/carts/" + theirs.id + "/lines/CUP", `{"quantity":2}`},
		{"removeCartLine", "/v1/carts/" + theirs.id + "/lines/CUP", ""},
		{"applyCoupon", "/v1/carts/" + theirs.id + "/coupons/TEN", ""},
		{"removeCoupon", "/v1/carts/" + theirs.id + "/coupons/TEN", ""},
		{"quoteCheckout", "/v1/checkout/quote", `{"cart_id":"` + theirs.id + `","shipping_address":{"country":"DE"}}`},
		{"checkout", "/v1/checkout", place},
		{"readOrder", "/v1/orders/" + order.ID, ""},
		{"refreshPayment", "/v1/orders/" + order.ID + "/payment/refresh", ""},
		{"cancelOrder", "/v1/orders/" + order.ID + "/cancel", ""},
		{"requestReturn", "/v1/orders/" + order.ID + "/returns", `{"lines":[{"sku":"CUP","quantity":1}]}`},
	} {
		op := c.operations()[try.name]
		tried[op.Path] = true
		for who, headers := range strangers {
			g := c.do(op.Method, try.target, try.body, append(headers, "Idempotency-Key", who)...)
			if g.status != http.StatusNotFound || !strings.Contains(g.body, `"not_found"`) {
				t.Errorf("%s: %s is answered %d %s", try.name, who, g.status, g.body)
			}
		}
	}
	for name, op := range c.operations() {
		if strings.HasPrefix(op.Path, "/v1/carts/{") || strings.HasPrefix(op.Path, "/v1/orders/{") {
			if !tried[op.Path] {
				t.Errorf("%s is not tried", name)
			}
		}
	}
	if l := theirs.show().Lines; len(l) != 1 || l[0].Quantity != 1 {
		t.Errorf("the cart holds %+v", l)
	}
	if o := read[Order](c.do("GET", "/v1/orders/"+order.ID, "", "X-Order-Token", token).ok(200)); o.Status != "pending_payment" {
		t.Errorf("the order is %s", o.Status)
	}
}

func TestShop_LookupTellsNothing(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.product("CUP", 1000, 10)
	o := read[Order](c.basket("CUP", 1).checkout("k", "tok_ok", 1490).ok(201))
	ask := func(number, email string) string {
		t.Helper()
		return c.do("POST", "/v1/orders/lookup", fmt.Sprintf(`{"number":%q,"email":%q}`, number, email)).ok(202).body
	}
	right := ask(o.Number, "ADA@example.com")
	for _, wrong := range []string{ask(o.Number, "eve@example.com"), ask("ABCD-EFGH-5", "ada@example.com"), ask("x", "y")} {
		if wrong != right {
			t.Errorf("the right answer is %s, a wrong one %s", right, wrong)
		}
	}
}
