package memsearch_test

import (
	"testing"

	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func TestSearch_Relevance(t *testing.T) {
	c := porttest.ReadCatalogue(t)
	if clean, edited := c.Relevance(t, filled(t, c), 100); clean < 0.84 || edited < 0.78 {
		t.Error("that was 0.844 and 0.785 once")
	}
}

func TestSearch_FiltersOfTheRealCatalogue(t *testing.T) {
	c := porttest.ReadCatalogue(t)
	c.CheckFilters(t, filled(t, c), 60)
}
