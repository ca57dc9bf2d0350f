package sqlite

import (
	"slices"
	"sync"

	"github.com/bodega-commerce/bodega/core/catalog"
)

// offered keeps offers: a session asks for those of its cart half a dozen times,
// each time past a page cache that the last commit has emptied. It is exact, as
// availability is: any commit of products makes all of it stale, after COMMIT and
// before the writer is answered. Of two generations the older is dropped when the
// younger is full.
type offered struct {
	mu         sync.RWMutex
	changes    uint64 // commits that changed products
	young, old map[string]catalog.Offer
}

// maxOffers is how many offers a generation has, of half a kilobyte each.
const maxOffers = 4096

// find returns what is known of SKUs, folded, the others, and when that was: what
// keep has to be told.
func (o *offered) find(folds []string) (found map[string]catalog.Offer, unknown []string, changes uint64) {
	found = make(map[string]catalog.Offer, len(folds))
	o.mu.RLock()
	defer o.mu.RUnlock()
	for _, fold := range folds {
		offer, ok := o.young[fold]
		if !ok {
			offer, ok = o.old[fold]
		}
		if ok {
			found[fold] = copied(offer)
		} else {
			unknown = append(unknown, fold)
		}
	}
	return found, unknown, o.changes
}

// keep remembers what was read of unknown SKUs, unless products have changed
// since find.
func (o *offered) keep(unknown []string, read map[string]catalog.Offer, changes uint64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changes != changes {
		return
	}
	if o.young == nil || len(o.young)+len(unknown) > maxOffers {
		o.young, o.old = map[string]catalog.Offer{}, o.young
	}
	for _, fold := range unknown {
		if offer, ok := read[fold]; ok {
			o.young[fold] = copied(offer)
		}
	}
}

// change forgets everything.
func (o *offered) change() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.changes++
	o.young, o.old = nil, nil
}

// copied returns an offer that shares nothing with another.
func copied(o catalog.Offer) catalog.Offer {
	o.Options = slices.Clone(o.Options)
	if o.Image != nil {
		image := *o.Image
		image.Sizes = slices.Clone(image.Sizes)
		o.Image = &image
	}
	return o
}
