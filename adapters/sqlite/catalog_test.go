package sqlite

import (
	"testing"

	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func TestCatalogStore_Conformance(t *testing.T) {
	porttest.TestCatalogStore(t, porttest.CatalogHarness{New: func(t *testing.T) ports.CatalogStore { return open(t).Catalog() }})
}
