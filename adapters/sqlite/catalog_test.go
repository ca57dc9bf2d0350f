package sqlite

import (
	"testing"

	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func TestCatalogStore_Conformance(t *testing.T) {
	porttest.TestCatalogStore(t, porttest.CatalogHarness{New: func(t *testing.T) ports.CatalogStore { return open(t).Catalog() }})
}

func TestCatalogStore_ConformanceReplayed(t *testing.T) {
	porttest.TestCatalogStore(t, porttest.CatalogHarness{New: func(t *testing.T) ports.CatalogStore {
		return porttest.ReplayCatalog(open(t).Catalog())
	}})
}

const oneWriter = "SQLite has one writer: transactions wait for each other"

func TestTransactor_Conformance(t *testing.T) {
	t.Run("Catalog", func(t *testing.T) {
		porttest.TestTransactor(t, porttest.TxHarness[ports.CatalogTx]{
			New:            func(t *testing.T) porttest.TxWorld[ports.CatalogTx] { return porttest.CatalogTx(open(t).Catalog()) },
			NoConcurrentTx: oneWriter,
		})
	})
	t.Run("Orders", func(t *testing.T) {
		porttest.TestTransactor(t, porttest.TxHarness[ports.OrderTx]{
			New:            func(t *testing.T) porttest.TxWorld[ports.OrderTx] { return porttest.OrderTx(open(t).Orders()) },
			NoConcurrentTx: oneWriter,
		})
	})
}
