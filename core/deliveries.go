package core

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
)

const (
	// deliveryLease is how long an endpoint is held by whoever sends to it: longer
	// than anything that is sent may take.
	deliveryLease = time.Minute
	// deliveryBatch is how many messages are sent to an endpoint side by side.
	deliveryBatch = 8
	// deliveryLife is how long a delivery is shown after it has ended.
	deliveryLife = 30 * 24 * time.Hour
)

// Announce puts an event on its way to every endpoint that wants it. The event is
// known by its job: doing it again makes no second delivery.
func (x *Endpoints) Announce(ctx context.Context, j job.Envelope) error {
	p, err := job.Decode[job.HappenedPayload](j)
	if err != nil || x.s.Orders.Webhooks == nil {
		return err
	}
	endpoints, err := x.s.Orders.Webhooks.Endpoints(ctx)
	if err != nil {
		return err
	}
	event := webhook.Event{ID: id.Event{UUID: j.ID.UUID}, Type: p.Type, At: j.CreatedAt, Data: p.Data}
	var all []webhook.Delivery
	for _, e := range endpoints {
		if e.Wants(p.Type) {
			all = append(all, webhook.NewDelivery(event, e.ID))
		}
	}
	if len(all) == 0 {
		return nil
	}
	_, err = x.s.Orders.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error { return tx.Deliveries.AddDeliveries(ctx, all...) })
	return err
}

// Deliver sends what is due to one endpoint and returns how much that was. Any
// number may run side by side: each takes another endpoint, and one that does not
// answer is left alone for a while. What was sent by a process that then died is
// sent again under the same id.
func (x *Endpoints) Deliver(ctx context.Context) (int, error) {
	if x.s.Sender == nil || x.s.Orders.Queue == nil || !x.s.listeners(ctx).any() {
		return 0, nil
	}
	now := x.s.Now()
	work, err := x.s.Orders.Queue.ClaimDeliveries(ctx, now, now.Add(deliveryLease), deliveryBatch)
	if err != nil || len(work.Deliveries) == 0 {
		return 0, err
	}
	var all sync.WaitGroup
	for i := range work.Deliveries {
		all.Go(func() { x.send(ctx, &work.Endpoint, &work.Deliveries[i]) })
	}
	all.Wait()
	if slices.ContainsFunc(work.Deliveries, func(d webhook.Delivery) bool { return d.Answer != 0 }) {
		work.Endpoint.Failures = 0
	} else {
		work.Endpoint.Failures++
	}
	then := x.s.Now().Add(webhook.Pause(work.Endpoint.Failures))
	return len(work.Deliveries), x.s.Orders.Queue.SettleDeliveries(ctx, work, then)
}

// any reports whether anybody listens at all.
func (a *audience) any() bool { return a.unknown || len(a.endpoints) > 0 }

// send sends one message and records what came of it.
func (x *Endpoints) send(ctx context.Context, e *webhook.Endpoint, d *webhook.Delivery) {
	body := d.Event.Body()
	status, err := x.s.Sender.Send(ctx, webhook.Message{URL: e.URL, Delivery: d.ID, Signature: e.Sign(body, x.s.Now()), Body: body})
	now := x.s.Now()
	switch {
	case err != nil:
		problem := "nobody answered"
		if e, ok := errors.AsType[*fault.Error](err); ok {
			problem = cmp.Or(e.Detail, problem)
		}
		d.Fail(0, problem, x.s.WebhookRetries, x.s.jitter(), now)
	case status < 200 || status > 299:
		d.Fail(status, fmt.Sprintf("answered %d", status), x.s.WebhookRetries, x.s.jitter(), now)
	default:
		d.Arrive(status, now)
	}
	x.s.Sent(ctx, string(d.Status))
}

// jitter returns a random number in [0, 1).
func (s *shared) jitter() float64 {
	var b [2]byte
	if _, err := io.ReadFull(s.Rand, b[:]); err != nil {
		return 0
	}
	return float64(binary.BigEndian.Uint16(b[:])) / (1 << 16)
}

// DropOld deletes up to limit deliveries that ended a month ago, and returns how
// many it deleted.
func (x *Endpoints) DropOld(ctx context.Context, limit int) (int, error) {
	if x.s.Orders.Queue == nil {
		return 0, nil
	}
	return x.s.Orders.Queue.DropDeliveries(ctx, x.s.Now().Add(-deliveryLife), limit)
}

// BrowseDeliveries asks for deliveries of an endpoint.
type BrowseDeliveries struct {
	By     account.Actor
	Filter webhook.Filter // Limit: 1 to 100; zero: 24
}

// Deliveries returns deliveries of an endpoint, newest first.
func (x *Endpoints) Deliveries(ctx context.Context, q BrowseDeliveries) ([]webhook.Delivery, error) {
	if err := x.may(q.By); err != nil {
		return nil, err
	}
	f := q.Filter
	f.Limit = cmp.Or(f.Limit, 24)
	if f.Limit < 1 || f.Limit > 100 {
		return nil, fault.InvalidField("limit", "too_large", "must be 1 to 100")
	}
	if _, err := x.s.Orders.Webhooks.Endpoint(ctx, f.Endpoint); err != nil {
		return nil, err
	}
	return x.s.Orders.Webhooks.Deliveries(ctx, f)
}

// FindDelivery asks for a delivery of an endpoint.
type FindDelivery struct {
	By       account.Actor
	Endpoint id.Endpoint
	Delivery id.Delivery
}

// Delivery returns a delivery.
func (x *Endpoints) Delivery(ctx context.Context, q FindDelivery) (webhook.Delivery, error) {
	if err := x.may(q.By); err != nil {
		return webhook.Delivery{}, err
	}
	d, err := x.s.Orders.Webhooks.Delivery(ctx, q.Delivery)
	if err == nil && d.Endpoint != q.Endpoint {
		return webhook.Delivery{}, fault.Missing("delivery")
	}
	return d, err
}

// Redeliver asks for a delivery to be sent again.
type Redeliver struct {
	By       account.Actor
	Endpoint id.Endpoint
	Delivery id.Delivery
}

// Redeliver sends a delivery again, whatever became of it, under its old id and
// with all its retries. It waits while its endpoint is disabled.
func (x *Endpoints) Redeliver(ctx context.Context, c Redeliver) (webhook.Delivery, error) {
	if err := x.may(c.By); err != nil {
		return webhook.Delivery{}, err
	}
	now := x.s.Now()
	var again webhook.Delivery
	_, err := x.s.Orders.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		d, err := tx.Deliveries.DeliveryForUpdate(ctx, c.Delivery)
		if err != nil {
			return err
		}
		if d.Endpoint != c.Endpoint {
			return fault.Missing("delivery")
		}
		d.Again(now)
		again = d
		return tx.Deliveries.SaveDelivery(ctx, d)
	})
	if err != nil {
		return webhook.Delivery{}, err
	}
	return again, nil
}
