package memory

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"

	"github.com/bodega-commerce/bodega/ports"
)

// DefaultCacheBytes is how much a Cache holds that was not told otherwise.
const DefaultCacheBytes = 32 << 20

// maxGenerations bounds how many generations are told apart. When there are
// more, all begin anew: every entry is stale once.
const maxGenerations = 1 << 16

var _ ports.Cache = (*Cache)(nil)

// Cache keeps entries in memory.
type Cache struct {
	now     func() time.Time
	entries *otter.Cache[string, stored]

	// mu makes raising a generation exclude every look at one, so that no
	// entry is stored or found across it.
	mu          sync.RWMutex
	generations map[string]state
	others      state      // of every generation that is not in the map
	newest      ports.Mark // that anything was raised at
	number      uint64     // the last one given out
}

type state struct {
	number uint64
	after  ports.Mark
}

type stored struct {
	ports.CacheEntry
	seen []ports.Generation
}

// NewCache returns an empty cache of about maxBytes (0: DefaultCacheBytes) by
// the clock now (nil: time.Now).
func NewCache(maxBytes int, now func() time.Time) *Cache {
	if maxBytes <= 0 {
		maxBytes = DefaultCacheBytes
	}
	if now == nil {
		now = time.Now
	}
	const overhead = 300 // bytes beside key and value, about
	return &Cache{
		now: now,
		entries: otter.Must(&otter.Options[string, stored]{
			MaximumWeight: uint64(maxBytes),
			Weigher: func(key string, e stored) uint32 {
				return uint32(min(len(key)+len(e.Value)+overhead, maxBytes))
			},
		}),
		generations: map[string]state{},
	}
}

func (c *Cache) Lookup(_ context.Context, key string, generations ...string) (*ports.CacheEntry, []ports.Generation, error) {
	var e stored
	found := false
	if key != "" {
		e, found = c.entries.GetIfPresent(key)
	}
	now := make([]ports.Generation, len(generations))

	c.mu.RLock()
	found = found && c.current(e.seen)
	for i, name := range generations {
		s := c.state(name)
		now[i] = ports.Generation{Name: name, Number: s.number, After: s.after}
	}
	c.mu.RUnlock()

	if !found || !c.now().Before(e.Born.Add(e.Keep)) {
		return nil, now, nil
	}
	e.Value = slices.Clone(e.Value)
	return &e.CacheEntry, now, nil
}

func (c *Cache) Store(_ context.Context, key string, e ports.CacheEntry, seen []ports.Generation) error {
	if key == "" {
		return nil
	}
	e.Value = slices.Clone(e.Value)
	s := stored{e, slices.Clone(seen)}

	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.current(seen) {
		c.entries.Set(key, s)
	}
	return nil
}

func (c *Cache) Raise(_ context.Context, at ports.Mark, generations ...string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.newest = later(c.newest, at)
	if len(c.generations)+len(generations) > maxGenerations {
		clear(c.generations)
		c.number++
		c.others = state{c.number, c.newest}
	}
	for _, name := range generations {
		c.number++
		c.generations[name] = state{c.number, later(c.state(name).after, at)}
	}
	return nil
}

func (c *Cache) state(name string) state {
	if s, ok := c.generations[name]; ok {
		return s
	}
	return c.others
}

// current reports whether generations are as they were seen.
func (c *Cache) current(seen []ports.Generation) bool {
	for _, g := range seen {
		if c.state(g.Name).number != g.Number {
			return false
		}
	}
	return true
}

// later returns the mark that includes the other; b if they do not compare.
func later(a, b ports.Mark) ports.Mark {
	if b.IsZero() || !b.Covers(a) {
		return a
	}
	return b
}
