package redis_test

import (
	"context"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/redis"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// Whatever becomes of the server or the way to it, calls end in time, then at
// once, and it is found again by itself.
func TestClient_Outages(t *testing.T) {
	t.Parallel()
	server := containers.RedisServer(t)
	for _, o := range []outage{
		{"stopped", server.Stop, server.Start},
		{"frozen", server.Pause, server.Resume},
		{"killed", server.Kill, server.Start},
	} {
		t.Run(o.what, func(t *testing.T) { o.outlive(t, server.URL) })
	}
}

func TestClient_BadNetworks(t *testing.T) {
	t.Parallel()
	address := containers.Redis(t)
	for what, begin := range map[string]func(*containers.Link, testing.TB){
		"down":         (*containers.Link).Down,
		"reset":        (*containers.Link).Reset,
		"no bandwidth": func(l *containers.Link, t testing.TB) { l.Throttle(t, 0) },
		"slow":         func(l *containers.Link, t testing.TB) { l.Latency(t, 2*time.Second) },
		"silent":       (*containers.Link).Hang,
		"lost answers": (*containers.Link).LoseAnswers,
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			link := containers.Proxy(t, address)
			outage{what, func(t testing.TB) { begin(link, t) }, link.Heal}.outlive(t, link.URL)
		})
	}
}

// A network that is only slow does no harm. Time limits and latency are thirty
// times those of a shop, for a machine that is busy.
func TestClient_DistantServer(t *testing.T) {
	t.Parallel()
	link := containers.Proxy(t, containers.Redis(t))
	c := open(t, link.URL, redis.Options{Timeout: 9 * time.Second})
	lookup(t, c.Cache(), "k", "g")
	link.Latency(t, 600*time.Millisecond)
	for range 3 {
		_, seen := lookup(t, c.Cache(), "", "g")
		store(t, c.Cache(), "k", "x", seen)
		if v, _ := lookup(t, c.Cache(), "k"); v != "x" {
			t.Errorf("holds %q", v)
		}
	}
}

type outage struct {
	what        string
	begin, ends func(testing.TB)
}

func (o outage) outlive(t *testing.T, address string) {
	t.Helper()
	c := open(t, address, redis.Options{Timeout: 300 * time.Millisecond})
	cache := c.Cache()
	const bound = 5 * time.Second // generous: a call takes 300 ms
	calls := map[string]func(context.Context) error{
		"lookup":      func(ctx context.Context) error { _, _, err := cache.Lookup(ctx, o.what, "g"); return err },
		"generations": func(ctx context.Context) error { _, _, err := cache.Lookup(ctx, "", "g"); return err },
		"store":       func(ctx context.Context) error { return cache.Store(ctx, o.what, entry("y"), nil) },
		"raise":       func(ctx context.Context) error { return cache.Raise(ctx, mark(2), "g") },
		"allow": func(ctx context.Context) error {
			_, err := c.Limiter().Allow(ctx, ports.Rate{Class: "c", Requests: 1000, Window: time.Minute}, o.what)
			return err
		},
		"ping": c.Ping,
	}
	answered := func(name string) {
		t.Helper()
		for until := time.Now().Add(20 * time.Second); ; time.Sleep(50 * time.Millisecond) {
			err := calls[name](t.Context())
			if err == nil {
				return
			}
			if time.Now().After(until) {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	for name := range calls {
		answered(name)
	}

	o.begin(t)
	for name, call := range calls {
		began := time.Now()
		if err := call(t.Context()); !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v, want unavailable", name, err)
		}
		if took := time.Since(began); took > bound {
			t.Errorf("%s took %v", name, took)
		}
	}
	for range 5 {
		_ = calls["raise"](t.Context()) // it fails as the others do
	}
	if !c.BreakerOpen() {
		t.Error("the breaker is closed")
	}
	began := time.Now()
	for range 1000 {
		if err := calls["lookup"](t.Context()); !fault.Is(err, fault.Unavailable) {
			t.Fatalf("%v, want unavailable", err)
		}
	}
	if took := time.Since(began); took > 2*bound {
		t.Errorf("a thousand calls of a server known to be gone took %v", took)
	}

	o.ends(t)
	for name := range calls {
		answered(name)
	}
	if c.BreakerOpen() {
		t.Error("the breaker stays open")
	}
}
