package sim

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// The tokens that decide what becomes of a payment.
const (
	tokenOK       = "ok"
	tokenDeclined = "declined"
	tokenAction   = "action"
)

// actionTime is how long a shopper has for what a payment requires.
const actionTime = 3 * time.Minute

// bank is a payment provider that never fails by itself. Its books are what the
// shop's are held against.
type bank struct {
	mu       sync.Mutex
	accounts map[id.Payment]*holding
	order    []id.Payment // as they were opened
}

type holding struct {
	payment  id.Payment
	order    id.Order
	status   payment.Status
	amount   money.Amount // none: voided before it was asked for
	captured int64
	refunds  []repayment
	actBy    time.Time
	lenient  bool // pays out more than came in
}

type repayment struct {
	id        id.Refund // zero: nobody asked for it through the shop
	reference string
	minor     int64
	failed    bool // the money came back
}

var _ ports.PaymentProvider = (*bank)(nil)

func newBank() *bank { return &bank{accounts: map[id.Payment]*holding{}} }

func (a *holding) refunded() (sum int64) {
	for _, r := range a.refunds {
		if !r.failed {
			sum += r.minor
		}
	}
	return sum
}

func (a *holding) state() payment.State {
	s := payment.State{Status: a.status, Reference: hex.EncodeToString(a.payment.UUID[:]), Amount: a.amount}
	if a.status == payment.Captured {
		s.Captured = money.New(a.captured, a.amount.Currency())
		for _, r := range a.refunds {
			s.Refunds = append(s.Refunds, order.ToldRefund{ID: r.id, Reference: r.reference, Amount: money.New(r.minor, a.amount.Currency()), Failed: r.failed})
		}
	}
	switch a.status {
	case payment.Failed:
		s.DeclineCode = "card_declined"
	case payment.RequiresAction:
		s.NextAction = &payment.NextAction{Type: "redirect", URL: "https://bank.example"}
	default:
	}
	return s
}

// on runs fn on an account, nil if there is none.
func (b *bank) on(p id.Payment, fn func(*holding) (*holding, error)) (payment.State, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.accounts[p]
	if a != nil && a.status == payment.RequiresAction && !time.Now().Before(a.actBy) {
		a.status = payment.Failed
	}
	after, err := fn(a)
	if err != nil {
		return payment.State{}, err
	}
	if a == nil {
		b.accounts[p] = after
		b.order = append(b.order, p)
	}
	return after.state(), nil
}

func known(fn func(*holding) error) func(*holding) (*holding, error) {
	return func(a *holding) (*holding, error) {
		if a == nil {
			return nil, fault.Missing("payment")
		}
		return a, fn(a)
	}
}

func forbidden(a *holding) error {
	return fault.New(fault.Conflict, "", "the payment is "+string(a.status))
}

func (b *bank) Authorize(_ context.Context, r payment.Request) (payment.State, error) {
	return b.on(r.ID, func(a *holding) (*holding, error) {
		switch {
		case a == nil:
		case !a.amount.IsNone() && a.amount != r.Amount:
			return nil, forbidden(a)
		default:
			return a, nil
		}
		a = &holding{payment: r.ID, order: r.Order, amount: r.Amount}
		switch r.Token {
		case tokenOK:
			a.status = payment.Authorized
		case tokenAction:
			a.status, a.actBy = payment.RequiresAction, time.Now().Add(actionTime)
		default:
			a.status = payment.Failed
		}
		return a, nil
	})
}

func (b *bank) Lookup(_ context.Context, p payment.Ref) (payment.State, error) {
	return b.on(p.ID, known(func(*holding) error { return nil }))
}

// complete plays the shopper.
func (b *bank) complete(p id.Payment, ok bool) error {
	_, err := b.on(p, known(func(a *holding) error {
		if a.status != payment.RequiresAction {
			return forbidden(a)
		}
		if a.status = payment.Failed; ok {
			a.status = payment.Authorized
		}
		return nil
	}))
	return err
}

// sendBack lets the newest refund of a payment fail, if there is one that has not.
func (b *bank) sendBack(p id.Payment) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.accounts[p]
	if a == nil || len(a.refunds) == 0 || a.refunds[len(a.refunds)-1].failed {
		return false
	}
	a.refunds[len(a.refunds)-1].failed = true
	return true
}

// repay gives back a little of what was captured, behind the shop's back, if so
// much is left.
func (b *bank) repay(p id.Payment, minor int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	a := b.accounts[p]
	if a == nil || a.status != payment.Captured || a.captured-a.refunded() < minor {
		return false
	}
	a.refunds = append(a.refunds, repayment{reference: fmt.Sprintf("re_%d of %s", len(a.refunds), p), minor: minor})
	return true
}

func (b *bank) Capture(_ context.Context, p payment.Ref, amount money.Amount) (payment.State, error) {
	return b.on(p.ID, known(func(a *holding) error {
		switch a.status {
		case payment.Captured:
			return nil
		case payment.Authorized:
		default:
			return forbidden(a)
		}
		if err := amount.Within(a.amount); err != nil {
			return err
		}
		a.status, a.captured = payment.Captured, amount.Minor()
		return nil
	}))
}

func (b *bank) Void(_ context.Context, p payment.Ref) (payment.State, error) {
	return b.on(p.ID, func(a *holding) (*holding, error) {
		if a == nil {
			return &holding{payment: p.ID, status: payment.Canceled}, nil
		}
		switch a.status {
		case payment.Authorized, payment.RequiresAction:
			a.status = payment.Canceled
		case payment.Captured:
			return nil, forbidden(a)
		default:
		}
		return a, nil
	})
}

func (b *bank) Refund(_ context.Context, p payment.Ref, r id.Refund, amount money.Amount) (payment.State, error) {
	return b.on(p.ID, known(func(a *holding) error {
		if i := slices.IndexFunc(a.refunds, func(made repayment) bool { return made.id == r }); i >= 0 {
			if a.refunds[i].minor != amount.Minor() {
				return forbidden(a)
			}
			return nil
		}
		if a.status != payment.Captured {
			return forbidden(a)
		}
		if left := money.New(a.captured-a.refunded(), a.amount.Currency()); !a.lenient {
			if err := amount.Within(left); err != nil {
				return err
			}
		}
		a.refunds = append(a.refunds, repayment{id: r, reference: "re_" + r.String(), minor: amount.Minor()})
		return nil
	}))
}

// post is a post office: what was handed over arrives.
type post struct {
	mu   sync.Mutex
	sent []ports.Message
}

func (p *post) Send(_ context.Context, m ports.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.sent = append(p.sent, m)
	return nil
}
