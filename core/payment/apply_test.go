package payment_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
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
		{Reference: "r", Status: payment.Captured, Amount: eur(1000), Captured: eur(900), Refunds: told("re_1")},
		{Reference: "r", Status: payment.Captured, Amount: eur(1000), Captured: eur(900), Refunds: told("re_1", "re_2")},
	},
	"RefundsBounced": {
		{Reference: "r", Status: payment.Captured, Amount: eur(1000), Captured: eur(900)},
		{Reference: "r", Status: payment.Captured, Amount: eur(1000), Captured: eur(900), Refunds: told("re_1")},
		{Reference: "r", Status: payment.Captured, Amount: eur(1000), Captured: eur(900), Refunds: told("re_1", "re_2")},
		{Reference: "r", Status: payment.Captured, Amount: eur(1000), Captured: eur(900), Refunds: told("re_1", "!re_2")},
		{Reference: "r", Status: payment.Captured, Amount: eur(1000), Captured: eur(900), Refunds: told("!re_1", "!re_2")},
	},
	"RefundedAgainElsewhere": {
		{Reference: "r", Status: payment.Captured, Amount: eur(1000), Captured: eur(900)},
		{Reference: "r", Status: payment.Captured, Amount: eur(1000), Captured: eur(900), Refunds: told("re_2")},
		{Reference: "r", Status: payment.Captured, Amount: eur(1000), Captured: eur(900), Refunds: told("!re_2")},
		{Reference: "r", Status: payment.Captured, Amount: eur(1000), Captured: eur(900), Refunds: told("!re_2", "re_3")},
	},
}

// refunds are what a provider may tell of, by its reference: of 3.00 and 6.00 the
// shop asked, 2.00 somebody else has given back.
var refunds = map[string]order.ToldRefund{
	"re_1": {ID: id.Refund{UUID: id.UUID{1}}, Reference: "re_1", Amount: eur(300)},
	"re_2": {ID: id.Refund{UUID: id.UUID{2}}, Reference: "re_2", Amount: eur(600)},
	"re_3": {Reference: "re_3", Amount: eur(200)},
}

func told(references ...string) []order.ToldRefund {
	list := make([]order.ToldRefund, len(references))
	for i, reference := range references {
		known, failed := strings.CutPrefix(reference, "!")
		list[i] = refunds[known]
		list[i].Failed = failed
	}
	return list
}

// till is an order that asked for two refunds, with its payment.
type till struct {
	order   order.Order
	payment payment.Payment
}

func open() till {
	s := till{order.Order{ID: id.Order{UUID: id.UUID{2}}, Currency: "EUR"}, fresh()}
	for _, reference := range []string{"re_1", "re_2"} {
		s.order.BeginRefund(refunds[reference].ID, refunds[reference].Amount, order.Step{At: noon})
	}
	return s
}

func (s *till) learn(state payment.State) (bool, error) {
	news, err := s.payment.Apply(state, s.order.GivenBack(state.Refunds...), noon)
	s.order.LearnRefunds(state.Refunds, order.Step{At: noon})
	return news, err
}

func TestPayment_Apply(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]payment.Status{
		"Paid": payment.Captured, "PaidAfterAction": payment.Authorized, "DeclinedAfterAction": payment.Failed,
		"Voided": payment.Canceled, "RefundedInParts": payment.Refunded,
		"RefundsBounced": payment.Captured, "RefundedAgainElsewhere": payment.PartiallyRefunded,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := open()
			for _, s := range histories[name] {
				if news, err := at.learn(s); err != nil {
					t.Fatal(err)
				} else if news == (s.Status == payment.Processing) {
					t.Errorf("%s was news: %t", s.Status, news)
				}
			}
			p := at.payment
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
		want, got := open(), open()
		for _, s := range history {
			if _, err := want.learn(s); err != nil {
				t.Fatal(err)
			}
		}
		told := append(rapid.SliceOf(rapid.SampledFrom(history)).Draw(t, "repeats"), rapid.Permutation(history).Draw(t, "order")...)
		for _, s := range rapid.Permutation(told).Draw(t, "told") {
			before, after := got.payment, &got.payment
			news, err := got.learn(s)
			if err != nil {
				t.Fatal(err)
			}
			if news != (after.Version == before.Version+1) || !news && *after != before {
				t.Fatalf("news %t, but %+v became %+v", news, before, *after)
			}
		}
		want.payment.Version, got.payment.Version = 0, 0
		if want.payment != got.payment || !reflect.DeepEqual(want.order.Refunds, got.order.Refunds) {
			t.Fatalf("ended as %+v %+v, in order it is %+v %+v", got.payment, got.order.Refunds, want.payment, want.order.Refunds)
		}
	})
}

func TestPayment_Apply_RefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]payment.State{
		"AnotherAmount":       {Status: payment.Authorized, Amount: eur(999)},
		"AnotherCurrency":     {Status: payment.Captured, Captured: money.New(1000, "USD")},
		"MoreThanTheAmount":   {Status: payment.Captured, Captured: eur(1001)},
		"MoreBackThanTaken":   {Status: payment.Captured, Captured: eur(10), Refunds: told("re_1")},
		"RefundInAnother":     {Status: payment.Captured, Captured: eur(10), Refunds: []order.ToldRefund{{Reference: "re_4", Amount: money.New(1, "USD")}}},
		"RefundOfNothing":     {Status: payment.Captured, Captured: eur(10), Refunds: []order.ToldRefund{{Reference: "re_4", Amount: eur(0)}}},
		"RefundWithoutName":   {Status: payment.Captured, Captured: eur(10), Refunds: []order.ToldRefund{{Amount: eur(1)}}},
		"NoStatusOfAProvider": {Status: payment.NotRequired},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := fresh()
			if news, err := p.Apply(s, s.Refunded(), noon); !fault.Is(err, fault.Internal) || news {
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
