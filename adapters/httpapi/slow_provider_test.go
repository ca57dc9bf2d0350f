package httpapi

import (
	"context"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/payment"
)

// patience is what a provider is waited for.
const patience = 8 * time.Second

// slowProvider does what it is asked for, and then takes longer to say so than
// anybody waits, once for each call it is told of.
type slowProvider struct {
	*sandbox.Provider
	asked chan struct{} // one for each call that hangs

	mu     sync.Mutex
	slowAt map[string]bool
	calls  map[string]int
}

func (p *slowProvider) slow(call string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.slowAt[call] = true
}

func (p *slowProvider) took(call string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls[call]
}

// hang says nothing, not even that it has waited too long, until nobody waits.
func (p *slowProvider) hang(ctx context.Context, call string, state payment.State, err error) (payment.State, error) {
	p.mu.Lock()
	p.calls[call]++
	hangs := p.slowAt[call]
	p.slowAt[call] = false
	p.mu.Unlock()
	if !hangs {
		return state, err
	}
	p.asked <- struct{}{}
	<-ctx.Done()
	return payment.State{}, ctx.Err()
}

func (p *slowProvider) Authorize(ctx context.Context, r payment.Request) (payment.State, error) {
	state, err := p.Provider.Authorize(ctx, r)
	return p.hang(ctx, "authorize", state, err)
}

func (p *slowProvider) Lookup(ctx context.Context, r payment.Ref) (payment.State, error) {
	state, err := p.Provider.Lookup(ctx, r)
	return p.hang(ctx, "lookup", state, err)
}

func (p *slowProvider) Capture(ctx context.Context, r payment.Ref, a money.Amount) (payment.State, error) {
	state, err := p.Provider.Capture(ctx, r, a)
	return p.hang(ctx, "capture", state, err)
}

func (p *slowProvider) Refund(ctx context.Context, r payment.Ref, f id.Refund, a money.Amount) (payment.State, error) {
	state, err := p.Provider.Refund(ctx, r, f, a)
	return p.hang(ctx, "refund", state, err)
}

// slowCounter is a shop whose provider is slow at these calls, and whose
// operators take the money. It is for a bubble: there a slow machine costs no time,
// and only who is told to be slow is.
func slowCounter(t *testing.T, calls ...string) (*counter, *slowProvider) {
	t.Helper()
	slow := &slowProvider{asked: make(chan struct{}, 8), slowAt: map[string]bool{}, calls: map[string]int{}}
	for _, call := range calls {
		slow.slow(call)
	}
	c := newCounter(t, func(s setup) {
		slow.Provider = s.deps.Sandbox.(*sandbox.Provider)
		s.deps.Payments = core.Providers{"sandbox": slow}
		s.options.CaptureAt = core.CaptureManually
	})
	c.product("CUP", 1000, 3)
	return c, slow
}

// mustBeTaken checks that the money was taken once, and given back so much.
func mustBeTaken(c *counter, slow *slowProvider, o Order, captured, refunded int64) {
	c.t.Helper()
	at, err := slow.Provider.Lookup(c.t.Context(), payment.Ref{ID: paymentID(c.t, o)})
	if err != nil || at.Captured.Minor() != captured || at.Refunded().Minor() != refunded {
		c.t.Errorf("the provider took %s and gave %s back (%v), want %d and %d", at.Captured, at.Refunded(), err, captured, refunded)
	}
	if now := read[Order](c.admin("GET", "/v1/admin/orders/"+o.ID, "").ok(200)); now.Payment.Captured.Amount != captured || now.Payment.Refunded.Amount != refunded {
		c.t.Errorf("the order says %+v", now.Payment)
	}
}

// The provider holds the money but does not say so in time: the shopper is told
// that the payment is processing, the same however often, and the order is
// confirmed once the provider says.
func TestSlowProvider_Checkout(t *testing.T) {
	t.Parallel()
	synctest.Test(t, slowCheckout)
}

func slowCheckout(t *testing.T) {
	t.Helper()
	c, slow := slowCounter(t, "authorize", "lookup")
	b := c.basket("CUP", 1)
	begun := time.Now()
	g := b.checkout("k", "tok_ok", 1490).ok(201)
	if took := time.Since(begun); took < patience || took >= checkoutDeadline {
		t.Errorf("answered after %s", took)
	}
	o := read[Order](g)
	if o.Status != "pending_payment" || o.Payment.Status != "processing" {
		t.Fatalf("the shopper is told %s", g.body)
	}
	if again := b.checkout("k", "tok_ok", 1490).ok(201); again.body != g.body || slow.took("authorize") != 1 {
		t.Errorf("told %s and then %s", g.body, again.body)
	}
	b.checkout("l", "tok_ok", 1490).problem(409, "cart_locked")
	refresh := func() got {
		return c.do("POST", "/v1/orders/"+o.ID+"/payment/refresh", "", "X-Order-Token", g.header.Get("X-Order-Token"))
	}
	if p := refresh(); p.header.Get("Retry-After") == "" {
		t.Errorf("no Retry-After beside %s", p.body)
	} else {
		p.problem(503, "payment_unavailable")
	}
	if o = read[Order](refresh().ok(200)); o.Status != "confirmed" || o.Payment.Status != "authorized" {
		t.Fatalf("then %+v", o)
	}
	if level := read[CursorPage[StockLevel]](c.admin("GET", "/v1/admin/stock?q=CUP", "")).Items[0]; level.OnHand != 2 || level.Reserved != 0 {
		t.Errorf("on the shelf: %+v", level)
	}
	c.admin("POST", "/v1/admin/orders/"+o.ID+"/captures", "", "Idempotency-Key", "c").ok(201)
	mustBeTaken(c, slow, o, 1490, 0)
}

// The shopper is gone before the provider answers: the checkout comes to its end
// all the same, and its answer waits for who asks again.
func TestSlowProvider_CheckoutOfAShopperWhoLeft(t *testing.T) {
	t.Parallel()
	synctest.Test(t, slowCheckoutOfAShopperWhoLeft)
}

func slowCheckoutOfAShopperWhoLeft(t *testing.T) {
	t.Helper()
	c, slow := slowCounter(t, "authorize")
	b := c.basket("CUP", 1)
	ctx, leave := context.WithCancel(t.Context())
	r := httptest.NewRequestWithContext(ctx, "POST", "/v1/checkout", strings.NewReader(
		`{"cart_id":"`+b.id+`","email":"Ada@Example.com","shipping_address":`+address+`,"payment":{"provider":"sandbox","token":"tok_ok"},"expected_total":{"amount":1490,"currency":"EUR"}}`))
	for name, value := range map[string]string{"Content-Type": "application/json", "X-Cart-Token": b.token, "Idempotency-Key": "k"} {
		r.Header.Set(name, value)
	}
	left := make(chan struct{})
	go func() {
		defer close(left)
		c.ServeHTTP(httptest.NewRecorder(), r)
	}()
	<-slow.asked
	leave()
	<-left
	g := b.checkout("k", "tok_ok", 1490).ok(201)
	if o := read[Order](g); g.header.Get("Idempotent-Replayed") != "true" || o.Payment.Status != "processing" || slow.took("authorize") != 1 {
		t.Errorf("after %d requests told %s", slow.took("authorize"), g.body)
	}
}

// The provider is slow to say that it took the money, or gave it back. The
// operator is told that nobody knows yet, or that the refund is pending, and it
// happens once.
func TestSlowProvider_Operators(t *testing.T) {
	t.Parallel()
	synctest.Test(t, slowOperators)
}

func slowOperators(t *testing.T) {
	t.Helper()
	c, slow := slowCounter(t, "capture", "refund")
	o := read[Order](c.basket("CUP", 2).checkout("k", "tok_ok", 2490).ok(201))
	at := "/v1/admin/orders/" + o.ID
	capture := func() got { return c.admin("POST", at+"/captures", "", "Idempotency-Key", "c") }
	if p := capture(); p.header.Get("Retry-After") == "" {
		t.Errorf("no Retry-After beside %s", p.body)
	} else {
		p.problem(503, "payment_unavailable")
	}
	if o = read[Order](capture().ok(201)); o.Payment.Status != "captured" {
		t.Fatalf("then %+v", o.Payment)
	}
	refund := func() got {
		return c.admin("POST", at+"/refunds", `{"lines":[{"sku":"CUP","quantity":1}],"restock":true}`, "Idempotency-Key", "r").ok(201)
	}
	g := refund()
	if o = read[Order](g); len(o.Refunds) != 1 || o.Refunds[0].Status != "pending" {
		t.Fatalf("the operator is told %+v", o.Refunds)
	}
	if again := refund(); again.body != g.body {
		t.Errorf("told %s and then %s", g.body, again.body)
	}
	for range 2 { // its job, twice
		if err := c.shop.Payments.SendRefunds(t.Context(), core.SendRefunds{By: account.System("test"), Payment: paymentID(t, o)}); err != nil {
			t.Fatal(err)
		}
	}
	if o = read[Order](c.admin("GET", at, "").ok(200)); len(o.Refunds) != 1 || o.Refunds[0].Status != "succeeded" {
		t.Errorf("refunded by %+v", o.Refunds)
	}
	mustBeTaken(c, slow, o, 2490, 1000)
}

func paymentID(t testing.TB, o Order) id.Payment {
	t.Helper()
	u, ok := id.Parse(*o.Payment.ID)
	if !ok {
		t.Fatalf("%q is no id", *o.Payment.ID)
	}
	return id.Payment{UUID: u}
}
