package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// pace says when a replica serves. It goes out at once and comes back slowly,
// so that one on the edge does not flap.
type pace struct {
	probeEvery time.Duration
	probeTime  time.Duration // for the answer
	maxLag     time.Duration // beyond it, out
	goodLag    time.Duration // within it, a good probe
	badProbes  int           // that fail, until out
	goodProbes int           // until back
}

func (p pace) orDefault() pace {
	if p == (pace{}) {
		return pace{probeEvery: time.Second, probeTime: time.Second, maxLag: 5 * time.Second, goodLag: 2 * time.Second, badProbes: 2, goodProbes: 3}
	}
	return p
}

const (
	borrowTime  = 250 * time.Millisecond // for a connection: the primary may have one sooner
	replicaTime = 3 * time.Second        // for a read: then there is still time to ask the primary
	maxPatience = 256 * time.Millisecond // before asking again for what a replica did not have
)

var (
	errBehind = errors.New("the replica has not come to the mark")
	errBusy   = errors.New("all connections to the replica are taken")
	errDown   = errors.New("the replica lets nobody in")
)

// replica is a server that follows the primary.
type replica struct {
	address address
	pool    *pgxpool.Pool
	cluster *cluster

	serving  atomic.Bool
	epoch    atomic.Uint64 // the history that it follows
	position atomic.Uint64 // how far it is known to have come
	misses   atomic.Int64  // in a row that it was asked for more than it had
	patient  atomic.Int64  // until then (ns) it is not asked for more again

	mu        sync.Mutex
	bad, good int // probes in a row
	lag       time.Duration
	err       error // of the last probe
}

// add opens a replica. Invalid unless it is one of the cluster's; one that
// cannot be reached is left to the probes.
func (c *cluster) add(ctx context.Context, a address, conf Config) error {
	params := limits()
	params["default_transaction_read_only"] = "on"
	a.tune(conf.MaxReplicaConns, params, conf.dial)
	a.cfg.ConnConfig.ValidateConnect = nil // reading is all it is for
	a.cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error { return c.mustFollow(ctx, conn) }
	pool, err := pgxpool.NewWithConfig(context.WithoutCancel(ctx), a.cfg)
	if err != nil {
		return fault.Wrap(fault.Internal, "postgres.Open", err)
	}
	rep := &replica{address: a, pool: pool, cluster: c}
	c.replicas = append(c.replicas, rep)
	ctx, cancel := context.WithTimeout(ctx, conf.ConnectTimeout)
	defer cancel()
	if err := pool.Ping(ctx); err != nil {
		err = a.unusable(err)
		if !fault.Is(err, fault.Unavailable) {
			return err
		}
		c.log.WarnContext(ctx, "a replica is left out until it is back", "server", a.host(), "error", err)
		return nil
	}
	return rep.first(ctx)
}

// mustFollow refuses a connection to a server that does not follow the primary.
func (c *cluster) mustFollow(ctx context.Context, conn *pgx.Conn) error {
	var follows bool
	var system int64
	if err := conn.QueryRow(ctx, "SELECT pg_is_in_recovery(), (SELECT system_identifier FROM pg_control_system())").Scan(&follows, &system); err != nil {
		return err
	}
	switch known := c.home.primary.system.Load(); {
	case !follows:
		return errNoReplica
	case known != system:
		return errStranger
	}
	return nil
}

// first probes a replica before anything is asked of it.
func (rep *replica) first(ctx context.Context) error {
	if err := rep.cluster.heartbeat(ctx); err != nil {
		return err
	}
	conn, err := rep.pool.Acquire(ctx)
	if err != nil {
		return rep.address.unusable(err)
	}
	defer conn.Release()
	lag, err := rep.probe(ctx, conn.Conn())
	rep.serving.Store(err == nil && lag <= rep.cluster.pace.maxLag)
	return nil
}

// covers reports whether the replica is known to have come to the mark, and
// whether it is worth asking.
func (rep *replica) covers(after ports.Mark, now time.Time) (known, maybe bool) {
	if after.IsZero() {
		return true, true
	}
	same := rep.epoch.Load() == after.Epoch
	known = same && rep.position.Load() >= after.Pos
	return known, known || same && now.UnixNano() >= rep.patient.Load()
}

// read runs fn on the replica. errBehind if it has not come to the mark: then fn
// has been shown nothing.
func (rep *replica) read(ctx context.Context, after ports.Mark, fn func(q querier) error) error {
	waiting, cancel := context.WithTimeout(ctx, borrowTime)
	conn, err := rep.pool.Acquire(waiting)
	cancel()
	switch _, dialled := errors.AsType[*pgconn.ConnectError](err); {
	case err != nil && !dialled && errors.Is(err, context.DeadlineExceeded):
		return errBusy
	case err != nil:
		return fmt.Errorf("%w: %w", errDown, err)
	}
	defer conn.Release()
	wire := conn.Conn().PgConn().Conn()
	_ = wire.SetDeadline(time.Now().Add(replicaTime)) // the caller's patience may be longer
	defer func() { _ = wire.SetDeadline(time.Time{}) }()
	if after.IsZero() {
		return fn(conn)
	}
	return fn(statements{&checked{rep: rep, conn: conn, after: after}})
}

// came remembers how far the replica had come when it was asked for a mark. The
// more often in a row that was not enough, the longer nobody asks.
func (rep *replica) came(position uint64, enough bool) {
	rep.position.Store(position)
	if enough {
		rep.misses.Store(0)
		return
	}
	wait := min(time.Millisecond<<min(rep.misses.Add(1), 10), maxPatience)
	rep.patient.Store(time.Now().Add(wait).UnixNano())
}

// keepProbing asks the replica once a second how it is, on a connection of its
// own.
func (rep *replica) keepProbing(ctx context.Context) {
	var conn *pgx.Conn
	defer func() { rep.hangUp(ctx, conn) }()
	for {
		every := rep.cluster.pace.probeEvery
		pause(ctx, every-every/10+rand.N(every/5)) // so that several programs do not march in step
		if ctx.Err() != nil {
			return
		}
		bounded, cancel := context.WithTimeout(ctx, rep.cluster.pace.probeTime)
		lag, err := time.Duration(0), error(nil)
		if conn == nil {
			conn, err = rep.dial(bounded)
		}
		if err == nil {
			lag, err = rep.probe(bounded, conn)
		}
		cancel()
		if err != nil {
			rep.hangUp(ctx, conn)
			conn = nil
		}
		if ctx.Err() == nil {
			rep.probed(ctx, lag, err)
		}
	}
}

func (rep *replica) dial(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, rep.address.cfg.ConnConfig.Copy())
	if err != nil {
		return nil, err
	}
	if err := rep.cluster.mustFollow(ctx, conn); err != nil {
		rep.hangUp(ctx, conn)
		return nil, err
	}
	return conn, nil
}

func (rep *replica) hangUp(ctx context.Context, conn *pgx.Conn) {
	if conn == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rep.cluster.pace.probeTime)
	defer cancel()
	_ = conn.Close(ctx)
}

// probe asks how far the replica has come.
func (rep *replica) probe(ctx context.Context, conn *pgx.Conn) (lag time.Duration, err error) {
	var follows bool
	var position, epoch int64
	var beat time.Time
	newest := rep.cluster.beat.Load() // before asking: what was beaten since is no lag
	if err := conn.QueryRow(ctx, "SELECT pg_is_in_recovery(), coalesce(pg_last_wal_replay_lsn() - '0/0'::pg_lsn, 0)::bigint, at, epoch FROM "+
		rep.cluster.home.table("heartbeat")).Scan(&follows, &position, (*instant)(&beat), &epoch); err != nil {
		return 0, err
	}
	if !follows {
		return 0, errNoReplica
	}
	rep.epoch.Store(uint64(epoch))
	rep.position.Store(uint64(position))
	return max(time.Duration(newest-beat.UnixMicro())*time.Microsecond, 0), nil
}

// probed draws the conclusion of a probe.
func (rep *replica) probed(ctx context.Context, lag time.Duration, err error) {
	if err == nil && rep.cluster.observe.Lag != nil {
		rep.cluster.observe.Lag(rep.address.host(), lag)
	}
	rep.mu.Lock()
	defer rep.mu.Unlock()
	rep.lag, rep.err = lag, err
	switch {
	case err != nil:
		rep.bad, rep.good = rep.bad+1, 0
	case lag <= rep.cluster.pace.goodLag:
		rep.bad, rep.good = 0, rep.good+1
	default:
		rep.bad, rep.good = 0, 0
	}
	switch serving := rep.serving.Load(); {
	case serving && (rep.bad >= rep.cluster.pace.badProbes || lag > rep.cluster.pace.maxLag || errors.Is(err, errNoReplica)):
		rep.turnOut(ctx, false)
	case !serving && rep.good >= rep.cluster.pace.goodProbes:
		rep.turnOut(ctx, true)
	}
}

// failed is told that a read could not be done: as bad as a bad probe.
func (rep *replica) failed(ctx context.Context, err error) {
	rep.mu.Lock()
	defer rep.mu.Unlock()
	rep.err, rep.bad, rep.good = err, rep.bad+1, 0
	if rep.serving.Load() && rep.bad >= rep.cluster.pace.badProbes {
		rep.turnOut(ctx, false)
	}
}

// turnOut takes the replica into or out of service.
func (rep *replica) turnOut(ctx context.Context, serves bool) {
	rep.serving.Store(serves)
	if rep.cluster.observe.Ejected != nil {
		rep.cluster.observe.Ejected(rep.address.host(), !serves)
	}
	if serves {
		rep.cluster.log.InfoContext(ctx, "a replica is back", "server", rep.address.host(), "lag", rep.lag)
		return
	}
	rep.pool.Reset()
	rep.cluster.log.WarnContext(ctx, "a replica is out", "server", rep.address.host(), "lag", rep.lag, "error", rep.err)
}

// checked asks with its first statement, in the same round trip and before it,
// whether the replica has come to the mark.
type checked struct {
	rep   *replica
	conn  *pgxpool.Conn
	after ports.Mark
	asked bool
	lost  error
}

func (c *checked) send(ctx context.Context, own ...*pgx.QueuedQuery) (pgx.BatchResults, error) {
	if c.lost != nil {
		return nil, c.lost
	}
	if c.asked {
		return c.conn.SendBatch(ctx, &pgx.Batch{QueuedQueries: own}), nil
	}
	c.asked = true
	b := &pgx.Batch{}
	b.Queue("SELECT coalesce(pg_last_wal_replay_lsn() - '0/0'::pg_lsn, 0)::bigint")
	b.QueuedQueries = append(b.QueuedQueries, own...)
	results := c.conn.SendBatch(ctx, b)
	var position int64
	err := results.QueryRow().Scan(&position)
	if err == nil {
		enough := uint64(position) >= c.after.Pos
		if c.rep.came(uint64(position), enough); !enough {
			err = errBehind
		}
	}
	if err != nil {
		_ = results.Close() // of no interest any more
		c.lost = err
		return nil, err
	}
	return results, nil
}

func (c *checked) fail(err error) error { return err }
