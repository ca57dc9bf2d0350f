package sqlite

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

type orderRecords struct{ db *DB }

var (
	_ ports.OrderRecords = orderRecords{}
	_ ports.OrderHistory = orderRecords{}
)

const orderColumns = `id, number, cart_id, customer_id, email, status, confirmed_at, currency, subtotal, discount, shipping, tax, tax_included, total,
	snapshot, history, test, version, created_at, updated_at`

const (
	orderByID     = "SELECT " + orderColumns + " FROM orders WHERE id = ?1"
	orderByNumber = "SELECT " + orderColumns + " FROM orders WHERE number = ?1"
	ordersOf      = "SELECT " + orderColumns + " FROM orders WHERE customer_id = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3"
)

func (os orderRecords) Order(ctx context.Context, o id.Order) (order.Order, error) {
	return os.one(ctx, orderByID, o.UUID)
}

func (os orderRecords) OrderByNumber(ctx context.Context, number string) (order.Order, error) {
	return os.one(ctx, orderByNumber, number)
}

func (os orderRecords) one(ctx context.Context, sql string, args ...any) (o order.Order, err error) {
	err = os.db.snapshot(ctx, func(s *session) error {
		o, err = readOrder(s, sql, args...)
		return err
	})
	return o, err
}

func (os orderRecords) OrdersOf(ctx context.Context, c id.Customer, before id.Order, limit int, _ ports.Mark) (all []order.Order, err error) {
	err = os.db.snapshot(ctx, func(s *session) error {
		all, err = readOrders(s, ordersOf, c.UUID, older(before.UUID), limit)
		return err
	})
	return all, err
}

// A number and an email have an index; everything else is looked for from the
// newest order on. Members that ask nothing are NULL, or a bound that all keep.
const (
	orderFilter = ` created_at >= ?2 AND created_at < ?3
		AND (?4 IS NULL OR status = ?4) AND (?5 IS NULL OR email = ?5) AND (?6 IS NULL OR number = ?6)
		AND (?7 IS NULL OR ?7 = coalesce((SELECT p.status FROM payments p WHERE p.order_id = orders.id ORDER BY p.id DESC LIMIT 1), 'not_required'))
		AND (?8 IS NULL OR EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = orders.id AND l.sku = ?8))
		AND (?10 IS NULL OR number = ?11 OR substr(email, 1, length(?10)) = ?10
			OR EXISTS (SELECT 1 FROM order_lines l WHERE l.order_id = orders.id AND l.sku = ?10))`
	newestFirst = " AND id < ?1 ORDER BY id DESC LIMIT ?9"
	oldestFirst = " AND id > ?1 ORDER BY id LIMIT ?9"

	browseAll    = "SELECT " + orderColumns + " FROM orders WHERE" + orderFilter
	browseEmail  = "SELECT " + orderColumns + " FROM orders WHERE email = ?5 AND" + orderFilter
	browseNumber = "SELECT " + orderColumns + " FROM orders WHERE number = ?6 AND" + orderFilter
	countAll     = "SELECT count(*) FROM orders WHERE" + orderFilter
	countEmail   = "SELECT count(*) FROM orders WHERE email = ?5 AND" + orderFilter
)

func (os orderRecords) BrowseOrders(ctx context.Context, f order.Filter) (page []order.Order, total int, err error) {
	from, to := int64(math.MinInt64), int64(math.MaxInt64)
	if !f.CreatedFrom.IsZero() {
		from = f.CreatedFrom.UnixMicro()
	}
	if !f.CreatedTo.IsZero() {
		to = f.CreatedTo.UnixMicro()
	}
	email := strings.ToLower(f.Email)
	beyond, sorted := older(f.Before.UUID), newestFirst
	if f.OldestFirst {
		beyond, sorted = f.Before.UUID[:], oldestFirst
	}
	args := []any{
		beyond, from, to, asked(string(f.Status)), asked(email), asked(f.Number), asked(f.PaymentStatus), asked(string(f.SKU)), f.Limit,
		asked(strings.ToLower(f.Query)), strings.ToUpper(f.Query),
	}
	list, count := browseAll, countAll
	switch {
	case f.Number != "":
		list = browseNumber
	case email != "":
		list, count = browseEmail, countEmail
	}
	total = -1
	err = os.db.snapshot(ctx, func(s *session) error {
		if page, err = readOrders(s, list+sorted, args...); err != nil || !f.Count {
			return err
		}
		_, err = s.first(count, func(r row) error {
			total = r.int(0)
			return nil
		}, args...)
		return err
	})
	return page, total, err
}

// asked is NULL for a member that asks nothing.
func asked(member string) any {
	if member == "" {
		return nil
	}
	return member
}

// older returns the exclusive upper bound of a walk from new to old; the zero
// id begins it.
func older(u id.UUID) []byte {
	if u.IsZero() {
		return bytes.Repeat([]byte{0xff}, len(u))
	}
	return u[:]
}

type orderWriter struct{ s *session }

var _ ports.OrderWriter = orderWriter{}

func (w orderWriter) OrderForUpdate(_ context.Context, o id.Order) (order.Order, error) {
	return readOrder(w.s, orderByID, o.UUID)
}

func (w orderWriter) CheckoutForUpdate(_ context.Context, c id.Cart, o id.Order, p id.Payment) (k cart.Cart, l order.Order, m payment.Payment, err error) {
	if k, err = readCart(w.s, c); fault.Is(err, fault.NotFound) {
		k, err = cart.Cart{}, nil
	}
	if err == nil {
		l, err = readOrder(w.s, orderByID, o.UUID)
	}
	if err == nil && !p.IsZero() {
		m, err = readPayment(w.s, paymentByID, p.UUID)
	}
	return k, l, m, err
}

func (w orderWriter) LockCheckout(_ context.Context, c cart.Cart, o order.Order, p payment.Payment) error {
	err := unchanged(w.s, "carts", c.ID.UUID, c.Version)
	if err == nil {
		err = unchanged(w.s, "orders", o.ID.UUID, o.Version)
	}
	if err != nil || p.ID.IsZero() {
		return err
	}
	stored, err := readPayment(w.s, paymentByID, p.ID.UUID)
	if fault.Is(err, fault.NotFound) || err == nil && (stored.Version != p.Version || !stored.NextCheckAt.Equal(p.NextCheckAt)) {
		return fault.VersionConflict(stored.Version)
	}
	return err
}

func (w orderWriter) InsertOrder(_ context.Context, o order.Order) error {
	snapshot, err := o.MarshalSnapshot()
	if err != nil {
		return fault.Wrap(fault.Internal, "sqlite", err)
	}
	history, err := o.MarshalHistory()
	if err != nil {
		return fault.Wrap(fault.Internal, "sqlite", err)
	}
	t := &o.Totals
	if _, err := w.s.exec("INSERT INTO orders ("+orderColumns+`)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)`,
		o.ID.UUID, o.Number, o.Cart.UUID, o.Customer.UUID, o.Email, string(o.Status), o.ConfirmedAt, string(o.Currency),
		t.Subtotal.Minor(), t.Discount.Minor(), t.Shipping.Minor(), t.Tax.Minor(), t.TaxIncluded, t.Total.Minor(),
		string(snapshot), string(history), o.Test, o.Version, o.CreatedAt, o.UpdatedAt); err != nil {
		return w.conflict(err, &o)
	}
	for i := range o.Lines {
		if err := insertLine(w.s, o.ID, i, &o.Lines[i]); err != nil {
			return err
		}
	}
	return nil
}

func insertLine(s *session, o id.Order, position int, l *order.Line) error {
	var options, image any
	if len(l.Options) > 0 {
		text, err := encode(l.Options)
		if err != nil {
			return err
		}
		options = text
	}
	if l.Image != nil {
		text, err := encode(l.Image)
		if err != nil {
			return err
		}
		image = text
	}
	_, err := s.exec(`INSERT INTO order_lines (order_id, position, sku, product_id, product_slug, name, options, image, quantity,
			unit_price, subtotal, discount, tax, total, shipped, returned)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)`,
		o.UUID, position, l.SKU, l.Product.UUID, l.ProductSlug, l.Name, options, image, l.Quantity,
		l.UnitPrice.Minor(), l.Subtotal.Minor(), l.Discount.Minor(), l.Tax.Minor(), l.Total.Minor(), l.Shipped, l.Returned)
	return err
}

func (w orderWriter) SaveOrder(_ context.Context, o order.Order) error {
	history, err := o.MarshalHistory()
	if err != nil {
		return fault.Wrap(fault.Internal, "sqlite", err)
	}
	n, err := w.s.exec("UPDATE orders SET status = ?2, confirmed_at = ?3, history = ?4, version = ?5, updated_at = ?6 WHERE id = ?1",
		o.ID.UUID, string(o.Status), o.ConfirmedAt, string(history), o.Version, o.UpdatedAt)
	if err != nil {
		return w.conflict(err, &o)
	}
	if n == 0 {
		return fault.Missing("order")
	}
	for i, l := range o.Lines {
		if l.Shipped == 0 && l.Returned == 0 {
			continue // neither ever falls
		}
		if _, err := w.s.exec("UPDATE order_lines SET shipped = ?3, returned = ?4 WHERE order_id = ?1 AND position = ?2",
			o.ID.UUID, i, l.Shipped, l.Returned); err != nil {
			return err
		}
	}
	return nil
}

// conflict says which unique index an order broke: SQLite tells only in words.
func (w orderWriter) conflict(err error, o *order.Order) error {
	if !taken(err) {
		return err
	}
	live := cart.InOrder{}
	found, lookup := w.s.first(`SELECT id FROM orders WHERE cart_id = ?1 AND id <> ?2
		AND status <> 'payment_failed' AND (status <> 'canceled' OR confirmed_at IS NOT NULL)`, func(r row) error {
		live.Order.UUID = r.uuid(0)
		return nil
	}, o.Cart.UUID, o.ID.UUID)
	switch {
	case lookup != nil:
		return lookup
	case found:
		return &fault.Error{Kind: fault.Conflict, Code: "cart_already_ordered", Detail: "this cart has been ordered", Data: live, Err: err}
	}
	found, lookup = w.s.first("SELECT 1 FROM orders WHERE number = ?1 AND id <> ?2", func(row) error { return nil }, o.Number, o.ID.UUID)
	switch {
	case lookup != nil:
		return lookup
	case found:
		return fault.Duplicate("number")
	}
	return err
}

func readOrder(s *session, sql string, args ...any) (order.Order, error) {
	found, err := readOrders(s, sql, args...)
	if err != nil {
		return order.Order{}, err
	}
	if len(found) == 0 {
		return order.Order{}, fault.Missing("order")
	}
	return found[0], nil
}

func readOrders(s *session, sql string, args ...any) ([]order.Order, error) {
	all := []order.Order{}
	if err := s.query(sql, func(r row) error {
		o, err := scanOrder(r)
		all = append(all, o)
		return err
	}, args...); err != nil {
		return nil, err
	}
	for i := range all {
		if err := readLines(s, &all[i]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func scanOrder(r row) (order.Order, error) {
	var o order.Order
	o.ID.UUID, o.Number, o.Cart.UUID, o.Customer.UUID, o.Email = r.uuid(0), r.text(1), r.uuid(2), r.uuid(3), r.text(4)
	o.Status, o.ConfirmedAt, o.Currency = order.Status(r.text(5)), r.time(6), money.Currency(r.text(7))
	amount := func(col int) money.Amount { return money.New(r.int64(col), o.Currency) }
	t := &o.Totals
	t.Subtotal, t.Discount, t.Shipping, t.Tax, t.TaxIncluded, t.Total = amount(8), amount(9), amount(10), amount(11), r.bool(12), amount(13)
	o.Test, o.Version, o.CreatedAt, o.UpdatedAt = r.bool(16), r.int64(17), r.time(18), r.time(19)
	if err := errors.Join(o.UnmarshalSnapshot(r.bytes(14)), o.UnmarshalHistory(r.bytes(15))); err != nil {
		return o, &fault.Error{Kind: fault.Internal, Op: "sqlite", Detail: "a stored document cannot be read", Err: err}
	}
	return o, nil
}

func readLines(s *session, o *order.Order) error {
	o.Lines = []order.Line{}
	return s.query(`SELECT sku, product_id, product_slug, name, options, image, quantity, unit_price, subtotal, discount, tax, total, shipped, returned
		FROM order_lines WHERE order_id = ?1 ORDER BY position`, func(r row) error {
		amount := func(col int) money.Amount { return money.New(r.int64(col), o.Currency) }
		l := order.Line{
			SKU: r.sku(0), Product: id.Product{UUID: r.uuid(1)}, ProductSlug: r.text(2), Name: r.text(3), Options: []catalog.Option{},
			Quantity: r.int(6), UnitPrice: amount(7), Subtotal: amount(8), Discount: amount(9), Tax: amount(10), Total: amount(11),
			Shipped: r.int(12), Returned: r.int(13),
		}
		if err := r.json(4, &l.Options); err != nil {
			return err
		}
		if err := r.json(5, &l.Image); err != nil {
			return err
		}
		o.Lines = append(o.Lines, l)
		return nil
	}, o.ID.UUID)
}
