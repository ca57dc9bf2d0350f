package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
)

// contractCodes are the codes of the contract, by status. They never change.
func contractCodes() map[int][]string {
	return map[int][]string{
		400: {"malformed_json", "idempotency_key_missing", "idempotency_key_invalid", "webhook_signature_invalid"},
		401: {"unauthenticated", "session_expired", "invalid_credentials"},
		402: {"payment_declined"},
		403: {"permission_denied", "csrf_failed", "reauthentication_required"},
		404: {"not_found"},
		405: {"method_not_allowed"}, 406: {"not_acceptable"}, 408: {"request_timeout"}, 413: {"body_too_large"}, 415: {"unsupported_media_type"},
		409: {
			"out_of_stock", "price_changed", "cart_already_ordered", "cart_locked", "idempotency_in_progress", "already_exists",
			"order_state_conflict", "coupon_exhausted", "in_use", "category_cycle",
		},
		410: {"cart_expired", "token_expired"},
		412: {"version_conflict"}, 428: {"if_match_required"},
		422: {
			"validation_failed", "idempotency_key_reused", "quantity_limit", "shipping_unavailable", "coupon_unknown", "coupon_expired",
			"coupon_not_applicable", "currency_mismatch", "page_out_of_range", "amount_exceeds",
		},
		429: {"rate_limited"}, 500: {"internal"}, 503: {"unavailable", "payment_unavailable"},
	}
}

func TestProblem_EveryKindHasItsAnswer(t *testing.T) {
	t.Parallel()
	want := map[fault.Kind]int{
		fault.Internal: 500, fault.Malformed: 400, fault.Invalid: 422, fault.Unauthenticated: 401, fault.Denied: 403, fault.NotFound: 404,
		fault.Exists: 409, fault.Conflict: 409, fault.Exhausted: 409, fault.Stale: 412, fault.Gone: 410, fault.TooLarge: 413,
		fault.Declined: 402, fault.Throttled: 429, fault.Unavailable: 503, fault.Unknown: 503, fault.Canceled: 503,
	}
	for _, k := range fault.Kinds() {
		status, code, detail := kindAnswer(k)
		if status != want[k] || detail == "" || !slices.Contains(contractCodes()[status], code) {
			t.Errorf("%v is answered %d %s %q, want %d", k, status, code, detail, want[k])
		}
	}
}

func TestProblem_CodesAndTheirMembers(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{})
	order := id.Order{UUID: id.UUID{1}}
	for _, c := range []struct {
		err    error
		status int
		code   string
		check  func(p problemSaid, g got) bool
	}{
		{fault.Missing("product"), 404, "not_found", func(p problemSaid, _ got) bool { return p.Resource == "product" }},
		{fault.Duplicate("slug"), 409, "already_exists", func(p problemSaid, _ got) bool { return p.Field == "slug" }},
		{fault.VersionConflict(9), 412, "version_conflict", func(p problemSaid, _ got) bool { return p.CurrentVersion == 9 }},
		{&fault.Error{Kind: fault.Invalid, Code: "quantity_limit", Data: fault.Max{Max: 5}}, 422, "quantity_limit", func(p problemSaid, _ got) bool { return p.Max == 5 }},
		{&fault.Error{Kind: fault.Conflict, Code: "cart_locked", Data: cart.InOrder{Order: order}}, 409, "cart_locked", func(p problemSaid, _ got) bool { return p.OrderID == order.String() }},
		{inventory.OutOfStock(inventory.Shortage{SKU: "A", Requested: 3, Available: 1}), 409, "out_of_stock", func(p problemSaid, _ got) bool {
			return len(p.Lines) == 1 && p.Lines[0]["sku"] == "A" && p.Lines[0]["requested"] == 3.0 && p.Lines[0]["available"] == 1.0
		}},
		{fault.New(fault.Gone, "cart_expired", "too late"), 410, "cart_expired", func(p problemSaid, _ got) bool { return p.Detail == "too late" }},
		{fault.New(fault.Unauthenticated, "", ""), 401, "unauthenticated", func(_ problemSaid, g got) bool { return g.header.Get("WWW-Authenticate") != "" }},
		{fault.New(fault.Unavailable, "payment_unavailable", ""), 503, "payment_unavailable", func(_ problemSaid, g got) bool { return g.header.Get("Retry-After") != "" }},
		{fault.Wrap(fault.Unknown, "op", errors.New("poison")), 503, "unavailable", func(_ problemSaid, g got) bool { return g.header.Get("Retry-After") != "" }},
		{fault.New(fault.Throttled, "", ""), 429, "rate_limited", func(_ problemSaid, g got) bool { return g.header.Get("Retry-After") != "" }},
		{fault.New(fault.Conflict, "idempotency_in_progress", ""), 409, "idempotency_in_progress", func(_ problemSaid, g got) bool { return g.header.Get("Retry-After") != "" }},
		{fault.New(fault.Conflict, "", ""), 409, "in_use", func(_ problemSaid, g got) bool { return g.header.Get("Retry-After") == "" }},
		{fmt.Errorf("while reading: %w", fault.Missing("cart")), 404, "not_found", func(p problemSaid, _ got) bool { return p.Resource == "cart" }},
		{context.DeadlineExceeded, 503, "unavailable", nil},
		{errors.New("poison"), 500, "internal", nil},
	} {
		d.err = c.err
		g := d.do("GET", "/notes/a", "")
		if p := g.problem(c.status, c.code); c.check != nil && !c.check(p, g) {
			t.Errorf("%v: %s %v", c.err, g.body, g.header)
		}
	}
}

func TestProblem_FieldsAreLocatedWhereTheClientPutThem(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{})
	for _, c := range []struct{ method, target, body, field, want string }{
		{"POST", "/notes", `{"text":"a"}`, "lines[0].sku", "body.lines[0].sku"},
		{"POST", "/notes", `{"text":"a"}`, "", "body"},
		{"POST", "/notes", `{"text":"a"}`, "elsewhere", "body.elsewhere"},
		{"POST", "/notes", `{"text":"a"}`, "path.x", "path.x"},
		{"GET", "/notes", "", "page", "query.page"},
		{"GET", "/notes", "", "attr", "query.attr"},
		{"GET", "/notes/a", "", "slug", "path.slug"},
		{"POST", "/notes/a/send", `{"cart_id":"c"}`, "cart", "body.cart_id"},
		{"POST", "/notes/a/send", `{"cart_id":"c"}`, "slug", "path.slug"},
	} {
		d.err = fault.InvalidField(c.field, "unknown_reference", "is unknown")
		d.do(c.method, c.target, c.body, "Idempotency-Key", "k").finding(c.want, "unknown_reference")
	}
}

func TestProblem_PoisonReachesNobody(t *testing.T) {
	t.Parallel()
	const poison = "pq: SQLSTATE 23505 at /srv/shop"
	for name, err := range map[string]error{
		"Plain":    errors.New(poison),
		"Internal": &fault.Error{Kind: fault.Internal, Code: "poison_code", Detail: poison, Fields: []fault.Field{{Location: poison, Message: poison}}, Data: fault.Resource{Resource: poison}, Err: errors.New(poison)},
		"Wrapped":  fault.Wrap(fault.Unavailable, poison, errors.New(poison)),
		"Panic":    nil,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t, Options{})
			d.err = err
			if err == nil {
				d.panics = poison
			}
			for path := range d.api.OpenAPI().Paths {
				for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
					op := operationAt(d.api.OpenAPI(), path, method)
					if op == nil || strings.HasSuffix(path, "z") {
						continue
					}
					before := d.calls
					target := strings.NewReplacer("{slug}", "a", "{id}", "00000000-0000-7000-8000-000000000001").Replace(path)
					body := ""
					if op.RequestBody != nil {
						body = map[string]string{"createNote": `{"text":"a"}`, "patchNote": `{}`, "sendNote": `{"cart_id":"c"}`}[op.OperationID]
					}
					g := d.do(method, target, body, "Idempotency-Key", "k", "If-Match", "*", "Authorization", "Bearer root-key")
					if d.calls == before {
						t.Errorf("%s was not reached: %d %s", op.OperationID, g.status, g.body)
					}
					if g.status < 500 || strings.Contains(g.body, "pq") || strings.Contains(g.body, "poison") || strings.Contains(fmt.Sprint(g.header), "pq") {
						t.Errorf("%s answers %d %s", op.OperationID, g.status, g.body)
					}
				}
			}
			if n := strings.Count(d.log.String(), "SQLSTATE"); n < d.calls {
				t.Errorf("the cause of %d failures is logged %d times", d.calls, n)
			}
		})
	}
}

func TestMux_AnswersAreProblems(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{})
	if p := d.do("GET", "/nowhere", "").problem(http.StatusNotFound, "not_found"); p.Resource == "" {
		t.Errorf("not_found without its resource")
	}
	g := d.do("PUT", "/notes", "{}")
	g.problem(http.StatusMethodNotAllowed, "method_not_allowed")
	if allow := g.header.Get("Allow"); !strings.Contains(allow, "GET") || !strings.Contains(allow, "POST") {
		t.Errorf("Allow is %q", allow)
	}
	if g := d.do("GET", "/notes//a", ""); g.status/100 != 3 || g.header.Get("Location") != "/notes/a" {
		t.Errorf("an unclean path is answered %d %v", g.status, g.header)
	}
	d.err = fault.Missing("note")
	if p := d.do("GET", "/notes/a", "").problem(404, "not_found"); p.Resource != "note" {
		t.Errorf("an operation's own 404 became %+v", p)
	}
}
