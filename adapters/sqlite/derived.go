package sqlite

import (
	"sync"
	"sync/atomic"

	"github.com/bodega-commerce/bodega/core/catalog"
)

// derived is what is worked out of the store and kept until it changes.
type derived struct {
	taxonomy  memo[*catalog.Taxonomy]
	counts    memo[activeCounts]
	available availability
	offers    offered
	carts     baskets
}

// productsChange makes stale what was worked out of products.
func (d *derived) productsChange() {
	d.counts.change()
	d.offers.change()
}

// memo keeps a value that was worked out of the store until a commit changes
// what it was worked out of. This process is the only writer, so it knows.
type memo[T any] struct {
	changes atomic.Uint64 // commits that changed its source
	kept    atomic.Pointer[kept[T]]
	reading sync.Mutex // one reader works it out, the others wait for it
}

type kept[T any] struct {
	changes uint64 // when it was worked out, or before
	value   T
}

// change makes the value stale. It is called after COMMIT and before the writer
// is answered: a reader that began earlier keeps its value under the old count.
func (m *memo[T]) change() { m.changes.Add(1) }

// get returns the value, by read if it is stale.
func (m *memo[T]) get(read func() (T, error)) (T, error) {
	if k := m.kept.Load(); k != nil && k.changes == m.changes.Load() {
		return k.value, nil
	}
	m.reading.Lock()
	defer m.reading.Unlock()
	changes := m.changes.Load()
	if k := m.kept.Load(); k != nil && k.changes == changes {
		return k.value, nil
	}
	value, err := read()
	if err == nil {
		m.kept.Store(&kept[T]{changes, value})
	}
	return value, err
}
