package containers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bodega-commerce/bodega/testsuite/images"
)

// Set is one server of every kind, for the tests of many packages.
type Set struct {
	engine  *engine
	servers []*Server // in the order of services
	started []*Server // those that are ours to stop
}

// StartAll finds or starts one server of every kind, side by side, and tells w
// what it does: from nothing that takes minutes. As root on Debian it installs
// the engine and what images are built with, unless BODEGA_TEST_PROVISION is 0.
func StartAll(ctx context.Context, w io.Writer) (*Set, error) { return startSet(ctx, w, services()) }

func startSet(ctx context.Context, w io.Writer, all []service) (*Set, error) {
	set := &Set{engine: provisioner(w)}
	var unnamed []string
	for _, s := range all {
		if s.given() == "" {
			unnamed = append(unnamed, s.variable())
		}
	}
	if len(unnamed) > 0 {
		if err := set.engine.connect(ctx); err != nil {
			return nil, fmt.Errorf("%w: install Docker, or set %s", err, strings.Join(unnamed, ", "))
		}
	}
	set.servers = make([]*Server, len(all))
	failed := make([]error, len(all))
	var ends sync.WaitGroup
	for i, s := range all {
		ends.Go(func() {
			set.servers[i], failed[i] = set.engine.findOrStart(ctx, s)
			if failed[i] != nil {
				failed[i] = fmt.Errorf("%s (%s): %w", s.title, s.variable(), failed[i])
			}
		})
	}
	ends.Wait()
	for _, server := range set.servers {
		if server != nil && server.id != "" {
			set.started = append(set.started, server)
		}
	}
	if err := errors.Join(failed...); err != nil {
		return nil, errors.Join(err, set.Stop(ctx))
	}
	return set, nil
}

// provisioner is an engine that may do what takes minutes and says so.
func provisioner(w io.Writer) *engine {
	return &engine{log: lines(w), slow: true, install: os.Getenv("BODEGA_TEST_PROVISION") != "0"}
}

// Images finds or makes the images of the production shape, in the order in
// which tests look for them, and returns them as the variables of its compose
// file: POSTGRES_IMAGE=postgres:15.
func Images(ctx context.Context, w io.Writer) ([]string, error) {
	e := provisioner(w)
	if err := e.connect(ctx); err != nil {
		return nil, err
	}
	wanted := map[string]string{"nginx": officialNginx, images.Base: "gcr.io/distroless/static-debian12:nonroot"}
	for _, s := range services() {
		wanted[s.name] = s.official
	}
	var variables []string
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		image, err := e.image(ctx, name, wanted[name])
		if err != nil {
			return nil, err
		}
		variables = append(variables, strings.ToUpper(name)+"_IMAGE="+image)
	}
	return variables, nil
}

func (e *engine) findOrStart(ctx context.Context, s service) (*Server, error) {
	if url := s.given(); url != "" {
		s.patience = 10 * time.Second
		server := &Server{URL: url, service: s}
		return server, server.await(ctx)
	}
	server, err := e.start(ctx, s)
	if err == nil {
		e.log(s.title + " is ready")
	}
	return server, err
}

// Environ returns the variables with which tests find these servers, and which
// make a test fail that does not find one.
func (s *Set) Environ() []string {
	environ := []string{"BODEGA_TEST_SERVICES=" + string(required)}
	for _, server := range s.servers {
		environ = append(environ, server.service.variable()+"="+server.URL)
		if server.service.name == "rabbitmq" {
			// The URL was good when the server answered.
			if management, err := server.management(); err == nil {
				environ = append(environ, managementVariable+"="+management)
			}
		}
	}
	return environ
}

// Stop removes what StartAll started, also when the context has ended. Servers
// that were there stay.
func (s *Set) Stop(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	var failed error
	for _, server := range s.started {
		failed = errors.Join(failed, remove(ctx, server.id))
	}
	return failed
}
