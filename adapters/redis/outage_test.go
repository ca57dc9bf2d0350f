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

// Whatever becomes of the server, calls end in time, then at once, and it is
// found again by itself.
func TestClient_Outages(t *testing.T) {
	t.Parallel()
	server := containers.RedisServer(t)
	for _, outage := range []struct {
		what        string
		begin, ends func(testing.TB)
	}{
		{"stopped", server.Stop, server.Start},
		{"frozen", server.Pause, server.Resume},
		{"killed", server.Kill, server.Start},
	} {
		t.Run(outage.what, func(t *testing.T) {
			c := open(t, server.URL, redis.Options{})
			cache := c.Cache()
			_, seen := lookup(t, cache, "k", "g")
			store(t, cache, "k", "x", seen)

			outage.begin(t)
			const bound = time.Second // generous: a call takes 300 ms
			calls := map[string]func(context.Context) error{
				"lookup":      func(ctx context.Context) error { _, _, err := cache.Lookup(ctx, "k", "g"); return err },
				"generations": func(ctx context.Context) error { _, _, err := cache.Lookup(ctx, "", "g"); return err },
				"store":       func(ctx context.Context) error { return cache.Store(ctx, "k", entry("y"), seen) },
				"raise":       func(ctx context.Context) error { return cache.Raise(ctx, mark(2), "g") },
				"allow": func(ctx context.Context) error {
					_, err := c.Limiter().Allow(ctx, ports.Rate{Class: "c", Requests: 9, Window: time.Minute}, "k")
					return err
				},
				"ping": c.Ping,
			}
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
				_ = calls["raise"](t.Context())
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

			outage.ends(t)
			recovered := time.Now().Add(20 * time.Second)
			for calls["lookup"](t.Context()) != nil {
				if time.Now().After(recovered) {
					t.Fatal("it is back and was not found again")
				}
				time.Sleep(50 * time.Millisecond)
			}
			for name, call := range calls {
				if err := call(t.Context()); err != nil {
					t.Errorf("%s after it: %v", name, err)
				}
			}
			if c.BreakerOpen() {
				t.Error("the breaker stays open")
			}
		})
	}
}
