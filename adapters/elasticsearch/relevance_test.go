package elasticsearch

import (
	"testing"

	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

// filled returns an engine that holds the catalogue.
func filled(t *testing.T, c *porttest.Catalogue) *Engine {
	t.Helper()
	e := openAt(t, containers.Elasticsearch(t), quick)
	c.Fill(t, e)
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	return e
}

func TestSearch_Relevance(t *testing.T) {
	c := porttest.ReadCatalogue(t)
	e := filled(t, c)
	if clean, edited := c.Relevance(t, e, 2); clean < 0.84 || edited < 0.765 {
		t.Error("that was 0.843 and 0.774 once")
	}
}

func TestSearch_FiltersOfTheRealCatalogue(t *testing.T) {
	c := porttest.ReadCatalogue(t)
	c.CheckFilters(t, filled(t, c), 60)
}
