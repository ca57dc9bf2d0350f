package cached

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/ports"
)

// raiseTimeout bounds how long an answer waits for the cache to hear of a change.
const raiseTimeout = time.Second

type invalidator struct {
	cache ports.Cache
	marks ports.Marker
}

// Invalidator returns who makes stale what Products and Taxonomies hold, in
// every process that uses the cache. marks is the position of the store's
// primary, for changes that come without a mark.
func Invalidator(cache ports.Cache, marks ports.Marker) ports.Invalidator {
	return invalidator{cache, marks}
}

func (i invalidator) ProductsChanged(ctx context.Context, at ports.Mark, changed ...catalog.Product) {
	if len(changed) == 0 {
		return
	}
	names := append(make([]string, 0, 1+2*len(changed)), anyProduct)
	for _, p := range changed {
		names = append(names, oneProduct(p.ID), oneSlug(p.Slug))
	}
	i.raise(ctx, at, names...)
}

func (i invalidator) TaxonomyChanged(ctx context.Context, at ports.Mark) {
	i.raise(ctx, at, theTree)
}

// raise does not stop with its caller: the change is made, whoever still waits.
func (i invalidator) raise(ctx context.Context, at ports.Mark, names ...string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), raiseTimeout)
	defer cancel()
	if at.IsZero() {
		at, _ = i.marks.Position(ctx) // unknown: the job that follows the change will know it
	}
	_ = i.cache.Raise(ctx, at, names...) // the job that follows the change says it again
}
