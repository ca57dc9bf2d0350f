package sqlite

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/ports"
)

// stockWriter changes stock, level by level, each by a conditional update. With
// one writer the order of the levels matters for the answer only.
type stockWriter struct {
	db *DB
	s  *session
}

var _ ports.StockWriter = stockWriter{}

func (w stockWriter) Reserve(_ context.Context, r inventory.Reservation) ([]inventory.Change, error) {
	lines := merge(r.Lines)
	changes := make([]inventory.Change, 0, len(lines))
	var short []inventory.Shortage
	w.touch(lines)
	for i, l := range lines {
		after, ok, err := w.update(`UPDATE stock SET reserved = reserved + ?3, version = version + 1
			WHERE sku = ?1 AND location = ?2 AND on_hand - reserved >= ?3 RETURNING sku, location, on_hand, reserved, version`, l)
		if err != nil {
			return nil, err
		}
		if !ok {
			now, err := w.level(l.SKU, l.Location)
			if err != nil {
				return nil, err
			}
			short = append(short, inventory.Shortage{SKU: now.SKU, Requested: l.Quantity, Available: now.Available()})
			continue
		}
		lines[i].SKU = after.SKU
		before := after
		before.Reserved -= l.Quantity
		before.Version--
		changes = append(changes, inventory.Change{Before: before, After: after})
	}
	if len(short) > 0 {
		return nil, w.refuse(changes, short)
	}
	if len(lines) == 0 {
		return changes, nil
	}
	return bySKU(changes), w.hold(r, lines)
}

// refuse takes back what was reserved so far and names what is short.
func (w stockWriter) refuse(changes []inventory.Change, short []inventory.Shortage) error {
	for _, c := range changes {
		if _, err := w.s.exec("UPDATE stock SET reserved = ?3, version = ?4 WHERE sku = ?1 AND location = ?2",
			c.Before.SKU, string(c.Before.Location), c.Before.Reserved, c.Before.Version); err != nil {
			return err
		}
	}
	return outOfStock(short)
}

func outOfStock(short []inventory.Shortage) error {
	slices.SortStableFunc(short, func(a, b inventory.Shortage) int { return cmp.Compare(a.SKU, b.SKU) })
	return inventory.OutOfStock(short...)
}

// hold writes down what an order holds, beside what it holds already.
func (w stockWriter) hold(r inventory.Reservation, lines []inventory.Line) error {
	const insert = `INSERT INTO reservations (order_id, state, lines, expires_at, created_at) VALUES (?1, 'active', ?2, ?3, ?4)
		ON CONFLICT (order_id) DO UPDATE SET state = 'active', lines = excluded.lines, expires_at = excluded.expires_at, settled_at = NULL
		WHERE state <> 'active'`
	list, err := encode(lines)
	if err != nil {
		return err
	}
	if n, err := w.s.exec(insert, r.Order.UUID, list, r.ExpiresAt, r.At); err != nil || n > 0 {
		return err
	}
	if _, err := w.s.first("SELECT lines FROM reservations WHERE order_id = ?1", func(r row) error {
		var held []inventory.Line
		err := r.json(0, &held)
		lines = merge(append(held, lines...))
		return err
	}, r.Order.UUID); err != nil {
		return err
	}
	if list, err = encode(lines); err != nil {
		return err
	}
	_, err = w.s.exec("UPDATE reservations SET lines = ?2, expires_at = ?3 WHERE order_id = ?1", r.Order.UUID, list, r.ExpiresAt)
	return err
}

func (w stockWriter) Consume(_ context.Context, o id.Order, sales []id.Movement, at time.Time) error {
	changes, err := w.settle(o, inventory.Consumed, at, `UPDATE stock SET on_hand = on_hand - ?3, reserved = reserved - ?3, version = version + 1
		WHERE sku = ?1 AND location = ?2 RETURNING sku, location, on_hand, reserved, version`)
	if err == nil && len(changes) == 0 {
		err = inventory.NothingHeld()
	}
	if err != nil {
		return err
	}
	for i, c := range changes {
		if err := w.record(inventory.Adjustment{
			ID: sales[i], SKU: c.After.SKU, Location: c.After.Location, Delta: c.After.Reserved - c.Before.Reserved,
			Reason: inventory.Sale, Reference: o.String(), At: at,
		}, c.After.OnHand); err != nil {
			return err
		}
	}
	return nil
}

func (w stockWriter) Release(_ context.Context, o id.Order, at time.Time) ([]inventory.Change, error) {
	return w.settle(o, inventory.Released, at, `UPDATE stock SET reserved = reserved - ?3, version = version + 1
		WHERE sku = ?1 AND location = ?2 RETURNING sku, location, on_hand, reserved, version`)
}

// settle ends what an order holds, once, and gives up its units by the
// statement. Of Before, only Reserved and Version differ from After.
func (w stockWriter) settle(o id.Order, state inventory.ReservationState, at time.Time, giveUp string) ([]inventory.Change, error) {
	var lines []inventory.Line
	if err := w.s.query("UPDATE reservations SET state = ?2, settled_at = ?3 WHERE order_id = ?1 AND state = 'active' RETURNING lines",
		func(r row) error { return r.json(0, &lines) }, o.UUID, string(state), at); err != nil {
		return nil, err
	}
	changes := make([]inventory.Change, 0, len(lines))
	if state != inventory.Consumed { // selling what is held leaves as much to be sold as before
		w.touch(lines)
	}
	for _, l := range lines {
		after, ok, err := w.update(giveUp, l)
		if err != nil {
			return nil, err
		}
		if !ok {
			return nil, fault.Wrap(fault.Internal, "sqlite.settle", fmt.Errorf("%d of %s are reserved where there is no stock", l.Quantity, l.SKU))
		}
		before := after
		before.Reserved += l.Quantity
		before.Version--
		changes = append(changes, inventory.Change{Before: before, After: after})
	}
	return bySKU(changes), nil
}

func (w stockWriter) Extend(_ context.Context, o id.Order, until time.Time) error {
	_, err := w.s.exec("UPDATE reservations SET expires_at = max(expires_at, ?2) WHERE order_id = ?1 AND state = 'active'", o.UUID, until)
	return err
}

// touch makes what is kept of the SKUs stale once their change is committed.
func (w stockWriter) touch(lines []inventory.Line) {
	if len(lines) == 0 {
		return
	}
	skus := make([]id.SKU, len(lines))
	for i, l := range lines {
		skus[i] = l.SKU
	}
	w.s.keepAfterCommit(func(commits uint64, _ bool) { w.db.derived.available.change(skus, commits) })
}

// update runs an update of one level that returns the level; ok is false when
// its condition did not hold.
func (w stockWriter) update(sql string, l inventory.Line) (after inventory.Level, ok bool, err error) {
	err = w.s.query(sql, func(r row) error {
		after, ok = r.level(), true
		return nil
	}, l.SKU, string(l.Location), l.Quantity)
	return after, ok, err
}

// level returns the level of a SKU; an empty one if it was never received.
func (w stockWriter) level(sku id.SKU, at id.Location) (inventory.Level, error) {
	l := inventory.Level{SKU: sku, Location: at}
	_, err := w.s.first("SELECT sku, location, on_hand, reserved, version FROM stock WHERE sku = ?1 AND location = ?2", func(r row) error {
		l = r.level()
		return nil
	}, sku, string(at))
	return l, err
}

// merge adds up the lines of one SKU and location.
func merge(lines []inventory.Line) []inventory.Line {
	lines = slices.Clone(lines)
	slices.SortStableFunc(lines, func(a, b inventory.Line) int {
		return cmp.Or(cmp.Compare(a.SKU.Fold(), b.SKU.Fold()), cmp.Compare(a.Location, b.Location))
	})
	merged := lines[:0]
	for _, l := range lines {
		if n := len(merged); n > 0 && merged[n-1].SKU.Fold() == l.SKU.Fold() && merged[n-1].Location == l.Location {
			merged[n-1].Quantity += l.Quantity
		} else {
			merged = append(merged, l)
		}
	}
	return merged
}

func bySKU(changes []inventory.Change) []inventory.Change {
	slices.SortFunc(changes, func(a, b inventory.Change) int {
		return cmp.Or(cmp.Compare(a.After.SKU, b.After.SKU), cmp.Compare(a.After.Location, b.After.Location))
	})
	return changes
}
