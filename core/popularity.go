package core

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

const (
	// rankAfter is how long the first sale of a product waits for others, so that
	// what sells by the second is ranked twice a minute.
	rankAfter = 30 * time.Second
	rankBatch = 200
)

// sells reports whether an order counts as a sale.
func sells(o *order.Order) bool { return !o.ConfirmedAt.IsZero() && o.Status != order.Canceled }

// sold reports whether a dossier's order counts once it is looked at. Before its
// money was taken it need not be, so that no checkout waits for it.
func (d *dossier) sold() bool {
	return sells(&d.order) && (d.payment.ID.IsZero() || d.payment.Captured.Minor() > 0)
}

// CountSales makes orders count for the popularity of what was bought, as they
// are now. It is what catalog.count_sale does: safe to repeat, late or in any
// order.
func (se *Search) CountSales(ctx context.Context, orders []id.Order) error {
	sales := make([]search.Sale, 0, len(orders))
	for _, o := range orders {
		found, err := se.s.Orders.Orders.Order(ctx, o)
		if fault.Is(err, fault.NotFound) {
			continue
		}
		if err != nil {
			return err
		}
		sale := search.Sale{Order: o, Version: found.Version, Day: search.DayOf(found.CreatedAt), Units: make(map[id.Product]int64)}
		if sells(&found) {
			for i := range found.Lines {
				sale.Units[found.Lines[i].Product] += int64(found.Lines[i].Quantity)
			}
		}
		sales = append(sales, sale)
	}
	return se.s.Catalog.Sales.CountSales(ctx, sales, se.s.Now())
}

// RankSales gives products the popularity that their sales make, and returns of
// how many it looked at the sales. Only a figure that changed noticeably is
// stored and indexed.
func (se *Search) RankSales(ctx context.Context) (int, error) {
	now := se.s.Now()
	due, err := se.s.Catalog.Sales.Unranked(ctx, now.Add(-rankAfter), rankBatch)
	if err != nil {
		return 0, err
	}
	if len(due) == 0 {
		return se.s.Catalog.Sales.DropSales(ctx, search.DayOf(now.Add(-search.SalesFor)), dropBatch)
	}
	figures := make(map[id.Product]int64, len(due))
	ids := make([]id.Product, len(due))
	for i, u := range due {
		ids[i], figures[u.Product] = u.Product, search.Popularity(u.Sold)
	}
	if _, err := se.s.Catalog.Tx.InTx(ctx, func(ctx context.Context, tx ports.CatalogTx) error {
		products, err := tx.Products.ForUpdate(ctx, ids...)
		if err != nil {
			return err
		}
		changed := products[:0]
		var concerned []id.Product
		for i := range products {
			if p := &products[i]; search.Noticeable(p.Popularity, figures[p.ID]) {
				p.Popularity = figures[p.ID]
				changed, concerned = append(changed, *p), append(concerned, p.ID)
			}
		}
		if len(changed) == 0 {
			return nil
		}
		if err := tx.Products.Save(ctx, changed...); err != nil {
			return err
		}
		return se.s.concern(ctx, tx.Jobs, concerned)
	}); err != nil {
		return 0, err
	}
	return len(due), se.s.Catalog.Sales.Ranked(ctx, due, now)
}

// noSales stands where a store counts none.
type noSales struct{}

func (noSales) CountSales(context.Context, []search.Sale, time.Time) error { return nil }

func (noSales) Unranked(context.Context, time.Time, int) ([]search.Unranked, error) { return nil, nil }

func (noSales) Ranked(context.Context, []search.Unranked, time.Time) error { return nil }

func (noSales) DropSales(context.Context, search.Day, int) (int, error) { return 0, nil }
