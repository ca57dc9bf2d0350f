package elasticsearch

import (
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

// quick are options for tests that do not wait for other programs.
var quick = Options{Timeout: 20 * time.Second, Settling: 50 * time.Millisecond, Grace: 200 * time.Millisecond}

func openAt(t testing.TB, url string, o Options) *Engine {
	t.Helper()
	e, err := Open(t.Context(), []string{url}, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	return e
}

func TestConformance(t *testing.T) {
	porttest.TestSearch(t, porttest.SearchHarness{
		Remote: true, Resumes: true,
		New: func(t *testing.T) porttest.SearchEngine { return openAt(t, containers.Elasticsearch(t), quick) },
		Settle: func(t *testing.T, e porttest.SearchEngine) {
			if err := e.(*Engine).Refresh(t.Context()); err != nil {
				t.Fatal(err)
			}
		},
	})
}
