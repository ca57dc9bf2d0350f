package core

import (
	"context"
	"io"

	"github.com/bodega-commerce/bodega/core/account"
)

// ExportCatalog asks for the whole catalogue as a feed.
type ExportCatalog struct {
	By       account.Actor
	To       io.Writer
	Progress func(lines int) // called now and then; nil: not
}

// Exported counts what was written.
type Exported struct {
	Products int
	Lines    int // variants
}

// Export writes every product, whatever its status, one variant a line, so
// that importing it into an empty shop of the same currency makes the same
// catalogue. It streams: To sees lines while the store is being read.
func (im *Imports) Export(ctx context.Context, cmd ExportCatalog) (Exported, error) {
	return Exported{}, errUnbuilt
}
