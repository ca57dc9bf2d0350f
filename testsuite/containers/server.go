package containers

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/testcontainers/testcontainers-go"
)

// Server is a server in a container. One that a test shares with others has a
// URL and nothing that changes it; one of the test's own can be stopped.
type Server struct {
	URL string

	service   service
	id        string
	addresses map[string]string // by port, as the host reaches them
}

// start starts a server and waits until it serves.
func (e *engine) start(ctx context.Context, s service, more ...testcontainers.ContainerCustomizer) (*Server, error) {
	image, err := e.image(ctx, s.name, s.official)
	if err != nil {
		return nil, err
	}
	e.log("starting " + s.title + " (" + image + ")")
	for try := 1; ; try++ {
		server, err := e.run(ctx, s, image, more)
		// A port that was free a moment ago may be taken now.
		if err != nil && strings.Contains(err.Error(), "already") && try < 4 {
			continue
		}
		return server, err
	}
}

func (e *engine) run(ctx context.Context, s service, image string, more []testcontainers.ContainerCustomizer) (*Server, error) {
	server := &Server{service: s, addresses: map[string]string{}}
	bindings := network.PortMap{}
	for _, port := range s.ports {
		free, err := freePort()
		if err != nil {
			return nil, err
		}
		bindings[network.MustParsePort(port)] = []network.PortBinding{{HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: free}}
		server.addresses[port] = net.JoinHostPort("127.0.0.1", free)
	}
	var address string
	if !s.host {
		address = server.addresses[s.ports[0]]
	}
	server.URL = s.url(address)
	options := []testcontainers.ContainerCustomizer{
		testcontainers.WithEnv(s.env),
		testcontainers.WithCmd(s.command...),
		testcontainers.WithExposedPorts(s.ports...),
		testcontainers.WithLabels(map[string]string{labelSession: e.session, labelOwner: e.owner}),
		testcontainers.WithHostConfigModifier(func(host *container.HostConfig) {
			host.PortBindings = bindings
			host.ShmSize = s.sharedMB << 20
			if s.host {
				host.NetworkMode = "host"
			}
		}),
	}
	c, err := testcontainers.Run(ctx, image, append(options, more...)...)
	if err == nil {
		server.id = c.GetContainerID()
		err = server.await(ctx)
	}
	if err != nil {
		if c != nil {
			said, _ := docker(ctx, "logs", "--tail", "15", c.GetContainerID())
			err = errors.Join(fmt.Errorf("%s: %w\n%s", image, err, said), remove(context.WithoutCancel(ctx), c.GetContainerID()))
		}
		return nil, err
	}
	return server, nil
}

// freePort returns a port that nobody listens on. It is below those that the
// system gives to clients: a container that is stopped finds it free again.
func freePort() (string, error) {
	for range 100 {
		port := strconv.Itoa(20000 + rand.IntN(12000))
		listener, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
		if err == nil {
			return port, listener.Close()
		}
	}
	return "", errors.New("no port is free between 20000 and 32000")
}

// Address returns a host:port of this machine that nobody listens at, and that is not
// given to connections either, so that it can be listened at again and again.
func Address(t testing.TB) string {
	t.Helper()
	return net.JoinHostPort("127.0.0.1", mustPort(t))
}

func mustPort(t testing.TB) string {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatalf("containers: %v", err)
	}
	return port
}

// remove takes a container away. The engine may be at it already, which it calls
// an error; what counts is that the container goes.
func remove(ctx context.Context, id string) error {
	_, err := docker(ctx, "rm", "--force", "--volumes", id)
	for began := time.Now(); err != nil && time.Since(began) < 10*time.Second; time.Sleep(100 * time.Millisecond) {
		if left, failed := docker(ctx, "ps", "--all", "--quiet", "--filter", "id="+id); failed == nil && left == "" {
			return nil
		}
	}
	return err
}

// own starts a server for one test, removed after it, or ends the test.
func own(t testing.TB, s service, more ...testcontainers.ContainerCustomizer) *Server {
	t.Helper()
	server, err := forTest(t, s).start(t.Context(), s, more...)
	if err != nil {
		missing(t, s, err)
	}
	after(t, func(ctx context.Context) error { return remove(ctx, server.id) })
	return server
}

// RedisServer starts a Redis of the test's own. It keeps nothing when stopped.
func RedisServer(t testing.TB) *Server { t.Helper(); return own(t, redis()) }

// RabbitMQServer starts a broker of the test's own.
func RabbitMQServer(t testing.TB) *Server { t.Helper(); return own(t, rabbitmq()) }

// ElasticsearchServer starts an Elasticsearch of the test's own: half a minute
// and a gigabyte.
func ElasticsearchServer(t testing.TB) *Server { t.Helper(); return own(t, elasticsearch()) }

// S3Server starts an object store of the test's own, without a bucket.
func S3Server(t testing.TB) *Server { t.Helper(); return own(t, s3()) }

// Stop ends the server as an operator would. Its address stays its own.
func (s *Server) Stop(t testing.TB) { t.Helper(); s.do(t, "stop", "--time", "20") }

// Kill ends the server as a power cut would.
func (s *Server) Kill(t testing.TB) { t.Helper(); s.do(t, "kill") }

// Start starts a server that was stopped or killed and waits until it serves.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.do(t, "start")
	s.serves(t)
}

// Pause freezes the server: connections stay and nothing answers.
func (s *Server) Pause(t testing.TB) { t.Helper(); s.do(t, "pause") }

// Resume ends a pause and waits until the server serves.
func (s *Server) Resume(t testing.TB) {
	t.Helper()
	s.do(t, "unpause")
	s.serves(t)
}

// Exec runs a program inside the server's container and returns what it
// prints. A program that fails ends the test.
func (s *Server) Exec(t testing.TB, program ...string) string {
	t.Helper()
	return s.do(t, "exec", program...)
}

func (s *Server) serves(t testing.TB) {
	t.Helper()
	if err := s.await(t.Context()); err != nil {
		t.Fatalf("containers: %v", err)
	}
}

func (s *Server) do(t testing.TB, verb string, args ...string) string {
	t.Helper()
	if s.id == "" {
		t.Fatalf("containers: this %s belongs to all tests", s.service.title)
	}
	options := []string{verb}
	if verb == "exec" {
		options = append(options, s.id)
		options = append(options, args...)
	} else {
		options = append(append(options, args...), s.id)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	out, err := docker(ctx, options...)
	if err != nil {
		t.Fatalf("containers: %s: %v", s.service.title, err)
	}
	return out
}
