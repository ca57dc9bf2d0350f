package sqlite

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// taxonomies is what describes products.
type taxonomies struct{ db *DB }

var _ ports.Taxonomies = taxonomies{}

func (t taxonomies) Taxonomy(ctx context.Context, _ ports.Mark) (*catalog.Taxonomy, error) {
	return t.db.derived.taxonomy.get(func() (taxonomy *catalog.Taxonomy, err error) {
		err = t.db.snapshot(ctx, func(s *session) error {
			categories, err := s.categories()
			if err != nil {
				return err
			}
			brands, err := s.brands("")
			if err != nil {
				return err
			}
			definitions, err := s.definitions()
			if err != nil {
				return err
			}
			oldCategories, oldBrands := map[string]id.Category{}, map[string]id.Brand{}
			if err := s.query("SELECT o.slug, o.category FROM category_slugs o JOIN categories c ON c.id = o.category WHERE o.slug <> c.slug", func(r row) error {
				oldCategories[r.text(0)] = id.Category{UUID: r.uuid(1)}
				return nil
			}); err != nil {
				return err
			}
			if err := s.query("SELECT o.slug, o.brand FROM brand_slugs o JOIN brands b ON b.id = o.brand WHERE o.slug <> b.slug", func(r row) error {
				oldBrands[r.text(0)] = id.Brand{UUID: r.uuid(1)}
				return nil
			}); err != nil {
				return err
			}
			taxonomy = catalog.NewTaxonomy(categories, brands, definitions, oldCategories, oldBrands)
			return nil
		})
		return taxonomy, err
	})
}

func (s *session) categories() ([]catalog.Category, error) {
	all := []catalog.Category{}
	err := s.query("SELECT id, parent, slug, name, description, position, image, seo, version FROM categories ORDER BY id", func(r row) error {
		c := catalog.Category{
			ID: id.Category{UUID: r.uuid(0)}, Parent: id.Category{UUID: r.uuid(1)}, Slug: r.text(2), Name: r.text(3), Description: r.text(4),
			Position: r.int(5), Version: r.int64(8),
		}
		all = append(all, c)
		return cmp.Or(r.json(6, &all[len(all)-1].Image), r.json(7, &all[len(all)-1].SEO))
	})
	return all, err
}

// brands returns the brands that a condition chooses, by id; "" chooses all.
func (s *session) brands(where string, args ...any) ([]catalog.Brand, error) {
	all := []catalog.Brand{}
	err := s.query("SELECT id, slug, name, description, image, seo, version FROM brands "+where+" ORDER BY id", func(r row) error {
		b := catalog.Brand{ID: id.Brand{UUID: r.uuid(0)}, Slug: r.text(1), Name: r.text(2), Description: r.text(3), Version: r.int64(6)}
		all = append(all, b)
		return cmp.Or(r.json(4, &all[len(all)-1].Image), r.json(5, &all[len(all)-1].SEO))
	}, args...)
	return all, err
}

func (s *session) definitions() ([]catalog.AttributeDefinition, error) {
	all := []catalog.AttributeDefinition{}
	err := s.query(`SELECT category, name, label, type, unit, choices, required, filterable, variant_option, position, version, derived
		FROM attribute_definitions ORDER BY category, name`, func(r row) error {
		d := catalog.AttributeDefinition{
			Category: id.Category{UUID: r.uuid(0)}, Name: r.text(1), Label: r.text(2), Type: catalog.AttributeType(r.text(3)), Unit: r.text(4),
			Required: r.bool(6), Filterable: r.bool(7), VariantOption: r.bool(8), Position: r.int(9), Version: r.int64(10), Derived: r.bool(11),
			Choices: []catalog.Choice{},
		}
		if choices := r.text(5); choices != "[]" {
			if err := json.Unmarshal([]byte(choices), &d.Choices); err != nil {
				return fault.Wrap(fault.Internal, "sqlite.definitions", err)
			}
		}
		all = append(all, d)
		return nil
	})
	return all, err
}

// categoryWriter writes the tree within a transaction.
type categoryWriter struct {
	db *DB
	*session
}

var _ ports.CategoryWriter = categoryWriter{}

func (w categoryWriter) TreeForUpdate(context.Context) ([]catalog.Category, error) {
	return w.categories()
}

func (w categoryWriter) SaveCategories(_ context.Context, cs ...catalog.Category) error {
	for i := range cs {
		image, seo, err := decorations(cs[i].Image, cs[i].SEO)
		if err != nil {
			return err
		}
		c := &cs[i]
		if _, err := w.exec(`INSERT INTO categories (id, slug, name, description, position, image, seo, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
			ON CONFLICT (id) DO UPDATE SET slug = ?2, name = ?3, description = ?4, position = ?5, image = ?6, seo = ?7, version = ?8`,
			c.ID.UUID[:], c.Slug, c.Name, c.Description, c.Position, image, seo, c.Version); err != nil {
			return err
		}
		n, err := w.exec("INSERT INTO category_slugs (slug, category) VALUES (?1, ?2) ON CONFLICT (slug) DO UPDATE SET slug = ?1 WHERE category = ?2", c.Slug, c.ID.UUID[:])
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Duplicate("slug")
		}
	}
	for i := range cs { // when all are there, in whatever order they came
		if _, err := w.exec("UPDATE categories SET parent = ?2 WHERE id = ?1", cs[i].ID.UUID[:], cs[i].Parent.UUID); err != nil {
			return err
		}
	}
	w.afterCommit(w.db.derived.taxonomy.change)
	return nil
}

func (w categoryWriter) DeleteCategory(_ context.Context, c id.Category) error {
	if err := w.unused("SELECT 1 FROM categories WHERE parent = ?1", c.UUID); err != nil {
		return err
	}
	if err := w.unused("SELECT 1 FROM products WHERE category = ?1", c.UUID); err != nil {
		return err
	}
	return w.remove(w.db, "category", "DELETE FROM categories WHERE id = ?1", c.UUID)
}

func (w categoryWriter) ProductsIn(_ context.Context, cs ...id.Category) ([]id.Product, error) {
	found := []id.Product{}
	for _, c := range cs {
		if err := w.query("SELECT id FROM products WHERE category = ?1", productIDs(&found), c.UUID); err != nil {
			return nil, err
		}
	}
	return sortedIDs(found), nil
}

// brandWriter writes brands within a transaction.
type brandWriter struct {
	db *DB
	*session
}

var _ ports.BrandWriter = brandWriter{}

func (w brandWriter) BrandsForUpdate(_ context.Context, ids ...id.Brand) ([]catalog.Brand, error) {
	found := make([]catalog.Brand, 0, len(ids))
	for i, b := range ids {
		if slices.Contains(ids[:i], b) {
			continue
		}
		bs, err := w.brands("WHERE id = ?1", b.UUID)
		if err != nil {
			return nil, err
		}
		found = append(found, bs...)
	}
	slices.SortFunc(found, func(a, b catalog.Brand) int { return bytes.Compare(a.ID.UUID[:], b.ID.UUID[:]) })
	return found, nil
}

func (w brandWriter) SaveBrands(_ context.Context, bs ...catalog.Brand) error {
	for i := range bs {
		image, seo, err := decorations(bs[i].Image, bs[i].SEO)
		if err != nil {
			return err
		}
		b := &bs[i]
		if _, err := w.exec(`INSERT INTO brands (id, slug, name, description, image, seo, version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
			ON CONFLICT (id) DO UPDATE SET slug = ?2, name = ?3, description = ?4, image = ?5, seo = ?6, version = ?7`,
			b.ID.UUID[:], b.Slug, b.Name, b.Description, image, seo, b.Version); err != nil {
			return err
		}
		n, err := w.exec("INSERT INTO brand_slugs (slug, brand) VALUES (?1, ?2) ON CONFLICT (slug) DO UPDATE SET slug = ?1 WHERE brand = ?2", b.Slug, b.ID.UUID[:])
		if err != nil {
			return err
		}
		if n == 0 {
			return fault.Duplicate("slug")
		}
	}
	w.afterCommit(w.db.derived.taxonomy.change)
	return nil
}

func (w brandWriter) DeleteBrand(_ context.Context, b id.Brand) error {
	if err := w.unused("SELECT 1 FROM products WHERE brand = ?1", b.UUID); err != nil {
		return err
	}
	return w.remove(w.db, "brand", "DELETE FROM brands WHERE id = ?1", b.UUID)
}

func (w brandWriter) ProductsOf(_ context.Context, b id.Brand) ([]id.Product, error) {
	found := []id.Product{}
	if err := w.query("SELECT id FROM products WHERE brand = ?1", productIDs(&found), b.UUID); err != nil {
		return nil, err
	}
	return sortedIDs(found), nil
}

// attributeWriter writes attribute definitions within a transaction.
type attributeWriter struct {
	db *DB
	*session
}

var _ ports.AttributeWriter = attributeWriter{}

func (w attributeWriter) Definitions(context.Context) ([]catalog.AttributeDefinition, error) {
	return w.definitions()
}

func (w attributeWriter) SaveDefinitions(_ context.Context, ds ...catalog.AttributeDefinition) error {
	for i := range ds {
		d := &ds[i]
		choices := "[]"
		if len(d.Choices) > 0 {
			var err error
			if choices, err = encode(d.Choices); err != nil {
				return err
			}
		}
		if _, err := w.exec(`INSERT INTO attribute_definitions
				(category, name, label, type, unit, choices, required, filterable, variant_option, position, version, derived)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
			ON CONFLICT (category, name) DO UPDATE SET label = ?3, type = ?4, unit = ?5, choices = ?6, required = ?7, filterable = ?8,
				variant_option = ?9, position = ?10, version = ?11, derived = ?12`,
			d.Category.UUID[:], d.Name, d.Label, string(d.Type), d.Unit, choices, d.Required, d.Filterable, d.VariantOption, d.Position, d.Version, d.Derived); err != nil {
			return err
		}
	}
	w.afterCommit(w.db.derived.taxonomy.change)
	return nil
}

func (w attributeWriter) DeleteDefinition(_ context.Context, c id.Category, name string) error {
	return w.remove(w.db, "attribute", "DELETE FROM attribute_definitions WHERE category = ?1 AND name = ?2", c.UUID, name)
}

// unused answers Conflict (in_use) if a query finds anything.
func (s *session) unused(sql string, args ...any) error {
	used, err := s.first(sql, func(row) error { return nil }, args...)
	if err == nil && used {
		err = fault.New(fault.Conflict, "in_use", "it is still in use")
	}
	return err
}

// remove deletes a part of the taxonomy; NotFound if it is not there.
func (s *session) remove(db *DB, resource, sql string, args ...any) error {
	n, err := s.exec(sql, args...)
	if err == nil && n == 0 {
		err = fault.Missing(resource)
	}
	s.afterCommit(db.derived.taxonomy.change)
	return err
}

func productIDs(into *[]id.Product) func(row) error {
	return func(r row) error {
		*into = append(*into, id.Product{UUID: r.uuid(0)})
		return nil
	}
}

// sortedIDs puts ids in order and leaves out repetitions.
func sortedIDs(ids []id.Product) []id.Product {
	slices.SortFunc(ids, func(a, b id.Product) int { return bytes.Compare(a.UUID[:], b.UUID[:]) })
	return slices.Compact(ids)
}

// decorations returns the JSON of what categories and brands are shown with; a
// nil image is NULL.
func decorations(img *catalog.Image, seo catalog.SEO) (image any, seoText string, err error) {
	if seoText, err = encode(seo); err != nil || img == nil {
		return nil, seoText, err
	}
	image, err = encode(img)
	return image, seoText, err
}
