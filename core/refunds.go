package core

import (
	"context"
	"slices"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// CaptureOrder takes the money that is held for an order.
type CaptureOrder struct {
	By     account.Actor
	Order  id.Order
	Amount money.Amount // none: all of it; less lets the rest go
}

// RefundOrder gives back money that was captured for an order.
type RefundOrder struct {
	By     account.Actor
	Order  id.Order
	Reason string
	Key    string // names the request: sent again, it makes no other refund; "": it does
	order.RefundRequest
}

// SendRefunds asks the provider for the refunds of a payment that it has not been
// heard of.
type SendRefunds struct {
	By      account.Actor
	Payment id.Payment
}

// CaptureOrder takes held money of an order that stands, all at once or a part:
// what is not taken then is let go. Taking the same again is a success without
// effect. Conflict (order_state_conflict) for an order whose money is not held;
// Invalid (amount_exceeds) for more than is held. Needs order.write.
func (x *Payments) CaptureOrder(ctx context.Context, c CaptureOrder) (OrderView, error) {
	d, err := x.operated(ctx, c.By, c.Order)
	if err != nil {
		return OrderView{}, err
	}
	if c.Amount.IsNone() {
		c.Amount = d.payment.Amount
	}
	if err := c.Amount.Within(d.payment.Amount); err != nil {
		return OrderView{}, err
	}
	switch {
	case d.order.Dead(), d.order.Status == order.PendingPayment, d.payment.Status != payment.Authorized && d.payment.Captured != c.Amount:
		return OrderView{}, d.order.Conflict(c.By.Role())
	case d.payment.Status != payment.Authorized:
		return x.s.view(d, ports.Mark{}), nil
	}
	d, mark, err := x.s.take(ctx, c.By.Role(), d, c.Amount)
	if err != nil {
		return OrderView{}, err
	}
	if d.payment.Captured != c.Amount { // it was let go meanwhile, or taken otherwise
		return OrderView{}, d.order.Conflict(c.By.Role())
	}
	return x.s.view(d, mark), nil
}

// operated reads an order of which an operator moves the money.
func (x *Payments) operated(ctx context.Context, by account.Actor, o id.Order) (dossier, error) {
	if err := x.s.alone(); err != nil {
		return dossier{}, err
	}
	if err := allow(by, account.OrderWrite); err != nil {
		return dossier{}, err
	}
	d, err := x.s.dossier(ctx, o)
	if err == nil && d.payment.ID.IsZero() {
		err = d.order.Conflict(by.Role())
	}
	return d, err
}

// Refund gives back captured money: an amount, what some units cost, or all that
// is left. It is stored before the provider is asked; while that does not answer,
// it is pending, and a job goes on asking for the same one. Under a Key that made
// a refund before, it is a success without effect. Errors as of
// order.Order.Refund. Needs order.write.
func (x *Payments) Refund(ctx context.Context, c RefundOrder) (OrderView, error) {
	if utf8.RuneCountInString(c.Reason) > maxReason {
		return OrderView{}, fault.InvalidField("reason", "too_long", "must have at most 500 characters")
	}
	d, err := x.operated(ctx, c.By, c.Order)
	if err != nil {
		return OrderView{}, err
	}
	t := x.s.turn(ctx, c.By.Role())
	fresh := id.Refund{UUID: t.made(d.order.ID, "refund", c.Key)}
	d, mark, err := x.s.move(ctx, d, nil, t, func(d *dossier) (effects, error) {
		if slices.ContainsFunc(d.order.Refunds, func(r order.Refund) bool { return r.ID == fresh }) {
			return effects{}, nil
		}
		r, back, err := d.order.Refund(fresh, d.payment.Owed(), c.RefundRequest, t.step(c.Reason))
		if err != nil {
			return effects{}, err
		}
		t.schedule(d, true)
		jobs := t.shelve("refund:"+r.ID.String(), back)
		return effects{jobs: append(jobs, t.job(job.RefundPayment, "", job.PaymentPayload{Payment: d.payment.ID}))}, nil
	})
	if err != nil {
		return OrderView{}, err
	}
	// The money goes back by a job; going after it at once only shows sooner.
	if after, later, err := x.s.sendBack(context.WithoutCancel(ctx), c.By.Role(), d); err == nil && !later.IsZero() {
		d, mark = after, later
	}
	return x.s.view(d, mark), nil
}

// SendRefunds asks the provider for what is pending. Doing it again, and when
// nothing is, is a success without effect. Needs order.write.
func (x *Payments) SendRefunds(ctx context.Context, c SendRefunds) error {
	if err := x.s.alone(); err != nil {
		return err
	}
	if err := allow(c.By, account.OrderWrite); err != nil {
		return err
	}
	d, err := x.s.dossierOf(ctx, c.Payment)
	if err != nil {
		return err
	}
	_, _, err = x.s.sendBack(ctx, c.By.Role(), d)
	return err
}

// sendBack asks the provider for the pending refunds of a dossier, one after the
// other in their order. One that it refuses, and says it has not made, has failed:
// somebody else gave the money back at the provider.
func (s *shared) sendBack(ctx context.Context, by account.Role, d dossier) (dossier, ports.Mark, error) {
	var mark ports.Mark
	for {
		r, pending := d.order.PendingRefund()
		if !pending {
			return d, mark, nil
		}
		refused := false
		state, err := s.tellOr(ctx, d, func(ctx context.Context, provider ports.PaymentProvider) (payment.State, error) {
			state, err := provider.Refund(ctx, d.ref(), r.ID, r.Amount)
			if refused = fault.Is(err, fault.Invalid); refused {
				return provider.Lookup(ctx, d.ref())
			}
			return state, err
		})
		if err != nil {
			return d, mark, err
		}
		if d, mark, err = s.learn(ctx, by, d, state, false); err != nil {
			return d, mark, err
		}
		switch next, pending := d.order.PendingRefund(); {
		case !pending || next.ID != r.ID:
		case !refused: // the provider takes its time
			return d, mark, nil
		default:
			if d, mark, err = s.dropRefund(ctx, d, r.ID); err != nil {
				return d, mark, err
			}
		}
	}
}

func (s *shared) dropRefund(ctx context.Context, d dossier, r id.Refund) (dossier, ports.Mark, error) {
	t := s.turn(ctx, account.RoleSystem)
	return s.move(ctx, d, nil, t, func(d *dossier) (effects, error) {
		t.schedule(d, d.order.DropRefund(r, t.step("the provider does not make the refund")))
		return effects{}, nil
	})
}

// maxReason is how many characters a reason may have.
const maxReason = 500

// ReturnGoods says which units of an order come back.
type ReturnGoods struct {
	By      account.Actor
	Order   id.Order
	Return  id.Return            // one that was requested and has come; zero: another
	Lines   []order.ShipmentLine // empty: those of Return
	Restock bool                 // an operator's: they go on the shelf
	Reason  string
	Key     string // names the request: sent again, it makes no other return; "": it does
}

// Return records goods that come back: for customers, that they want to send
// them; for operators with order.write, that they are here. Money is another
// matter, of Payments.Refund. Under a Key that made a return before, it is a
// success without effect. Errors as of order.Order.RequestReturn and
// ReceiveReturn.
func (x *Orders) Return(ctx context.Context, c ReturnGoods) (OrderView, error) {
	if utf8.RuneCountInString(c.Reason) > maxReason {
		return OrderView{}, fault.InvalidField("reason", "too_long", "must have at most 500 characters")
	}
	d, err := x.s.visible(ctx, c.By, c.Order)
	if err != nil {
		return OrderView{}, err
	}
	operator := c.By.Role() != account.RoleCustomer
	if operator {
		if err := allow(c.By, account.OrderWrite); err != nil {
			return OrderView{}, err
		}
	}
	t := x.s.turn(ctx, c.By.Role())
	fresh := !operator || c.Return.IsZero()
	if fresh {
		c.Return.UUID = t.made(d.order.ID, "return", c.Key)
	}
	d, mark, err := x.s.move(ctx, d, nil, t, func(d *dossier) (effects, error) {
		r := order.Return{ID: c.Return, Lines: slices.Clone(c.Lines), Restock: c.Restock}
		if fresh && slices.ContainsFunc(d.order.Returns, func(known order.Return) bool { return known.ID == r.ID }) {
			return effects{}, nil
		}
		if !operator {
			return effects{}, d.order.RequestReturn(r, t.step(c.Reason))
		}
		back, err := d.order.ReceiveReturn(r, fresh, t.step(c.Reason))
		return effects{jobs: t.shelve("return:"+r.ID.String(), back)}, err
	})
	if err != nil {
		return OrderView{}, err
	}
	return x.s.view(d, mark), nil
}
