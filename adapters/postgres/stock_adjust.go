package postgres

import (
	"context"
	"slices"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/inventory"
)

// Adjust is contracted by ports.StockWriter.
func (w stockWriter) Adjust(ctx context.Context, as ...inventory.Adjustment) ([]inventory.Change, error) {
	if len(as) == 0 {
		return []inventory.Change{}, nil
	}
	once, err := causes(as)
	if err != nil {
		return nil, err
	}
	as = slices.Clone(as)
	slices.SortStableFunc(as, compareAdjustments)
	var (
		skus, locations []string
		deltas          []int
		moved           []bool
	)
	for i, a := range as {
		if i == 0 || compareAdjustments(as[i-1], a) != 0 {
			skus, locations, deltas, moved = append(skus, string(a.SKU)), append(locations, string(a.Location)), append(deltas, 0), append(moved, false)
		}
		last := len(deltas) - 1
		deltas[last] += a.Delta
		moved[last] = moved[last] || a.Delta != 0
	}
	levels, err := collect(ctx, w.t, scanLevel, `SELECT sku, ($2::text[])[line], on_hand, reserved, version
		FROM orders.adjust($1, $2, $3, $4, $5, $6, $7) ORDER BY line`, skus, locations, deltas, moved, once.folds, once.reasons, once.references)
	if err != nil {
		return nil, translate(ctx, err)
	}
	changes := make([]inventory.Change, len(levels))
	var short []inventory.Shortage
	for i, before := range levels {
		after := before
		after.OnHand += deltas[i]
		if moved[i] {
			after.Version++
		}
		changes[i] = inventory.Change{Before: before, After: after}
		if after.Available() < 0 {
			short = append(short, inventory.Shortage{SKU: before.SKU, Requested: -deltas[i], Available: before.Available()})
		}
	}
	if len(short) > 0 {
		return nil, outOfStock(short)
	}
	w.record(ledger(as, changes))
	return bySKU(changes), nil
}

// ledger returns the lines of adjustments, sorted as the changes that they made.
func ledger(as []inventory.Adjustment, changes []inventory.Change) []inventory.Movement {
	lines := make([]inventory.Movement, 0, len(as))
	level, onHand := -1, 0
	for i, a := range as {
		if i == 0 || compareAdjustments(as[i-1], a) != 0 {
			level++
			onHand = changes[level].Before.OnHand
		}
		if a.Delta == 0 {
			continue
		}
		a.SKU = changes[level].Before.SKU
		onHand += a.Delta
		lines = append(lines, inventory.Movement{Adjustment: a, OnHand: onHand})
	}
	return lines
}

func compareAdjustments(a, b inventory.Adjustment) int {
	return compareLevels(a.SKU, a.Location, b.SKU, b.Location)
}

// once are the causes that the ledger must not have yet.
type once struct{ folds, reasons, references []string }

// causes answers Exists when an adjustment that must be the only one of its
// cause is not even that among those.
func causes(as []inventory.Adjustment) (o once, err error) {
	type cause struct {
		fold      string
		reason    inventory.Reason
		reference string
	}
	o = once{[]string{}, []string{}, []string{}}
	seen := make(map[cause]bool, len(as))
	for _, a := range as {
		c := cause{a.SKU.Fold(), a.Reason, a.Reference}
		there := seen[c]
		seen[c] = true
		if !a.Unique {
			continue
		}
		if there {
			return o, fault.Duplicate("reference")
		}
		o.folds, o.reasons, o.references = append(o.folds, c.fold), append(o.reasons, string(c.reason)), append(o.references, c.reference)
	}
	return o, nil
}
