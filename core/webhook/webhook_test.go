package webhook_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/webhook"
)

var noon = time.Date(2030, 1, 2, 12, 0, 0, 0, time.UTC)

func TestEndpoint_Wants(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]string{
		"*":               "order.placed product.created",
		"order.*":         "order.placed",
		"order.placed":    "order.placed",
		"order.confirmed": "",
		"product.*":       "product.created",
	} {
		e := webhook.Endpoint{Events: []string{"stock.low", pattern}}
		var got []string
		for _, typ := range []string{webhook.OrderPlaced, webhook.ProductCreated} {
			if e.Wants(typ) {
				got = append(got, typ)
			}
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s fits %q, not %q", pattern, got, want)
		}
		if e.Disabled = true; e.Wants(webhook.StockLow) {
			t.Error("a disabled endpoint wants something")
		}
	}
}

func TestEndpoint_Validate(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"":                         "required",
		"https://a.example/x?y=1":  "",
		"http://a.example":         "pattern",
		"ftp://a.example":          "pattern",
		"//a.example":              "pattern",
		"https://":                 "pattern",
		"https://:443/":            "pattern",
		"https://me:pw@a.example/": "pattern",
		"https://a.example/#x":     "pattern",
		"https://a.example/%zz":    "pattern",
		"https://a.example/" + strings.Repeat("x", 2048): "too_long",
	} {
		e := webhook.Endpoint{URL: url, Events: []string{"*"}}
		mustFind(t, e.Validate(false), "url", want)
	}
	plain := webhook.Endpoint{URL: "http://localhost:80/", Events: []string{"*"}}
	mustFind(t, plain.Validate(true), "", "")
	for pattern, want := range map[string]string{
		"order.*": "", "page.published": "", "order.partially_shipped": "", "order": "enum", "order.": "enum", "order.x*": "enum", "customer.*": "enum", "": "enum", "order.*.*": "enum",
	} {
		e := webhook.Endpoint{URL: "https://a.example", Events: []string{"*", pattern}}
		mustFind(t, e.Validate(false), "events[1]", want)
	}
	mustFind(t, (&webhook.Endpoint{URL: "https://a.example"}).Validate(false), "events", "required")
}

func mustFind(t *testing.T, err error, location, code string) {
	t.Helper()
	if code == "" {
		if err != nil {
			t.Errorf("got %v", err)
		}
		return
	}
	if got := fmt.Sprint(err); !fault.Is(err, fault.Invalid) || !strings.Contains(got, location) {
		t.Errorf("got %v, want %s at %s", err, code, location)
	}
}

func TestEndpoint_Sign(t *testing.T) {
	t.Parallel()
	body := []byte(`{"id":"1"}`)
	e := webhook.Endpoint{}
	e.Rotate("whsec_a", noon)
	valid := func(secret string, at time.Time) bool {
		return payment.VerifySignature(e.Sign(body, at), body, []string{secret}, at) == nil
	}
	if !valid("whsec_a", noon) || valid("whsec_b", noon) {
		t.Error("the first secret does not sign")
	}
	e.Rotate("whsec_b", noon)
	last := noon.Add(webhook.SecretOverlap - time.Second)
	if !valid("whsec_a", last) || !valid("whsec_b", last) {
		t.Error("not both secrets sign while one takes the other's place")
	}
	if after := noon.Add(webhook.SecretOverlap); valid("whsec_a", after) || !valid("whsec_b", after) {
		t.Error("the old secret signs after its time")
	}
	e.Rotate("whsec_c", noon)
	if valid("whsec_a", noon) || !valid("whsec_b", noon) || !valid("whsec_c", noon) {
		t.Error("not the newest two secrets sign")
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		if told := fmt.Sprintf(format, e); strings.Contains(told, "whsec_c") {
			t.Errorf("%s tells %s", format, told)
		}
	}
}

func TestEvent_BodyStaysTheSame(t *testing.T) {
	t.Parallel()
	e := webhook.Event{ID: id.Event{UUID: id.UUID{1}}, Type: webhook.OrderPlaced, At: noon.In(time.FixedZone("", 3600)), Data: json.RawMessage(`{"a":1}`)}
	const want = `{"id":"01000000-0000-0000-0000-000000000000","type":"order.placed","created":"2030-01-02T12:00:00.000000Z","data":{"a":1}}`
	if got := string(e.Body()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestDelivery_Fail(t *testing.T) {
	t.Parallel()
	e := webhook.Event{ID: id.Event{UUID: id.UUID{1}}, At: noon}
	d, again, other := webhook.NewDelivery(e, id.Endpoint{UUID: id.UUID{2}}), webhook.NewDelivery(e, id.Endpoint{UUID: id.UUID{2}}), webhook.NewDelivery(e, id.Endpoint{UUID: id.UUID{3}})
	if d.ID != again.ID || d.ID == other.ID {
		t.Error("a delivery is not known by its event and endpoint")
	}
	now := noon
	for i, wait := range webhook.Patience {
		d.Fail(500, "busy", webhook.Patience, 0, now)
		if d.Status != webhook.Pending || d.NextAt != now.Add(wait) || d.Attempts != i+1 {
			t.Fatalf("after attempt %d: %+v", i+1, d)
		}
		now = d.NextAt
	}
	d.Fail(500, "busy", webhook.Patience, 0, now)
	if d.Status != webhook.Failed || !d.NextAt.IsZero() || d.EndedAt != now {
		t.Errorf("at the end of patience: %+v", d)
	}
	d.Again(now)
	if d.Status != webhook.Pending || d.Attempts != 0 || d.NextAt != now || !d.EndedAt.IsZero() {
		t.Errorf("sent again: %+v", d)
	}
	d.Arrive(200, now)
	if d.Status != webhook.Delivered || d.Attempts != 1 || d.Problem != "" || !d.NextAt.IsZero() {
		t.Errorf("arrived: %+v", d)
	}
}

func TestPause(t *testing.T) {
	t.Parallel()
	for failures, want := range map[int]time.Duration{0: 0, 1: 10 * time.Second, 2: 20 * time.Second, 7: 10 * time.Minute, 1000: 10 * time.Minute} {
		if got := webhook.Pause(failures); got != want {
			t.Errorf("after %d: %v", failures, got)
		}
	}
}
