package cached

import (
	"container/list"
	"sync"
)

// segmented holds items up to a weight and drops those that were used least
// recently. What was asked for once can only push out what was asked for once:
// a crawler that walks the whole catalogue leaves alone what shoppers come back to.
type segmented struct {
	mu         sync.Mutex
	limit      int
	byKey      map[string]*list.Element
	once, more segment
}

// segment is a list of places, the most recently used first.
type segment struct {
	list.List
	weight int
}

type place struct {
	key string
	*item
	in *segment
}

func newSegmented(limit int) *segmented {
	return &segmented{limit: limit, byKey: map[string]*list.Element{}}
}

func (h *segmented) get(key string) *item {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.byKey[key]
	if e == nil {
		return nil
	}
	p := placeOf(e)
	if p.in == &h.more {
		h.more.MoveToFront(e)
		return p.item
	}
	h.move(e, &h.more)
	for h.more.weight > h.limit/5*4 && h.more.Len() > 1 {
		h.move(h.more.Back(), &h.once)
	}
	return p.item
}

func (h *segmented) put(key string, it *item) {
	h.mu.Lock()
	defer h.mu.Unlock()
	to := &h.once
	if e := h.byKey[key]; e != nil {
		to = placeOf(e).in
		h.remove(e)
	}
	h.insert(place{key, it, to})
	for h.once.weight+h.more.weight > h.limit {
		last := h.once.Back()
		if last == nil {
			last = h.more.Back()
		}
		h.remove(last)
	}
}

// drop removes an item unless another has taken its place.
func (h *segmented) drop(key string, it *item) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e := h.byKey[key]; e != nil && placeOf(e).item == it {
		h.remove(e)
	}
}

func (h *segmented) move(e *list.Element, to *segment) {
	p := placeOf(e)
	h.remove(e)
	p.in = to
	h.insert(p)
}

func (h *segmented) insert(p place) {
	h.byKey[p.key] = p.in.PushFront(p)
	p.in.weight += p.weight
}

func (h *segmented) remove(e *list.Element) {
	p := placeOf(e)
	p.in.Remove(e)
	p.in.weight -= p.weight
	delete(h.byKey, p.key)
}

func placeOf(e *list.Element) place {
	return e.Value.(place) //nolint:errcheck // the lists hold nothing else
}
