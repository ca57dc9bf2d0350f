package job

import (
	"encoding/json"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
)

// The tasks, named as their queues are.
const (
	IndexProduct          = "search.index_product"
	IndexProducts         = "search.index_products" // many that changed at once
	AdjustInventory       = "inventory.adjust"
	SendOrderConfirmation = "email.send_order_confirmation"
	SendOrderLink         = "email.send_order_link"
	CapturePayment        = "payment.capture"
	VoidPayment           = "payment.void" // also gives back what was captured
	RefundPayment         = "payment.refund"
	ProcessWebhook        = "payment.webhook_process"
	CountSale             = "catalog.count_sale"
	DeliverWebhook        = "webhook.deliver"
)

// Tasks returns all tasks.
func Tasks() []string {
	return []string{IndexProduct, IndexProducts, AdjustInventory, SendOrderConfirmation, SendOrderLink, CapturePayment, VoidPayment, RefundPayment, ProcessWebhook, CountSale, DeliverWebhook}
}

// Payloads. Unknown members are ignored.
type (
	// ProductPayload is the payload of search.index_product. Version is the
	// product's, for outsiders and logs; the index has versions of its own.
	ProductPayload struct {
		Product id.Product `json:"product_id"`
		Version int64      `json:"version"`
	}
	// ProductsPayload is the payload of search.index_products: what an import, or
	// the move of a category, changed in one transaction.
	ProductsPayload struct {
		Products []ProductPayload `json:"products"`
	}
	// AdjustmentPayload is the payload of inventory.adjust. Reference names what
	// caused it, for the ledger.
	AdjustmentPayload struct {
		SKU       id.SKU `json:"sku"`
		Delta     int    `json:"delta"`
		Reason    string `json:"reason"`
		Reference string `json:"reference"`
	}
	// OrderPayload is the payload of the mail tasks.
	OrderPayload struct {
		Order id.Order `json:"order_id"`
	}
	// PaymentPayload is the payload of payment.capture, payment.void and
	// payment.refund.
	PaymentPayload struct {
		Payment id.Payment `json:"payment_id"`
	}
	// WebhookPayload is the payload of payment.webhook_process.
	WebhookPayload struct {
		Provider string `json:"provider"`
		Event    string `json:"event_id"` // the provider's
	}
	// HappenedPayload is the payload of webhook.deliver: what receivers are told.
	// The job's id is the event's.
	HappenedPayload struct {
		Type string          `json:"type"`
		Data json.RawMessage `json:"data"`
	}
)

// New returns the envelope of a job. The payload is one of the types above.
func New(jid id.Job, task string, payload any, now time.Time, trace string) Envelope {
	raw, err := json.Marshal(payload)
	if err != nil {
		panic("job: payload of " + task + ": " + err.Error()) // the types above always marshal
	}
	return Envelope{Task: task, ID: jid, Payload: raw, CreatedAt: now, TraceID: trace}
}

// Decode reads a delivery's payload. Malformed for bytes that are not of the
// payload's shape: such a job is dead.
func Decode[T any](e Envelope) (T, error) {
	var payload T
	if err := json.Unmarshal(e.Payload, &payload); err != nil {
		return payload, &fault.Error{Kind: fault.Malformed, Code: "malformed_json", Op: e.Task, Detail: "the payload is not of this task", Err: err}
	}
	return payload, nil
}
