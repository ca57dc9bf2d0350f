package postgres

import (
	"context"
	"database/sql"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// The steps of each realm's schema, in a directory named after it. A file is
// plain SQL for goose and begins with the line
//
//	-- oldest: N
//
// N is the number of the oldest schema whose programs can still serve a database
// that has this step: its own number when they cannot, less when the step only
// adds what they do not look at. Steps only go forward.
//
//go:embed migrations/*/*.sql
var migrationFiles embed.FS

// step is one migration: its number in the realm, and the oldest program.
type step struct {
	name           string
	number, oldest int
}

// steps returns a realm's steps in order.
func steps(files fs.FS) ([]step, error) {
	names, err := fs.Glob(files, "*.sql") // sorted
	if err != nil {
		return nil, err
	}
	all := make([]step, len(names))
	for i, name := range names {
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return nil, err
		}
		line, _, _ := strings.Cut(string(text), "\n")
		digits, _, _ := strings.Cut(name, "_")
		number, err := strconv.Atoi(digits)
		if err != nil || digits != fmt.Sprintf("%04d", number) || number <= newest(all[:i]) {
			return nil, fmt.Errorf("%s: must begin with a number of four digits that no other step has", name)
		}
		oldest, said := strings.CutPrefix(line, "-- oldest: ")
		n, err := strconv.Atoi(oldest)
		if !said || err != nil || n < 1 || n > number {
			return nil, fmt.Errorf("%s: the first line must be -- oldest: N with 1 <= N <= %d", name, number)
		}
		all[i] = step{name, number, n}
	}
	return all, nil
}

// newest returns the number of the last of some steps, 0 if there are none.
func newest(steps []step) int {
	if len(steps) == 0 {
		return 0
	}
	return steps[len(steps)-1].number
}

// migrate brings a realm's schema up to date. A database that is further along
// is left as it is, unless it says that this program is too old.
func migrate(ctx context.Context, r *realm) error {
	files, err := fs.Sub(migrationFiles, "migrations/"+string(r.name))
	if err != nil {
		return fault.Wrap(fault.Internal, "postgres.migrate", err)
	}
	return migrateTo(ctx, r, files)
}

func migrateTo(ctx context.Context, r *realm, files fs.FS) error {
	known, err := steps(files)
	if err != nil {
		return fault.Wrap(fault.Internal, "postgres.migrate", err)
	}
	// A database/sql of its own, because goose speaks that, without the limits of
	// the pool's sessions, because a backfill takes as long as it takes.
	cfg := r.primary.pool.Config().ConnConfig.Copy()
	for _, name := range []string{"statement_timeout", "idle_in_transaction_session_timeout"} {
		cfg.RuntimeParams[name] = "0"
	}
	db := stdlib.OpenDB(*cfg)
	defer db.Close()
	if _, err := db.ExecContext(ctx, bookkeeping(r.name)); err != nil {
		return translate(ctx, err)
	}
	if err := serves(ctx, db, r.name, known); err != nil {
		return err
	}
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockID(lockID(r.name)))
	if err != nil {
		return fault.Wrap(fault.Internal, "postgres.migrate", err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, recorded{files, r.name, known},
		goose.WithTableName(string(r.name)+".schema_versions"), goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fault.Wrap(fault.Internal, "postgres.migrate", err)
	}
	for try := 1; ; try++ {
		_, err := provider.Up(ctx)
		if err == nil {
			return nil
		}
		if stateOf(err) != lockNotAvailable || try == lockTries || ctx.Err() != nil {
			if err = translate(ctx, err); fault.Is(err, fault.Internal) {
				return fault.Wrap(fault.Internal, "postgres.migrate", err)
			}
			return err
		}
		pause(ctx, lockPause) // a step gave way to the shop's traffic
	}
}

// A step that cannot have its locks gives way and tries again.
const (
	lockTries = 10
	lockPause = time.Second
)

// bookkeeping makes the schema and the table of its steps.
func bookkeeping(name ports.Realm) string {
	return fmt.Sprintf(`SELECT pg_advisory_xact_lock(%[2]d);
		CREATE SCHEMA IF NOT EXISTS %[1]s;
		CREATE TABLE IF NOT EXISTS %[1]s.schema_steps (step int PRIMARY KEY, name text NOT NULL, oldest int NOT NULL)`, name, lockID(name)+0x100)
}

// recorded is the files of steps, each with a last statement that records the
// oldest program that can serve it, in the transaction of the step.
type recorded struct {
	fs.FS
	realm ports.Realm
	known []step
}

// Open is contracted by fs.FS.
func (r recorded) Open(name string) (fs.File, error) {
	f, err := r.FS.Open(name)
	i := slices.IndexFunc(r.known, func(s step) bool { return s.name == name })
	if err != nil || i < 0 {
		return f, err
	}
	s := r.known[i]
	record := fmt.Sprintf("\n;INSERT INTO %s.schema_steps (step, name, oldest) VALUES (%d, '%s', %d) ON CONFLICT (step) DO NOTHING;\n", r.realm, s.number, s.name, s.oldest)
	return longer{f, io.MultiReader(f, strings.NewReader(record))}, nil
}

// longer is a file that goes on.
type longer struct {
	fs.File
	all io.Reader
}

// Read is contracted by fs.File.
func (l longer) Read(b []byte) (int, error) { return l.all.Read(b) }

// lockID is the advisory lock of a realm's migrations.
func lockID(name ports.Realm) int64 {
	return map[ports.Realm]int64{ports.Catalog: 0x626f646567610001, ports.Orders: 0x626f646567610002, ports.Identity: 0x626f646567610003}[name]
}

// served answers Unavailable unless this program can serve the realm as it is.
func served(ctx context.Context, r *realm) error {
	known, err := stepsOf(r.name)
	if err != nil {
		return err
	}
	return servedBy(ctx, r, known)
}

func servedBy(ctx context.Context, r *realm, known []step) error {
	db := stdlib.OpenDBFromPool(r.primary.pool)
	defer db.Close()
	version, made := 0, false
	if err := db.QueryRowContext(ctx, "SELECT to_regclass($1) IS NOT NULL", string(r.name)+".schema_steps").Scan(&made); err != nil {
		return translate(ctx, err)
	}
	if made {
		if err := serves(ctx, db, r.name, known); err != nil {
			return err
		}
		if err := db.QueryRowContext(ctx, "SELECT coalesce(max(step), 0) FROM "+string(r.name)+".schema_steps").Scan(&version); err != nil {
			return translate(ctx, err)
		}
	}
	if version < newest(known) {
		return &fault.Error{
			Kind: fault.Unavailable, Op: "postgres.Open",
			Detail: fmt.Sprintf("the %s database has schema %d and this program needs %d: run bodega migrate first", r.name, version, newest(known)),
		}
	}
	return nil
}

// stepsOf returns the steps that this program knows of a realm.
func stepsOf(name ports.Realm) ([]step, error) {
	files, err := fs.Sub(migrationFiles, "migrations/"+string(name))
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "postgres.steps", err)
	}
	known, err := steps(files)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "postgres.steps", err)
	}
	return known, nil
}

// serves answers Unavailable if a program that knows these steps is too old.
func serves(ctx context.Context, db *sql.DB, name ports.Realm, known []step) error {
	var version, oldest int
	if err := db.QueryRowContext(ctx, "SELECT coalesce(max(step), 0), coalesce(max(oldest), 0) FROM "+string(name)+".schema_steps").Scan(&version, &oldest); err != nil {
		return translate(ctx, err)
	}
	if oldest <= newest(known) {
		return nil
	}
	return &fault.Error{
		Kind: fault.Unavailable, Op: "postgres.migrate",
		Detail: fmt.Sprintf("the %s database was written by a newer Bodega: it has schema %d and needs a program of schema %d or later, this one has %d", name, version, oldest, newest(known)),
	}
}
