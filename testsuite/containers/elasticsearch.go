package containers

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"
)

func elasticsearch() service {
	return service{
		name: "elasticsearch", title: "Elasticsearch", official: "elasticsearch:8.16.1",
		ports: []string{"9200/tcp"},
		env: map[string]string{
			"discovery.type": "single-node", "xpack.security.enabled": "false",
			"ES_JAVA_OPTS": "-Xms768m -Xmx768m",
			"path.repo":    "/tmp", // snapshots
			// Writing to an index that nobody made is a mistake worth seeing; a disk
			// that is nearly full is not this server's affair.
			"action.auto_create_index":                          "false",
			"cluster.routing.allocation.disk.threshold_enabled": "false",
			"cluster.max_shards_per_node":                       "5000",
		},
		url: plain("http", "", "", ""),
		ping: func(ctx context.Context, s *Server) error {
			_, err := request(ctx, "GET", s.URL+"/_cluster/health?wait_for_status=yellow&timeout=4s")
			return err
		},
		patience: 4 * time.Minute,
	}
}

// Elasticsearch returns the URL of a server with a path that is a prefix of the
// test's own, http://…:9200/test_x. Indices and aliases whose names begin with
// it are deleted after the test.
func Elasticsearch(t testing.TB) string {
	t.Helper()
	server, prefix := shared(t, elasticsearch()).URL, unique(t)
	after(t, func(ctx context.Context) error { return deleteIndices(ctx, server, prefix) })
	return withPath(t, server, prefix)
}

// deleteIndices names each index: the server refuses to delete by a pattern.
func deleteIndices(ctx context.Context, server, prefix string) error {
	answer, err := request(ctx, "GET", server+"/_cat/indices/"+prefix+"*?format=json&h=index&expand_wildcards=all")
	if err != nil {
		return err
	}
	var found []struct{ Index string }
	if err := json.Unmarshal(answer, &found); err != nil {
		return fmt.Errorf("elasticsearch: %w", err)
	}
	for _, f := range found {
		if _, err := request(ctx, "DELETE", server+"/"+url.PathEscape(f.Index)); err != nil {
			return err
		}
	}
	return nil
}
