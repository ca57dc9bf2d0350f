package core

import (
	"encoding/json"
	"errors"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// outcome is how a checkout ended, frozen under its key: the order and payment
// as they were, or why there is none.
type outcome struct {
	Order   *order.Order     `json:"order,omitempty"`
	Payment *payment.Payment `json:"payment,omitempty"`
	Refusal *refusal         `json:"refusal,omitempty"`
}

type refusal struct {
	Kind   fault.Kind      `json:"kind"`
	Code   string          `json:"code"`
	Detail string          `json:"detail"`
	Data   json.RawMessage `json:"data"`
}

// final reports whether an error ends its key.
func final(err error) bool {
	switch fault.CodeOf(err) {
	case "payment_declined", "out_of_stock", "price_changed", "coupon_exhausted", "cart_already_ordered":
		return true
	default:
		return false
	}
}

// declined is what a checkout answers whose order is dead.
func declined(d dossier) error {
	data := payment.Declined{Order: d.order.ID, DeclineCode: "canceled", Retryable: true}
	if d.order.Status == order.PaymentFailed {
		data.DeclineCode, data.Retryable = d.payment.DeclineCode, d.payment.Retryable
	}
	return &fault.Error{Kind: fault.Declined, Code: "payment_declined", Detail: "the payment was declined", Data: data}
}

// freezeOrder returns the outcome of a checkout that got as far as an order.
func freezeOrder(d dossier) []byte {
	if d.order.Dead() {
		return freezeError(declined(d))
	}
	return freeze(outcome{Order: &d.order, Payment: &d.payment})
}

// freezeError returns the outcome of a checkout that ended in a final error.
func freezeError(err error) []byte {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		panic("core: only a fault can be an outcome: " + err.Error())
	}
	data, err := json.Marshal(e.Data)
	if err != nil {
		panic("core: outcome " + e.Code + ": " + err.Error())
	}
	return freeze(outcome{Refusal: &refusal{Kind: e.Kind, Code: e.Code, Detail: e.Detail, Data: data}})
}

func freeze(o outcome) []byte {
	raw, err := json.Marshal(o)
	if err != nil {
		panic("core: outcome: " + err.Error()) // nouns always marshal
	}
	return raw
}

// replay answers what a finished key stands for.
func (s *shared) replay(c ports.Claimed) (Placed, error) {
	p := Placed{Final: true, Replayed: true, Answer: c.Answer}
	var o outcome
	if err := json.Unmarshal(c.Outcome, &o); err != nil {
		return Placed{}, fault.Wrap(fault.Internal, "core: a stored outcome", err)
	}
	if o.Refusal == nil {
		var d dossier
		if o.Order != nil {
			d.order = *o.Order
		}
		if o.Payment != nil {
			d.payment = *o.Payment
		}
		p.OrderView = s.view(d, ports.Mark{})
		return p, nil
	}
	data, err := o.Refusal.data()
	if err != nil {
		return Placed{}, fault.Wrap(fault.Internal, "core: a stored outcome", err)
	}
	return p, &fault.Error{Kind: o.Refusal.Kind, Code: o.Refusal.Code, Detail: o.Refusal.Detail, Data: data}
}

// data reads the members of a code back into their type.
func (r *refusal) data() (any, error) {
	switch r.Code {
	case "payment_declined":
		return thaw[payment.Declined](r.Data)
	case "out_of_stock":
		return thaw[inventory.Shortages](r.Data)
	case "price_changed":
		return thaw[Requote](r.Data)
	case "cart_already_ordered":
		return thaw[cart.InOrder](r.Data)
	default:
		return nil, nil
	}
}

func thaw[T any](raw json.RawMessage) (any, error) {
	var v T
	err := json.Unmarshal(raw, &v)
	return v, err
}
