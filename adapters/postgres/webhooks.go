package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
)

type webhooks struct{ r *realm }

var (
	_ ports.Webhooks     = webhooks{}
	_ ports.WebhookQueue = webhooks{}
)

const (
	endpointColumns  = "e.id, e.url, e.description, e.events, e.disabled, e.secrets, e.failures, e.version, e.created_at, e.updated_at"
	selectEndpoints  = "SELECT " + endpointColumns + " FROM orders.webhook_endpoints AS e "
	deliveryColumns  = "id, endpoint_id, event_id, type, data, status, attempts, next_at, answer, problem, created_at, ended_at"
	selectDeliveries = "SELECT " + deliveryColumns + " FROM orders.webhook_deliveries "
	// Who takes an endpoint passes over those that others are just taking.
	claimEndpoint = `UPDATE orders.webhook_endpoints AS e SET held_until = $2 WHERE e.id = (
			SELECT f.id FROM orders.webhook_endpoints AS f WHERE NOT f.disabled AND f.held_until <= $1
				AND EXISTS (SELECT FROM orders.webhook_deliveries AS d WHERE d.endpoint_id = f.id AND d.status = 'pending' AND d.next_at <= $1)
			ORDER BY f.held_until, f.id LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
		RETURNING ` + endpointColumns
	dueDeliveries = selectDeliveries + "WHERE endpoint_id = $1 AND status = 'pending' AND next_at <= $2 ORDER BY next_at, id LIMIT $3"
	letGo         = "UPDATE orders.webhook_endpoints SET failures = $3, held_until = $4 WHERE id = $1 AND held_until = $2"
	saveDelivery  = `UPDATE orders.webhook_deliveries SET status = $2, attempts = $3, next_at = $4, answer = $5, problem = $6, ended_at = $7
		WHERE id = $1`
	settleDelivery = saveDelivery + " AND status = 'pending' AND attempts = $3 - 1"
	dropDeliveries = `DELETE FROM orders.webhook_deliveries WHERE id IN (
			SELECT id FROM orders.webhook_deliveries WHERE ended_at < $1 ORDER BY ended_at LIMIT $2 FOR UPDATE SKIP LOCKED)`
)

// Endpoints is contracted by ports.Webhooks.
func (w webhooks) Endpoints(ctx context.Context) (all []webhook.Endpoint, err error) {
	err = w.r.read(ctx, func(q querier) error {
		all, err = collect(ctx, q, scanEndpoint, selectEndpoints+"ORDER BY e.id")
		return err
	})
	return all, err
}

// Endpoint is contracted by ports.Webhooks.
func (w webhooks) Endpoint(ctx context.Context, e id.Endpoint) (found webhook.Endpoint, err error) {
	err = w.r.read(ctx, func(q querier) error {
		found, err = only(ctx, q, "webhook", scanEndpoint, selectEndpoints+"WHERE e.id = $1", uuid(e.UUID))
		return err
	})
	return found, err
}

// Deliveries is contracted by ports.Webhooks.
func (w webhooks) Deliveries(ctx context.Context, f webhook.Filter) (chosen []webhook.Delivery, err error) {
	err = w.r.read(ctx, func(q querier) error {
		chosen, err = collect(ctx, q, scanDelivery, selectDeliveries+`WHERE endpoint_id = $1 AND ($2 = '' OR status = $2)
			AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4`, uuid(f.Endpoint.UUID), string(f.Status), uuid(f.After.UUID), f.Limit)
		return err
	})
	return chosen, err
}

// Delivery is contracted by ports.Webhooks.
func (w webhooks) Delivery(ctx context.Context, d id.Delivery) (found webhook.Delivery, err error) {
	err = w.r.read(ctx, func(q querier) error {
		found, err = only(ctx, q, "delivery", scanDelivery, selectDeliveries+"WHERE id = $1", uuid(d.UUID))
		return err
	})
	return found, err
}

// ClaimDeliveries is contracted by ports.WebhookQueue.
func (w webhooks) ClaimDeliveries(ctx context.Context, now, until time.Time, limit int) (work webhook.Work, err error) {
	_, err = w.r.write(ctx, func(ctx context.Context, t *tx) error {
		work = webhook.Work{}
		free, err := collect(ctx, t, scanEndpoint, claimEndpoint, instant(now), instant(until))
		if err != nil || len(free) == 0 {
			return err
		}
		work.Endpoint, work.Held = free[0], until
		work.Deliveries, err = collect(ctx, t, scanDelivery, dueDeliveries, uuid(free[0].ID.UUID), instant(now), limit)
		return err
	})
	if err != nil {
		return webhook.Work{}, err
	}
	return work, nil
}

// SettleDeliveries is contracted by ports.WebhookQueue.
func (w webhooks) SettleDeliveries(ctx context.Context, work webhook.Work, then time.Time) error {
	_, err := w.r.write(ctx, func(_ context.Context, t *tx) error {
		t.queue(letGo, uuid(work.Endpoint.ID.UUID), instant(work.Held), work.Endpoint.Failures, instant(then))
		for _, d := range work.Deliveries {
			queueDelivery(t, settleDelivery, d)
		}
		return nil
	})
	return err
}

// DropDeliveries is contracted by ports.WebhookQueue.
func (w webhooks) DropDeliveries(ctx context.Context, before time.Time, limit int) (int, error) {
	return expired(w).drop(ctx, dropDeliveries, before, limit)
}

// PendingDeliveries is contracted by ports.WebhookQueue.
func (w webhooks) PendingDeliveries(ctx context.Context) (n int, oldest time.Time, err error) {
	err = w.r.read(ctx, func(q querier) error {
		return q.QueryRow(ctx, "SELECT count(*), min(next_at) FROM orders.webhook_deliveries WHERE status = 'pending'").Scan(&n, (*instant)(&oldest))
	})
	return n, oldest, err
}

type endpointWriter struct{ t *tx }

var _ ports.EndpointWriter = endpointWriter{}

// EndpointForUpdate is contracted by ports.EndpointWriter.
func (w endpointWriter) EndpointForUpdate(ctx context.Context, e id.Endpoint) (webhook.Endpoint, error) {
	found, err := only(ctx, w.t, "webhook", scanEndpoint, selectEndpoints+"WHERE e.id = $1 FOR NO KEY UPDATE", uuid(e.UUID))
	return found, translate(ctx, err)
}

// InsertEndpoint is contracted by ports.EndpointWriter.
func (w endpointWriter) InsertEndpoint(_ context.Context, e webhook.Endpoint) error {
	return w.write(`INSERT INTO orders.webhook_endpoints (id, url, description, events, disabled, secrets, version, updated_at, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`, e, instant(e.CreatedAt))
}

// SaveEndpoint is contracted by ports.EndpointWriter.
func (w endpointWriter) SaveEndpoint(_ context.Context, e webhook.Endpoint) error {
	return w.write(`UPDATE orders.webhook_endpoints SET url = $2, description = $3, events = $4, disabled = $5, secrets = $6, version = $7, updated_at = $8
		WHERE id = $1`, e)
}

func (w endpointWriter) write(sql string, e webhook.Endpoint, more ...any) error {
	secrets, err := json.Marshal(e.Secrets)
	if err != nil {
		return fault.Wrap(fault.Internal, "postgres", err)
	}
	w.t.queue(sql, append([]any{uuid(e.ID.UUID), e.URL, e.Description, e.Events, e.Disabled, secrets, e.Version, instant(e.UpdatedAt)}, more...)...)
	return nil
}

// DeleteEndpoint is contracted by ports.EndpointWriter.
func (w endpointWriter) DeleteEndpoint(_ context.Context, e id.Endpoint) error {
	w.t.queue("DELETE FROM orders.webhook_endpoints WHERE id = $1", uuid(e.UUID))
	return nil
}

type deliveryWriter struct{ t *tx }

var _ ports.DeliveryWriter = deliveryWriter{}

// AddDeliveries is contracted by ports.DeliveryWriter.
func (w deliveryWriter) AddDeliveries(_ context.Context, ds ...webhook.Delivery) error {
	for _, d := range ds {
		w.t.queue("INSERT INTO orders.webhook_deliveries ("+deliveryColumns+`)
			SELECT $1, id, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12 FROM orders.webhook_endpoints WHERE id = $2 FOR KEY SHARE
			ON CONFLICT (id) DO NOTHING`,
			uuid(d.ID.UUID), uuid(d.Endpoint.UUID), uuid(d.Event.ID.UUID), d.Event.Type, d.Event.Data, string(d.Status), d.Attempts, instant(d.NextAt),
			d.Answer, printable(d.Problem), instant(d.Event.At), instant(d.EndedAt))
	}
	return nil
}

// DeliveryForUpdate is contracted by ports.DeliveryWriter.
func (w deliveryWriter) DeliveryForUpdate(ctx context.Context, d id.Delivery) (webhook.Delivery, error) {
	found, err := only(ctx, w.t, "delivery", scanDelivery, selectDeliveries+"WHERE id = $1 FOR NO KEY UPDATE", uuid(d.UUID))
	return found, translate(ctx, err)
}

// SaveDelivery is contracted by ports.DeliveryWriter.
func (w deliveryWriter) SaveDelivery(_ context.Context, d webhook.Delivery) error {
	queueDelivery(w.t, saveDelivery, d)
	return nil
}

func queueDelivery(t *tx, sql string, d webhook.Delivery) {
	t.queue(sql, uuid(d.ID.UUID), string(d.Status), d.Attempts, instant(d.NextAt), d.Answer, printable(d.Problem), instant(d.EndedAt))
}

// only returns the one row of a query; NotFound if there is none.
func only[T any](ctx context.Context, q querier, what string, scan pgx.RowToFunc[T], sql string, args ...any) (one T, err error) {
	found, err := collect(ctx, q, scan, sql, args...)
	if err != nil {
		return one, err
	}
	if len(found) == 0 {
		return one, fault.Missing(what)
	}
	return found[0], nil
}

func scanEndpoint(row pgx.CollectableRow) (e webhook.Endpoint, err error) {
	var secrets []byte
	if err := row.Scan((*uuid)(&e.ID.UUID), &e.URL, &e.Description, &e.Events, &e.Disabled, &secrets, &e.Failures, &e.Version,
		(*instant)(&e.CreatedAt), (*instant)(&e.UpdatedAt)); err != nil {
		return webhook.Endpoint{}, err
	}
	return e, unreadable(json.Unmarshal(secrets, &e.Secrets))
}

func scanDelivery(row pgx.CollectableRow) (d webhook.Delivery, err error) {
	var data []byte
	err = row.Scan((*uuid)(&d.ID.UUID), (*uuid)(&d.Endpoint.UUID), (*uuid)(&d.Event.ID.UUID), &d.Event.Type, &data, (*string)(&d.Status), &d.Attempts,
		(*instant)(&d.NextAt), &d.Answer, &d.Problem, (*instant)(&d.Event.At), (*instant)(&d.EndedAt))
	d.Event.Data = data
	return d, err
}
