package postgres

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// cluster is the replicas of the database that realms share.
type cluster struct {
	home     *realm // whose heartbeat is watched
	replicas []*replica
	region   string
	pace     pace
	turn     atomic.Uint64
	spare    chan struct{} // room on the primary for what the replicas should have done
	observe  Observe
	log      *slog.Logger

	beat atomic.Int64 // the newest heartbeat of the primary, in microseconds

	stop context.CancelFunc
	done sync.WaitGroup
}

// fallbackTime is how long a read waits for room on the primary.
const fallbackTime = 2 * time.Second

func newCluster(home *realm, c Config) *cluster {
	return &cluster{
		home: home, region: c.Region, pace: c.pace.orDefault(), spare: make(chan struct{}, max(c.MaxConns/2, 1)),
		observe: c.Observe, log: c.Log, stop: func() {},
	}
}

// read runs fn on a replica that serves and has come to the mark, else on the
// primary.
func (c *cluster) read(ctx context.Context, r *realm, after ports.Mark, fn func(q querier) error) error {
	if after.Realm != r.name || after.Epoch != r.primary.epoch.Load() {
		after = ports.Mark{} // of another history: it binds nothing
	}
	chosen, why := c.choose(after)
	if chosen == nil {
		return c.fallBack(ctx, r, why, fn)
	}
	err := chosen.read(ctx, after, fn)
	if why := chosen.refused(ctx, err); why != "" {
		return c.fallBack(ctx, r, why, fn)
	}
	return translate(ctx, err)
}

// choose returns a replica for a read: of the own region if there is one, known
// to have come to the mark if there is one, each in turn; nil and the reason if
// there is none.
func (c *cluster) choose(after ports.Mark) (chosen *replica, why string) {
	turn, now := int(c.turn.Add(1)), time.Now()
	why = "ejected"
	best := -1
	for i := range c.replicas {
		rep := c.replicas[(turn+i)%len(c.replicas)]
		if !rep.serving.Load() {
			continue
		}
		known, maybe := rep.covers(after, now)
		if !maybe {
			why = "behind"
			continue
		}
		score := 0
		if rep.address.region == c.region {
			score += 2
		}
		if known {
			score++
		}
		if score > best {
			best, chosen = score, rep
		}
	}
	return chosen, why
}

// fallBack runs on the primary what a replica might have served, behind a cap,
// so that the loss of the replicas does not take the checkout with it.
func (c *cluster) fallBack(ctx context.Context, r *realm, why string, fn func(q querier) error) error {
	if c.observe.FellBack != nil {
		c.observe.FellBack(r.name, why)
	}
	select {
	case c.spare <- struct{}{}:
	default:
		waited := time.NewTimer(fallbackTime)
		defer waited.Stop()
		select {
		case c.spare <- struct{}{}:
		case <-ctx.Done():
			return translate(ctx, ctx.Err())
		case <-waited.C:
			return &fault.Error{Kind: fault.Unavailable, Op: "postgres.read", Detail: "the database is busy", Err: errors.New("no replica serves, and the primary's share for reads is taken")}
		}
	}
	defer func() { <-c.spare }()
	return r.primary.read(ctx, fn)
}

// start begins to watch the servers.
func (c *cluster) start(ctx context.Context) {
	ctx, c.stop = context.WithCancel(ctx)
	c.done.Go(func() { c.keepBeating(ctx) })
	for _, rep := range c.replicas {
		c.done.Go(func() { rep.keepProbing(ctx) })
	}
}

func (c *cluster) close() {
	c.stop()
	c.done.Wait()
	for _, rep := range c.replicas {
		rep.pool.Close()
	}
}

// keepBeating writes the time into the primary once a second, as one of all
// programs that do: a replica is as old as the beat that it shows.
func (c *cluster) keepBeating(ctx context.Context) {
	for {
		pause(ctx, c.pace.probeEvery)
		if ctx.Err() != nil {
			return
		}
		bounded, cancel := context.WithTimeout(ctx, c.pace.probeTime)
		if err := c.heartbeat(bounded); err != nil && ctx.Err() == nil {
			c.log.WarnContext(ctx, "the primary does not answer", "server", c.home.primary.address.host(), "error", err)
		}
		cancel()
	}
}

func (c *cluster) heartbeat(ctx context.Context) error {
	var beat time.Time
	_, err := c.home.write(ctx, func(ctx context.Context, t *tx) error {
		table := c.home.table("heartbeat")
		t.queue("INSERT INTO "+table+" (at, epoch) VALUES (clock_timestamp(), $1) ON CONFLICT (one) DO UPDATE SET at = excluded.at, epoch = excluded.epoch "+
			"WHERE heartbeat.at < excluded.at - $2::interval OR heartbeat.epoch <> excluded.epoch", int64(c.home.primary.epoch.Load()), c.pace.probeEvery/2)
		return t.QueryRow(ctx, "SELECT at FROM "+table).Scan((*instant)(&beat))
	})
	if err == nil {
		c.beat.Store(beat.UnixMicro())
	}
	return err
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// refused says why the primary should be asked instead; "" if it should not.
func (rep *replica) refused(ctx context.Context, err error) string {
	if err == nil || ctx.Err() != nil {
		return ""
	}
	pg, said := errors.AsType[*pgconn.PgError](err)
	switch {
	case errors.Is(err, errBehind):
		return "behind"
	case errors.Is(err, errBusy):
		return "busy"
	case errors.Is(err, errDown), !said && disconnected(err):
	case !said, pg.Code == queryCanceled:
		return ""
	case pg.Code == serializationFailure:
		return "conflict" // with recovery: the row it read was vacuumed away
	case pg.Code[:2] == "42", pg.Code == cachedPlan:
		return "schema" // a migration has not come here yet
	case pg.Code[:2] == "57", pg.Code[:2] == "53", pg.Code[:2] == "08": // it ends, is out of something, or out of step
	default:
		return ""
	}
	rep.failed(ctx, err)
	return "down"
}
