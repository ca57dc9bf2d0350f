package stack

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/apps/boot"
	"github.com/bodega-commerce/bodega/core"
)

// Shop is a running shop: URL and OpsURL are where it listens, AdminKey opens
// its admin API, DataDir is what it keeps, Shop calls its verbs directly.
type Shop struct {
	*boot.App
	http *http.Client
}

// Option changes what Start starts.
type Option func(*settings)

type settings struct {
	environ []string
	wrap    []func(*core.Deps)
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
	s := settings{environ: []string{
		"BODEGA_HTTP_ADDR=127.0.0.1:0", "BODEGA_OPS_ADDR=127.0.0.1:0", "BODEGA_DATA_DIR=" + t.TempDir(), "BODEGA_RATE_LIMITS=off",
	}}
	for _, change := range options {
		change(&s)
	}
	config, err := boot.Load(s.environ)
	if err != nil {
		t.Fatalf("stack: %v", err)
	}
	config.Log = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelWarn}))
	config.Wrap = func(d *core.Deps) {
		for _, wrap := range s.wrap {
			wrap(d)
		}
	}
	app, err := boot.Start(t.Context(), config)
	if err != nil {
		t.Fatalf("stack: %v", err)
	}
	shop := &Shop{App: app, http: newClient()}
	watched, stop := context.WithCancel(context.Background())
	failed := make(chan error, 1)
	go func() { failed <- app.Wait(watched) }()
	t.Cleanup(func() {
		shop.audit(t)
		shop.http.CloseIdleConnections()
		stop()
		if err := errors.Join(<-failed, app.Stop(context.Background())); err != nil {
			t.Errorf("stack: %v", err)
		}
	})
	return shop
}

// audit fails the test if the shop broke an invariant. One that the test has
// stopped itself is not asked.
func (s *Shop) audit(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	violations, err := Check(ctx, s.URL, s.AdminKey)
	if err != nil && !stopped(err) {
		t.Errorf("stack: check: %v", err)
	}
	for _, v := range violations {
		t.Errorf("stack: %s", v)
	}
}
