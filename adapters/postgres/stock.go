package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/ports"
)

type stock struct{ r *realm }

var _ ports.Stock = stock{}

const (
	availability = "SELECT fold, sum(on_hand - reserved)::bigint FROM orders.stock WHERE fold = ANY($1) GROUP BY fold"
	levelColumns = "SELECT sku, location, on_hand, reserved, version FROM orders.stock"
	levelsOf     = levelColumns + " WHERE fold = ANY($1) ORDER BY sku, location"
	ledgerOf     = `SELECT sku, id, location, delta, on_hand, reason, note, reference, made_by, is_unique, at FROM orders.movements
		WHERE fold = $1 AND id < $2 ORDER BY id DESC LIMIT $3`
)

// Availability is contracted by ports.Stock.
func (s stock) Availability(ctx context.Context, skus []id.SKU, after ports.Mark) (map[string]int, error) {
	available := make(map[string]int, len(skus))
	if len(skus) == 0 {
		return available, nil
	}
	err := s.r.readAfter(ctx, after, func(q querier) error {
		clear(available)
		var fold string
		var units int
		rows, err := q.Query(ctx, availability, folds(skus))
		if err != nil {
			return err
		}
		_, err = pgx.ForEachRow(rows, []any{&fold, &units}, func() error {
			available[fold] = units
			return nil
		})
		return err
	})
	return available, err
}

// Levels is contracted by ports.Stock.
func (s stock) Levels(ctx context.Context, skus []id.SKU) (levels []inventory.Level, err error) {
	err = s.r.read(ctx, func(q querier) error {
		levels, err = collect(ctx, q, scanLevel, levelsOf, folds(skus))
		return err
	})
	return levels, err
}

// BrowseLevels is contracted by ports.Stock.
func (s stock) BrowseLevels(ctx context.Context, b inventory.Browse) (page []inventory.Level, total int, err error) {
	var asked conditions
	if b.Below > 0 {
		asked.add("on_hand - reserved < %s", b.Below)
	}
	if b.Query != "" {
		asked.add("starts_with(fold, %s)", id.SKU(b.Query).Fold())
	}
	count, counted := "SELECT count(*) FROM orders.stock"+asked.where(), len(asked.args)

	key, beyond, direction := []string{"sku", "location"}, ">", ""
	if b.ByAvailable {
		key = append([]string{"on_hand - reserved"}, key...)
	}
	if b.Descending {
		beyond, direction = "<", " DESC"
	}
	if b.After != nil {
		place := []any{string(b.After.SKU), string(b.After.Location)}
		if b.ByAvailable {
			place = append([]any{b.After.Available()}, place...)
		}
		asked.add("("+strings.Join(key, ", ")+") "+beyond+" ("+strings.TrimSuffix(strings.Repeat("%s, ", len(place)), ", ")+")", place...)
	}
	list := levelColumns + asked.where() + " ORDER BY " + strings.Join(key, direction+", ") + direction + fmt.Sprintf(" LIMIT %d", b.Limit)
	err = s.r.read(ctx, func(q querier) error {
		page, total, err = browse(ctx, q, scanLevel, b.Count, list, count, asked.args, counted)
		return err
	})
	return page, total, err
}

// Movements is contracted by ports.Stock.
func (s stock) Movements(ctx context.Context, sku id.SKU, before id.Movement, limit int) (ledger []inventory.Movement, err error) {
	err = s.r.read(ctx, func(q querier) error {
		ledger, err = collect(ctx, q, scanMovement, ledgerOf, sku.Fold(), older(before.UUID), limit)
		return err
	})
	return ledger, err
}

func scanLevel(row pgx.CollectableRow) (l inventory.Level, err error) {
	err = row.Scan(&l.SKU, &l.Location, &l.OnHand, &l.Reserved, &l.Version)
	return l, err
}

func scanMovement(row pgx.CollectableRow) (m inventory.Movement, err error) {
	err = row.Scan(&m.SKU, (*uuid)(&m.ID.UUID), &m.Location, &m.Delta, &m.OnHand, &m.Reason, &m.Note, &m.Reference, &m.By, &m.Unique, (*instant)(&m.At))
	return m, err
}
