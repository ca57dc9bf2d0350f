package containers_test

import (
	"net/http"
	"os"
	"testing"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

func TestElasticsearchCluster(t *testing.T) {
	if os.Getenv("CHAOS_ROUNDS") == "" {
		t.Skip("takes three gigabytes and minutes: make chaos")
	}
	nodes := containers.ElasticsearchCluster(t, 3)
	nodes[0].Kill(t)
	eventually(t, "two of three nodes make an index", func() bool {
		return send(t, http.MethodPut, nodes[1].URL+"/left") == http.StatusOK
	})
}
