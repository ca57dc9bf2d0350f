package porttest

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// LimiterHarness gives the suite a limiter that has seen nothing, and its clock.
type LimiterHarness struct {
	New func(t *testing.T) (ports.Limiter, Clock)
}

// TestLimiter is the contract of ports.Limiter.
func TestLimiter(t *testing.T, h LimiterHarness) {
	t.Parallel()
	rate := ports.Rate{Class: "checkout", Requests: 4, Window: 2 * time.Second}
	const interval = 500 * time.Millisecond

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
	// near fails unless something is as wanted, or less by what time has passed.
	near := func(t *testing.T, what string, got, want, late time.Duration) {
		t.Helper()
		if got > want || got < want-late {
			t.Errorf("%s is %v, want %v", what, got, want)
		}
	}

	t.Run("AllAtOnceThenNone", func(t *testing.T) {
		t.Parallel()
		allow, clock := begin(t)
		tries := 0
		told, late := inTime(t, clock, interval, func(func(time.Duration)) (told []ports.Allowance) {
			tries++
			for range 7 {
				told = append(told, allow(rate, strconv.Itoa(tries)))
			}
			return told
		})
		for i, a := range told[:4] {
			if !a.OK || a.Remaining != 3-i || a.RetryAfter != 0 {
				t.Errorf("request %d: %+v", i, a)
			}
			near(t, "Reset", a.Reset, time.Duration(i+1)*interval, late)
		}
		for _, a := range told[4:] { // a refused request takes nothing
			if a.OK || a.Remaining != 0 {
				t.Errorf("one too many: %+v", a)
			}
			near(t, "RetryAfter", a.RetryAfter, interval, late)
			near(t, "Reset", a.Reset, rate.Window, late)
		}
	})

	t.Run("ComesBackOneByOne", func(t *testing.T) {
		t.Parallel()
		allow, clock := begin(t)
		tries, key := 0, ""
		told, _ := inTime(t, clock, interval, func(pass func(time.Duration)) (told [2]ports.Allowance) {
			tries++
			key = strconv.Itoa(tries)
			for range 4 {
				allow(rate, key)
			}
			refused := allow(rate, key)
			pass(refused.RetryAfter)
			for i := range told {
				told[i] = allow(rate, key)
			}
			return told
		})
		if a := told[0]; !a.OK || a.Remaining != 0 {
			t.Errorf("after the wait it was told: %+v", a)
		}
		if a := told[1]; a.OK {
			t.Errorf("two after one wait: %+v", a)
		}
		clock.Pass(2 * interval)
		for i := range 2 {
			if a := allow(rate, key); !a.OK {
				t.Errorf("request %d of two: %+v", i, a)
			}
		}
		clock.Pass(10 * rate.Window / 2)
		if a := allow(rate, key); !a.OK || a.Remaining != 3 {
			t.Errorf("after long idleness: %+v", a)
		}
	})

	t.Run("KeysAndClassesAreTheirOwn", func(t *testing.T) {
		t.Parallel()
		allow, _ := begin(t)
		rate := ports.Rate{Class: "checkout", Requests: 4, Window: time.Hour}
		other := rate
		other.Class = "search"
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
		for _, r := range []ports.Rate{{Class: "seven", Requests: 7, Window: time.Hour}, {Class: "one", Requests: 1, Window: time.Hour}} {
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
