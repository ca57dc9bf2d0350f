package postgres

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/ports"
)

type orderRecords struct{ r *realm }

var (
	_ ports.OrderRecords = orderRecords{}
	_ ports.OrderHistory = orderRecords{}
)

// An order is read with its lines by one statement, so that both are of one
// state: a row for each line, with the documents in the first.
const (
	orderColumns = `o.id, o.number, o.cart_id, o.customer_id, o.email, o.status, o.confirmed_at, o.currency,
		o.subtotal, o.discount, o.shipping, o.tax, o.tax_included, o.total, o.test, o.version, o.created_at, o.updated_at`
	orderWithLines = "SELECT " + orderColumns + ", CASE WHEN l.position = 0 THEN o.snapshot END, CASE WHEN l.position = 0 THEN o.history END, " + lineColumns
	orderByID      = orderWithLines + " FROM orders.orders o JOIN orders.order_lines l ON l.order_id = o.id WHERE o.id = $1 AND l.order_id = $1 ORDER BY l.position"
	orderByNumber  = orderWithLines + ` FROM orders.orders o JOIN orders.order_lines l ON l.order_id = o.id
		WHERE o.id = (SELECT order_id FROM orders.checkouts WHERE number = $1) AND l.order_id = (SELECT order_id FROM orders.checkouts WHERE number = $1)
		ORDER BY l.position`
	ordersOf = "SELECT * FROM orders.orders o WHERE o.customer_id = $1 AND o.id < $2 ORDER BY o.id DESC LIMIT $3"
)

// orderPage is the statement that reads the orders of a list with their lines,
// in the list's direction.
func orderPage(list, direction string) string {
	return orderWithLines + " FROM (" + list + ") o JOIN orders.order_lines l ON l.order_id = o.id ORDER BY o.id" + direction + ", l.position"
}

// Order is contracted by ports.OrderRecords.
func (os orderRecords) Order(ctx context.Context, o id.Order) (order.Order, error) {
	return os.one(ctx, orderByID, uuid(o.UUID))
}

// OrderByNumber is contracted by ports.OrderRecords.
func (os orderRecords) OrderByNumber(ctx context.Context, number string) (order.Order, error) {
	return os.one(ctx, orderByNumber, number)
}

func (os orderRecords) one(ctx context.Context, sql string, args ...any) (order.Order, error) {
	var found []order.Order
	err := os.r.read(ctx, func(q querier) (err error) {
		found, err = readOrders(ctx, q, sql, args...)
		return err
	})
	if err != nil {
		return order.Order{}, err
	}
	if len(found) == 0 {
		return order.Order{}, fault.Missing("order")
	}
	return found[0], nil
}

// OrdersOf is contracted by ports.OrderHistory.
func (os orderRecords) OrdersOf(ctx context.Context, c id.Customer, before id.Order, limit int, after ports.Mark) (all []order.Order, err error) {
	err = os.r.readAfter(ctx, after, func(q querier) error {
		all, err = readOrders(ctx, q, orderPage(ordersOf, " DESC"), uuid(c.UUID), older(before.UUID), limit)
		return err
	})
	return all, err
}

// BrowseOrders is contracted by ports.OrderRecords.
func (os orderRecords) BrowseOrders(ctx context.Context, f order.Filter) (page []order.Order, total int, err error) {
	asked := orderConditions(f)
	count, counted := "SELECT count(*) FROM orders.orders o"+asked.where(), len(asked.args)
	beyond, direction := "<", " DESC"
	if f.OldestFirst {
		beyond, direction = ">", ""
	}
	if !f.Before.IsZero() {
		asked.add("o.id "+beyond+" %s", uuid(f.Before.UUID))
	}
	list := orderPage("SELECT * FROM orders.orders o"+asked.where()+" ORDER BY o.id"+direction+fmt.Sprintf(" LIMIT %d", f.Limit), direction)
	err = os.r.read(ctx, func(q querier) error {
		b := &pgx.Batch{}
		b.Queue(list, asked.args...).Query(func(rows pgx.Rows) (err error) {
			page, err = scanOrders(rows)
			return err
		})
		total = -1
		if f.Count {
			b.Queue(count, asked.args[:counted]...).QueryRow(func(row pgx.Row) error { return row.Scan(&total) })
		}
		return q.SendBatch(ctx, b).Close()
	})
	return page, total, err
}

// idSlack is how far the time in an order's id may be from when it was created.
const idSlack = 24 * time.Hour

func orderConditions(f order.Filter) (c conditions) {
	if !f.CreatedFrom.IsZero() { // months before are left out by the id
		c.add("o.created_at >= %s AND o.id >= orders.first_id(%s)", instant(f.CreatedFrom), instant(f.CreatedFrom.Add(-idSlack)))
	}
	if !f.CreatedTo.IsZero() {
		c.add("o.created_at < %s AND o.id < orders.first_id(%s)", instant(f.CreatedTo), instant(f.CreatedTo.Add(idSlack)))
	}
	if f.Status != "" {
		c.add("o.status = %s", string(f.Status))
	}
	if f.Email != "" {
		c.add("o.email = %s", strings.ToLower(f.Email))
	}
	if f.Number != "" {
		c.add("o.id = (SELECT order_id FROM orders.checkouts WHERE number = %s)", f.Number)
	}
	if f.PaymentStatus != "" {
		c.add("coalesce((SELECT p.status FROM orders.payments p WHERE p.order_id = o.id ORDER BY p.id DESC LIMIT 1), 'not_required') = %s", f.PaymentStatus)
	}
	const sold = "EXISTS (SELECT FROM orders.order_lines l WHERE l.order_id = o.id AND lower(l.sku) = %s)"
	if f.SKU != "" {
		c.add(sold, f.SKU.Fold())
	}
	if f.Query != "" {
		c.add("(o.number = %s OR starts_with(o.email, %s) OR "+sold+")", strings.ToUpper(f.Query), strings.ToLower(f.Query), strings.ToLower(f.Query))
	}
	return c
}
