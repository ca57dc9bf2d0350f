package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
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
	Key         string // names the request: sent again, it makes no other brand; "": it does
}

// CreateBrand adds a brand. Exists (already_exists, "slug") for a slug that was
// asked for and is taken. Under a Key that made one before, it returns that one.
func (c *Catalog) CreateBrand(ctx context.Context, cmd CreateBrand) (SavedBrand, error) {
	if err := allow(cmd.By, account.CatalogWrite); err != nil {
		return SavedBrand{}, err
	}
	image, err := c.picture(ctx, cmd.Image, nil)
	if err != nil {
		return SavedBrand{}, err
	}
	made := catalog.Brand{
		ID: id.Brand{UUID: c.s.idOn(cmd.Key, "brand")}, Slug: cmd.Slug, Name: cmd.Name, Description: cmd.Description, Image: image, SEO: cmd.SEO, Version: 1,
	}
	if cmd.Slug == "" {
		t, err := c.s.primaryTaxonomy(ctx, ports.Mark{})
		if err != nil {
			return SavedBrand{}, err
		}
		made.Slug = freeBrandSlug(t, cmd.Name)
	}
	if err := made.Validate(); err != nil {
		return SavedBrand{}, err
	}
	mark, err := c.s.Catalog.Tx.InTx(ctx, func(ctx context.Context, tx ports.CatalogTx) error {
		if cmd.Key != "" {
			before, err := tx.Brands.BrandsForUpdate(ctx, made.ID)
			if err != nil {
				return err
			}
			if len(before) > 0 {
				made = before[0]
				return nil
			}
		}
		return tx.Brands.SaveBrands(ctx, made)
	})
	if err != nil {
		return SavedBrand{}, err
	}
	c.s.Caches.TaxonomyChanged(ctx, mark)
	return SavedBrand{Brand: made, Mark: mark}, nil
}

// freeBrandSlug makes a slug of a brand's name that none has or had. Two that
// are made at once may choose the same; the second is then told Exists.
func freeBrandSlug(t *catalog.Taxonomy, name string) string {
	for slug := range catalog.Slugs(name, "") {
		if _, taken := t.BrandBySlug(slug); !taken {
			return slug
		}
	}
	return ""
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
	return c.PatchBrand(ctx, PatchBrand{
		By: cmd.By, Brand: cmd.Brand, Version: cmd.Version, Slug: given(cmd.Slug), Name: &cmd.Name, Description: &cmd.Description,
		Image: &cmd.Image, SEO: &cmd.SEO,
	})
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
	if err := allow(cmd.By, account.CatalogWrite); err != nil {
		return SavedBrand{}, err
	}
	var image *catalog.Image
	if cmd.Image != nil {
		t, err := c.s.primaryTaxonomy(ctx, ports.Mark{})
		if err != nil {
			return SavedBrand{}, err
		}
		there, _ := t.Brand(cmd.Brand)
		if image, err = c.picture(ctx, *cmd.Image, there.Image); err != nil {
			return SavedBrand{}, err
		}
	}
	var after catalog.Brand
	mark, err := c.s.Catalog.Tx.InTx(ctx, func(ctx context.Context, tx ports.CatalogTx) error {
		before, err := lockBrand(ctx, tx, cmd.Brand, cmd.Version)
		if err != nil {
			return err
		}
		after = before
		put(&after.Slug, cmd.Slug)
		put(&after.Name, cmd.Name)
		put(&after.Description, cmd.Description)
		put(&after.SEO, cmd.SEO)
		if cmd.Image != nil {
			after.Image = image
		}
		if err := after.Validate(); err != nil {
			return err
		}
		after.Version++
		if err := tx.Brands.SaveBrands(ctx, after); err != nil {
			return err
		}
		if before.Name == after.Name && before.Slug == after.Slug {
			return nil
		}
		products, err := tx.Brands.ProductsOf(ctx, after.ID)
		if err != nil {
			return err
		}
		return c.s.concern(ctx, tx.Jobs, products)
	})
	if err != nil {
		return SavedBrand{}, err
	}
	c.s.Caches.TaxonomyChanged(ctx, mark)
	return SavedBrand{Brand: after, Mark: mark}, nil
}

// lockBrand returns a brand, locked, if it is the version its editor saw.
func lockBrand(ctx context.Context, tx ports.CatalogTx, b id.Brand, version int64) (catalog.Brand, error) {
	found, err := tx.Brands.BrandsForUpdate(ctx, b)
	switch {
	case err != nil:
		return catalog.Brand{}, err
	case len(found) == 0:
		return catalog.Brand{}, fault.Missing("brand")
	case version != 0 && version != found[0].Version:
		return catalog.Brand{}, fault.VersionConflict(found[0].Version)
	}
	return found[0], nil
}

// DeleteBrand asks for a brand to be forgotten.
type DeleteBrand struct {
	By      account.Actor
	Brand   id.Brand
	Version int64 // 0: whatever is there
}

// DeleteBrand removes a brand. Conflict (in_use) while it has products.
func (c *Catalog) DeleteBrand(ctx context.Context, cmd DeleteBrand) (ports.Mark, error) {
	if err := allow(cmd.By, account.CatalogWrite); err != nil {
		return ports.Mark{}, err
	}
	mark, err := c.s.Catalog.Tx.InTx(ctx, func(ctx context.Context, tx ports.CatalogTx) error {
		if _, err := lockBrand(ctx, tx, cmd.Brand, cmd.Version); err != nil {
			return err
		}
		return tx.Brands.DeleteBrand(ctx, cmd.Brand)
	})
	if err == nil {
		c.s.Caches.TaxonomyChanged(ctx, mark)
	}
	return mark, err
}

// FindBrand asks an operator's question: a brand by its id.
type FindBrand struct {
	By    account.Actor
	Brand id.Brand
}

// FindBrand returns a brand from the primary.
func (c *Catalog) FindBrand(ctx context.Context, q FindBrand) (SavedBrand, error) {
	t, _, err := c.primaryTree(ctx, q.By)
	if err != nil {
		return SavedBrand{}, err
	}
	b, ok := t.Brand(q.Brand)
	if !ok {
		return SavedBrand{}, fault.Missing("brand")
	}
	return SavedBrand{Brand: b}, nil
}

// BrowseBrands asks for all brands from the primary.
type BrowseBrands struct {
	By account.Actor
}

// BrowseBrands returns all brands by name.
func (c *Catalog) BrowseBrands(ctx context.Context, q BrowseBrands) ([]catalog.Brand, error) {
	t, _, err := c.primaryTree(ctx, q.By)
	if err != nil {
		return nil, err
	}
	return append([]catalog.Brand{}, t.Brands()...), nil
}
