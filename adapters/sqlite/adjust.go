package sqlite

import (
	"cmp"
	"context"
	"slices"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/inventory"
)

func (w stockWriter) Adjust(_ context.Context, as ...inventory.Adjustment) ([]inventory.Change, error) {
	if err := w.checkReferences(as); err != nil {
		return nil, err
	}
	as = slices.Clone(as)
	slices.SortStableFunc(as, compareLevels)

	// All levels are judged before the first is changed.
	changes := []inventory.Change{}
	var short []inventory.Shortage
	for i, a := range as {
		if i == 0 || compareLevels(as[i-1], a) != 0 {
			before, err := w.level(a.SKU, a.Location)
			if err != nil {
				return nil, err
			}
			changes = append(changes, inventory.Change{Before: before, After: before})
		}
		c := &changes[len(changes)-1]
		c.After.OnHand += a.Delta
		if a.Delta != 0 {
			c.After.Version = c.Before.Version + 1
		}
	}
	for _, c := range changes {
		if c.After.Available() < 0 {
			short = append(short, inventory.Shortage{SKU: c.Before.SKU, Requested: c.Before.OnHand - c.After.OnHand, Available: c.Before.Available()})
		}
	}
	if len(short) > 0 {
		return nil, outOfStock(short)
	}

	lines := make([]inventory.Line, len(changes))
	for i, c := range changes {
		lines[i].SKU = c.Before.SKU
	}
	w.touch(lines)
	for _, c := range changes {
		onHand := c.Before.OnHand
		for len(as) > 0 && as[0].SKU.Fold() == c.Before.SKU.Fold() && as[0].Location == c.Before.Location {
			a := as[0]
			as = as[1:]
			if a.Delta == 0 {
				continue
			}
			a.SKU = c.Before.SKU
			onHand += a.Delta
			if err := w.record(a, onHand); err != nil {
				return nil, err
			}
		}
		if c.After == c.Before {
			continue
		}
		if _, err := w.s.exec(`INSERT INTO stock (sku, location, on_hand, reserved, version) VALUES (?1, ?2, ?3, ?4, ?5)
			ON CONFLICT (sku, location) DO UPDATE SET on_hand = excluded.on_hand, version = excluded.version`,
			c.After.SKU, string(c.After.Location), c.After.OnHand, c.After.Reserved, c.After.Version); err != nil {
			return nil, err
		}
	}
	return bySKU(changes), nil
}

// checkReferences answers Exists when an adjustment that must be unique is in
// the ledger, or before it in the list.
func (w stockWriter) checkReferences(as []inventory.Adjustment) error {
	type cause struct {
		sku       string
		reason    inventory.Reason
		reference string
	}
	seen := make(map[cause]bool, len(as))
	for _, a := range as {
		c := cause{a.SKU.Fold(), a.Reason, a.Reference}
		there := seen[c]
		seen[c] = true
		if !a.Unique {
			continue
		}
		if !there {
			var err error
			if there, err = w.s.first("SELECT 1 FROM movements WHERE sku = ?1 AND reason = ?2 AND reference = ?3 AND reason <> 'sale'",
				func(row) error { return nil }, a.SKU, string(a.Reason), a.Reference); err != nil {
				return err
			}
		}
		if there {
			return fault.Duplicate("reference")
		}
	}
	return nil
}

// record writes a line of the ledger.
func (w stockWriter) record(a inventory.Adjustment, onHand int) error {
	_, err := w.s.exec(`INSERT INTO movements (sku, id, location, delta, on_hand, reason, note, reference, made_by, is_unique, at)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)`,
		a.SKU, a.ID.UUID, string(a.Location), a.Delta, onHand, string(a.Reason), a.Note, a.Reference, a.By, a.Unique, a.At)
	return err
}

func compareLevels(a, b inventory.Adjustment) int {
	return cmp.Or(cmp.Compare(a.SKU.Fold(), b.SKU.Fold()), cmp.Compare(a.Location, b.Location))
}
