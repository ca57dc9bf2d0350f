package ports

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/search"
)

// Sales counts what is sold of products, by day, on the primary.
type Sales interface {
	// CountSales makes orders count for what they are at a version, in place of
	// what they counted for at a lower one. A version as high as one that was
	// counted changes nothing: so orders may be counted again, late and in any
	// order. Products of which something changed are Unranked from then on.
	CountSales(ctx context.Context, sales []search.Sale, at time.Time) error

	// Unranked returns up to limit products that are not ranked and have not been
	// for at least as long as from at until now, the longest first, with all that
	// was sold of them.
	Unranked(ctx context.Context, at time.Time, limit int) ([]search.Unranked, error)

	// Ranked notes that products were ranked by the sales of their revision. One
	// of which more was sold since, or that somebody else has ranked, is Unranked
	// from now on, as another revision: which of the two came last is not known.
	Ranked(ctx context.Context, ranked []search.Unranked, now time.Time) error

	// DropSales forgets up to limit orders and products' days from before a day,
	// and returns how many.
	DropSales(ctx context.Context, before search.Day, limit int) (int, error)
}
