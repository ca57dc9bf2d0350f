package memsearch_test

import (
	"testing"

	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func TestConformance(t *testing.T) {
	porttest.TestSearch(t, porttest.SearchHarness{New: func(*testing.T) porttest.SearchEngine { return memsearch.New() }})
}
