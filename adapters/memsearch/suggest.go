package memsearch

import (
	"context"

	"github.com/bodega-commerce/bodega/core/search"
)

// Suggest is ports.Searcher.Suggest.
func (x *Index) Suggest(ctx context.Context, q search.SuggestQuery) ([]search.Suggestion, error) {
	return []search.Suggestion{}, nil
}
