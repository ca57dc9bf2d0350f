package rabbitmq

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/postgres"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

// store opens a shop's store of its own.
func store(t *testing.T) *postgres.DB {
	t.Helper()
	db, err := postgres.Open(t.Context(), postgres.Config{URL: containers.Postgres(t), Migrate: true, MaxConns: 5, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// outboxes run one transaction of each realm of a store.
func outboxes(db *postgres.DB) map[ports.Realm]func(context.Context, func(context.Context, ports.Outbox) error) error {
	type add = func(context.Context, ports.Outbox) error
	return map[ports.Realm]func(context.Context, add) error{
		ports.Catalog: func(ctx context.Context, fn add) error {
			_, err := db.Catalog().Tx.InTx(ctx, func(ctx context.Context, tx ports.CatalogTx) error { return fn(ctx, tx.Jobs) })
			return err
		},
		ports.Orders: func(ctx context.Context, fn add) error {
			_, err := db.Orders().Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error { return fn(ctx, tx.Jobs) })
			return err
		},
		ports.Identity: func(ctx context.Context, fn add) error {
			_, err := db.Identity().Tx.InTx(ctx, func(ctx context.Context, tx ports.IdentityTx) error { return fn(ctx, tx.Jobs) })
			return err
		},
	}
}

func TestSource_Conformance(t *testing.T) {
	porttest.TestJobs(t, porttest.JobHarness{New: func(t *testing.T) porttest.Queue {
		db := store(t)
		c := open(t, containers.RabbitMQ(t), func(o *Options) { o.Bury = db.Jobs() })
		eventually(t, "it consumes", func() bool {
			_, err := c.Source().Receive(t.Context(), job.SendOrderLink, ports.Batch{Max: 1, Wait: time.Millisecond}, nil)
			return err == nil
		})
		return porttest.Queue{
			Source: c.Source(), Dead: db.Jobs(), Backlogs: db.Jobs(), Orders: db.Orders(), Realms: outboxes(db),
			NoElapse: "the broker keeps real time",
			Forward: func(ctx context.Context) error {
				for {
					n, err := db.Jobs().Drain(ctx, ports.Batch{Max: 100}, func(ctx context.Context, jobs []job.Envelope) []bool {
						arrived, err := c.Publisher().Publish(ctx, jobs)
						if err != nil {
							t.Error(err)
						}
						return arrived
					})
					if err != nil || n == 0 {
						return err
					}
				}
			},
			Soon:      2 * time.Second,
			Uncounted: "the broker counts what it holds itself",
		}
	}})
}
