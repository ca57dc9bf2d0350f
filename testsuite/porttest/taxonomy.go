package porttest

import (
	"errors"
	"slices"
	"testing"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// TestTaxonomy is the contract of Taxonomies, CategoryWriter, BrandWriter and
// AttributeWriter.
func TestTaxonomy(t *testing.T, h CatalogHarness) {
	t.Parallel()

	picture := &catalog.Image{ID: id.Image{UUID: id.UUID{1}}, Key: "a/b.jpg", Alt: "é", Width: 2, Height: 1, Sizes: []catalog.ImageSize{{Width: 1, Key: "a/b-1.jpg"}}}

	t.Run("CategoriesRoundTripExactly", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		bare := w.category("bare", id.Category{})
		full := w.category("full", bare.ID)
		full.Name, full.Description, full.Position, full.Version = "Größe & <b>", "Two\nlines", 3, 9
		full.Image, full.SEO = picture, catalog.SEO{Title: "t", Description: "d"}
		w.saveCategories(full, bare) // the child before its parent
		for _, want := range []catalog.Category{bare, full} {
			got, ok := w.taxonomy().Category(want.ID)
			if !ok {
				t.Fatalf("%s is not there", want.Slug)
			}
			mustSame(t, want.Slug, got, nil, want)
		}
		w.inTx(func(tx ports.CatalogTx) error {
			tree, err := tx.Categories.TreeForUpdate(t.Context())
			if err != nil || len(tree) != 2 {
				t.Errorf("the tree has %d categories, %v", len(tree), err)
			}
			return nil
		})
		if path := w.taxonomy().Path(full.ID); len(path) != 2 {
			t.Errorf("the path has %d steps", len(path))
		}
	})

	t.Run("AnOldTaxonomyStaysAsItWas", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		c := w.category("first", id.Category{})
		w.saveCategories(c)
		before := w.taxonomy()
		c.Slug = "second"
		w.saveCategories(c)
		if got, _ := before.Category(c.ID); got.Slug != "first" {
			t.Errorf("it changed to %q", got.Slug)
		}
		after := w.taxonomy()
		for _, slug := range []string{"first", "second"} {
			if got, ok := after.CategoryBySlug(slug); !ok || got.Slug != "second" {
				t.Errorf("%s finds %q, %v", slug, got.Slug, ok)
			}
		}
	})

	t.Run("TakenSlugsExist", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		c, b := w.category("one", id.Category{}), w.brand("one") // kinds do not meet
		w.saveCategories(c)
		w.saveBrands(b)
		c.Slug, b.Slug = "two", "two"
		w.saveCategories(c)
		w.saveBrands(b)
		for _, slug := range []string{"one", "two"} {
			mustFail(t, w.try(func(tx ports.CatalogTx) error {
				return tx.Categories.SaveCategories(t.Context(), w.category(slug, id.Category{}))
			}), fault.Exists, "already_exists")
			mustFail(t, w.try(func(tx ports.CatalogTx) error {
				return tx.Brands.SaveBrands(t.Context(), w.brand(slug))
			}), fault.Exists, "already_exists")
		}
		c.Slug, b.Slug = "one", "one" // back to its own old name
		w.saveCategories(c)
		w.saveBrands(b)
		if got, ok := w.taxonomy().BrandBySlug("two"); !ok || got.Slug != "one" {
			t.Errorf("the old slug finds %q, %v", got.Slug, ok)
		}
	})

	t.Run("DeleteCategoryInUseIsConflict", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		parent := w.category("parent", id.Category{})
		child := w.category("child", parent.ID)
		w.saveCategories(parent, child)
		w.inTx(func(tx ports.CatalogTx) error {
			return tx.Attributes.SaveDefinitions(t.Context(), catalog.AttributeDefinition{Category: child.ID, Name: "a", Type: catalog.String, Choices: []catalog.Choice{}})
		})
		p := w.product("p")
		p.Category, p.Status = child.ID, catalog.Draft
		w.save(p)
		drop := func(c id.Category) error {
			return w.try(func(tx ports.CatalogTx) error { return tx.Categories.DeleteCategory(t.Context(), c) })
		}
		mustFail(t, drop(parent.ID), fault.Conflict, "in_use")
		mustFail(t, drop(child.ID), fault.Conflict, "in_use")
		p.Category = id.Category{}
		w.save(p)
		for _, c := range []id.Category{child.ID, parent.ID} {
			if err := drop(c); err != nil {
				t.Fatal(err)
			}
			mustFail(t, drop(c), fault.NotFound, "not_found")
		}
		if _, ok := w.taxonomy().Category(parent.ID); ok {
			t.Error("a deleted category is there")
		}
		w.inTx(func(tx ports.CatalogTx) error {
			if ds, err := tx.Attributes.Definitions(t.Context()); err != nil || len(ds) != 0 {
				t.Errorf("definitions that outlived their category: %v, %v", ds, err)
			}
			return nil
		})
		w.saveCategories(w.category("child", id.Category{})) // its name is free
	})

	t.Run("BrandsRoundTripExactly", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		bare, full := w.brand("bare"), w.brand("full")
		full.Name, full.Description, full.Version, full.Image, full.SEO = "Ünal & Co", "d", 4, picture, catalog.SEO{Title: "t"}
		w.saveBrands(full, bare)
		w.inTx(func(tx ports.CatalogTx) error {
			got, err := tx.Brands.BrandsForUpdate(t.Context(), full.ID, id.Brand{UUID: w.ids.New()}, bare.ID, full.ID)
			if err != nil || len(got) != 2 || got[0].ID != bare.ID || got[1].ID != full.ID {
				t.Errorf("for update: %+v, %v", got, err)
			}
			return nil
		})
		for _, want := range []catalog.Brand{bare, full} {
			got, _ := w.taxonomy().Brand(want.ID)
			mustSame(t, want.Slug, got, nil, want)
		}
	})

	t.Run("DeleteBrandInUseIsConflict", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		b, p := w.brand("b"), w.product("p")
		w.saveBrands(b)
		p.Brand, p.Status = b.ID, catalog.Archived
		w.save(p)
		drop := func() error {
			return w.try(func(tx ports.CatalogTx) error { return tx.Brands.DeleteBrand(t.Context(), b.ID) })
		}
		mustFail(t, drop(), fault.Conflict, "in_use")
		w.remove(p.ID)
		if err := drop(); err != nil {
			t.Fatal(err)
		}
		mustFail(t, drop(), fault.NotFound, "not_found")
	})

	t.Run("WhomAChangeConcerns", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		a, b, brand := w.category("a", id.Category{}), w.category("b", id.Category{}), w.brand("m")
		w.saveCategories(a, b)
		w.saveBrands(brand)
		ps := []catalog.Product{w.product("p"), w.product("q"), w.product("r"), w.product("s")}
		ps[0].Category, ps[1].Category, ps[2].Category = b.ID, a.ID, b.ID
		ps[1].Brand, ps[3].Brand, ps[3].Status = brand.ID, brand.ID, catalog.Draft
		w.save(ps[3], ps[2], ps[1], ps[0])
		w.inTx(func(tx ports.CatalogTx) error {
			in, err1 := tx.Categories.ProductsIn(t.Context(), b.ID, a.ID, b.ID)
			of, err2 := tx.Brands.ProductsOf(t.Context(), brand.ID)
			none, err3 := tx.Categories.ProductsIn(t.Context())
			if err := errors.Join(err1, err2, err3); err != nil {
				return err
			}
			if !slices.Equal(in, productIDs(ps[:3])) || !slices.Equal(of, []id.Product{ps[1].ID, ps[3].ID}) || none == nil || len(none) != 0 {
				t.Errorf("in %v, of %v, none %v", in, of, none)
			}
			return nil
		})
	})

	t.Run("DefinitionsRoundTripExactly", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		c := w.category("c", id.Category{})
		child := w.category("child", c.ID)
		w.saveCategories(c, child)
		bare := catalog.AttributeDefinition{Category: c.ID, Name: "z", Type: catalog.Number, Choices: []catalog.Choice{}, Version: 1}
		full := catalog.AttributeDefinition{
			Derived:  true,
			Category: c.ID, Name: "colour", Label: "Farbe", Type: catalog.Enum, Unit: "nm", Choices: []catalog.Choice{{Value: "red", Label: "Rot"}, {Value: "b"}},
			Required: true, Filterable: true, VariantOption: true, Position: 7, Version: 3,
		}
		below := bare
		below.Category = child.ID
		save := func(ds ...catalog.AttributeDefinition) {
			w.inTx(func(tx ports.CatalogTx) error { return tx.Attributes.SaveDefinitions(t.Context(), ds...) })
		}
		stored := func() (ds []catalog.AttributeDefinition) {
			w.inTx(func(tx ports.CatalogTx) (err error) {
				ds, err = tx.Attributes.Definitions(t.Context())
				return err
			})
			return ds
		}
		save(below, bare, full)
		mustSame(t, "definitions", stored(), nil, []catalog.AttributeDefinition{full, bare, below}) // by category and name
		mustSame(t, "inherited", w.taxonomy().Definitions(child.ID), nil, []catalog.AttributeDefinition{below, full})
		full.Label, full.Type, full.Choices = "New", catalog.String, []catalog.Choice{}
		save(full)
		mustSame(t, "changed", w.taxonomy().Definition(child.ID, "colour"), nil, &full)
		drop := func() error {
			return w.try(func(tx ports.CatalogTx) error { return tx.Attributes.DeleteDefinition(t.Context(), c.ID, "colour") })
		}
		if err := drop(); err != nil {
			t.Fatal(err)
		}
		mustFail(t, drop(), fault.NotFound, "not_found")
		if w.taxonomy().Definition(child.ID, "colour") != nil {
			t.Error("a deleted definition holds")
		}
	})
}
