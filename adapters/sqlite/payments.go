package sqlite

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

type payments struct{ db *DB }

var _ ports.Payments = payments{}

const paymentColumns = `id, order_id, provider, reference, status, currency, amount, captured, refunded, decline_code, retryable, next_action,
	next_check_at, checks, version, created_at, updated_at`

const (
	paymentByID  = "SELECT " + paymentColumns + " FROM payments WHERE id = ?1"
	paymentOf    = "SELECT " + paymentColumns + " FROM payments WHERE order_id = ?1 ORDER BY id DESC LIMIT 1"
	paymentByRef = "SELECT " + paymentColumns + " FROM payments WHERE provider = ?1 AND reference = ?2 AND reference <> ''"
	paymentsDue  = "SELECT " + paymentColumns + " FROM payments WHERE next_check_at <= ?1 ORDER BY next_check_at, id LIMIT ?2"
	paymentEntry = "INSERT INTO payments (" + paymentColumns + `)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)`
)

func (ps payments) Payment(ctx context.Context, p id.Payment) (payment.Payment, error) {
	return ps.one(ctx, paymentByID, p.UUID)
}

func (ps payments) PaymentOf(ctx context.Context, o id.Order) (payment.Payment, error) {
	return ps.one(ctx, paymentOf, o.UUID)
}

func (ps payments) PaymentByReference(ctx context.Context, provider, reference string) (payment.Payment, error) {
	return ps.one(ctx, paymentByRef, provider, reference)
}

func (ps payments) one(ctx context.Context, sql string, args ...any) (p payment.Payment, err error) {
	err = ps.db.view(ctx, func(s *session) error {
		p, err = readPayment(s, sql, args...)
		return err
	})
	return p, err
}

func (ps payments) PaymentsOf(ctx context.Context, os []id.Order) (map[id.Order]payment.Payment, error) {
	found := make(map[id.Order]payment.Payment, len(os))
	err := ps.db.view(ctx, func(s *session) error {
		for _, o := range os {
			p, err := readPayment(s, paymentOf, o.UUID)
			switch {
			case err == nil:
				found[o] = p
			case !fault.Is(err, fault.NotFound):
				return err
			}
		}
		return nil
	})
	return found, err
}

func (ps payments) DueForCheck(ctx context.Context, now time.Time, limit int) ([]payment.Payment, error) {
	due := []payment.Payment{}
	err := ps.db.view(ctx, func(s *session) error {
		return s.query(paymentsDue, func(r row) error {
			p, err := scanPayment(r)
			due = append(due, p)
			return err
		}, now, limit)
	})
	return due, err
}

type paymentWriter struct{ s *session }

var _ ports.PaymentWriter = paymentWriter{}

func (w paymentWriter) PaymentForUpdate(_ context.Context, p id.Payment) (payment.Payment, error) {
	return readPayment(w.s, paymentByID, p.UUID)
}

func (w paymentWriter) InsertPayment(_ context.Context, p payment.Payment) error {
	action, err := nextAction(p.NextAction)
	if err != nil {
		return err
	}
	_, err = w.s.exec(paymentEntry, p.ID.UUID, p.Order.UUID, p.Provider, p.Reference, string(p.Status), string(p.Amount.Currency()),
		p.Amount.Minor(), p.Captured.Minor(), p.Refunded.Minor(), p.DeclineCode, p.Retryable, action,
		p.NextCheckAt, p.Checks, p.Version, p.CreatedAt, p.UpdatedAt)
	return w.conflict(err, &p)
}

func (w paymentWriter) SavePayment(_ context.Context, p payment.Payment) error {
	action, err := nextAction(p.NextAction)
	if err != nil {
		return err
	}
	n, err := w.s.exec(`UPDATE payments SET reference = ?2, status = ?3, captured = ?4, refunded = ?5, decline_code = ?6, retryable = ?7,
			next_action = ?8, next_check_at = ?9, checks = ?10, version = ?11, updated_at = ?12 WHERE id = ?1`,
		p.ID.UUID, p.Reference, string(p.Status), p.Captured.Minor(), p.Refunded.Minor(), p.DeclineCode, p.Retryable,
		action, p.NextCheckAt, p.Checks, p.Version, p.UpdatedAt)
	if err == nil && n == 0 {
		return fault.Missing("payment")
	}
	return w.conflict(err, &p)
}

// conflict says whether a payment broke the uniqueness of references.
func (w paymentWriter) conflict(err error, p *payment.Payment) error {
	if err == nil || !taken(err) {
		return err
	}
	found, lookup := w.s.first("SELECT 1 FROM payments WHERE provider = ?1 AND reference = ?2 AND reference <> '' AND id <> ?3",
		func(row) error { return nil }, p.Provider, p.Reference, p.ID.UUID)
	switch {
	case lookup != nil:
		return lookup
	case found:
		return fault.Duplicate("reference")
	}
	return err
}

// nextAction is NULL for none.
func nextAction(a *payment.NextAction) (any, error) {
	if a == nil {
		return nil, nil
	}
	return encode(a)
}

func readPayment(s *session, sql string, args ...any) (p payment.Payment, err error) {
	found, err := s.first(sql, func(r row) error {
		p, err = scanPayment(r)
		return err
	}, args...)
	if err == nil && !found {
		err = fault.Missing("payment")
	}
	return p, err
}

func scanPayment(r row) (payment.Payment, error) {
	currency := money.Currency(r.text(5))
	p := payment.Payment{
		ID: id.Payment{UUID: r.uuid(0)}, Order: id.Order{UUID: r.uuid(1)}, Provider: r.text(2), Reference: r.text(3),
		Status: payment.Status(r.text(4)), Amount: money.New(r.int64(6), currency), Captured: money.New(r.int64(7), currency),
		Refunded: money.New(r.int64(8), currency), DeclineCode: r.text(9), Retryable: r.bool(10),
		NextCheckAt: r.time(12), Checks: r.int(13), Version: r.int64(14), CreatedAt: r.time(15), UpdatedAt: r.time(16),
	}
	return p, r.json(11, &p.NextAction)
}
