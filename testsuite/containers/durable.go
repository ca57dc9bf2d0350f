package containers

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"time"
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
	set, err := startSet(ctx, w, wanted)
	if err != nil {
		return nil, err
	}
	set.shorten(ctx)
	return set, nil
}

// shorten reaches servers at their containers' own addresses where these can be
// reached, as on Linux. Docker's proxy for published ports would take a quarter
// of a processor, which what is run by Exec does not pay.
func (s *Set) shorten(ctx context.Context) {
	for _, server := range s.started {
		ip, err := docker(ctx, "inspect", "-f", "{{.NetworkSettings.IPAddress}}", server.id)
		if err != nil || ip == "" {
			continue
		}
		port, _, _ := strings.Cut(server.service.ports[0], "/")
		address := net.JoinHostPort(ip, port)
		dial := net.Dialer{Timeout: time.Second}
		conn, err := dial.DialContext(ctx, "tcp", address)
		if err != nil {
			continue
		}
		_ = conn.Close() // it was only to see
		server.URL = server.service.url(address)
	}
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
