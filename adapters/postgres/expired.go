package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// expired finds what time has run out for. Sweepers of several servers work side
// by side: each passes over what another has in its hands.
type expired struct{ r *realm }

var _ ports.Expired = expired{}

const (
	expiredReservations = `SELECT order_id FROM orders.reservations WHERE expires_at <= $1
		ORDER BY expires_at, order_id LIMIT $2 FOR NO KEY UPDATE SKIP LOCKED`
	dropCarts = `DELETE FROM orders.carts WHERE id IN (
			SELECT id FROM orders.carts WHERE status = 'open' AND expires_at <= $1 ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)`
	dropKeys = `DELETE FROM orders.idempotency_keys WHERE (owner, operation, key) IN (
			SELECT owner, operation, key FROM orders.idempotency_keys WHERE created_at < $1 ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED)`
	dropEvents = `DELETE FROM orders.payment_events WHERE id IN (
			SELECT id FROM orders.payment_events WHERE received_at < $1 ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)`
)

// ExpiredReservations is contracted by ports.Expired.
func (e expired) ExpiredReservations(ctx context.Context, now time.Time, limit int) (late []id.Order, err error) {
	err = e.r.read(ctx, func(q querier) error {
		late, err = collect(ctx, q, func(row pgx.CollectableRow) (o id.Order, err error) {
			err = row.Scan((*uuid)(&o.UUID))
			return o, err
		}, expiredReservations, instant(now), limit)
		return err
	})
	return late, err
}

// DropExpiredCarts is contracted by ports.Expired.
func (e expired) DropExpiredCarts(ctx context.Context, now time.Time, limit int) (int, error) {
	return e.drop(ctx, dropCarts, now, limit)
}

// DropOldKeys is contracted by ports.Expired.
func (e expired) DropOldKeys(ctx context.Context, before time.Time, limit int) (int, error) {
	return e.drop(ctx, dropKeys, before, limit)
}

// DropOldEvents is contracted by ports.Expired.
func (e expired) DropOldEvents(ctx context.Context, before time.Time, limit int) (int, error) {
	return e.drop(ctx, dropEvents, before, limit)
}

func (e expired) drop(ctx context.Context, sql string, at time.Time, limit int) (n int, err error) {
	_, err = e.r.write(ctx, func(ctx context.Context, t *tx) error {
		tag, err := t.Exec(ctx, sql, instant(at), limit)
		n = int(tag.RowsAffected())
		return err
	})
	return n, err
}
