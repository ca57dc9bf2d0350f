package ports

import (
	"context"

	"github.com/bodega-commerce/bodega/core/catalog"
)

// Invalidator hears of changes right after their commit, so that what is
// cached in between does not outlive them. Best effort: it returns nothing,
// and the job that follows every change says it again.
type Invalidator interface {
	// ProductsChanged says that these products are now as given (a deleted one:
	// as it was). The mark is at or after the change.
	ProductsChanged(ctx context.Context, at Mark, changed ...catalog.Product)
	// TaxonomyChanged says that categories, brands or attribute definitions
	// changed, and with them how every product looks.
	TaxonomyChanged(ctx context.Context, at Mark)
}
