package chaos

import (
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/expect"
	"github.com/bodega-commerce/bodega/testsuite/fixture"
	"github.com/bodega-commerce/bodega/testsuite/stack"
)

// TestNodes kills one of three nodes of Elasticsearch: searches go on, for a
// moment perhaps from the store, and soon from the index again.
func TestNodes(t *testing.T) {
	if os.Getenv("CHAOS_ROUNDS") == "" {
		t.Skip("three nodes take three gigabytes and minutes: make chaos")
	}
	nodes := containers.ElasticsearchCluster(t, 3)
	urls := make([]string, len(nodes))
	for i, n := range nodes {
		urls[i] = n.URL
	}
	shop := stack.Start(t, stack.Production(), stack.Env("BODEGA_SEARCH_URL", strings.Join(urls, ",")))
	fixture.Product(t, shop.Shop, 5)
	type found struct {
		Total    int
		Degraded bool
	}
	fromIndex := func() bool {
		r := expect.JSON[found](t, shop.Storefront(t, http.MethodGet, "/v1/search?q=product", nil), http.StatusOK)
		return r.Total == 1 && !r.Degraded
	}
	expect.Soon(t, "the index answers", fromIndex)
	nodes[0].Kill(t)
	well := 0
	for began := time.Now(); well < 100; time.Sleep(20 * time.Millisecond) {
		if fromIndex() {
			well++
		} else {
			well = 0
		}
		if time.Since(began) > time.Minute {
			t.Fatal("a minute after a node was killed the index does not answer")
		}
	}
}
