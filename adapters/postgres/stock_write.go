package postgres

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/ports"
)

// stockWriter changes stock by functions of the schema, each in one round trip.
// They take levels in ascending order of the folded SKU's bytes and the location,
// all of them, so that no two of them ever wait for each other.
type stockWriter struct{ t *tx }

var _ ports.StockWriter = stockWriter{}

// Reserve is contracted by ports.StockWriter.
func (w stockWriter) Reserve(ctx context.Context, r inventory.Reservation) ([]inventory.Change, error) {
	lines := merge(r.Lines)
	if len(lines) == 0 {
		return []inventory.Change{}, nil
	}
	wanted, locations, quantities := make([]string, len(lines)), make([]string, len(lines)), make([]int, len(lines))
	for i, l := range lines {
		wanted[i], locations[i], quantities[i] = l.SKU.Fold(), string(l.Location), l.Quantity
	}
	changes := make([]inventory.Change, 0, len(lines))
	var shortages []inventory.Shortage
	rows, err := w.t.Query(ctx, "SELECT line, sku, on_hand, reserved, version, short FROM orders.reserve($1, $2, $3, $4, $5, $6)",
		uuid(r.Order.UUID), wanted, locations, quantities, instant(r.ExpiresAt), instant(r.At))
	if err != nil {
		return nil, translate(ctx, err)
	}
	var (
		line                      int
		sku                       *id.SKU // nil, and so are the numbers: never received
		onHand, reserved, version *int64
		short                     bool
	)
	_, err = pgx.ForEachRow(rows, []any{&line, &sku, &onHand, &reserved, &version, &short}, func() error {
		asked := lines[line-1]
		after := inventory.Level{SKU: asked.SKU, Location: asked.Location}
		if sku != nil {
			after.SKU, after.OnHand, after.Reserved, after.Version = *sku, int(*onHand), int(*reserved), *version
		}
		if short {
			shortages = append(shortages, inventory.Shortage{SKU: after.SKU, Requested: asked.Quantity, Available: after.Available()})
			return nil
		}
		changes = append(changes, change(after, 0, asked.Quantity))
		return nil
	})
	switch {
	case err != nil:
		return nil, translate(ctx, err)
	case len(shortages) > 0:
		return nil, outOfStock(shortages)
	}
	return bySKU(changes), nil
}

// Consume is contracted by ports.StockWriter.
func (w stockWriter) Consume(_ context.Context, o id.Order, sales []id.Movement, at time.Time) error {
	w.t.queue("SELECT orders.sell($1, $2, $3)", uuid(o.UUID), uuids(sales, func(m id.Movement) id.UUID { return m.UUID }), instant(at))
	return nil
}

// Release is contracted by ports.StockWriter.
func (w stockWriter) Release(ctx context.Context, o id.Order, _ time.Time) ([]inventory.Change, error) {
	changes, err := collect(ctx, w.t, func(row pgx.CollectableRow) (inventory.Change, error) {
		var after inventory.Level
		var quantity int
		err := row.Scan(&after.SKU, &after.Location, &after.OnHand, &after.Reserved, &after.Version, &quantity)
		return change(after, 0, -quantity), err
	}, "SELECT sku, location, on_hand, reserved, version, quantity FROM orders.settle($1, false)", uuid(o.UUID))
	if err != nil {
		return nil, translate(ctx, err)
	}
	return bySKU(changes), nil
}

// Extend is contracted by ports.StockWriter.
func (w stockWriter) Extend(_ context.Context, o id.Order, until time.Time) error {
	w.t.queue("UPDATE orders.reservations SET expires_at = $2 WHERE order_id = $1 AND expires_at < $2", uuid(o.UUID), instant(until))
	return nil
}

// record writes lines of the ledger.
func (w stockWriter) record(ledger []inventory.Movement) {
	if len(ledger) == 0 {
		return
	}
	n := len(ledger)
	ids, skus, locations, deltas, onHand := make([]uuid, n), make([]string, n), make([]string, n), make([]int, n), make([]int, n)
	reasons, notes, references, by, unique, at := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]bool, n), make([]instant, n)
	for i, m := range ledger {
		ids[i], skus[i], locations[i], deltas[i], onHand[i] = uuid(m.ID.UUID), string(m.SKU), string(m.Location), m.Delta, m.OnHand
		reasons[i], notes[i], references[i], by[i], unique[i], at[i] = string(m.Reason), m.Note, m.Reference, m.By, m.Unique, instant(m.At)
	}
	w.t.queue(`INSERT INTO orders.movements (id, sku, location, delta, on_hand, reason, note, reference, made_by, is_unique, at)
		SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[], $10::boolean[], $11::timestamptz[])`,
		ids, skus, locations, deltas, onHand, reasons, notes, references, by, unique, at)
}

// change is the change that left a level: it added so many to what is on hand
// and to what is reserved.
func change(after inventory.Level, onHand, reserved int) inventory.Change {
	before := after
	before.OnHand -= onHand
	before.Reserved -= reserved
	before.Version--
	return inventory.Change{Before: before, After: after}
}

// merge adds up the lines of one SKU and location, in the order of levels.
func merge(lines []inventory.Line) []inventory.Line {
	lines = slices.Clone(lines)
	slices.SortStableFunc(lines, func(a, b inventory.Line) int { return compareLevels(a.SKU, a.Location, b.SKU, b.Location) })
	merged := lines[:0]
	for _, l := range lines {
		if n := len(merged); n > 0 && compareLevels(merged[n-1].SKU, merged[n-1].Location, l.SKU, l.Location) == 0 {
			merged[n-1].Quantity += l.Quantity
		} else {
			merged = append(merged, l)
		}
	}
	return merged
}

// compareLevels compares as the schema does.
func compareLevels(a id.SKU, at id.Location, b id.SKU, bt id.Location) int {
	return cmp.Or(cmp.Compare(a.Fold(), b.Fold()), cmp.Compare(at, bt))
}

func bySKU(changes []inventory.Change) []inventory.Change {
	slices.SortFunc(changes, func(a, b inventory.Change) int {
		return cmp.Or(cmp.Compare(a.After.SKU, b.After.SKU), cmp.Compare(a.After.Location, b.After.Location))
	})
	return changes
}

func outOfStock(short []inventory.Shortage) error {
	slices.SortStableFunc(short, func(a, b inventory.Shortage) int { return cmp.Compare(a.SKU, b.SKU) })
	return inventory.OutOfStock(short...)
}
