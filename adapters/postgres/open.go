package postgres

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/bodega-commerce/bodega/ports"
)

// Limits of a session on the primary. An export or an audit lifts them for its
// own transaction.
const (
	statementTimeout = "5s"
	lockTimeout      = "2s"
	idleTimeout      = "10s" // in a transaction
)

// Open connects to the databases and checks that this program can serve them.
// Unavailable when a server cannot be reached in time or holds a schema of a
// newer program, Invalid when the configuration is wrong; either says so in one
// line. The caller closes what comes back.
func Open(ctx context.Context, c Config) (_ *DB, err error) {
	c.Log = cmp.Or(c.Log, slog.Default())
	c.MaxConns, c.MaxReplicaConns = cmp.Or(c.MaxConns, 20), cmp.Or(c.MaxReplicaConns, 20)
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, 10*time.Second)
	db := &DB{queue: newQueue(), log: c.Log}
	defer func() {
		if err != nil {
			_ = db.Close()
		}
	}()
	for _, open := range []struct {
		name ports.Realm
		url  string
		into **realm
	}{
		{ports.Catalog, c.CatalogURL, &db.catalog}, {ports.Orders, c.OrdersURL, &db.orders}, {ports.Identity, c.IdentityURL, &db.identity},
	} {
		p, err := openPrimary(ctx, c, cmp.Or(open.url, c.URL))
		if err != nil {
			return nil, err
		}
		*open.into = &realm{name: open.name, primary: p, queue: db.queue, observe: c.Observe}
	}
	if c.Migrate {
		err = db.Migrate(ctx)
	} else {
		err = db.serves(ctx)
	}
	if err != nil {
		return nil, err
	}
	for _, r := range db.realms() {
		db.queue.done.Go(func() { db.queue.watch(context.WithoutCancel(ctx), r) })
	}
	return db, nil
}

func openPrimary(ctx context.Context, c Config, url string) (*primary, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, err
	}
	p := &primary{}
	tune(cfg, c.MaxConns)
	for name, value := range map[string]string{
		"statement_timeout": statementTimeout, "lock_timeout": lockTimeout, "idle_in_transaction_session_timeout": idleTimeout,
	} {
		if _, given := cfg.ConnConfig.RuntimeParams[name]; !given {
			cfg.ConnConfig.RuntimeParams[name] = value
		}
	}
	cfg.ConnConfig.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		epoch, err := learnEpoch(ctx, conn)
		p.epoch.Store(epoch)
		return err
	}
	if p.pool, err = pgxpool.NewWithConfig(ctx, cfg); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.ConnectTimeout)
	defer cancel()
	if err := p.pool.Ping(ctx); err != nil {
		p.pool.Close()
		return nil, err
	}
	return p, nil
}

// tune sets what all pools have in common.
func tune(cfg *pgxpool.Config, size int) {
	cfg.MaxConns = int32(size)
	cfg.MaxConnLifetime, cfg.MaxConnLifetimeJitter = 30*time.Minute, 5*time.Minute
	cfg.MaxConnIdleTime = 5 * time.Minute
	cfg.HealthCheckPeriod = 15 * time.Second
	cfg.PingTimeout = time.Second
	cfg.ConnConfig.ConnectTimeout = cmp.Or(cfg.ConnConfig.ConnectTimeout, 3*time.Second)
	params := cfg.ConnConfig.RuntimeParams
	params["application_name"] = cmp.Or(params["application_name"], "bodega")
	params["timezone"] = "UTC"
	// A caller who goes away has the server stop, instead of losing the connection.
	cfg.ConnConfig.BuildContextWatcherHandler = func(conn *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: conn, DeadlineDelay: time.Second}
	}
}

// Migrate brings all schemas up to date, each under a lock of its database.
func (db *DB) Migrate(ctx context.Context) error {
	var errs []error
	for _, r := range db.realms() {
		errs = append(errs, migrate(ctx, r))
	}
	return errors.Join(errs...)
}

// serves answers Unavailable if this program cannot serve a schema as it is.
func (db *DB) serves(ctx context.Context) error {
	var errs []error
	for _, r := range db.realms() {
		errs = append(errs, served(ctx, r))
	}
	return errors.Join(errs...)
}
