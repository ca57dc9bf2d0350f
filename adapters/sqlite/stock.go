package sqlite

import (
	"context"
	"strings"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/ports"
)

type stock struct{ db *DB }

var _ ports.Stock = stock{}

func (st stock) Availability(ctx context.Context, skus []id.SKU, _ ports.Mark) (map[string]int, error) {
	if err := st.db.readers.ready(ctx); err != nil {
		return nil, err
	}
	available, unknown := st.db.derived.available.find(skus)
	if len(unknown) == 0 {
		return available, nil
	}
	list, err := encodeList(unknown)
	if err != nil {
		return nil, err
	}
	commits := st.db.writer.commits.Load()
	if err := st.db.view(ctx, func(s *session) error {
		return s.query("SELECT sku, sum(on_hand - reserved) FROM stock WHERE sku IN (SELECT value FROM json_each(?1)) GROUP BY sku", func(r row) error {
			available[r.sku(0).Fold()] = r.int(1)
			return nil
		}, list)
	}); err != nil {
		return nil, err
	}
	st.db.derived.available.keep(unknown, available, commits)
	return available, nil
}

func (st stock) Levels(ctx context.Context, skus []id.SKU) ([]inventory.Level, error) {
	list, err := encodeList(skus)
	if err != nil {
		return nil, err
	}
	return st.levels(ctx, `SELECT sku, location, on_hand, reserved, version FROM stock
		WHERE sku IN (SELECT value FROM json_each(?1)) ORDER BY sku COLLATE BINARY, location`, list)
}

const (
	levelFilter  = ` FROM stock WHERE (?1 = 0 OR on_hand - reserved < ?1) AND substr(sku, 1, length(?2)) = ?2 COLLATE NOCASE`
	browseLevels = "SELECT sku, location, on_hand, reserved, version" + levelFilter
	countLevels  = "SELECT count(*)" + levelFilter
)

func (st stock) BrowseLevels(ctx context.Context, b inventory.Browse) (page []inventory.Level, total int, err error) {
	key, place, beyond, direction := "sku COLLATE BINARY, location", "?3, ?4", ">", ""
	if b.ByAvailable {
		key, place = "on_hand - reserved, "+key, "?5, "+place
	}
	if b.Descending {
		beyond, direction = "<", " DESC"
	}
	after := inventory.Level{}
	list := browseLevels
	if b.After != nil {
		after = *b.After
		list += " AND (" + key + ") " + beyond + " (" + place + ")"
	}
	list += " ORDER BY " + strings.ReplaceAll(key, ",", direction+",") + direction + " LIMIT ?6"
	total = -1
	args := []any{b.Below, b.Query, after.SKU, string(after.Location), after.Available(), b.Limit}
	err = st.db.snapshot(ctx, func(s *session) error {
		page = []inventory.Level{}
		err := s.query(list, func(r row) error {
			page = append(page, r.level())
			return nil
		}, args...)
		if err != nil || !b.Count {
			return err
		}
		_, err = s.first(countLevels, func(r row) error {
			total = r.int(0)
			return nil
		}, args[:2]...)
		return err
	})
	return page, total, err
}

func (st stock) levels(ctx context.Context, sql string, args ...any) ([]inventory.Level, error) {
	levels := []inventory.Level{}
	err := st.db.view(ctx, func(s *session) error {
		return s.query(sql, func(r row) error {
			levels = append(levels, r.level())
			return nil
		}, args...)
	})
	return levels, err
}

// level reads sku, location, on_hand, reserved, version.
func (r row) level() inventory.Level {
	return inventory.Level{SKU: r.sku(0), Location: id.Location(r.text(1)), OnHand: r.int(2), Reserved: r.int(3), Version: r.int64(4)}
}

func (st stock) Movements(ctx context.Context, sku id.SKU, before id.Movement, limit int) ([]inventory.Movement, error) {
	ledger := []inventory.Movement{}
	err := st.db.view(ctx, func(s *session) error {
		return s.query(`SELECT sku, id, location, delta, on_hand, reason, note, reference, made_by, is_unique, at FROM movements
			WHERE sku = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3`, func(r row) error {
			m := inventory.Movement{OnHand: r.int(4)}
			m.SKU, m.ID.UUID, m.Location, m.Delta = r.sku(0), r.uuid(1), id.Location(r.text(2)), r.int(3)
			m.Reason, m.Note, m.Reference, m.By = inventory.Reason(r.text(5)), r.text(6), r.text(7), r.text(8)
			m.Unique, m.At = r.bool(9), r.time(10)
			ledger = append(ledger, m)
			return nil
		}, sku, older(before.UUID), limit)
	})
	return ledger, err
}
