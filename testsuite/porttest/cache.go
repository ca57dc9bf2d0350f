package porttest

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/ports"
)

// CacheHarness gives the suite an empty cache and its clock.
type CacheHarness struct {
	New func(t *testing.T) (c ports.Cache, clock Clock)
}

// Clock is what an adapter under test takes for the time. Pass lets time pass:
// a clock of the test's own moves, a real one makes it sleep.
type Clock struct {
	Now  func() time.Time
	Pass func(time.Duration)
}

// StillClock returns a clock that only Pass moves.
func StillClock() Clock {
	var passed atomic.Int64
	start := time.Date(2026, 11, 5, 10, 30, 0, 0, time.UTC)
	return Clock{
		Now:  func() time.Time { return start.Add(time.Duration(passed.Load())) },
		Pass: func(d time.Duration) { passed.Add(int64(d)) },
	}
}

// inTime does something that tells nothing if more time than a limit passes by
// itself, until no more has, and returns how much: the clock may be the wall's,
// and a busy machine stop anywhere.
func inTime[T any](t *testing.T, clock Clock, limit time.Duration, do func(pass func(time.Duration)) T) (v T, late time.Duration) {
	t.Helper()
	for range 100 {
		var passed time.Duration
		began := clock.Now()
		v = do(func(d time.Duration) { passed += d; clock.Pass(d) })
		if late = clock.Now().Sub(began) - passed; late < limit {
			return v, late
		}
	}
	t.Fatalf("a hundred times it took longer than %v", limit)
	return v, late
}

// TestCache is the contract of ports.Cache.
func TestCache(t *testing.T, h CacheHarness) {
	t.Parallel()

	t.Run("KeepsWhatItWasGiven", func(t *testing.T) {
		t.Parallel()
		w := newCacheWorld(t, h)
		_, seen := w.lookup("a", "g", "h")
		want := w.entry("value \x00\xff")
		want.Cost, want.Fresh, want.Keep = 3*time.Millisecond, time.Second, time.Minute
		w.store("a", want, seen)
		got, _ := w.lookup("a", "g", "h")
		if got == nil {
			t.Fatal("it is gone")
		}
		if string(got.Value) != string(want.Value) || got.At != want.At || !got.Born.Equal(want.Born) || got.Cost != want.Cost || got.Fresh != want.Fresh || got.Keep != want.Keep {
			t.Errorf("%+v came back as %+v", want, got)
		}
	})

	t.Run("MissingIsNil", func(t *testing.T) {
		t.Parallel()
		w := newCacheWorld(t, h)
		if e, seen := w.lookup("a", "g"); e != nil || len(seen) != 1 || seen[0].Name != "g" {
			t.Errorf("an empty cache holds %v in %v", e, seen)
		}
	})

	t.Run("EmptyKeyAsksForGenerationsAlone", func(t *testing.T) {
		t.Parallel()
		w := newCacheWorld(t, h)
		w.raise(7, "g")
		_, seen := w.lookup("", "g", "h")
		w.store("", w.entry("x"), seen)
		e, again := w.lookup("", "g", "h")
		if e != nil {
			t.Error("something is under the empty key")
		}
		if len(again) != 2 || again[0] != seen[0] || again[1] != seen[1] || again[0].Name != "g" || again[1].Name != "h" || again[0].After != w.mark(7) {
			t.Errorf("generations %v, then %v; want g after 7 and h, unchanged", seen, again)
		}
	})

	t.Run("NothingIsShared", func(t *testing.T) {
		t.Parallel()
		w := newCacheWorld(t, h)
		value := []byte("abc")
		e := w.entry("")
		e.Value = value
		_, seen := w.lookup("a", "g")
		w.store("a", e, seen)
		value[0] = 'X'
		seen[0].Number += 1000
		got, _ := w.lookup("a", "g")
		if got == nil || string(got.Value) != "abc" {
			t.Fatalf("changed by who stored it: %v", got)
		}
		got.Value[1] = 'X'
		if again, _ := w.lookup("a", "g"); again == nil || string(again.Value) != "abc" {
			t.Errorf("changed by who read it: %v", again)
		}
	})

	t.Run("LaterReplacesEarlier", func(t *testing.T) {
		t.Parallel()
		w := newCacheWorld(t, h)
		for _, v := range []string{"first", "second"} {
			_, seen := w.lookup("a", "g")
			w.store("a", w.entry(v), seen)
		}
		w.mustHold("a", "second", "g")
	})

	t.Run("KeepEnds", func(t *testing.T) {
		t.Parallel()
		w := newCacheWorld(t, h)
		const keep = 200 * time.Millisecond
		held, _ := inTime(t, w.clock, keep-20*time.Millisecond, func(pass func(time.Duration)) *ports.CacheEntry {
			_, seen := w.lookup("a", "g")
			e := w.entry("x")
			e.Fresh, e.Keep = 10*time.Millisecond, keep
			w.store("a", e, seen)
			pass(20 * time.Millisecond)
			kept, _ := w.lookup("a", "g")
			return kept
		})
		if held == nil || string(held.Value) != "x" {
			t.Errorf("a holds %v, want %q", held, "x")
		}
		w.clock.Pass(181 * time.Millisecond)
		if e, _ := w.lookup("a", "g"); e != nil {
			t.Error("it was kept for too long")
		}
	})

	t.Run("RaiseMakesStale", func(t *testing.T) {
		t.Parallel()
		w := newCacheWorld(t, h)
		for key, gens := range map[string][]string{"a": {"g"}, "b": {"g", "h"}, "c": {"h"}, "d": nil} {
			_, seen := w.lookup(key, gens...)
			w.store(key, w.entry(key), seen)
		}
		w.raise(5, "g")
		for _, key := range []string{"a", "b"} {
			// An entry's own generations count, whichever are asked for.
			if e, _ := w.lookup(key); e != nil {
				t.Errorf("%s outlived its generation", key)
			}
		}
		w.mustHold("c", "c", "h")
		w.mustHold("d", "d")
		_, seen := w.lookup("a", "g")
		w.store("a", w.entry("new"), seen)
		w.mustHold("a", "new", "g")
	})

	t.Run("RaiseTellsFromWhereToRefill", func(t *testing.T) {
		t.Parallel()
		w := newCacheWorld(t, h)
		w.raise(9, "g", "h")
		w.raise(5, "g") // came late: what follows must still include 9
		w.raise(12, "h")
		_, seen := w.lookup("", "g", "h", "never-raised")
		for i, want := range []ports.Mark{w.mark(9), w.mark(12), {}} {
			if seen[i].After != want {
				t.Errorf("%s is to be refilled after %v, want %v", seen[i].Name, seen[i].After, want)
			}
		}
		w.mustRaise(ports.Mark{}, "g")
		if _, now := w.lookup("", "g"); now[0].After != w.mark(9) || now[0].Number == seen[0].Number {
			t.Errorf("raised without a mark, %v became %v", seen[0], now[0])
		}
		other := ports.Mark{Realm: ports.Catalog, Epoch: 99, Pos: 1}
		w.mustRaise(other, "g")
		if _, now := w.lookup("", "g"); now[0].After != other {
			t.Errorf("raised in another history, to be refilled after %v", now[0].After)
		}
	})

	t.Run("SlowReaderCannotPutBack", func(t *testing.T) {
		t.Parallel()
		w := newCacheWorld(t, h)
		_, slow := w.lookup("a", "g", "h")
		w.raise(5, "h")
		w.store("a", w.entry("old"), slow)
		if e, _ := w.lookup("a", "g", "h"); e != nil {
			t.Fatal("an old value came back")
		}
		_, seen := w.lookup("a", "g", "h")
		w.store("a", w.entry("new"), seen)
		w.store("a", w.entry("old"), slow)
		if e, _ := w.lookup("a", "g", "h"); e != nil && string(e.Value) != "new" {
			t.Errorf("an old value came back over a new one: %q", e.Value)
		}
	})

	// Readers refill as slowly as they like while a writer changes the truth and
	// raises: nobody is ever handed less than the last acknowledged raise.
	t.Run("NeverOlderThanTheLastRaise", func(t *testing.T) {
		t.Parallel()
		w := newCacheWorld(t, h)
		var truth, raised atomic.Int64
		var done atomic.Bool
		var group sync.WaitGroup
		for r := range 4 {
			group.Go(func() {
				for i := 0; !done.Load() && !t.Failed(); i++ {
					key := "k" + strconv.Itoa(i%3)
					least := raised.Load()
					e, seen, err := w.cache.Lookup(t.Context(), key, "g")
					if err != nil {
						t.Error(err)
						return
					}
					if e != nil {
						if got, _ := strconv.ParseInt(string(e.Value), 10, 64); got < least {
							t.Errorf("read %d after %d was raised", got, least)
						}
						continue
					}
					read := strconv.FormatInt(truth.Load(), 10)
					if (i+r)%4 == 0 {
						time.Sleep(time.Microsecond) // a slow reader; nothing waits for it
					}
					if err := w.cache.Store(t.Context(), key, w.entry(read), seen); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		for range 400 {
			now := truth.Add(1)
			if err := w.cache.Raise(t.Context(), w.mark(uint64(now)), "g"); err != nil {
				t.Error(err)
				break
			}
			raised.Store(now)
		}
		done.Store(true)
		group.Wait()
	})

	t.Run("ManyGenerationsAtOnce", func(t *testing.T) {
		t.Parallel()
		w := newCacheWorld(t, h)
		names := make([]string, 500)
		for i := range names {
			names[i] = fmt.Sprintf("g%d", i)
		}
		_, before := w.lookup("", names...)
		w.raise(3, names...)
		_, after := w.lookup("", names...)
		for i := range names {
			if after[i].Name != names[i] || after[i].Number == before[i].Number || after[i].After != w.mark(3) {
				t.Fatalf("%v became %v", before[i], after[i])
			}
		}
	})
}

type cacheWorld struct {
	t     *testing.T
	cache ports.Cache
	clock Clock
}

func newCacheWorld(t *testing.T, h CacheHarness) *cacheWorld {
	t.Helper()
	c, clock := h.New(t)
	return &cacheWorld{t, c, clock}
}

func (w *cacheWorld) mark(pos uint64) ports.Mark {
	return ports.Mark{Realm: ports.Catalog, Epoch: 1, Pos: pos}
}

func (w *cacheWorld) entry(value string) ports.CacheEntry {
	return ports.CacheEntry{
		Value: []byte(value), At: w.mark(1), Born: w.clock.Now().UTC().Truncate(time.Microsecond),
		Fresh: time.Minute, Keep: time.Hour,
	}
}

func (w *cacheWorld) lookup(key string, generations ...string) (*ports.CacheEntry, []ports.Generation) {
	w.t.Helper()
	e, seen, err := w.cache.Lookup(w.t.Context(), key, generations...)
	if err != nil {
		w.t.Fatal(err)
	}
	return e, seen
}

func (w *cacheWorld) store(key string, e ports.CacheEntry, seen []ports.Generation) {
	w.t.Helper()
	if err := w.cache.Store(w.t.Context(), key, e, seen); err != nil {
		w.t.Fatal(err)
	}
}

func (w *cacheWorld) raise(pos uint64, generations ...string) {
	w.t.Helper()
	w.mustRaise(w.mark(pos), generations...)
}

func (w *cacheWorld) mustRaise(at ports.Mark, generations ...string) {
	w.t.Helper()
	if err := w.cache.Raise(w.t.Context(), at, generations...); err != nil {
		w.t.Fatal(err)
	}
}

func (w *cacheWorld) mustHold(key, value string, generations ...string) {
	w.t.Helper()
	if e, _ := w.lookup(key, generations...); e == nil || string(e.Value) != value {
		w.t.Errorf("%s holds %v, want %q", key, e, value)
	}
}
