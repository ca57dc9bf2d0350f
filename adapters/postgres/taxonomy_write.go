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
	n := len(cs)
	s := newDescribed(n)
	parents, positions := make([]uuid, n), make([]int32, n)
	for i := range cs {
		c := &cs[i]
		parents[i], positions[i] = uuid(c.Parent.UUID), int32(c.Position)
		if err := s.set(i, c.ID.UUID, c.Slug, c.Name, c.Description, c.Image, c.SEO, c.Version); err != nil {
			return err
		}
	}
	return s.save(ctx, w.t, "category_slugs", "category", `INSERT INTO catalog.categories (id, slug, name, description, image, seo, version, parent, position)
		SELECT id, slug, name, description, nullif(image, '')::json, seo::json, version, parent, position
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[], $8::uuid[], $9::int[])
			AS given (id, slug, name, description, image, seo, version, parent, position)
		ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, name = excluded.name, description = excluded.description,
			image = excluded.image, seo = excluded.seo, version = excluded.version, parent = excluded.parent, position = excluded.position`,
		parents, positions)
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
	s := newDescribed(len(bs))
	for i := range bs {
		b := &bs[i]
		if err := s.set(i, b.ID.UUID, b.Slug, b.Name, b.Description, b.Image, b.SEO, b.Version); err != nil {
			return err
		}
	}
	return s.save(ctx, w.t, "brand_slugs", "brand", `INSERT INTO catalog.brands (id, slug, name, description, image, seo, version)
		SELECT id, slug, name, description, nullif(image, '')::json, seo::json, version
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[])
			AS given (id, slug, name, description, image, seo, version)
		ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, name = excluded.name, description = excluded.description,
			image = excluded.image, seo = excluded.seo, version = excluded.version`)
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
	n := len(ds)
	categories := make([]uuid, n)
	names, labels, types, units, choices := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	required, filterable, options, derived := make([]bool, n), make([]bool, n), make([]bool, n), make([]bool, n)
	positions, versions := make([]int32, n), make([]int64, n)
	for i := range ds {
		d := &ds[i]
		categories[i], names[i], labels[i], types[i], units[i] = uuid(d.Category.UUID), d.Name, d.Label, string(d.Type), d.Unit
		required[i], filterable[i], options[i], derived[i] = d.Required, d.Filterable, d.VariantOption, d.Derived
		positions[i], versions[i], choices[i] = int32(d.Position), d.Version, "[]"
		if len(d.Choices) > 0 {
			b, err := json.Marshal(d.Choices)
			if err != nil {
				return fault.Wrap(fault.Internal, "postgres.SaveDefinitions", err)
			}
			choices[i] = string(b)
		}
	}
	_, err := w.t.Exec(ctx, `INSERT INTO catalog.attribute_definitions
			(category, name, label, type, unit, choices, required, filterable, variant_option, derived, position, version)
		SELECT category, name, label, type, unit, choices::json, required, filterable, variant_option, derived, position, version
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bool[], $8::bool[], $9::bool[], $10::bool[], $11::int[], $12::bigint[])
			AS given (category, name, label, type, unit, choices, required, filterable, variant_option, derived, position, version)
		ON CONFLICT (category, name) DO UPDATE SET label = excluded.label, type = excluded.type, unit = excluded.unit, choices = excluded.choices,
			required = excluded.required, filterable = excluded.filterable, variant_option = excluded.variant_option, derived = excluded.derived,
			position = excluded.position, version = excluded.version`,
		categories, names, labels, types, units, choices, required, filterable, options, derived, positions, versions)
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

// described are the columns that categories and brands have in common.
type described struct {
	ids                                     []uuid
	slugs, names, descriptions, images, seo []string
	versions                                []int64
}

func newDescribed(n int) *described {
	return &described{
		ids: make([]uuid, n), slugs: make([]string, n), names: make([]string, n), descriptions: make([]string, n),
		images: make([]string, n), seo: make([]string, n), versions: make([]int64, n),
	}
}

func (s *described) set(i int, u id.UUID, slug, name, description string, img *catalog.Image, seo catalog.SEO, version int64) error {
	s.ids[i], s.slugs[i], s.names[i], s.descriptions[i], s.versions[i], s.seo[i] = uuid(u), slug, name, description, version, "{}"
	if img != nil {
		s.images[i] = string(img.AppendDocument(nil))
	}
	if seo == (catalog.SEO{}) {
		return nil
	}
	b, err := json.Marshal(seo)
	if err != nil {
		return fault.Wrap(fault.Internal, "postgres.taxonomy", err)
	}
	s.seo[i] = string(b)
	return nil
}

// save writes the columns, and more of the statement's own, and claims the slugs
// in their order. Exists for a slug that is another's.
func (s *described) save(ctx context.Context, t *tx, slugs, owner, sql string, more ...any) error {
	if len(s.ids) == 0 {
		return nil
	}
	order := make([]int, len(s.ids))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return strings.Compare(s.slugs[a], s.slugs[b]) })
	claimed, owners := make([]string, len(order)), make([]uuid, len(order))
	for i, at := range order {
		if claimed[i], owners[i] = s.slugs[at], s.ids[at]; i > 0 && claimed[i] == claimed[i-1] {
			return fault.Duplicate("slug")
		}
	}
	b := &pgx.Batch{}
	b.Queue(sql, append([]any{s.ids, s.slugs, s.names, s.descriptions, s.images, s.seo, s.versions}, more...)...)
	b.Queue("INSERT INTO catalog."+slugs+" AS s (slug, "+owner+") SELECT * FROM unnest($1::text[], $2::uuid[]) ON CONFLICT (slug) DO UPDATE SET slug = excluded.slug WHERE s."+owner+" = excluded."+owner,
		claimed, owners).Exec(allOr(len(order), "slug"))
	return translate(ctx, t.SendBatch(ctx, b).Close())
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
