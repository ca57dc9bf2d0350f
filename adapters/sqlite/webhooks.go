package sqlite

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
)

type webhooks struct{ db *DB }

var (
	_ ports.Webhooks     = webhooks{}
	_ ports.WebhookQueue = webhooks{}
)

const (
	selectEndpoints = `SELECT id, url, description, events, disabled, secrets, failures, version, created_at, updated_at
		FROM webhook_endpoints AS e `
	deliveryColumns  = "id, endpoint_id, event_id, type, data, status, attempts, next_at, answer, problem, created_at, ended_at"
	selectDeliveries = "SELECT " + deliveryColumns + " FROM webhook_deliveries "
)

// Endpoints is contracted by ports.Webhooks.
func (w webhooks) Endpoints(ctx context.Context) ([]webhook.Endpoint, error) {
	all := []webhook.Endpoint{}
	err := w.db.view(ctx, func(s *session) error {
		return s.query(selectEndpoints+"ORDER BY id", func(r row) error {
			e, err := scanEndpoint(r)
			all = append(all, e)
			return err
		})
	})
	return all, err
}

// Endpoint is contracted by ports.Webhooks.
func (w webhooks) Endpoint(ctx context.Context, e id.Endpoint) (found webhook.Endpoint, err error) {
	err = w.db.view(ctx, func(s *session) error {
		found, err = oneEndpoint(s, e)
		return err
	})
	return found, err
}

// Deliveries is contracted by ports.Webhooks.
func (w webhooks) Deliveries(ctx context.Context, f webhook.Filter) ([]webhook.Delivery, error) {
	chosen := []webhook.Delivery{}
	err := w.db.view(ctx, func(s *session) error {
		return s.query(selectDeliveries+`WHERE endpoint_id = ?1 AND (?2 = '' OR status = ?2) AND (?3 IS NULL OR id < ?3)
			ORDER BY id DESC LIMIT ?4`, func(r row) error {
			chosen = append(chosen, scanDelivery(r))
			return nil
		}, f.Endpoint.UUID, string(f.Status), f.After.UUID, f.Limit)
	})
	return chosen, err
}

// Delivery is contracted by ports.Webhooks.
func (w webhooks) Delivery(ctx context.Context, d id.Delivery) (found webhook.Delivery, err error) {
	err = w.db.view(ctx, func(s *session) error {
		found, err = oneDelivery(s, d)
		return err
	})
	return found, err
}

const endpointDue = `WHERE NOT disabled AND held_until <= ?1
	AND EXISTS (SELECT 1 FROM webhook_deliveries AS d WHERE d.endpoint_id = e.id AND d.status = 'pending' AND d.next_at <= ?1)
	ORDER BY held_until, id LIMIT 1`

// ClaimDeliveries is contracted by ports.WebhookQueue. The writer is only asked
// when there is something for it to do.
func (w webhooks) ClaimDeliveries(ctx context.Context, now, until time.Time, limit int) (work webhook.Work, err error) {
	due := func(s *session) (found bool, err error) {
		return s.first(selectEndpoints+endpointDue, func(r row) error {
			work.Endpoint, err = scanEndpoint(r)
			return err
		}, now)
	}
	var found bool
	if err := w.db.view(ctx, func(s *session) error { found, err = due(s); return err }); err != nil || !found {
		return webhook.Work{}, err
	}
	_, err = w.db.write(ctx, ports.Orders, func(_ context.Context, s *session) error {
		work = webhook.Work{Held: until}
		if found, err := due(s); err != nil || !found {
			return err
		}
		if _, err := s.exec("UPDATE webhook_endpoints SET held_until = ?2 WHERE id = ?1", work.Endpoint.ID.UUID, until); err != nil {
			return err
		}
		return s.query(selectDeliveries+"WHERE endpoint_id = ?1 AND status = 'pending' AND next_at <= ?2 ORDER BY next_at, id LIMIT ?3", func(r row) error {
			work.Deliveries = append(work.Deliveries, scanDelivery(r))
			return nil
		}, work.Endpoint.ID.UUID, now, limit)
	})
	if err != nil {
		return webhook.Work{}, err
	}
	return work, nil
}

// SettleDeliveries is contracted by ports.WebhookQueue.
func (w webhooks) SettleDeliveries(ctx context.Context, work webhook.Work, then time.Time) error {
	_, err := w.db.write(ctx, ports.Orders, func(_ context.Context, s *session) error {
		for _, d := range work.Deliveries {
			if err := saveDelivery(s, d, "WHERE id = ?1 AND status = 'pending' AND attempts = ?3 - 1"); err != nil {
				return err
			}
		}
		_, err := s.exec("UPDATE webhook_endpoints SET failures = ?3, held_until = ?4 WHERE id = ?1 AND held_until = ?2",
			work.Endpoint.ID.UUID, work.Held, work.Endpoint.Failures, then)
		return err
	})
	return err
}

// DropDeliveries is contracted by ports.WebhookQueue.
func (w webhooks) DropDeliveries(ctx context.Context, before time.Time, limit int) (n int, err error) {
	return expired(w).drop(ctx, `DELETE FROM webhook_deliveries WHERE id IN
		(SELECT id FROM webhook_deliveries WHERE ended_at < ?1 ORDER BY ended_at LIMIT ?2)`, before, limit)
}

// PendingDeliveries is contracted by ports.WebhookQueue.
func (w webhooks) PendingDeliveries(ctx context.Context) (n int, oldest time.Time, err error) {
	err = w.db.view(ctx, func(s *session) error {
		_, err := s.first("SELECT count(*), min(next_at) FROM webhook_deliveries WHERE status = 'pending'", func(r row) error {
			n, oldest = r.int(0), r.time(1)
			return nil
		})
		return err
	})
	return n, oldest, err
}

type endpointWriter struct{ s *session }

var _ ports.EndpointWriter = endpointWriter{}

// EndpointForUpdate is contracted by ports.EndpointWriter.
func (w endpointWriter) EndpointForUpdate(_ context.Context, e id.Endpoint) (webhook.Endpoint, error) {
	return oneEndpoint(w.s, e)
}

// InsertEndpoint is contracted by ports.EndpointWriter.
func (w endpointWriter) InsertEndpoint(_ context.Context, e webhook.Endpoint) error {
	return w.write(`INSERT INTO webhook_endpoints (id, url, description, events, disabled, secrets, version, updated_at, created_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)`, e)
}

// SaveEndpoint is contracted by ports.EndpointWriter.
func (w endpointWriter) SaveEndpoint(_ context.Context, e webhook.Endpoint) error {
	return w.write(`UPDATE webhook_endpoints SET url = ?2, description = ?3, events = ?4, disabled = ?5, secrets = ?6, version = ?7, updated_at = ?8
		WHERE id = ?1`, e)
}

func (w endpointWriter) write(sql string, e webhook.Endpoint) error {
	events, err := encode(e.Events)
	if err != nil {
		return err
	}
	secrets, err := encode(e.Secrets)
	if err != nil {
		return err
	}
	_, err = w.s.exec(sql, e.ID.UUID, e.URL, e.Description, events, e.Disabled, secrets, e.Version, e.UpdatedAt, e.CreatedAt)
	return err
}

// DeleteEndpoint is contracted by ports.EndpointWriter.
func (w endpointWriter) DeleteEndpoint(_ context.Context, e id.Endpoint) error {
	if _, err := w.s.exec("DELETE FROM webhook_deliveries WHERE endpoint_id = ?1", e.UUID); err != nil {
		return err
	}
	_, err := w.s.exec("DELETE FROM webhook_endpoints WHERE id = ?1", e.UUID)
	return err
}

type deliveryWriter struct{ s *session }

var _ ports.DeliveryWriter = deliveryWriter{}

// AddDeliveries is contracted by ports.DeliveryWriter.
func (w deliveryWriter) AddDeliveries(_ context.Context, ds ...webhook.Delivery) error {
	for _, d := range ds {
		if _, err := w.s.exec("INSERT INTO webhook_deliveries ("+deliveryColumns+`)
			SELECT ?1, id, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 FROM webhook_endpoints WHERE id = ?2 ON CONFLICT (id) DO NOTHING`,
			d.ID.UUID, d.Endpoint.UUID, d.Event.ID.UUID, d.Event.Type, string(d.Event.Data), string(d.Status), d.Attempts, d.NextAt,
			d.Answer, d.Problem, d.Event.At, d.EndedAt); err != nil {
			return err
		}
	}
	return nil
}

// DeliveryForUpdate is contracted by ports.DeliveryWriter.
func (w deliveryWriter) DeliveryForUpdate(_ context.Context, d id.Delivery) (webhook.Delivery, error) {
	return oneDelivery(w.s, d)
}

// SaveDelivery is contracted by ports.DeliveryWriter.
func (w deliveryWriter) SaveDelivery(_ context.Context, d webhook.Delivery) error {
	return saveDelivery(w.s, d, "WHERE id = ?1")
}

func saveDelivery(s *session, d webhook.Delivery, where string) error {
	_, err := s.exec("UPDATE webhook_deliveries SET status = ?2, attempts = ?3, next_at = ?4, answer = ?5, problem = ?6, ended_at = ?7 "+where,
		d.ID.UUID, string(d.Status), d.Attempts, d.NextAt, d.Answer, d.Problem, d.EndedAt)
	return err
}

func oneEndpoint(s *session, e id.Endpoint) (found webhook.Endpoint, err error) {
	there, err := s.first(selectEndpoints+"WHERE id = ?1", func(r row) error {
		found, err = scanEndpoint(r)
		return err
	}, e.UUID)
	if err == nil && !there {
		err = fault.Missing("webhook")
	}
	return found, err
}

func scanEndpoint(r row) (webhook.Endpoint, error) {
	e := webhook.Endpoint{
		ID: id.Endpoint{UUID: r.uuid(0)}, URL: r.text(1), Description: r.text(2), Disabled: r.bool(4),
		Failures: r.int(6), Version: r.int64(7), CreatedAt: r.time(8), UpdatedAt: r.time(9),
	}
	if err := r.json(3, &e.Events); err != nil {
		return webhook.Endpoint{}, err
	}
	return e, r.json(5, &e.Secrets)
}

func oneDelivery(s *session, d id.Delivery) (found webhook.Delivery, err error) {
	there, err := s.first(selectDeliveries+"WHERE id = ?1", func(r row) error {
		found = scanDelivery(r)
		return nil
	}, d.UUID)
	if err == nil && !there {
		err = fault.Missing("delivery")
	}
	return found, err
}

func scanDelivery(r row) webhook.Delivery {
	return webhook.Delivery{
		ID: id.Delivery{UUID: r.uuid(0)}, Endpoint: id.Endpoint{UUID: r.uuid(1)},
		Event:  webhook.Event{ID: id.Event{UUID: r.uuid(2)}, Type: r.text(3), Data: r.bytes(4), At: r.time(10)},
		Status: webhook.Status(r.text(5)), Attempts: r.int(6), NextAt: r.time(7), Answer: r.int(8), Problem: r.text(9),
		EndedAt: r.time(11),
	}
}
