package sqlite

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// DB is an open shop. It is safe for concurrent use.
type DB struct {
	path    string
	epoch   uint64 // of this opening: positions are counted from 1 in each
	writer  *writer
	readers *readers
	derived derived
	queue   *queue

	closing sync.Once
	closed  error
}

// Open opens the file at path, makes it if it is not there, and brings its
// schema up to date. Unavailable when the file cannot be opened or written, or
// was written by a program that this one is too old to follow. The caller makes
// sure that no other process has it open.
func Open(ctx context.Context, path string) (*DB, error) {
	conn, err := openWriter(path)
	if err != nil {
		return nil, opening(path, err)
	}
	if err := migrate(ctx, conn); err != nil {
		return nil, errors.Join(opening(path, err), conn.Close())
	}
	if err := takeOver(conn, time.Now()); err != nil {
		return nil, errors.Join(opening(path, err), conn.Close())
	}
	var epoch [8]byte
	_, _ = rand.Read(epoch[:]) // never fails
	return &DB{
		path:    path,
		epoch:   binary.LittleEndian.Uint64(epoch[:]),
		writer:  startWriter(conn, path+"-wal"), //nolint:contextcheck // it outlives Open; every transaction brings its own
		readers: newReaders(path),
		queue:   newQueue(),
	}, nil
}

// opening explains why a file could not be opened.
func opening(path string, err error) error {
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	why := "it is not an intact store"
	if outage(err) {
		why = explain(err)
	}
	return &fault.Error{Kind: fault.Unavailable, Op: "sqlite.Open", Detail: path + " cannot be opened: " + why, Err: err}
}

// Close lets queued writes finish, waits for reads under way and closes the
// file. Later calls of any method answer Unavailable. It can be called again.
func (db *DB) Close() error {
	db.closing.Do(func() {
		db.closed = errors.Join(db.readers.close(), db.writer.close())
	})
	return db.closed
}

// Stats tells what the writer has done since the store was opened, and how much
// waits to be moved from the log into the file.
type Stats struct {
	Commits      uint64 // batches
	Transactions uint64 // members of batches that were committed
	Waiting      int    // transactions in the queue
	WALBytes     int64
}

// Stats returns the writer's counters.
func (db *DB) Stats() Stats {
	s := Stats{Commits: db.writer.commits.Load(), Transactions: db.writer.served.Load(), Waiting: len(db.writer.queue)}
	if info, err := os.Stat(db.path + "-wal"); err == nil {
		s.WALBytes = info.Size()
	}
	return s
}

// mark returns the position of a realm after a number of commits. All realms
// share the file and so its count.
func (db *DB) mark(r ports.Realm, commits uint64) ports.Mark {
	return ports.Mark{Realm: r, Epoch: db.epoch, Pos: commits}
}

const (
	busyTimeout    = 5 * time.Second
	autocheckpoint = 4000     // pages, 16 MB
	walLimit       = 64 << 20 // bytes; beyond that somebody holds the log open
)

func openWriter(path string) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite, sqlite.OpenCreate)
	if err != nil {
		return nil, err
	}
	if err := configure(conn, false); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

func openReader(path string) (*sqlite.Conn, error) {
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadWrite)
	if err != nil {
		return nil, err
	}
	if err := configure(conn, true); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// configure sets what a connection must have and reads it back: a pragma that
// does not take effect says nothing.
func configure(conn *sqlite.Conn, reader bool) error {
	conn.SetInterrupt(nil)
	conn.SetBusyTimeout(busyTimeout)
	checkpoint, queryOnly, mapped := autocheckpoint, 0, 256<<20
	if reader {
		// Checkpoints are the writer's: no query should pay for one. And a reader
		// finds its map of the file undone by every commit of the writer: mapping it
		// again costs more than twice what reading a few pages does.
		checkpoint, queryOnly, mapped = 0, 1, 0
	}
	for _, p := range []struct {
		name string
		set  any
		want string
	}{
		{"journal_mode", "WAL", "wal"},
		{"synchronous", "FULL", "2"},
		{"foreign_keys", "ON", "1"},
		{"cache_size", -16000, "-16000"},
		{"temp_store", "MEMORY", "2"},
		{"mmap_size", mapped, fmt.Sprint(mapped)},
		{"journal_size_limit", walLimit, fmt.Sprint(walLimit)},
		{"wal_autocheckpoint", checkpoint, fmt.Sprint(checkpoint)},
		{"query_only", queryOnly, fmt.Sprint(queryOnly)},
	} {
		if err := sqlitex.ExecuteTransient(conn, fmt.Sprintf("PRAGMA %s = %v", p.name, p.set), nil); err != nil {
			return fmt.Errorf("pragma %s: %w", p.name, err)
		}
		var got string
		err := sqlitex.ExecuteTransient(conn, "PRAGMA "+p.name, &sqlitex.ExecOptions{ResultFunc: func(stmt *sqlite.Stmt) error {
			got = stmt.ColumnText(0)
			return nil
		}})
		if err != nil {
			return fmt.Errorf("pragma %s: %w", p.name, err)
		}
		if got != p.want {
			return fmt.Errorf("pragma %s is %s, not %s", p.name, got, p.want)
		}
	}
	return nil
}
