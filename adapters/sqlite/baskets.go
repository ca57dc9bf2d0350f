package sqlite

import (
	"sync"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/id"
)

// baskets keeps the carts that were changed last: whoever fills one reads it
// before each change, past a page cache that the last commit has emptied. It is
// exact, for this process is the only writer: what a commit changed is put here
// before its caller is answered, and what was only read never is, so that
// nothing old can come late. Of two generations the older is dropped when the
// younger is full.
type baskets struct {
	mu         sync.RWMutex
	young, old map[id.Cart]cart.Cart
}

// maxBaskets is how many carts a generation has, of half a kilobyte each.
const maxBaskets = 4096

// find returns a cart if it is known.
func (b *baskets) find(c id.Cart) (cart.Cart, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	k, ok := b.young[c]
	if !ok {
		k, ok = b.old[c]
	}
	return unshared(k), ok
}

// put remembers what a cart has become.
func (b *baskets) put(k cart.Cart) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, there := b.young[k.ID]; !there && len(b.young) >= maxBaskets || b.young == nil {
		b.young, b.old = map[id.Cart]cart.Cart{}, b.young
	}
	b.young[k.ID] = k
}

// forget drops a cart of which nobody knows what it has become.
func (b *baskets) forget(c id.Cart) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.young, c)
	delete(b.old, c)
}

// clear drops all carts.
func (b *baskets) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.young, b.old = nil, nil
}

// unshared returns a cart that shares nothing with another.
func unshared(k cart.Cart) cart.Cart {
	k.Lines, k.Coupons = append([]cart.Line{}, k.Lines...), append([]string{}, k.Coupons...)
	return k
}
