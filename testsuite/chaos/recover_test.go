package chaos

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/testsuite/expect"
)

// cartStatus returns how a shopper's cart is.
func (s *shopper) status(t *testing.T) string {
	t.Helper()
	var cart struct{ Status string }
	s.must(t, http.MethodGet, "/v1/carts/"+s.cart, nil, &cart)
	return cart.Status
}

func (s *server) order(id string) order {
	s.t.Helper()
	var o order
	s.admin().must(s.t, http.MethodGet, "/v1/admin/orders/"+id, nil, &o)
	return o
}

// pay has a new shopper order one unit of a SKU with a token; it must be taken.
func (s *server) pay(sku, token string) (*shopper, checkout, order) {
	s.t.Helper()
	ctx := s.t.Context()
	who, a, err := s.anyone().enter(ctx)
	if err == nil && who != nil {
		a, err = who.put(ctx, line{sku, 1})
	}
	var c checkout
	if err == nil && a.status == http.StatusOK {
		c, a, err = who.checkout(ctx, token, buyer(1))
	}
	if err == nil && a.status == http.StatusOK {
		a, err = who.place(ctx, c)
	}
	if err != nil || a.status != http.StatusCreated {
		s.t.Fatalf("%s: %s, %v", token, a, err)
	}
	return who, c, orderOf(a)
}

// A shopper who never comes back from the bank's page.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), "BODEGA_RESERVATION_TTL=6s")
	s.sell("LAST", 1)
	who, c, o := s.pay("LAST", "tok_requires_action")
	if o.Status != "pending_payment" || o.Payment.Status != "requires_action" {
		t.Fatalf("the order is %s, its payment %s", o.Status, o.Payment.Status)
	}
	if onHand, reserved := s.stock("LAST"); onHand != 1 || reserved != 1 {
		t.Errorf("%d on hand, %d held", onHand, reserved)
	}
	if a, err := who.put(t.Context(), line{"LAST", 1}); err != nil || a.code() != "cart_locked" {
		t.Errorf("a cart in payment was changed: %s, %v", a, err)
	}
	expect.Soon(t, "the order is canceled", func() bool { return s.order(o.ID).Status == "canceled" })
	if onHand, reserved := s.stock("LAST"); onHand != 1 || reserved != 0 {
		t.Errorf("%d on hand, %d held", onHand, reserved)
	}
	if status := who.status(t); status != "open" {
		t.Errorf("the cart is %s", status)
	}
	a, err := who.send(t.Context(), http.MethodPost, "/v1/sandbox/payments/"+o.Payment.ID+"/complete", []byte(`{"result":"ok"}`))
	if err != nil || a.status != http.StatusConflict {
		t.Errorf("paid too late: %s, %v", a, err)
	}
	if a, err := who.place(t.Context(), c); err != nil || a.status != http.StatusCreated || orderOf(a).ID != o.ID {
		t.Errorf("the key now says %s, %v", a, err) // what it said the first time
	}
	again, a, err := who.checkout(t.Context(), "tok_ok", buyer(1))
	if err == nil && a.status == http.StatusOK {
		a, err = who.place(t.Context(), again)
	}
	if err != nil || orderOf(a).Status != "confirmed" {
		t.Errorf("a second attempt: %s, %v", a, err)
	}
	s.settle(30 * time.Second)
	if mails := s.confirmations(); len(mails) != 1 || len(mails[orderOf(a).Number]) != 1 {
		t.Errorf("mails: %v", mails)
	}
	s.mustBeSound()
}

// The provider took the money, and its answer was lost on the way.
func TestAnswerLost(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir())
	s.sell("LAST", 1)
	who, c, o := s.pay("LAST", "tok_timeout")
	if o.Status != "pending_payment" || o.Payment.Status != "processing" {
		t.Fatalf("the order is %s, its payment %s", o.Status, o.Payment.Status)
	}
	expect.Soon(t, "the order is confirmed", func() bool { return s.order(o.ID).Status == "confirmed" })
	s.settle(30 * time.Second)
	if mails := s.confirmations(); len(mails) != 1 || len(mails[o.Number]) != 1 {
		t.Errorf("mails: %v", mails)
	}
	if status := who.status(t); status != "ordered" {
		t.Errorf("the cart is %s", status)
	}
	a, err := who.place(t.Context(), c)
	if err != nil || a.header.Get("Idempotent-Replayed") != "true" || orderOf(a).Status != "pending_payment" {
		t.Errorf("the key does not say what it said: %s, %v", a, err)
	}
	if onHand, reserved := s.stock("LAST"); onHand != 0 || reserved != 0 {
		t.Errorf("%d on hand, %d held", onHand, reserved)
	}
	s.mustBeSound()
}

// The provider is away: the same key goes on once it is back. The sandbox's is
// away for good, so the shopper gives up and the units come back.
func TestProviderAway(t *testing.T) {
	t.Parallel()
	s := serve(t, t.TempDir(), "BODEGA_RESERVATION_TTL=6s")
	s.sell("LAST", 1)
	ctx := t.Context()
	who, _, err := s.anyone().enter(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if a, err := who.put(ctx, line{"LAST", 1}); err != nil || a.status != http.StatusOK {
		t.Fatalf("%s, %v", a, err)
	}
	c, _, err := who.checkout(ctx, "tok_unavailable", buyer(1))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if a, err := who.place(ctx, c); err != nil || a.status != http.StatusServiceUnavailable || a.code() != "payment_unavailable" || a.header.Get("Retry-After") == "" {
			t.Errorf("%s, %v", a, err)
		}
	}
	expect.Soon(t, "the cart is open again", func() bool { return who.status(t) == "open" })
	s.settle(30 * time.Second)
	if onHand, reserved := s.stock("LAST"); onHand != 1 || reserved != 0 {
		t.Errorf("%d on hand, %d held", onHand, reserved)
	}
	a, err := who.place(ctx, c)
	var p struct {
		DeclineCode string `json:"decline_code"`
		Retryable   bool
	}
	if err != nil || a.code() != "payment_declined" || json.Unmarshal(a.body, &p) != nil || !p.Retryable {
		t.Errorf("after it was given up, the key says %s, %v", a, err)
	}
	s.mustBeSound()
}
