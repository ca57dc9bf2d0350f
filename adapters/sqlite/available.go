package sqlite

import (
	"slices"
	"sync"

	"github.com/bodega-commerce/bodega/core/id"
)

// availability keeps how many units of SKUs can be sold: every page asks for
// dozens of them, and few have changed since the last one did. It is exact:
// this process is the only writer, and makes a number stale after COMMIT and
// before the writer is answered. It grows with the SKUs there are.
type availability struct {
	mu    sync.RWMutex
	units map[string]units // by id.SKU.Fold

	changes    uint64 // how often any of them changed
	young, old map[pageKey]counts
}

// counts is what was found of the SKUs of a page, which is true until anything
// changes: pages are looked at far more often than anything is sold.
type counts struct {
	skus    []id.SKU
	changes uint64
	found   map[string]int
}

// pageKey finds counts; more pages than one may have it.
type pageKey struct {
	first, last id.SKU
	n           int
}

const (
	leastOfPage = 8   // fewer SKUs are looked up as fast
	maxPages    = 256 // in each of two generations, at about 5 kB each
)

// units is what was read of a SKU, or that it has changed since.
type units struct {
	fold      string
	available int
	state     uint8
	changed   uint64 // the number of commits with its last change; 0: none since the store was opened
}

const (
	unread uint8 = iota
	counted
	neverReceived
)

// find returns what is known of SKUs, and the others. Nobody must change what is
// found if that is all of them.
func (a *availability) find(skus []id.SKU) (found map[string]int, unknown []id.SKU) {
	if len(skus) < leastOfPage {
		a.mu.RLock()
		defer a.mu.RUnlock()
		return a.look(skus)
	}
	key := pageKey{skus[0], skus[len(skus)-1], len(skus)}
	a.mu.RLock()
	page, ok := a.young[key]
	if !ok {
		page, ok = a.old[key]
	}
	if ok && page.changes == a.changes && slices.Equal(page.skus, skus) {
		a.mu.RUnlock()
		return page.found, nil
	}
	changes := a.changes
	found, unknown = a.look(skus)
	a.mu.RUnlock()
	if len(unknown) == 0 {
		a.remember(key, counts{slices.Clone(skus), changes, found})
	}
	return found, unknown
}

func (a *availability) remember(key pageKey, page counts) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.young == nil || len(a.young) >= maxPages {
		a.young, a.old = map[pageKey]counts{}, a.young
	}
	a.young[key] = page
}

// look looks SKUs up one by one.
func (a *availability) look(skus []id.SKU) (found map[string]int, unknown []id.SKU) {
	found = make(map[string]int, len(skus))
	var room [64]byte
	for _, sku := range skus {
		u := a.units[string(sku.AppendFold(room[:0]))]
		switch u.state {
		case unread:
			unknown = append(unknown, sku)
		case counted:
			found[u.fold] = u.available
		}
	}
	return found, unknown
}

// keep remembers what was read of SKUs, those that are not in found included,
// unless they may have changed since the given number of commits, which was
// looked up before they were read.
func (a *availability) keep(skus []id.SKU, found map[string]int, commits uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.units == nil {
		a.units = map[string]units{}
	}
	for _, sku := range skus {
		fold := sku.Fold()
		u := a.units[fold]
		if u.changed > commits {
			continue
		}
		u.fold, u.state = fold, neverReceived
		if n, received := found[fold]; received {
			u.available, u.state = n, counted
		}
		a.units[fold] = u
	}
}

// change makes SKUs unknown. commits is the number of commits with the change.
func (a *availability) change(skus []id.SKU, commits uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.units == nil {
		a.units = map[string]units{}
	}
	a.changes++
	for _, sku := range skus {
		a.units[sku.Fold()] = units{changed: commits}
	}
}
