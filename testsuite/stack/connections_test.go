package stack_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/fixture"
	"github.com/bodega-commerce/bodega/testsuite/stack"
)

// The servers beside a shop count no more connections than the settings allow
// however busy it is, and none when it has stopped.
func TestProduction_LeavesNoConnections(t *testing.T) {
	t.Parallel()
	cache := containers.RedisServer(t) // nobody else's
	shop := stack.Start(t, stack.Production(), stack.Servers(2), stack.Env("BODEGA_CACHE_URL", cache.URL))
	tee := fixture.Product(t, shop.Shop, 100)
	shop.Quiet(t)

	database, err := pgx.Connect(t.Context(), shop.Setting("BODEGA_DATABASE_URL"))
	if err != nil {
		t.Fatal(err)
	}
	defer database.Close(t.Context()) //nolint:errcheck // it only reads
	broker, err := url.Parse(shop.Setting("BODEGA_QUEUE_URL"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(http.DefaultClient.CloseIdleConnections) // to the broker's management
	const programs = 3
	counts := []struct {
		server      string
		least, most int
		count       func() int
	}{
		// Six for each realm, one for leases, eight for the books of the sandbox.
		{"PostgreSQL", programs, programs * (3*6 + 1 + 8), func() (n int) {
			err := database.QueryRow(t.Context(), `SELECT count(*) FROM pg_stat_activity
				WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`).Scan(&n)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}},
		{"Redis", programs, programs * 64, func() int {
			clients := strings.TrimSpace(cache.Exec(t, "redis-cli", "CLIENT", "LIST", "TYPE", "normal"))
			return strings.Count(clients, "\n") // beside the one that asks
		}},
		// Each publishes by one and consumes by another.
		{"RabbitMQ", programs, programs * 2, func() int {
			var all []json.RawMessage
			if err := json.Unmarshal([]byte(fetch(t, containers.RabbitMQManagement(t)+"/api/vhosts/"+strings.Trim(broker.Path, "/")+"/connections")), &all); err != nil {
				t.Fatal(err)
			}
			return len(all)
		}},
	}
	var buyers sync.WaitGroup
	for range 20 {
		buyers.Go(func() { buy(t, shop, tee.Variants[0].SKU, 1, 1999) })
	}
	for _, c := range counts {
		if n := c.count(); n > c.most {
			t.Errorf("%s has %d connections while the shop is busy, more than %d", c.server, n, c.most)
		}
	}
	buyers.Wait()
	shop.Quiet(t)
	// A broker looks at its connections every five seconds.
	for _, c := range counts {
		within(t, time.Minute, c.server+" counts the shop's connections", func() bool { n := c.count(); return n >= c.least && n <= c.most })
	}

	for _, program := range append(shop.Consumers, shop.Servers...) {
		if err := program.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range counts {
		within(t, time.Minute, c.server+" has no connection of the shop any more", func() bool { return c.count() == 0 })
	}
}
