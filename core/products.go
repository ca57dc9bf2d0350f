package core

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
)

// CreateProduct asks for a new product. Only Name and one price are needed: a
// product without Variants gets one, whose SKU is the product's slug in upper
// case and which costs BasePrice.
type CreateProduct struct {
	By          account.Actor
	Slug        string // "": made from Name, and made unique
	Name        string
	Description string
	Status      catalog.Status // "": active, on sale at once
	Brand       id.Brand
	Category    id.Category
	BasePrice   money.Amount // none: the first variant's price
	CompareAt   money.Amount
	Featured    bool
	Attributes  catalog.Attributes // of the category; a product without one may have any
	Images      []id.Image         // uploaded before
	SEO         catalog.SEO
	Released    time.Time
	Variants    []NewVariant
}

// NewVariant is a variant as somebody wants it. A Price that equals the
// product's base price is none of its own.
type NewVariant struct {
	SKU        id.SKU
	Title      string
	Options    []catalog.Option // unique among the product's variants
	Attributes catalog.Attributes
	Price      money.Amount // none: the product's base price
	CompareAt  money.Amount
	Status     catalog.VariantStatus // "": active
	Images     []id.Image
	EAN        []string
}

// Create puts a new product into the catalogue. Invalid names every member
// that breaks a rule; currency_mismatch for a price in another currency than
// the shop's; Exists (already_exists) for a slug that was asked for, or a SKU,
// that is taken.
func (c *Catalog) Create(ctx context.Context, cmd CreateProduct) (SavedProduct, error) {
	return SavedProduct{}, errNotYet
}

// ReplaceProduct asks for a product to be as given.
type ReplaceProduct struct {
	By          account.Actor
	Product     id.Product
	Version     int64  // 0: whatever is there
	Slug        string // "": as it is
	Name        string
	Description string
	Status      catalog.Status // "": as it is
	Brand       id.Brand
	Category    id.Category
	BasePrice   money.Amount
	CompareAt   money.Amount
	Featured    bool
	Attributes  catalog.Attributes
	Images      []id.Image // uploaded ones, and those it has
	SEO         catalog.SEO
	Released    time.Time
	Variants    []NewVariant // nil: as they are. Else those of a known SKU are replaced, new ones added, others deleted
}

// Replace makes a product as given; what is not given is taken away. A write
// answers for what it changes: what the product broke before (a value whose
// definition has gone) may stay. Errors as of Create; Stale (version_conflict).
func (c *Catalog) Replace(ctx context.Context, cmd ReplaceProduct) (SavedProduct, error) {
	return SavedProduct{}, errNotYet
}

// PatchProduct asks for some members of a product to change: those that are
// not nil. A pointer to a zero value takes the member away.
type PatchProduct struct {
	By          account.Actor
	Product     id.Product
	Version     int64 // 0: whatever is there
	Slug        *string
	Name        *string
	Description *string
	Status      *catalog.Status
	Brand       *id.Brand
	Category    *id.Category
	BasePrice   *money.Amount
	CompareAt   *money.Amount
	Featured    *bool
	Attributes  map[string]*catalog.Value // by name, others stay; nil takes a value away
	Images      *[]id.Image
	SEO         *catalog.SEO
	Released    *time.Time
	Variants    []NewVariant // nil: as they are; else as of ReplaceProduct
}

// Patch changes some members of a product. Errors as of Replace.
func (c *Catalog) Patch(ctx context.Context, cmd PatchProduct) (SavedProduct, error) {
	return SavedProduct{}, errNotYet
}

// PublishProduct asks for a product to be seen.
type PublishProduct struct {
	By      account.Actor
	Product id.Product
	Version int64 // 0: whatever is there
}

// Publish makes a product active. Invalid when it lacks a required attribute.
// A product that is active already stays as it is.
func (c *Catalog) Publish(ctx context.Context, cmd PublishProduct) (SavedProduct, error) {
	return SavedProduct{}, errNotYet
}

// ArchiveProduct asks for a product not to be sold any more.
type ArchiveProduct struct {
	By      account.Actor
	Product id.Product
	Version int64 // 0: whatever is there
}

// Archive takes a product off the shelf and keeps it on record. A product that
// is archived already stays as it is.
func (c *Catalog) Archive(ctx context.Context, cmd ArchiveProduct) (SavedProduct, error) {
	return SavedProduct{}, errNotYet
}

// DeleteProduct asks for a product to be forgotten.
type DeleteProduct struct {
	By      account.Actor
	Product id.Product
	Version int64 // 0: whatever is there
}

// Delete removes a product with its variants. Orders keep what they say of it,
// stock keeps its ledger.
func (c *Catalog) Delete(ctx context.Context, cmd DeleteProduct) (ports.Mark, error) {
	return ports.Mark{}, errNotYet
}

// SetProductImages asks for a product to have these pictures.
type SetProductImages struct {
	By      account.Actor
	Product id.Product
	Version int64      // 0: whatever is there
	Images  []id.Image // uploaded ones, and those it has, in order
}

// SetImages replaces a product's pictures. Invalid (unknown_reference) at
// images[i] for one that is not there.
func (c *Catalog) SetImages(ctx context.Context, cmd SetProductImages) (SavedProduct, error) {
	return SavedProduct{}, errNotYet
}

// FindProduct asks for a product as it is stored, whatever its status.
type FindProduct struct {
	By      account.Actor
	Product id.Product
}

// Find returns a product with all its variants and their stock.
func (c *Catalog) Find(ctx context.Context, q FindProduct) (SavedProduct, error) {
	return SavedProduct{}, errNotYet
}

// BrowseProducts asks for a stretch of the operators' list.
type BrowseProducts struct {
	By     account.Actor
	Browse catalog.Browse
}

// ProductList is a stretch of the operators' list. Next is where the following
// one begins, zero after the last. Total is -1 unless it was asked for.
type ProductList struct {
	Products []SavedProduct
	Next     catalog.BrowseKey
	Total    int
}

// Browse returns products of every status, with their stock.
func (c *Catalog) Browse(ctx context.Context, q BrowseProducts) (ProductList, error) {
	return ProductList{}, errNotYet
}
