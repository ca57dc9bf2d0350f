package sqlite

import (
	"cmp"
	"context"
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"

	"zombiezen.com/go/sqlite"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
)

// Each file is an invariant: a query of its own that returns what breaks it, as
// subject and detail. Its name is the invariant's.
//
//go:embed audit/*.sql
var invariants embed.FS

var _ ports.Auditor = (*DB)(nil)

// Violations is contracted by ports.Auditor.
func (db *DB) Violations(ctx context.Context) ([]ports.Violation, error) {
	names, err := fs.Glob(invariants, "audit/*.sql") // sorted
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "sqlite.audit", err)
	}
	broken := []ports.Violation{}
	for _, name := range names {
		query, err := fs.ReadFile(invariants, name)
		if err != nil {
			return nil, fault.Wrap(fault.Internal, "sqlite.audit", err)
		}
		invariant := strings.TrimSuffix(path.Base(name), ".sql")
		if err := db.view(ctx, func(s *session) error {
			return s.query(strings.TrimSpace(string(query)), func(r row) error {
				broken = append(broken, ports.Violation{Invariant: invariant, Subject: subject(r), Detail: r.text(1)})
				return nil
			})
		}); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(broken, func(a, b ports.Violation) int {
		return cmp.Or(cmp.Compare(a.Invariant, b.Invariant), cmp.Compare(a.Subject, b.Subject))
	})
	return broken, nil
}

// subject reads what an invariant is broken by: an id or a name.
func subject(r row) string {
	if r.stmt.ColumnType(0) == sqlite.TypeBlob {
		return r.uuid(0).String()
	}
	return r.text(0)
}

// Currency is contracted by ports.Auditor. Prices of sold products outlive them.
func (db *DB) Currency(ctx context.Context) (currency money.Currency, err error) {
	err = db.view(ctx, func(s *session) error {
		return s.query(`SELECT coalesce((SELECT currency FROM products WHERE currency <> '' ORDER BY seq LIMIT 1), (SELECT currency FROM orders ORDER BY id LIMIT 1), '')`,
			func(r row) error {
				currency = money.Currency(r.text(0))
				return nil
			})
	})
	return currency, err
}
