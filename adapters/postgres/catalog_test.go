package postgres

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

func TestTransactor_ConformanceOfTheCatalog(t *testing.T) {
	porttest.TestTransactor(t, porttest.TxHarness[ports.CatalogTx]{
		New:          func(t *testing.T) porttest.TxWorld[ports.CatalogTx] { return porttest.CatalogTx(open(t).Catalog()) },
		ConcurrentTx: true,
	})
}
