package sqlite

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

type expired struct{ db *DB }

var _ ports.Expired = expired{}

func (e expired) ExpiredReservations(ctx context.Context, now time.Time, limit int) ([]id.Order, error) {
	orders := []id.Order{}
	err := e.db.view(ctx, func(s *session) error {
		return s.query("SELECT order_id FROM reservations WHERE state = 'active' AND expires_at <= ?1 ORDER BY expires_at, order_id LIMIT ?2", func(r row) error {
			orders = append(orders, id.Order{UUID: r.uuid(0)})
			return nil
		}, now, limit)
	})
	return orders, err
}

func (e expired) DropExpiredCarts(ctx context.Context, now time.Time, limit int) (int, error) {
	return e.drop(ctx, `DELETE FROM carts WHERE id IN
		(SELECT id FROM carts WHERE status = 'open' AND expires_at <= ?1 ORDER BY expires_at LIMIT ?2)`, now, limit, e.db.derived.carts.clear)
}

func (e expired) DropOldKeys(ctx context.Context, before time.Time, limit int) (int, error) {
	return e.drop(ctx, `DELETE FROM idempotency_keys WHERE rowid IN
		(SELECT rowid FROM idempotency_keys WHERE created_at < ?1 ORDER BY created_at LIMIT ?2)`, before, limit)
}

func (e expired) DropOldEvents(ctx context.Context, before time.Time, limit int) (int, error) {
	return e.drop(ctx, `DELETE FROM payment_events WHERE id IN
		(SELECT id FROM payment_events WHERE received_at < ?1 ORDER BY id LIMIT ?2)`, before, limit)
}

// drop deletes up to limit rows of before, and has what is kept of them forgotten.
func (e expired) drop(ctx context.Context, sql string, before time.Time, limit int, forget ...func()) (n int, err error) {
	_, err = e.db.write(ctx, ports.Orders, func(_ context.Context, s *session) error {
		if n, err = s.exec(sql, before, limit); n > 0 {
			for _, fn := range forget {
				s.afterCommit(fn)
			}
		}
		return err
	})
	return n, err
}
