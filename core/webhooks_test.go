package core_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
)

const webhookSecret = "whsec_of_the_till"

// hear receives a signed webhook of the sandbox.
func (w *till) hear(event, claim string, about id.Payment) error {
	body := []byte(fmt.Sprintf(`{"id": %q, "type": "payment.%s", "data": {"payment_id": %q}}`, event, claim, about))
	return w.shop.Webhooks.Receive(w.t.Context(), core.ReceiveWebhook{
		Provider: "sandbox", Body: body, Header: func(string) string { return payment.Sign(body, webhookSecret, w.clock()) },
	})
}

// acting is an order whose shopper is asked to do something.
func (w *till) acting() core.Placed {
	w.t.Helper()
	w.sell("TEE", 1500, 5)
	p, err := w.enter(want{"TEE", 2}).pay("k1", sandbox.TokenRequiresAction)
	if err != nil {
		w.t.Fatal(err)
	}
	mustStand(w.t, p.OrderView, order.PendingPayment, payment.RequiresAction)
	return p
}

func (w *till) process(event string) error {
	return w.shop.Webhooks.Process(w.t.Context(), core.ProcessWebhook{By: shopkeeper, Provider: "sandbox", Event: event})
}

func TestWebhooks_Process(t *testing.T) {
	t.Parallel()

	t.Run("ConfirmsWhatItsShopperLeft", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		p := w.acting()
		if _, err := w.bank.Provider.Complete(t.Context(), p.Payment.ID, true); err != nil {
			t.Fatal(err)
		}
		for range 2 { // sent again
			if err := w.hear("evt_1", "authorized", p.Payment.ID); err != nil {
				t.Fatal(err)
			}
		}
		if done := w.work(); done[job.ProcessWebhook] != 1 || done[job.SendOrderConfirmation] != 1 {
			t.Errorf("did %v, want one event and one confirmation", done)
		}
		mustStand(t, w.order(p.ID), order.Confirmed, payment.Captured)
		events, err := w.shop.Webhooks.Browse(t.Context(), core.BrowsePaymentEvents{By: shopkeeper})
		if err != nil || len(events) != 1 || events[0].EndedAt.IsZero() {
			t.Errorf("got %+v, %v; want one event that has ended", events, err)
		}
		w.settle()
		w.mustHave("TEE", 3, 0)
	})

	t.Run("AsksInsteadOfBelieving", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		p := w.acting()
		for i, claim := range []string{"captured", "refunded", "failed", "canceled", "invented"} {
			if err := w.hear(fmt.Sprint("evt_", i), claim, p.Payment.ID); err != nil {
				t.Fatal(err)
			}
		}
		w.work()
		mustStand(t, w.order(p.ID), order.PendingPayment, payment.RequiresAction)
	})

	t.Run("StrangersAreNothingToUs", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		if err := w.hear("evt_1", "captured", id.Payment{UUID: w.ids.New()}); err != nil {
			t.Fatal(err)
		}
		if err := w.process("evt_1"); err != nil {
			t.Errorf("a payment of another shop: %v", err)
		}
		if w.bank.asked("lookup") != 0 {
			t.Error("the provider was asked for it")
		}
		if err := w.process("evt_2"); !fault.Is(err, fault.NotFound) {
			t.Errorf("an event that never came: %v", err)
		}
		if err := w.shop.Webhooks.Receive(t.Context(), core.ReceiveWebhook{Provider: "stripe"}); !fault.Is(err, fault.NotFound) {
			t.Errorf("a provider that is not set up: %v", err)
		}
	})

	// That a refund made in the provider's dashboard failed is told of no payment of ours.
	t.Run("FindsPaymentsByTheProvidersReference", func(t *testing.T) {
		t.Parallel()
		w, p := paid(t)
		w.bank.set(func(b *bank) { b.curt = true })
		elsewhere := id.Refund{UUID: id.UUID{9}}
		tell := func(event string, about id.Payment) core.OrderView {
			t.Helper()
			for range 2 { // sent again
				if err := w.hear(event, "refunded", about); err != nil {
					t.Fatal(err)
				}
			}
			w.work()
			return w.order(p.ID)
		}
		if _, err := w.bank.RefundElsewhere(t.Context(), p.Payment.ID, elsewhere, eur(1000)); err != nil {
			t.Fatal(err)
		}
		if o := tell("evt_1", p.Payment.ID); len(o.Refunds) != 1 || !o.Refunds[0].Foreign || o.Payment.Refunded != eur(1000) {
			t.Errorf("made: %s back by %+v", o.Payment.Refunded, o.Refunds)
		}
		if _, err := w.bank.FailRefund(t.Context(), p.Payment.ID, elsewhere); err != nil {
			t.Fatal(err)
		}
		if o := tell("evt_2", p.Payment.ID); o.Refunds[0].Status != order.RefundFailed || o.Payment.Refunded != eur(0) {
			t.Errorf("failed: %s back by %+v", o.Payment.Refunded, o.Refunds)
		}
		tell("evt_3", id.Payment{UUID: w.ids.New()})
		events, err := w.shop.Webhooks.Browse(t.Context(), core.BrowsePaymentEvents{By: shopkeeper})
		if err != nil || len(events) != 2 || events[0].Notice.Payment != p.Payment.ID || events[1].EndedAt.IsZero() {
			t.Errorf("kept %+v, %v; want two", events, err)
		}
	})

	t.Run("WaitsForAProviderThatIsDown", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		p := w.acting()
		if _, err := w.bank.Provider.Complete(t.Context(), p.Payment.ID, true); err != nil {
			t.Fatal(err)
		}
		if err := w.hear("evt_1", "authorized", p.Payment.ID); err != nil {
			t.Fatal(err)
		}
		w.bank.set(func(b *bank) { b.down = true })
		if err := w.process("evt_1"); !fault.Is(err, fault.Unavailable) {
			t.Fatalf("got %v", err)
		}
		waiting, err := w.shop.Webhooks.Browse(t.Context(), core.BrowsePaymentEvents{By: shopkeeper, Filter: payment.EventFilter{Waiting: true}})
		if err != nil || len(waiting) != 1 {
			t.Errorf("waiting: %+v, %v", waiting, err)
		}
		w.bank.set(func(b *bank) { b.down = false })
		if err := w.process("evt_1"); err != nil {
			t.Fatal(err)
		}
		w.work()
		mustStand(t, w.order(p.ID), order.Confirmed, payment.Captured)
	})

	t.Run("MoneyForADeadOrderGoesBack", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		p := w.acting()
		w.bank.set(func(b *bank) { b.down = true }) // so that it is not made impossible at once
		if _, err := w.shop.Orders.Cancel(t.Context(), core.CancelOrder{By: account.Guest(p.Token), Order: p.ID}); err != nil {
			t.Fatal(err)
		}
		w.bank.set(func(b *bank) { b.down = false })
		if _, err := w.bank.Provider.Complete(t.Context(), p.Payment.ID, true); err != nil {
			t.Fatal(err)
		}
		if err := w.hear("evt_1", "authorized", p.Payment.ID); err != nil {
			t.Fatal(err)
		}
		w.settle()
		mustStand(t, w.order(p.ID), order.Canceled, payment.Canceled)
		w.mustHave("TEE", 5, 0)
	})

	t.Run("ReplayedAtWill", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		p := w.acting()
		if err := w.hear("evt_1", "authorized", p.Payment.ID); err != nil {
			t.Fatal(err)
		}
		w.work()
		for range 2 {
			r, err := w.shop.Webhooks.Replay(t.Context(), core.ReplayWebhooks{By: shopkeeper, Events: payment.EventFilter{IDs: []string{"evt_1"}}})
			if err != nil || len(r.Events) != 1 || !r.Next.IsZero() {
				t.Fatalf("got %+v, %v", r, err)
			}
		}
		if done := w.work()[job.ProcessWebhook]; done != 2 {
			t.Errorf("worked %d off, want 2", done)
		}
		w.pass(31 * 24 * time.Hour)
		if n, err := w.shop.Webhooks.DropOld(t.Context(), 10); n != 1 || err != nil {
			t.Errorf("dropped %d, %v", n, err)
		}
	})

	t.Run("RacesTheBrowserToOneConfirmation", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		p := w.acting()
		if _, err := w.bank.Provider.Complete(t.Context(), p.Payment.ID, true); err != nil {
			t.Fatal(err)
		}
		if err := w.hear("evt_1", "authorized", p.Payment.ID); err != nil {
			t.Fatal(err)
		}
		var all sync.WaitGroup
		for i := range 8 {
			all.Go(func() {
				err := error(nil)
				if i%2 == 0 {
					err = w.process("evt_1")
				} else {
					_, err = w.shop.Payments.Refresh(t.Context(), core.RefreshPayment{By: account.Guest(p.Token), Order: p.ID})
				}
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if done := w.work(); done[job.SendOrderConfirmation] != 1 || done[job.CapturePayment] != 1 {
			t.Errorf("did %v, want one confirmation and one capture", done)
		}
		w.settle()
		mustStand(t, w.order(p.ID), order.Confirmed, payment.Captured)
		w.mustHave("TEE", 3, 0)
	})
}

// Events may come in any order, any number of times and with any claim, between
// anything else that happens: the payment ends as the provider has it.
func TestWebhooks_OrderAndNumberDoNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := openTill(t)
		p := w.acting()
		ok := rapid.Bool().Draw(rt, "the shopper succeeds")
		completed := false
		for i := range rapid.IntRange(1, 12).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"event", "event", "work", "complete", "refresh", "reconcile", "pass"}).Draw(rt, "step") {
			case "event":
				event := fmt.Sprint("evt_", rapid.IntRange(0, 3).Draw(rt, "event"))
				if err := w.hear(event, rapid.SampledFrom([]string{"authorized", "captured", "failed", "canceled", "refunded"}).Draw(rt, "claim"), p.Payment.ID); err != nil {
					rt.Fatal(i, err)
				}
			case "work":
				w.work()
			case "complete":
				_, err := w.bank.Provider.Complete(t.Context(), p.Payment.ID, ok)
				if !completed && err != nil {
					rt.Fatal(i, err)
				}
				completed = true
			case "refresh":
				_, _ = w.shop.Payments.Refresh(t.Context(), core.RefreshPayment{By: account.Guest(p.Token), Order: p.ID})
			case "reconcile":
				_, _ = w.shop.Payments.Reconcile(t.Context(), 10)
			case "pass":
				w.pass(20 * time.Second)
			}
		}
		if !completed {
			if _, err := w.bank.Provider.Complete(t.Context(), p.Payment.ID, ok); err != nil {
				rt.Fatal(err)
			}
		}
		if err := w.hear("evt_last", "captured", p.Payment.ID); err != nil {
			rt.Fatal(err)
		}
		w.settle()
		if o := w.order(p.ID); ok {
			mustStand(t, o, order.Confirmed, payment.Captured)
			w.mustHave("TEE", 3, 0)
		} else {
			mustStand(t, o, order.PaymentFailed, payment.Failed)
			w.mustHave("TEE", 5, 0)
		}
	})
}
