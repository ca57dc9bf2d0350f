package containers

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"
)

// service is a kind of server: how one is found, started and known to be ready.
// What tests get of it stands in the file of its name.
type service struct {
	name     string // of the recipe in package images
	title    string
	official string // the image
	ports    []string
	env      map[string]string
	command  []string
	sharedMB int64 // of /dev/shm
	host     bool  // on the host's network: its url knows its address
	ours     bool  // whatever the environment says
	// url says how a server of ours is reached at an address, the first of ports.
	url func(address string) string
	// ping reports whether a server serves.
	ping func(context.Context, *Server) error
	// patience is how long a start may take on a busy machine.
	patience time.Duration
}

func services() []service {
	return []service{postgres(), elasticsearch(), rabbitmq(), redis(), s3()} // the slow ones are not last
}

// variable is the name in the environment of a server's URL.
func (s service) variable() string { return "BODEGA_TEST_" + strings.ToUpper(s.name) + "_URL" }

// given returns the URL in the environment, or "".
func (s service) given() string {
	if s.ours {
		return ""
	}
	return os.Getenv(s.variable())
}

// await waits until a server serves.
func (s *Server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.service.patience)
	defer cancel()
	for looked := time.Now(); ; {
		try, cancel := context.WithTimeout(ctx, 5*time.Second)
		err := s.service.ping(try, s)
		cancel()
		if err == nil {
			return nil
		}
		if s.id != "" && time.Since(looked) > 2*time.Second {
			looked = time.Now()
			if state, err := docker(ctx, "inspect", "--format", "{{.State.Status}}", s.id); err == nil && state == "exited" {
				return fmt.Errorf("%s ended instead of starting", s.service.title)
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s does not answer after %s: %w", s.service.title, s.service.patience, err)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// plain is the usual form of a server's URL.
func plain(scheme, user, password, path string) func(address string) string {
	return func(address string) string {
		u := url.URL{Scheme: scheme, Host: address, Path: path}
		if user != "" {
			u.User = url.UserPassword(user, password)
		}
		return u.String()
	}
}
