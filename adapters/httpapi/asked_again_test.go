package httpapi

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/ports"
)

// mortalKeys belong to a server that dies, while told to, when it has done what
// was asked and is about to store its answer. Time is the test's.
type mortalKeys struct {
	ports.Keys
	dies atomic.Bool
	late atomic.Int64 // nanoseconds
}

func (k *mortalKeys) Remember(ctx context.Context, r ports.KeyRef, a ports.Answer) (ports.Answer, error) {
	if k.dies.Load() {
		panic("killed")
	}
	return k.Keys.Remember(ctx, r, a)
}

func (k *mortalKeys) now() time.Time { return time.Now().Add(time.Duration(k.late.Load())) }

// A server dies between an operator's step and its answer. The same request sent
// again waits until the key is free, does nothing twice, and from then on has one
// answer.
func TestOrders_AskedAgainAfterADeath(t *testing.T) {
	t.Parallel()
	keys := &mortalKeys{}
	c := newCounter(t, func(s setup) {
		s.options.CaptureAt = core.CaptureManually
		keys.Keys, s.edge.Keys, s.edge.Now = s.edge.Keys, keys, keys.now
	}).worked()
	c.product("CUP", 1000, 10)
	g := c.basket("CUP", 4).checkout("k", "tok_ok", 4490).ok(201)
	o, token := read[Order](g), g.header.Get("X-Order-Token")
	admin := func(path, key, body string) func() got {
		return func() got { return c.admin("POST", "/v1/admin/orders/"+o.ID+path, body, "Idempotency-Key", key) }
	}
	for _, step := range []struct {
		name  string
		ask   func() got
		holds func() bool
	}{
		{"capture", admin("/captures", "k", `{"amount":{"amount":4000,"currency":"EUR"}}`), func() bool { return o.Payment.Captured.Amount == 4000 }},
		{"ship", admin("/shipments", "k", `{"lines":[{"sku":"CUP","quantity":2}]}`), func() bool { return len(o.Shipments) == 1 && o.Lines[0].ShippedQuantity == 2 }},
		{"refund a unit", admin("/refunds", "k", `{"lines":[{"sku":"CUP","quantity":1}],"restock":true}`), func() bool { return len(o.Refunds) == 1 && o.Payment.Refunded.Amount == 1000 }},
		{"refund an amount", admin("/refunds", "l", `{"amount":{"amount":300,"currency":"EUR"}}`), func() bool { return len(o.Refunds) == 2 && o.Payment.Refunded.Amount == 1300 }},
		{"receive others", admin("/returns", "k", `{"lines":[{"sku":"CUP","quantity":1}],"restock":true}`), func() bool { return len(o.Returns) == 1 && o.Lines[0].ReturnedQuantity == 2 }},
		{"ask for a return", func() got {
			return c.do("POST", "/v1/orders/"+o.ID+"/returns", `{"lines":[{"sku":"CUP","quantity":1}]}`, "X-Order-Token", token, "Idempotency-Key", "k")
		}, func() bool { return len(o.Returns) == 2 && o.Returns[1].Status == "requested" }},
		{"receive what was asked for", func() got {
			return admin("/returns", "l", `{"return_id":"`+o.Returns[1].ID+`","restock":true}`)()
		}, func() bool { return len(o.Returns) == 2 && o.Lines[0].ReturnedQuantity == 3 }},
		{"note", admin("/notes", "k", `{"text":"rang the bell"}`), func() bool {
			n := 0
			for _, e := range o.Timeline {
				if e.Type == "note" {
					n++
				}
			}
			return n == 1
		}},
	} {
		keys.dies.Store(true)
		step.ask().problem(500, "internal")
		keys.dies.Store(false)
		step.ask().problem(409, "idempotency_in_progress")
		keys.late.Add(int64(keyLease + time.Second))
		answered := step.ask().ok(201)
		if o = read[Order](answered); !step.holds() {
			t.Fatalf("%s: not done once: %s", step.name, answered.body)
		}
		if again := step.ask().ok(201); again.body != answered.body || again.header.Get("Idempotent-Replayed") != "true" {
			t.Errorf("%s: told %s and then %s", step.name, answered.body, again.body)
		}
	}
	keys.dies.Store(true)
	promote := func() got {
		return c.admin("POST", "/v1/admin/promotions", `{"name":"Sale","type":"percentage","percent_bp":1000}`, "Idempotency-Key", "k")
	}
	promote().problem(500, "internal")
	keys.dies.Store(false)
	keys.late.Add(int64(keyLease + time.Second))
	if first, again := promote().ok(201), promote().ok(201); read[Promotion](first).Name != "Sale" || again.body != first.body {
		t.Errorf("told %s and then %s", first.body, again.body)
	}
	if list := read[CursorPage[Promotion]](c.admin("GET", "/v1/admin/promotions", "").ok(200)); len(list.Items) != 1 {
		t.Errorf("there are %d promotions", len(list.Items))
	}
	keys.dies.Store(true)
	adjust := func() got {
		return c.admin("POST", "/v1/admin/variants/cup/stock-adjustments", `{"delta":10,"reason":"received"}`, "Idempotency-Key", "k")
	}
	adjust().problem(500, "internal")
	keys.dies.Store(false)
	keys.late.Add(int64(keyLease + time.Second))
	if first, again := adjust().ok(201), adjust().ok(201); read[StockAdjustment](first).Delta != 10 || again.body != first.body {
		t.Errorf("told %s and then %s", first.body, again.body)
	}
	soon(t, "three cups and ten new ones are on the shelf", func() bool {
		return read[CursorPage[StockLevel]](c.admin("GET", "/v1/admin/stock?q=CUP", "")).Items[0].OnHand == 19
	})
}

// The same of what a merchant makes: nothing but its slug tells a twin apart.
func TestCatalog_AskedAgainAfterADeath(t *testing.T) {
	t.Parallel()
	keys := &mortalKeys{}
	c := newCounter(t, func(s setup) { keys.Keys, s.edge.Keys, s.edge.Now = s.edge.Keys, keys, keys.now })
	for path, body := range map[string]string{
		"/v1/admin/brands":     `{"name":"Alder"}`,
		"/v1/admin/categories": `{"name":"Cups"}`,
		"/v1/admin/products":   `{"name":"Cup","base_price":{"amount":1000,"currency":"EUR"}}`,
	} {
		ask := func() got { return c.admin("POST", path, body, "Idempotency-Key", "k") }
		keys.dies.Store(true)
		ask().problem(500, "internal")
		keys.dies.Store(false)
		keys.late.Add(int64(keyLease + time.Second))
		first, again := ask().ok(201), ask().ok(201)
		if again.body != first.body || again.header.Get("Idempotent-Replayed") != "true" || first.header.Get("Location") == "" {
			t.Errorf("%s: told %s and then %s", path, first.body, again.body)
		}
		slugs := func() (all []string) {
			for _, item := range read[struct{ Items []struct{ Slug string } }](c.admin("GET", path, "").ok(200)).Items {
				all = append(all, item.Slug)
			}
			return all
		}
		if all := slugs(); len(all) != 1 {
			t.Errorf("%s: there are %q", path, all)
		}
		c.admin("POST", path, body, "Idempotency-Key", "l").ok(201)
		if all := slugs(); len(all) != 2 || all[0] == all[1] {
			t.Errorf("%s: after another request there are %q", path, all)
		}
	}
}
