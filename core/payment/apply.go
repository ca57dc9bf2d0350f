package payment

import (
	"fmt"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
)

// New returns a payment the provider has not been asked for yet.
func New(p id.Payment, o id.Order, provider string, amount money.Amount, now time.Time) Payment {
	zero := money.New(0, amount.Currency())
	return Payment{
		ID: p, Order: o, Provider: provider, Status: Created, Amount: amount, Captured: zero, Refunded: zero,
		Version: 1, CreatedAt: now, UpdatedAt: now,
	}
}

// rank orders statuses by how much they tell. What is known only grows: states
// may arrive late, twice and in any order, and leave a payment the same. Held
// money outranks a refusal, so that it is never forgotten; letting it go
// outranks holding it; money taken outranks everything.
func (s Status) rank() int {
	switch s {
	case Created:
		return 0
	case Processing:
		return 1
	case RequiresAction:
		return 2
	case Expired:
		return 3
	case Failed:
		return 4
	case Authorized:
		return 5
	case Canceled:
		return 6
	case Captured:
		return 7
	case PartiallyRefunded:
		return 8
	case Refunded:
		return 9
	default:
		return -1
	}
}

// Apply learns from the provider's account of the payment and reports whether
// that was news. refunded is what has been given back by all that is known of the
// refunds, those of the state taken in (order.Order.LearnRefunds): the only figure
// that may fall again. The final state depends on the set of states only, not on
// their order or number. Internal, and nothing learned, when the state is of
// another amount or of more money than the payment is about.
func (p *Payment) Apply(s State, refunded money.Amount, now time.Time) (bool, error) {
	if err := p.plausible(s, refunded); err != nil {
		return false, err
	}
	next := *p
	if next.Reference == "" {
		next.Reference = s.Reference
	}
	next.Captured, next.Refunded = larger(p.Captured, s.Captured), refunded
	if s.Status.rank() > p.Status.rank() {
		next.Status = s.Status
		next.DeclineCode, next.Retryable, next.NextAction = "", false, nil
		if s.Status == Failed {
			next.DeclineCode, next.Retryable = s.DeclineCode, s.Retryable
		}
	}
	switch captured, refunded := next.Captured.Minor(), next.Refunded.Minor(); {
	case refunded > 0 && refunded == captured:
		next.Status = Refunded
	case refunded > 0:
		next.Status = PartiallyRefunded
	case captured > 0:
		next.Status = Captured
	}
	if next.Status == RequiresAction && s.Status == RequiresAction && s.NextAction != nil && (p.NextAction == nil || *p.NextAction != *s.NextAction) {
		action := *s.NextAction
		next.NextAction = &action
	}
	if next == *p {
		return false, nil
	}
	next.Version++
	next.UpdatedAt = now
	*p = next
	return true, nil
}

func (p *Payment) plausible(s State, refunded money.Amount) error {
	switch currency := p.Amount.Currency(); {
	case s.Status.rank() < 0:
		return p.implausible("status %q", s.Status)
	case !s.Amount.IsNone() && s.Amount != p.Amount:
		return p.implausible("amount %s instead of %s", s.Amount, p.Amount)
	case !s.Captured.IsNone() && s.Captured.Currency() != currency, refunded.Currency() != currency,
		slices.ContainsFunc(s.Refunds, func(r order.ToldRefund) bool {
			return r.Reference == "" || r.Amount.Currency() != currency || r.Amount.Minor() <= 0
		}):
		return p.implausible("nothing, or another currency than %s", currency)
	case s.Captured.Compare(p.Amount) > 0 || larger(p.Captured, s.Captured).Compare(refunded) < 0:
		return p.implausible("%s captured and %s refunded of %s", s.Captured, refunded, p.Amount)
	}
	return nil
}

func (p *Payment) implausible(format string, args ...any) error {
	return fault.Wrap(fault.Internal, "payment.Apply", fmt.Errorf("the provider tells of payment %s: "+format, append([]any{p.ID}, args...)...))
}

func larger(a, b money.Amount) money.Amount {
	if b.Minor() > a.Minor() {
		return b
	}
	return a
}

// Paid reports whether the shop holds money of the payment: authorized, or
// captured and not all of it given back.
func (p *Payment) Paid() bool {
	switch p.Status {
	case Authorized, Captured, PartiallyRefunded:
		return true
	default:
		return false
	}
}

// Owed returns what was captured and not refunded.
func (p *Payment) Owed() money.Amount {
	return money.New(p.Captured.Minor()-p.Refunded.Minor(), p.Amount.Currency())
}

const (
	firstCheck = 5 * time.Second
	lastCheck  = time.Hour
)

// CheckAgain puts the next look of the reconciler off, each time for longer:
// 5 s, 10 s, 20 s and so on up to an hour.
func (p *Payment) CheckAgain(now time.Time) {
	wait := lastCheck
	if p.Checks < 10 {
		wait = min(firstCheck<<p.Checks, lastCheck)
	}
	p.Checks++
	p.NextCheckAt = now.Add(wait)
}

// CheckAt makes the reconciler look at a time, with fresh patience.
func (p *Payment) CheckAt(at time.Time) { p.NextCheckAt, p.Checks = at, 0 }

// CheckNever takes the payment off the reconciler's list.
func (p *Payment) CheckNever() { p.NextCheckAt, p.Checks = time.Time{}, 0 }
