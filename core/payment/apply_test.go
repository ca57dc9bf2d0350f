package payment_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/payment"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

func fresh() payment.Payment {
	return payment.New(id.Payment{UUID: id.UUID{1}}, id.Order{UUID: id.UUID{2}}, "sandbox", eur(1000), noon)
}

// histories are the lives a provider may tell of, state by state.
var histories = map[string][]payment.State{
	"Paid": {
		{Reference: "r", Status: payment.Authorized, Amount: eur(1000)},
		{Reference: "r", Status: payment.Captured, Amount: eur(1000), Captured: eur(1000)},
	},
	"PaidAfterAction": {
		{Reference: "r", Status: payment.RequiresAction, Amount: eur(1000), NextAction: &payment.NextAction{Type: "redirect", URL: "https://example.com"}},
		{Reference: "r", Status: payment.Processing},
		{Reference: "r", Status: payment.Authorized, Amount: eur(1000)},
	},
	"DeclinedAfterAction": {
		{Reference: "r", Status: payment.RequiresAction, NextAction: &payment.NextAction{Type: "redirect"}},
		{Reference: "r", Status: payment.Failed, DeclineCode: "authentication_failed", Retryable: true},
	},
	"Voided": {
		{Reference: "r", Status: payment.Authorized, Amount: eur(1000)},
		{Reference: "r", Status: payment.Canceled, Amount: eur(1000)},
	},
	"RefundedInParts": {
		{Reference: "r", Status: payment.Captured, Amount: eur(1000), Captured: eur(900)},
		{Reference: "r", Status: payment.Captured, Amount: eur(1000), Captured: eur(900), Refunded: eur(300)},
		{Reference: "r", Status: payment.Captured, Amount: eur(1000), Captured: eur(900), Refunded: eur(900)},
	},
}

func TestPayment_Apply(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]payment.Status{
		"Paid": payment.Captured, "PaidAfterAction": payment.Authorized, "DeclinedAfterAction": payment.Failed,
		"Voided": payment.Canceled, "RefundedInParts": payment.Refunded,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := fresh()
			for _, s := range histories[name] {
				if news, err := p.Apply(s, noon); err != nil {
					t.Fatal(err)
				} else if news == (s.Status == payment.Processing) {
					t.Errorf("%s was news: %t", s.Status, news)
				}
			}
			if p.Status != want || p.Reference != "r" {
				t.Errorf("ended %s (%q), want %s", p.Status, p.Reference, want)
			}
			if want != payment.RequiresAction && p.NextAction != nil {
				t.Errorf("still requires %+v", p.NextAction)
			}
		})
	}
}

// Webhooks, refreshes and reconcilers bring the same states late, twice and out
// of order: the payment ends the same.
func TestPayment_Apply_OrderAndNumberDoNotMatter(t *testing.T) {
	t.Parallel()
	names := make([]string, 0, len(histories))
	for name := range histories {
		names = append(names, name)
	}
	rapid.Check(t, func(t *rapid.T) {
		history := histories[rapid.SampledFrom(names).Draw(t, "history")]
		want, got := fresh(), fresh()
		for _, s := range history {
			if _, err := want.Apply(s, noon); err != nil {
				t.Fatal(err)
			}
		}
		told := append(rapid.SliceOf(rapid.SampledFrom(history)).Draw(t, "repeats"), rapid.Permutation(history).Draw(t, "order")...)
		for _, s := range rapid.Permutation(told).Draw(t, "told") {
			before := got
			news, err := got.Apply(s, noon)
			if err != nil {
				t.Fatal(err)
			}
			if news != (got.Version == before.Version+1) || !news && got != before {
				t.Fatalf("news %t, but %+v became %+v", news, before, got)
			}
		}
		want.Version, got.Version = 0, 0
		if want != got {
			t.Fatalf("ended as %+v, in order it is %+v", got, want)
		}
	})
}

func TestPayment_Apply_RefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]payment.State{
		"AnotherAmount":       {Status: payment.Authorized, Amount: eur(999)},
		"AnotherCurrency":     {Status: payment.Captured, Captured: money.New(1000, "USD")},
		"MoreThanTheAmount":   {Status: payment.Captured, Captured: eur(1001)},
		"MoreBackThanTaken":   {Status: payment.Captured, Captured: eur(10), Refunded: eur(11)},
		"NoStatusOfAProvider": {Status: payment.NotRequired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := fresh()
			if news, err := p.Apply(s, noon); !fault.Is(err, fault.Internal) || news {
				t.Errorf("got %t, %v", news, err)
			}
			if p != fresh() {
				t.Errorf("it learned: %+v", p)
			}
		})
	}
}

func TestPayment_CheckAgain(t *testing.T) {
	t.Parallel()
	p := fresh()
	var waited time.Duration
	for i := range 40 {
		before := waited
		p.CheckAgain(noon)
		waited = p.NextCheckAt.Sub(noon)
		if waited < before || waited > time.Hour {
			t.Fatalf("check %d waits %s after %s", i, waited, before)
		}
	}
	if waited != time.Hour {
		t.Errorf("ends waiting %s", waited)
	}
	if p.CheckAt(noon); p.NextCheckAt != noon || p.Checks != 0 {
		t.Errorf("got %+v", p)
	}
}
