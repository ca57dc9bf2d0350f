package memory

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func TestLimiter(t *testing.T) {
	porttest.TestLimiter(t, porttest.LimiterHarness{New: func(*testing.T) (ports.Limiter, porttest.Clock) {
		clock := porttest.StillClock()
		return NewLimiter(clock.Now), clock
	}})
}

// However the requests come, no stretch of time sees more than the burst and
// what has come back since.
func TestLimiter_NeverAllowsMore(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		clock := porttest.StillClock()
		l := NewLimiter(clock.Now)
		rate := ports.Rate{
			Class: "c", Requests: rapid.IntRange(1, 20).Draw(t, "requests"),
			Window: time.Duration(rapid.IntRange(1, 100_000).Draw(t, "window")) * time.Millisecond,
		}
		begin, allowed := clock.Now(), 0
		for _, pause := range rapid.SliceOfN(rapid.IntRange(0, 30_000), 1, 100).Draw(t, "pauses") {
			clock.Pass(time.Duration(pause) * time.Millisecond)
			a, err := l.Allow(t.Context(), rate, "k")
			if err != nil {
				t.Fatal(err)
			}
			if a.OK {
				allowed++
			} else {
				if a.RetryAfter <= 0 {
					t.Fatalf("refused, but may come at once: %+v", a)
				}
				clock.Pass(a.RetryAfter)
				if again, _ := l.Allow(t.Context(), rate, "k"); !again.OK {
					t.Fatalf("told to come back after %v and refused: %+v", a.RetryAfter, again)
				}
				allowed++
			}
			interval := rate.Window / time.Duration(rate.Requests)
			rounding := time.Duration(rate.Requests) // a nanosecond each
			if most := rate.Requests + int((clock.Now().Sub(begin)+rounding)/interval); allowed > most {
				t.Fatalf("%d allowed in %v, at most %d may be", allowed, clock.Now().Sub(begin), most)
			}
		}
	})
}

func TestLimiter_IsBounded(t *testing.T) {
	t.Parallel()
	clock := porttest.StillClock()
	l := NewLimiter(clock.Now)
	l.half = 100
	rate := ports.Rate{Class: "c", Requests: 1, Window: time.Hour}
	allow := func(key string) bool {
		a, err := l.Allow(t.Context(), rate, key)
		if err != nil {
			t.Fatal(err)
		}
		return a.OK
	}
	allow("attacker")
	for i := range 99 {
		allow(fmt.Sprint("crowd", i))
	}
	if allow("attacker") {
		t.Error("a crowd of 99 made a limiter of 200 forget")
	}
	for i := range 10_000 {
		allow(fmt.Sprint("flood", i))
	}
	if n := len(l.young) + len(l.old); n > 200 {
		t.Errorf("remembers %d keys of at most 200", n)
	}
}

func TestLimiter_ClockSetBack(t *testing.T) {
	t.Parallel()
	clock := porttest.StillClock()
	l := NewLimiter(clock.Now)
	rate := ports.Rate{Class: "c", Requests: 1, Window: time.Second}
	if a, err := l.Allow(t.Context(), rate, "k"); err != nil || !a.OK {
		t.Fatalf("%+v, %v", a, err)
	}
	clock.Pass(-24 * time.Hour)
	a, err := l.Allow(t.Context(), rate, "k")
	if err != nil || a.OK || a.RetryAfter > rate.Window {
		t.Fatalf("%+v, %v; want it refused for at most a window", a, err)
	}
	clock.Pass(a.RetryAfter)
	if a, err := l.Allow(t.Context(), rate, "k"); err != nil || !a.OK {
		t.Errorf("after the wait it was told: %+v, %v", a, err)
	}
}

func BenchmarkLimiter_Allow(b *testing.B) {
	l := NewLimiter(nil)
	rate := ports.Rate{Class: "c", Requests: 1000, Window: time.Second}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := l.Allow(b.Context(), rate, "192.0.2.1"); err != nil {
			b.Fatal(err)
		}
	}
}
