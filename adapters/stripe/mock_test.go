package stripe_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stripe/stripe-mock/embedded"
	"github.com/stripe/stripe-mock/server"

	"github.com/bodega-commerce/bodega/adapters/stripe"
	"github.com/bodega-commerce/bodega/core/id"
)

// Stripe's own stand-in checks each request against the published description of
// the API: its path, its parameters and their types. What it answers means
// nothing, so each operation is asked for by itself.
func TestProvider_AsksAsStripeDocuments(t *testing.T) {
	t.Parallel()
	description, err := server.LoadSpec(embedded.OpenAPISpec, "")
	if err != nil {
		t.Fatal(err)
	}
	fixtures, err := server.LoadFixtures(embedded.OpenAPIFixtures, "")
	if err != nil {
		t.Fatal(err)
	}
	stub, err := server.NewStubServer(fixtures, description, false, false)
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	asked := map[string]int{} // status by method and path
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		record := httptest.NewRecorder()
		stub.HandleRequest(record, r)
		body := record.Body.Bytes()
		var answer map[string]any
		if err := json.Unmarshal(body, &answer); err != nil {
			t.Error(err)
		}
		if answer["object"] == "payment_intent" { // one in a state, so that the next request is made
			answer["status"], answer["last_payment_error"] = r.Header.Get("X-Pretend"), nil
			answer["amount"], answer["amount_received"], answer["currency"] = 2000, 2000, "eur"
			if charge, ok := answer["latest_charge"].(map[string]any); ok { // more refunds than it shows, so that they are asked for
				charge["refunds"] = map[string]any{"object": "list", "data": []any{}, "has_more": true, "url": "/v1/refunds"}
			}
			body = mustJSON(answer)
		}
		mu.Lock()
		asked[operation(r)] = record.Code
		mu.Unlock()
		w.WriteHeader(record.Code)
		_, _ = w.Write(body)
		if record.Code >= http.StatusBadRequest {
			t.Errorf("%s %s: %d %s", r.Method, r.URL, record.Code, body)
		}
	}))
	t.Cleanup(front.Close)
	as := func(status string) *stripe.Provider {
		pretend := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.Header.Set("X-Pretend", status)
			front.Config.Handler.ServeHTTP(w, r)
		}))
		p := stripe.New(stripe.Config{SecretKey: "sk_test_123", URL: pretend.URL})
		t.Cleanup(func() { _ = p.Close(); pretend.Close() })
		return p
	}
	r := request("pm_card_visa", eur(2000))
	r.Reference = "pi_123"
	// The errors are those of a stand-in that knows no state: what counts is that
	// each request was accepted as one that Stripe documents.
	fresh, held, taken := as("requires_payment_method"), as("requires_capture"), as("succeeded")
	unnamed := r
	unnamed.Reference = ""
	_, _ = fresh.Authorize(t.Context(), unnamed)
	unnamed.Ref.ID = id.Payment{UUID: id.UUID{1}} // of 1970: looked for by its metadata
	_, _ = fresh.Lookup(t.Context(), unnamed.Ref)
	again := r
	again.Token, again.ReturnURL = "ctoken_123", "https://shop.example/return"
	for _, p := range []*stripe.Provider{fresh, held, taken} {
		_, _ = p.Authorize(t.Context(), again)
		_, _ = p.Capture(t.Context(), r.Ref, eur(10))
		_, _ = p.Void(t.Context(), r.Ref)
		_, _ = p.Refund(t.Context(), r.Ref, id.Refund{UUID: id.UUID{2}}, eur(10))
	}
	mu.Lock()
	defer mu.Unlock()
	for _, name := range []string{
		"POST /v1/payment_intents", "GET /v1/payment_intents/{}", "GET /v1/payment_intents/search", "POST /v1/payment_intents/{}/confirm",
		"POST /v1/payment_intents/{}/capture", "POST /v1/payment_intents/{}/cancel", "GET /v1/refunds", "POST /v1/refunds",
	} {
		if asked[name] != http.StatusOK {
			t.Errorf("%s was answered %d (all: %v)", name, asked[name], asked)
		}
	}
}

// operation names a request by its method and path without ids.
func operation(r *http.Request) string {
	parts := strings.Split(r.URL.Path, "/")
	for i, part := range parts {
		if i > 2 && !slices.Contains([]string{"search", "confirm", "capture", "cancel"}, part) {
			parts[i] = "{}"
		}
	}
	return r.Method + " " + strings.Join(parts, "/")
}
