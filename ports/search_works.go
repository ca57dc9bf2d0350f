package ports

import (
	"context"

	"github.com/bodega-commerce/bodega/core/search"
)

// SearchWorks keeps who is at a work and how far it has come, on the primary.
type SearchWorks interface {
	// Work returns a work; one that was never saved is there, with nothing in it.
	Work(ctx context.Context, name search.WorkName) (search.Work, error)

	// SaveWork replaces a work and returns its version, one higher. w.Version is
	// the one it replaces: Stale (version_conflict) when another is there. So of
	// those who take up the same work one does.
	SaveWork(ctx context.Context, w search.Work) (version int64, err error)
}
