package porttest

import (
	"fmt"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// TestPaymentEvents is the contract of PaymentEvents and PaymentEventWriter.
func TestPaymentEvents(t *testing.T, h OrderHarness) {
	t.Parallel()

	event := func(w *orderWorld, provider, name string) payment.Event {
		return payment.Event{
			ID: id.Event{UUID: w.ids.New()}, Provider: provider, ReceivedAt: w.now, Body: []byte("{\"a\":  \"ü\\u0000\"}\n\xff\x00"),
			Notice: payment.Notice{ID: name, Type: "payment.captured", Payment: id.Payment{UUID: w.ids.New()}},
		}
	}
	add := func(w *orderWorld, e payment.Event) (first bool) {
		w.t.Helper()
		w.inTx(func(tx ports.OrderTx) (err error) {
			first, err = tx.Events.AddEvent(w.t.Context(), e)
			return err
		})
		return first
	}
	names := func(events []payment.Event) (all []string) {
		for _, e := range events {
			all = append(all, e.Notice.ID)
		}
		return all
	}

	t.Run("RoundTripsExactly", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		about, nothing := event(w, "stripe", "evt_1"), event(w, "stripe", "evt_2")
		nothing.Notice.Payment, nothing.EndedAt = id.Payment{}, w.now.Add(time.Second)
		for _, want := range []payment.Event{about, nothing} {
			if !add(w, want) {
				t.Error("a new event was there already")
			}
			got, err := w.store.Events.PaymentEvent(t.Context(), want.Provider, want.Notice.ID)
			mustSame(t, want.Notice.ID, got, err, want)
		}
	})

	t.Run("OnceForEachProviderAndID", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		first, again, elsewhere := event(w, "stripe", "evt_1"), event(w, "stripe", "evt_1"), event(w, "sandbox", "evt_1")
		for _, c := range []struct {
			event payment.Event
			first bool
		}{{first, true}, {again, false}, {first, false}, {elsewhere, true}} {
			if got := add(w, c.event); got != c.first {
				t.Errorf("%s of %s is the first: %t", c.event.Notice.ID, c.event.Provider, got)
			}
		}
		got, err := w.store.Events.PaymentEvent(t.Context(), "stripe", "evt_1")
		mustSame(t, "the first", got, err, first)
	})

	t.Run("UnknownIsNotFound", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		add(w, event(w, "stripe", "evt_1"))
		_, err := w.store.Events.PaymentEvent(t.Context(), "sandbox", "evt_1")
		mustFail(t, err, fault.NotFound, "not_found")
		w.inTx(func(tx ports.OrderTx) error {
			return tx.Events.EndEvent(t.Context(), id.Event{UUID: w.ids.New()}, w.now)
		})
	})

	t.Run("ChosenOldestFirst", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		none, err := w.store.Events.BrowsePaymentEvents(t.Context(), payment.EventFilter{Limit: 10})
		mustSame(t, "none", none, err, []payment.Event{})
		var all []payment.Event
		for i := range 4 {
			e := event(w, []string{"stripe", "sandbox"}[i%2], fmt.Sprintf("evt_%d", i))
			e.ReceivedAt = w.now.Add(time.Duration(i) * time.Minute)
			add(w, e)
			all = append(all, e)
		}
		w.inTx(func(tx ports.OrderTx) error { return tx.Events.EndEvent(t.Context(), all[0].ID, w.now.Add(time.Hour)) })
		for name, c := range map[string]struct {
			filter payment.EventFilter
			want   []string
		}{
			"all":         {payment.EventFilter{}, []string{"evt_0", "evt_1", "evt_2", "evt_3"}},
			"of provider": {payment.EventFilter{Provider: "stripe"}, []string{"evt_0", "evt_2"}},
			"by id":       {payment.EventFilter{IDs: []string{"evt_3", "evt_1", "evt_9"}}, []string{"evt_1", "evt_3"}},
			"from":        {payment.EventFilter{From: all[2].ReceivedAt}, []string{"evt_2", "evt_3"}},
			"waiting":     {payment.EventFilter{Waiting: true}, []string{"evt_1", "evt_2", "evt_3"}},
			"after":       {payment.EventFilter{After: all[1].ID}, []string{"evt_2", "evt_3"}},
			"all at once": {payment.EventFilter{Provider: "sandbox", Waiting: true, From: w.now, After: all[0].ID, IDs: []string{"evt_1"}}, []string{"evt_1"}},
		} {
			c.filter.Limit = 10
			got, err := w.store.Events.BrowsePaymentEvents(t.Context(), c.filter)
			mustSame(t, name, names(got), err, c.want)
		}
		two, err := w.store.Events.BrowsePaymentEvents(t.Context(), payment.EventFilter{Limit: 2})
		mustSame(t, "limited", names(two), err, []string{"evt_0", "evt_1"})
		ended, err := w.store.Events.PaymentEvent(t.Context(), "stripe", "evt_0")
		all[0].EndedAt = w.now.Add(time.Hour)
		mustSame(t, "ended", ended, err, all[0])
	})

	t.Run("WithItsJobOrNotAtAll", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		e := event(w, "stripe", "evt_1")
		if err := w.try(func(tx ports.OrderTx) error {
			if _, err := tx.Events.AddEvent(t.Context(), e); err != nil {
				return err
			}
			return fault.New(fault.Unavailable, "", "the job could not be added")
		}); !fault.Is(err, fault.Unavailable) {
			t.Fatal(err)
		}
		_, err := w.store.Events.PaymentEvent(t.Context(), "stripe", "evt_1")
		mustFail(t, err, fault.NotFound, "not_found")
	})

	t.Run("OldOnesAreDropped", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		for i := range 3 {
			e := event(w, "stripe", fmt.Sprintf("evt_%d", i))
			e.ReceivedAt = w.now.Add(time.Duration(i-2) * time.Hour)
			add(w, e)
		}
		for _, want := range []int{1, 1, 0} {
			n, err := w.store.Expired.DropOldEvents(t.Context(), w.now, 1)
			mustSame(t, "dropped", n, err, want)
		}
		left, err := w.store.Events.BrowsePaymentEvents(t.Context(), payment.EventFilter{Limit: 10})
		mustSame(t, "left", names(left), err, []string{"evt_2"})
	})
}
