package payment

import (
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
)

// Status is how far a payment has come.
type Status string

const (
	Created           Status = "created"         // stored, the provider not yet asked
	Processing        Status = "processing"      // the provider was asked and has not said
	RequiresAction    Status = "requires_action" // the shopper must do something
	Authorized        Status = "authorized"      // the money is held
	Captured          Status = "captured"
	PartiallyRefunded Status = "partially_refunded"
	Refunded          Status = "refunded"
	Failed            Status = "failed"
	Canceled          Status = "canceled" // voided
	Expired           Status = "expired"
	NotRequired       Status = "not_required" // nothing to pay
)

// Payment is one attempt to pay an order. Refunded <= Captured <= Amount always.
type Payment struct {
	ID          id.Payment
	Order       id.Order
	Provider    string
	Reference   string // the provider's own id; "" until it has told
	Status      Status
	Amount      money.Amount
	Captured    money.Amount
	Refunded    money.Amount
	DeclineCode string
	Retryable   bool // after a decline: the same card may be tried again
	NextAction  *NextAction
	NextCheckAt time.Time // when the reconciler looks next; zero: never
	Checks      int       // how often it has looked without an answer
	Version     int64
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// NextAction is what the shopper must do.
type NextAction struct {
	Type         string    `json:"type"` // redirect, sdk
	URL          string    `json:"url,omitempty"`
	ClientSecret string    `json:"client_secret,omitempty"`
	ExpiresAt    time.Time `json:"expires_at"`
}

// Ref is all by which a provider finds a payment, and is always the same but
// for the Reference. ID is the provider's idempotency key: asking twice is asking
// once.
type Ref struct {
	ID          id.Payment
	Order       id.Order
	OrderNumber string
	Amount      money.Amount
	Reference   string // the provider's own id; "" while it has not been told
}

// Request asks a provider to authorize.
type Request struct {
	Ref
	Token     string // what the provider's hosted fields returned
	ReturnURL string
	Email     string
}

// State is the provider's account of a payment, the only thing a payment
// believes.
type State struct {
	Reference   string
	Status      Status // RequiresAction, Processing, Authorized, Captured, Failed, Canceled
	Amount      money.Amount
	Captured    money.Amount
	Refunds     []order.ToldRefund // in any order; the newest order.MaxRefunds at most
	DeclineCode string
	Retryable   bool
	NextAction  *NextAction
}

// Refunded returns what was given back, refunds that failed left out.
func (s State) Refunded() money.Amount {
	var minor int64
	for _, r := range s.Refunds {
		if !r.Failed {
			minor += r.Amount.Minor()
		}
	}
	return money.New(minor, s.Amount.Currency())
}

// InDoubt reports whether the provider may have taken money that the payment
// does not know of. Stock of a payment in doubt is never released.
func (p *Payment) InDoubt() bool {
	switch p.Status {
	case Created, Processing, RequiresAction:
		return true
	default:
		return false
	}
}

// Declined is the Data of payment_declined.
type Declined struct {
	Order       id.Order `json:"order_id"`
	DeclineCode string   `json:"decline_code"`
	Retryable   bool     `json:"retryable"` // the same card may be tried again
}
