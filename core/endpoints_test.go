package core_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
)

// receiver stands where messages arrive, and answers as the test says.
type receiver struct {
	mu     sync.Mutex
	heard  []webhook.Message
	answer func(n int, m webhook.Message) (int, error) // to the n-th message; nil: 204
	dies   bool                                        // whoever sends, before it is written down
}

// unsettled is a queue for whoever may die before writing down what was sent.
type unsettled struct {
	ports.WebhookQueue
	out *receiver
}

func (q unsettled) SettleDeliveries(ctx context.Context, w webhook.Work, then time.Time) error {
	if q.out.dies {
		return errKilled
	}
	return q.WebhookQueue.SettleDeliveries(ctx, w, then)
}

func (r *receiver) Send(_ context.Context, m webhook.Message) (int, error) {
	r.mu.Lock()
	r.heard = append(r.heard, m)
	n := len(r.heard)
	r.mu.Unlock()
	if r.answer == nil {
		return 204, nil
	}
	return r.answer(n, m)
}

// telling is what a receiver reads of a message.
type telling struct {
	ID, Type, Created string
	Data              map[string]any
}

func (r *receiver) read(t *testing.T, n int) telling {
	t.Helper()
	var got telling
	if n >= len(r.heard) {
		t.Fatalf("only %d messages came", len(r.heard))
	}
	if err := json.Unmarshal(r.heard[n].Body, &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// subscribe opens a shop with an endpoint for events.
func subscribe(t *testing.T, events ...string) (*till, *receiver, core.SavedEndpoint) {
	t.Helper()
	w := openTill(t)
	e, err := w.shop.Endpoints.Create(t.Context(), core.CreateEndpoint{By: shopkeeper, EndpointDraft: core.EndpointDraft{URL: "https://till.example/in", Events: events}})
	if err != nil {
		t.Fatal(err)
	}
	return w, w.out, e
}

// announce works off what the outbox says has happened.
func (w *till) announce() {
	w.t.Helper()
	for {
		n, err := w.db.Jobs().Receive(w.t.Context(), job.DeliverWebhook, ports.Batch{Max: 100}, func(ctx context.Context, ds []job.Delivery) []job.Verdict {
			for _, d := range ds {
				for range 2 { // as if the first had died before its ack
					if err := w.shop.Endpoints.Announce(ctx, d.Envelope); err != nil {
						w.t.Error(err)
					}
				}
			}
			return make([]job.Verdict, len(ds))
		})
		if err != nil {
			w.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

// deliver sends what is due now.
func (w *till) deliver() {
	w.t.Helper()
	for {
		n, err := w.shop.Endpoints.Deliver(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		if n == 0 {
			return
		}
	}
}

func (w *till) deliveries(e core.SavedEndpoint) []webhook.Delivery {
	w.t.Helper()
	all, err := w.shop.Endpoints.Deliveries(w.t.Context(), core.BrowseDeliveries{By: shopkeeper, Filter: webhook.Filter{Endpoint: e.ID, Limit: 100}})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

func TestEndpoints_AnOrderIsToldOf(t *testing.T) {
	t.Parallel()
	w, out, e := subscribe(t, "order.*")
	w.sell("TEE", 1500, 9)
	placed := w.enter(want{"TEE", 1}).buy()
	w.announce()
	w.deliver()
	types := map[string]telling{}
	for i, m := range out.heard {
		if err := payment.VerifySignature(m.Signature, m.Body, []string{e.Secret}, w.clock()); err != nil || m.URL != e.URL {
			t.Errorf("message %d to %s: %v", i, m.URL, err)
		}
		got := out.read(t, i)
		types[got.Type] = got
		if got.Data["order_id"] != placed.ID.String() || got.Data["number"] != placed.Number || strings.Contains(string(m.Body), "@") {
			t.Errorf("told %+v", got)
		}
	}
	if len(out.heard) != 2 || types["order.placed"].Data["status"] != "pending_payment" || types["order.confirmed"].Data["status"] != "confirmed" || types["order.confirmed"].Data["payment_status"] != "authorized" {
		t.Errorf("heard %+v", types)
	}
	for _, d := range w.deliveries(e) {
		if d.Status != webhook.Delivered || d.Attempts != 1 || d.Answer != 204 {
			t.Errorf("it stands at %+v", d)
		}
	}
	if _, err := w.shop.Orders.AddNote(t.Context(), core.AddNote{By: shopkeeper, Order: placed.ID, Text: "mind the dog"}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.shop.Orders.Fulfill(t.Context(), core.FulfillOrder{By: shopkeeper, Order: placed.ID}); err != nil {
		t.Fatal(err)
	}
	w.announce()
	w.deliver()
	if len(out.heard) != 3 || out.read(t, 2).Type != "order.fulfilling" {
		t.Errorf("after the note and the packing %d were heard", len(out.heard))
	}
}

func TestEndpoints_OnlyWhatIsWanted(t *testing.T) {
	t.Parallel()
	w, out, e := subscribe(t, "product.*", "category.deleted", "stock.low")
	w.sell("TEE", 1500, 9)
	if _, err := w.shop.Catalog.Create(t.Context(), core.CreateProduct{By: shopkeeper, Name: "Mug", Variants: []core.NewVariant{{SKU: "MUG", Price: eur(500)}}}); err != nil {
		t.Fatal(err)
	}
	c, err := w.shop.Catalog.CreateCategory(t.Context(), core.CreateCategory{By: shopkeeper, Name: "Shirts"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.shop.Catalog.DeleteCategory(t.Context(), core.DeleteCategory{By: shopkeeper, Category: c.ID}); err != nil {
		t.Fatal(err)
	}
	w.enter(want{"TEE", 3}).buy() // 6 are left
	w.enter(want{"TEE", 2}).buy() // 4
	w.enter(want{"TEE", 1}).buy() // 3: was low before
	w.announce()
	w.deliver()
	var types []string
	for i := range out.heard {
		got := out.read(t, i)
		types = append(types, got.Type)
		if got.Type == webhook.StockLow && (got.Data["sku"] != "TEE" || got.Data["available"] != 4.0) {
			t.Errorf("told %+v", got)
		}
	}
	slices.Sort(types)
	if got := strings.Join(types, " "); got != "category.deleted product.created stock.low" {
		t.Errorf("heard %s", got)
	}
	if _, err := w.shop.Endpoints.Replace(t.Context(), core.ReplaceEndpoint{By: shopkeeper, Endpoint: e.ID, EndpointDraft: core.EndpointDraft{URL: e.URL, Events: []string{"*"}, Disabled: true}}); err != nil {
		t.Fatal(err)
	}
	w.enter(want{"TEE", 1}).buy()
	w.announce()
	w.deliver()
	if len(out.heard) != 3 {
		t.Error("a disabled endpoint was told something")
	}
}

func TestEndpoints_AreTriedAgainUnderOneID(t *testing.T) {
	t.Parallel()
	w, out, e := subscribe(t, "order.placed")
	out.answer = func(n int, _ webhook.Message) (int, error) { return []int{500, 302, 200}[min(n, 3)-1], nil }
	w.sell("TEE", 1500, 9)
	w.enter(want{"TEE", 1}).buy()
	w.announce()
	w.deliver()
	if d := w.deliveries(e)[0]; len(out.heard) != 1 || d.Status != webhook.Pending || d.Answer != 500 || d.Problem != "answered 500" {
		t.Errorf("after %d: %+v", len(out.heard), d)
	}
	w.pass(9 * time.Second)
	w.deliver()
	if len(out.heard) != 1 {
		t.Error("it was tried again too soon")
	}
	w.pass(4 * time.Second)
	w.deliver()
	w.pass(2 * time.Minute)
	w.deliver()
	if d := w.deliveries(e)[0]; len(out.heard) != 3 || d.Status != webhook.Delivered || d.Attempts != 3 {
		t.Errorf("after %d: %+v", len(out.heard), d)
	}
	for _, m := range out.heard {
		if m.Delivery != out.heard[0].Delivery || string(m.Body) != string(out.heard[0].Body) {
			t.Errorf("%s is sent as %s: %s", out.heard[0].Delivery, m.Delivery, m.Body)
		}
	}
}

// A process that dies after the receiver took a message, and before that is
// written down, sends it again under its old id.
func TestEndpoints_DyingBetweenEffectAndAck(t *testing.T) {
	t.Parallel()
	w, out, e := subscribe(t, "order.placed")
	w.sell("TEE", 1500, 9)
	w.enter(want{"TEE", 1}).buy()
	w.announce()
	out.dies = true
	if _, err := w.shop.Endpoints.Deliver(t.Context()); !errors.Is(err, errKilled) || len(out.heard) != 1 {
		t.Fatalf("%d heard, %v", len(out.heard), err)
	}
	out.dies = false
	w.deliver()
	if len(out.heard) != 1 {
		t.Error("it was sent again while somebody could still be at it")
	}
	w.pass(2 * time.Minute)
	w.deliver()
	if d := w.deliveries(e)[0]; len(out.heard) != 2 || out.heard[0].Delivery != out.heard[1].Delivery || d.Status != webhook.Delivered {
		t.Errorf("heard %d, %+v", len(out.heard), d)
	}
}

func TestEndpoints_PatienceEndsAndOperatorsBeginAnew(t *testing.T) {
	t.Parallel()
	w, out, e := subscribe(t, "order.placed")
	out.answer = func(int, webhook.Message) (int, error) { return 0, fault.New(fault.Unavailable, "", "no connection") }
	w.sell("TEE", 1500, 9)
	w.enter(want{"TEE", 1}).buy()
	w.announce()
	for range 20 {
		w.deliver()
		w.pass(24 * time.Hour)
	}
	d := w.deliveries(e)[0]
	if len(out.heard) != len(webhook.Patience)+1 || d.Status != webhook.Failed || d.Answer != 0 || d.Problem != "no connection" {
		t.Errorf("after %d: %+v", len(out.heard), d)
	}
	if found, err := w.shop.Endpoints.Find(t.Context(), core.FindEndpoint{By: shopkeeper, Endpoint: e.ID}); err != nil || found.Failures != len(out.heard) {
		t.Errorf("nobody answered %d times: %v", found.Failures, err)
	}
	out.answer = nil
	if _, err := w.shop.Endpoints.Redeliver(t.Context(), core.Redeliver{By: shopkeeper, Endpoint: e.ID, Delivery: d.ID}); err != nil {
		t.Fatal(err)
	}
	w.deliver()
	again := w.deliveries(e)[0]
	if last := out.heard[len(out.heard)-1]; last.Delivery != d.ID || again.Status != webhook.Delivered || again.Attempts != 1 {
		t.Errorf("%s after %+v", last.Delivery, again)
	}
	w.pass(31 * 24 * time.Hour)
	if n, err := w.shop.Endpoints.DropOld(t.Context(), 10); n != 1 || err != nil {
		t.Errorf("dropped %d, %v", n, err)
	}
}

// One that does not answer is left alone, and holds up nobody else.
func TestEndpoints_OneThatFailsHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	w, out, slow := subscribe(t, "order.placed")
	quick, err := w.shop.Endpoints.Create(t.Context(), core.CreateEndpoint{By: shopkeeper, EndpointDraft: core.EndpointDraft{URL: "https://quick.example/", Events: []string{"order.placed"}}})
	if err != nil {
		t.Fatal(err)
	}
	stuck, release := make(chan struct{}), make(chan struct{})
	out.answer = func(_ int, m webhook.Message) (int, error) {
		if m.URL == slow.URL {
			close(stuck)
			<-release
			return 0, fault.New(fault.Unavailable, "", "no answer in time")
		}
		return 200, nil
	}
	w.sell("TEE", 1500, 9)
	w.enter(want{"TEE", 1}).buy()
	w.announce()
	var all sync.WaitGroup
	all.Go(w.deliver)
	<-stuck
	w.deliver()
	if d := w.deliveries(quick); len(d) != 1 || d[0].Status != webhook.Delivered {
		t.Errorf("the other one stands at %+v", d)
	}
	close(release)
	all.Wait()
	if d := w.deliveries(slow); len(d) != 1 || d[0].Status != webhook.Pending || d[0].Attempts != 1 {
		t.Errorf("it stands at %+v", d)
	}
}

func TestEndpoints_Verbs(t *testing.T) {
	t.Parallel()
	w, _, e := subscribe(t, "order.*")
	ctx := t.Context()
	never, draft := id.Endpoint{UUID: w.ids.New()}, core.EndpointDraft{URL: "https://a.example", Events: []string{"order.*", "order.*", "*"}}
	for name, verb := range map[string]func(by account.Actor, e id.Endpoint) error{
		"Find": func(by account.Actor, e id.Endpoint) error {
			_, err := w.shop.Endpoints.Find(ctx, core.FindEndpoint{By: by, Endpoint: e})
			return err
		},
		"Replace": func(by account.Actor, e id.Endpoint) error {
			_, err := w.shop.Endpoints.Replace(ctx, core.ReplaceEndpoint{By: by, Endpoint: e, EndpointDraft: draft})
			return err
		},
		"RotateSecret": func(by account.Actor, e id.Endpoint) error {
			_, err := w.shop.Endpoints.RotateSecret(ctx, core.RotateSecret{By: by, Endpoint: e})
			return err
		},
		"Drop": func(by account.Actor, e id.Endpoint) error {
			_, err := w.shop.Endpoints.Drop(ctx, core.DropEndpoint{By: by, Endpoint: e})
			return err
		},
		"Deliveries": func(by account.Actor, e id.Endpoint) error {
			_, err := w.shop.Endpoints.Deliveries(ctx, core.BrowseDeliveries{By: by, Filter: webhook.Filter{Endpoint: e}})
			return err
		},
		"Delivery": func(by account.Actor, e id.Endpoint) error {
			_, err := w.shop.Endpoints.Delivery(ctx, core.FindDelivery{By: by, Endpoint: e})
			return err
		},
		"Redeliver": func(by account.Actor, e id.Endpoint) error {
			_, err := w.shop.Endpoints.Redeliver(ctx, core.Redeliver{By: by, Endpoint: e})
			return err
		},
	} {
		mustFail[any](t, verb(account.Actor{}, e.ID), fault.Unauthenticated, "unauthenticated")
		mustFail[any](t, verb(account.Key("k", account.OrderWrite), e.ID), fault.Denied, "permission_denied")
		if err := verb(shopkeeper, never); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s of what was never there: %v", name, err)
		}
	}
	_, err := w.shop.Endpoints.Create(ctx, core.CreateEndpoint{By: shopkeeper, EndpointDraft: core.EndpointDraft{URL: "http://a.example", Events: []string{"*"}}})
	mustFail[any](t, err, fault.Invalid, "validation_failed")
	saved, err := w.shop.Endpoints.Replace(ctx, core.ReplaceEndpoint{By: shopkeeper, Endpoint: e.ID, Version: 1, EndpointDraft: draft})
	if err != nil || saved.Version != 2 || saved.Secret != "" || !slices.Equal(saved.Events, []string{"*", "order.*"}) {
		t.Errorf("replaced: %+v, %v", saved, err)
	}
	_, err = w.shop.Endpoints.RotateSecret(ctx, core.RotateSecret{By: shopkeeper, Endpoint: e.ID, Version: 1})
	mustFail[any](t, err, fault.Stale, "version_conflict")
	saved, err = w.shop.Endpoints.RotateSecret(ctx, core.RotateSecret{By: shopkeeper, Endpoint: e.ID, Version: 2})
	if err != nil || saved.Secret == e.Secret || !strings.HasPrefix(saved.Secret, "whsec_") || len(saved.Secrets) != 2 {
		t.Errorf("rotated: %+v, %v", saved, err)
	}
	for i := range webhook.MaxEndpoints {
		draft.URL = fmt.Sprintf("https://%d.example", i)
		_, err = w.shop.Endpoints.Create(ctx, core.CreateEndpoint{By: shopkeeper, EndpointDraft: draft})
	}
	mustFail[any](t, err, fault.Invalid, "validation_failed")
}
