package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// SavedCategory is a category as a write left it.
type SavedCategory struct {
	CategoryView
	Mark ports.Mark
}

// CreateCategory asks for a new category.
type CreateCategory struct {
	By          account.Actor
	Slug        string // "": made from Name, and made unique
	Name        string
	Description string
	Parent      id.Category // zero: a root
	Position    *int        // among its siblings, from 0; nil: last
	Image       id.Image    // zero: none
	SEO         catalog.SEO
}

// CreateCategory adds a category. Invalid for a parent that is not there or
// already on the deepest level; Exists (already_exists, "slug") for a slug that
// was asked for and is taken.
func (c *Catalog) CreateCategory(ctx context.Context, cmd CreateCategory) (SavedCategory, error) {
	return SavedCategory{}, errNotYet
}

// ReplaceCategory asks for a category to be as given.
type ReplaceCategory struct {
	By          account.Actor
	Category    id.Category
	Version     int64  // 0: whatever is there
	Slug        string // "": as it is
	Name        string
	Description string
	Parent      id.Category // zero: a root
	Position    *int        // nil: as it is, or last among new siblings
	Image       id.Image    // zero: none
	SEO         catalog.SEO
}

// ReplaceCategory makes a category as given. Errors as of CreateCategory and
// MoveCategory; Stale (version_conflict).
func (c *Catalog) ReplaceCategory(ctx context.Context, cmd ReplaceCategory) (SavedCategory, error) {
	return SavedCategory{}, errNotYet
}

// PatchCategory asks for some members of a category to change: those that are
// not nil. A pointer to a zero value takes the member away.
type PatchCategory struct {
	By          account.Actor
	Category    id.Category
	Version     int64 // 0: whatever is there
	Slug        *string
	Name        *string
	Description *string
	Parent      *id.Category
	Position    *int
	Image       *id.Image
	SEO         *catalog.SEO
}

// PatchCategory changes some members of a category. Errors as of ReplaceCategory.
func (c *Catalog) PatchCategory(ctx context.Context, cmd PatchCategory) (SavedCategory, error) {
	return SavedCategory{}, errNotYet
}

// MoveCategory asks for a category, with all below it, to stand elsewhere.
type MoveCategory struct {
	By       account.Actor
	Category id.Category
	Version  int64       // 0: whatever is there
	Parent   id.Category // zero: a root
	Position int         // among its siblings, from 0; beyond the last means last
}

// MoveCategory moves a category. Conflict (category_cycle) below itself;
// Invalid at parent_id for a parent that is not there or too deep a tree.
func (c *Catalog) MoveCategory(ctx context.Context, cmd MoveCategory) (SavedCategory, error) {
	return SavedCategory{}, errNotYet
}

// DeleteCategory asks for a category to be forgotten.
type DeleteCategory struct {
	By       account.Actor
	Category id.Category
	Version  int64 // 0: whatever is there
}

// DeleteCategory removes an empty category with its attribute definitions.
// Conflict (in_use) while it has children or products.
func (c *Catalog) DeleteCategory(ctx context.Context, cmd DeleteCategory) (ports.Mark, error) {
	return ports.Mark{}, errNotYet
}

// FindCategory asks an operator's question: a category by its id.
type FindCategory struct {
	By       account.Actor
	Category id.Category
}

// FindCategory returns a category from the primary.
func (c *Catalog) FindCategory(ctx context.Context, q FindCategory) (SavedCategory, error) {
	return SavedCategory{}, errNotYet
}

// BrowseCategories asks for all categories from the primary.
type BrowseCategories struct {
	By account.Actor
}

// BrowseCategories returns all categories in the order of the tree: each
// before those below it.
func (c *Catalog) BrowseCategories(ctx context.Context, q BrowseCategories) ([]CategoryView, error) {
	return nil, errNotYet
}
