package postgres

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

type keys struct{ r *realm }

var _ ports.Keys = keys{}

const (
	keyClaim = "SELECT state, order_id, outcome, status, header, body FROM orders.claim($1, $2, $3, $4, $5, $6)"
	// keyClaimCart claims once for each cart it finds.
	keyClaimCart = "SELECT (claimed).*, " + cartColumns + " FROM (SELECT orders.claim($1, $2, $3, $4, $5, $6) AS claimed, " + cartColumns + " FROM orders.carts WHERE id = $7) AS asked"
	keyRemember  = `UPDATE orders.idempotency_keys SET status = coalesce(status, $4), header = coalesce(header, $5), body = coalesce(body, $6)
		WHERE owner = $1 AND operation = $2 AND key = $3 RETURNING status, header, body`
	keyRelease = `WITH forgotten AS (
			DELETE FROM orders.idempotency_keys
			WHERE owner = $1 AND operation = $2 AND key = $3 AND outcome IS NULL AND status IS NULL AND order_id IS NULL
		) UPDATE orders.idempotency_keys SET locked_until = '-infinity'
		WHERE owner = $1 AND operation = $2 AND key = $3 AND outcome IS NULL AND status IS NULL AND order_id IS NOT NULL`
	keyAttach = `WITH attached AS (
			UPDATE orders.idempotency_keys SET order_id = CASE WHEN outcome IS NULL AND status IS NULL THEN $4 ELSE order_id END
			WHERE owner = $1 AND operation = $2 AND key = $3 RETURNING 1
		) SELECT orders.missing('key') WHERE NOT EXISTS (SELECT FROM attached)`
	keySettle = `UPDATE orders.idempotency_keys SET order_id = $4, outcome = $5
		WHERE owner = $1 AND operation = $2 AND key = $3 AND outcome IS NULL AND status IS NULL`
	keySettleOrder = "UPDATE orders.idempotency_keys SET outcome = $2 WHERE order_id = $1 AND outcome IS NULL AND status IS NULL"
)

// Claim is contracted by ports.Keys.
func (ks keys) Claim(ctx context.Context, c ports.Claim) (ports.Claimed, error) {
	var (
		state  string
		got    ports.Claimed
		answer storedAnswer
		asked  = []any{c.Owner, c.Operation, c.Key, c.Fingerprint[:], instant(c.Now), instant(c.Now.Add(c.Lease))}
		found  = []any{&state, (*uuid)(&got.Order.UUID), &got.Outcome, &answer.status, &answer.header, &answer.body}
	)
	if err := ks.r.once(ctx, func(q querier) (err error) {
		if c.Cart.IsZero() {
			return q.QueryRow(ctx, keyClaim, asked...).Scan(found...)
		}
		got.Cart, err = scanCart(q.QueryRow(ctx, keyClaimCart, append(asked, uuid(c.Cart.UUID))...), c.Cart, found...)
		return err
	}); err != nil {
		return ports.Claimed{}, err
	}
	switch state {
	case "new":
		got.State = ports.ClaimNew
	case "continued":
		got.State = ports.ClaimContinued
	case "finished":
		got.State = ports.ClaimFinished
	case "held":
		got.State = ports.ClaimInProgress
	default:
		got.State = ports.ClaimOther
	}
	if answer.status == nil {
		return got, nil
	}
	sent, err := answer.read()
	got.Answer = &sent
	return got, err
}

// Remember is contracted by ports.Keys.
func (ks keys) Remember(ctx context.Context, k ports.KeyRef, a ports.Answer) (ports.Answer, error) {
	header, err := json.Marshal(a.Header)
	if err != nil {
		return ports.Answer{}, fault.Wrap(fault.Internal, "postgres", err)
	}
	var stored storedAnswer
	if err := ks.r.once(ctx, func(q querier) error {
		err := q.QueryRow(ctx, keyRemember, k.Owner, k.Operation, k.Key, a.Status, header, append([]byte{}, a.Body...)).
			Scan(&stored.status, &stored.header, &stored.body)
		if errors.Is(err, pgx.ErrNoRows) {
			return fault.Missing("idempotency key")
		}
		return err
	}); err != nil {
		return ports.Answer{}, err
	}
	return stored.read()
}

// Release is contracted by ports.Keys.
func (ks keys) Release(ctx context.Context, k ports.KeyRef) error {
	return ks.r.once(ctx, func(q querier) error {
		_, err := q.Exec(ctx, keyRelease, k.Owner, k.Operation, k.Key)
		return err
	})
}

// storedAnswer is an answer as it is stored.
type storedAnswer struct {
	status *int
	header []byte
	body   []byte
}

func (s storedAnswer) read() (ports.Answer, error) {
	a := ports.Answer{Status: *s.status, Header: map[string]string{}, Body: s.body}
	return a, unreadable(json.Unmarshal(s.header, &a.Header))
}

type keyWriter struct{ t *tx }

var _ ports.KeyWriter = keyWriter{}

// Attach is contracted by ports.KeyWriter.
func (w keyWriter) Attach(_ context.Context, k ports.KeyRef, o id.Order) error {
	w.t.queue(keyAttach, k.Owner, k.Operation, k.Key, uuid(o.UUID))
	return nil
}

// Settle is contracted by ports.KeyWriter.
func (w keyWriter) Settle(_ context.Context, k ports.KeyRef, o id.Order, outcome []byte) error {
	w.t.queue(keySettle, k.Owner, k.Operation, k.Key, uuid(o.UUID), outcome)
	return nil
}

// SettleOrder is contracted by ports.KeyWriter.
func (w keyWriter) SettleOrder(_ context.Context, o id.Order, outcome []byte) error {
	w.t.queue(keySettleOrder, uuid(o.UUID), outcome)
	return nil
}

// once runs one statement that is a transaction of its own, in one round trip.
// It is not run again if it may have been done: that is Unknown.
func (r *realm) once(ctx context.Context, fn func(q querier) error) error {
	if r.joined != nil {
		return translate(ctx, fn(r.joined))
	}
	err := r.primary.readOnce(ctx, fn)
	if !r.primary.moved(ctx, err) {
		return translate(ctx, err)
	}
	if stateOf(err) == "" && !pgconn.SafeToRetry(err) && !fault.Is(err, fault.Unavailable) {
		return &fault.Error{Kind: fault.Unknown, Op: "postgres", Detail: "the connection was lost before the answer came", Err: err}
	}
	return translate(ctx, r.primary.readOnce(ctx, fn))
}
