package memsearch

import (
	"encoding/binary"
	"math"
	"sync"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

// answers keeps results of one state of an index: shoppers ask for the same
// category pages and the same few words over and over. A new state begins
// without any, so that nothing has to be made stale. It is bounded by two
// generations, of which the older is dropped when the younger is full.
type answers struct {
	mu         sync.RWMutex
	young, old map[string]search.Result
}

const maxAnswers = 256 // in a generation, at about 10 kB each

// find returns the result of a query.
func (a *answers) find(key []byte) (search.Result, bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	r, ok := a.young[string(key)]
	if !ok {
		r, ok = a.old[string(key)]
	}
	return r, ok
}

func (a *answers) keep(key []byte, r search.Result) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.young == nil || len(a.young) >= maxAnswers {
		a.young, a.old = make(map[string]search.Result), a.young
	}
	a.young[string(key)] = r
}

// keyOf writes a normalized query so that no two different ones read the same.
func keyOf(q *search.Query) []byte {
	b := make([]byte, 0, 128)
	text := func(s string) { b = append(binary.AppendUvarint(b, uint64(len(s))), s...) }
	texts := func(list []string) {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, s := range list {
			text(s)
		}
	}
	number := func(n float64) { b = binary.LittleEndian.AppendUint64(b, math.Float64bits(n)) }
	end := func(n *float64) { // of a range
		b = append(b, flag(n != nil))
		if n != nil {
			number(*n)
		}
	}
	price := func(n *int64) {
		b = append(b, flag(n != nil))
		if n != nil {
			b = binary.AppendVarint(b, *n)
		}
	}
	text(q.Text)
	text(q.Category)
	texts(q.Brands)
	b = binary.AppendUvarint(b, uint64(len(q.Filters)))
	for _, f := range q.Filters {
		text(f.Name)
		texts(f.Values)
		b = binary.AppendUvarint(b, uint64(len(f.Ranges)))
		for _, r := range f.Ranges {
			end(r.Min)
			end(r.Max)
		}
	}
	price(q.PriceMin)
	price(q.PriceMax)
	b = append(b, flag(q.InStock), flag(q.Exact))
	number(q.MinRating)
	b = binary.AppendUvarint(b, q.Synonyms.Revision())
	products := func(list []id.Product) {
		b = binary.AppendUvarint(b, uint64(len(list)))
		for _, p := range list {
			b = append(b, p.UUID[:]...)
		}
	}
	products(q.Pinned)
	products(q.Buried)
	b = binary.AppendVarint(binary.AppendVarint(b, int64(q.Boosts.InStock)), int64(q.Boosts.Featured))
	b = append(b, flag(q.Boosts.OutOfStockLast))
	text(string(q.Sort))
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(q.Page)), uint64(q.PerPage))
}

func flag(set bool) byte {
	if set {
		return 1
	}
	return 0
}
