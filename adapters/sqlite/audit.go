package sqlite

import (
	"cmp"
	"context"
	"embed"
	"path"
	"slices"
	"strings"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
)

// Each file is an invariant: a query of its own that returns what breaks it, as
// subject and detail. Its name is the invariant's. :since is the lowest id of an
// order that is looked at; NULL, as in a shell that binds nothing, is all.
//
//go:embed audit/*.sql
var invariants embed.FS

var _ ports.Auditor = (*DB)(nil)

// Invariants returns what must always be true of a store, by name.
func Invariants() []ports.Invariant {
	files, _ := invariants.ReadDir("audit") // embedded: it is there; sorted
	all := make([]ports.Invariant, len(files))
	for i, f := range files {
		query, _ := invariants.ReadFile(path.Join("audit", f.Name()))
		all[i] = ports.Invariant{Name: strings.TrimSuffix(f.Name(), ".sql"), SQL: strings.TrimSpace(string(query))}
	}
	return all
}

// Invariants is contracted by ports.Auditor.
func (*DB) Invariants() []ports.Invariant { return Invariants() }

// Violations is contracted by ports.Auditor.
func (db *DB) Violations(ctx context.Context) ([]ports.Violation, error) {
	broken := []ports.Violation{}
	for _, invariant := range Invariants() {
		found, err := db.breaches(ctx, invariant, time.Time{})
		if err != nil {
			return nil, err
		}
		broken = append(broken, found...)
	}
	return broken, nil
}

// Check is contracted by ports.Auditor.
func (db *DB) Check(ctx context.Context, invariant string, since time.Time) ([]ports.Violation, error) {
	for _, known := range Invariants() {
		if known.Name == invariant {
			return db.breaches(ctx, known, since)
		}
	}
	return nil, fault.Missing("invariant")
}

// breaches runs the query of an invariant. It may take long, and ends with ctx.
func (db *DB) breaches(ctx context.Context, invariant ports.Invariant, since time.Time) ([]ports.Violation, error) {
	broken := []ports.Violation{}
	err := db.view(ctx, func(s *session) error {
		s.conn.SetInterrupt(ctx.Done())
		defer s.conn.SetInterrupt(nil)
		var lowest any
		if !since.IsZero() {
			lowest = id.First(since)
		}
		return s.query(invariant.SQL, func(r row) error {
			broken = append(broken, ports.Violation{Invariant: invariant.Name, Subject: subject(r), Detail: r.text(1)})
			return nil
		}, lowest)
	})
	if err != nil {
		return nil, cmp.Or(canceled(ctx), err)
	}
	slices.SortStableFunc(broken, func(a, b ports.Violation) int { return cmp.Compare(a.Subject, b.Subject) })
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
