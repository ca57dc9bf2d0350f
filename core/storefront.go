package core

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// MaxSKUs bounds how many SKUs one read may name.
const MaxSKUs = 100

// Product returns the active product of a slug. An old slug finds it too: the
// answer's Slug is then another than the one asked for, so that an edge can
// send the shopper there. NotFound for drafts and archived products.
func (c *Catalog) Product(ctx context.Context, slug string, after ports.Marks) (ProductView, error) {
	return ProductView{}, errNotYet
}

// ProductsByID returns the active products among ids, in the order of ids.
func (c *Catalog) ProductsByID(ctx context.Context, ids []id.Product, after ports.Marks) ([]ProductView, error) {
	return nil, errNotYet
}

// ProductsBySKU returns the active products that have one of the SKUs, each
// once, in the order of the SKUs. Invalid at skus for more than MaxSKUs.
func (c *Catalog) ProductsBySKU(ctx context.Context, skus []id.SKU, after ports.Marks) ([]ProductView, error) {
	return nil, errNotYet
}

// ListProducts asks for one page of active products.
type ListProducts struct {
	Category string // slug, old ones too; with all below it. "": all
	Brand    string // slug, old ones too. "": all
	Featured *bool
	Sort     catalog.Sort // "": newest
	Page     int          // from 1; 0: 1
	PerPage  int          // 0: catalog.DefaultPerPage
	After    ports.Marks
}

// ProductPage is one page of a list, as it was asked for, and the number of all.
type ProductPage struct {
	Products []ProductView
	Page     int
	PerPage  int
	MaxPage  int
	Total    int
}

// List returns one page of active products. A category or brand that is not
// there has no products. Invalid as of catalog.Listing.Validate.
func (c *Catalog) List(ctx context.Context, l ListProducts) (ProductPage, error) {
	return ProductPage{}, errNotYet
}

// WalkProducts asks for the next stretch of all active products.
type WalkProducts struct {
	UpdatedSince time.Time  // zero: all
	From         id.Product // the last one seen; zero begins
	Limit        int        // 1..100
	After        ports.Marks
}

// ProductStretch is a stretch of a walk. Next is where the following one
// begins, zero after the last.
type ProductStretch struct {
	Products []ProductView
	Next     id.Product
}

// Walk returns active products by id. Whoever walks sees every product that
// was active all the while; one that appears meanwhile may be missed.
func (c *Catalog) Walk(ctx context.Context, w WalkProducts) (ProductStretch, error) {
	return ProductStretch{}, errNotYet
}

// Related returns up to limit other products a shopper of this one may want:
// of its category, then of its brand, most sold first. NotFound as of Product.
func (c *Catalog) Related(ctx context.Context, slug string, limit int, after ports.Marks) ([]ProductView, error) {
	return nil, errNotYet
}

// CategoryNode is a category with what is below it.
type CategoryNode struct {
	catalog.Category
	ProductCount int // active products in it and below it
	Children     []CategoryNode
}

// CategoryView is a category with what it takes to show it.
type CategoryView struct {
	catalog.Category
	Path         []catalog.Category            // from the root to itself
	Children     []catalog.Category            // right below it, in order
	Definitions  []catalog.AttributeDefinition // own and inherited, by position; not to be changed
	ProductCount int                           // active products in it and below it
}

// Categories returns the whole tree, in order.
func (c *Catalog) Categories(ctx context.Context, after ports.Marks) ([]CategoryNode, error) {
	return nil, errNotYet
}

// Category returns the category of a slug. An old slug finds it too: the
// answer's Slug is then another.
func (c *Catalog) Category(ctx context.Context, slug string, after ports.Marks) (CategoryView, error) {
	return CategoryView{}, errNotYet
}

// Brands returns all brands by name.
func (c *Catalog) Brands(ctx context.Context, after ports.Marks) ([]catalog.Brand, error) {
	return nil, errNotYet
}

// Brand returns the brand of a slug. An old slug finds it too: the answer's
// Slug is then another.
func (c *Catalog) Brand(ctx context.Context, slug string, after ports.Marks) (catalog.Brand, error) {
	return catalog.Brand{}, errNotYet
}

var errNotYet = fault.New(fault.Unavailable, "unavailable", "this is not built yet")
