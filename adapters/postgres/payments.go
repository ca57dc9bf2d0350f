package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

type payments struct{ r *realm }

var _ ports.Payments = payments{}

const (
	paymentColumns = `id, order_id, provider, reference, status, currency, amount, captured, refunded, decline_code, retryable, next_action,
		next_check_at, checks, version, created_at, updated_at`
	paymentSelect    = "SELECT " + paymentColumns + " FROM orders.payments"
	paymentByID      = paymentSelect + " WHERE id = $1"
	paymentForUpdate = paymentByID + " FOR NO KEY UPDATE"
	paymentOf        = paymentSelect + " WHERE order_id = $1 ORDER BY id DESC LIMIT 1"
	paymentByRef     = paymentSelect + " WHERE provider = $1 AND reference = $2 AND reference <> ''"
	paymentsOf       = "SELECT DISTINCT ON (order_id) " + paymentColumns + " FROM orders.payments WHERE order_id = ANY($1) ORDER BY order_id, id DESC"
	paymentsDue      = paymentSelect + " WHERE next_check_at <= $1 ORDER BY next_check_at, id LIMIT $2"
	paymentEntry     = "INSERT INTO orders.payments (" + paymentColumns + ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)"
	paymentSave      = `WITH saved AS (
			UPDATE orders.payments SET reference = $2, status = $3, captured = $4, refunded = $5, decline_code = $6, retryable = $7, next_action = $8,
				next_check_at = $9, checks = $10, version = $11, updated_at = $12
			WHERE id = $1 RETURNING 1
		) SELECT orders.missing('payment') WHERE NOT EXISTS (SELECT FROM saved)`
)

// Payment is contracted by ports.Payments.
func (ps payments) Payment(ctx context.Context, p id.Payment) (payment.Payment, error) {
	return ps.one(ctx, paymentByID, uuid(p.UUID))
}

// PaymentOf is contracted by ports.Payments.
func (ps payments) PaymentOf(ctx context.Context, o id.Order) (payment.Payment, error) {
	return ps.one(ctx, paymentOf, uuid(o.UUID))
}

// PaymentByReference is contracted by ports.Payments.
func (ps payments) PaymentByReference(ctx context.Context, provider, reference string) (payment.Payment, error) {
	return ps.one(ctx, paymentByRef, provider, reference)
}

func (ps payments) one(ctx context.Context, sql string, by ...any) (p payment.Payment, err error) {
	err = ps.r.read(ctx, func(q querier) error {
		p, err = readPayment(ctx, q, sql, by...)
		return err
	})
	return p, err
}

// PaymentsOf is contracted by ports.Payments.
func (ps payments) PaymentsOf(ctx context.Context, os []id.Order) (map[id.Order]payment.Payment, error) {
	found := make(map[id.Order]payment.Payment, len(os))
	if len(os) == 0 {
		return found, nil
	}
	err := ps.r.read(ctx, func(q querier) error {
		all, err := collect(ctx, q, scanPayment, paymentsOf, uuids(os, func(o id.Order) id.UUID { return o.UUID }))
		for _, p := range all {
			found[p.Order] = p
		}
		return err
	})
	return found, err
}

// DueForCheck is contracted by ports.Payments.
func (ps payments) DueForCheck(ctx context.Context, now time.Time, limit int) (due []payment.Payment, err error) {
	err = ps.r.read(ctx, func(q querier) error {
		due, err = collect(ctx, q, scanPayment, paymentsDue, instant(now), limit)
		return err
	})
	return due, err
}

type paymentWriter struct{ t *tx }

var _ ports.PaymentWriter = paymentWriter{}

// PaymentForUpdate is contracted by ports.PaymentWriter.
func (w paymentWriter) PaymentForUpdate(ctx context.Context, p id.Payment) (payment.Payment, error) {
	found, err := readPayment(ctx, w.t, paymentForUpdate, uuid(p.UUID))
	return found, translate(ctx, err)
}

// InsertPayment is contracted by ports.PaymentWriter.
func (w paymentWriter) InsertPayment(_ context.Context, p payment.Payment) error {
	action, err := nextAction(p.NextAction)
	if err != nil {
		return err
	}
	w.t.queue(paymentEntry, uuid(p.ID.UUID), uuid(p.Order.UUID), p.Provider, p.Reference, string(p.Status), string(p.Amount.Currency()),
		p.Amount.Minor(), p.Captured.Minor(), p.Refunded.Minor(), p.DeclineCode, p.Retryable, action,
		instant(p.NextCheckAt), p.Checks, p.Version, instant(p.CreatedAt), instant(p.UpdatedAt))
	return nil
}

// SavePayment is contracted by ports.PaymentWriter.
func (w paymentWriter) SavePayment(_ context.Context, p payment.Payment) error {
	action, err := nextAction(p.NextAction)
	if err != nil {
		return err
	}
	w.t.queue(paymentSave, uuid(p.ID.UUID), p.Reference, string(p.Status), p.Captured.Minor(), p.Refunded.Minor(), p.DeclineCode, p.Retryable, action,
		instant(p.NextCheckAt), p.Checks, p.Version, instant(p.UpdatedAt))
	return nil
}

// nextAction is NULL for none.
func nextAction(a *payment.NextAction) ([]byte, error) {
	if a == nil {
		return nil, nil
	}
	b, err := json.Marshal(a)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "postgres", err)
	}
	return b, nil
}

func readPayment(ctx context.Context, q querier, sql string, by ...any) (payment.Payment, error) {
	rows, err := q.Query(ctx, sql, by...)
	if err != nil {
		return payment.Payment{}, err
	}
	return onePayment(rows)
}

func onePayment(rows pgx.Rows) (payment.Payment, error) {
	p, err := pgx.CollectOneRow(rows, scanPayment)
	if errors.Is(err, pgx.ErrNoRows) {
		err = fault.Missing("payment")
	}
	return p, err
}

func scanPayment(row pgx.CollectableRow) (p payment.Payment, err error) {
	var (
		currency                   money.Currency
		amount, captured, refunded int64
		action                     []byte
	)
	err = row.Scan((*uuid)(&p.ID.UUID), (*uuid)(&p.Order.UUID), &p.Provider, &p.Reference, &p.Status, &currency, &amount, &captured, &refunded,
		&p.DeclineCode, &p.Retryable, &action, (*instant)(&p.NextCheckAt), &p.Checks, &p.Version, (*instant)(&p.CreatedAt), (*instant)(&p.UpdatedAt))
	if err != nil {
		return payment.Payment{}, err
	}
	p.Amount, p.Captured, p.Refunded = money.New(amount, currency), money.New(captured, currency), money.New(refunded, currency)
	if action != nil {
		err = unreadable(json.Unmarshal(action, &p.NextAction))
	}
	return p, err
}
