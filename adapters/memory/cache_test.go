package memory

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func TestCache(t *testing.T) {
	porttest.TestCache(t, porttest.CacheHarness{New: func(*testing.T) (ports.Cache, porttest.Clock) {
		clock := porttest.StillClock()
		return NewCache(0, clock.Now), clock
	}})
}

func TestCache_IsBounded(t *testing.T) {
	t.Parallel()

	t.Run("ByBytes", func(t *testing.T) {
		t.Parallel()
		const limit = 1 << 20
		c := NewCache(limit, nil)
		for i := range 5000 {
			store(t, c, "k"+strconv.Itoa(i), make([]byte, 1000))
		}
		c.entries.CleanUp()
		if w := c.entries.WeightedSize(); w > limit || w < limit/2 {
			t.Errorf("holds %d bytes of at most %d", w, limit)
		}
	})

	t.Run("WhatIsLargerThanAllIsNotKept", func(t *testing.T) {
		t.Parallel()
		c := NewCache(1000, nil)
		store(t, c, "large", make([]byte, 2000))
		c.entries.CleanUp()
		if w := c.entries.WeightedSize(); w > 1000 {
			t.Errorf("holds %d bytes of at most 1000", w)
		}
	})

	// Forgetting generations may cost entries, never truth.
	t.Run("ByGenerations", func(t *testing.T) {
		t.Parallel()
		c := NewCache(0, nil)
		at := func(pos int) ports.Mark { return ports.Mark{Realm: ports.Catalog, Epoch: 1, Pos: uint64(pos)} }
		raise := func(pos int, names ...string) {
			t.Helper()
			if err := c.Raise(t.Context(), at(pos), names...); err != nil {
				t.Fatal(err)
			}
		}
		raise(1, "g")
		_, before, _ := c.Lookup(t.Context(), "", "g", "never-raised")
		store(t, c, "a", []byte("x"), "g")
		store(t, c, "b", []byte("x"), "never-raised")
		for i := range maxGenerations {
			raise(i+2, fmt.Sprint("other", i))
		}
		if n := len(c.generations); n > maxGenerations {
			t.Errorf("tells %d generations apart", n)
		}
		_, after, _ := c.Lookup(t.Context(), "", "g", "never-raised")
		for i := range before {
			if after[i].Number == before[i].Number {
				t.Errorf("%s has its old number %d again", after[i].Name, after[i].Number)
			}
			if !after[i].After.Covers(at(1)) || after[i].After.IsZero() {
				t.Errorf("%s forgot that it is to be refilled after 1: %v", after[i].Name, after[i].After)
			}
		}
		for _, key := range []string{"a", "b"} {
			if e, _, _ := c.Lookup(t.Context(), key); e != nil {
				t.Errorf("%s outlived its generation", key)
			}
		}
	})
}

// Whatever the order of writes, raises, slow reads and clock steps, a lookup
// never returns less than the last acknowledged raise of the entry's
// generations, nor anything past its time.
func TestCache_NeverOlderThanTheLastRaise(t *testing.T) {
	t.Parallel()
	type reading struct {
		key, value string
		seen       []ports.Generation
	}
	generationsOf := map[string][]string{"a": {"g"}, "b": {"h"}, "c": {"g", "h"}}
	keys := rapid.SampledFrom([]string{"a", "b", "c"})
	rapid.Check(t, func(t *rapid.T) {
		clock := porttest.StillClock()
		c := NewCache(0, clock.Now)
		truth := 0
		raised := map[string]int{} // by generation: the truth when it was last raised
		var readings []reading
		check := func(key string, e *ports.CacheEntry) {
			if e == nil {
				return
			}
			got, _ := strconv.Atoi(string(e.Value))
			for _, g := range generationsOf[key] {
				if got < raised[g] {
					t.Fatalf("%s holds %d although %s was raised at %d", key, got, g, raised[g])
				}
			}
			if age := clock.Now().Sub(e.Born); age >= e.Keep {
				t.Fatalf("%s is %v old and was to be kept for %v", key, age, e.Keep)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"write": func(*rapid.T) { truth++ },
			"raise": func(t *rapid.T) {
				g := rapid.SampledFrom([]string{"g", "h"}).Draw(t, "generation")
				if err := c.Raise(t.Context(), ports.Mark{Realm: ports.Catalog, Pos: uint64(truth)}, g); err != nil {
					t.Fatal(err)
				}
				raised[g] = truth
			},
			"look": func(t *rapid.T) {
				key := keys.Draw(t, "key")
				e, seen, err := c.Lookup(t.Context(), key, generationsOf[key]...)
				if err != nil {
					t.Fatal(err)
				}
				check(key, e)
				if e == nil {
					readings = append(readings, reading{key, strconv.Itoa(truth), seen})
				}
			},
			"store": func(t *rapid.T) {
				if len(readings) == 0 {
					t.Skip("nothing was read")
				}
				i := rapid.IntRange(0, len(readings)-1).Draw(t, "reading")
				r := readings[i]
				keep := time.Duration(rapid.IntRange(0, 3).Draw(t, "keep")) * time.Second
				err := c.Store(t.Context(), r.key, ports.CacheEntry{Value: []byte(r.value), Born: clock.Now(), Fresh: keep, Keep: keep}, r.seen)
				if err != nil {
					t.Fatal(err)
				}
			},
			"wait": func(*rapid.T) { clock.Pass(time.Second) },
		})
	})
}

func store(t *testing.T, c *Cache, key string, value []byte, generations ...string) {
	t.Helper()
	_, seen, err := c.Lookup(t.Context(), key, generations...)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Store(t.Context(), key, ports.CacheEntry{Value: value, Born: time.Now(), Fresh: time.Hour, Keep: time.Hour}, seen); err != nil {
		t.Fatal(err)
	}
}

func BenchmarkCache_Lookup(b *testing.B) {
	c := NewCache(0, nil)
	_, seen, _ := c.Lookup(b.Context(), "k", "g")
	if err := c.Store(b.Context(), "k", ports.CacheEntry{Value: make([]byte, 2600), Born: time.Now(), Keep: time.Hour}, seen); err != nil {
		b.Fatal(err)
	}
	for name, key := range map[string]string{"Entry": "k", "GenerationAlone": ""} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := c.Lookup(b.Context(), key, "g"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
