package sqlite

import (
	"context"

	"github.com/bodega-commerce/bodega/ports"
)

// write runs fn as one transaction and returns the realm's mark with it. It
// keeps the promises of ports.Transactor.
func (db *DB) write(ctx context.Context, realm ports.Realm, fn func(context.Context, *session) error) (ports.Mark, error) {
	pos, err := db.writer.do(ctx, fn)
	if err != nil {
		return ports.Mark{}, err
	}
	return db.mark(realm, pos), nil
}

// view runs fn on a connection that reads, each statement on the newest commit.
func (db *DB) view(ctx context.Context, fn func(*session) error) error {
	return db.readers.view(ctx, fn)
}

// snapshot is view with one state for all statements of fn.
func (db *DB) snapshot(ctx context.Context, fn func(*session) error) error {
	return db.readers.snapshot(ctx, fn)
}

// transactor is the Transactor of a realm: bind gives a session's statements
// the shape of the realm's transaction.
type transactor[T any] struct {
	db    *DB
	realm ports.Realm
	bind  func(*session) T
}

var _ ports.Transactor[ports.CatalogTx] = transactor[ports.CatalogTx]{}

// InTx is contracted by ports.Transactor. There is one writer, so nothing is
// ever retried and every read through tx is a locked one.
func (t transactor[T]) InTx(ctx context.Context, fn func(context.Context, T) error) (ports.Mark, error) {
	return t.db.write(ctx, t.realm, func(ctx context.Context, s *session) error { return fn(ctx, t.bind(s)) })
}

// marker tells a realm's position.
type marker struct {
	db    *DB
	realm ports.Realm
}

var _ ports.Marker = marker{}

func (m marker) Position(context.Context) (ports.Mark, error) {
	return m.db.mark(m.realm, m.db.writer.commits.Load()), nil
}
