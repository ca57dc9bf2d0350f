package httpapi

import (
	"strings"
	"testing"
)

func TestWebhooks_Operators(t *testing.T) {
	t.Parallel()
	const path = "/v1/admin/webhooks"
	const hook = `{"url":"https://a.example/in","events":["order.*"]}`
	c := newCounter(t)
	c.product("CUP", 1000, 10)
	for _, bad := range []struct{ body, location, code string }{
		{`{"events":["*"]}`, "body.url", "required"},
		{`{"url":"http://a.example","events":["*"]}`, "body.url", "pattern"},
		{`{"url":"https://a.example","events":[]}`, "body.events", ""},
		{`{"url":"https://a.example","events":["*","customer.created"]}`, "body.events[1]", "enum"},
		{`{"url":"https://a.example","events":["*"],"secret":"mine"}`, "body.secret", "unknown_field"},
	} {
		g := c.admin("POST", path, bad.body)
		g.problem(422, "validation_failed")
		if !strings.Contains(g.body, bad.location) || !strings.Contains(g.body, bad.code) {
			t.Errorf("%s is answered %s", bad.body, g.body)
		}
	}
	g := c.admin("POST", path, hook, "Idempotency-Key", "k").ok(201)
	made := read[Webhook](g)
	if made.Secret == nil || !strings.HasPrefix(*made.Secret, "whsec_") || g.header.Get("Location") != path+"/"+made.ID || !made.Enabled {
		t.Fatalf("created %+v", made)
	}
	one := path + "/" + made.ID
	for _, target := range []string{path, one, one + "/deliveries"} {
		if g := c.admin("GET", target, "").ok(200); strings.Contains(g.body, *made.Secret) {
			t.Errorf("%s tells the secret", target)
		}
	}
	c.admin("PUT", one, hook).problem(428, "if_match_required")
	c.admin("PUT", one, hook, "If-Match", `"7"`).problem(412, "version_conflict")
	changed := read[Webhook](c.admin("PUT", one, `{"url":"https://b.example/","events":["*"],"enabled":false}`, "If-Match", `"1"`).ok(200))
	if changed.Version != 2 || changed.Enabled || changed.Secret != nil || changed.URL != "https://b.example/" {
		t.Errorf("replaced %+v", changed)
	}
	c.admin("POST", one+"/rotate-secret", "", "If-Match", `"1"`).problem(412, "version_conflict")
	rotated := read[Webhook](c.admin("POST", one+"/rotate-secret", "").ok(200))
	if rotated.Secret == nil || *rotated.Secret == *made.Secret {
		t.Errorf("rotated %+v", rotated)
	}

	const never = "/00000000-0000-7000-8000-000000000001"
	for _, target := range []string{path + never, path + "/x", path + never + "/deliveries", one + "/deliveries" + never} {
		c.admin("GET", target, "").problem(404, "not_found")
	}
	c.admin("POST", path+never+"/rotate-secret", "").problem(404, "not_found")
	c.admin("POST", one+"/deliveries"+never+"/redeliver", "").problem(404, "not_found")
	c.admin("DELETE", path+never, "").problem(404, "not_found")
	c.admin("GET", one+"/deliveries?status=lost", "").problem(422, "validation_failed")
	c.admin("GET", one+"/deliveries?cursor=x", "").problem(422, "validation_failed")
	c.admin("DELETE", one, "", "If-Match", `"1"`).problem(412, "version_conflict")
	c.admin("DELETE", one, "").ok(204)
	c.admin("GET", one, "").problem(404, "not_found")
}

func TestWebhooks_DeliveriesAreShownAndSentAgain(t *testing.T) {
	t.Parallel()
	c := newCounter(t).worked()
	c.product("CUP", 1000, 10)
	const path = "/v1/admin/webhooks"
	made := read[Webhook](c.admin("POST", path, `{"url":"https://a.example/in","events":["order.*"]}`).ok(201))
	other := read[Webhook](c.admin("POST", path, `{"url":"https://b.example/in","events":["stock.low"]}`).ok(201))
	c.basket("CUP", 1).checkout("k", "tok_ok", 1490).ok(201)
	one := path + "/" + made.ID + "/deliveries"
	type page struct {
		Items      []WebhookDelivery
		NextCursor *string `json:"next_cursor"`
	}
	soon(t, "the order is on its way", func() bool { return len(read[page](c.admin("GET", one+"?status=pending", "").ok(200)).Items) >= 2 })
	first := read[page](c.admin("GET", one+"?limit=1", "").ok(200))
	if len(first.Items) != 1 || first.NextCursor == nil {
		t.Fatalf("the first page is %+v", first)
	}
	second := read[page](c.admin("GET", one+"?limit=1&cursor="+*first.NextCursor, "").ok(200))
	if len(second.Items) != 1 || second.Items[0].ID == first.Items[0].ID {
		t.Errorf("the second page is %+v", second)
	}
	c.admin("GET", path+"/"+other.ID+"/deliveries?cursor="+*first.NextCursor, "").problem(422, "validation_failed")
	d := first.Items[0].ID
	c.admin("GET", path+"/"+other.ID+"/deliveries/"+d, "").problem(404, "not_found")
	c.admin("POST", path+"/"+other.ID+"/deliveries/"+d+"/redeliver", "").problem(404, "not_found")
	shown := read[WebhookDelivery](c.admin("GET", one+"/"+d, "").ok(200))
	again := read[WebhookDelivery](c.admin("POST", one+"/"+d+"/redeliver", "").ok(202))
	if shown.ID != d || again.ID != d || again.Status != "pending" || again.EventID != shown.EventID {
		t.Errorf("shown %+v, again %+v", shown, again)
	}
}
