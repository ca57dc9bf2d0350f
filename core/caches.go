package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/ports"
)

// nothingCached is the Invalidator of a shop without caches.
type nothingCached struct{}

func (nothingCached) ProductsChanged(context.Context, ports.Mark, ...catalog.Product) {}
func (nothingCached) TaxonomyChanged(context.Context, ports.Mark)                     {}
