package postgres

import (
	"context"
	"testing"

	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func TestCatalogStore_Conformance(t *testing.T) {
	lend := lender(t)
	porttest.TestCatalogStore(t, porttest.CatalogHarness{New: func(t *testing.T) ports.CatalogStore { return lend(t).Catalog() }})
}

func TestCatalogStore_ConformanceReplayed(t *testing.T) {
	lend := lender(t)
	porttest.TestCatalogStore(t, porttest.CatalogHarness{New: func(t *testing.T) ports.CatalogStore {
		return porttest.ReplayCatalog(lend(t).Catalog())
	}})
}

func TestTransactor_ConformanceOfTheCatalog(t *testing.T) {
	lend := lender(t)
	porttest.TestTransactor(t, porttest.TxHarness[ports.CatalogTx]{
		New:          func(t *testing.T) porttest.TxWorld[ports.CatalogTx] { return porttest.CatalogTx(lend(t).Catalog()) },
		ConcurrentTx: true,
	})
}

// lender returns what lends an empty catalogue to a part of a test. They are few,
// and emptied in between: that is much faster than making one for each.
func lender(whole *testing.T) func(*testing.T) *DB {
	serverOf(whole) // without one it is the whole that is skipped
	idle := make(chan *DB, 100)
	return func(t *testing.T) *DB {
		t.Helper()
		var db *DB
		select {
		case db = <-idle:
		default:
			db = open(whole)
		}
		t.Cleanup(func() {
			conn, err := db.catalog.primary.acquire(context.WithoutCancel(t.Context()))
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Release()
			if _, err := conn.Conn().PgConn().Exec(context.WithoutCancel(t.Context()), `DELETE FROM catalog.products; DELETE FROM catalog.skus;
				DELETE FROM catalog.product_counts; DELETE FROM catalog.categories; DELETE FROM catalog.brands;
				DELETE FROM catalog.images; DELETE FROM catalog.imports; DELETE FROM catalog.outbox;
				DELETE FROM catalog.search_settings;
				DELETE FROM catalog.search_topics;
				DELETE FROM catalog.counted_orders;
				DELETE FROM catalog.product_sales;
				DELETE FROM catalog.unranked_products;
				DELETE FROM catalog.search_clicks; DELETE FROM catalog.search_works`).ReadAll(); err != nil {
				t.Error(err)
				return
			}
			idle <- db
		})
		return db
	}
}
