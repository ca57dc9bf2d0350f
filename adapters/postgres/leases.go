package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

const (
	// leaseLocks is the class of the advisory locks of leases; the second key is
	// the work's.
	leaseLocks = 0x626f6c65
	// leaseBeat is between two signs of life of the session that holds leases,
	// leaseSilence how long the server waits for one. It ends the session then:
	// of a machine that lost its power or its network nobody hears that it is
	// gone.
	leaseBeat    = 5 * time.Second
	leaseSilence = "20s"
	leaseTime    = 3 * time.Second // for an answer
)

// leases are the works of this process: advisory locks of a session of its own,
// which the server takes back when that ends, however it ends.
type leases struct {
	primary *primary
	stop    context.CancelFunc
	beating sync.WaitGroup

	mu      sync.Mutex
	session *pgx.Conn // nil: nothing is held
	held    map[string]bool
}

var _ ports.Leases = (*leases)(nil)

// newLeases returns leases at a primary. Whoever makes them closes them.
func newLeases(ctx context.Context, p *primary) *leases {
	l := &leases{primary: p, held: map[string]bool{}}
	ctx, l.stop = context.WithCancel(ctx)
	l.beating.Go(func() {
		for pause(ctx, leaseBeat); ctx.Err() == nil; pause(ctx, leaseBeat) {
			l.beat(ctx)
		}
		l.mu.Lock()
		defer l.mu.Unlock()
		l.end(ctx)
	})
	return l
}

// Leases divide works among the processes on the orders' database.
func (db *DB) Leases() ports.Leases { return db.leases }

// Hold is contracted by ports.Leases.
func (l *leases) Hold(ctx context.Context, work string) (mine bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.held[work] {
		return true, nil
	}
	err = l.ask(ctx, func(ctx context.Context) error {
		return l.session.QueryRow(ctx, "SELECT pg_try_advisory_lock($1, hashtext($2))", leaseLocks, work).Scan(&mine)
	})
	if mine {
		l.held[work] = true
	}
	return mine, err
}

// LetGo is contracted by ports.Leases.
func (l *leases) LetGo(ctx context.Context, work string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.held[work] {
		return nil
	}
	delete(l.held, work)
	return l.ask(ctx, func(ctx context.Context) error {
		_, err := l.session.Exec(ctx, "SELECT pg_advisory_unlock($1, hashtext($2))", leaseLocks, work)
		return err
	})
}

// beat shows the server that this process is there, and finds out whether its
// session still is.
func (l *leases) beat(ctx context.Context) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.session != nil {
		_ = l.ask(ctx, l.session.Ping) // who loses what is held asks for it anew
	}
}

// ask runs fn on the session, which is begun if there is none. One that fails is
// over, and with it all that it held. The caller holds the lock.
func (l *leases) ask(ctx context.Context, fn func(context.Context) error) error {
	bounded, cancel := context.WithTimeout(ctx, leaseTime)
	defer cancel()
	err := l.begin(bounded)
	if err == nil {
		err = fn(bounded)
	}
	if err == nil {
		return nil
	}
	l.end(ctx)
	if bounded.Err() != nil && ctx.Err() == nil {
		return &fault.Error{Kind: fault.Unavailable, Op: "postgres", Detail: "the database does not answer", Err: err}
	}
	return translate(ctx, err)
}

// begin takes a connection out of the pool for good: it was checked to lead to a
// server that takes writes.
func (l *leases) begin(ctx context.Context) error {
	if l.session != nil {
		return nil
	}
	conn, err := l.primary.acquire(ctx)
	if err != nil {
		return err
	}
	l.session = conn.Hijack()
	_, err = l.session.Exec(ctx, "SET idle_session_timeout = '"+leaseSilence+"'")
	return err
}

func (l *leases) end(ctx context.Context) {
	if l.session == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
	defer cancel()
	_ = l.session.Close(ctx)
	l.session = nil
	clear(l.held)
}

// close lets go of everything.
func (l *leases) close() {
	l.stop()
	l.beating.Wait()
}
