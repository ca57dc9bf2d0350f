package postgres

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// Limits of a session. An export or an audit lifts them for its own transaction.
func limits() map[string]string {
	return map[string]string{
		"application_name":                    "bodega",
		"statement_timeout":                   "5s",
		"lock_timeout":                        "2s",
		"idle_in_transaction_session_timeout": "10s",
	}
}

// planOnce keeps a session from planning its statements anew for each id. Which
// month an id leads to is found out when they run; by default the server thinks
// that all months would be read, and plans each time, for longer than it reads.
const planOnce = "force_generic_plan"

// Open connects to the databases and checks that this program can serve them.
// Invalid when the configuration is wrong, Unavailable when a primary cannot be
// reached in time or holds a schema of a newer program; either says so in one
// line. A replica that is down is left out until it is back. The caller closes
// what comes back.
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
	var shared []*realm // those at c.URL
	for _, open := range []struct {
		name ports.Realm
		url  string
		into **realm
	}{
		{ports.Catalog, c.CatalogURL, &db.catalog}, {ports.Orders, c.OrdersURL, &db.orders}, {ports.Identity, c.IdentityURL, &db.identity},
	} {
		what := "the database"
		if open.url != "" {
			what = fmt.Sprintf("the %s database", open.name)
		}
		settings := limits()
		if open.name == ports.Orders {
			settings["plan_cache_mode"] = planOnce
		}
		p, err := openPrimary(ctx, c, what, cmp.Or(open.url, c.URL), settings)
		if err != nil {
			return nil, err
		}
		*open.into = &realm{name: open.name, primary: p, queue: db.queue, observe: c.Observe}
		if open.url == "" || open.url == c.URL {
			shared = append(shared, *open.into)
		}
	}
	if c.Migrate {
		err = db.Migrate(ctx)
	} else {
		err = db.serves(ctx)
	}
	if err != nil {
		return nil, err
	}
	if len(c.Replicas) > 0 {
		if err := db.openReplicas(ctx, c, shared); err != nil {
			return nil, err
		}
	}
	db.leases = newLeases(context.WithoutCancel(ctx), db.orders.primary)
	for _, r := range db.realms() {
		db.queue.watch(context.WithoutCancel(ctx), r)
	}
	return db, nil
}

func openPrimary(ctx context.Context, c Config, what, url string, settings map[string]string) (*primary, error) {
	a, err := parse(what, url)
	if err != nil {
		return nil, err
	}
	p := &primary{address: a}
	a.tune(c.MaxConns, settings, c.dial)
	a.cfg.ConnConfig.ValidateConnect = takesWrites
	a.cfg.AfterConnect = p.learn
	if p.pool, err = pgxpool.NewWithConfig(context.WithoutCancel(ctx), a.cfg); err != nil {
		return nil, fault.Wrap(fault.Internal, "postgres.Open", err)
	}
	bounded, cancel := context.WithTimeout(ctx, c.ConnectTimeout)
	defer cancel()
	if err := p.pool.Ping(bounded); err != nil {
		p.pool.Close()
		return nil, a.unusable(errors.Join(err, ctx.Err()))
	}
	return p, nil
}

func (db *DB) openReplicas(ctx context.Context, c Config, shared []*realm) error {
	if len(shared) == 0 {
		return &fault.Error{Kind: fault.Invalid, Op: "postgres.Open", Detail: "replicas are of the database that all realms share, and every realm has one of its own"}
	}
	cl := newCluster(shared[0], c)
	for i, url := range c.Replicas {
		a, err := parse(fmt.Sprintf("replica %d of the database", i+1), url)
		if err != nil {
			return err
		}
		if err := cl.add(ctx, a, c); err != nil {
			cl.close()
			return err
		}
	}
	cl.start(context.WithoutCancel(ctx))
	db.cluster = cl
	for _, r := range shared {
		r.cluster = cl
	}
	return nil
}

// Migrate brings all schemas up to date, each under a lock of its database.
// Unavailable when one of them is of a newer program that this one cannot serve.
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
