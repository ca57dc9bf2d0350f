package cached_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/cached"
	"github.com/bodega-commerce/bodega/adapters/memory"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

// failingLimiter fails while it has an error.
type failingLimiter struct {
	ports.Limiter
	err error
}

func (l *failingLimiter) Allow(ctx context.Context, class ports.Rate, key string) (ports.Allowance, error) {
	if l.err != nil {
		return ports.Allowance{}, l.err
	}
	return l.Limiter.Allow(ctx, class, key)
}

func TestLimiter(t *testing.T) {
	t.Parallel()

	t.Run("IsALimiter", func(t *testing.T) {
		porttest.TestLimiter(t, porttest.LimiterHarness{New: func(*testing.T) (ports.Limiter, porttest.Clock) {
			clock := porttest.StillClock()
			return cached.Limiter(memory.NewLimiter(clock.Now), nil), clock
		}})
	})

	t.Run("AnotherTakesOver", func(t *testing.T) {
		t.Parallel()
		shared := &failingLimiter{Limiter: memory.NewLimiter(nil)}
		l := cached.Limiter(shared, memory.NewLimiter(nil))
		rate := ports.Rate{Class: "checkout", Requests: 2, Window: time.Hour}
		left := func(want int) {
			t.Helper()
			if a, err := l.Allow(t.Context(), rate, "a"); err != nil || !a.OK || a.Remaining != want {
				t.Errorf("%+v, %v; want %d left", a, err, want)
			}
		}
		left(1)
		shared.err = fault.Wrap(fault.Unavailable, "test", errors.New("connection refused"))
		left(1)
		left(0)
		if a, err := l.Allow(t.Context(), rate, "a"); err != nil || a.OK {
			t.Errorf("nobody limits while the other is away: %+v, %v", a, err)
		}
		shared.err = nil
		left(0)
	})

	t.Run("OtherFailuresAreTold", func(t *testing.T) {
		t.Parallel()
		shared := &failingLimiter{err: fault.Wrap(fault.Canceled, "test", context.Canceled)}
		if _, err := cached.Limiter(shared, nil).Allow(t.Context(), ports.Rate{Class: "c", Requests: 1, Window: time.Hour}, "a"); !fault.Is(err, fault.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
