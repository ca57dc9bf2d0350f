package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// SavedAttribute is an attribute definition as a write left it.
type SavedAttribute struct {
	catalog.AttributeDefinition
	Created bool // it was not there before
	Mark    ports.Mark
}

// DefineAttribute asks for a definition on a category to be as given. It holds
// for the category and everything below it, unless a category below defines
// the same name anew.
type DefineAttribute struct {
	By       account.Actor
	Category id.Category
	Name     string
	Version  int64 // of the definition; 0: whatever is there, or nothing
	New      bool  // it must not be there yet, else Stale (version_conflict)

	Label         string // "": the name
	Type          catalog.AttributeType
	Unit          string
	Choices       []catalog.Choice // for Enum, at least one
	Required      bool
	Filterable    bool
	VariantOption bool
	Position      int
}

// DefineAttribute creates or replaces a definition. Values that products have
// already are left as they are; the next write of them must fit. NotFound for a
// category that is not there; Stale (version_conflict, current 0 when there is
// none) for another version.
func (c *Catalog) DefineAttribute(ctx context.Context, cmd DefineAttribute) (SavedAttribute, error) {
	return SavedAttribute{}, errNotYet
}

// DropAttribute asks for a definition to be forgotten.
type DropAttribute struct {
	By       account.Actor
	Category id.Category
	Name     string
	Version  int64 // of the definition; 0: whatever is there
}

// DropAttribute removes a definition. Values of products stay stored until
// somebody writes them.
func (c *Catalog) DropAttribute(ctx context.Context, cmd DropAttribute) (ports.Mark, error) {
	return ports.Mark{}, errNotYet
}

// FindAttribute asks for a definition as it stands on a category.
type FindAttribute struct {
	By       account.Actor
	Category id.Category
	Name     string
}

// FindAttribute returns a category's own definition, not an inherited one.
func (c *Catalog) FindAttribute(ctx context.Context, q FindAttribute) (SavedAttribute, error) {
	return SavedAttribute{}, errNotYet
}
