package chaos

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/fixture"
	"github.com/bodega-commerce/bodega/testsuite/stack"
)

const (
	readTime     = 10 * time.Second // within which the API answers
	checkoutTime = 12 * time.Second
	graceTime    = 3 * time.Second // for a machine that runs all tests at once
)

// TestNetworks makes the network between a shop and each of its servers bad, in
// every way. Each request is answered within its deadline: as ever where a store
// can answer, with 503 where only the database could. The shop recovers by
// itself when the network does.
func TestNetworks(t *testing.T) {
	t.Parallel()
	shop := stack.Start(t, stack.Production(), stack.Linked())
	tee := fixture.Product(t, shop.Shop, 1000)
	shop.Quiet(t)
	c := &client{http: &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}, url: shop.URL}
	sku := string(tee.Variants[0].SKU)

	for _, peer := range []struct {
		name    string
		link    *containers.Link
		answers []int // besides success
	}{
		{"Redis", shop.Links.Redis, nil},
		{"RabbitMQ", shop.Links.RabbitMQ, nil},
		{"Elasticsearch", shop.Links.Elasticsearch, nil},
		{"PostgreSQL", shop.Links.Postgres, []int{503}},
	} {
		for _, trouble := range []struct {
			name  string
			begin func(*containers.Link)
		}{
			{"Slow", func(l *containers.Link) { l.Latency(t, 200*time.Millisecond) }},
			{"Silent", func(l *containers.Link) { l.Hang(t) }},
			{"Starved", func(l *containers.Link) { l.Throttle(t, 0) }},
			{"Resetting", func(l *containers.Link) { l.Reset(t) }},
			{"Down", func(l *containers.Link) { l.Down(t) }},
		} {
			t.Run(peer.name+trouble.name, func(t *testing.T) {
				order := ready(t, c, sku)
				trouble.begin(peer.link)
				for _, got := range pass(t.Context(), c, order) {
					if got.err != nil || got.status >= 300 && !slices.Contains(peer.answers, got.status) {
						t.Errorf("%s: %v, %v", got.what, got.answer, got.err)
					}
					if got.took > got.limit+graceTime {
						t.Errorf("%s took %s", got.what, got.took.Round(time.Millisecond))
					}
				}
				peer.link.Heal(t)
				recovers(t, c, sku)
			})
		}
	}
}

// visited is how a request was answered.
type visited struct {
	answer
	what  string
	limit time.Duration
	took  time.Duration
	err   error
}

// pass sends what shoppers send, all at once.
func pass(ctx context.Context, c *client, order func(context.Context) (answer, error)) []visited {
	get := func(path string) func(context.Context) (answer, error) {
		return func(ctx context.Context) (answer, error) { return c.send(ctx, http.MethodGet, path, nil) }
	}
	all := []struct {
		what  string
		limit time.Duration
		send  func(context.Context) (answer, error)
	}{
		{"a list", readTime, get("/v1/products?per_page=5")},
		{"the tree", readTime, get("/v1/categories")},
		{"a search", readTime, get("/v1/search?q=tee")},
		{"a cart", readTime, func(ctx context.Context) (answer, error) { return c.send(ctx, http.MethodPost, "/v1/carts", nil) }},
		{"a checkout", checkoutTime, order},
	}
	got := make([]visited, len(all))
	var ends sync.WaitGroup
	for i, r := range all {
		ends.Go(func() {
			began := time.Now()
			a, err := r.send(ctx)
			got[i] = visited{a, r.what, r.limit, time.Since(began), err}
		})
	}
	ends.Wait()
	return got
}

// ready fills a cart and returns its checkout, which pays.
func ready(t *testing.T, c *client, sku string) func(context.Context) (answer, error) {
	t.Helper()
	s, a, err := c.enter(t.Context())
	if err != nil || s == nil {
		t.Fatalf("a cart: %v, %v", a, err)
	}
	if a, err := s.put(t.Context(), line{sku, 1}); err != nil || a.status != 200 {
		t.Fatalf("a line: %v, %v", a, err)
	}
	order, a, err := s.checkout(t.Context(), "tok_ok", "network@example.com")
	if err != nil || order.key == "" {
		t.Fatalf("a quote: %v, %v", a, err)
	}
	return func(ctx context.Context) (answer, error) { return s.place(ctx, order) }
}

// recovers waits until every request succeeds again. A checkout that was told to
// come back is sent again under its key, as clients do.
func recovers(t *testing.T, c *client, sku string) {
	t.Helper()
	var again func(context.Context) (answer, error)
	var failed string
	for began := time.Now(); time.Since(began) < startTime; time.Sleep(100 * time.Millisecond) {
		order := func(ctx context.Context) (answer, error) { return c.send(ctx, http.MethodGet, "/readyz", nil) }
		if again != nil {
			order = again
		}
		failed = ""
		for _, got := range pass(t.Context(), c, order) {
			if got.err != nil || got.status >= 300 {
				failed = got.what + ": " + got.String()
			}
		}
		switch {
		case failed == "" && again != nil:
			return
		case failed == "":
			again = ready(t, c, sku)
		}
	}
	t.Errorf("the shop does not recover: %s", failed)
}
