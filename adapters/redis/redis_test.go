package redis_test

import (
	"cmp"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/bodega-commerce/bodega/adapters/redis"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, containers.Torn()) }

func TestCache(t *testing.T) {
	for name, prefix := range map[string]string{"Alone": "", "WithPrefix": "shop-2:"} {
		t.Run(name, func(t *testing.T) {
			porttest.TestCache(t, porttest.CacheHarness{New: func(t *testing.T) (ports.Cache, porttest.Clock) {
				return open(t, containers.Redis(t), redis.Options{Prefix: prefix}).Cache(), wallClock()
			}})
		})
	}
}

func TestLimiter(t *testing.T) {
	porttest.TestLimiter(t, porttest.LimiterHarness{
		New: func(t *testing.T) (ports.Limiter, porttest.Clock) {
			return open(t, containers.Redis(t), redis.Options{}).Limiter(), wallClock()
		},
	})
}

func wallClock() porttest.Clock { return porttest.Clock{Now: time.Now, Pass: time.Sleep} }

// open gives calls a lot of time, for the machine may be busy, unless a test is
// about that.
func open(t *testing.T, address string, o redis.Options) *redis.Client {
	t.Helper()
	o.Timeout = cmp.Or(o.Timeout, 10*time.Second)
	c, err := redis.Open(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}
