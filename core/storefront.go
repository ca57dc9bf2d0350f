package core

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// MaxSKUs bounds how many SKUs or ids one read may name.
const MaxSKUs = 100

// Product returns the active product of a slug. An old slug finds it too: the
// answer's Slug is then another than the one asked for, so that an edge can
// send the shopper there. NotFound for drafts and archived products.
func (c *Catalog) Product(ctx context.Context, slug string, after ports.Marks) (ProductView, error) {
	if !catalog.ValidSlug(slug) {
		return ProductView{}, fault.Missing("product")
	}
	p, err := c.s.Catalog.Products.BySlug(ctx, slug, after.Catalog)
	if err != nil {
		return ProductView{}, err
	}
	views, err := c.s.present(ctx, []catalog.Product{p}, after, true)
	if err != nil {
		return ProductView{}, err
	}
	return views[0], nil
}

// ProductsByID returns the active products among ids, in the order of ids.
// Invalid at ids for more than MaxSKUs.
func (c *Catalog) ProductsByID(ctx context.Context, ids []id.Product, after ports.Marks) ([]ProductView, error) {
	if len(ids) > MaxSKUs {
		return nil, fault.InvalidField("ids", "too_long", fmt.Sprintf("must be at most %d", MaxSKUs))
	}
	products, err := c.s.Catalog.Products.ByIDs(ctx, ids, after.Catalog)
	if err != nil {
		return nil, err
	}
	return c.s.present(ctx, products, after, false)
}

// ProductsBySKU returns the active products that have one of the SKUs, each
// once, in the order of the SKUs. Invalid at skus for more than MaxSKUs.
func (c *Catalog) ProductsBySKU(ctx context.Context, skus []id.SKU, after ports.Marks) ([]ProductView, error) {
	if len(skus) > MaxSKUs {
		return nil, fault.InvalidField("skus", "too_long", fmt.Sprintf("must be at most %d", MaxSKUs))
	}
	offers, err := c.s.Catalog.Offers.Offers(ctx, skus)
	if err != nil {
		return nil, err
	}
	var ids []id.Product
	for _, sku := range skus {
		if o, ok := offers[sku.Fold()]; ok && o.Sold && !slices.Contains(ids, o.Product) {
			ids = append(ids, o.Product)
		}
	}
	return c.ProductsByID(ctx, ids, after)
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
	// Known is asked whether the caller has this page at hand already; then its
	// Products are left out. nil: it has not.
	Known func(*ProductPage) bool
}

// ProductPage is one page of a list, as it was asked for, and the number of all.
type ProductPage struct {
	Products []ProductView
	Page     int
	PerPage  int
	MaxPage  int
	Total    int
	Looks    uint64 // changes with everything that decides how Products look
}

// List returns one page of active products. A category or brand that is not
// there has no products. Invalid as of catalog.Listing.Validate.
func (c *Catalog) List(ctx context.Context, l ListProducts) (ProductPage, error) {
	listing := catalog.Listing{Featured: l.Featured, Sort: l.Sort, Page: l.Page, PerPage: l.PerPage}
	if listing.Sort == "" {
		listing.Sort = catalog.Newest
	}
	if listing.Page == 0 {
		listing.Page = 1
	}
	if listing.PerPage == 0 {
		listing.PerPage = catalog.DefaultPerPage
	}
	if err := listing.Validate(); err != nil {
		return ProductPage{}, err
	}
	page := ProductPage{
		Products: []ProductView{}, Page: listing.Page, PerPage: listing.PerPage, MaxPage: catalog.MaxPage(listing.PerPage),
	}
	if l.Category != "" || l.Brand != "" {
		taxonomy, err := c.s.Catalog.Taxonomy.Taxonomy(ctx, l.After.Catalog)
		if err != nil {
			return ProductPage{}, err
		}
		category, inCategory := taxonomy.CategoryBySlug(l.Category)
		brand, ofBrand := taxonomy.BrandBySlug(l.Brand)
		if l.Category != "" && !inCategory || l.Brand != "" && !ofBrand {
			return page, nil
		}
		if inCategory {
			listing.Categories = taxonomy.Within(category.ID)
		}
		listing.Brand = brand.ID
	}
	found, err := c.s.Catalog.Products.Page(ctx, listing, l.After.Catalog)
	if err != nil {
		return ProductPage{}, err
	}
	counter, err := c.s.counter(ctx, found.Products, l.After)
	if err != nil {
		return ProductPage{}, err
	}
	page.Total, page.Looks = found.Total, counter.looks(found.Products)
	if l.Known == nil || !l.Known(&page) {
		page.Products = counter.views(found.Products, false)
	}
	return page, nil
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
	if err := checkLimit(w.Limit, catalog.MaxPerPage); err != nil {
		return ProductStretch{}, err
	}
	products, err := c.s.Catalog.Products.Walk(ctx, w.UpdatedSince, w.From, w.Limit, w.After.Catalog)
	if err != nil {
		return ProductStretch{}, err
	}
	var stretch ProductStretch
	if len(products) == w.Limit {
		stretch.Next = products[len(products)-1].ID
	}
	stretch.Products, err = c.s.present(ctx, products, w.After, false)
	return stretch, err
}

func checkLimit(limit, most int) error {
	switch {
	case limit < 1:
		return fault.InvalidField("limit", "too_small", "must be at least 1")
	case limit > most:
		return fault.InvalidField("limit", "too_large", fmt.Sprintf("must be at most %d", most))
	}
	return nil
}

// Related returns up to limit other products a shopper of this one may want:
// of its category, then of its brand, most sold first. NotFound as of Product.
func (c *Catalog) Related(ctx context.Context, slug string, limit int, after ports.Marks) ([]ProductView, error) {
	if err := checkLimit(limit, catalog.MaxPerPage-1); err != nil {
		return nil, err
	}
	if !catalog.ValidSlug(slug) {
		return nil, fault.Missing("product")
	}
	p, err := c.s.Catalog.Products.BySlug(ctx, slug, after.Catalog)
	if err != nil {
		return nil, err
	}
	listing := catalog.Listing{Sort: catalog.ByPopularity, Page: 1, PerPage: limit + 1}
	related := []catalog.Product{}
	gather := func(l catalog.Listing) error {
		found, err := c.s.Catalog.Products.Page(ctx, l, after.Catalog)
		if err != nil {
			return err
		}
		for _, other := range found.Products {
			known := func(r catalog.Product) bool { return r.ID == other.ID }
			if len(related) < limit && other.ID != p.ID && !slices.ContainsFunc(related, known) {
				related = append(related, other)
			}
		}
		return nil
	}
	if !p.Category.IsZero() {
		near := listing
		near.Categories = []id.Category{p.Category}
		if err := gather(near); err != nil {
			return nil, err
		}
	}
	if len(related) < limit && !p.Brand.IsZero() {
		same := listing
		same.Brand = p.Brand
		if err := gather(same); err != nil {
			return nil, err
		}
	}
	return c.s.present(ctx, related, after, false)
}
