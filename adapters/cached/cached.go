package cached

import (
	"math/rand/v2"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// Options are the settings of a cached catalogue. Every zero value is usable.
type Options struct {
	// Shared says that other processes use the same ports.Cache: values are
	// exchanged through it.
	Shared bool
	// Held is how many products a process holds at most, in lists or alone, at
	// 3 to 5 kB each. 0: 8192.
	Held int
	// Direct is how many reads may ask the store at once while the cache cannot
	// be reached. 0: 50.
	Direct int
	// Observe hears how each question was answered: what it was about (its key up
	// to the first colon) and from where. nil: nobody does.
	Observe func(about string, from Source)
	// Now is the clock; nil: time.Now.
	Now func() time.Time
	// Rand returns a number in [0, 1), for spreading refreshes; nil: math/rand.
	Rand func() float64
}

// Source is where an answer came from, for metrics.
type Source string

const (
	Held   Source = "held"   // this process had it
	Shared Source = "shared" // another process had read it
	Read   Source = "read"   // the store
	Joined Source = "joined" // what another reader at the same moment was getting
	Past   Source = "past"   // the store, past a cache that cannot be used
)

// Catalog returns the store with its storefront reads cached, and who is to be
// told of changes.
func Catalog(store ports.CatalogStore, cache ports.Cache, o Options) (ports.CatalogStore, ports.Invalidator) {
	cache = frontOf(cache)
	store.Products = Products(store.Products, cache, o)
	store.Taxonomy = Taxonomies(store.Taxonomy, cache, o)
	return store, Invalidator(cache, store.Marks)
}

// Products returns store with BySlug, ByIDs and Page cached.
func Products(store ports.Products, cache ports.Cache, o Options) ports.Products {
	return &products{store, newShelf(ports.Catalog, cache, o), codecOf[catalog.Product](), codecOf[listed]()}
}

// Taxonomies returns store with everything cached.
func Taxonomies(store ports.Taxonomies, cache ports.Cache, o Options) ports.Taxonomies {
	return &taxonomies{store, newShelf(ports.Catalog, cache, o), codecOf[*catalog.Taxonomy](), codecOf[map[id.Category]int]()}
}

func newShelf(realm ports.Realm, cache ports.Cache, o Options) *shelf {
	s := &shelf{
		cache: frontOf(cache), realm: realm, shared: o.Shared, observe: o.Observe, now: o.Now, rand: o.Rand,
		flights: &singleflight.Group{},
	}
	if s.observe == nil {
		s.observe = func(string, Source) {}
	}
	if s.now == nil {
		s.now = time.Now
	}
	if s.rand == nil {
		s.rand = rand.Float64
	}
	if o.Held == 0 {
		o.Held = 8192
	}
	if o.Direct == 0 {
		o.Direct = 50
	}
	s.held = newSegmented(o.Held)
	s.direct = make(chan struct{}, o.Direct)
	return s
}
