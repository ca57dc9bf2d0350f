package porttest

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// LimiterHarness gives the suite a limiter that has seen nothing.
type LimiterHarness struct {
	New func(t *testing.T) (ports.Limiter, Clock)
	// Slack is how much time may pass by itself between two calls; 0 for a clock
	// of the test's own.
	Slack time.Duration
}

// TestLimiter is the contract of ports.Limiter.
func TestLimiter(t *testing.T, h LimiterHarness) {
	t.Parallel()
	rate := ports.Rate{Class: "checkout", Requests: 4, Window: 8 * time.Second}
	const interval = 2 * time.Second

	begin := func(t *testing.T) (allow func(ports.Rate, string) ports.Allowance, clock Clock) {
		t.Helper()
		l, clock := h.New(t)
		return func(r ports.Rate, key string) ports.Allowance {
			t.Helper()
			a, err := l.Allow(t.Context(), r, key)
			if err != nil {
				t.Fatal(err)
			}
			return a
		}, clock
	}
	near := func(t *testing.T, what string, got, want time.Duration) {
		t.Helper()
		if got > want || got < want-h.Slack {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}

	t.Run("AllAtOnceThenNone", func(t *testing.T) {
		t.Parallel()
		allow, _ := begin(t)
		for i := range 4 {
			a := allow(rate, "a")
			if !a.OK || a.Remaining != 3-i || a.RetryAfter != 0 {
				t.Errorf("request %d: %+v", i, a)
			}
			near(t, "Reset", a.Reset, time.Duration(i+1)*interval)
		}
		for range 3 { // a refused request takes nothing
			a := allow(rate, "a")
			if a.OK || a.Remaining != 0 {
				t.Errorf("one too many: %+v", a)
			}
			near(t, "RetryAfter", a.RetryAfter, interval)
			near(t, "Reset", a.Reset, rate.Window)
		}
	})

	t.Run("ComesBackOneByOne", func(t *testing.T) {
		t.Parallel()
		allow, clock := begin(t)
		for range 4 {
			allow(rate, "a")
		}
		refused := allow(rate, "a")
		clock.Pass(refused.RetryAfter)
		if a := allow(rate, "a"); !a.OK || a.Remaining != 0 {
			t.Errorf("after the wait it was told: %+v", a)
		}
		if a := allow(rate, "a"); a.OK {
			t.Errorf("two after one wait: %+v", a)
		}
		clock.Pass(2*interval + h.Slack)
		for i := range 2 {
			if a := allow(rate, "a"); !a.OK {
				t.Errorf("request %d of two: %+v", i, a)
			}
		}
		clock.Pass(rate.Window + interval)
		if a := allow(rate, "a"); !a.OK || a.Remaining != 3 {
			t.Errorf("after long idleness: %+v", a)
		}
	})

	t.Run("KeysAndClassesAreTheirOwn", func(t *testing.T) {
		t.Parallel()
		allow, _ := begin(t)
		other := ports.Rate{Class: "search", Requests: 4, Window: rate.Window}
		for range 5 {
			allow(rate, "a")
		}
		for r, key := range map[ports.Rate]string{rate: "b", other: "a"} {
			if a := allow(r, key); !a.OK || a.Remaining != 3 {
				t.Errorf("%s for %s: %+v", r.Class, key, a)
			}
		}
	})

	t.Run("UnevenRates", func(t *testing.T) {
		t.Parallel()
		allow, _ := begin(t)
		for _, r := range []ports.Rate{{Class: "seven", Requests: 7, Window: time.Minute}, {Class: "one", Requests: 1, Window: time.Hour}} {
			for i := range r.Requests {
				if a := allow(r, "a"); !a.OK || a.Remaining != r.Requests-1-i {
					t.Errorf("%s, request %d: %+v", r.Class, i, a)
				}
			}
			if a := allow(r, "a"); a.OK {
				t.Errorf("%s, one too many: %+v", r.Class, a)
			}
		}
	})

	t.Run("CallersAtOnceShareTheRate", func(t *testing.T) {
		t.Parallel()
		l, _ := h.New(t)
		long := ports.Rate{Class: "storm", Requests: 20, Window: time.Hour}
		var allowed atomic.Int64
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for range 10 {
					a, err := l.Allow(t.Context(), long, "a")
					if err != nil {
						t.Error(err)
					}
					if a.OK {
						allowed.Add(1)
					}
				}
			})
		}
		group.Wait()
		if n := allowed.Load(); n != 20 {
			t.Errorf("%d of 80 requests were allowed, want 20", n)
		}
	})

	t.Run("NoRateIsInvalid", func(t *testing.T) {
		t.Parallel()
		l, _ := h.New(t)
		for _, r := range []ports.Rate{{Class: "x"}, {Class: "x", Requests: 1}, {Class: "x", Requests: -1, Window: time.Second}, {Class: "x", Requests: 1, Window: -1}} {
			_, err := l.Allow(t.Context(), r, "a")
			wantKind(t, err, fault.Invalid)
		}
	})
}
