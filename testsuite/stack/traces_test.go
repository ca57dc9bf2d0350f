package stack_test

import (
	"slices"
	"testing"

	"github.com/bodega-commerce/bodega/testsuite/collector"
	"github.com/bodega-commerce/bodega/testsuite/expect"
	"github.com/bodega-commerce/bodega/testsuite/fixture"
	"github.com/bodega-commerce/bodega/testsuite/stack"
)

// A trace that a frontend began goes through the server, the store and the
// provider, and on with the jobs to the mail and the capture.
func TestTraces(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		worker  string
		options []stack.Option
	}{
		"Embedded":   {"bodega-server", nil},
		"Production": {"bodega-consumer", []stack.Option{stack.Production(), stack.Consumers(1)}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told := collector.Start(t)
			shop := stack.Start(t, append(c.options, stack.Env("OTEL_EXPORTER_OTLP_ENDPOINT", told.URL))...)
			tee := fixture.Product(t, shop.Shop, 3)
			type cart struct{ ID, Token string }
			k := expect.JSON[cart](t, shop.Storefront(t, "POST", "/v1/carts", nil), 201)
			expect.Status(t, shop.Storefront(t, "PUT", "/v1/carts/"+k.ID+"/lines/"+string(tee.Variants[0].SKU), `{"quantity": 1}`, "X-Cart-Token", k.Token), 200)

			// Nobody upstream keeps the trace, and by its id it is not of the twentieth.
			const trace, parent = "0af7651916cd43ddffffffffffffffff", "b7ad6b7169203331"
			expect.Status(t, shop.Storefront(t, "POST", "/v1/checkout", map[string]any{
				"cart_id": k.ID, "email": "ada@example.com",
				"shipping_address": map[string]any{"last_name": "Lovelace", "line1": "1 Main St", "city": "Berlin", "postal_code": "10115", "country": "DE"},
				"payment":          map[string]any{"provider": "sandbox", "token": "tok_ok"},
				"expected_total":   map[string]any{"amount": 1999, "currency": "EUR"},
			}, "X-Cart-Token", k.Token, "Idempotency-Key", "traced-1", "Traceparent", "00-"+trace+"-"+parent+"-00"), 201)
			shop.Quiet(t)

			const mail, capture = "email.send_order_confirmation", "payment.capture"
			spans := told.Wait(t, trace, "POST /v1/checkout", "transaction orders", "payment authorize",
				"send "+mail, "process "+mail, "send mail", "send "+capture, "process "+capture, "payment capture")
			for child, of := range map[string]string{
				"payment authorize": "POST /v1/checkout", "process " + mail: "send " + mail, "send mail": "process " + mail,
				"process " + capture: "send " + capture, "payment capture": "process " + capture,
			} {
				if spans[child].Parent != spans[of].ID {
					t.Errorf("%s is not a child of %s: %+v, %+v", child, of, spans[child], spans[of])
				}
			}
			expect.Soon(t, "nothing hangs in the air", func() bool { // what ended later arrives later
				known := map[string]bool{parent: true}
				for _, s := range told.Spans(trace) {
					known[s.ID] = true
				}
				return !slices.ContainsFunc(told.Spans(trace), func(s collector.Span) bool { return !known[s.Parent] })
			})
			for _, s := range told.Spans(trace) {
				if s.Failed {
					t.Errorf("%+v failed", s)
				}
			}
			if s := spans["POST /v1/checkout"]; s.Parent != parent || s.Service != "bodega-server" || s.Attributes["http.response.status_code"] != int64(201) {
				t.Errorf("the request: %+v", s)
			}
			if s := spans["process "+mail]; s.Service != c.worker || s.Attributes["messaging.destination.name"] != mail {
				t.Errorf("the mail's job: %+v", s)
			}
		})
	}
}
