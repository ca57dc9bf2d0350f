package redis_test

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	client "github.com/redis/go-redis/v9"

	"github.com/bodega-commerce/bodega/adapters/redis"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

func mark(pos uint64) ports.Mark { return ports.Mark{Realm: ports.Catalog, Epoch: 1, Pos: pos} }

func entry(value string) ports.CacheEntry {
	return ports.CacheEntry{Value: []byte(value), At: mark(1), Born: time.Now(), Fresh: time.Minute, Keep: time.Hour}
}

func lookup(t *testing.T, c ports.Cache, key string, generations ...string) (string, []ports.Generation) {
	t.Helper()
	e, seen, err := c.Lookup(t.Context(), key, generations...)
	if err != nil {
		t.Fatal(err)
	}
	if e == nil {
		return "", seen
	}
	return string(e.Value), seen
}

func store(t *testing.T, c ports.Cache, key, value string, seen []ports.Generation) {
	t.Helper()
	if err := c.Store(t.Context(), key, entry(value), seen); err != nil {
		t.Fatal(err)
	}
}

func raise(t *testing.T, c ports.Cache, pos uint64, generations ...string) {
	t.Helper()
	if err := c.Raise(t.Context(), mark(pos), generations...); err != nil {
		t.Fatal(err)
	}
}

// raw is a client past the adapter.
func raw(t *testing.T, address string) *client.Client {
	t.Helper()
	o, err := client.ParseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	c := client.NewClient(o)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func TestCache_OfSeveralProcesses(t *testing.T) {
	t.Parallel()
	address := containers.Redis(t)
	a, b := open(t, address, redis.Options{}).Cache(), open(t, address, redis.Options{}).Cache()

	_, slow := lookup(t, a, "k", "g")
	raise(t, b, 5, "g")
	store(t, a, "k", "old", slow)
	if v, _ := lookup(t, b, "k", "g"); v != "" {
		t.Errorf("a slow reader put %q back", v)
	}
	_, seen := lookup(t, b, "k", "g")
	store(t, b, "k", "new", seen)
	store(t, a, "k", "old", slow)
	if v, now := lookup(t, a, "k", "g"); v != "new" || now[0].After != mark(5) {
		t.Errorf("the other process holds %q after %v", v, now[0].After)
	}
	raise(t, a, 6, "g")
	if v, _ := lookup(t, b, "k"); v != "" {
		t.Errorf("%q outlived what the other process raised", v)
	}
}

// Whoever asks is told what was raised before, however many ask together.
func TestCache_AskingTogetherIsNeverTooEarly(t *testing.T) {
	t.Parallel()
	address := containers.Redis(t)
	readers, writer := open(t, address, redis.Options{}).Cache(), open(t, address, redis.Options{}).Cache()
	var raised atomic.Uint64
	var done atomic.Bool
	var group sync.WaitGroup
	for r := range 16 {
		group.Go(func() {
			for !done.Load() {
				least := raised.Load()
				_, now, err := readers.Lookup(t.Context(), "", "g", "own-"+strconv.Itoa(r))
				if err != nil || len(now) != 2 || now[0].Name != "g" || now[1].Name != "own-"+strconv.Itoa(r) {
					t.Errorf("%v, %v", now, err)
					return
				}
				if now[0].After.Pos < least {
					t.Errorf("told of %d after %d was raised", now[0].After.Pos, least)
				}
			}
		})
	}
	for pos := uint64(1); pos <= 300; pos++ {
		raise(t, writer, pos, "g")
		raised.Store(pos)
	}
	done.Store(true)
	group.Wait()
}

// What Redis forgets, evicts or loses in a restart costs entries, never truth.
func TestCache_ForgottenGenerations(t *testing.T) {
	t.Parallel()
	address := containers.Redis(t)
	c, direct := open(t, address, redis.Options{}).Cache(), raw(t, address)
	for what, forget := range map[string]func() error{
		"one":        func() error { return direct.Del(t.Context(), "g").Err() },
		"everything": func() error { return direct.FlushDB(t.Context()).Err() },
	} {
		_, before := lookup(t, c, "", "g", "h")
		store(t, c, "k", "x", before)
		if err := forget(); err != nil {
			t.Fatal(err)
		}
		if v, _ := lookup(t, c, "k"); v != "" {
			t.Errorf("%s forgotten: %q outlived its generation", what, v)
		}
		store(t, c, "k", "x", before) // a slow reader
		v, after := lookup(t, c, "k", "g", "h")
		if v != "" || after[0].Number == before[0].Number {
			t.Errorf("%s forgotten: %q came back, %v became %v", what, v, before, after)
		}
	}
}

func TestCache_Keys(t *testing.T) {
	t.Parallel()
	address := containers.Redis(t)
	direct := raw(t, address)
	for _, prefix := range []string{"", "b:"} {
		c := open(t, address+"?prefix="+prefix, redis.Options{})
		raise(t, c.Cache(), 1, "gen:tree")
		_, seen := lookup(t, c.Cache(), "", "gen:tree")
		store(t, c.Cache(), "category_tree", prefix, seen)
		if _, err := c.Limiter().Allow(t.Context(), ports.Rate{Class: "checkout", Requests: 10, Window: time.Minute}, "192.0.2.1"); err != nil {
			t.Fatal(err)
		}
	}
	all, err := direct.Keys(t.Context(), "*").Result()
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	want := []string{"b:category_tree", "b:gen:tree", "b:rl:192.0.2.1:checkout", "category_tree", "gen:tree", "rl:192.0.2.1:checkout"}
	if !slices.Equal(all, want) {
		t.Errorf("keys %v, want %v", all, want)
	}
	for _, key := range all {
		if left, err := direct.PTTL(t.Context(), key).Result(); err != nil || left <= 0 || left > 24*time.Hour {
			t.Errorf("%s lives for %v, %v: what nobody needs must go", key, left, err)
		}
	}
}

// Others may write to the same server: what they leave is no answer of ours.
func TestCache_ForeignValues(t *testing.T) {
	t.Parallel()
	address := containers.Redis(t)
	c, direct := open(t, address, redis.Options{}).Cache(), raw(t, address)
	_, seen := lookup(t, c, "", "g")
	store(t, c, "k", "x", seen)
	whole, err := direct.Get(t.Context(), "k").Result()
	if err != nil {
		t.Fatal(err)
	}
	for what, bytes := range map[string]string{"cut": whole[:len(whole)-2-32], "empty": "", "text": "hello"} {
		direct.Set(t.Context(), "k", bytes, 0)
		if e, _, err := c.Lookup(t.Context(), "k"); e != nil || err != nil && !fault.Is(err, fault.Unavailable) {
			t.Errorf("%s: %v, %v", what, e, err)
		}
	}
	direct.Set(t.Context(), "g", "hello", 0)
	if _, now, err := c.Lookup(t.Context(), "", "g"); !fault.Is(err, fault.Unavailable) {
		t.Errorf("a foreign generation is %v, %v", now, err)
	}
	direct.Del(t.Context(), "k", "g")
	direct.LPush(t.Context(), "k", "a")
	if e, _, err := c.Lookup(t.Context(), "k"); e != nil || !fault.Is(err, fault.Unavailable) {
		t.Errorf("a list: %v, %v", e, err)
	}
}

func TestCache_Canceled(t *testing.T) {
	t.Parallel()
	c := open(t, containers.Redis(t), redis.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 10 { // and the breaker does not mind
		_, _, err := c.Cache().Lookup(ctx, "k", "g")
		_, _, together := c.Cache().Lookup(ctx, "", "g")
		_, limited := c.Limiter().Allow(ctx, ports.Rate{Class: "c", Requests: 1, Window: time.Minute}, "k")
		for _, err := range []error{err, together, limited, c.Cache().Raise(ctx, mark(1), "g"), c.Cache().Store(ctx, "k", entry("x"), nil)} {
			if err != nil && !fault.Is(err, fault.Canceled) {
				t.Errorf("got %v, want canceled", err)
			}
		}
	}
	if c.BreakerOpen() {
		t.Error("callers who gave up opened the breaker")
	}
}

func TestClient_Observe(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	heard := map[string]int{}
	c := open(t, containers.Redis(t), redis.Options{Observe: func(about string, r redis.Result) {
		mu.Lock()
		defer mu.Unlock()
		heard[about+" "+string(r)]++
	}})
	_, seen := lookup(t, c.Cache(), "product_detail:tee", "gen:tree")
	store(t, c.Cache(), "product_detail:tee", "x", seen)
	lookup(t, c.Cache(), "product_detail:tee")
	raise(t, c.Cache(), 1, "gen:tree")
	if _, err := c.Limiter().Allow(t.Context(), ports.Rate{Class: "c", Requests: 1, Window: time.Minute}, "k"); err != nil {
		t.Fatal(err)
	}
	want := map[string]int{"product_detail miss": 1, "product_detail hit": 1, "product_detail ok": 1, "gen ok": 1, "rl ok": 1}
	if !maps.Equal(heard, want) {
		t.Errorf("heard %v, want %v", heard, want)
	}
}
