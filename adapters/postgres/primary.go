package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

const (
	attempts     = 4 // of a transaction that the server rolls back: three retries
	minPause     = 10 * time.Millisecond
	maxPause     = 100 * time.Millisecond
	commitTime   = 10 * time.Second // after that nobody knows
	rollbackTime = 2 * time.Second
	acquireTime  = 5 * time.Second // for a connection of the pool
)

// primary is the server that takes a realm's writes.
type primary struct {
	address address
	pool    *pgxpool.Pool
	system  atomic.Int64  // which cluster it is of, as the newest connection found
	epoch   atomic.Uint64 // and which history it writes
}

func (p *primary) close() { p.pool.Close() }

// acquire takes a connection of the pool.
func (p *primary) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	waiting, cancel := context.WithTimeout(ctx, acquireTime)
	defer cancel()
	conn, err := p.pool.Acquire(waiting)
	switch {
	case err == nil:
		return conn, nil
	case ctx.Err() != nil:
		return nil, translate(ctx, ctx.Err())
	case errors.Is(err, context.DeadlineExceeded):
		return nil, &fault.Error{Kind: fault.Unavailable, Op: "postgres", Detail: "the database is busy", Err: err}
	}
	return nil, &fault.Error{Kind: fault.Unavailable, Op: "postgres", Detail: "the database is not available", Err: err}
}

// read runs fn on a connection, and once more on a new one when the first leads
// to a server that is no primary any more.
func (p *primary) read(ctx context.Context, fn func(q querier) error) error {
	err := p.readOnce(ctx, fn)
	if p.moved(ctx, err) {
		err = p.readOnce(ctx, fn)
	}
	return translate(ctx, err)
}

func (p *primary) readOnce(ctx context.Context, fn func(q querier) error) error {
	conn, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return fn(conn)
}

// moved reports whether an error says that the primary is another server now,
// the same one after a restart, or one with another schema. The pool begins
// anew then. A server that cannot even be reached is not worth a second try.
func (p *primary) moved(ctx context.Context, err error) bool {
	if err == nil || ctx.Err() != nil {
		return false
	}
	if _, dialling := errors.AsType[*pgconn.ConnectError](err); dialling {
		return false
	}
	switch stateOf(err) {
	case readOnlyTransaction, adminShutdown, cachedPlan:
	case "":
		if !disconnected(err) {
			return false
		}
	default:
		return false
	}
	p.pool.Reset()
	return true
}

// snapshot runs fn in a transaction that only reads, and may take long.
func (p *primary) snapshot(ctx context.Context, fn func(q querier) error) error {
	conn, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	t := newTx(conn, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
	t.queue("SET LOCAL statement_timeout = 0")
	t.queue("SET LOCAL idle_in_transaction_session_timeout = 0")
	err = guard(func() error { return fn(t) })
	rollback(ctx, conn.Conn())
	return translate(ctx, err)
}

// write runs fn as a transaction until it commits, fails for good, or has been
// rolled back too often.
func (p *primary) write(ctx context.Context, r *realm, fn func(context.Context, *tx) error) (mark ports.Mark, err error) {
	for attempt := 1; ; attempt++ {
		mark, err = p.writeOnce(ctx, r.name, fn)
		if err == nil || attempt == attempts || fault.Is(err, fault.Unknown) || !p.again(ctx, err) {
			return mark, translate(ctx, err)
		}
		if r.observe.Retried != nil {
			r.observe.Retried(r.name, stateOf(err))
		}
		select {
		case <-ctx.Done():
			return ports.Mark{}, translate(ctx, ctx.Err())
		case <-time.After(minPause + rand.N(maxPause-minPause)):
		}
	}
}

// again reports whether a transaction that failed may succeed when it is run
// again: the server rolled it back in favour of another, or the connection was
// lost before COMMIT.
func (p *primary) again(ctx context.Context, err error) bool {
	state := stateOf(err)
	return state == serializationFailure || state == deadlockDetected || p.moved(ctx, err)
}

func (p *primary) writeOnce(ctx context.Context, name ports.Realm, fn func(context.Context, *tx) error) (ports.Mark, error) {
	conn, err := p.acquire(ctx)
	if err != nil {
		return ports.Mark{}, err
	}
	defer conn.Release()
	t := newTx(conn, "BEGIN")
	err = guard(func() error { return fn(ctx, t) })
	if err == nil {
		err = t.lost // which the closure chose to ignore
	}
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		rollback(ctx, conn.Conn())
		return ports.Mark{}, err
	}
	pos, err := commit(ctx, t, conn.Conn())
	if err != nil {
		return ports.Mark{}, err
	}
	for _, hook := range t.hooks {
		hook()
	}
	return ports.Mark{Realm: name, Epoch: epochOf(conn.Conn()), Pos: pos}, nil
}

// commit ends a transaction and reads the position after it on the way. The
// caller's context is not looked at any more: what was sent is on its way.
func commit(ctx context.Context, t *tx, conn *pgx.Conn) (pos uint64, err error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTime)
	defer cancel()
	var position int64
	err = t.finish(ctx, "COMMIT", &position)
	switch pg, said := errors.AsType[*pgconn.PgError](err); {
	case err == nil:
		return uint64(position), nil
	case said && pg.Severity == "ERROR", errors.Is(err, pgx.ErrTxCommitRollback): // the server says that it did not
		rollback(ctx, conn)
		return 0, err
	case pgconn.SafeToRetry(err): // nothing was sent
		return 0, err
	}
	_ = conn.Close(ctx)
	return 0, &fault.Error{Kind: fault.Unknown, Op: "postgres.commit", Detail: "the connection was lost before the answer came", Err: err}
}

// rollback leaves nothing behind; a connection on which even that fails is
// closed, and the server does it.
func rollback(ctx context.Context, conn *pgx.Conn) {
	if conn.IsClosed() || conn.PgConn().TxStatus() == 'I' {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
	defer cancel()
	if _, err := conn.Exec(ctx, "ROLLBACK"); err != nil {
		_ = conn.Close(ctx)
	}
}

// guard turns a panic into an error.
func guard(fn func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &fault.Error{Kind: fault.Internal, Op: "postgres", Err: fmt.Errorf("panic: %v\n%s", v, debug.Stack())}
		}
	}()
	return fn()
}
