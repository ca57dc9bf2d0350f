package elasticsearch

import (
	"testing"

	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func TestSearch_Relevance(t *testing.T) {
	c := porttest.ReadCatalogue(t)
	e := openAt(t, containers.Elasticsearch(t), quick)
	c.Fill(t, e)
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if clean, edited := c.Relevance(t, e, 2); clean < 0.84 || edited < 0.765 {
		t.Error("that was 0.843 and 0.774 once")
	}
}
