package sqlite

import (
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
}

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

// find puts what is known of SKUs into found and returns the others.
func (a *availability) find(skus []id.SKU, found map[string]int) (unknown []id.SKU) {
	a.mu.RLock()
	defer a.mu.RUnlock()
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
	return unknown
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
	for _, sku := range skus {
		a.units[sku.Fold()] = units{changed: commits}
	}
}
