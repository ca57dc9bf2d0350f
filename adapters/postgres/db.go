package postgres

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bodega-commerce/bodega/ports"
)

// Config says where the databases are. Only URL is required.
type Config struct {
	// URL is the primary (postgres://user:password@host:port/database?…), for
	// every realm that has none of its own. Several hosts may be named: the one
	// that takes writes is used.
	URL                                string
	CatalogURL, OrdersURL, IdentityURL string
	// Replicas are replicas of URL, each as url or url#region.
	Replicas []string
	// Region is where this program runs: replicas of the region are preferred.
	Region string
	// Migrate brings the schemas up to date before anything else. Otherwise
	// they must be such that this program can serve them.
	Migrate bool
	// MaxConns bounds each realm's connections to its primary, MaxReplicaConns
	// those to each replica. Default: 20.
	MaxConns, MaxReplicaConns int
	// ConnectTimeout bounds the wait for a server at start. Default: 10 seconds.
	ConnectTimeout time.Duration
	// Log hears of servers that come and go. Default: slog.Default.
	Log *slog.Logger
	// Observe is told what happens. Default: nobody is.
	Observe Observe

	dial pgconn.DialFunc // nil: pgx's own
	pace pace            // zero: production's
}

// Observe are hooks for metrics. Each may be nil; they are called by many
// goroutines at once.
type Observe struct {
	Retried  func(realm ports.Realm, sqlstate string) // a transaction runs again
	FellBack func(realm ports.Realm, why string)      // a read that a replica might have served went to the primary
	Lag      func(replica string, lag time.Duration)  // each probe of a replica
	Ejected  func(replica string, out bool)           // a replica was taken out of, or back into, service
}

// DB is an open shop. It is safe for concurrent use.
type DB struct {
	catalog, orders, identity *realm
	cluster                   *cluster // nil: no replicas
	queue                     *queue
	leases                    *leases
	log                       *slog.Logger

	closing sync.Once
}

// realms returns the realms in a fixed order.
func (db *DB) realms() []*realm { return []*realm{db.catalog, db.orders, db.identity} }

// Close waits for what is under way and closes all connections. It can be
// called again.
func (db *DB) Close() error {
	db.closing.Do(func() {
		db.queue.close()
		if db.leases != nil {
			db.leases.close()
		}
		if db.cluster != nil {
			db.cluster.close()
		}
		for _, r := range db.realms() {
			if r != nil {
				r.primary.close()
			}
		}
	})
	return nil
}

// Ping answers nil if every realm's primary does.
func (db *DB) Ping(ctx context.Context) error {
	var errs []error
	for _, h := range db.Health(ctx) {
		if h.Role == Primary {
			errs = append(errs, h.Err)
		}
	}
	return errors.Join(errs...)
}
