package postgres

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
)

const lineColumns = `l.sku, l.product_id, l.product_slug, l.name, l.options, l.image, l.quantity,
	l.unit_price, l.subtotal, l.discount, l.tax, l.total, l.shipped, l.returned`

func readOrders(ctx context.Context, q querier, sql string, args ...any) ([]order.Order, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return scanOrders(rows)
}

// scanOrders reads rows of orderWithLines; the list is not nil.
func scanOrders(rows pgx.Rows) ([]order.Order, error) {
	defer rows.Close()
	all := []order.Order{}
	for rows.Next() {
		var o orderRow
		var l lineRow
		if err := rows.Scan(append(o.columns(), l.columns()...)...); err != nil {
			return nil, err
		}
		if n := len(all); n == 0 || all[n-1].ID != o.ID {
			whole, err := o.order()
			if err != nil {
				return nil, err
			}
			all = append(all, whole)
		}
		last := &all[len(all)-1]
		if err := l.into(last); err != nil {
			return nil, err
		}
	}
	return all, rows.Err()
}

// orderRow is an order as it is read.
type orderRow struct {
	order.Order
	subtotal, discount, shipping, tax, total int64
	snapshot, history                        []byte
}

func (r *orderRow) columns() []any {
	return []any{
		(*uuid)(&r.ID.UUID), &r.Number, (*uuid)(&r.Cart.UUID), (*uuid)(&r.Customer.UUID), &r.Email, &r.Status, (*instant)(&r.ConfirmedAt), &r.Currency,
		&r.subtotal, &r.discount, &r.shipping, &r.tax, &r.Totals.TaxIncluded, &r.total, &r.Test, &r.Version, (*instant)(&r.CreatedAt), (*instant)(&r.UpdatedAt),
		&r.snapshot, &r.history,
	}
}

// order returns the order, still without lines.
func (r *orderRow) order() (order.Order, error) {
	o := r.Order
	t := &o.Totals
	t.Subtotal, t.Discount, t.Shipping = money.New(r.subtotal, o.Currency), money.New(r.discount, o.Currency), money.New(r.shipping, o.Currency)
	t.Tax, t.Total = money.New(r.tax, o.Currency), money.New(r.total, o.Currency)
	o.Lines = []order.Line{}
	return o, unreadable(errors.Join(o.UnmarshalSnapshot(r.snapshot), o.UnmarshalHistory(r.history)))
}

// lineRow is a line of an order as it is read.
type lineRow struct {
	order.Line
	unitPrice, subtotal, discount, tax, total int64
	options, image                            []byte
}

func (r *lineRow) columns() []any {
	return []any{
		&r.SKU, (*uuid)(&r.Product.UUID), &r.ProductSlug, &r.Name, &r.options, &r.image, &r.Quantity,
		&r.unitPrice, &r.subtotal, &r.discount, &r.tax, &r.total, &r.Shipped, &r.Returned,
	}
}

// into appends the line to its order.
func (r *lineRow) into(o *order.Order) (err error) {
	l := r.Line
	l.UnitPrice, l.Subtotal, l.Discount = money.New(r.unitPrice, o.Currency), money.New(r.subtotal, o.Currency), money.New(r.discount, o.Currency)
	l.Tax, l.Total = money.New(r.tax, o.Currency), money.New(r.total, o.Currency)
	if l.Options, err = catalog.ParseOptions(r.options); err != nil {
		return unreadable(err)
	}
	if r.image != nil {
		image, err := catalog.ParseImage(r.image)
		if err != nil {
			return unreadable(err)
		}
		l.Image = &image
	}
	o.Lines = append(o.Lines, l)
	return nil
}

// orderLines are the lines of an order as arrays, a column each.
type orderLines struct {
	skus, slugs, names, options                                             []string
	products                                                                []uuid
	images                                                                  []*string
	quantities, unitPrices, subtotals, discounts, taxes, totals, ship, back []int64
}

func linesOf(o *order.Order) orderLines {
	var c orderLines
	for _, l := range o.Lines {
		c.skus, c.slugs, c.names = append(c.skus, string(l.SKU)), append(c.slugs, l.ProductSlug), append(c.names, l.Name)
		c.products = append(c.products, uuid(l.Product.UUID))
		c.options = append(c.options, string(catalog.AppendOptions(nil, l.Options)))
		var image *string
		if l.Image != nil {
			document := string(l.Image.AppendDocument(nil))
			image = &document
		}
		c.images = append(c.images, image)
		c.quantities, c.unitPrices = append(c.quantities, int64(l.Quantity)), append(c.unitPrices, l.UnitPrice.Minor())
		c.subtotals, c.discounts = append(c.subtotals, l.Subtotal.Minor()), append(c.discounts, l.Discount.Minor())
		c.taxes, c.totals = append(c.taxes, l.Tax.Minor()), append(c.totals, l.Total.Minor())
		c.ship, c.back = append(c.ship, int64(l.Shipped)), append(c.back, int64(l.Returned))
	}
	return c
}

func (c *orderLines) args() []any {
	return []any{
		c.skus, c.products, c.slugs, c.names, c.options, c.images, c.quantities, c.unitPrices, c.subtotals, c.discounts, c.taxes, c.totals, c.ship, c.back,
	}
}
