package stripe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/stripe/stripe-go/v82"

	"github.com/bodega-commerce/bodega/core/fault"
)

// refusal is what Stripe said, without what must not be logged: its error holds
// the intent and with it the client's secret.
type refusal struct {
	status              int
	kind, code, request string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("stripe answered %d %s %s (request %s)", r.status, r.kind, r.code, r.request)
}

// failed says what a request's failure means; otherwise is what it means when
// Stripe may have done what it was asked for.
func failed(ctx context.Context, otherwise fault.Kind, err error) error {
	const op = "stripe"
	e, answered := errors.AsType[*stripe.Error](err)
	if !answered {
		dialing, network := errors.AsType[*net.OpError](err)
		switch {
		case network && dialing.Op == "dial":
			return fault.Wrap(fault.Unavailable, op, err) // the request was never sent
		case ctx.Err() != nil && otherwise != fault.Unknown:
			return fault.Wrap(fault.Canceled, op, err)
		}
		return fault.Wrap(otherwise, op, err)
	}
	said := &refusal{e.HTTPStatusCode, string(e.Type), string(e.Code), e.RequestID}
	switch status := e.HTTPStatusCode; {
	case e.Type == stripe.ErrorTypeIdempotency:
		return &fault.Error{Kind: fault.Conflict, Op: op, Detail: "the payment was already asked for in another way", Err: said}
	case e.Code == stripe.ErrorCodePaymentIntentUnexpectedState:
		return &fault.Error{Kind: fault.Conflict, Op: op, Detail: "the payment's state forbids it", Err: said}
	case status == http.StatusConflict || status >= http.StatusInternalServerError:
		return fault.Wrap(otherwise, op, said) // the same request may be under way, or half done
	default:
		return fault.Wrap(fault.Unavailable, op, said) // a wrong key, too many requests, a request it does not take: nothing happened
	}
}

// stuck reports whether an error is what Stripe has stored under an idempotency
// key: it will say the same as long as it keeps the key.
func stuck(err error) bool {
	e, answered := errors.AsType[*stripe.Error](err)
	return answered && e.HTTPStatusCode >= http.StatusInternalServerError && e.LastResponse != nil && replayed(e.LastResponse)
}

func replayed(r *stripe.APIResponse) bool { return r.Header.Get("Idempotent-Replayed") == "true" }
