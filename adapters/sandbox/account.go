package sandbox

import (
	"encoding/hex"
	"maps"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/payment"
)

// account is what the sandbox knows of a payment, and a line of the ledger:
// each line is the whole account after a change, so the last one counts.
type account struct {
	Payment     id.Payment                 `json:"payment"`
	Status      payment.Status             `json:"status"`
	Amount      money.Amount               `json:"amount"` // null: voided before it was asked for
	Captured    money.Amount               `json:"captured"`
	Refunds     map[id.Refund]money.Amount `json:"refunds,omitempty"` // never altered in place
	DeclineCode string                     `json:"decline_code,omitempty"`
	ActBy       time.Time                  `json:"act_by,omitzero"`
}

func (a *account) refuse(code string) {
	a.Status, a.DeclineCode, a.ActBy = payment.Failed, code, time.Time{}
}

// equal compares accounts of one payment by all that ever changes.
func (a account) equal(b account) bool {
	return a.Status == b.Status && a.Captured == b.Captured && len(a.Refunds) == len(b.Refunds)
}

func (a account) withRefund(r id.Refund, amount money.Amount) account {
	refunds := maps.Clone(a.Refunds)
	if refunds == nil {
		refunds = make(map[id.Refund]money.Amount, 1)
	}
	refunds[r] = amount
	a.Refunds = refunds
	return a
}

func (a account) refunded() money.Amount {
	var total int64
	for _, r := range a.Refunds {
		total += r.Minor()
	}
	return money.New(total, a.Amount.Currency())
}

func (a account) state(actionURL string) payment.State {
	s := payment.State{
		Reference:   "sbx_" + hex.EncodeToString(a.Payment.UUID[:]),
		Status:      a.Status,
		Amount:      a.Amount,
		Captured:    a.Captured,
		Refunded:    a.refunded(),
		DeclineCode: a.DeclineCode,
		Retryable:   a.DeclineCode == declinedShopper || a.DeclineCode == declinedLate,
	}
	if s.Captured.IsNone() {
		s.Captured = money.New(0, a.Amount.Currency())
	}
	if a.Status == payment.RequiresAction {
		s.NextAction = &payment.NextAction{Type: "redirect", URL: actionURL + a.Payment.String() + "/complete", ExpiresAt: a.ActBy}
	}
	return s
}
