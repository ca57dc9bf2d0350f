package httpapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/payment"
)

const webhookSecret = "whsec_of_the_test"

// notice is a webhook of the sandbox about a payment.
func notice(event, about string) string {
	return `{"id": "` + event + `", "type": "payment.captured", "created": "2026-11-22T12:00:00Z", "data": {"payment_id": "` + about + `", "amount": {"amount": 1, "currency": "EUR"}}}`
}

func (c *counter) webhook(body string, headers ...string) got {
	c.t.Helper()
	if len(headers) == 0 {
		headers = []string{"Sandbox-Signature", payment.Sign([]byte(body), webhookSecret, time.Now())}
	}
	return c.do("POST", "/v1/webhooks/payments/sandbox", body, headers...)
}

func TestWebhooks(t *testing.T) {
	t.Parallel()
	const about = "00000000-0000-7000-8000-000000000001"

	t.Run("KeptOnceWhateverItTells", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		for _, body := range []string{
			notice("evt_1", about), notice("evt_1", about), // twice
			notice("evt_2", "someone-elses"), `{"id": "evt_3", "type": "invoice.created", "data": {}}`, // about nothing of ours
			strings.Replace(notice("evt_4", about), "payment.captured", "payment.sang", 1), // of a type nobody knows
		} {
			if g := c.webhook(body).ok(http.StatusOK); strings.TrimSpace(g.body) != `{"received":true}` {
				t.Errorf("answered %s", g.body)
			}
		}
		page := read[CursorPage[PaymentEvent]](c.admin("GET", "/v1/admin/payments/events?limit=1", "").ok(http.StatusOK))
		if len(page.Items) != 1 || page.Items[0].ID != "evt_1" || page.Items[0].PaymentID != about || page.Items[0].EndedAt.Valid || page.NextCursor == nil {
			t.Fatalf("got %+v", page)
		}
		page = read[CursorPage[PaymentEvent]](c.admin("GET", "/v1/admin/payments/events?cursor="+*page.NextCursor, "").ok(http.StatusOK))
		if len(page.Items) != 1 || page.Items[0].ID != "evt_4" {
			t.Errorf("then %+v", page)
		}
	})

	t.Run("OnlyWhatTheProviderSigned", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		body := notice("evt_1", about)
		for name, signature := range map[string]string{
			"none": "", "of another secret": payment.Sign([]byte(body), "whsec_other", time.Now()),
			"of another body": payment.Sign([]byte(body+" "), webhookSecret, time.Now()),
			"old":             payment.Sign([]byte(body), webhookSecret, time.Now().Add(-6*time.Minute)),
			"of the future":   payment.Sign([]byte(body), webhookSecret, time.Now().Add(6*time.Minute)),
		} {
			if g := c.webhook(body, "Sandbox-Signature", signature); g.problem(http.StatusBadRequest, "webhook_signature_invalid").Detail == "" {
				t.Errorf("%s: no detail", name)
			}
		}
		for name, body := range map[string]string{"no JSON": "{", "no id": `{"type": "t", "data": {}}`, "an id of control characters": notice(`\u0000`, about)} {
			if g := c.webhook(body); g.status != http.StatusBadRequest {
				t.Errorf("%s: %d %s", name, g.status, g.body)
			}
		}
		if page := read[CursorPage[PaymentEvent]](c.admin("GET", "/v1/admin/payments/events", "").ok(http.StatusOK)); len(page.Items) != 0 {
			t.Errorf("kept %+v", page.Items)
		}
	})

	t.Run("Refusals", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		c.do("POST", "/v1/webhooks/payments/nobody", "{}").problem(http.StatusNotFound, "not_found")
		c.webhook(strings.Repeat(" ", maxWebhook+1)).problem(http.StatusRequestEntityTooLarge, "body_too_large")
		c.admin("POST", "/v1/admin/payments/events/replay", `{"limit": 0}`).finding("body.limit", "too_small")
		c.do("POST", "/v1/admin/payments/events/replay", `{"limit": 1}`).problem(http.StatusUnauthorized, "unauthenticated")
	})

	t.Run("ReplayedInStretches", func(t *testing.T) {
		t.Parallel()
		c := newCounter(t)
		for _, event := range []string{"evt_1", "evt_2", "evt_3"} {
			c.webhook(notice(event, about)).ok(http.StatusOK)
		}
		type answer struct {
			Replayed   int     `json:"replayed"`
			NextCursor *string `json:"next_cursor"`
		}
		first := read[answer](c.admin("POST", "/v1/admin/payments/events/replay", `{"limit": 2, "provider": "sandbox", "waiting": true}`).ok(http.StatusOK))
		if first.Replayed != 2 || first.NextCursor == nil {
			t.Fatalf("got %+v", first)
		}
		second := read[answer](c.admin("POST", "/v1/admin/payments/events/replay", `{"limit": 2, "provider": "sandbox", "waiting": true, "cursor": "`+*first.NextCursor+`"}`).ok(http.StatusOK))
		if second.Replayed != 1 || second.NextCursor != nil {
			t.Errorf("then %+v", second)
		}
		one := read[answer](c.admin("POST", "/v1/admin/payments/events/replay", `{"limit": 9, "event_ids": ["evt_2", "evt_9"]}`).ok(http.StatusOK))
		if one.Replayed != 1 {
			t.Errorf("by id: %+v", one)
		}
	})
}
