package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/payment"
)

// Payments follows the money. Whoever brings news of a payment (browser,
// webhook, operator, reconciler, job), one locked transition decides what it
// means for the order.
type Payments struct{ s *shared }

// RefreshPayment asks the provider now how an order's payment stands.
type RefreshPayment struct {
	By    account.Actor
	Order id.Order
}

// SettlePayment is an operator's RefreshPayment.
type SettlePayment struct {
	By      account.Actor
	Payment id.Payment
}

// CapturePayment takes held money.
type CapturePayment struct {
	By      account.Actor
	Payment id.Payment
	Amount  money.Amount // none: all that is held
}

// VoidPayment lets held money go and gives back what was taken.
type VoidPayment struct {
	By      account.Actor
	Payment id.Payment
}

// CompletePayment plays the shopper's part in a pretended payment.
type CompletePayment struct {
	Payment id.Payment
	OK      bool
}

// ListInDoubt lists payments that wait for an answer or an end.
type ListInDoubt struct {
	By    account.Actor
	Limit int // zero: 100
}

// Refresh asks the provider now, applies what it says and shows the order.
// Unavailable (payment_unavailable) when the provider does not answer.
func (x *Payments) Refresh(ctx context.Context, c RefreshPayment) (OrderView, error) {
	return OrderView{}, notYet()
}

// Settle asks the provider now and brings the payment as far as it gets.
func (x *Payments) Settle(ctx context.Context, c SettlePayment) (OrderView, error) {
	return OrderView{}, notYet()
}

// InDoubt lists payments the reconciler has still to look at, longest due first.
func (x *Payments) InDoubt(ctx context.Context, c ListInDoubt) ([]payment.Payment, error) {
	return nil, notYet()
}

// Reconcile looks at up to limit payments that are due: it asks the provider
// about those in doubt, takes what is to be taken and gives back what is to be
// given back. It returns how many it looked at and the first failure; a payment
// whose provider fails is tried again later. It may run many times side by side.
func (x *Payments) Reconcile(ctx context.Context, limit int) (int, error) {
	return 0, notYet()
}

// Capture takes held money of an order that stands. Taking again, and taking
// for an order that was cancelled, is a success without effect.
func (x *Payments) Capture(ctx context.Context, c CapturePayment) (OrderView, error) {
	return OrderView{}, notYet()
}

// Void ends the payment of an order that was cancelled or failed: it lets held
// money go, or gives back what was captured. Doing it again, and doing it for
// an order that stands, is a success without effect.
func (x *Payments) Void(ctx context.Context, c VoidPayment) (OrderView, error) {
	return OrderView{}, notYet()
}

// Complete ends the action a pretended payment requires. NotFound for an
// unknown payment and when no provider pretends; Conflict for a payment that
// requires no action.
func (x *Payments) Complete(ctx context.Context, c CompletePayment) (payment.Payment, error) {
	return payment.Payment{}, notYet()
}
