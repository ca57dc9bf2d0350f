package postgres

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/id"
)

// conditions is the WHERE of a list, made of what was asked for only, so that
// the planner sees what it can use.
type conditions struct {
	sql  []string
	args []any
}

// add adds a condition; each %s stands for the next argument.
func (c *conditions) add(format string, args ...any) {
	places := make([]any, len(args))
	for i := range args {
		places[i] = fmt.Sprintf("$%d", len(c.args)+i+1)
	}
	c.sql = append(c.sql, fmt.Sprintf(format, places...))
	c.args = append(c.args, args...)
}

func (c *conditions) where() string {
	if len(c.sql) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(c.sql, " AND ")
}

// collect returns all rows; the list is not nil.
func collect[T any](ctx context.Context, q querier, scan pgx.RowToFunc[T], sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.AppendRows([]T{}, rows, scan)
}

// browse returns a page of a list and, if it is asked for (else -1), how many
// there are, in one round trip. Of the list's arguments the count takes the
// first few.
func browse[T any](ctx context.Context, q querier, scan pgx.RowToFunc[T], counting bool, list, count string, args []any, counted int) (page []T, total int, err error) {
	if !counting {
		page, err = collect(ctx, q, scan, list, args...)
		return page, -1, err
	}
	b := &pgx.Batch{}
	b.Queue(list, args...).Query(func(rows pgx.Rows) (err error) {
		page, err = pgx.AppendRows([]T{}, rows, scan)
		return err
	})
	b.Queue(count, args[:counted]...).QueryRow(func(row pgx.Row) error { return row.Scan(&total) })
	err = q.SendBatch(ctx, b).Close()
	return page, total, err
}

// older is the exclusive upper bound of a walk from new to old; the zero id
// begins it.
func older(u id.UUID) uuid {
	if u.IsZero() {
		for i := range u {
			u[i] = 0xff
		}
	}
	return uuid(u)
}
