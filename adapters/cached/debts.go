package cached

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// debts is a cache that remembers what it could not be told: a generation that
// was to be raised while the cache could not be reached is raised before the
// next look at it, for this process and thereby for all others. A process that
// ends before that leaves it to the job that follows every change, and to the
// time that every entry has.
type debts struct {
	ports.Cache
	any    atomic.Bool
	paying sync.Mutex // held by who raises what is owed

	mu    sync.Mutex
	owed  map[ports.Realm]*debt
	times uint64 // that something was added
}

// debt is what one realm's changes made stale.
type debt struct {
	at    ports.Mark        // of the newest change
	names map[string]uint64 // and when they were added
}

// mostOwed bounds the names that are remembered of a realm, at about 150 bytes
// each; entries of those that are forgotten run out by themselves.
const mostOwed = 1 << 16

// raisedTogether bounds the generations of one call.
const raisedTogether = 512

func newDebts(c ports.Cache) *debts { return &debts{Cache: c, owed: make(map[ports.Realm]*debt)} }

func (d *debts) Lookup(ctx context.Context, key string, generations ...string) (*ports.CacheEntry, []ports.Generation, error) {
	if d.any.Load() {
		if err := d.pay(ctx); err != nil {
			return nil, nil, err
		}
	}
	return d.Cache.Lookup(ctx, key, generations...)
}

func (d *debts) Raise(ctx context.Context, at ports.Mark, generations ...string) error {
	err := d.Cache.Raise(ctx, at, generations...)
	if err != nil {
		d.mu.Lock()
		defer d.mu.Unlock()
		o := d.owed[at.Realm]
		if o == nil {
			o = &debt{names: map[string]uint64{}}
			d.owed[at.Realm] = o
		}
		o.at = newest(o.at, at)
		d.times++
		for _, name := range generations {
			if len(o.names) < mostOwed {
				o.names[name] = d.times
			}
		}
		d.any.Store(true)
	}
	return err
}

// owedOf returns the newest change of a realm that the cache has not been told
// of; zero for none.
func (d *debts) owedOf(realm ports.Realm) ports.Mark {
	if !d.any.Load() {
		return ports.Mark{}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if o := d.owed[realm]; o != nil {
		return o.at
	}
	return ports.Mark{}
}

// errUntold is answered while somebody else is telling the cache: what it holds
// may be out of date.
var errUntold = fault.New(fault.Unavailable, "", "the cache has not been told of every change yet")

// pay raises what is owed; the first failure ends it.
func (d *debts) pay(ctx context.Context) error {
	if !d.paying.TryLock() {
		return errUntold
	}
	defer d.paying.Unlock()
	for {
		p := d.some()
		if len(p.names) == 0 {
			return nil
		}
		if err := d.Cache.Raise(ctx, p.at, p.names...); err != nil {
			return err
		}
		d.settle(p)
	}
}

// payment is a part of what is owed of a realm, as of a time.
type payment struct {
	realm ports.Realm
	at    ports.Mark
	names []string
	times uint64
}

// some returns a part of what is owed, without names if that is all. What tells
// of any change comes last: whoever sees it as it was believes that nothing has
// changed.
func (d *debts) some() payment {
	d.mu.Lock()
	defer d.mu.Unlock()
	for realm, o := range d.owed {
		names := slices.SortedFunc(maps.Keys(o.names), func(a, b string) int {
			return cmp.Compare(tellsOfAny(a), tellsOfAny(b))
		})
		if len(names) > 0 {
			return payment{realm, o.at, names[:min(len(names), raisedTogether)], d.times}
		}
		delete(d.owed, realm)
	}
	d.any.Store(false)
	return payment{}
}

// settle strikes out what was paid, unless it was added again meanwhile.
func (d *debts) settle(p payment) {
	d.mu.Lock()
	defer d.mu.Unlock()
	o := d.owed[p.realm]
	for _, name := range p.names {
		if o.names[name] <= p.times {
			delete(o.names, name)
		}
	}
}

func tellsOfAny(generation string) int {
	if generation == anyProduct || generation == anyStock {
		return 1
	}
	return 0
}

// newest returns the mark that includes the other; b if they do not compare.
func newest(a, b ports.Mark) ports.Mark {
	if b.IsZero() || !b.Covers(a) {
		return a
	}
	return b
}
