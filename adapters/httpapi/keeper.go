package httpapi

import "sync"

// keeper keeps what was rendered, up to a number of bytes: two generations of it,
// of which the older is dropped when the younger is full. What is kept must not
// be changed.
type keeper[K comparable, V interface{ bytes() int }] struct {
	most int // bytes of a generation

	mu         sync.RWMutex
	young, old map[K]V
	size       int // bytes in young
}

func (c *keeper[K, V]) get(key K) (V, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	v, ok := c.young[key]
	if !ok {
		v, ok = c.old[key]
	}
	return v, ok
}

func (c *keeper[K, V]) put(key K, v V) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young == nil || c.size+v.bytes() > c.most {
		c.young, c.old, c.size = map[K]V{}, c.young, 0
	}
	c.size += v.bytes()
	if before, ok := c.young[key]; ok {
		c.size -= before.bytes()
	}
	c.young[key] = v
}
