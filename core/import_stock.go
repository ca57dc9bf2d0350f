package core

import (
	"context"
	"errors"
	"fmt"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/feed"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

// stock writes what the lines of a chunk say is on hand, and the first stock
// of new SKUs, in a transaction of the orders' realm after the chunk's.
//
// The difference is taken to what is on hand just before. Changes of stock are
// sums, so what is sold or received in between comes on top, as if the count
// had been made at that moment.
func (r *importRun) stock(ctx context.Context, c *chunk) error {
	if r.cmd.Stock == nil && !r.survey.HasStock {
		return nil
	}
	counts, err := r.differences(ctx, c)
	if err != nil || r.trial != nil || len(counts) == 0 {
		return err
	}
	places := make(shelves, len(counts))
	for _, n := range counts {
		p := n.taken.product.product
		places[n.SKU.Fold()] = job.ProductPayload{Product: p.ID, Version: p.Version}
	}
	t := r.s.turn(ctx, account.RoleSystem)
	for len(counts) > 0 {
		adjustments := make([]inventory.Adjustment, len(counts))
		for i, n := range counts {
			adjustments[i] = n.Adjustment
		}
		_, err := r.s.Orders.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
			changes, err := tx.Stock.Adjust(ctx, adjustments...)
			if err != nil {
				return err
			}
			return places.index(ctx, tx.Jobs, changes, t)
		})
		if err == nil {
			return nil
		}
		// Somebody reserved units since they were counted: leave those out.
		short, ok := shortOf(err)
		left := counts[:0:0]
		for _, n := range counts {
			if short[n.SKU.Fold()] {
				c.refuseStock(n.taken)
			} else {
				left = append(left, n)
			}
		}
		if !ok || len(left) == len(counts) {
			return err
		}
		counts = left
	}
	return nil
}

// count is the adjustment that a line asks for.
type count struct {
	inventory.Adjustment
	taken *taken
}

func (r *importRun) differences(ctx context.Context, c *chunk) ([]count, error) {
	skus := make([]id.SKU, len(c.taken))
	for i, t := range c.taken {
		skus[i] = t.line.SKU
	}
	if len(skus) == 0 {
		return nil, nil
	}
	levels, err := r.s.Orders.Stock.Levels(ctx, skus)
	if err != nil {
		return nil, err
	}
	there := make(map[string]inventory.Level, len(levels))
	for _, l := range levels {
		if l.Location == id.Main {
			there[l.SKU.Fold()] = l
		}
	}
	now := r.s.Now()
	var counts []count
	for i := range c.taken {
		t := &c.taken[i]
		level, counted := there[t.line.SKU.Fold()]
		a := inventory.Adjustment{Reason: inventory.Correction}
		switch {
		case t.line.Has(feed.MemberStock):
			a.Delta = t.line.Stock - level.OnHand
			if t.line.Stock < level.Reserved {
				c.refuseStock(t)
				continue
			}
		case r.cmd.Stock != nil && !counted:
			a.Delta, a.Reason = *r.cmd.Stock, inventory.Received
		}
		if a.Delta == 0 {
			continue
		}
		a.ID, a.SKU, a.Location, a.At = id.Movement{UUID: r.s.ids.New()}, t.product.product.Variant(t.line.SKU).SKU, id.Main, now
		a.Reference, a.By = fmt.Sprintf("import %s line %d", r.report.ID, t.line.Number), r.cmd.By.Owner()
		if t.outcome == feed.Unchanged {
			t.outcome = feed.Updated
		}
		counts = append(counts, count{a, t})
	}
	return counts, nil
}

// refuseStock counts a line among the rejected: what it says of the variant
// stands, what it says is on hand does not.
func (c *chunk) refuseStock(t *taken) {
	c.reject(t.line.Reject("out_of_stock", "more units are reserved than the line says are on hand"))
	t.refused = true
}

func shortOf(err error) (map[string]bool, bool) {
	e, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return nil, false
	}
	lines, ok := e.Data.(inventory.Shortages)
	short := make(map[string]bool, len(lines.Lines))
	for _, l := range lines.Lines {
		short[l.SKU.Fold()] = true
	}
	return short, ok
}
