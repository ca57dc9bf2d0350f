package boot

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/bodega-commerce/bodega/adapters/httpapi"
	"github.com/bodega-commerce/bodega/adapters/jobs"
	"github.com/bodega-commerce/bodega/adapters/postgres"
	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/ports"
)

// store keeps the shop: in a file, or in PostgreSQL.
type store struct {
	catalog  ports.CatalogStore
	orders   ports.OrderStore
	identity ports.IdentityStore
	queue    queue
	leases   ports.Leases    // divide what goes on beside requests among programs; nil: this one does it all
	outboxes ports.Outboxes  // how jobs leave for a broker; nil: they do not
	graves   ports.Graveyard // where a broker's dead go; nil: there is none
	auditor  ports.Auditor
	wallet   *sandbox.Provider
	upkeep   []jobs.Loop
	place    string // for people
}

// queue is what every store is besides: the jobs that wait in it, and the dead.
type queue interface {
	ports.JobSource
	ports.DeadJobs
	ports.Backlogs
}

// openStore opens the store that is configured, or the one in the data directory.
func (a *App) openStore(ctx context.Context, c Config) (err error) {
	if c.DatabaseURL == "" {
		a.store, err = a.openSQLite(ctx)
	} else {
		a.store, err = a.openPostgres(ctx, c)
	}
	if err != nil {
		return err
	}
	a.store.wallet.ActionURL = c.publicURL(a.URL) + "/v1/sandbox/payments/"
	stored, err := a.store.auditor.Currency(ctx)
	if err != nil {
		return err
	}
	if stored != "" && stored != c.Currency {
		return Errors{fmt.Sprintf("%sCURRENCY: the prices in %s are in %s, which cannot become %s any more", prefix, a.store.place, stored, c.Currency)}
	}
	return nil
}

// openSQLite opens the file in the data directory, which is held.
func (a *App) openSQLite(ctx context.Context) (store, error) {
	db, err := sqlite.Open(ctx, a.dir.file("shop.db"))
	if err != nil {
		return store{}, err
	}
	a.atEnd(db.Close)
	a.file = db
	wallet := sandbox.New(a.dir.file("sandbox.log"))
	a.atEnd(wallet.Close)
	catalog := db.Catalog()
	a.depends(one("store", httpapi.Unavailable, func(ctx context.Context) error {
		_, err := catalog.Marks.Position(ctx)
		return err
	}))
	a.depends(one("directory", httpapi.Degraded, func(context.Context) error { return a.dir.writable() }))
	return store{
		catalog: catalog, orders: db.Orders(), identity: db.Identity(), queue: db.Jobs(), auditor: db, wallet: wallet, place: a.DataDir,
	}, nil
}

// openPostgres connects to the databases. Outside production it brings them up
// to date first; there, bodega migrate does.
func (a *App) openPostgres(ctx context.Context, c Config) (store, error) {
	db, err := postgres.Open(ctx, postgres.Config{
		URL: c.DatabaseURL, CatalogURL: c.CatalogURL, OrdersURL: c.OrdersURL, IdentityURL: c.IdentityURL,
		Replicas: c.ReplicaURLs, Region: c.Region, MaxConns: c.Connections, MaxReplicaConns: c.Connections,
		Migrate: c.Migrate || c.Env != Production, Log: a.log, Observe: a.meter.routing(),
	})
	if err != nil {
		return store{}, about(c.databaseSettings(), err)
	}
	a.atEnd(db.Close)
	if err := a.standAlone(ctx, c); err != nil {
		return store{}, err
	}
	wallet, err := a.openWallet(c)
	if err != nil {
		return store{}, err
	}
	a.depends(func(ctx context.Context) []httpapi.Check { return databaseChecks(db.Health(ctx)) })
	a.meter.registry.MustRegister(newPools(db))
	queue := db.Jobs()
	return store{
		catalog: db.Catalog(), orders: db.Orders(), identity: db.Identity(), queue: queue, outboxes: queue, graves: queue, leases: db.Leases(),
		auditor: db, wallet: wallet, place: "the database",
		upkeep: []jobs.Loop{
			{Name: "make partitions", Every: 10 * time.Minute, Do: func(ctx context.Context) (int, error) { return 0, db.MakePartitions(ctx) }},
			{Name: "forget jobs long done", Every: 10 * time.Minute, Do: db.Tidy},
		},
	}, nil
}

// databaseSettings names what a refused database may be wrong in; which of
// several it is, the refusal says.
func (c Config) databaseSettings() string {
	if c.CatalogURL == "" && c.OrdersURL == "" && c.IdentityURL == "" && len(c.ReplicaURLs) == 0 {
		return "DATABASE_URL"
	}
	return "DATABASE_URL and its siblings"
}

// walletConnections bounds those of the sandbox's books.
const walletConnections = 8

// openWallet keeps the sandbox's books where all programs of the shop see them.
func (a *App) openWallet(c Config) (*sandbox.Provider, error) {
	url := c.DatabaseURL
	if c.OrdersURL != "" {
		url = c.OrdersURL
	}
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, Errors{prefix + "DATABASE_URL: is not of the form postgres://user:password@host:port/database"}
	}
	config.ConnectTimeout = 3 * time.Second
	books := stdlib.OpenDB(*config)
	books.SetMaxOpenConns(walletConnections)
	books.SetMaxIdleConns(walletConnections)
	books.SetConnMaxIdleTime(time.Minute)
	a.atEnd(books.Close)
	return sandbox.NewShared(books), nil
}

// databaseChecks tells how the servers are: without a primary nothing can be
// sold, without a replica the primary has more to do.
func databaseChecks(servers []postgres.Health) []httpapi.Check {
	checks := make([]httpapi.Check, len(servers))
	for i, s := range servers {
		checks[i] = httpapi.Check{Name: fmt.Sprintf("database %s (%s)", s.Role, s.Server), Status: httpapi.Healthy}
		if s.Realm != "" {
			checks[i].Name = fmt.Sprintf("database %s of %s (%s)", s.Role, s.Realm, s.Server)
		}
		switch {
		case s.Serving:
		case s.Role == postgres.Primary:
			checks[i].Status = httpapi.Unavailable
		default:
			checks[i].Status = httpapi.Degraded
		}
		if s.Err != nil {
			checks[i].Detail = s.Err.Error()
		}
	}
	return checks
}
