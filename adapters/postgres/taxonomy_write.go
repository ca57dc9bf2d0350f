package postgres

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// categoryWriter writes the tree within a transaction.
type categoryWriter struct{ t *tx }

var _ ports.CategoryWriter = categoryWriter{}

// treeLock is the advisory lock of the tree: what is not there yet cannot be
// locked as rows.
const treeLock = 0x626f646567610012

// TreeForUpdate is contracted by ports.CategoryWriter.
func (w categoryWriter) TreeForUpdate(ctx context.Context) (tree []catalog.Category, err error) {
	w.t.queue("SELECT pg_advisory_xact_lock($1)", int64(treeLock))
	err = w.t.list(ctx, selectCategories+" ORDER BY id", into(&tree, scanCategory))
	return tree, err
}

// SaveCategories is contracted by ports.CategoryWriter.
func (w categoryWriter) SaveCategories(ctx context.Context, cs ...catalog.Category) error {
	cs = slices.Clone(cs)
	slices.SortFunc(cs, func(a, b catalog.Category) int { return slices.Compare(a.ID.UUID[:], b.ID.UUID[:]) })
	return w.t.describe(ctx, "category", column(cs, func(c *catalog.Category) owned { return owned{c.Slug, uuid(c.ID.UUID)} }),
		`INSERT INTO catalog.categories (id, slug, name, description, image, seo_title, seo_text, version, parent, position)
		SELECT id, slug, name, description, image::json, seo_title, seo_text, version, parent, position
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[], $9::uuid[], $10::bigint[])
			AS given (id, slug, name, description, image, seo_title, seo_text, version, parent, position)
		ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, name = excluded.name, description = excluded.description,
			image = excluded.image, seo_title = excluded.seo_title, seo_text = excluded.seo_text, version = excluded.version, parent = excluded.parent, position = excluded.position`,
		column(cs, func(c *catalog.Category) uuid { return uuid(c.ID.UUID) }),
		column(cs, func(c *catalog.Category) string { return c.Slug }),
		column(cs, func(c *catalog.Category) string { return c.Name }),
		column(cs, func(c *catalog.Category) string { return c.Description }),
		column(cs, func(c *catalog.Category) *string { return imageDoc(c.Image) }),
		column(cs, func(c *catalog.Category) string { return c.SEO.Title }),
		column(cs, func(c *catalog.Category) string { return c.SEO.Description }),
		column(cs, func(c *catalog.Category) int64 { return c.Version }),
		column(cs, func(c *catalog.Category) uuid { return uuid(c.Parent.UUID) }),
		column(cs, func(c *catalog.Category) int { return c.Position }))
}

// DeleteCategory is contracted by ports.CategoryWriter.
func (w categoryWriter) DeleteCategory(ctx context.Context, c id.Category) error {
	return w.t.remove(ctx, "category", `WITH used AS (SELECT EXISTS (SELECT FROM catalog.categories WHERE parent = $1) OR EXISTS (SELECT FROM catalog.products WHERE category = $1) AS yes),
		gone AS (DELETE FROM catalog.categories WHERE id = $1 AND NOT (SELECT yes FROM used) RETURNING id)
		SELECT (SELECT yes FROM used), EXISTS (SELECT FROM gone)`, uuid(c.UUID))
}

// ProductsIn is contracted by ports.CategoryWriter.
func (w categoryWriter) ProductsIn(ctx context.Context, cs ...id.Category) (found []id.Product, err error) {
	err = w.t.list(ctx, "SELECT id FROM catalog.products WHERE category = ANY($1) ORDER BY id", into(&found, scanProductID), categoryUUIDs(cs))
	return found, err
}

// brandWriter writes brands within a transaction.
type brandWriter struct{ t *tx }

var _ ports.BrandWriter = brandWriter{}

// BrandsForUpdate is contracted by ports.BrandWriter.
func (w brandWriter) BrandsForUpdate(ctx context.Context, ids ...id.Brand) (found []catalog.Brand, err error) {
	// Products may go on referring to them meanwhile.
	err = w.t.list(ctx, selectBrands+" WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE", into(&found, scanBrand),
		uuids(ids, func(b id.Brand) id.UUID { return b.UUID }))
	return found, err
}

// SaveBrands is contracted by ports.BrandWriter.
func (w brandWriter) SaveBrands(ctx context.Context, bs ...catalog.Brand) error {
	bs = slices.Clone(bs)
	slices.SortFunc(bs, func(a, b catalog.Brand) int { return slices.Compare(a.ID.UUID[:], b.ID.UUID[:]) })
	return w.t.describe(ctx, "brand", column(bs, func(b *catalog.Brand) owned { return owned{b.Slug, uuid(b.ID.UUID)} }),
		`INSERT INTO catalog.brands (id, slug, name, description, image, seo_title, seo_text, version)
		SELECT id, slug, name, description, image::json, seo_title, seo_text, version
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bigint[])
			AS given (id, slug, name, description, image, seo_title, seo_text, version)
		ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, name = excluded.name, description = excluded.description,
			image = excluded.image, seo_title = excluded.seo_title, seo_text = excluded.seo_text, version = excluded.version`,
		column(bs, func(b *catalog.Brand) uuid { return uuid(b.ID.UUID) }),
		column(bs, func(b *catalog.Brand) string { return b.Slug }),
		column(bs, func(b *catalog.Brand) string { return b.Name }),
		column(bs, func(b *catalog.Brand) string { return b.Description }),
		column(bs, func(b *catalog.Brand) *string { return imageDoc(b.Image) }),
		column(bs, func(b *catalog.Brand) string { return b.SEO.Title }),
		column(bs, func(b *catalog.Brand) string { return b.SEO.Description }),
		column(bs, func(b *catalog.Brand) int64 { return b.Version }))
}

// DeleteBrand is contracted by ports.BrandWriter.
func (w brandWriter) DeleteBrand(ctx context.Context, b id.Brand) error {
	return w.t.remove(ctx, "brand", `WITH used AS (SELECT EXISTS (SELECT FROM catalog.products WHERE brand = $1) AS yes),
		gone AS (DELETE FROM catalog.brands WHERE id = $1 AND NOT (SELECT yes FROM used) RETURNING id)
		SELECT (SELECT yes FROM used), EXISTS (SELECT FROM gone)`, uuid(b.UUID))
}

// ProductsOf is contracted by ports.BrandWriter.
func (w brandWriter) ProductsOf(ctx context.Context, b id.Brand) (found []id.Product, err error) {
	err = w.t.list(ctx, "SELECT id FROM catalog.products WHERE brand = $1 ORDER BY id", into(&found, scanProductID), uuid(b.UUID))
	return found, err
}

// attributeWriter writes attribute definitions within a transaction.
type attributeWriter struct{ t *tx }

var _ ports.AttributeWriter = attributeWriter{}

// Definitions is contracted by ports.AttributeWriter.
func (w attributeWriter) Definitions(ctx context.Context) (all []catalog.AttributeDefinition, err error) {
	err = w.t.list(ctx, selectDefinitions, into(&all, scanDefinition))
	return all, err
}

// SaveDefinitions is contracted by ports.AttributeWriter.
func (w attributeWriter) SaveDefinitions(ctx context.Context, ds ...catalog.AttributeDefinition) error {
	type def = catalog.AttributeDefinition
	_, err := w.t.Exec(ctx, `INSERT INTO catalog.attribute_definitions
			(category, name, label, type, unit, choices, required, filterable, variant_option, derived, position, version)
		SELECT category, name, label, type, unit, choices::json, required, filterable, variant_option, derived, position, version
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bool[], $8::bool[], $9::bool[], $10::bool[], $11::bigint[], $12::bigint[])
			AS given (category, name, label, type, unit, choices, required, filterable, variant_option, derived, position, version)
		ON CONFLICT (category, name) DO UPDATE SET label = excluded.label, type = excluded.type, unit = excluded.unit, choices = excluded.choices,
			required = excluded.required, filterable = excluded.filterable, variant_option = excluded.variant_option, derived = excluded.derived,
			position = excluded.position, version = excluded.version`,
		column(ds, func(d *def) uuid { return uuid(d.Category.UUID) }),
		column(ds, func(d *def) string { return d.Name }),
		column(ds, func(d *def) string { return d.Label }),
		column(ds, func(d *def) string { return string(d.Type) }),
		column(ds, func(d *def) string { return d.Unit }),
		column(ds, func(d *def) string { return choicesDoc(d.Choices) }),
		column(ds, func(d *def) bool { return d.Required }),
		column(ds, func(d *def) bool { return d.Filterable }),
		column(ds, func(d *def) bool { return d.VariantOption }),
		column(ds, func(d *def) bool { return d.Derived }),
		column(ds, func(d *def) int { return d.Position }),
		column(ds, func(d *def) int64 { return d.Version }))
	return translate(ctx, err)
}

// DeleteDefinition is contracted by ports.AttributeWriter.
func (w attributeWriter) DeleteDefinition(ctx context.Context, c id.Category, name string) error {
	tag, err := w.t.Exec(ctx, "DELETE FROM catalog.attribute_definitions WHERE category = $1 AND name = $2", uuid(c.UUID), name)
	if err == nil && tag.RowsAffected() == 0 {
		err = fault.Missing("attribute")
	}
	return translate(ctx, err)
}

// describe runs the statement that saves categories or brands, and claims their
// slugs. Exists for a slug that is another's.
func (t *tx) describe(ctx context.Context, kind string, claims []owned, sql string, args ...any) error {
	if len(claims) == 0 {
		return nil
	}
	slices.SortFunc(claims, func(a, b owned) int { return strings.Compare(a.slug, b.slug) })
	for i := range claims {
		if i > 0 && claims[i].slug == claims[i-1].slug {
			return fault.Duplicate("slug")
		}
	}
	b := &pgx.Batch{}
	b.Queue(sql, args...)
	queueClaims(b, "catalog."+kind+"_slugs", kind, claims)
	return translate(ctx, t.SendBatch(ctx, b).Close())
}

// imageDoc returns the document of an image; nil for none.
func imageDoc(img *catalog.Image) *string {
	if img == nil {
		return nil
	}
	doc := string(img.AppendDocument(nil))
	return &doc
}

// choicesDoc returns choices as JSON. They are strings: nothing of them can fail.
func choicesDoc(choices []catalog.Choice) string {
	if len(choices) == 0 {
		return "[]"
	}
	doc, _ := json.Marshal(choices)
	return string(doc)
}

// list reads all rows of a statement.
func (t *tx) list(ctx context.Context, sql string, read func(pgx.Rows) error, args ...any) error {
	rows, err := t.Query(ctx, sql, args...)
	if err == nil {
		defer rows.Close()
		err = read(rows)
	}
	return translate(ctx, err)
}

// remove runs a statement that deletes a part of the taxonomy unless it is used,
// and tells of both.
func (t *tx) remove(ctx context.Context, resource, sql string, arg any) error {
	var used, gone bool
	err := t.QueryRow(ctx, sql, arg).Scan(&used, &gone)
	switch {
	case used, refersTo(err): // by whoever committed meanwhile
		return &fault.Error{Kind: fault.Conflict, Code: "in_use", Detail: "it is still in use", Err: err}
	case err == nil && !gone:
		return fault.Missing(resource)
	}
	return translate(ctx, err)
}

func scanProductID(rows pgx.Rows) (p id.Product, err error) {
	err = rows.Scan((*uuid)(&p.UUID))
	return p, err
}
