package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

type events struct{ r *realm }

var _ ports.PaymentEvents = events{}

const (
	eventColumns = "id, provider, event_id, type, payment_id, body, received_at, ended_at"
	eventByID    = "SELECT " + eventColumns + " FROM orders.payment_events WHERE provider = $1 AND event_id = $2"
	eventsChosen = "SELECT " + eventColumns + ` FROM orders.payment_events
		WHERE ($1 = '' OR provider = $1) AND (cardinality($2::text[]) = 0 OR event_id = ANY ($2))
			AND ($3::timestamptz IS NULL OR received_at >= $3) AND (NOT $4 OR ended_at IS NULL) AND ($5::uuid IS NULL OR id > $5)
		ORDER BY id LIMIT $6`
	eventEntry = "INSERT INTO orders.payment_events (" + eventColumns + ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (provider, event_id) DO NOTHING"
	eventEnd   = "UPDATE orders.payment_events SET ended_at = $2 WHERE id = $1"
)

// PaymentEvent is contracted by ports.PaymentEvents.
func (e events) PaymentEvent(ctx context.Context, provider, event string) (found payment.Event, err error) {
	err = e.r.read(ctx, func(q querier) error {
		rows, err := q.Query(ctx, eventByID, provider, event)
		if err != nil {
			return err
		}
		found, err = pgx.CollectOneRow(rows, scanEvent)
		if errors.Is(err, pgx.ErrNoRows) {
			err = fault.Missing("payment event")
		}
		return err
	})
	return found, err
}

// BrowsePaymentEvents is contracted by ports.PaymentEvents.
func (e events) BrowsePaymentEvents(ctx context.Context, f payment.EventFilter) (chosen []payment.Event, err error) {
	err = e.r.read(ctx, func(q querier) error {
		chosen, err = collect(ctx, q, scanEvent, eventsChosen, f.Provider, append([]string{}, f.IDs...), instant(f.From), f.Waiting, uuid(f.After.UUID), f.Limit)
		return err
	})
	return chosen, err
}

func scanEvent(row pgx.CollectableRow) (e payment.Event, err error) {
	err = row.Scan((*uuid)(&e.ID.UUID), &e.Provider, &e.Notice.ID, &e.Notice.Type, (*uuid)(&e.Notice.Payment.UUID), &e.Body,
		(*instant)(&e.ReceivedAt), (*instant)(&e.EndedAt))
	return e, err
}

type eventWriter struct{ t *tx }

var _ ports.PaymentEventWriter = eventWriter{}

// AddEvent is contracted by ports.PaymentEventWriter.
func (w eventWriter) AddEvent(ctx context.Context, e payment.Event) (bool, error) {
	tag, err := w.t.Exec(ctx, eventEntry, uuid(e.ID.UUID), e.Provider, e.Notice.ID, e.Notice.Type, uuid(e.Notice.Payment.UUID), e.Body,
		instant(e.ReceivedAt), instant(e.EndedAt))
	return tag.RowsAffected() == 1, translate(ctx, err)
}

// EndEvent is contracted by ports.PaymentEventWriter.
func (w eventWriter) EndEvent(_ context.Context, e id.Event, at time.Time) error {
	w.t.queue(eventEnd, uuid(e.UUID), instant(at))
	return nil
}
