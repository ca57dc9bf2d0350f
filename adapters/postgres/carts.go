package postgres

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

type carts struct{ r *realm }

var _ ports.Carts = carts{}

const (
	cartColumns   = "customer_id, token, status, order_id, currency, lines, coupons, version, expires_at, created_at, updated_at"
	cartByID      = "SELECT " + cartColumns + " FROM orders.carts WHERE id = $1"
	cartForUpdate = cartByID + " FOR NO KEY UPDATE"
	cartEntry     = "INSERT INTO orders.carts (id, " + cartColumns + ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
	cartSave      = `WITH saved AS (
			UPDATE orders.carts SET customer_id = $2, token = $3, status = $4, order_id = $5, lines = $6, coupons = $7, version = $8, expires_at = $9, updated_at = $10
			WHERE id = $1 RETURNING 1
		) SELECT orders.missing('cart') WHERE NOT EXISTS (SELECT FROM saved)`
	cartTake = `WITH taken AS (
			UPDATE orders.carts SET customer_id = $2, token = $3, status = $4, order_id = $5, lines = $6, coupons = $7, version = $8, expires_at = $9, updated_at = $10
			WHERE id = $1 AND version = $11 RETURNING 1
		) SELECT orders.refuse_stale('cart') WHERE NOT EXISTS (SELECT FROM taken)`
)

// Cart is contracted by ports.Carts.
func (c carts) Cart(ctx context.Context, cid id.Cart) (got cart.Cart, err error) {
	err = c.r.read(ctx, func(q querier) error {
		got, err = readCart(ctx, q, cartByID, cid)
		return err
	})
	return got, err
}

// Insert is contracted by ports.Carts.
func (c carts) Insert(ctx context.Context, n cart.Cart) (ports.Mark, error) {
	lines, err := cartLines(n)
	if err != nil {
		return ports.Mark{}, err
	}
	return c.r.write(ctx, func(_ context.Context, t *tx) error {
		t.queue(cartEntry, uuid(n.ID.UUID), uuid(n.Customer.UUID), n.Token[:], string(n.Status), uuid(n.Order.UUID), string(n.Currency), lines, n.Coupons,
			n.Version, instant(n.ExpiresAt), instant(n.CreatedAt), instant(n.UpdatedAt))
		return nil
	})
}

// Update is contracted by ports.Carts.
func (c carts) Update(ctx context.Context, cid id.Cart, fn func(*cart.Cart) error) (ports.Mark, error) {
	return c.r.write(ctx, func(ctx context.Context, t *tx) error {
		w := cartWriter{t}
		got, err := w.CartForUpdate(ctx, cid)
		if err != nil {
			return err
		}
		if err := fn(&got); err != nil {
			return err
		}
		return w.SaveCart(ctx, got)
	})
}

type cartWriter struct{ t *tx }

var _ ports.CartWriter = cartWriter{}

// CartForUpdate is contracted by ports.CartWriter.
func (w cartWriter) CartForUpdate(ctx context.Context, cid id.Cart) (cart.Cart, error) {
	c, err := readCart(ctx, w.t, cartForUpdate, cid)
	return c, translate(ctx, err)
}

// SaveCart is contracted by ports.CartWriter.
func (w cartWriter) SaveCart(_ context.Context, c cart.Cart) error {
	return w.save(cartSave, c)
}

// TakeCart is contracted by ports.CartWriter.
func (w cartWriter) TakeCart(_ context.Context, c cart.Cart, version int64) error {
	return w.save(cartTake, c, version)
}

func (w cartWriter) save(sql string, c cart.Cart, more ...any) error {
	lines, err := cartLines(c)
	if err != nil {
		return err
	}
	w.t.queue(sql, append([]any{
		uuid(c.ID.UUID), uuid(c.Customer.UUID), c.Token[:], string(c.Status), uuid(c.Order.UUID), lines, c.Coupons, c.Version,
		instant(c.ExpiresAt), instant(c.UpdatedAt),
	}, more...)...)
	return nil
}

func readCart(ctx context.Context, q querier, sql string, cid id.Cart) (cart.Cart, error) {
	return scanCart(q.QueryRow(ctx, sql, uuid(cid.UUID)), cid)
}

// scanCart reads a cart from a row, behind what else is in it.
func scanCart(row pgx.Row, cid id.Cart, ahead ...any) (cart.Cart, error) {
	c := cart.Cart{ID: cid, Lines: []cart.Line{}}
	var token, lines []byte
	err := row.Scan(append(ahead, (*uuid)(&c.Customer.UUID), &token, &c.Status, (*uuid)(&c.Order.UUID), &c.Currency, &lines, &c.Coupons,
		&c.Version, (*instant)(&c.ExpiresAt), (*instant)(&c.CreatedAt), (*instant)(&c.UpdatedAt))...)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, fault.Missing("cart")
	}
	if err != nil {
		return c, err
	}
	copy(c.Token[:], token)
	return c, unreadable(json.Unmarshal(lines, &c.Lines))
}

func cartLines(c cart.Cart) ([]byte, error) {
	if len(c.Lines) == 0 {
		return []byte("[]"), nil
	}
	b, err := json.Marshal(c.Lines)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "postgres", err)
	}
	return b, nil
}

// unreadable says of an error that it is of a stored document.
func unreadable(err error) error {
	if err == nil {
		return nil
	}
	return &fault.Error{Kind: fault.Internal, Op: "postgres", Detail: "a stored document cannot be read", Err: err}
}
