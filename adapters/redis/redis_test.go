package redis_test

import (
	"fmt"
	"os"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bodega-commerce/bodega/adapters/redis"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func wallClock() porttest.Clock { return porttest.Clock{Now: time.Now, Pass: time.Sleep} }

func TestCache(t *testing.T) {
	porttest.TestCache(t, porttest.CacheHarness{New: func(t *testing.T) (ports.Cache, porttest.Clock) {
		return open(t, address(t), redis.Options{}).Cache(), wallClock()
	}})
}

func TestLimiter(t *testing.T) {
	porttest.TestLimiter(t, porttest.LimiterHarness{
		New: func(t *testing.T) (ports.Limiter, porttest.Clock) {
			return open(t, address(t), redis.Options{}).Limiter(), wallClock()
		},
		Slack: 400 * time.Millisecond,
	})
}

func address(t *testing.T) string {
	t.Helper()
	u := os.Getenv("BODEGA_TEST_REDIS_URL")
	if u == "" {
		t.Skip("no redis")
	}
	return u
}

// open opens a client whose keys are the test's own.
func open(t *testing.T, address string, o redis.Options) *redis.Client {
	t.Helper()
	if o.Prefix == "" {
		o.Prefix = fmt.Sprintf("%s:%d:", t.Name(), time.Now().UnixNano())
	}
	c, err := redis.Open(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

