package cached

import (
	"context"
	"sync"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

var facetsLife = life{time.Minute, 5 * time.Minute}

// settle is how long after a change of products an engine may still answer as
// before: it makes what it was told findable about once a second.
const settle = 3 * time.Second

// Search returns the engine with the view that a shopper of a category sees
// first, its facets above all, cached.
func Search(engine ports.SearchEngine, cache ports.Cache, o Options) ports.SearchEngine {
	return &facets{SearchEngine: engine, s: newShelf(ports.Catalog, cache, o), codec: codecOf[search.Result]()}
}

type facets struct {
	ports.SearchEngine
	s     *shelf
	codec codec[search.Result]

	mu     sync.Mutex
	newest uint64 // number of anyProduct
	since  time.Time
}

func (f *facets) Search(ctx context.Context, q search.Query) (search.Result, error) {
	if !firstOfCategory(q) || !f.calm(ctx) {
		return f.SearchEngine.Search(ctx, q)
	}
	return read(ctx, f.s, query[search.Result]{
		key: "filters:" + q.Category, basis: ofFacets, life: facetsLife,
		load:        func(ctx context.Context, _ ports.Mark) (search.Result, error) { return f.SearchEngine.Search(ctx, q) },
		generations: func(search.Result) []string { return ofFacets() },
		weight:      func(r search.Result) int { return 1 + len(r.Hits)/few },
		codec:       f.codec,
	}, ports.Mark{})
}

func ofFacets() []string { return []string{anyProduct, theTree} }

// firstOfCategory reports whether a query is a category and nothing else.
func firstOfCategory(q search.Query) bool {
	q = q.Normalize()
	return catalog.ValidSlug(q.Category) && q.Text == "" && len(q.Brands) == 0 && len(q.Filters) == 0 && q.PriceMin == nil && q.PriceMax == nil &&
		!q.InStock && !q.Boosts.OutOfStockLast && q.MinRating == 0 && q.Sort == search.ByPopularity && q.Page == 1 && q.PerPage == search.PerPage
}

// calm reports whether no product has changed for long enough that the engine
// knows of it.
func (f *facets) calm(ctx context.Context) bool {
	now, err := f.s.generations(ctx, []string{anyProduct})
	if err != nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	clock := f.s.now()
	if f.since.IsZero() || now[0].Number != f.newest {
		f.newest, f.since = now[0].Number, clock
	}
	return clock.Sub(f.since) >= settle
}
