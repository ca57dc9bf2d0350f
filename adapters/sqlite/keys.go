package sqlite

import (
	"bytes"
	"context"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

type keys struct{ db *DB }

var _ ports.Keys = keys{}

func (ks keys) Claim(ctx context.Context, c ports.Claim) (got ports.Claimed, err error) {
	_, err = ks.db.write(ctx, ports.Orders, func(_ context.Context, s *session) error {
		var read cart.Cart
		if !c.Cart.IsZero() {
			if read, err = readCart(s, c.Cart); err != nil {
				return err
			}
		}
		got, err = claim(s, c)
		got.Cart = read
		return err
	})
	return got, err
}

func claim(s *session, c ports.Claim) (ports.Claimed, error) {
	n, err := s.exec(`INSERT INTO idempotency_keys (owner, operation, key, fingerprint, locked_until, created_at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT (owner, operation, key) DO NOTHING`,
		c.Owner, c.Operation, c.Key, c.Fingerprint[:], c.Now.Add(c.Lease), c.Now)
	if err != nil || n == 1 {
		return ports.Claimed{State: ports.ClaimNew}, err
	}
	var got ports.Claimed
	if _, err := s.first(`SELECT fingerprint, locked_until, order_id, outcome, status, header, body FROM idempotency_keys
		WHERE owner = ?1 AND operation = ?2 AND key = ?3`, func(r row) error {
		answer, err := scanAnswer(r, 4)
		got = ports.Claimed{State: ports.ClaimContinued, Order: id.Order{UUID: r.uuid(2)}, Outcome: r.bytes(3), Answer: answer}
		switch {
		case !bytes.Equal(r.bytes(0), c.Fingerprint[:]):
			got = ports.Claimed{State: ports.ClaimOther}
		case got.Outcome != nil || got.Answer != nil:
			got.State = ports.ClaimFinished
		case r.time(1).After(c.Now):
			got.State = ports.ClaimInProgress
		}
		return err
	}, c.Owner, c.Operation, c.Key); err != nil || got.State != ports.ClaimContinued {
		return got, err
	}
	_, err = s.exec("UPDATE idempotency_keys SET locked_until = ?4 WHERE owner = ?1 AND operation = ?2 AND key = ?3",
		c.Owner, c.Operation, c.Key, c.Now.Add(c.Lease))
	return got, err
}

// scanAnswer reads status, header, body from a column on; nil if there is none.
func scanAnswer(r row, col int) (*ports.Answer, error) {
	if r.isNull(col) {
		return nil, nil
	}
	a := ports.Answer{Status: r.int(col), Header: map[string]string{}, Body: r.bytes(col + 2)}
	return &a, r.json(col+1, &a.Header)
}

func (ks keys) Remember(ctx context.Context, k ports.KeyRef, a ports.Answer) (ports.Answer, error) {
	header, err := encode(a.Header)
	if err != nil {
		return ports.Answer{}, err
	}
	var inForce *ports.Answer
	_, err = ks.db.write(ctx, ports.Orders, func(_ context.Context, s *session) error {
		n, err := s.exec(`UPDATE idempotency_keys SET status = ?4, header = ?5, body = ?6
			WHERE owner = ?1 AND operation = ?2 AND key = ?3 AND status IS NULL`, k.Owner, k.Operation, k.Key, a.Status, header, a.Body)
		if err != nil || n == 1 {
			inForce = &a
			return err
		}
		found, err := s.first("SELECT status, header, body FROM idempotency_keys WHERE owner = ?1 AND operation = ?2 AND key = ?3", func(r row) error {
			inForce, err = scanAnswer(r, 0)
			return err
		}, k.Owner, k.Operation, k.Key)
		if err == nil && !found {
			err = missingKey()
		}
		return err
	})
	if err != nil {
		return ports.Answer{}, err
	}
	return *inForce, nil
}

func (ks keys) Release(ctx context.Context, k ports.KeyRef) error {
	_, err := ks.db.write(ctx, ports.Orders, func(_ context.Context, s *session) error {
		forgotten, err := s.exec(`DELETE FROM idempotency_keys
			WHERE owner = ?1 AND operation = ?2 AND key = ?3 AND outcome IS NULL AND status IS NULL AND order_id IS NULL`, k.Owner, k.Operation, k.Key)
		if err != nil || forgotten > 0 {
			return err
		}
		_, err = s.exec(`UPDATE idempotency_keys SET locked_until = 0
			WHERE owner = ?1 AND operation = ?2 AND key = ?3 AND outcome IS NULL AND status IS NULL`, k.Owner, k.Operation, k.Key)
		return err
	})
	return err
}

type keyWriter struct{ s *session }

var _ ports.KeyWriter = keyWriter{}

func (w keyWriter) Attach(_ context.Context, k ports.KeyRef, o id.Order) error {
	n, err := w.s.exec(`UPDATE idempotency_keys SET order_id = CASE WHEN outcome IS NULL AND status IS NULL THEN ?4 ELSE order_id END
		WHERE owner = ?1 AND operation = ?2 AND key = ?3`, k.Owner, k.Operation, k.Key, o.UUID)
	if err == nil && n == 0 {
		err = missingKey()
	}
	return err
}

func (w keyWriter) Settle(_ context.Context, k ports.KeyRef, o id.Order, outcome []byte) error {
	_, err := w.s.exec(`UPDATE idempotency_keys SET order_id = ?4, outcome = ?5
		WHERE owner = ?1 AND operation = ?2 AND key = ?3 AND outcome IS NULL AND status IS NULL`,
		k.Owner, k.Operation, k.Key, o.UUID, outcome)
	return err
}

func (w keyWriter) SettleOrder(_ context.Context, o id.Order, outcome []byte) error {
	_, err := w.s.exec("UPDATE idempotency_keys SET outcome = ?2 WHERE order_id = ?1 AND outcome IS NULL AND status IS NULL", o.UUID, outcome)
	return err
}

func missingKey() error { return fault.Missing("idempotency key") }
