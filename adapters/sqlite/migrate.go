package sqlite

import (
	"cmp"
	"context"
	"embed"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitemigration"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/bodega-commerce/bodega/core/fault"
)

//go:embed migrations/*.sql
var migrationFiles embed.FS

// appID marks files as Bodega's (PRAGMA application_id).
const appID = 0x626f6467

// migration is one step of the schema. Its file begins with the line
//
//	-- oldest: N
//
// N is the number of the oldest schema whose programs can still serve a file
// that has this step: its own number when they cannot, less when the step only
// adds what they do not look at.
type migration struct {
	name   string
	oldest int
	sql    string
}

// migrations returns all steps in order; step 1 comes first.
func migrations(files fs.FS) ([]migration, error) {
	names, err := fs.Glob(files, "migrations/*.sql") // sorted
	if err != nil {
		return nil, err
	}
	all := make([]migration, len(names))
	for i, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		line, _, _ := strings.Cut(string(text), "\n")
		n, ok := strings.CutPrefix(line, "-- oldest: ")
		oldest, err := strconv.Atoi(n)
		if !ok || err != nil || oldest < 1 || oldest > i+1 {
			return nil, fmt.Errorf("%s: the first line must be -- oldest: N with 1 <= N <= %d", name, i+1)
		}
		all[i] = migration{name, oldest, string(text)}
	}
	return all, nil
}

// migrate brings the schema up to date, one transaction a step. A file that is
// further along is served as it is, unless it says this program is too old.
func migrate(ctx context.Context, conn *sqlite.Conn) error {
	steps, err := migrations(migrationFiles)
	if err != nil {
		return fault.Wrap(fault.Internal, "sqlite.migrate", err)
	}
	return migrateTo(ctx, conn, steps)
}

func migrateTo(ctx context.Context, conn *sqlite.Conn, steps []migration) error {
	if err := canceled(ctx); err != nil {
		return err
	}
	if err := serves(conn, len(steps)); err != nil {
		return err
	}
	schema := sqlitemigration.Schema{AppID: appID}
	for i, step := range steps {
		record := "INSERT INTO schema_steps (step, name, oldest) VALUES (%d, '%s', %d)"
		if i == 0 {
			record = "CREATE TABLE schema_steps (step INTEGER PRIMARY KEY, name TEXT NOT NULL, oldest INTEGER NOT NULL) STRICT;\n" + record
		}
		schema.Migrations = append(schema.Migrations, step.sql+";\n"+fmt.Sprintf(record, i+1, strings.TrimPrefix(step.name, "migrations/"), step.oldest))
	}
	return sqlitemigration.Migrate(ctx, conn, schema)
}

// serves answers Unavailable if a program that knows so many steps is too old
// for a file.
func serves(conn *sqlite.Conn, steps int) error {
	version, oldest, err := schemaVersion(conn)
	if err != nil || oldest <= steps {
		return err
	}
	return &fault.Error{
		Kind: fault.Unavailable, Op: "sqlite.migrate",
		Detail: fmt.Sprintf("the store was written by a newer Bodega: it has schema %d and needs a program of schema %d or later, this one has %d", version, oldest, steps),
	}
}

// schemaVersion returns the newest step a file has and the oldest program that
// can serve it; zeros for a new file.
func schemaVersion(conn *sqlite.Conn) (version, oldest int, err error) {
	read := func(sql string, into ...*int) error {
		return sqlitex.ExecuteTransient(conn, sql, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			for i, p := range into {
				*p = stmt.ColumnInt(i)
			}
			return nil
		}})
	}
	known := 0
	err = cmp.Or(
		read("PRAGMA user_version", &version),
		read("SELECT count(*) FROM sqlite_schema WHERE name = 'schema_steps'", &known),
	)
	if err == nil && known == 1 {
		err = read("SELECT max(oldest) FROM schema_steps", &oldest)
	}
	return version, oldest, err
}
