package core

import (
	"context"
	"errors"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// captureGrace is how long the capture job has before the reconciler takes the
// money itself.
const captureGrace = time.Minute

// supply is where the units of an order to be confirmed come from.
type supply uint8

const (
	fromReservation supply = iota
	fromShelf              // the reservation was lost: take them again
	soldOut                // there are none: the money goes back
)

// learn applies what a provider says of a payment and does what follows for the
// order, its cart and its stock. Browser, webhook, operator, job and reconciler
// all come through here, one at a time by the rows it locks; news that are old,
// or told twice, change nothing. An order without a payment is paid. waiting
// says that a caller is about to be told how the checkout stands, so that its
// key ends here even if the payment is not decided. by is who made the provider
// say it.
func (s *shared) learn(ctx context.Context, by account.Role, d dossier, news payment.State, waiting bool) (dossier, ports.Mark, error) {
	t := s.turn(ctx, account.RoleSystem)
	var where shelves
	for from := fromReservation; ; from++ {
		if where == nil && (from != fromReservation || d.mayRelease(news)) {
			var err error
			if where, err = s.shelvesOfOrder(ctx, d.order); err != nil {
				return dossier{}, ports.Mark{}, err
			}
		}
		after, mark, err := s.move(ctx, d, where, t, func(d *dossier) (effects, error) { return t.learn(by, d, news, from, waiting) })
		if lost := from == fromReservation && fault.Is(err, fault.Gone) || from == fromShelf && fault.Is(err, fault.Exhausted); lost {
			continue
		}
		return after, mark, err
	}
}

// mayRelease reports whether the news may give units back. Usually it does not,
// and spares the look into the catalogue: selling what is held flips nothing.
func (d *dossier) mayRelease(news payment.State) bool {
	return d.order.Status == order.PendingPayment && !d.payment.ID.IsZero() && news.Status != payment.Authorized && news.Status != payment.Captured
}

func (t *turn) learn(by account.Role, d *dossier, news payment.State, from supply, waiting bool) (effects, error) {
	free := d.payment.ID.IsZero()
	before := d.payment.Status
	if !free {
		if _, err := d.payment.Apply(news, d.order.GivenBack(news.Refunds...), t.now); err != nil {
			return effects{}, err
		}
	}
	changed := d.payment.Status != before
	if changed {
		d.order.Record("payment."+string(d.payment.Status), t.stepOf(by, d.payment.DeclineCode))
	}
	d.order.LearnRefunds(news.Refunds, t.stepOf(by, ""))
	var e effects
	pending := d.order.Status == order.PendingPayment
	switch paid, doubt := free || d.payment.Paid(), d.payment.InDoubt(); {
	case pending && paid && from == soldOut:
		e = t.abandon(d, "paid, but sold out meanwhile")
	case pending && paid:
		e = t.confirm(d, from)
	case pending && d.payment.Status == payment.Failed:
		d.order.FailPayment(t.step(d.payment.DeclineCode))
		d.cart.Reopen(d.order.ID, t.s.CartTTL, t.now)
		e.stock = t.release(d.order.ID)
	case pending && !doubt:
		e = t.abandon(d, "the payment ended")
	case d.order.Dead() && paid && changed && !d.order.Bounced():
		e.jobs = append(e.jobs, t.void(d))
	}
	if !free {
		d.order.SettleRefunds(d.payment.Captured, t.stepOf(by, ""))
	}
	t.schedule(d, changed)
	if pending && (waiting || d.order.Status != order.PendingPayment) {
		e.outcome = freezeOrder(*d)
	}
	return e, nil
}

// confirm makes a paid order firm: its units are sold, its cart is done.
func (t *turn) confirm(d *dossier, from supply) effects {
	d.order.Confirm(t.step(""))
	d.cart.EndOrder(d.order.ID, t.now)
	e := effects{
		jobs:  []job.Envelope{t.confirmation(d.order.ID)},
		stock: t.consume(d.order),
	}
	if from == fromShelf {
		e.stock = t.takeAgain(d.order)
	}
	if t.s.captures(d) {
		e.jobs = append(e.jobs, t.job(job.CapturePayment, "", job.PaymentPayload{Payment: d.payment.ID}))
	}
	return e
}

// confirmation is the job that mails an order's confirmation. Its id is the
// order's own, and so is the mail's: should an order be confirmed twice (in a
// copy of the shop that is put back), whoever looks at Message-IDs sees one mail.
func (t *turn) confirmation(o id.Order) job.Envelope {
	return job.New(id.Job{UUID: o.Derive(job.SendOrderConfirmation)}, job.SendOrderConfirmation, job.OrderPayload{Order: o}, t.now, t.trace)
}

// abandon cancels an order that waits for its payment, frees its units and opens
// its cart. Money that may still arrive goes back.
func (t *turn) abandon(d *dossier, why string) effects {
	if done, err := d.order.Cancel(t.step(why)); !done || err != nil {
		return effects{} // not waiting any more
	}
	d.cart.Reopen(d.order.ID, t.s.CartTTL, t.now)
	e := effects{stock: t.release(d.order.ID)}
	if d.payment.InDoubt() || d.payment.Paid() {
		e.jobs = append(e.jobs, t.void(d))
	}
	return e
}

// giveUp abandons an order that somebody, not its payment, ends.
func (t *turn) giveUp(d *dossier, why string) effects {
	e := t.abandon(d, why)
	t.schedule(d, true)
	e.outcome = freezeOrder(*d)
	return e
}

func (t *turn) void(d *dossier) job.Envelope {
	return t.job(job.VoidPayment, "", job.PaymentPayload{Payment: d.payment.ID})
}

// captures reports whether held money is to be taken as soon as the order stands.
func (s *shared) captures(d *dossier) bool {
	if d.payment.Status != payment.Authorized || d.order.Dead() {
		return false
	}
	switch s.CaptureAt {
	case CaptureOnConfirm:
		return !d.order.ConfirmedAt.IsZero()
	case CaptureOnShip:
		return d.order.Fulfillment() == order.Fulfilled
	default:
		return false
	}
}

// schedule decides when the reconciler looks at the payment next. Jobs do the
// work; it is there for those that died.
func (t *turn) schedule(d *dossier, changed bool) {
	p := &d.payment
	_, refunding := d.order.PendingRefund()
	switch open := p.InDoubt() || refunding || d.order.Dead() && p.Paid() && !d.order.Bounced(); {
	case p.ID.IsZero():
	case !open && !t.s.captures(d):
		p.CheckNever()
	case !changed:
		p.CheckAgain(t.now)
	case open:
		p.CheckAt(t.now)
		p.CheckAgain(t.now)
	default:
		p.CheckAt(t.now.Add(captureGrace))
	}
}

// alone answers Invalid in a store that has joined a transaction of the
// caller's. Who asks a provider commits before and after: what it was asked for
// must not be rolled back with the rest.
func (s *shared) alone() error {
	if s.Orders.Joined {
		return fault.New(fault.Invalid, "validation_failed", "what asks a payment provider cannot join a transaction")
	}
	return nil
}

// ask calls a payment provider, within the time a provider has. A provider
// that does not answer is payment_unavailable: Unavailable when provably nothing
// was done, Unknown when it may have been.
func (s *shared) ask(ctx context.Context, code string, call func(context.Context, ports.PaymentProvider) (payment.State, error)) (payment.State, error) {
	silent := func(kind fault.Kind, err error) error {
		return &fault.Error{Kind: kind, Code: "payment_unavailable", Op: "payment provider " + code, Detail: "the payment provider does not answer", Err: err}
	}
	provider, ok := s.Payments[code]
	if !ok {
		return payment.State{}, silent(fault.Unavailable, errors.New("it is not set up"))
	}
	limited, cancel := context.WithTimeout(ctx, s.ProviderTimeout)
	defer cancel()
	state, err := call(limited, provider)
	switch {
	case err == nil, fault.Is(err, fault.NotFound, fault.Conflict):
		return state, err
	case fault.Is(err, fault.Canceled) && ctx.Err() != nil:
		return payment.State{}, err
	case fault.Is(err, fault.Unavailable, fault.Throttled, fault.Canceled):
		return payment.State{}, silent(fault.Unavailable, err)
	default:
		return payment.State{}, silent(fault.Unknown, err)
	}
}

// lookup asks what the provider knows of a payment. Asking does nothing, so that
// no answer is Unavailable, never Unknown.
func (s *shared) lookup(ctx context.Context, d dossier) (payment.State, error) {
	state, err := s.ask(ctx, d.payment.Provider, func(ctx context.Context, provider ports.PaymentProvider) (payment.State, error) {
		return provider.Lookup(ctx, d.ref())
	})
	if e, ok := errors.AsType[*fault.Error](err); ok && e.Kind == fault.Unknown {
		e.Kind = fault.Unavailable
	}
	return state, err
}

// tellOr returns what a call told, and asks when it was refused because the
// payment is in another state than was thought.
func (s *shared) tellOr(ctx context.Context, d dossier, call func(context.Context, ports.PaymentProvider) (payment.State, error)) (payment.State, error) {
	state, err := s.ask(ctx, d.payment.Provider, call)
	if fault.Is(err, fault.Conflict) {
		return s.lookup(ctx, d)
	}
	return state, err
}

// advance brings a payment as far as it gets now: it asks about one in doubt,
// takes what is to be taken, gives back what is to be given back. Calling it
// again, also at the same time, is harmless.
func (s *shared) advance(ctx context.Context, by account.Role, d dossier) (dossier, ports.Mark, error) {
	_, refunding := d.order.PendingRefund()
	switch {
	case d.payment.ID.IsZero():
		return d, ports.Mark{}, nil
	case d.order.Dead():
		return s.giveBack(ctx, by, d)
	case refunding:
		return s.sendBack(ctx, by, d)
	case d.payment.InDoubt():
		state, err := s.lookup(ctx, d)
		if fault.Is(err, fault.NotFound) {
			return d, ports.Mark{}, nil // never asked, or not yet
		}
		if err != nil {
			return d, ports.Mark{}, err
		}
		return s.learn(ctx, by, d, state, false)
	case s.captures(&d):
		return s.take(ctx, by, d, d.payment.Amount)
	}
	return d, ports.Mark{}, nil
}
