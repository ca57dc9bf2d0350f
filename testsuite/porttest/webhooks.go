package porttest

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
)

// endpoint returns a stored endpoint with every member set, but Failures.
func (w *orderWorld) endpoint() webhook.Endpoint {
	w.t.Helper()
	e := webhook.Endpoint{
		ID: id.Endpoint{UUID: w.ids.New()}, URL: "https://example.com/hört?a=b&c", Description: "the \"till\"", Events: []string{"order.*", "stock.low"},
		Secrets: []webhook.Secret{{Value: "whsec_new"}, {Value: "whsec_old", Until: w.now.Add(time.Hour)}}, Version: 1, CreatedAt: w.now, UpdatedAt: w.now,
	}
	w.inTx(func(tx ports.OrderTx) error { return tx.Endpoints.InsertEndpoint(w.t.Context(), e) })
	return e
}

// delivery stores a delivery of a new event that is due so long from now.
func (w *orderWorld) delivery(to id.Endpoint, due time.Duration) webhook.Delivery {
	w.t.Helper()
	d := webhook.NewDelivery(webhook.Event{ID: id.Event{UUID: w.ids.New()}, Type: "order.placed", At: w.now, Data: json.RawMessage(`{"b": "ü&<",  "a": 1}`)}, to)
	d.ID.UUID, d.NextAt = w.ids.New(), w.now.Add(due) // ids that rise
	w.inTx(func(tx ports.OrderTx) error { return tx.Deliveries.AddDeliveries(w.t.Context(), d) })
	return d
}

func (w *orderWorld) mustDelivery(name string, want webhook.Delivery) {
	w.t.Helper()
	got, err := w.store.Webhooks.Delivery(w.t.Context(), want.ID)
	mustSame(w.t, name, got, err, want)
}

// TestWebhooks is the contract of Webhooks, WebhookQueue, EndpointWriter and
// DeliveryWriter.
func TestWebhooks(t *testing.T, h OrderHarness) {
	t.Parallel()

	t.Run("EndpointsRoundTripExactly", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		all, err := w.store.Webhooks.Endpoints(t.Context())
		mustSame(t, "none", all, err, []webhook.Endpoint{})
		one, two := w.endpoint(), w.endpoint()
		two.URL, two.Description, two.Events, two.Disabled = "http://localhost/", "", []string{"*"}, true
		two.Secrets, two.Version, two.UpdatedAt = two.Secrets[:1], 2, w.now.Add(time.Second)
		w.inTx(func(tx ports.OrderTx) error {
			got, err := tx.Endpoints.EndpointForUpdate(t.Context(), one.ID)
			mustSame(t, "for update", got, err, one)
			return tx.Endpoints.SaveEndpoint(t.Context(), two)
		})
		got, err := w.store.Webhooks.Endpoint(t.Context(), one.ID)
		mustSame(t, "one", got, err, one)
		all, err = w.store.Webhooks.Endpoints(t.Context())
		mustSame(t, "all", all, err, []webhook.Endpoint{one, two})
	})

	t.Run("UnknownIsNotFound", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		_, err := w.store.Webhooks.Endpoint(t.Context(), id.Endpoint{UUID: w.ids.New()})
		mustFail(t, err, fault.NotFound, "not_found")
		_, err = w.store.Webhooks.Delivery(t.Context(), id.Delivery{UUID: w.ids.New()})
		mustFail(t, err, fault.NotFound, "not_found")
		w.inTx(func(tx ports.OrderTx) error {
			_, err := tx.Endpoints.EndpointForUpdate(t.Context(), id.Endpoint{UUID: w.ids.New()})
			mustFail(t, err, fault.NotFound, "not_found")
			_, err = tx.Deliveries.DeliveryForUpdate(t.Context(), id.Delivery{UUID: w.ids.New()})
			mustFail(t, err, fault.NotFound, "not_found")
			return nil
		})
	})

	t.Run("DeliveriesAreAddedOnce", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		d := w.delivery(w.endpoint().ID, 0)
		w.mustDelivery("new", d)
		changed := d
		changed.Fail(503, "busy", webhook.Patience, 0, w.now)
		w.inTx(func(tx ports.OrderTx) error {
			got, err := tx.Deliveries.DeliveryForUpdate(t.Context(), d.ID)
			mustSame(t, "for update", got, err, d)
			return tx.Deliveries.SaveDelivery(t.Context(), changed)
		})
		w.inTx(func(tx ports.OrderTx) error { return tx.Deliveries.AddDeliveries(t.Context(), d) })
		w.mustDelivery("added again", changed)
		changed.Arrive(204, w.now.Add(time.Minute))
		w.inTx(func(tx ports.OrderTx) error { return tx.Deliveries.SaveDelivery(t.Context(), changed) })
		w.mustDelivery("ended", changed)
	})

	t.Run("AnEndpointLeavesWithItsDeliveries", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		gone, stays := w.endpoint(), w.endpoint()
		theirs, ours := w.delivery(gone.ID, 0), w.delivery(stays.ID, 0)
		w.inTx(func(tx ports.OrderTx) error { return tx.Endpoints.DeleteEndpoint(t.Context(), gone.ID) })
		_, err := w.store.Webhooks.Delivery(t.Context(), theirs.ID)
		mustFail(t, err, fault.NotFound, "not_found")
		w.mustDelivery("another's", ours)
		late := w.delivery(gone.ID, 0) // ignored
		_, err = w.store.Webhooks.Delivery(t.Context(), late.ID)
		mustFail(t, err, fault.NotFound, "not_found")
		n, oldest, err := w.store.Queue.PendingDeliveries(t.Context())
		mustSame(t, "pending", n, err, 1)
		mustSame(t, "oldest", oldest, err, w.now)
	})

	t.Run("DeliveriesAreShownNewestFirst", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		e := w.endpoint()
		var all []webhook.Delivery
		for range 4 {
			all = append([]webhook.Delivery{w.delivery(e.ID, 0)}, all...)
			w.delivery(w.endpoint().ID, 0)
		}
		failed := &all[2]
		failed.Fail(0, "no route", nil, 0, w.now)
		w.inTx(func(tx ports.OrderTx) error { return tx.Deliveries.SaveDelivery(t.Context(), *failed) })
		for name, c := range map[string]struct {
			filter webhook.Filter
			want   []webhook.Delivery
		}{
			"all":     {webhook.Filter{Limit: 10}, all},
			"limited": {webhook.Filter{Limit: 2}, all[:2]},
			"after":   {webhook.Filter{Limit: 10, After: all[1].ID}, all[2:]},
			"failed":  {webhook.Filter{Limit: 10, Status: webhook.Failed}, all[2:3]},
		} {
			c.filter.Endpoint = e.ID
			got, err := w.store.Webhooks.Deliveries(t.Context(), c.filter)
			mustSame(t, name, got, err, c.want)
		}
		none, err := w.store.Webhooks.Deliveries(t.Context(), webhook.Filter{Endpoint: id.Endpoint{UUID: w.ids.New()}, Limit: 1})
		mustSame(t, "none", none, err, []webhook.Delivery{})
	})

	t.Run("WhatIsDueIsClaimedByItsEndpoint", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		idle, disabled, first, second := w.endpoint(), w.endpoint(), w.endpoint(), w.endpoint()
		disabled.Disabled = true
		w.inTx(func(tx ports.OrderTx) error { return tx.Endpoints.SaveEndpoint(t.Context(), disabled) })
		w.delivery(idle.ID, time.Minute)
		w.delivery(disabled.ID, 0)
		b, a, more, elsewhere := w.delivery(first.ID, 0), w.delivery(first.ID, -time.Second), w.delivery(first.ID, 0), w.delivery(second.ID, 0)
		until := w.now.Add(time.Minute)
		work, err := w.store.Queue.ClaimDeliveries(t.Context(), w.now, until, 2)
		mustSame(t, "the first", work, err, webhook.Work{Endpoint: first, Deliveries: []webhook.Delivery{a, b}, Held: until})
		other, err := w.store.Queue.ClaimDeliveries(t.Context(), w.now, until, 2)
		mustSame(t, "the second", other, err, webhook.Work{Endpoint: second, Deliveries: []webhook.Delivery{elsewhere}, Held: until})
		none, err := w.store.Queue.ClaimDeliveries(t.Context(), w.now, until, 2)
		mustSame(t, "nothing is left", none.Deliveries, err, []webhook.Delivery(nil))

		work.Deliveries[0].Arrive(200, w.now)
		work.Deliveries[1].Fail(500, "no", webhook.Patience, 0, w.now)
		if err := w.store.Queue.SettleDeliveries(t.Context(), work, w.now); err != nil {
			t.Fatal(err)
		}
		w.mustDelivery("arrived", work.Deliveries[0])
		w.mustDelivery("failed", work.Deliveries[1])
		work, err = w.store.Queue.ClaimDeliveries(t.Context(), w.now, until, 2)
		mustSame(t, "the rest", work.Deliveries, err, []webhook.Delivery{more})
	})

	t.Run("AFailingEndpointIsLeftAlone", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		e := w.endpoint()
		d := w.delivery(e.ID, 0)
		work, err := w.store.Queue.ClaimDeliveries(t.Context(), w.now, w.now.Add(time.Minute), 5)
		mustSame(t, "claimed", work.Deliveries, err, []webhook.Delivery{d})
		work.Deliveries, work.Endpoint.Failures = nil, 3
		then := w.now.Add(time.Hour)
		if err := w.store.Queue.SettleDeliveries(t.Context(), work, then); err != nil {
			t.Fatal(err)
		}
		none, err := w.store.Queue.ClaimDeliveries(t.Context(), then.Add(-time.Microsecond), then, 5)
		mustSame(t, "before its time", len(none.Deliveries), err, 0)
		e.Version++ // operators do not touch how it does
		w.inTx(func(tx ports.OrderTx) error { return tx.Endpoints.SaveEndpoint(t.Context(), e) })
		work, err = w.store.Queue.ClaimDeliveries(t.Context(), then, then.Add(time.Minute), 5)
		mustSame(t, "in its time", work.Deliveries, err, []webhook.Delivery{d})
		mustSame(t, "failures", work.Endpoint.Failures, err, 3)
	})

	t.Run("WhoHoldsTooLongChangesNothingAnyMore", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		d := w.delivery(w.endpoint().ID, 0)
		until := w.now.Add(time.Minute)
		slow, err := w.store.Queue.ClaimDeliveries(t.Context(), w.now, until, 5)
		mustSame(t, "slow", slow.Deliveries, err, []webhook.Delivery{d})
		quick, err := w.store.Queue.ClaimDeliveries(t.Context(), until, until.Add(time.Minute), 5)
		mustSame(t, "quick", quick.Deliveries, err, []webhook.Delivery{d})
		quick.Deliveries[0].Arrive(200, until)
		if err := w.store.Queue.SettleDeliveries(t.Context(), quick, until.Add(time.Second)); err != nil {
			t.Fatal(err)
		}
		slow.Deliveries[0].Fail(0, "gone", webhook.Patience, 0, until)
		slow.Endpoint.Failures = 7
		if err := w.store.Queue.SettleDeliveries(t.Context(), slow, until.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		w.mustDelivery("settled by the quick", quick.Deliveries[0])
		e, err := w.store.Webhooks.Endpoint(t.Context(), d.Endpoint)
		mustSame(t, "failures", e.Failures, err, 0)
	})

	t.Run("ManyAtOnceTakeEachEndpointOnce", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		for range 5 {
			w.delivery(w.endpoint().ID, 0)
		}
		var mu sync.Mutex
		var all sync.WaitGroup
		claimed := map[id.Endpoint]int{}
		for range 4 {
			all.Go(func() {
				for {
					work, err := w.store.Queue.ClaimDeliveries(t.Context(), w.now, w.now.Add(time.Minute), 5)
					if err != nil {
						t.Error(err)
						return
					}
					if len(work.Deliveries) == 0 {
						return
					}
					mu.Lock()
					claimed[work.Endpoint.ID]++
					mu.Unlock()
				}
			})
		}
		all.Wait()
		left, err := w.store.Queue.ClaimDeliveries(t.Context(), w.now, w.now.Add(time.Minute), 5)
		for err == nil && len(left.Deliveries) > 0 { // whoever passed over a row in another's hands gave up early
			claimed[left.Endpoint.ID]++
			left, err = w.store.Queue.ClaimDeliveries(t.Context(), w.now, w.now.Add(time.Minute), 5)
		}
		mustSame(t, "endpoints", len(claimed), err, 5)
		for e, n := range claimed {
			if n != 1 {
				t.Errorf("%s was taken %d times", e, n)
			}
		}
	})

	t.Run("OldOnesAreDropped", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		e := w.endpoint().ID
		var left []string
		for i := range 4 {
			d := w.delivery(e, 0)
			if i < 3 {
				d.Arrive(200, w.now.Add(time.Duration(i-2)*time.Hour))
				w.inTx(func(tx ports.OrderTx) error { return tx.Deliveries.SaveDelivery(t.Context(), d) })
			}
			if i >= 2 {
				left = append([]string{d.ID.String()}, left...)
			}
		}
		for i, want := range []int{1, 1, 0} {
			n, err := w.store.Queue.DropDeliveries(t.Context(), w.now, 1)
			mustSame(t, fmt.Sprint("dropped ", i), n, err, want)
		}
		var shown []string
		all, err := w.store.Webhooks.Deliveries(t.Context(), webhook.Filter{Endpoint: e, Limit: 10})
		for _, d := range all {
			shown = append(shown, d.ID.String())
		}
		mustSame(t, "left", shown, err, left)
	})
}
