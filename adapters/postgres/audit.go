package postgres

import (
	"cmp"
	"context"
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
)

// Each file is an invariant of the realm it is filed under: a query of its own
// that returns what breaks it, as subject and detail. Its name is the invariant's.
//
//go:embed audit/*/*.sql
var invariants embed.FS

var _ ports.Auditor = (*DB)(nil)

// Violations is contracted by ports.Auditor.
func (db *DB) Violations(ctx context.Context) ([]ports.Violation, error) {
	broken := []ports.Violation{}
	for _, r := range db.realms() {
		found, err := r.audit(ctx)
		if err != nil {
			return nil, err
		}
		broken = append(broken, found...)
	}
	slices.SortStableFunc(broken, func(a, b ports.Violation) int {
		return cmp.Or(cmp.Compare(a.Invariant, b.Invariant), cmp.Compare(a.Subject, b.Subject))
	})
	return broken, nil
}

// audit checks all invariants of a realm on one state of it.
func (r *realm) audit(ctx context.Context) (broken []ports.Violation, err error) {
	names, err := fs.Glob(invariants, path.Join("audit", string(r.name), "*.sql"))
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "postgres.audit", err)
	}
	if len(names) == 0 {
		return nil, nil
	}
	err = r.snapshot(ctx, func(q querier) error {
		for _, name := range names {
			query, err := fs.ReadFile(invariants, name)
			if err != nil {
				return fault.Wrap(fault.Internal, "postgres.audit", err)
			}
			found, err := collect(ctx, q, scanViolation, string(query))
			if err != nil {
				return err
			}
			for _, v := range found {
				v.Invariant = strings.TrimSuffix(path.Base(name), ".sql")
				broken = append(broken, v)
			}
		}
		return nil
	})
	return broken, err
}

// scanViolation reads what an invariant is broken by, an id or a name, and how.
func scanViolation(row pgx.CollectableRow) (v ports.Violation, err error) {
	values, err := row.Values()
	if err != nil {
		return v, err
	}
	switch subject := values[0].(type) {
	case [16]byte:
		v.Subject = id.UUID(subject).String()
	case string:
		v.Subject = subject
	}
	v.Detail, _ = values[1].(string)
	return v, nil
}

// Currency is contracted by ports.Auditor. Orders of sold products outlive them.
func (db *DB) Currency(ctx context.Context) (currency money.Currency, err error) {
	for _, first := range []struct {
		r   *realm
		sql string
	}{
		{db.catalog, "SELECT coalesce((SELECT currency FROM catalog.products WHERE currency <> '' ORDER BY id LIMIT 1), '')"},
		{db.orders, "SELECT coalesce((SELECT currency FROM orders.orders ORDER BY id LIMIT 1), '')"},
	} {
		if err = first.r.read(ctx, func(q querier) error { return q.QueryRow(ctx, first.sql).Scan(&currency) }); err != nil || currency != "" {
			break
		}
	}
	return currency, err
}
