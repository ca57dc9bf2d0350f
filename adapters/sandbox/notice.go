package sandbox

import (
	"encoding/json"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/payment"
)

// Notice verifies Sandbox-Signature and reads which payment an event is about.
func (s *Provider) Notice(header func(string) string, body []byte) (payment.Notice, error) {
	if err := payment.VerifySignature(header("Sandbox-Signature"), body, s.WebhookSecrets, s.Now()); err != nil {
		return payment.Notice{}, err
	}
	var event struct {
		ID   string `json:"id"`
		Type string `json:"type"`
		Data struct {
			Payment string `json:"payment_id"`
		} `json:"data"`
	}
	if err := json.Unmarshal(body, &event); err != nil {
		return payment.Notice{}, &fault.Error{Kind: fault.Malformed, Code: "malformed_json", Op: "sandbox", Detail: "the event cannot be read", Err: err}
	}
	n := payment.Notice{ID: event.ID, Type: event.Type}
	if about, ok := id.Parse(event.Data.Payment); ok {
		n.Payment = id.Payment{UUID: about}
	}
	return n, nil
}
