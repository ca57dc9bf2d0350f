package stripe_test

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/adapters/stripe"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

// account is a provider beside the peer it talks to.
type account struct {
	*stripe.Provider
	peer *peer
}

func at(t *testing.T, p *peer) account {
	t.Helper()
	provider := stripe.New(stripe.Config{SecretKey: secretKey, WebhookSecrets: []string{"whsec_a", "whsec_b"}, URL: p.URL})
	t.Cleanup(func() { _ = provider.Close() })
	return account{provider, p}
}

func open(t *testing.T) account {
	t.Helper()
	return at(t, newPeer(t))
}

func TestProvider(t *testing.T) {
	porttest.TestPaymentProvider(t, porttest.PaymentHarness{
		New: func(t *testing.T) ports.PaymentProvider { return open(t) },
		Reopen: func(t *testing.T, killed ports.PaymentProvider) ports.PaymentProvider {
			a, _ := killed.(account)
			return at(t, a.peer)
		},
		Complete: func(_ *testing.T, p ports.PaymentProvider, of id.Payment, ok bool) (payment.State, error) {
			a, _ := p.(account)
			switch found, done := a.peer.complete(of.String(), ok); {
			case !found:
				return payment.State{}, fault.Missing("payment")
			case !done:
				return payment.State{}, fault.New(fault.Conflict, "", "nothing is required")
			}
			return payment.State{}, nil
		},
		FailRefund: func(_ *testing.T, p ports.PaymentProvider, _ id.Payment, refund id.Refund) {
			a, _ := p.(account)
			a.peer.fail(refund.String())
		},
		RefundElsewhere: func(_ *testing.T, p ports.PaymentProvider, of id.Payment, amount money.Amount) {
			a, _ := p.(account)
			a.peer.refundElsewhere(of.String(), amount.Minor())
		},
		Tokens: porttest.PaymentTokens{
			OK: cardOK, Declined: cardDeclined, RequiresAction: cardAction, Timeout: cardLost, Unavailable: cardBusy, Nonsense: "tok_of_the_sandbox",
		},
		Currency: "EUR",
	})
}

func request(token string, amount money.Amount) payment.Request {
	ids := id.NewSource(time.Now, rand.Reader)
	return payment.Request{
		Ref:   payment.Ref{ID: id.Payment{UUID: ids.New()}, Order: id.Order{UUID: ids.New()}, OrderNumber: "7K2M-9QXD-4", Amount: amount},
		Token: token,
	}
}

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

// want fails the test unless a call told of a status.
func want(t *testing.T, status payment.Status) func(payment.State, error) payment.State {
	return func(st payment.State, err error) payment.State {
		t.Helper()
		if err != nil || st.Status != status {
			t.Fatalf("got %+v, %v; want it %s", st, err, status)
		}
		return st
	}
}

func TestProvider_Authorize(t *testing.T) {
	t.Parallel()

	t.Run("TellsStripeWhatItIsFor", func(t *testing.T) {
		t.Parallel()
		a, r := open(t), request(cardOK, eur(1000))
		st := want(t, payment.Authorized)(a.Authorize(t.Context(), r))
		pi := a.peer.intents[st.Reference]
		if pi.Amount != 1000 || pi.Currency != "eur" || pi.Metadata["payment_id"] != r.ID.String() || pi.Metadata["order_number"] != "7K2M-9QXD-4" {
			t.Errorf("Stripe was told %+v", pi)
		}
		if intents := a.peer.made(); intents != 1 || len(a.peer.calls) != 2 {
			t.Errorf("%d intents after %v, want one after two requests", intents, a.peer.calls)
		}
	})

	t.Run("ConfirmationTokens", func(t *testing.T) {
		t.Parallel()
		want(t, payment.Authorized)(open(t).Authorize(t.Context(), request("ctoken_ok", eur(1000))))
	})

	t.Run("DeclinesSayWhyAndWhetherToTryAgain", func(t *testing.T) {
		t.Parallel()
		for code, retryable := range map[string]bool{"insufficient_funds": false, "stolen_card": false, "try_again_later": true, "incorrect_cvc": true} {
			a, r := open(t), request("pm_"+code, eur(1000))
			st := want(t, payment.Failed)(a.Authorize(t.Context(), r))
			if st.DeclineCode != code || st.Retryable != retryable {
				t.Errorf("%s: %+v", code, st)
			}
			if pi := a.peer.intents[st.Reference]; pi.Status != "canceled" {
				t.Errorf("%s: another card could be tried on an intent that is %s", code, pi.Status)
			}
		}
	})

	t.Run("ActionByRedirectOrScript", func(t *testing.T) {
		t.Parallel()
		a, r := open(t), request(cardAction, eur(1000))
		st := want(t, payment.RequiresAction)(a.Authorize(t.Context(), r))
		if st.NextAction.Type != "sdk" || st.NextAction.ClientSecret == "" || st.NextAction.URL != "" {
			t.Errorf("without an address to return to: %+v", st.NextAction)
		}
		r = request(cardAction, eur(1000))
		r.ReturnURL = "https://shop.example/return"
		st = want(t, payment.RequiresAction)(a.Authorize(t.Context(), r))
		if st.NextAction.Type != "redirect" || !strings.HasPrefix(st.NextAction.URL, "https://hooks.stripe.test/") {
			t.Errorf("with one: %+v", st.NextAction)
		}
	})

	t.Run("AmountsStripeDoesNotTakeAreRefused", func(t *testing.T) {
		t.Parallel()
		a := open(t)
		for code, amount := range map[string]money.Amount{"amount_too_small": eur(9), "invalid_amount": money.New(1234, "KWD")} {
			if st := want(t, payment.Failed)(a.Authorize(t.Context(), request(cardOK, amount))); st.DeclineCode != code {
				t.Errorf("%s: %+v", amount, st)
			}
		}
	})

	t.Run("ItsOwnFailureMayHaveHeldTheMoney", func(t *testing.T) {
		t.Parallel()
		a, r := open(t), request(cardBroken, eur(1000))
		if _, err := a.Authorize(t.Context(), r); !fault.Is(err, fault.Unknown) {
			t.Fatalf("got %v, want Unknown", err)
		}
		if _, err := a.Lookup(t.Context(), r.Ref); !fault.Is(err, fault.NotFound) {
			t.Errorf("nothing was held, but Lookup answers %v", err)
		}
	})

	t.Run("AFailureStoredUnderItsKeyIsNotForever", func(t *testing.T) {
		t.Parallel()
		a, r := open(t), request(cardOK, eur(1000))
		a.peer.failNext = 1
		if _, err := a.Authorize(t.Context(), r); !fault.Is(err, fault.Unavailable) {
			t.Fatalf("got %v, want Unavailable: no card was shown yet", err)
		}
		want(t, payment.Authorized)(a.Authorize(t.Context(), r))
		want(t, payment.Authorized)(a.Lookup(t.Context(), r.Ref))
		if intents := a.peer.made(); intents != 1 {
			t.Errorf("%d intents", intents)
		}
	})

	t.Run("WrongKeyIsUnavailableAndNotLogged", func(t *testing.T) {
		t.Parallel()
		wrong := stripe.New(stripe.Config{SecretKey: "sk_test_wrong", URL: newPeer(t).URL})
		t.Cleanup(func() { _ = wrong.Close() })
		_, err := wrong.Authorize(t.Context(), request(cardOK, eur(1000)))
		if !fault.Is(err, fault.Unavailable) || strings.Contains(err.Error(), "sk_test_wrong") {
			t.Errorf("got %v", err)
		}
	})

	t.Run("NobodyThereIsUnavailable", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		a, r := at(t, p), request(cardOK, eur(1000))
		p.Close()
		if _, err := a.Authorize(t.Context(), r); !fault.Is(err, fault.Unavailable) {
			t.Errorf("got %v", err)
		}
	})

	t.Run("TooSlowIsUnknownOnceACardWasShown", func(t *testing.T) {
		t.Parallel()
		p := newPeer(t)
		stalled := make(chan struct{})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			p.ServeHTTP(w, r)
			if strings.HasSuffix(r.URL.Path, "/confirm") {
				cancel()
				<-stalled // done, but not answered
			}
		}))
		t.Cleanup(front.Close)
		t.Cleanup(func() { close(stalled) })
		slow := stripe.New(stripe.Config{SecretKey: secretKey, URL: front.URL})
		t.Cleanup(func() { _ = slow.Close() })
		r := request(cardOK, eur(1000))
		if _, err := slow.Authorize(ctx, r); !fault.Is(err, fault.Unknown) {
			t.Fatalf("got %v, want Unknown", err)
		}
		want(t, payment.Authorized)(at(t, p).Lookup(t.Context(), r.Ref))
	})
}

func TestProvider_Lookup(t *testing.T) {
	t.Parallel()

	t.Run("FoundAfterItsKeyIsForgotten", func(t *testing.T) {
		t.Parallel()
		a, r := open(t), request(cardLost, eur(1000))
		if _, err := a.Authorize(t.Context(), r); !fault.Is(err, fault.Unknown) {
			t.Fatal(err)
		}
		a.peer.forget()
		a.Now = func() time.Time { return time.Now().Add(48 * time.Hour) }
		want(t, payment.Authorized)(a.Lookup(t.Context(), r.Ref))
		if intents := a.peer.made(); intents != 1 {
			t.Errorf("%d intents: a second one was made", intents)
		}
	})

	t.Run("ByItsReferenceInOneRequest", func(t *testing.T) {
		t.Parallel()
		a, r := open(t), request(cardOK, eur(1000))
		r.Reference = want(t, payment.Authorized)(a.Authorize(t.Context(), r)).Reference
		before := len(a.peer.calls)
		want(t, payment.Authorized)(a.Lookup(t.Context(), r.Ref))
		if len(a.peer.calls) != before+1 {
			t.Errorf("asked %v", a.peer.calls[before:])
		}
	})

	t.Run("ProcessingStaysInDoubt", func(t *testing.T) {
		t.Parallel()
		a, r := open(t), request(cardSlow, eur(1000))
		want(t, payment.Processing)(a.Authorize(t.Context(), r))
		want(t, payment.Processing)(a.Lookup(t.Context(), r.Ref))
		if _, err := a.Void(t.Context(), r.Ref); !fault.Is(err, fault.Conflict) {
			t.Errorf("voiding it: %v", err)
		}
	})
}

func TestProvider_Refund(t *testing.T) {
	t.Parallel()

	t.Run("OnceAlsoWhenItsKeyIsForgotten", func(t *testing.T) {
		t.Parallel()
		a, r := open(t), request(cardOK, eur(1000))
		r.Reference = want(t, payment.Authorized)(a.Authorize(t.Context(), r)).Reference
		want(t, payment.Captured)(a.Capture(t.Context(), r.Ref, eur(1000)))
		refund := id.Refund{UUID: id.NewSource(time.Now, rand.Reader).New()}
		for range 2 {
			if st := want(t, payment.Captured)(a.Refund(t.Context(), r.Ref, refund, eur(300))); st.Refunded() != eur(300) {
				t.Errorf("%+v", st)
			}
			a.peer.forget()
		}
	})

	// One request tells of an intent with its refunds; a second one is made for
	// more than Stripe shows beside it.
	t.Run("ToldInAtMostTwoRequests", func(t *testing.T) {
		t.Parallel()
		a, r := open(t), request(cardOK, eur(1000))
		r.Reference = want(t, payment.Authorized)(a.Authorize(t.Context(), r)).Reference
		want(t, payment.Captured)(a.Capture(t.Context(), r.Ref, eur(1000)))
		made := 0
		for _, c := range []struct{ refunds, requests int }{{1, 1}, {10, 1}, {11, 2}, {250, 2}} {
			for ; made < c.refunds; made++ {
				a.peer.refundElsewhere(r.ID.String(), 1)
			}
			before := len(a.peer.calls)
			st := want(t, payment.Captured)(a.Lookup(t.Context(), r.Ref))
			if len(a.peer.calls)-before != c.requests || len(st.Refunds) != min(made, 100) {
				t.Errorf("%d refunds: asked %v, told of %d", made, a.peer.calls[before:], len(st.Refunds))
			}
		}
		_, err := a.Refund(t.Context(), r.Ref, id.Refund{UUID: r.Order.UUID}, eur(1))
		if !fault.Is(err, fault.Unavailable) {
			t.Errorf("a refund that may be among those not read: %v", err)
		}
	})
}

// A refund made in the dashboard knows nothing of the shop. The event that it
// failed is about an intent that the shop knows by its reference.
func TestProvider_Notice_RefundOfTheDashboard(t *testing.T) {
	t.Parallel()
	a, r := open(t), request(cardOK, eur(1000))
	r.Reference = want(t, payment.Authorized)(a.Authorize(t.Context(), r)).Reference
	want(t, payment.Captured)(a.Capture(t.Context(), r.Ref, eur(1000)))
	a.peer.refundElsewhere(r.ID.String(), 300)
	if st := want(t, payment.Captured)(a.Lookup(t.Context(), r.Ref)); st.Refunded() != eur(300) {
		t.Errorf("given back %s", st.Refunded())
	}
	event := a.peer.failElsewhere(r.ID.String())
	signed := func(string) string { return payment.Sign(event, "whsec_b", time.Now()) }
	n, err := a.Notice(signed, event)
	if err != nil || n != (payment.Notice{ID: "evt_of_re_1", Type: "refund.failed", Reference: r.Reference}) {
		t.Errorf("read %+v, %v", n, err)
	}
	if st := want(t, payment.Captured)(a.Lookup(t.Context(), r.Ref)); !st.Refunds[0].Failed || st.Refunded() != eur(0) {
		t.Errorf("then %+v", st.Refunds)
	}
	for body, reference := range map[string]string{
		`{"id":"e","type":"t","data":{"object":{"payment_intent":null}}}`: "", `{"id":"e","type":"t","data":{"object":{"payment_intent":{"id":"pi_1"}}}}`: "",
		`{"id":"e","type":"t","data":{"object":{}}}`: "", `{"id":"e","type":"t","data":{"object":{"payment_intent":"pi_9"}}}`: "pi_9",
	} {
		n, err := a.Notice(func(string) string { return payment.Sign([]byte(body), "whsec_a", time.Now()) }, []byte(body))
		if err != nil || n.Reference != reference || !n.Payment.IsZero() {
			t.Errorf("%s: read %+v, %v", body, n, err)
		}
	}
}

// Stripe counts some currencies in another unit than ISO 4217 does.
func TestProvider_Currencies(t *testing.T) {
	t.Parallel()
	for currency, c := range map[money.Currency]struct{ minor, units, part int64 }{
		"EUR": {1999, 1999, 500}, "JPY": {1999, 1999, 500}, "KWD": {19990, 19990, 5000}, "ISK": {1999, 199900, 500}, "UGX": {1999, 199900, 500}, "MGA": {199900, 1999, 50000},
	} {
		t.Run(string(currency), func(t *testing.T) {
			t.Parallel()
			a, r := open(t), request(cardOK, money.New(c.minor, currency))
			st := want(t, payment.Authorized)(a.Authorize(t.Context(), r))
			if pi := a.peer.intents[st.Reference]; pi.Amount != c.units || st.Amount != r.Amount {
				t.Errorf("%s was asked for as %d and told as %s", r.Amount, pi.Amount, st.Amount)
			}
			st = want(t, payment.Captured)(a.Capture(t.Context(), r.Ref, money.New(c.part, currency)))
			if st.Captured != money.New(c.part, currency) {
				t.Errorf("captured %s", st.Captured)
			}
			refund := id.Refund{UUID: r.Order.UUID}
			st = want(t, payment.Captured)(a.Refund(t.Context(), r.Ref, refund, money.New(c.part, currency)))
			if st.Refunded() != money.New(c.part, currency) {
				t.Errorf("refunded %s", st.Refunded())
			}
		})
	}

	t.Run("PartsOfAUnitAreRefused", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct{ all, part money.Amount }{
			{money.New(20000, "KWD"), money.New(1234, "KWD")}, {money.New(20000, "MGA"), money.New(150, "MGA")},
		} {
			a, r := open(t), request(cardOK, c.all)
			want(t, payment.Authorized)(a.Authorize(t.Context(), r))
			if _, err := a.Capture(t.Context(), r.Ref, c.part); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", c.part, err)
			}
		}
	})
}

// Whatever is asked, in whatever order, the peer never gives back more than it
// took, and what the adapter tells is what the peer has.
func TestProvider_TellsTheTruth(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		a := open(t)
		r := request(rapid.SampledFrom([]string{cardOK, cardLost, cardDeclined, cardAction, cardSlow, cardBroken}).Draw(rt, "card"), eur(1000))
		for range rapid.IntRange(1, 8).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"authorize", "capture", "void", "refund", "act"}).Draw(rt, "step") {
			case "authorize":
				_, _ = a.Authorize(t.Context(), r)
			case "capture":
				_, _ = a.Capture(t.Context(), r.Ref, eur(rapid.Int64Range(1, 1200).Draw(rt, "amount")))
			case "void":
				_, _ = a.Void(t.Context(), r.Ref)
			case "refund":
				_, _ = a.Refund(t.Context(), r.Ref, id.Refund{UUID: id.UUID{byte(rapid.IntRange(1, 3).Draw(rt, "refund"))}}, eur(rapid.Int64Range(1, 600).Draw(rt, "amount")))
			case "act":
				a.peer.complete(r.ID.String(), rapid.Bool().Draw(rt, "ok"))
			}
		}
		st, err := a.Lookup(t.Context(), r.Ref)
		intents := a.peer.made()
		if intents > 1 {
			rt.Fatalf("%d intents for one payment", intents)
		}
		for _, pi := range a.peer.intents {
			if err == nil && (st.Captured != eur(pi.Received) || st.Refunded() != eur(pi.Refunded)) || pi.Refunded > pi.Received {
				rt.Fatalf("told %+v of %+v", st, pi)
			}
			if held := pi.Status == "requires_capture"; held != (err == nil && st.Status == payment.Authorized) {
				rt.Fatalf("held: %t, told %+v, %v", held, st, err)
			}
		}
	})
}
