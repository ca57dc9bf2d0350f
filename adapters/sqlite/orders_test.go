package sqlite

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func TestOrderStore_Conformance(t *testing.T) {
	porttest.TestOrderStore(t, porttest.OrderHarness{New: func(t *testing.T) ports.OrderStore { return open(t).Orders() }})
}

func TestOrderStore_ConformanceUnderReplay(t *testing.T) {
	porttest.TestOrderStore(t, porttest.OrderHarness{New: func(t *testing.T) ports.OrderStore { return porttest.ReplayOrders(open(t).Orders()) }})
}

func TestJobs_Conformance(t *testing.T) {
	porttest.TestJobs(t, porttest.JobHarness{New: func(t *testing.T) porttest.Queue {
		db := open(t)
		var ahead atomic.Int64
		db.queue.now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
		return porttest.Queue{
			Source: db.Jobs(), Dead: db.Jobs(), Backlogs: db.Jobs(), Orders: db.Orders(),
			Realms: map[ports.Realm]func(context.Context, func(context.Context, ports.Outbox) error) error{
				ports.Catalog: func(ctx context.Context, fn func(context.Context, ports.Outbox) error) error {
					_, err := db.Catalog().Tx.InTx(ctx, func(ctx context.Context, tx ports.CatalogTx) error { return fn(ctx, tx.Jobs) })
					return err
				},
				ports.Orders: func(ctx context.Context, fn func(context.Context, ports.Outbox) error) error {
					_, err := db.Orders().Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error { return fn(ctx, tx.Jobs) })
					return err
				},
				ports.Identity: func(ctx context.Context, fn func(context.Context, ports.Outbox) error) error {
					_, err := db.Identity().Tx.InTx(ctx, func(ctx context.Context, tx ports.IdentityTx) error { return fn(ctx, tx.Jobs) })
					return err
				},
			},
			Elapse: func(d time.Duration) { ahead.Add(int64(d)) },
		}
	}})
}
