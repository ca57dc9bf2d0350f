package core

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/webhook"
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
	Key         string // names the request: sent again, it makes no other product; "": it does
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
// that is taken. Under a Key that made one before, it returns that one.
func (c *Catalog) Create(ctx context.Context, cmd CreateProduct) (SavedProduct, error) {
	if err := allow(cmd.By, account.CatalogWrite); err != nil {
		return SavedProduct{}, err
	}
	pictures := cmd.Images
	for _, v := range cmd.Variants {
		pictures = append(pictures[:len(pictures):len(pictures)], v.Images...)
	}
	shown, err := c.album(ctx, pictures)
	if err != nil {
		return SavedProduct{}, err
	}
	p, err := c.newProduct(cmd, shown)
	if err != nil {
		return SavedProduct{}, err
	}
	heard := c.s.listeners(ctx)
	mark, err := c.judged(ctx, func(ctx context.Context, tx ports.CatalogTx, t *catalog.Taxonomy) error {
		if cmd.Key != "" {
			made, err := tx.Products.ForUpdate(ctx, p.ID)
			if err != nil {
				return err
			}
			if len(made) > 0 {
				p = made[0]
				return nil
			}
		}
		if cmd.Slug == "" {
			var err error
			if p.Slug, err = freeSlug(ctx, tx.Slugs, cmd.Name, firstSKU(cmd.Variants), nil); err != nil {
				return err
			}
		}
		if len(cmd.Variants) == 0 {
			p.Variants[0].SKU = skuOf(p.Slug)
		}
		if err := c.judge(ctx, tx, t, nil, &p); err != nil {
			return err
		}
		return c.save(ctx, tx, p, heard)
	})
	if err != nil {
		return SavedProduct{}, err
	}
	c.s.Caches.ProductsChanged(ctx, mark, p)
	return c.saved(ctx, p, mark), nil
}

func (c *Catalog) newProduct(cmd CreateProduct, shown album) (catalog.Product, error) {
	now := c.s.Now()
	p := catalog.Product{
		ID: id.Product{UUID: c.s.idOn(cmd.Key, "product")}, Slug: cmd.Slug, Name: cmd.Name, Description: cmd.Description,
		Status: cmp.Or(cmd.Status, catalog.Active), Brand: cmd.Brand, Category: cmd.Category, BasePrice: cmd.BasePrice, CompareAt: cmd.CompareAt,
		Featured: cmd.Featured, Attributes: attributes(cmd.Attributes), SEO: cmd.SEO, Released: instant(cmd.Released), Version: 1, CreatedAt: now, UpdatedAt: now,
	}
	variants := cmd.Variants
	if len(variants) == 0 {
		variants = []NewVariant{{}}
	}
	if p.BasePrice.IsNone() {
		p.BasePrice = variants[0].Price
	}
	var f fault.Fields
	p.Images = shown.pick(&f, "images", cmd.Images)
	p.Variants = c.variants(&f, &p, nil, variants, shown)
	return p, f.Err()
}

func firstSKU(variants []NewVariant) string {
	if len(variants) == 0 {
		return ""
	}
	return string(variants[0].SKU)
}

// skuOf makes the SKU of a default variant.
func skuOf(slug string) id.SKU { return id.SKU(strings.ToUpper(slug[:min(len(slug), 64)])) }

// variants makes what somebody wants of what is there: by SKU, keeping ids.
func (c *Catalog) variants(f *fault.Fields, p *catalog.Product, old []catalog.Variant, wanted []NewVariant, shown album) []catalog.Variant {
	before := catalog.Product{Variants: old}
	all := make([]catalog.Variant, len(wanted))
	for i, w := range wanted {
		at := "variants[" + strconv.Itoa(i) + "]."
		v := catalog.Variant{ID: id.Variant{UUID: c.s.ids.New()}, SKU: w.SKU}
		if there := before.Variant(w.SKU); there != nil {
			if there.SKU != w.SKU {
				f.Add(at+"sku", "pattern", "is "+string(there.SKU)+" and cannot be written otherwise")
			}
			v.ID = there.ID
		}
		w.fill(f, at, &v, p, shown)
		all[i] = v
	}
	return all
}

// fill sets all members of a variant but its id and SKU.
func (w *NewVariant) fill(f *fault.Fields, at string, v *catalog.Variant, p *catalog.Product, shown album) {
	v.Title, v.CompareAt, v.Status = w.Title, w.CompareAt, cmp.Or(w.Status, catalog.VariantActive)
	v.Options = append([]catalog.Option{}, w.Options...)
	v.Attributes = attributes(w.Attributes)
	v.EAN = append([]string{}, w.EAN...)
	v.Images = shown.pick(f, at+"images", w.Images)
	v.PriceOverride = override(p, w.Price)
}

// override is the price a variant needs of its own: none if it is the product's.
func override(p *catalog.Product, price money.Amount) money.Amount {
	if price == p.BasePrice {
		return money.Amount{}
	}
	return price
}

func attributes(a catalog.Attributes) catalog.Attributes {
	if a == nil {
		return catalog.Attributes{}
	}
	return maps.Clone(a)
}

// merged returns attributes with some of them set or, for nil, taken away.
func merged(a catalog.Attributes, changes map[string]*catalog.Value) catalog.Attributes {
	all := attributes(a)
	for name, v := range changes {
		if v == nil {
			delete(all, name)
		} else {
			all[name] = *v
		}
	}
	return all
}

// instant is a time as it is stored.
func instant(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
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
	return c.Patch(ctx, PatchProduct{
		By: cmd.By, Product: cmd.Product, Version: cmd.Version, Slug: given(cmd.Slug), Name: &cmd.Name, Description: &cmd.Description,
		Status: given(cmd.Status), Brand: &cmd.Brand, Category: &cmd.Category, BasePrice: &cmd.BasePrice, CompareAt: &cmd.CompareAt,
		Featured: &cmd.Featured, Images: &cmd.Images, SEO: &cmd.SEO, Released: &cmd.Released, Variants: cmd.Variants,
		attributes: attributes(cmd.Attributes),
	})
}

// given returns a pointer to a value unless it is the zero value.
func given[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
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

	attributes catalog.Attributes // not nil: all of them, for Replace
}

// Patch changes some members of a product. Errors as of Replace.
func (c *Catalog) Patch(ctx context.Context, cmd PatchProduct) (SavedProduct, error) {
	if err := allow(cmd.By, account.CatalogWrite); err != nil {
		return SavedProduct{}, err
	}
	var pictures []id.Image
	if cmd.Images != nil {
		pictures = slices.Clone(*cmd.Images)
	}
	for _, v := range cmd.Variants {
		pictures = append(pictures, v.Images...)
	}
	return c.edit(ctx, byID(cmd.Product), cmd.Version, pictures, func(p *catalog.Product, shown album) error {
		return c.patch(p, &cmd, shown)
	})
}

func (c *Catalog) patch(p *catalog.Product, cmd *PatchProduct, shown album) error {
	var f fault.Fields
	put(&p.Slug, cmd.Slug)
	put(&p.Name, cmd.Name)
	put(&p.Description, cmd.Description)
	put(&p.Status, cmd.Status)
	put(&p.Brand, cmd.Brand)
	put(&p.Category, cmd.Category)
	put(&p.CompareAt, cmd.CompareAt)
	put(&p.Featured, cmd.Featured)
	put(&p.SEO, cmd.SEO)
	if cmd.Released != nil {
		p.Released = instant(*cmd.Released)
	}
	switch {
	case cmd.attributes != nil:
		p.Attributes = cmd.attributes
	case cmd.Attributes != nil:
		p.Attributes = merged(p.Attributes, cmd.Attributes)
	}
	if cmd.Images != nil {
		p.Images = shown.pick(&f, "images", *cmd.Images)
	}
	if cmd.BasePrice != nil {
		p.BasePrice = *cmd.BasePrice
		if p.BasePrice.IsNone() && len(cmd.Variants) > 0 {
			p.BasePrice = cmd.Variants[0].Price
		}
		for i := range p.Variants {
			p.Variants[i].PriceOverride = override(p, p.Variants[i].PriceOverride)
		}
	}
	if cmd.Variants != nil {
		p.Variants = c.variants(&f, p, p.Variants, cmd.Variants, shown)
	}
	return f.Err()
}

// put sets a member to what is given, if anything is.
func put[T any](to *T, v *T) {
	if v != nil {
		*to = *v
	}
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
	return c.become(ctx, cmd.By, cmd.Product, cmd.Version, catalog.Active)
}

func (c *Catalog) become(ctx context.Context, by account.Actor, p id.Product, version int64, status catalog.Status) (SavedProduct, error) {
	if err := allow(by, account.CatalogWrite); err != nil {
		return SavedProduct{}, err
	}
	return c.edit(ctx, byID(p), version, nil, func(p *catalog.Product, _ album) error {
		if p.Status == status {
			return errSame
		}
		p.Status = status
		return nil
	})
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
	return c.become(ctx, cmd.By, cmd.Product, cmd.Version, catalog.Archived)
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
	if err := allow(cmd.By, account.CatalogWrite); err != nil {
		return ports.Mark{}, err
	}
	heard := c.s.listeners(ctx)
	var gone catalog.Product
	mark, err := c.s.Catalog.Tx.InTx(ctx, func(ctx context.Context, tx ports.CatalogTx) error {
		var err error
		if gone, err = byID(cmd.Product)(ctx, tx); err != nil {
			return err
		}
		if cmd.Version != 0 && cmd.Version != gone.Version {
			return fault.VersionConflict(gone.Version)
		}
		if err := tx.Products.Delete(ctx, gone.ID); err != nil {
			return err
		}
		jobs := c.s.indexJobs(ctx, job.ProductPayload{Product: gone.ID, Version: gone.Version + 1})
		return tx.Jobs.Add(ctx, append(jobs, c.s.tellProduct(ctx, heard, webhook.ProductDeleted, &gone)...)...)
	})
	if err == nil {
		c.s.Caches.ProductsChanged(ctx, mark, gone)
	}
	return mark, err
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
	return c.Patch(ctx, PatchProduct{By: cmd.By, Product: cmd.Product, Version: cmd.Version, Images: &cmd.Images})
}

// FindProduct asks for a product as it is stored, whatever its status.
type FindProduct struct {
	By      account.Actor
	Product id.Product
}

// Find returns a product with all its variants and their stock.
func (c *Catalog) Find(ctx context.Context, q FindProduct) (SavedProduct, error) {
	if err := allow(q.By, account.CatalogRead); err != nil {
		return SavedProduct{}, err
	}
	p, err := c.s.Catalog.Records.Product(ctx, q.Product)
	if err != nil {
		return SavedProduct{}, err
	}
	return c.one(ctx, p)
}

func (c *Catalog) one(ctx context.Context, p catalog.Product) (SavedProduct, error) {
	all, err := c.s.stocked(ctx, []catalog.Product{p}, ports.Mark{})
	if err != nil {
		return SavedProduct{}, err
	}
	return all[0], nil
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
	if err := allow(q.By, account.CatalogRead); err != nil {
		return ProductList{}, err
	}
	b := q.Browse
	b.Sort = cmp.Or(b.Sort, catalog.BrowseByID)
	if err := b.Validate(); err != nil {
		return ProductList{}, err
	}
	products, total, err := c.s.Catalog.Records.Browse(ctx, b)
	if err != nil {
		return ProductList{}, err
	}
	list := ProductList{Total: total}
	if len(products) == b.Limit {
		list.Next = b.Key(&products[len(products)-1])
	}
	list.Products, err = c.s.stocked(ctx, products, ports.Mark{})
	return list, err
}
