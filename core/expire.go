package core

import (
	"context"
	"errors"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// Expire ends up to limit checkouts that nobody finished in time: it asks the
// provider, and only when that has no money cancels the order, frees the stock
// and opens the cart again. It returns how many it looked at and the first
// failure. It is the sweeper's and may run many times side by side.
func (x *Checkout) Expire(ctx context.Context, limit int) (int, error) {
	if err := x.s.alone(); err != nil {
		return 0, err
	}
	late, err := x.s.Orders.Expired.ExpiredReservations(ctx, x.s.Now(), limit)
	if err != nil {
		return 0, err
	}
	var first error
	for i, o := range late {
		if err := ctx.Err(); err != nil {
			return i, fault.Wrap(fault.Canceled, "core: expire", err)
		}
		if err := x.expire(ctx, o); err != nil && first == nil {
			first = err
		}
	}
	return len(late), first
}

// expire decides one order. Units of a payment in doubt stay held until the
// provider has said that it has no money. Then the order is cancelled, under its
// lock, before the payment is made impossible: the other way round, a success
// that is still on its way here could confirm an order whose money is gone.
func (x *Checkout) expire(ctx context.Context, o id.Order) error {
	d, err := x.s.dossier(ctx, o)
	if err != nil {
		return err
	}
	if d.order.Status == order.PendingPayment && d.payment.InDoubt() {
		state, err := x.s.lookup(ctx, d)
		if err == nil {
			d, _, err = x.s.learn(ctx, account.RoleSystem, d, state, false)
		}
		if err != nil && !fault.Is(err, fault.NotFound) || state.Status == payment.Processing {
			return errors.Join(err, x.extend(ctx, o))
		}
	}
	if d.order.Status != order.PendingPayment {
		return nil
	}
	where, err := x.s.shelvesOfOrder(ctx, d.order)
	if err != nil {
		return err
	}
	t := x.s.turn(ctx, account.RoleSystem)
	d, _, err = x.s.move(ctx, d, where, t, func(d *dossier) (effects, error) {
		if d.order.Status != order.PendingPayment {
			return effects{}, nil
		}
		return t.giveUp(d, "not paid in time"), nil
	})
	if err == nil {
		_, _, err = x.s.giveBack(ctx, account.RoleSystem, d) // a job does it if this fails
	}
	return err
}

// extend keeps an order's units held while its payment is in doubt.
func (x *Checkout) extend(ctx context.Context, o id.Order) error {
	_, err := x.s.Orders.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		return tx.Stock.Extend(ctx, o, x.s.Now().Add(x.s.ReservationTTL))
	})
	return err
}
