package postgres

import (
	"cmp"
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

type orderWriter struct{ t *tx }

var _ ports.OrderWriter = orderWriter{}

const (
	orderForUpdate = "SELECT " + orderColumns + ", o.snapshot, o.history FROM orders.orders o WHERE o.id = $1 FOR NO KEY UPDATE"
	// linesOfOrder is a statement of its own: what waited for the order's lock
	// would see lines from before it.
	linesOfOrder = "SELECT " + lineColumns + " FROM orders.order_lines l WHERE l.order_id = $1 ORDER BY l.position"

	orderEntry = `WITH checkout AS (
			INSERT INTO orders.checkouts (order_id, number, cart_id, live) VALUES ($1, $2, $3, $21) ON CONFLICT DO NOTHING RETURNING 1
		), head AS (
			INSERT INTO orders.orders (id, number, cart_id, customer_id, email, status, confirmed_at, currency, subtotal, discount, shipping, tax, tax_included, total,
				snapshot, history, test, version, created_at, updated_at)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
		), lines AS (
			INSERT INTO orders.order_lines (order_id, position, sku, product_id, product_slug, name, options, image, quantity,
				unit_price, subtotal, discount, tax, total, shipped, returned)
			SELECT $1, position - 1, sku, product_id, product_slug, name, options::json, image::json, quantity,
				unit_price, subtotal, discount, tax, total, shipped, returned
			FROM unnest($22::text[], $23::uuid[], $24::text[], $25::text[], $26::text[], $27::text[], $28::bigint[],
				$29::bigint[], $30::bigint[], $31::bigint[], $32::bigint[], $33::bigint[], $34::bigint[], $35::bigint[])
			WITH ORDINALITY AS line (sku, product_id, product_slug, name, options, image, quantity,
				unit_price, subtotal, discount, tax, total, shipped, returned, position)
		) SELECT orders.refuse_checkout($1, $2, $3) WHERE NOT EXISTS (SELECT FROM checkout)`

	orderSave = `WITH saved AS (
			UPDATE orders.orders SET status = $2, confirmed_at = $3, history = $4, version = $5, updated_at = $6 WHERE id = $1 RETURNING 1
		), checkout AS (
			UPDATE orders.checkouts SET live = $7 WHERE order_id = $1 AND live <> $7
		) SELECT orders.missing('order') WHERE NOT EXISTS (SELECT FROM saved)`
	linesSave = `UPDATE orders.order_lines l SET shipped = moved.shipped, returned = moved.returned
		FROM unnest($2::bigint[], $3::bigint[]) WITH ORDINALITY AS moved (shipped, returned, position)
		WHERE l.order_id = $1 AND l.position = moved.position - 1`
)

// OrderForUpdate is contracted by ports.OrderWriter.
func (w orderWriter) OrderForUpdate(ctx context.Context, oid id.Order) (order.Order, error) {
	b := &pgx.Batch{}
	b.Queue(orderForUpdate, uuid(oid.UUID))
	b.Queue(linesOfOrder, uuid(oid.UUID))
	results := w.t.SendBatch(ctx, b)
	o, err := scanLocked(results)
	return o, translate(ctx, cmp.Or(err, results.Close()))
}

// CheckoutForUpdate is contracted by ports.OrderWriter.
func (w orderWriter) CheckoutForUpdate(ctx context.Context, cid id.Cart, oid id.Order, pid id.Payment) (c cart.Cart, o order.Order, p payment.Payment, err error) {
	b := &pgx.Batch{}
	b.Queue(cartForUpdate, uuid(cid.UUID))
	b.Queue(orderForUpdate, uuid(oid.UUID))
	b.Queue(linesOfOrder, uuid(oid.UUID))
	if !pid.IsZero() {
		b.Queue(paymentForUpdate, uuid(pid.UUID))
	}
	results := w.t.SendBatch(ctx, b)
	if c, err = scanCart(results.QueryRow(), cid); fault.Is(err, fault.NotFound) {
		c, err = cart.Cart{}, nil
	}
	if err == nil {
		o, err = scanLocked(results)
	}
	if err == nil && !pid.IsZero() {
		var rows pgx.Rows
		if rows, err = results.Query(); err == nil {
			p, err = onePayment(rows)
		}
	}
	return c, o, p, translate(ctx, cmp.Or(err, results.Close()))
}

// LockCheckout is contracted by ports.OrderWriter.
func (w orderWriter) LockCheckout(_ context.Context, c cart.Cart, o order.Order, p payment.Payment) error {
	w.t.queue("SELECT orders.lock_checkout($1, $2, $3, $4, $5, $6, $7)", uuid(c.ID.UUID), c.Version, uuid(o.ID.UUID), o.Version,
		uuid(p.ID.UUID), p.Version, instant(p.NextCheckAt))
	return nil
}

// scanLocked reads the results of orderForUpdate and linesOfOrder.
func scanLocked(results pgx.BatchResults) (o order.Order, err error) {
	var row orderRow
	if err := results.QueryRow().Scan(row.columns()...); err != nil {
		if errors.Is(err, pgx.ErrNoRows) {
			return o, fault.Missing("order")
		}
		return o, err
	}
	if o, err = row.order(); err != nil {
		return o, err
	}
	rows, err := results.Query()
	if err != nil {
		return o, err
	}
	defer rows.Close()
	for rows.Next() {
		var l lineRow
		if err := rows.Scan(l.columns()...); err != nil {
			return o, err
		}
		if err := l.into(&o); err != nil {
			return o, err
		}
	}
	return o, rows.Err()
}

// InsertOrder is contracted by ports.OrderWriter.
func (w orderWriter) InsertOrder(_ context.Context, o order.Order) error {
	snapshot, err := o.MarshalSnapshot()
	if err != nil {
		return fault.Wrap(fault.Internal, "postgres", err)
	}
	history, err := o.MarshalHistory()
	if err != nil {
		return fault.Wrap(fault.Internal, "postgres", err)
	}
	t, lines := &o.Totals, linesOf(&o)
	w.t.queue(orderEntry, append([]any{
		uuid(o.ID.UUID), o.Number, uuid(o.Cart.UUID), uuid(o.Customer.UUID), o.Email, string(o.Status), instant(o.ConfirmedAt), string(o.Currency),
		t.Subtotal.Minor(), t.Discount.Minor(), t.Shipping.Minor(), t.Tax.Minor(), t.TaxIncluded, t.Total.Minor(),
		snapshot, history, o.Test, o.Version, instant(o.CreatedAt), instant(o.UpdatedAt), live(&o),
	}, lines.args()...)...)
	return nil
}

// SaveOrder is contracted by ports.OrderWriter.
func (w orderWriter) SaveOrder(_ context.Context, o order.Order) error {
	history, err := o.MarshalHistory()
	if err != nil {
		return fault.Wrap(fault.Internal, "postgres", err)
	}
	w.t.queue(orderSave, uuid(o.ID.UUID), string(o.Status), instant(o.ConfirmedAt), history, o.Version, instant(o.UpdatedAt), live(&o))
	shipped, returned, moved := make([]int, len(o.Lines)), make([]int, len(o.Lines)), 0
	for i, l := range o.Lines {
		shipped[i], returned[i] = l.Shipped, l.Returned
		moved += l.Shipped + l.Returned // neither ever falls
	}
	if moved > 0 {
		w.t.queue(linesSave, uuid(o.ID.UUID), shipped, returned)
	}
	return nil
}

// live reports whether an order keeps its cart from being ordered again.
func live(o *order.Order) bool {
	return o.Status != order.PaymentFailed && (o.Status != order.Canceled || !o.ConfirmedAt.IsZero())
}
