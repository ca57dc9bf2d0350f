package httpapi

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestCheckout_WhatEachSandboxTokenAnswers(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.product("CUP", 1000, 100)
	const total = 1490

	t.Run("OK", func(t *testing.T) {
		c := c.in(t)
		o := read[Order](c.basket("CUP", 1).checkout("ok", "tok_ok", total).ok(201))
		if o.Status != "confirmed" || o.Payment.Status != "authorized" || !o.Test || o.Lines[0].Quantity != 1 || len(o.AllowedActions) == 0 {
			t.Errorf("answered %+v", o)
		}
	})
	t.Run("Declined", func(t *testing.T) {
		c := c.in(t)
		b := c.basket("CUP", 2)
		g := b.checkout("declined", "tok_declined", 2490)
		if p := g.problem(http.StatusPaymentRequired, "payment_declined"); p.OrderID == "" || !strings.Contains(g.body, `"decline_code":"card_declined"`) || !strings.Contains(g.body, `"retryable":`) {
			t.Errorf("answered %s", g.body)
		}
		if cart := b.show(); cart.Status != "open" || cart.Lines[0].Available != 99 {
			t.Errorf("the cart is %+v", cart)
		}
		// A refusal ends its key; the next attempt takes another one on the same cart.
		b.checkout("declined again", "tok_ok", 2490).ok(201)
	})
	t.Run("RequiresAction", func(t *testing.T) {
		c := c.in(t)
		for result, want := range map[string]string{"ok": "confirmed", "declined": "payment_failed"} {
			b := c.basket("CUP", 1)
			g := b.checkout(result, "tok_requires_action", total).ok(201)
			o := read[Order](g)
			if o.Status != "pending_payment" || o.Payment.Status != "requires_action" || !o.Payment.NextAction.Valid {
				t.Fatalf("answered %s", g.body)
			}
			if p := b.set("CUP", 2).problem(http.StatusConflict, "cart_locked"); p.OrderID != o.ID {
				t.Errorf("locked by %s", p.OrderID)
			}
			b.checkout("while "+result, "tok_ok", total).problem(http.StatusConflict, "cart_locked")
			c.do("POST", "/v1/sandbox/payments/"+*o.Payment.ID+"/complete", `{"result":"`+result+`"}`).ok(200)
			after := read[Order](c.do("POST", "/v1/orders/"+o.ID+"/payment/refresh", "", "X-Order-Token", g.header.Get("X-Order-Token")).ok(200))
			if after.Status != want {
				t.Errorf("%s: the order is %s", result, after.Status)
			}
			// What was answered under the key is answered again, whatever became of it.
			if again := b.checkout(result, "tok_requires_action", total).ok(201); again.body != g.body || again.header.Get("Idempotent-Replayed") != "true" {
				t.Errorf("%s: replayed %s", result, again.body)
			}
		}
	})
	t.Run("Timeout", func(t *testing.T) {
		c := c.in(t)
		o := read[Order](c.basket("CUP", 1).checkout("timeout", "tok_timeout", total).ok(201))
		if o.Status != "pending_payment" || o.Payment.Status != "processing" {
			t.Errorf("answered %+v", o)
		}
		settled := read[Order](c.admin("POST", "/v1/admin/payments/"+*o.Payment.ID+"/settle", "").ok(200))
		if settled.Status != "confirmed" {
			t.Errorf("settled as %s", settled.Status)
		}
	})
	t.Run("Unavailable", func(t *testing.T) {
		c := c.in(t)
		b := c.basket("CUP", 1)
		for range 2 {
			g := b.checkout("unavailable", "tok_unavailable", total)
			g.problem(http.StatusServiceUnavailable, "payment_unavailable")
			if g.header.Get("Retry-After") == "" || g.header.Get("Idempotent-Replayed") != "" {
				t.Errorf("answered with %v", g.header)
			}
		}
		if cart := b.show(); cart.Status != "ordering" {
			t.Errorf("the cart is %s", cart.Status)
		}
	})
	if found := read[Violations](c.admin("GET", "/v1/admin/check", "").ok(200)); len(found.Violations) != 0 {
		t.Errorf("check finds %v", found)
	}
}

func TestCheckout_FinalAnswersAreRepeatedByteForByte(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.product("CUP", 1000, 10)
	c.product("RARE", 1000, 3)
	for name, try := range map[string]struct {
		status int
		code   string
		first  func(b basket) got
		lines  []any
	}{
		"Placed":       {201, "", func(b basket) got { return b.checkout("k", "tok_ok", 1490) }, []any{"CUP", 1}},
		"Declined":     {402, "payment_declined", func(b basket) got { return b.checkout("k", "tok_declined", 1490) }, []any{"CUP", 1}},
		"PriceChanged": {409, "price_changed", func(b basket) got { return b.checkout("k", "tok_ok", 1) }, []any{"CUP", 1}},
		"OutOfStock":   {409, "out_of_stock", func(b basket) got { return b.checkout("k", "tok_ok", 3490) }, []any{"RARE", 3}},
	} {
		t.Run(name, func(t *testing.T) {
			c := c.in(t)
			b := c.basket(try.lines...)
			if name == "OutOfStock" {
				c.basket("RARE", 2).checkout("k", "tok_ok", 2490).ok(201)
			}
			first := try.first(b)
			if first.status != try.status || !strings.Contains(first.body, try.code) {
				t.Fatalf("answered %d %s", first.status, first.body)
			}
			again := try.first(b)
			if again.status != first.status || again.body != first.body || again.header.Get("Idempotent-Replayed") != "true" || first.header.Get("Idempotent-Replayed") != "" {
				t.Errorf("repeated %d %s %v\nof %s", again.status, again.body, again.header, first.body)
			}
			for _, header := range []string{"Content-Type", "Location", "ETag", "X-Order-Token"} {
				if again.header.Get(header) != first.header.Get(header) {
					t.Errorf("%s was %q and is %q", header, first.header.Get(header), again.header.Get(header))
				}
			}
			if first.header.Get("X-Request-Id") == again.header.Get("X-Request-Id") {
				t.Errorf("two requests have one id")
			}
			b.checkout("k", "tok_other", 1490).problem(http.StatusUnprocessableEntity, "idempotency_key_reused")
		})
	}
	t.Run("PriceChangedShowsTheNewQuote", func(t *testing.T) {
		c := c.in(t)
		g := c.basket("CUP", 2).checkout("k", "tok_ok", 1)
		p := read[struct{ Quote Quote }](g)
		if p.Quote.Total.Amount != 2490 || len(p.Quote.Lines) != 1 {
			t.Errorf("answered %s", g.body)
		}
	})
	t.Run("OutOfStockNamesTheLines", func(t *testing.T) {
		c := c.in(t)
		p := c.basket().set("RARE", 2).problem(http.StatusConflict, "out_of_stock")
		if len(p.Lines) != 1 || p.Lines[0]["sku"] != "RARE" || p.Lines[0]["available"] != 1.0 || p.Lines[0]["requested"] != 2.0 {
			t.Errorf("answered %+v", p)
		}
	})
	t.Run("AlreadyOrdered", func(t *testing.T) {
		c := c.in(t)
		b := c.basket("CUP", 1)
		o := read[Order](b.checkout("one", "tok_ok", 1490).ok(201))
		first := b.checkout("two", "tok_ok", 1490)
		if p := first.problem(http.StatusConflict, "cart_already_ordered"); p.OrderID != o.ID {
			t.Errorf("ordered as %s, not %s", p.OrderID, o.ID)
		}
		if again := b.checkout("two", "tok_ok", 1490); again.body != first.body {
			t.Errorf("repeated %s", again.body)
		}
		b.set("CUP", 1).problem(http.StatusConflict, "cart_already_ordered")
	})
}

func TestCheckout_KeysAreTheirOwners(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.product("CUP", 1000, 10)
	b, other := c.basket("CUP", 1), c.basket("CUP", 1)
	body := `{"cart_id":"` + b.id + `","email":"a@b.de","shipping_address":` + address + `,"payment":{"provider":"sandbox","token":"tok_ok"},"expected_total":{"amount":1490,"currency":"EUR"}}`
	b.do("POST", "/v1/checkout", body).problem(http.StatusBadRequest, "idempotency_key_missing")
	b.do("POST", "/v1/checkout", body, "Idempotency-Key", "").problem(http.StatusBadRequest, "idempotency_key_missing")
	b.do("POST", "/v1/checkout", body, "Idempotency-Key", strings.Repeat("k", 256)).problem(http.StatusBadRequest, "idempotency_key_invalid")
	b.do("POST", "/v1/checkout", body, "Idempotency-Key", `"k`).problem(http.StatusBadRequest, "idempotency_key_invalid")
	if p := c.do("POST", "/v1/checkout", body, "Idempotency-Key", "k").problem(http.StatusNotFound, "not_found"); p.Resource != "cart" {
		t.Errorf("nobody is told of a %s", p.Resource)
	}
	other.do("POST", "/v1/checkout", body, "Idempotency-Key", "k").problem(http.StatusNotFound, "not_found")
	// A command that is refused as it stands leaves its key free.
	b.do("POST", "/v1/checkout", strings.Replace(body, `"a@b.de"`, `"nobody"`, 1), "Idempotency-Key", "k").finding("body.email", "pattern")
	first := b.do("POST", "/v1/checkout", body, "Idempotency-Key", "k").ok(201)
	// The same key of somebody else is another one; white space and order do not matter.
	other.checkout("k", "tok_ok", 1490).ok(201)
	if again := b.do("POST", "/v1/checkout", " "+strings.Replace(body, `"email":"a@b.de",`, "", 1)[:len(body)-len(`"email":"a@b.de",`)-1]+`,"email":"A@B.de"}`, "Idempotency-Key", `"k"`).ok(201); again.body != first.body {
		t.Errorf("repeated %s", again.body)
	}
}

// Many clicks on one button: one order, and everybody is told of it or to wait.
func TestCheckout_OneKeyAtOnceIsOneOrder(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.product("CUP", 1000, 100)
	b := c.basket("CUP", 1)
	var mu sync.Mutex
	var clicks sync.WaitGroup
	orders := map[string]int{}
	for range 16 {
		clicks.Go(func() {
			g := b.checkout("k", "tok_ok", 1490)
			mu.Lock()
			defer mu.Unlock()
			switch g.status {
			case http.StatusCreated:
				orders[g.body]++
			case http.StatusConflict:
				if !strings.Contains(g.body, `"idempotency_in_progress"`) || g.header.Get("Retry-After") == "" {
					t.Errorf("answered %s with %v", g.body, g.header)
				}
			default:
				t.Errorf("answered %d %s", g.status, g.body)
			}
		})
	}
	clicks.Wait()
	if len(orders) != 1 {
		t.Errorf("%d orders", len(orders))
	}
	if v := read[AdminVariant](c.admin("GET", "/v1/admin/variants/CUP", "").ok(200)); v.StockQty != 99 || v.Reserved != 0 {
		t.Errorf("the stock is %+v", v)
	}
}

func TestCheckout_NothingToPay(t *testing.T) {
	t.Parallel()
	c := newCounter(t, func(s setup) { s.options.ShippingFlat = 0 })
	c.product("GIFT", 0, 5)
	b := c.basket("GIFT", 1)
	if q := b.quote(); q.Total.Amount != 0 {
		t.Fatalf("quoted %+v", q)
	}
	g := b.do("POST", "/v1/checkout", `{"cart_id":"`+b.id+`","email":"a@b.de","shipping_address":`+address+`,"expected_total":{"amount":0,"currency":"EUR"}}`, "Idempotency-Key", "k").ok(201)
	if o := read[Order](g); o.Status != "confirmed" || o.Payment.Status != "not_required" || o.Payment.ID != nil {
		t.Errorf("answered %s", g.body)
	}
}

func TestCheckout_QuoteAndCartTellWhatIsWrong(t *testing.T) {
	t.Parallel()
	now := time.Now()
	c := newCounter(t, func(s setup) { s.deps.Now = func() time.Time { return now }; s.options.CartTTL = time.Hour })
	p := c.product("CUP", 1000, 5)
	c.product("GOLD", 1_000_000_000_000, 5)
	quote := func(b basket, address string) got {
		return b.do("POST", "/v1/checkout/quote", `{"cart_id":"`+b.id+`","shipping_address":`+address+`}`)
	}
	quote(c.basket(), `{"country":"DE"}`).finding("body.cart_id", "required")
	b := c.basket("CUP", 1)
	quote(b, `{"country":"US"}`).problem(http.StatusUnprocessableEntity, "shipping_unavailable")
	quote(b, `{"country":"XX"}`).finding("body.shipping_address.country", "enum")
	quote(b, `{"country":"de"}`).finding("body.shipping_address.country", "pattern")
	quote(b, `{}`).finding("body.shipping_address.country", "required")
	b.do("POST", "/v1/checkout/quote", `{"cart_id":"`+b.id+`","shipping_address":{"country":"DE"},"shipping_method":"rocket"}`).finding("body.shipping_method", "unknown_reference")
	quote(c.basket("GOLD", 2), `{"country":"DE"}`).problem(http.StatusUnprocessableEntity, "amount_exceeds")
	c.do("POST", "/v1/checkout/quote", `{"cart_id":"nowhere","shipping_address":{"country":"DE"}}`).problem(http.StatusNotFound, "not_found")
	b.do("POST", "/v1/checkout", `{"cart_id":"`+b.id+`","email":"a@b.de","shipping_address":`+address+`,"payment":{"provider":"paypal","token":"x"},"expected_total":{"amount":1490,"currency":"EUR"}}`,
		"Idempotency-Key", "k").finding("body.payment.provider", "enum")
	b.do("POST", "/v1/checkout", `{"cart_id":"`+b.id+`","email":"a@b.de","shipping_address":`+address+`,"expected_total":{"amount":1490,"currency":"EUR"}}`, "Idempotency-Key", "k").finding("body.payment", "required")
	b.do("POST", "/v1/checkout", `{"cart_id":"`+b.id+`","email":"a@b.de","shipping_address":`+address+`,"payment":{"provider":"sandbox","token":"x"},"expected_total":{"amount":1490,"currency":"USD"}}`,
		"Idempotency-Key", "k").problem(http.StatusUnprocessableEntity, "currency_mismatch")

	// What is taken off sale while it lies in a cart is said, and stops the order.
	c.admin("POST", "/v1/admin/products/"+p.ProductID+"/archive", "").ok(200)
	if l := b.show().Lines[0]; l.Problem == nil || *l.Problem != "unavailable" {
		t.Errorf("the line is %+v", l)
	}
	if p := quote(b, `{"country":"DE"}`).problem(http.StatusConflict, "out_of_stock"); p.Lines[0]["available"] != 0.0 {
		t.Errorf("answered %+v", p)
	}
	b.checkout("gone", "tok_ok", 1490).problem(http.StatusConflict, "out_of_stock")
	b.set("CUP", 1).problem(http.StatusNotFound, "not_found")
	b.set("CUP", 0).ok(200)

	now = now.Add(2 * time.Hour)
	b.set("GOLD", 1).problem(http.StatusGone, "cart_expired")
	b.checkout("late", "tok_ok", 1490).problem(http.StatusGone, "cart_expired")
}
