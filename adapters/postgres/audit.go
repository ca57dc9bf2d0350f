package postgres

import (
	"cmp"
	"context"
	"embed"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
)

// Each file is an invariant of the realm it is filed under: a query of its own
// that returns what breaks it, as subject and detail. Its name is the invariant's.
// The setting bodega.since is when the oldest orders that are looked at were
// placed; unset, as in a session that sets nothing, is all.
//
//go:embed audit/*/*.sql
var invariants embed.FS

var _ ports.Auditor = (*DB)(nil)

// Invariants returns what must always be true of a store, by name.
func Invariants() []ports.Invariant {
	var all []ports.Invariant
	for _, r := range []ports.Realm{ports.Catalog, ports.Orders, ports.Identity} {
		all = append(all, invariantsOf(r)...)
	}
	slices.SortFunc(all, func(a, b ports.Invariant) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func invariantsOf(r ports.Realm) []ports.Invariant {
	dir := path.Join("audit", string(r))
	files, _ := invariants.ReadDir(dir) // embedded; a realm without any has none
	all := make([]ports.Invariant, len(files))
	for i, f := range files {
		query, _ := invariants.ReadFile(path.Join(dir, f.Name()))
		all[i] = ports.Invariant{Name: strings.TrimSuffix(f.Name(), ".sql"), SQL: strings.TrimSpace(string(query))}
	}
	return all
}

// Invariants is contracted by ports.Auditor.
func (*DB) Invariants() []ports.Invariant { return Invariants() }

// Violations is contracted by ports.Auditor.
func (db *DB) Violations(ctx context.Context) ([]ports.Violation, error) {
	broken := []ports.Violation{}
	for _, r := range db.realms() {
		found, err := r.audit(ctx, invariantsOf(r.name), time.Time{})
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

// Check is contracted by ports.Auditor.
func (db *DB) Check(ctx context.Context, invariant string, since time.Time) ([]ports.Violation, error) {
	for _, r := range db.realms() {
		for _, known := range invariantsOf(r.name) {
			if known.Name == invariant {
				return r.audit(ctx, []ports.Invariant{known}, since)
			}
		}
	}
	return nil, fault.Missing("invariant")
}

// audit checks invariants of a realm on one state of it.
func (r *realm) audit(ctx context.Context, all []ports.Invariant, since time.Time) ([]ports.Violation, error) {
	broken := []ports.Violation{}
	if len(all) == 0 {
		return broken, nil
	}
	oldest := ""
	if !since.IsZero() {
		oldest = since.UTC().Format(time.RFC3339)
	}
	err := r.snapshot(ctx, func(q querier) error {
		broken = broken[:0]
		if _, err := q.Exec(ctx, "SELECT set_config('bodega.since', $1, true)", oldest); err != nil {
			return err
		}
		for _, invariant := range all {
			found, err := collect(ctx, q, scanViolation, invariant.SQL)
			if err != nil {
				return err
			}
			slices.SortStableFunc(found, func(a, b ports.Violation) int { return cmp.Compare(a.Subject, b.Subject) })
			for _, v := range found {
				v.Invariant = invariant.Name
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
