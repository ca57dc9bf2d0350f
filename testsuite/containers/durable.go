package containers

import (
	"context"
	"fmt"
	"io"
	"slices"
)

// StartDurable starts servers for measurements, by name: postgres, redis,
// elasticsearch, rabbitmq, s3. Nobody else uses them, and PostgreSQL brings to
// disk what it acknowledges, which those of tests do not.
func StartDurable(ctx context.Context, w io.Writer, names ...string) (*Set, error) {
	var wanted []service
	for _, s := range services() {
		if !slices.Contains(names, s.name) {
			continue
		}
		if s.name == "postgres" {
			s.command = []string{
				"postgres", "-c", "max_connections=200", "-c", "shared_buffers=512MB", "-c", "max_wal_size=4GB", "-c", "wal_level=replica",
				"-c", "max_prepared_transactions=16",
			}
		}
		s.ours = true
		wanted = append(wanted, s)
	}
	return startSet(ctx, w, wanted)
}

// URL is where the server of a name is; "" if there is none.
func (s *Set) URL(name string) string {
	if server := s.server(name); server != nil {
		return server.URL
	}
	return ""
}

// Exec runs a program inside the container of a server that was started here,
// and returns what it prints.
func (s *Set) Exec(ctx context.Context, name string, program ...string) (string, error) {
	server := s.server(name)
	if server == nil || server.id == "" {
		return "", fmt.Errorf("no %s was started here", name)
	}
	return docker(ctx, append([]string{"exec", server.id}, program...)...)
}

func (s *Set) server(name string) *Server {
	for _, server := range s.servers {
		if server.service.name == name {
			return server
		}
	}
	return nil
}
