package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
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
	if err := x.s.alone(); err != nil {
		return OrderView{}, err
	}
	d, err := x.s.visible(ctx, c.By, c.Order)
	if err != nil {
		return OrderView{}, err
	}
	if d.payment.ID.IsZero() {
		return x.s.view(d, ports.Mark{}), nil
	}
	d, mark, err := x.refresh(ctx, c.By.Role(), d)
	if err != nil {
		return OrderView{}, err
	}
	return x.s.view(d, mark), nil
}

func (x *Payments) refresh(ctx context.Context, by account.Role, d dossier) (dossier, ports.Mark, error) {
	state, err := x.s.lookup(ctx, d)
	switch {
	case fault.Is(err, fault.NotFound):
		return d, ports.Mark{}, nil // never asked, or not yet
	case err != nil:
		return d, ports.Mark{}, err
	}
	return x.s.learn(ctx, by, d, state, false)
}

// Settle asks the provider now and brings the payment as far as it gets. Needs
// order.write.
func (x *Payments) Settle(ctx context.Context, c SettlePayment) (OrderView, error) {
	if err := x.s.alone(); err != nil {
		return OrderView{}, err
	}
	if err := allow(c.By, account.OrderWrite); err != nil {
		return OrderView{}, err
	}
	d, err := x.s.dossierOf(ctx, c.Payment)
	if err != nil {
		return OrderView{}, err
	}
	if d, _, err = x.refresh(ctx, c.By.Role(), d); err != nil {
		return OrderView{}, err
	}
	d, mark, err := x.s.advance(ctx, c.By.Role(), d)
	if err != nil {
		return OrderView{}, err
	}
	return x.s.view(d, mark), nil
}

// InDoubt lists payments the reconciler has still to look at, longest due
// first. Needs order.read.
func (x *Payments) InDoubt(ctx context.Context, c ListInDoubt) ([]payment.Payment, error) {
	if err := allow(c.By, account.OrderRead); err != nil {
		return nil, err
	}
	if c.Limit <= 0 {
		c.Limit = 100
	}
	return x.s.Orders.Payments.DueForCheck(ctx, x.s.Now().AddDate(100, 0, 0), c.Limit)
}

// Reconcile looks at up to limit payments that are due: it asks the provider
// about those in doubt, takes what is to be taken and gives back what is to be
// given back. It returns how many it looked at and the first failure; a payment
// whose provider fails is tried again later. It may run many times side by side.
func (x *Payments) Reconcile(ctx context.Context, limit int) (int, error) {
	if err := x.s.alone(); err != nil {
		return 0, err
	}
	due, err := x.s.Orders.Payments.DueForCheck(ctx, x.s.Now(), limit)
	if err != nil {
		return 0, err
	}
	var first error
	for i, p := range due {
		if err := ctx.Err(); err != nil {
			return i, fault.Wrap(fault.Canceled, "core: reconcile", err)
		}
		if err := x.reconcile(ctx, p); err != nil && first == nil {
			first = err
		}
	}
	return len(due), first
}

func (x *Payments) reconcile(ctx context.Context, due payment.Payment) error {
	d, err := x.s.dossierOf(ctx, due.ID)
	if err != nil {
		return err
	}
	after, _, failed := x.s.advance(ctx, account.RoleSystem, d)
	if failed == nil && !after.payment.NextCheckAt.Equal(due.NextCheckAt) {
		return nil
	}
	t := x.s.turn(ctx, account.RoleSystem)
	_, _, err = x.s.move(ctx, d, nil, t, func(d *dossier) (effects, error) {
		if d.payment.NextCheckAt.Equal(due.NextCheckAt) {
			t.schedule(d, false)
		}
		return effects{}, nil
	})
	if failed != nil {
		return failed
	}
	return err
}

// Capture takes held money of an order that stands. Taking again, and taking
// for an order that was cancelled, is a success without effect. Needs
// order.write.
func (x *Payments) Capture(ctx context.Context, c CapturePayment) (OrderView, error) {
	if err := x.s.alone(); err != nil {
		return OrderView{}, err
	}
	if err := allow(c.By, account.OrderWrite); err != nil {
		return OrderView{}, err
	}
	d, err := x.s.dossierOf(ctx, c.Payment)
	if err != nil {
		return OrderView{}, err
	}
	if c.Amount.IsNone() {
		c.Amount = d.payment.Amount
	}
	if err := c.Amount.Within(d.payment.Amount); err != nil {
		return OrderView{}, err
	}
	d, mark, err := x.s.take(ctx, c.By.Role(), d, c.Amount)
	if err != nil {
		return OrderView{}, err
	}
	return x.s.view(d, mark), nil
}

// take captures held money of an order that stands.
func (s *shared) take(ctx context.Context, by account.Role, d dossier, amount money.Amount) (dossier, ports.Mark, error) {
	if d.order.Dead() || d.order.Status == order.PendingPayment || d.payment.Status != payment.Authorized {
		return d, ports.Mark{}, nil
	}
	state, err := s.tellOr(ctx, d, func(ctx context.Context, provider ports.PaymentProvider) (payment.State, error) {
		return provider.Capture(ctx, d.ref(), amount)
	})
	if err != nil {
		return d, ports.Mark{}, err
	}
	return s.learn(ctx, by, d, state, false)
}

// Void ends the payment of an order that was cancelled or failed: it lets held
// money go, or gives back what was captured. Doing it again, and doing it for
// an order that stands, is a success without effect. Needs order.write.
func (x *Payments) Void(ctx context.Context, c VoidPayment) (OrderView, error) {
	if err := x.s.alone(); err != nil {
		return OrderView{}, err
	}
	if err := allow(c.By, account.OrderWrite); err != nil {
		return OrderView{}, err
	}
	d, err := x.s.dossierOf(ctx, c.Payment)
	if err != nil {
		return OrderView{}, err
	}
	d, mark, err := x.s.giveBack(ctx, c.By.Role(), d)
	if err != nil {
		return OrderView{}, err
	}
	return x.s.view(d, mark), nil
}

// giveBack ends the payment of a dead order. One the provider was never asked
// for is made impossible, so that a request under way cannot succeed late.
func (s *shared) giveBack(ctx context.Context, by account.Role, d dossier) (dossier, ports.Mark, error) {
	if !d.order.Dead() || d.payment.ID.IsZero() {
		return d, ports.Mark{}, nil
	}
	var mark ports.Mark
	if d.payment.InDoubt() || d.payment.Status == payment.Authorized {
		state, err := s.tellOr(ctx, d, func(ctx context.Context, provider ports.PaymentProvider) (payment.State, error) {
			return provider.Void(ctx, d.ref())
		})
		if err != nil {
			return d, ports.Mark{}, err
		}
		if d, mark, err = s.learn(ctx, by, d, state, false); err != nil {
			return d, ports.Mark{}, err
		}
	}
	if _, pending := d.order.PendingRefund(); pending { // an operator's, from before it was cancelled
		var err error
		if d, mark, err = s.sendBack(ctx, by, d); err != nil {
			return d, ports.Mark{}, err
		}
	}
	if _, pending := d.order.PendingRefund(); pending || d.payment.Owed().Minor() == 0 || d.order.Bounced() || len(d.order.Refunds) >= order.MaxRefunds {
		return d, mark, nil
	}
	t := s.turn(ctx, by)
	d, mark, err := s.move(ctx, d, nil, t, func(d *dossier) (effects, error) {
		if owed := d.payment.Owed(); owed.Minor() > 0 && !d.order.Bounced() { // nobody else has given it back meanwhile
			d.order.BeginRefund(id.Refund{UUID: t.id("refund")}, owed, t.step("the order was canceled"))
		}
		return effects{}, nil
	})
	if err != nil {
		return d, mark, err
	}
	return s.sendBack(ctx, by, d)
}

// Complete ends the action a pretended payment requires. NotFound for an
// unknown payment and when no provider pretends; Conflict for a payment that
// requires no action.
func (x *Payments) Complete(ctx context.Context, c CompletePayment) (payment.Payment, error) {
	if err := x.s.alone(); err != nil {
		return payment.Payment{}, err
	}
	if x.s.Sandbox == nil {
		return payment.Payment{}, fault.Missing("payment")
	}
	d, err := x.s.dossierOf(ctx, c.Payment)
	if err != nil {
		return payment.Payment{}, err
	}
	state, err := x.s.Sandbox.Complete(ctx, c.Payment, c.OK)
	if err != nil {
		return payment.Payment{}, err
	}
	d, _, err = x.s.learn(ctx, account.RoleCustomer, d, state, false)
	return d.payment, err
}
