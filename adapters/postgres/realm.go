package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bodega-commerce/bodega/ports"
)

// querier runs statements: a connection, a transaction or a replica's reader.
type querier interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

// realm is a schema, the primary that has it and the replicas that may serve
// its reads.
type realm struct {
	name    ports.Realm
	primary *primary
	cluster *cluster // nil: no replicas
	queue   *queue
	observe Observe
	joined  pgx.Tx // not nil: everything runs in an embedder's transaction
}

// table qualifies the name of a table that every realm has.
func (r *realm) table(name string) string { return string(r.name) + "." + name }

// read runs fn on the primary. It may run twice, when the primary has moved.
func (r *realm) read(ctx context.Context, fn func(q querier) error) error {
	if r.joined != nil {
		return translate(ctx, fn(r.joined))
	}
	return r.primary.read(ctx, fn)
}

// readAfter runs fn on a replica that has come past the mark, else on the
// primary. It may run twice.
func (r *realm) readAfter(ctx context.Context, after ports.Mark, fn func(q querier) error) error {
	if r.joined != nil || r.cluster == nil {
		return r.read(ctx, fn)
	}
	return r.cluster.read(ctx, r, after, fn)
}

// snapshot runs fn on the primary with one state for all its statements, which
// may take long: for exports and audits.
func (r *realm) snapshot(ctx context.Context, fn func(q querier) error) error {
	if r.joined != nil {
		return translate(ctx, fn(r.joined))
	}
	return r.primary.snapshot(ctx, fn)
}

// write runs fn as one transaction. It keeps the promises of ports.Transactor.
func (r *realm) write(ctx context.Context, fn func(ctx context.Context, t *tx) error) (ports.Mark, error) {
	if r.joined != nil {
		return ports.Mark{}, r.join(ctx, fn)
	}
	return r.primary.write(ctx, r, fn)
}

// transactor is the Transactor of a realm: bind gives a transaction's
// statements the shape of the realm's.
type transactor[T any] struct {
	r    *realm
	bind func(*tx) T
}

var _ ports.Transactor[ports.OrderTx] = transactor[ports.OrderTx]{}

// InTx is contracted by ports.Transactor.
func (t transactor[T]) InTx(ctx context.Context, fn func(context.Context, T) error) (ports.Mark, error) {
	return t.r.write(ctx, func(ctx context.Context, tx *tx) error { return fn(ctx, t.bind(tx)) })
}

// marker tells a realm's position.
type marker struct{ r *realm }

var _ ports.Marker = marker{}

// Position is contracted by ports.Marker.
func (m marker) Position(ctx context.Context) (mark ports.Mark, err error) {
	err = m.r.read(ctx, func(q querier) error {
		mark, err = m.r.position(ctx, q)
		return err
	})
	return mark, err
}
