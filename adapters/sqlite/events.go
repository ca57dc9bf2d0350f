package sqlite

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

type events struct{ db *DB }

var _ ports.PaymentEvents = events{}

const (
	eventColumns = "id, provider, event_id, type, payment_id, body, received_at, ended_at"
	eventByID    = "SELECT " + eventColumns + " FROM payment_events WHERE provider = ?1 AND event_id = ?2"
	eventsChosen = "SELECT " + eventColumns + ` FROM payment_events
		WHERE (?1 = '' OR provider = ?1) AND (?2 = 'null' OR event_id IN (SELECT value FROM json_each(?2)))
			AND (?3 IS NULL OR received_at >= ?3) AND (NOT ?4 OR ended_at IS NULL) AND (?5 IS NULL OR id > ?5)
		ORDER BY id LIMIT ?6`
)

func (e events) PaymentEvent(ctx context.Context, provider, event string) (found payment.Event, err error) {
	err = e.db.view(ctx, func(s *session) error {
		there, err := s.first(eventByID, func(r row) error {
			found = scanEvent(r)
			return nil
		}, provider, event)
		if err == nil && !there {
			err = fault.Missing("payment event")
		}
		return err
	})
	return found, err
}

func (e events) BrowsePaymentEvents(ctx context.Context, f payment.EventFilter) ([]payment.Event, error) {
	chosen := []payment.Event{}
	ids := "null"
	if len(f.IDs) > 0 {
		var err error
		if ids, err = encode(f.IDs); err != nil {
			return nil, err
		}
	}
	err := e.db.view(ctx, func(s *session) error {
		return s.query(eventsChosen, func(r row) error {
			chosen = append(chosen, scanEvent(r))
			return nil
		}, f.Provider, ids, f.From, f.Waiting, f.After.UUID, f.Limit)
	})
	return chosen, err
}

func scanEvent(r row) payment.Event {
	return payment.Event{
		ID: id.Event{UUID: r.uuid(0)}, Provider: r.text(1), Body: r.bytes(5), ReceivedAt: r.time(6), EndedAt: r.time(7),
		Notice: payment.Notice{ID: r.text(2), Type: r.text(3), Payment: id.Payment{UUID: r.uuid(4)}},
	}
}

type eventWriter struct{ s *session }

var _ ports.PaymentEventWriter = eventWriter{}

func (w eventWriter) AddEvent(_ context.Context, e payment.Event) (bool, error) {
	n, err := w.s.exec("INSERT INTO payment_events ("+eventColumns+") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) ON CONFLICT (provider, event_id) DO NOTHING",
		e.ID.UUID, e.Provider, e.Notice.ID, e.Notice.Type, e.Notice.Payment.UUID, e.Body, e.ReceivedAt, e.EndedAt)
	return n == 1, err
}

func (w eventWriter) EndEvent(_ context.Context, e id.Event, at time.Time) error {
	_, err := w.s.exec("UPDATE payment_events SET ended_at = ?2 WHERE id = ?1", e.UUID, at)
	return err
}
