package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

// AddVariant asks for a product to have one variant more.
type AddVariant struct {
	By      account.Actor
	Product id.Product
	Version int64 // of the product; 0: whatever is there
	NewVariant
}

// AddVariant adds a variant to a product, after those it has. Exists
// (already_exists, "sku") when the SKU is taken; Invalid (duplicate) at options
// when a sibling has the same.
func (c *Catalog) AddVariant(ctx context.Context, cmd AddVariant) (SavedProduct, error) {
	return SavedProduct{}, errNotYet
}

// ReplaceVariant asks for a variant to be as given.
type ReplaceVariant struct {
	By         account.Actor
	SKU        id.SKU     // which
	Version    int64      // of the product; 0: whatever is there
	NewVariant NewVariant // its SKU may be empty, and cannot be another
}

// ReplaceVariant makes a variant as given. Invalid at sku for another SKU than
// the stored one: renaming is a new variant.
func (c *Catalog) ReplaceVariant(ctx context.Context, cmd ReplaceVariant) (SavedProduct, error) {
	return SavedProduct{}, errNotYet
}

// PatchVariant asks for some members of a variant to change: those that are
// not nil. A pointer to a zero value takes the member away.
type PatchVariant struct {
	By         account.Actor
	SKU        id.SKU  // which
	Version    int64   // of the product; 0: whatever is there
	NewSKU     *id.SKU // Invalid unless it is the stored one
	Title      *string
	Options    *[]catalog.Option
	Attributes map[string]*catalog.Value // by name, others stay; nil takes a value away
	Price      *money.Amount
	CompareAt  *money.Amount
	Status     *catalog.VariantStatus
	Images     *[]id.Image
	EAN        *[]string
}

// PatchVariant changes some members of a variant. Errors as of ReplaceVariant.
func (c *Catalog) PatchVariant(ctx context.Context, cmd PatchVariant) (SavedProduct, error) {
	return SavedProduct{}, errNotYet
}

// DeleteVariant asks for a variant to be forgotten.
type DeleteVariant struct {
	By      account.Actor
	SKU     id.SKU
	Version int64 // of the product; 0: whatever is there
}

// DeleteVariant removes a variant. Conflict (in_use) for the last one of a
// product: archive or delete the product.
func (c *Catalog) DeleteVariant(ctx context.Context, cmd DeleteVariant) (SavedProduct, error) {
	return SavedProduct{}, errNotYet
}

// FindVariant asks for a variant as it is stored, whatever its status.
type FindVariant struct {
	By  account.Actor
	SKU id.SKU
}

// FindVariant returns the product that has the SKU; its method Variant finds
// the variant in it.
func (c *Catalog) FindVariant(ctx context.Context, q FindVariant) (SavedProduct, error) {
	return SavedProduct{}, errNotYet
}
