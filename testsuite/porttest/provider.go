package porttest

import (
	"context"
	"crypto/rand"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// PaymentHarness gives the suite a provider in its test mode.
type PaymentHarness struct {
	New func(t *testing.T) ports.PaymentProvider
	// Reopen returns the provider as a shop finds it that was killed while it
	// used the first one.
	Reopen func(t *testing.T, killed ports.PaymentProvider) ports.PaymentProvider
	Tokens PaymentTokens
	// Complete plays the shopper. Nil, with the reason, where a test cannot.
	Complete   func(t *testing.T, p ports.PaymentProvider, of id.Payment, ok bool) (payment.State, error)
	NoComplete string
	// FailRefund plays the bank that sends a refund back. RefundElsewhere gives
	// money back past the shop. Nil, with the reason, where a test cannot.
	FailRefund      func(t *testing.T, p ports.PaymentProvider, of id.Payment, refund id.Refund)
	RefundElsewhere func(t *testing.T, p ports.PaymentProvider, of id.Payment, amount money.Amount)
	NoBank          string
	Currency        money.Currency
}

// PaymentTokens provoke outcomes. The empty token says that a provider cannot
// be made to show it; Missing says why.
type PaymentTokens struct {
	OK, Declined, RequiresAction, Timeout, Unavailable, Nonsense string

	Missing string
}

// TestPaymentProvider is the contract of ports.PaymentProvider.
func TestPaymentProvider(t *testing.T, h PaymentHarness) {
	t.Parallel()
	w := payments{h}

	t.Run("Authorize/HoldsTheMoney", func(t *testing.T) {
		t.Parallel()
		p, r := w.begin(t, h.Tokens.OK)
		st := w.must(t)(p.Authorize(t.Context(), r))
		w.expect(t, st, payment.Authorized, 0, 0)
		if st.Reference == "" {
			t.Error("a held payment has no reference")
		}
		if seen := w.must(t)(p.Lookup(t.Context(), r.Ref)); !reflect.DeepEqual(seen, st) {
			t.Errorf("Lookup tells %+v after Authorize told %+v", seen, st)
		}
	})

	t.Run("Authorize/TwiceIsOnce", func(t *testing.T) {
		t.Parallel()
		p, r := w.begin(t, h.Tokens.OK)
		first := w.must(t)(p.Authorize(t.Context(), r))
		if again := w.must(t)(p.Authorize(t.Context(), r)); !reflect.DeepEqual(again, first) {
			t.Errorf("the second time it is %+v, the first time %+v", again, first)
		}
	})

	t.Run("Authorize/AtOnceIsOnce", func(t *testing.T) {
		t.Parallel()
		p, r := w.begin(t, h.Tokens.OK)
		states, errs := make([]payment.State, 8), make([]error, 8)
		var group sync.WaitGroup
		for i := range states {
			group.Go(func() { states[i], errs[i] = p.Authorize(t.Context(), r) })
		}
		group.Wait()
		for i, st := range states {
			// A provider may turn away a request that meets itself, but not answer differently.
			if errs[i] != nil && !fault.Is(errs[i], fault.Unknown, fault.Unavailable, fault.Conflict) {
				t.Errorf("caller %d: %v", i, errs[i])
			}
			if errs[i] == nil && st.Status != payment.Authorized {
				t.Errorf("caller %d: %+v", i, st)
			}
		}
		w.expect(t, w.must(t)(p.Lookup(t.Context(), r.Ref)), payment.Authorized, 0, 0)
	})

	t.Run("Authorize/AnotherAmountIsRefused", func(t *testing.T) {
		t.Parallel()
		p, r := w.begin(t, h.Tokens.OK)
		w.must(t)(p.Authorize(t.Context(), r))
		other := r
		other.Amount = money.New(1, h.Currency)
		_, err := p.Authorize(t.Context(), other)
		wantKind(t, err, fault.Conflict)
		w.expect(t, w.must(t)(p.Lookup(t.Context(), r.Ref)), payment.Authorized, 0, 0)
	})

	t.Run("Authorize/NoMoneyIsInvalid", func(t *testing.T) {
		t.Parallel()
		p, r := w.begin(t, h.Tokens.OK)
		for _, amount := range []money.Amount{{}, money.New(0, h.Currency), money.New(-1, h.Currency)} {
			nothing := r
			nothing.Amount = amount
			_, err := p.Authorize(t.Context(), nothing)
			wantKind(t, err, fault.Invalid)
		}
		_, err := p.Lookup(t.Context(), r.Ref)
		wantKind(t, err, fault.NotFound)
	})

	t.Run("Authorize/DeclinedIsAState", func(t *testing.T) {
		t.Parallel()
		p, r := w.begin(t, h.Tokens.Declined)
		st := w.must(t)(p.Authorize(t.Context(), r))
		w.expect(t, st, payment.Failed, 0, 0)
		if st.DeclineCode == "" {
			t.Error("a refusal gives no reason")
		}
		// Neither another card nor the same one revives a payment that was refused.
		r.Token = h.Tokens.OK
		w.expect(t, w.must(t)(p.Authorize(t.Context(), r)), payment.Failed, 0, 0)
		_, err := p.Capture(t.Context(), r.Ref, r.Amount)
		wantKind(t, err, fault.Conflict)
		w.expect(t, w.must(t)(p.Void(t.Context(), r.Ref)), payment.Failed, 0, 0)
	})

	t.Run("Authorize/NonsenseIsDeclined", func(t *testing.T) {
		t.Parallel()
		p, r := w.begin(t, h.Tokens.Nonsense)
		st := w.must(t)(p.Authorize(t.Context(), r))
		if st.Status != payment.Failed || st.DeclineCode == "" {
			t.Errorf("%+v, want it refused with a reason", st)
		}
	})

	t.Run("Authorize/LostAnswerIsFoundAgain", func(t *testing.T) {
		t.Parallel()
		p, r := w.begin(t, h.Tokens.Timeout)
		_, err := p.Authorize(t.Context(), r)
		wantKind(t, err, fault.Unknown)
		w.expect(t, w.must(t)(p.Lookup(t.Context(), r.Ref)), payment.Authorized, 0, 0)
		w.expect(t, w.must(t)(p.Authorize(t.Context(), r)), payment.Authorized, 0, 0)
	})

	t.Run("Authorize/UnavailableDidNothing", func(t *testing.T) {
		t.Parallel()
		p, r := w.begin(t, h.Tokens.Unavailable)
		_, err := p.Authorize(t.Context(), r)
		wantKind(t, err, fault.Unavailable)
		_, err = p.Lookup(t.Context(), r.Ref)
		wantKind(t, err, fault.NotFound)
		r.Token = h.Tokens.OK
		w.expect(t, w.must(t)(p.Authorize(t.Context(), r)), payment.Authorized, 0, 0)
	})

	t.Run("Authorize/CanceledDidNothing", func(t *testing.T) {
		t.Parallel()
		p, r := w.begin(t, h.Tokens.OK)
		gone, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := p.Authorize(gone, r)
		wantKind(t, err, fault.Canceled)
		_, err = p.Lookup(t.Context(), r.Ref)
		wantKind(t, err, fault.NotFound)
	})

	for name, ok := range map[string]bool{"ShopperSucceeds": true, "ShopperFails": false} {
		t.Run("Action/"+name, func(t *testing.T) {
			t.Parallel()
			p, r := w.begin(t, h.Tokens.RequiresAction)
			st := w.must(t)(p.Authorize(t.Context(), r))
			w.expect(t, st, payment.RequiresAction, 0, 0)
			if a := st.NextAction; a == nil || a.Type == "redirect" && a.URL == "" || a.Type == "sdk" && a.ClientSecret == "" || !a.ExpiresAt.After(time.Now()) {
				t.Errorf("next action %+v leads nowhere", st.NextAction)
			}
			_, err := p.Capture(t.Context(), r.Ref, r.Amount)
			wantKind(t, err, fault.Conflict)
			w.complete(t, p, r.ID, ok)
			want := payment.Authorized
			if !ok {
				want = payment.Failed
			}
			st = w.must(t)(p.Lookup(t.Context(), r.Ref))
			w.expect(t, st, want, 0, 0)
			if st.NextAction != nil {
				t.Errorf("still asks for %+v", st.NextAction)
			}
			_, err = h.Complete(t, p, r.ID, true)
			wantKind(t, err, fault.Conflict)
		})
	}

	t.Run("Action/CanBeVoided", func(t *testing.T) {
		t.Parallel()
		p, r := w.begin(t, h.Tokens.RequiresAction)
		w.must(t)(p.Authorize(t.Context(), r))
		w.expect(t, w.must(t)(p.Void(t.Context(), r.Ref)), payment.Canceled, 0, 0)
		w.canComplete(t)
		_, err := h.Complete(t, p, r.ID, true)
		wantKind(t, err, fault.Conflict)
		w.expect(t, w.must(t)(p.Lookup(t.Context(), r.Ref)), payment.Canceled, 0, 0)
	})

	t.Run("Action/UnknownIsNotFound", func(t *testing.T) {
		t.Parallel()
		w.canComplete(t)
		_, err := h.Complete(t, h.New(t), newPaymentID(), true)
		wantKind(t, err, fault.NotFound)
	})

	t.Run("Lookup/UnknownIsNotFound", func(t *testing.T) {
		t.Parallel()
		_, err := h.New(t).Lookup(t.Context(), w.request("").Ref)
		wantKind(t, err, fault.NotFound)
	})

	t.Run("Capture/TakesOnce", func(t *testing.T) {
		t.Parallel()
		p, r := w.held(t)
		w.expect(t, w.must(t)(p.Capture(t.Context(), r.Ref, r.Amount)), payment.Captured, 1000, 0)
		w.expect(t, w.must(t)(p.Capture(t.Context(), r.Ref, r.Amount)), payment.Captured, 1000, 0)
		w.expect(t, w.must(t)(p.Lookup(t.Context(), r.Ref)), payment.Captured, 1000, 0)
	})

	t.Run("Capture/TakesAPart", func(t *testing.T) {
		t.Parallel()
		p, r := w.held(t)
		w.expect(t, w.must(t)(p.Capture(t.Context(), r.Ref, money.New(400, h.Currency))), payment.Captured, 400, 0)
		_, err := p.Refund(t.Context(), r.Ref, newRefundID(), money.New(401, h.Currency))
		wantKind(t, err, fault.Invalid)
	})

	t.Run("Capture/NeverMoreThanIsHeld", func(t *testing.T) {
		t.Parallel()
		p, r := w.held(t)
		for _, amount := range []money.Amount{money.New(1001, h.Currency), money.New(0, h.Currency), money.New(-1, h.Currency), money.New(5, "XOF"), {}} {
			_, err := p.Capture(t.Context(), r.Ref, amount)
			wantKind(t, err, fault.Invalid)
		}
		w.expect(t, w.must(t)(p.Lookup(t.Context(), r.Ref)), payment.Authorized, 0, 0)
		_, err := p.Capture(t.Context(), w.request("").Ref, r.Amount)
		wantKind(t, err, fault.NotFound)
	})

	t.Run("Void/LetsGoOnce", func(t *testing.T) {
		t.Parallel()
		p, r := w.held(t)
		w.expect(t, w.must(t)(p.Void(t.Context(), r.Ref)), payment.Canceled, 0, 0)
		w.expect(t, w.must(t)(p.Void(t.Context(), r.Ref)), payment.Canceled, 0, 0)
		_, err := p.Capture(t.Context(), r.Ref, r.Amount)
		wantKind(t, err, fault.Conflict)
		w.expect(t, w.must(t)(p.Authorize(t.Context(), r)), payment.Canceled, 0, 0)
	})

	t.Run("Void/ForestallsWhatWasNeverAsked", func(t *testing.T) {
		t.Parallel()
		p, r := w.begin(t, h.Tokens.OK)
		st := w.must(t)(p.Void(t.Context(), r.Ref))
		if st.Status != payment.Canceled {
			t.Errorf("%+v, want it canceled", st)
		}
		late := w.must(t)(p.Authorize(t.Context(), r))
		if late.Status != payment.Canceled && late.Status != payment.Failed {
			t.Errorf("a payment that was made impossible is %+v", late)
		}
		_, err := p.Capture(t.Context(), r.Ref, r.Amount)
		wantKind(t, err, fault.Conflict)
	})

	t.Run("Void/NotWhatWasTaken", func(t *testing.T) {
		t.Parallel()
		p, r := w.held(t)
		w.must(t)(p.Capture(t.Context(), r.Ref, r.Amount))
		_, err := p.Void(t.Context(), r.Ref)
		wantKind(t, err, fault.Conflict)
		w.expect(t, w.must(t)(p.Lookup(t.Context(), r.Ref)), payment.Captured, 1000, 0)
	})

	t.Run("Refund/OncePerRefund", func(t *testing.T) {
		t.Parallel()
		p, r := w.held(t)
		w.must(t)(p.Capture(t.Context(), r.Ref, r.Amount))
		first := newRefundID()
		w.expect(t, w.must(t)(p.Refund(t.Context(), r.Ref, first, money.New(300, h.Currency))), payment.Captured, 1000, 300)
		w.expect(t, w.must(t)(p.Refund(t.Context(), r.Ref, first, money.New(300, h.Currency))), payment.Captured, 1000, 300)
		_, err := p.Refund(t.Context(), r.Ref, first, money.New(200, h.Currency))
		wantKind(t, err, fault.Conflict)
		w.expect(t, w.must(t)(p.Refund(t.Context(), r.Ref, newRefundID(), money.New(700, h.Currency))), payment.Captured, 1000, 1000)
		_, err = p.Refund(t.Context(), r.Ref, newRefundID(), money.New(1, h.Currency))
		wantKind(t, err, fault.Invalid)
	})

	t.Run("Refund/NeverMoreThanWasTaken", func(t *testing.T) {
		t.Parallel()
		p, r := w.held(t)
		_, err := p.Refund(t.Context(), r.Ref, newRefundID(), r.Amount)
		wantKind(t, err, fault.Conflict)
		w.must(t)(p.Capture(t.Context(), r.Ref, r.Amount))
		errs := make([]error, 8)
		var group sync.WaitGroup
		for i := range errs {
			group.Go(func() { _, errs[i] = p.Refund(t.Context(), r.Ref, newRefundID(), money.New(400, h.Currency)) })
		}
		group.Wait()
		made := 0
		for _, err := range errs {
			if err == nil {
				made++
			} else {
				wantKind(t, err, fault.Invalid)
			}
		}
		if made != 2 {
			t.Errorf("%d refunds of 400 were made out of 1000", made)
		}
		w.expect(t, w.must(t)(p.Lookup(t.Context(), r.Ref)), payment.Captured, 1000, 800)
		_, err = p.Refund(t.Context(), w.request("").Ref, newRefundID(), r.Amount)
		wantKind(t, err, fault.NotFound)
	})

	t.Run("Refund/EachIsToldByItsID", func(t *testing.T) {
		t.Parallel()
		p, r := w.held(t)
		w.must(t)(p.Capture(t.Context(), r.Ref, r.Amount))
		asked := map[id.Refund]money.Amount{newRefundID(): money.New(300, h.Currency), newRefundID(): money.New(200, h.Currency)}
		for refund, amount := range asked {
			w.must(t)(p.Refund(t.Context(), r.Ref, refund, amount))
		}
		references := map[string]bool{}
		for _, told := range w.must(t)(p.Lookup(t.Context(), r.Ref)).Refunds {
			if told.Amount != asked[told.ID] || told.Failed || told.Reference == "" || references[told.Reference] {
				t.Errorf("told of %+v, asked for %v", told, asked)
			}
			references[told.Reference] = true
		}
		if len(references) != len(asked) {
			t.Errorf("%d refunds are told of, %d were asked for", len(references), len(asked))
		}
	})

	t.Run("Refund/WhatFailedIsFree", func(t *testing.T) {
		t.Parallel()
		w.hasBank(t)
		p, r := w.held(t)
		w.must(t)(p.Capture(t.Context(), r.Ref, r.Amount))
		first, second := newRefundID(), newRefundID()
		w.must(t)(p.Refund(t.Context(), r.Ref, first, r.Amount))
		h.FailRefund(t, p, r.ID, first)
		w.expect(t, w.must(t)(p.Lookup(t.Context(), r.Ref)), payment.Captured, 1000, 0)
		// Asking for the same again moves no money; another one does.
		w.expect(t, w.must(t)(p.Refund(t.Context(), r.Ref, first, r.Amount)), payment.Captured, 1000, 0)
		st := w.must(t)(p.Refund(t.Context(), r.Ref, second, r.Amount))
		w.expect(t, st, payment.Captured, 1000, 1000)
		for _, told := range st.Refunds {
			if told.Failed != (told.ID == first) {
				t.Errorf("%s has failed, told of %+v", first, told)
			}
		}
		if len(st.Refunds) != 2 {
			t.Errorf("told of %+v", st.Refunds)
		}
	})

	t.Run("Refund/MadeElsewhereIsNobodys", func(t *testing.T) {
		t.Parallel()
		w.hasBank(t)
		p, r := w.held(t)
		w.must(t)(p.Capture(t.Context(), r.Ref, r.Amount))
		ours := newRefundID()
		h.RefundElsewhere(t, p, r.ID, money.New(400, h.Currency))
		_, err := p.Refund(t.Context(), r.Ref, newRefundID(), money.New(601, h.Currency))
		wantKind(t, err, fault.Invalid)
		st := w.must(t)(p.Refund(t.Context(), r.Ref, ours, money.New(600, h.Currency)))
		w.expect(t, st, payment.Captured, 1000, 1000)
		want := map[id.Refund]money.Amount{ours: money.New(600, h.Currency), {}: money.New(400, h.Currency)}
		for _, told := range st.Refunds {
			if told.Amount != want[told.ID] {
				t.Errorf("told of %+v, want %v", told, want)
			}
			delete(want, told.ID)
		}
		if len(want) > 0 {
			t.Errorf("not told of %v", want)
		}
	})

	t.Run("Refund/SoManyAreTold", func(t *testing.T) {
		t.Parallel()
		w.hasBank(t)
		p, r := w.held(t)
		w.must(t)(p.Capture(t.Context(), r.Ref, r.Amount))
		for range order.MaxRefunds {
			h.RefundElsewhere(t, p, r.ID, money.New(1, h.Currency))
		}
		w.expect(t, w.must(t)(p.Lookup(t.Context(), r.Ref)), payment.Captured, 1000, order.MaxRefunds)
		h.RefundElsewhere(t, p, r.ID, money.New(1, h.Currency))
		if told := w.must(t)(p.Lookup(t.Context(), r.Ref)).Refunds; len(told) > order.MaxRefunds {
			t.Errorf("told of %d", len(told))
		}
	})

	t.Run("RemembersPastTheShopsDeath", func(t *testing.T) {
		t.Parallel()
		p, timeout := w.begin(t, h.Tokens.Timeout)
		_, err := p.Authorize(t.Context(), timeout)
		wantKind(t, err, fault.Unknown)
		taken, refused, forestalled := w.request(h.Tokens.OK), w.request(h.Tokens.Declined), w.request(h.Tokens.OK)
		refund := newRefundID()
		w.must(t)(p.Authorize(t.Context(), taken))
		w.must(t)(p.Capture(t.Context(), taken.Ref, taken.Amount))
		w.must(t)(p.Refund(t.Context(), taken.Ref, refund, money.New(250, h.Currency)))
		w.must(t)(p.Authorize(t.Context(), refused))
		w.must(t)(p.Void(t.Context(), forestalled.Ref))

		p = h.Reopen(t, p)
		w.expect(t, w.must(t)(p.Lookup(t.Context(), timeout.Ref)), payment.Authorized, 0, 0)
		w.expect(t, w.must(t)(p.Lookup(t.Context(), taken.Ref)), payment.Captured, 1000, 250)
		w.expect(t, w.must(t)(p.Refund(t.Context(), taken.Ref, refund, money.New(250, h.Currency))), payment.Captured, 1000, 250)
		w.expect(t, w.must(t)(p.Lookup(t.Context(), refused.Ref)), payment.Failed, 0, 0)
		if st := w.must(t)(p.Authorize(t.Context(), forestalled)); st.Status != payment.Canceled && st.Status != payment.Failed {
			t.Errorf("a payment that was made impossible is %+v", st)
		}
	})
}

type payments struct{ h PaymentHarness }

func newPaymentID() id.Payment { return id.Payment{UUID: newID()} }
func newRefundID() id.Refund   { return id.Refund{UUID: newID()} }
func newID() id.UUID           { return id.NewSource(time.Now, rand.Reader).New() }

// begin returns a provider and a request for 10.00 with the token.
func (w payments) begin(t *testing.T, token string) (ports.PaymentProvider, payment.Request) {
	t.Helper()
	if token == "" {
		t.Skip(w.h.Tokens.Missing)
	}
	return w.h.New(t), w.request(token)
}

func (w payments) request(token string) payment.Request {
	p := newPaymentID()
	return payment.Request{
		Ref:   payment.Ref{ID: p, Order: id.Order{UUID: newID()}, OrderNumber: fmt.Sprintf("%X", p.UUID[12:]), Amount: money.New(1000, w.h.Currency)},
		Token: token, ReturnURL: "https://shop.example/return", Email: "guest@example.com",
	}
}

// held returns a provider that holds 10.00.
func (w payments) held(t *testing.T) (ports.PaymentProvider, payment.Request) {
	t.Helper()
	p, r := w.begin(t, w.h.Tokens.OK)
	w.must(t)(p.Authorize(t.Context(), r))
	return p, r
}

func (w payments) must(t *testing.T) func(payment.State, error) payment.State {
	return func(st payment.State, err error) payment.State {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return st
	}
}

func (w payments) canComplete(t *testing.T) {
	t.Helper()
	if w.h.Complete == nil {
		t.Skip(w.h.NoComplete)
	}
}

func (w payments) hasBank(t *testing.T) {
	t.Helper()
	if w.h.FailRefund == nil || w.h.RefundElsewhere == nil {
		t.Skip(w.h.NoBank)
	}
}

func (w payments) complete(t *testing.T, p ports.PaymentProvider, of id.Payment, ok bool) {
	t.Helper()
	w.canComplete(t)
	w.must(t)(w.h.Complete(t, p, of, ok))
}

// expect compares what became of a request for 10.00.
func (w payments) expect(t *testing.T, st payment.State, status payment.Status, captured, refunded int64) {
	t.Helper()
	c := w.h.Currency
	amount := money.New(1000, c)
	if st.Status != status || st.Amount != amount || st.Captured != money.New(captured, c) || st.Refunded() != money.New(refunded, c) {
		t.Errorf("%s of %s, captured %s, refunded %s; want %s of %s, %s, %s", st.Status, st.Amount, st.Captured, st.Refunded(),
			status, amount, money.New(captured, c), money.New(refunded, c))
	}
}

// wantKind reports an error that is not of the kind.
func wantKind(t *testing.T, err error, kind fault.Kind) {
	t.Helper()
	if !fault.Is(err, kind) {
		t.Errorf("got %v, want it %s", err, kind)
	}
}
