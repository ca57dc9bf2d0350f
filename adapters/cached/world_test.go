package cached_test

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/cached"
	"github.com/bodega-commerce/bodega/adapters/memory"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// world is a store whose replicas lag as far behind as they may: a read answers
// from the oldest state that its mark and replicated allow.
type world struct {
	mu     sync.Mutex
	states []state // by position
	least  int     // the position that every replica has reached

	reads  atomic.Int64
	onRead func() // called in each read, before it takes its answer
	cache  ports.Cache
	// believe is given to cached.Front by open; 0: there is none.
	believe time.Duration
	asked   atomic.Int64 // how often the cache was looked into

	ports.CatalogStore
	told ports.Invalidator
}

// state is everything at one position.
type state struct {
	products map[id.Product]catalog.Product
	slugs    map[string]id.Product
	tree     *catalog.Taxonomy
}

func newWorld(o cached.Options) *world {
	w := &world{
		states: []state{{map[id.Product]catalog.Product{}, map[string]id.Product{}, catalog.NewTaxonomy(nil, nil, nil, nil, nil)}},
		cache:  memory.NewCache(0, o.Now), onRead: func() {},
	}
	w.open(o)
	return w
}

// open puts a new process in front of the store.
func (w *world) open(o cached.Options) {
	cache := ports.Cache((*failing)(w))
	if w.believe > 0 {
		cache = cached.Front(cache, w.believe)
	}
	w.CatalogStore, w.told = cached.Catalog(ports.CatalogStore{Products: store{w}, Taxonomy: store{w}, Marks: w}, cache, o)
}

// failing is the world's cache, so that a test can replace it.
type failing world

func (f *failing) Lookup(ctx context.Context, key string, gs ...string) (*ports.CacheEntry, []ports.Generation, error) {
	f.asked.Add(1)
	return f.cache.Lookup(ctx, key, gs...)
}

func (f *failing) Store(ctx context.Context, key string, e ports.CacheEntry, seen []ports.Generation) error {
	return f.cache.Store(ctx, key, e, seen)
}

func (f *failing) Raise(ctx context.Context, at ports.Mark, gs ...string) error {
	return f.cache.Raise(ctx, at, gs...)
}

func mark(pos int) ports.Mark {
	return ports.Mark{Realm: ports.Catalog, Epoch: 1, Pos: uint64(pos + 1)}
}

func (w *world) Position(context.Context) (ports.Mark, error) { return mark(w.newest()), nil }

func (w *world) newest() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.states) - 1
}

// at is the oldest state that includes the mark.
func (w *world) at(after ports.Mark) state {
	w.reads.Add(1)
	w.onRead()
	w.mu.Lock()
	defer w.mu.Unlock()
	pos := w.least
	if !after.IsZero() {
		pos = max(pos, int(after.Pos)-1)
	}
	return w.states[pos]
}

// replicated lets all replicas come as far as the store is.
func (w *world) replicated() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.least = len(w.states) - 1
}

// save commits a product and returns where.
func (w *world) save(p catalog.Product) ports.Mark {
	w.mu.Lock()
	defer w.mu.Unlock()
	last := w.states[len(w.states)-1]
	next := state{maps.Clone(last.products), maps.Clone(last.slugs), last.tree}
	p.Version = int64(len(w.states))
	next.products[p.ID], next.slugs[p.Slug] = p, p.ID
	w.states = append(w.states, next)
	return mark(len(w.states) - 1)
}

// change commits a product and tells of it.
func (w *world) change(t testing.TB, p catalog.Product) ports.Mark {
	m := w.save(p)
	w.told.ProductsChanged(t.Context(), m, p)
	return m
}

func (w *world) newTree() ports.Mark {
	w.mu.Lock()
	defer w.mu.Unlock()
	next := w.states[len(w.states)-1]
	next.tree = catalog.NewTaxonomy(nil, nil, nil, nil, nil)
	w.states = append(w.states, next)
	return mark(len(w.states) - 1)
}

// The answers of a state are those of a store.

func (s state) bySlug(slug string) (catalog.Product, error) {
	p, ok := s.products[s.slugs[slug]]
	if !ok || p.Status != catalog.Active {
		return catalog.Product{}, fault.Missing("product")
	}
	return p, nil
}

func (s state) byIDs(ids []id.Product) []catalog.Product {
	found := []catalog.Product{}
	for _, i := range ids {
		if p, ok := s.products[i]; ok && p.Status == catalog.Active {
			found = append(found, p)
		}
	}
	return found
}

func (s state) page(l catalog.Listing) catalog.Page {
	all := slices.DeleteFunc(slices.Collect(maps.Values(s.products)), func(p catalog.Product) bool {
		return p.Status != catalog.Active || len(l.Categories) > 0 && !slices.Contains(l.Categories, p.Category)
	})
	slices.SortFunc(all, func(a, b catalog.Product) int { return cmp.Compare(a.ID.String(), b.ID.String()) })
	from := min((l.Page-1)*l.PerPage, len(all))
	return catalog.Page{Products: append([]catalog.Product{}, all[from:min(from+l.PerPage, len(all))]...), Total: len(all)}
}

func (s state) counts() map[id.Category]int {
	counts := map[id.Category]int{}
	for _, p := range s.products {
		if p.Status == catalog.Active {
			counts[p.Category]++
		}
	}
	return counts
}

type store struct{ *world }

func (s store) BySlug(_ context.Context, slug string, after ports.Mark) (catalog.Product, error) {
	return s.at(after).bySlug(slug)
}

func (s store) ByIDs(_ context.Context, ids []id.Product, after ports.Mark) ([]catalog.Product, error) {
	return s.at(after).byIDs(ids), nil
}

func (s store) Page(_ context.Context, l catalog.Listing, after ports.Mark) (catalog.Page, error) {
	return s.at(after).page(l), nil
}

func (s store) Walk(context.Context, time.Time, id.Product, int, ports.Mark) ([]catalog.Product, error) {
	return []catalog.Product{}, nil
}

func (s store) Taxonomy(_ context.Context, after ports.Mark) (*catalog.Taxonomy, error) {
	return s.at(after).tree, nil
}

func (s store) ActiveCounts(_ context.Context, after ports.Mark) (map[id.Category]int, error) {
	return s.at(after).counts(), nil
}

func productID(n byte) id.Product   { return id.Product{UUID: id.UUID{n}} }
func categoryID(n byte) id.Category { return id.Category{UUID: id.UUID{n}} }

func product(n byte, slug string) catalog.Product {
	return catalog.Product{ID: productID(n), Slug: slug, Status: catalog.Active, Category: categoryID(1)}
}

func listing(categories ...id.Category) catalog.Listing {
	return catalog.Listing{Categories: categories, Sort: catalog.Newest, Page: 1, PerPage: catalog.DefaultPerPage}
}
