package containers

import (
	"context"
	"fmt"
	"maps"
	"net"
	"strings"
	"testing"
)

// ElasticsearchCluster starts nodes of one cluster of the test's own: half a
// minute and a gigabyte each. Any of them answers for all. They are on the
// host's network, which takes Linux: on any other address than 127.0.0.1 they
// ask for limits of the system that a test cannot change.
func ElasticsearchCluster(t testing.TB, nodes int) []*Server {
	t.Helper()
	s := elasticsearch()
	s.ports, s.host = nil, true
	joined := s.ping
	// A node alone has no master and answers nothing but that it is there.
	s.ping = func(ctx context.Context, s *Server) error {
		_, err := request(ctx, "GET", s.URL+"/")
		return err
	}
	var names, http, transport []string
	for i := range nodes {
		names = append(names, fmt.Sprintf("node-%d", i))
		http, transport = append(http, mustPort(t)), append(transport, mustPort(t))
	}
	var seeds []string
	for _, port := range transport {
		seeds = append(seeds, net.JoinHostPort("127.0.0.1", port))
	}
	s.env = maps.Clone(s.env)
	delete(s.env, "discovery.type")
	maps.Copy(s.env, map[string]string{
		"network.host":                    "127.0.0.1",
		"discovery.seed_hosts":            strings.Join(seeds, ","),
		"cluster.initial_master_nodes":    strings.Join(names, ","),
		"discovery.initial_state_timeout": "0s", // the others come in a moment
		"ES_JAVA_OPTS":                    "-Xms512m -Xmx512m",
	})
	var servers []*Server
	for i, name := range names {
		node := s
		node.env = maps.Clone(s.env)
		maps.Copy(node.env, map[string]string{"node.name": name, "http.port": http[i], "transport.port": transport[i]})
		node.url = func(string) string { return "http://" + net.JoinHostPort("127.0.0.1", http[i]) }
		servers = append(servers, own(t, node))
	}
	for _, server := range servers {
		server.service.ping = joined
		server.serves(t)
	}
	_, err := request(t.Context(), "GET", servers[0].URL+fmt.Sprintf("/_cluster/health?wait_for_nodes=%d&timeout=60s", nodes))
	if err != nil {
		t.Fatalf("containers: %v", err)
	}
	return servers
}
