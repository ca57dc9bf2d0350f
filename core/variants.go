package core

import (
	"cmp"
	"context"
	"slices"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
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
	if err := allow(cmd.By, account.CatalogWrite); err != nil {
		return SavedProduct{}, err
	}
	var p *catalog.Product
	saved, err := c.edit(ctx, byID(cmd.Product), cmd.Version, cmd.Images, func(after *catalog.Product, shown album) error {
		p = after
		if p.Variant(cmd.SKU) != nil {
			return fault.Duplicate("sku")
		}
		v := catalog.Variant{ID: id.Variant{UUID: c.s.ids.New()}, SKU: cmd.SKU}
		var f fault.Fields
		cmd.fill(&f, "", &v, p, shown)
		p.Variants = append(p.Variants, v)
		return f.Err()
	})
	return saved, variantLocations(err, p, cmd.SKU)
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
	w := cmd.NewVariant
	options, images, ean := append([]catalog.Option{}, w.Options...), append([]id.Image{}, w.Images...), append([]string{}, w.EAN...)
	status := cmp.Or(w.Status, catalog.VariantActive)
	return c.PatchVariant(ctx, PatchVariant{
		By: cmd.By, SKU: cmd.SKU, Version: cmd.Version, NewSKU: given(w.SKU), Title: &w.Title, Options: &options, Price: &w.Price,
		CompareAt: &w.CompareAt, Status: &status, Images: &images, EAN: &ean, attributes: attributes(w.Attributes),
	})
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

	attributes catalog.Attributes // not nil: all of them, for ReplaceVariant
}

// PatchVariant changes some members of a variant. Errors as of ReplaceVariant.
func (c *Catalog) PatchVariant(ctx context.Context, cmd PatchVariant) (SavedProduct, error) {
	if err := allow(cmd.By, account.CatalogWrite); err != nil {
		return SavedProduct{}, err
	}
	var pictures []id.Image
	if cmd.Images != nil {
		pictures = *cmd.Images
	}
	var p *catalog.Product
	saved, err := c.edit(ctx, bySKU(cmd.SKU), cmd.Version, pictures, func(after *catalog.Product, shown album) error {
		p = after
		v := p.Variant(cmd.SKU)
		if cmd.NewSKU != nil && *cmd.NewSKU != v.SKU {
			return fault.InvalidField("sku", "pattern", "cannot change: a renamed variant is a new one")
		}
		var f fault.Fields
		put(&v.Title, cmd.Title)
		put(&v.CompareAt, cmd.CompareAt)
		put(&v.Status, cmd.Status)
		if cmd.Price != nil {
			v.PriceOverride = override(p, *cmd.Price)
		}
		if cmd.Options != nil {
			v.Options = append([]catalog.Option{}, *cmd.Options...)
		}
		if cmd.EAN != nil {
			v.EAN = append([]string{}, *cmd.EAN...)
		}
		if cmd.Images != nil {
			v.Images = shown.pick(&f, "images", *cmd.Images)
		}
		switch {
		case cmd.attributes != nil:
			v.Attributes = cmd.attributes
		case cmd.Attributes != nil:
			v.Attributes = merged(v.Attributes, cmd.Attributes)
		}
		return f.Err()
	})
	return saved, variantLocations(err, p, cmd.SKU)
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
	if err := allow(cmd.By, account.CatalogWrite); err != nil {
		return SavedProduct{}, err
	}
	return c.edit(ctx, bySKU(cmd.SKU), cmd.Version, nil, func(p *catalog.Product, _ album) error {
		if len(p.Variants) == 1 {
			return fault.New(fault.Conflict, "in_use", "a product keeps at least one variant: archive or delete the product")
		}
		p.Variants = slices.DeleteFunc(p.Variants, func(v catalog.Variant) bool { return v.SKU.Fold() == cmd.SKU.Fold() })
		return nil
	})
}

// FindVariant asks for a variant as it is stored, whatever its status.
type FindVariant struct {
	By  account.Actor
	SKU id.SKU
}

// FindVariant returns the product that has the SKU; its method Variant finds
// the variant in it.
func (c *Catalog) FindVariant(ctx context.Context, q FindVariant) (SavedProduct, error) {
	if err := allow(q.By, account.CatalogRead); err != nil {
		return SavedProduct{}, err
	}
	found, err := c.s.Catalog.Records.ProductsBySKU(ctx, []id.SKU{q.SKU})
	if err != nil {
		return SavedProduct{}, err
	}
	if len(found) == 0 {
		return SavedProduct{}, fault.Missing("variant")
	}
	return c.one(ctx, found[0])
}
