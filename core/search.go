package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// Search finds products, and keeps the index in step with the store.
type Search struct{ s *shared }

// FindProducts is a shopper's search.
type FindProducts struct {
	Query search.Query
	After ports.Marks // for what is shown of the products; the index follows in its own time
}

// FoundProducts is one page of what was found.
type FoundProducts struct {
	search.Result        // Hits without a product in Items have gone meanwhile
	ID            string // names this search in later events
	Items         []FoundProduct
	Page          int
	PerPage       int
	MaxPage       int
	Degraded      bool // the engine is down: a plain list, without facets
}

// FoundProduct is a product with why it was found.
type FoundProduct struct {
	ProductView
	Hit search.Hit
}

// Find answers one page of products with the facets of all. While the engine
// is down it answers Degraded from the store, without words or facets, as far
// as the query allows. Invalid as of search.Query.Validate.
func (se *Search) Find(ctx context.Context, q FindProducts) (FoundProducts, error) {
	return FoundProducts{}, errNotYet
}

// Suggest completes what was typed. While the engine is down there are no
// suggestions.
func (se *Search) Suggest(ctx context.Context, q search.SuggestQuery) ([]search.Suggestion, error) {
	return nil, errNotYet
}
