package stack

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/apps/boot"
	"github.com/bodega-commerce/bodega/core"
)

// Shop is a running shop: URL and OpsURL are where it listens, AdminKey opens
// its admin API, DataDir is what it keeps, Shop calls its verbs directly. Of a
// shop of several servers these are the first one's.
type Shop struct {
	*boot.App
	Servers   []*boot.App
	Consumers []*boot.App // empty: the server does the jobs
	Links     Links       // to the servers beside it, if option Linked was given

	settings settings
	http     *http.Client
	flight   *flight // nil: there is no broker
	inbox    *inbox  // nil: mails are in DataDir
}

// Option changes what Start starts.
type Option func(*settings)

type settings struct {
	environ            []string
	wrap               []func(*core.Deps)
	production, linked bool
	servers, consumers int
}

// Env sets one of the server's variables, as docs/operations.md lists them. The
// last one of a name counts.
func Env(name, value string) Option {
	return func(s *settings) { s.environ = append(s.environ, name+"="+value) }
}

// DataDir opens a shop on what an earlier one left. Only one at a time can.
func DataDir(path string) Option { return Env("BODEGA_DATA_DIR", path) }

// Demo fills the shop with the demo catalogue.
func Demo() Option { return Env("BODEGA_DEMO", "true") }

// Wrap lets a test stand between the shop and its adapters, to slow them down
// or make them fail.
func Wrap(wrap func(*core.Deps)) Option {
	return func(s *settings) { s.wrap = append(s.wrap, wrap) }
}

// Start starts a shop and stops it when the test ends. It is empty, limits no
// rates and pays with the sandbox, unless options say otherwise. What it warns
// of goes to the test's output.
func Start(t testing.TB, options ...Option) *Shop {
	t.Helper()
	s := &Shop{http: newClient(), settings: settings{servers: 1, consumers: 1}}
	for _, change := range options {
		change(&s.settings)
	}
	base := []string{"BODEGA_HTTP_ADDR=127.0.0.1:0", "BODEGA_OPS_ADDR=127.0.0.1:0", "BODEGA_DATA_DIR=" + t.TempDir(), "BODEGA_RATE_LIMITS=off"}
	if s.settings.production {
		base = append(base, s.provision(t)...)
	} else {
		s.settings.servers, s.settings.consumers = 1, 0
	}
	s.settings.environ = append(base, s.settings.environ...)
	t.Cleanup(s.http.CloseIdleConnections)
	for range s.settings.servers {
		s.StartServer(t)
	}
	for range s.settings.consumers {
		s.StartConsumer(t)
	}
	t.Cleanup(func() { s.audit(t) }) // before anything stops
	return s
}

// Setting returns one of the variables that the programs of the shop were
// given: where its database is, its broker.
func (s *Shop) Setting(name string) string {
	for _, setting := range slices.Backward(s.settings.environ) {
		if value, found := strings.CutPrefix(setting, name+"="); found {
			return value
		}
	}
	return ""
}

// StartServer starts one more server of the shop.
func (s *Shop) StartServer(t testing.TB) *boot.App {
	t.Helper()
	app := s.start(t, boot.Server)
	if s.App == nil {
		s.App = app
	}
	s.Servers = append(s.Servers, app)
	return app
}

// StartConsumer starts one more consumer of the shop.
func (s *Shop) StartConsumer(t testing.TB) *boot.App {
	t.Helper()
	app := s.start(t, boot.Consumer)
	s.Consumers = append(s.Consumers, app)
	return app
}

func (s *Shop) start(t testing.TB, role boot.Role) *boot.App {
	t.Helper()
	config, err := boot.LoadAs(role, s.settings.environ)
	if err != nil {
		t.Fatalf("stack: %v", err)
	}
	config.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	config.Wrap = func(d *core.Deps) {
		for _, wrap := range s.settings.wrap {
			wrap(d)
		}
	}
	if s.flight != nil {
		config.Carry = s.flight.watch
	}
	app, err := boot.Start(t.Context(), config)
	if err != nil {
		t.Fatalf("stack: %v", err)
	}
	watched, stop := context.WithCancel(context.Background())
	failed := make(chan error, 1)
	go func() { failed <- app.Wait(watched) }()
	t.Cleanup(func() {
		stop()
		if err := errors.Join(<-failed, app.Stop(context.Background())); err != nil {
			t.Errorf("stack: %v", err)
		}
	})
	return app
}

// audit fails the test if the shop broke an invariant. One that the test has
// stopped itself is not asked.
func (s *Shop) audit(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	violations, err := Check(ctx, s.URL, s.AdminKey)
	if err != nil && !stopped(err) {
		t.Errorf("stack: check: %v", err)
	}
	for _, v := range violations {
		t.Errorf("stack: %s", v)
	}
}
