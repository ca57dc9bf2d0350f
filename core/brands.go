package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// SavedBrand is a brand as a write left it.
type SavedBrand struct {
	catalog.Brand
	Mark ports.Mark
}

// CreateBrand asks for a new brand.
type CreateBrand struct {
	By          account.Actor
	Slug        string // "": made from Name, and made unique
	Name        string
	Description string
	Image       id.Image // zero: none
	SEO         catalog.SEO
}

// CreateBrand adds a brand. Exists (already_exists, "slug") for a slug that was
// asked for and is taken.
func (c *Catalog) CreateBrand(ctx context.Context, cmd CreateBrand) (SavedBrand, error) {
	return SavedBrand{}, errNotYet
}

// ReplaceBrand asks for a brand to be as given.
type ReplaceBrand struct {
	By          account.Actor
	Brand       id.Brand
	Version     int64  // 0: whatever is there
	Slug        string // "": as it is
	Name        string
	Description string
	Image       id.Image // zero: none
	SEO         catalog.SEO
}

// ReplaceBrand makes a brand as given. Errors as of CreateBrand; Stale
// (version_conflict).
func (c *Catalog) ReplaceBrand(ctx context.Context, cmd ReplaceBrand) (SavedBrand, error) {
	return SavedBrand{}, errNotYet
}

// PatchBrand asks for some members of a brand to change: those that are not nil.
type PatchBrand struct {
	By          account.Actor
	Brand       id.Brand
	Version     int64 // 0: whatever is there
	Slug        *string
	Name        *string
	Description *string
	Image       *id.Image
	SEO         *catalog.SEO
}

// PatchBrand changes some members of a brand. Errors as of ReplaceBrand.
func (c *Catalog) PatchBrand(ctx context.Context, cmd PatchBrand) (SavedBrand, error) {
	return SavedBrand{}, errNotYet
}

// DeleteBrand asks for a brand to be forgotten.
type DeleteBrand struct {
	By      account.Actor
	Brand   id.Brand
	Version int64 // 0: whatever is there
}

// DeleteBrand removes a brand. Conflict (in_use) while it has products.
func (c *Catalog) DeleteBrand(ctx context.Context, cmd DeleteBrand) (ports.Mark, error) {
	return ports.Mark{}, errNotYet
}

// FindBrand asks an operator's question: a brand by its id.
type FindBrand struct {
	By    account.Actor
	Brand id.Brand
}

// FindBrand returns a brand from the primary.
func (c *Catalog) FindBrand(ctx context.Context, q FindBrand) (SavedBrand, error) {
	return SavedBrand{}, errNotYet
}

// BrowseBrands asks for all brands from the primary.
type BrowseBrands struct {
	By account.Actor
}

// BrowseBrands returns all brands by name.
func (c *Catalog) BrowseBrands(ctx context.Context, q BrowseBrands) ([]catalog.Brand, error) {
	return nil, errNotYet
}
