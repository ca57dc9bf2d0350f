package stripe

import (
	"encoding/json"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

var _ ports.Notifier = (*Provider)(nil)

// Notice verifies Stripe-Signature and reads which payment an event is about.
// Only its ids are read, so that it does not matter which version of the API the
// endpoint was made for.
func (p *Provider) Notice(header func(string) string, body []byte) (payment.Notice, error) {
	if err := payment.VerifySignature(header("Stripe-Signature"), body, p.secrets, p.Now()); err != nil {
		return payment.Notice{}, err
	}
	var event struct {
		ID   string `json:"id"`
		Type string `json:"type"`
		Data struct {
			Object struct {
				Metadata map[string]string `json:"metadata"`
				Intent   any               `json:"payment_intent"` // of a charge or a refund
			} `json:"object"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		return payment.Notice{}, &fault.Error{Kind: fault.Malformed, Code: "malformed_json", Op: "stripe", Detail: "the event cannot be read", Err: err}
	}
	n := payment.Notice{ID: event.ID, Type: event.Type}
	if about, ok := id.Parse(event.Data.Object.Metadata[metaPayment]); ok {
		n.Payment = id.Payment{UUID: about}
	}
	n.Reference, _ = event.Data.Object.Intent.(string) // a refund made in the dashboard knows no more
	return n, nil
}
