package sqlite

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
)

type carts struct{ db *DB }

var _ ports.Carts = carts{}

func (c carts) Cart(ctx context.Context, cid id.Cart) (got cart.Cart, err error) {
	if err := c.db.readers.ready(ctx); err != nil {
		return cart.Cart{}, err
	}
	if got, ok := c.db.derived.carts.find(cid); ok {
		return got, nil
	}
	err = c.db.view(ctx, func(s *session) error {
		got, err = readCart(s, cid)
		return err
	})
	return got, err
}

func (c carts) Insert(ctx context.Context, n cart.Cart) (ports.Mark, error) {
	lines, coupons, err := cartLists(n)
	if err != nil {
		return ports.Mark{}, err
	}
	return c.db.write(ctx, ports.Orders, func(_ context.Context, s *session) error {
		_, err := s.exec(`INSERT INTO carts (id, customer_id, token, status, order_id, currency, lines, coupons, version, expires_at, created_at, updated_at)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)`,
			n.ID.UUID, n.Customer.UUID, n.Token[:], string(n.Status), n.Order.UUID, string(n.Currency), lines, coupons, n.Version,
			n.ExpiresAt, n.CreatedAt, n.UpdatedAt)
		if err == nil {
			c.db.keepCart(s, n)
		}
		return err
	})
}

func (c carts) Update(ctx context.Context, cid id.Cart, fn func(*cart.Cart) error) (ports.Mark, error) {
	return c.db.write(ctx, ports.Orders, func(_ context.Context, s *session) error {
		got, err := readCart(s, cid)
		if err != nil {
			return err
		}
		if err := fn(&got); err != nil {
			return err
		}
		return c.db.saveCart(s, got)
	})
}

type cartWriter struct {
	db *DB
	s  *session
}

var _ ports.CartWriter = cartWriter{}

func (w cartWriter) CartForUpdate(_ context.Context, cid id.Cart) (cart.Cart, error) {
	return readCart(w.s, cid)
}

func (w cartWriter) SaveCart(_ context.Context, c cart.Cart) error { return w.db.saveCart(w.s, c) }

func (w cartWriter) TakeCart(_ context.Context, c cart.Cart, version int64) error {
	if err := unchanged(w.s, "carts", c.ID.UUID, version); err != nil {
		return err
	}
	return w.db.saveCart(w.s, c)
}

// unchanged answers Stale unless a row is there in a version.
func unchanged(s *session, table string, of id.UUID, version int64) error {
	var current int64
	_, err := s.first("SELECT version FROM "+table+" WHERE id = ?1", func(r row) error {
		current = r.int64(0)
		return nil
	}, of)
	if err == nil && current != version {
		err = fault.VersionConflict(current)
	}
	return err
}

func readCart(s *session, cid id.Cart) (cart.Cart, error) {
	c := cart.Cart{ID: cid, Lines: []cart.Line{}, Coupons: []string{}}
	found, err := s.first(`SELECT customer_id, token, status, order_id, currency, lines, coupons, version, expires_at, created_at, updated_at
		FROM carts WHERE id = ?1`, func(r row) error {
		c.Customer.UUID = r.uuid(0)
		copy(c.Token[:], r.bytes(1))
		c.Status = cart.Status(r.text(2))
		c.Order.UUID = r.uuid(3)
		c.Currency = money.Currency(r.text(4))
		c.Version = r.int64(7)
		c.ExpiresAt, c.CreatedAt, c.UpdatedAt = r.time(8), r.time(9), r.time(10)
		if err := r.json(5, &c.Lines); err != nil {
			return err
		}
		return r.json(6, &c.Coupons)
	}, cid.UUID)
	if err == nil && !found {
		err = fault.Missing("cart")
	}
	return c, err
}

// saveCart stores what may change of a cart.
func (db *DB) saveCart(s *session, c cart.Cart) error {
	lines, coupons, err := cartLists(c)
	if err != nil {
		return err
	}
	n, err := s.exec(`UPDATE carts SET customer_id = ?2, token = ?3, status = ?4, order_id = ?5, lines = ?6, coupons = ?7, version = ?8,
		expires_at = ?9, updated_at = ?10 WHERE id = ?1`,
		c.ID.UUID, c.Customer.UUID, c.Token[:], string(c.Status), c.Order.UUID, lines, coupons, c.Version, c.ExpiresAt, c.UpdatedAt)
	if err == nil && n == 0 {
		err = fault.Missing("cart")
	}
	if err == nil {
		db.keepCart(s, c)
	}
	return err
}

// keepCart keeps a cart as a transaction leaves it, once that is committed. It
// shares nothing with the caller's, and is as it would be read.
func (db *DB) keepCart(s *session, c cart.Cart) {
	c = unshared(c)
	for _, t := range []*time.Time{&c.ExpiresAt, &c.CreatedAt, &c.UpdatedAt} {
		*t = t.Truncate(time.Microsecond).UTC()
	}
	s.keepAfterCommit(func(_ uint64, certain bool) {
		if certain {
			db.derived.carts.put(c)
		} else {
			db.derived.carts.forget(c.ID)
		}
	})
}

func cartLists(c cart.Cart) (lines, coupons string, err error) {
	if lines, err = encodeList(c.Lines); err != nil {
		return "", "", err
	}
	coupons, err = encodeList(c.Coupons)
	return lines, coupons, err
}

// encodeList is encode for a list: one without elements is not null.
func encodeList[T any](list []T) (string, error) {
	if len(list) == 0 {
		return "[]", nil
	}
	return encode(list)
}
