package sandbox

import (
	"context"
	"fmt"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// The tokens that decide what becomes of a payment. Any other is declined as
// invalid_token.
const (
	TokenOK             = "tok_ok"              // authorized
	TokenDeclined       = "tok_declined"        // refused: card_declined
	TokenRequiresAction = "tok_requires_action" // waits for Complete
	TokenTimeout        = "tok_timeout"         // authorized, but the answer is lost: Unknown
	TokenUnavailable    = "tok_unavailable"     // Unavailable, and nothing is remembered: always
)

// Why the sandbox refuses.
const (
	declinedCard    = "card_declined"
	declinedToken   = "invalid_token"
	declinedShopper = "authentication_failed" // the shopper failed the action
	declinedLate    = "action_expired"        // the shopper did not act in time
)

// ActionTTL is how long a shopper has for what a payment requires.
const ActionTTL = 10 * time.Minute

var (
	_ ports.PaymentProvider  = (*Provider)(nil)
	_ ports.PaymentCompleter = (*Provider)(nil)
	_ ports.Notifier         = (*Provider)(nil)
)

// Provider is a sandbox with its books. The exported fields are set before the
// first call.
type Provider struct {
	// ActionURL begins the address a shopper is sent to when a payment requires
	// action; the payment's id and "/complete" follow.
	ActionURL string
	// WebhookSecrets sign what Notice believes; none: it believes nothing.
	WebhookSecrets []string
	Now            func() time.Time

	books books
}

// books keep the accounts.
type books interface {
	// update replaces an account, nil if there is none, by what fn makes of it,
	// and answers when that lasts, and what fn saw. fn may run more than once.
	update(ctx context.Context, p id.Payment, fn func(*account) (*account, error)) (*account, error)
	close() error
}

// New returns a sandbox that keeps its books in the file, which is opened, or
// made in a folder that is there, at the first call.
func New(path string) *Provider { return newProvider(&ledger{path: path}) }

func newProvider(b books) *Provider {
	return &Provider{ActionURL: "https://sandbox.invalid/payments/", Now: time.Now, books: b}
}

// Close waits for what is being written and closes a ledger file. A later call
// opens it again.
func (s *Provider) Close() error { return s.books.close() }

// Authorize decides by the token of the first request for a payment; later
// requests get the first one's outcome. Conflict for another amount than the
// first time.
func (s *Provider) Authorize(ctx context.Context, r payment.Request) (payment.State, error) {
	if r.Amount.Minor() <= 0 {
		return payment.State{}, fault.InvalidField("amount", "too_small", "must be more than nothing")
	}
	if err := r.Amount.Validate(); err != nil {
		return payment.State{}, err
	}
	lost := false
	state, err := s.change(ctx, r.ID, func(old *account) (*account, error) {
		if old != nil {
			if !old.Amount.IsNone() && old.Amount != r.Amount {
				return nil, fault.New(fault.Conflict, "", "the payment was already asked for with another amount")
			}
			return old, nil
		}
		next := &account{Payment: r.ID, Status: payment.Authorized, Amount: r.Amount}
		switch r.Token {
		case TokenOK:
		case TokenTimeout:
			lost = true
		case TokenRequiresAction:
			next.Status = payment.RequiresAction
			next.ActBy = s.Now().UTC().Truncate(time.Microsecond).Add(ActionTTL)
		case TokenUnavailable:
			return nil, fault.New(fault.Unavailable, "", "the sandbox pretends to be away")
		case TokenDeclined:
			next.refuse(declinedCard)
		default:
			next.refuse(declinedToken)
		}
		return next, nil
	})
	if err == nil && lost {
		return payment.State{}, fault.New(fault.Unknown, "", "the sandbox pretends that its answer was lost")
	}
	return state, err
}

// Lookup returns what the books say of a payment.
func (s *Provider) Lookup(ctx context.Context, p payment.Ref) (payment.State, error) {
	return s.known(ctx, p.ID, func(a account) (account, error) { return a, nil })
}

// Complete plays the shopper: ok authorizes the payment, else it is refused.
func (s *Provider) Complete(ctx context.Context, p id.Payment, ok bool) (payment.State, error) {
	return s.known(ctx, p, func(a account) (account, error) {
		if a.Status != payment.RequiresAction {
			return a, conflict("nothing is required of the shopper", a)
		}
		if ok {
			a.Status = payment.Authorized
		} else {
			a.refuse(declinedShopper)
		}
		return a, nil
	})
}

// Capture takes up to the amount held and lets the rest go.
func (s *Provider) Capture(ctx context.Context, p payment.Ref, amount money.Amount) (payment.State, error) {
	return s.known(ctx, p.ID, func(a account) (account, error) {
		switch a.Status {
		case payment.Captured:
			return a, nil
		case payment.Authorized:
		default:
			return a, conflict("no money is held", a)
		}
		if err := amount.Within(a.Amount); err != nil {
			return a, err
		}
		a.Status, a.Captured = payment.Captured, amount
		return a, nil
	})
}

// Void lets held money go, and makes a payment impossible that was never asked
// for. One that was refused stays as it is.
func (s *Provider) Void(ctx context.Context, p payment.Ref) (payment.State, error) {
	return s.change(ctx, p.ID, func(old *account) (*account, error) {
		if old == nil {
			return &account{Payment: p.ID, Status: payment.Canceled}, nil
		}
		switch old.Status {
		case payment.Authorized, payment.RequiresAction:
			next := *old
			next.Status = payment.Canceled
			return &next, nil
		case payment.Captured:
			return nil, conflict("the money was already taken", *old)
		default:
			return old, nil
		}
	})
}

// Refund gives back part or all of what was captured, once for each refund id.
func (s *Provider) Refund(ctx context.Context, p payment.Ref, r id.Refund, amount money.Amount) (payment.State, error) {
	return s.known(ctx, p.ID, func(a account) (account, error) {
		if before, done := a.Refunds[r]; done {
			if before != amount {
				return a, conflict("the refund was already made with another amount", a)
			}
			return a, nil
		}
		if a.Status != payment.Captured {
			return a, conflict("no money was taken", a)
		}
		return a.giveBack(r, amount)
	})
}

// RefundElsewhere plays somebody who gives money back at the provider, past the
// shop. The reference that the refund gets is made of its id.
func (s *Provider) RefundElsewhere(ctx context.Context, p id.Payment, r id.Refund, amount money.Amount) (payment.State, error) {
	return s.known(ctx, p, func(a account) (account, error) {
		a, err := a.giveBack(r, amount)
		a.Foreign = with(a.Foreign, r, true)
		return a, err
	})
}

// FailRefund plays the bank whose customer a refund does not reach: the money
// comes back. NotFound for a refund that was never made.
func (s *Provider) FailRefund(ctx context.Context, p id.Payment, r id.Refund) (payment.State, error) {
	return s.known(ctx, p, func(a account) (account, error) {
		if _, made := a.Refunds[r]; !made {
			return a, fault.Missing("refund")
		}
		a.Failed = with(a.Failed, r, true)
		return a, nil
	})
}

func conflict(detail string, a account) error {
	return fault.New(fault.Conflict, "", fmt.Sprintf("%s: the payment is %s", detail, a.Status))
}

// known changes the account of a payment that was asked for; NotFound otherwise.
func (s *Provider) known(ctx context.Context, p id.Payment, fn func(account) (account, error)) (payment.State, error) {
	return s.change(ctx, p, func(old *account) (*account, error) {
		if old == nil {
			return nil, fault.Missing("payment")
		}
		next, err := fn(*old)
		if err != nil || next.equal(*old) {
			return old, err
		}
		return &next, nil
	})
}

// change runs fn on a payment's account, nil if there is none, and answers when
// what it left, and what it saw, lasts. fn returns its argument to change
// nothing, and must not alter it.
func (s *Provider) change(ctx context.Context, p id.Payment, fn func(old *account) (*account, error)) (payment.State, error) {
	if err := ctx.Err(); err != nil {
		return payment.State{}, fault.Wrap(fault.Canceled, "sandbox", err)
	}
	now := s.Now()
	a, err := s.books.update(ctx, p, func(old *account) (*account, error) {
		if old != nil && old.Status == payment.RequiresAction && !now.Before(old.ActBy) {
			late := *old
			late.refuse(declinedLate)
			old = &late
		}
		return fn(old)
	})
	if err != nil {
		return payment.State{}, err
	}
	return a.state(s.ActionURL), nil
}
