package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
)

// Index brings the index up to date with products as they are now, deleted
// ones included. It is what search.index_product does: safe to repeat, late or
// in any order.
func (se *Search) Index(ctx context.Context, products []id.Product) error {
	return errNotYet
}

// Define tells the index how attributes are to be shown.
func (se *Search) Define(ctx context.Context) error {
	return errNotYet
}

// RebuildIndex asks for a new index made from the store.
type RebuildIndex struct {
	By       account.Actor
	Progress func(products int) // called now and then; nil: not
}

// Rebuild makes a new index beside the one in service and puts it in its
// place, and returns how many products it holds. Conflict while another build
// is under way.
func (se *Search) Rebuild(ctx context.Context, cmd RebuildIndex) (int, error) {
	return 0, errNotYet
}
