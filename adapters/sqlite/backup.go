package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/bodega-commerce/bodega/core/fault"
)

// Backup writes a copy of the store, as it is at one moment, into a new file.
// The shop goes on meanwhile. The copy is one file, on disk and checked when
// Backup returns; after an error nothing of it is left. Exists when there is a
// file already; Unavailable when it cannot be written; Canceled.
//
// To restore a copy, put it in the place of the store's file while no program
// has it open, and remove the files beside it that end in -wal and -shm.
func (db *DB) Backup(ctx context.Context, path string) (err error) {
	if err := canceled(ctx); err != nil {
		return err
	}
	select {
	case <-db.readers.closing:
		return errClosed()
	default:
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, os.ErrExist):
		return fault.Duplicate("path")
	case err != nil:
		return backupFailed(ctx, err)
	}
	defer func() {
		if err = errors.Join(err, f.Close()); err != nil {
			err = backupFailed(ctx, errors.Join(err, os.Remove(path)))
		}
	}()
	// A connection of its own: it reads for long, and may be interrupted.
	conn, err := openWriter(db.path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	conn.SetInterrupt(ctx.Done())
	if err := sqlitex.ExecuteTransient(conn, "VACUUM INTO ?1", &sqlitex.ExecOptions{Args: []any{path}}); err != nil {
		return err
	}
	if err := f.Sync(); err != nil { // SQLite does not flush it
		return err
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return err
	}
	return Verify(ctx, path)
}

func backupFailed(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return canceled(ctx)
	}
	return &fault.Error{Kind: fault.Unavailable, Op: "sqlite.Backup", Detail: "the copy cannot be written", Err: err}
}

func syncDir(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// Verify reads a whole file and says whether it is an intact store that this
// program can serve. Invalid if it is not. The file must not be in use.
func Verify(ctx context.Context, path string) (err error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	if err != nil {
		return notAStore(path, err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	conn.SetInterrupt(ctx.Done())
	id, finding := int64(0), ""
	for sql, read := range map[string]func(*sqlite.Stmt){
		"PRAGMA application_id": func(stmt *sqlite.Stmt) { id = stmt.ColumnInt64(0) },
		"PRAGMA quick_check(1)": func(stmt *sqlite.Stmt) { finding = stmt.ColumnText(0) },
	} {
		if err := sqlitex.ExecuteTransient(conn, sql, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error { read(stmt); return nil }}); err != nil {
			if ctx.Err() != nil {
				return canceled(ctx)
			}
			return notAStore(path, err)
		}
	}
	switch {
	case id != appID:
		return notAStore(path, fmt.Errorf("application id %#x", id))
	case finding != "ok":
		return notAStore(path, errors.New(finding))
	}
	steps, err := migrations(migrationFiles)
	if err != nil {
		return fault.Wrap(fault.Internal, "sqlite.Verify", err)
	}
	return serves(conn, len(steps))
}

func notAStore(path string, err error) error {
	return &fault.Error{Kind: fault.Invalid, Op: "sqlite.Verify", Detail: filepath.Base(path) + " is not an intact store", Err: err}
}
