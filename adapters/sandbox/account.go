package sandbox

import (
	"bytes"
	"encoding/hex"
	"maps"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
)

// account is what the sandbox knows of a payment, and a line of the ledger:
// each line is the whole account after a change, so the last one counts.
type account struct {
	Payment     id.Payment                 `json:"payment"`
	Status      payment.Status             `json:"status"`
	Amount      money.Amount               `json:"amount"` // null: voided before it was asked for
	Captured    money.Amount               `json:"captured"`
	Refunds     map[id.Refund]money.Amount `json:"refunds,omitempty"` // never altered in place, as the next two
	Failed      map[id.Refund]bool         `json:"failed_refunds,omitempty"`
	Foreign     map[id.Refund]bool         `json:"foreign_refunds,omitempty"` // nobody asked for them through the shop
	DeclineCode string                     `json:"decline_code,omitempty"`
	ActBy       time.Time                  `json:"act_by,omitzero"`
}

func (a *account) refuse(code string) {
	a.Status, a.DeclineCode, a.ActBy = payment.Failed, code, time.Time{}
}

// equal compares accounts of one payment by all that ever changes.
func (a account) equal(b account) bool {
	return a.Status == b.Status && a.Captured == b.Captured && len(a.Refunds) == len(b.Refunds) && len(a.Failed) == len(b.Failed)
}

// giveBack refunds what is left to refund.
func (a account) giveBack(r id.Refund, amount money.Amount) (account, error) {
	left, err := a.Captured.Sub(a.refunded())
	if err != nil {
		return a, err
	}
	if err := amount.Within(left); err != nil {
		return a, err
	}
	a.Refunds = with(a.Refunds, r, amount)
	return a, nil
}

// with returns a copy of a map that has one more.
func with[V any](m map[id.Refund]V, r id.Refund, v V) map[id.Refund]V {
	more := make(map[id.Refund]V, len(m)+1)
	maps.Copy(more, m)
	more[r] = v
	return more
}

// told lists the newest refunds, as far as their ids tell which those are.
func (a account) told() []order.ToldRefund {
	ids := slices.SortedFunc(maps.Keys(a.Refunds), func(a, b id.Refund) int { return bytes.Compare(a.UUID[:], b.UUID[:]) })
	ids = ids[max(0, len(ids)-order.MaxRefunds):]
	told := make([]order.ToldRefund, len(ids))
	for i, r := range ids {
		told[i] = order.ToldRefund{ID: r, Reference: "sbr_" + hex.EncodeToString(r.UUID[:]), Amount: a.Refunds[r], Failed: a.Failed[r]}
		if a.Foreign[r] {
			told[i].ID = id.Refund{}
		}
	}
	return told
}

// refunded adds up what did not come back.
func (a account) refunded() money.Amount {
	var total int64
	for r, amount := range a.Refunds {
		if !a.Failed[r] {
			total += amount.Minor()
		}
	}
	return money.New(total, a.Amount.Currency())
}

func (a account) state(actionURL string) payment.State {
	s := payment.State{
		Reference:   "sbx_" + hex.EncodeToString(a.Payment.UUID[:]),
		Status:      a.Status,
		Amount:      a.Amount,
		Captured:    a.Captured,
		Refunds:     a.told(),
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
