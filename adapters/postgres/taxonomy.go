package postgres

import (
	"context"
	"encoding/json"
	"sync/atomic"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// taxonomies is what describes products. It seldom changes and nearly every
// answer needs it, so what was read last is kept, and served as long as the
// server that is asked has come just as far.
type taxonomies struct {
	r    *realm
	kept atomic.Pointer[keptTaxonomy]
}

type keptTaxonomy struct {
	changes  int64 // up to which it was read
	taxonomy *catalog.Taxonomy
}

var _ ports.Taxonomies = (*taxonomies)(nil)

const taxonomyChanges = "SELECT changes FROM catalog.taxonomy"

// Taxonomy is contracted by ports.Taxonomies.
func (t *taxonomies) Taxonomy(ctx context.Context, after ports.Mark) (taxonomy *catalog.Taxonomy, err error) {
	err = t.r.readAfter(ctx, after, func(q querier) error {
		var changes int64
		if err := q.QueryRow(ctx, taxonomyChanges).Scan(&changes); err != nil {
			return err
		}
		kept := t.kept.Load()
		if kept == nil || kept.changes != changes {
			if kept, err = readTaxonomy(ctx, q); err != nil {
				return err
			}
			t.kept.Store(kept)
		}
		taxonomy = kept.taxonomy
		return nil
	})
	if err != nil {
		return nil, err
	}
	return taxonomy, nil
}

// readTaxonomy reads all of it in one round trip, again while it changes: if the
// number of changes is the same before and after, all between is of one state.
func readTaxonomy(ctx context.Context, q querier) (*keptTaxonomy, error) {
	for range 10 {
		var before, after int64
		var categories []catalog.Category
		var brands []catalog.Brand
		var definitions []catalog.AttributeDefinition
		oldCategories, oldBrands := map[string]id.Category{}, map[string]id.Brand{}
		b := &pgx.Batch{}
		b.Queue(taxonomyChanges).QueryRow(func(row pgx.Row) error { return row.Scan(&before) })
		b.Queue(selectCategories + " ORDER BY id").Query(into(&categories, scanCategory))
		b.Queue(selectBrands + " ORDER BY id").Query(into(&brands, scanBrand))
		b.Queue(selectDefinitions).Query(into(&definitions, scanDefinition))
		b.Queue("SELECT o.slug, o.category FROM catalog.category_slugs o JOIN catalog.categories c ON c.id = o.category WHERE o.slug <> c.slug").Query(
			oldSlugs(func(slug string, owner id.UUID) { oldCategories[slug] = id.Category{UUID: owner} }))
		b.Queue("SELECT o.slug, o.brand FROM catalog.brand_slugs o JOIN catalog.brands b ON b.id = o.brand WHERE o.slug <> b.slug").Query(
			oldSlugs(func(slug string, owner id.UUID) { oldBrands[slug] = id.Brand{UUID: owner} }))
		b.Queue(taxonomyChanges).QueryRow(func(row pgx.Row) error { return row.Scan(&after) })
		if err := q.SendBatch(ctx, b).Close(); err != nil {
			return nil, err
		}
		if before == after {
			return &keptTaxonomy{after, catalog.NewTaxonomy(categories, brands, definitions, oldCategories, oldBrands)}, nil
		}
	}
	return nil, fault.New(fault.Unavailable, "unavailable", "the categories keep changing, try again")
}

func oldSlugs(keep func(slug string, owner id.UUID)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var slug string
		var owner uuid
		_, err := pgx.ForEachRow(rows, []any{&slug, &owner}, func() error {
			keep(slug, id.UUID(owner))
			return nil
		})
		return err
	}
}

// into appends what scan makes of each row; the list is not nil.
func into[T any](list *[]T, scan func(pgx.Rows) (T, error)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		*list = []T{}
		for rows.Next() {
			v, err := scan(rows)
			if err != nil {
				return err
			}
			*list = append(*list, v)
		}
		return rows.Err()
	}
}

const (
	selectCategories  = "SELECT id, parent, slug, name, description, position, image, seo_title, seo_text, version FROM catalog.categories"
	selectBrands      = "SELECT id, slug, name, description, image, seo_title, seo_text, version FROM catalog.brands"
	selectDefinitions = `SELECT category, name, label, type, unit, choices, required, filterable, variant_option, position, version, derived
		FROM catalog.attribute_definitions ORDER BY category, name`
)

func scanCategory(rows pgx.Rows) (c catalog.Category, err error) {
	var image pgtype.DriverBytes
	if err := rows.Scan((*uuid)(&c.ID.UUID), (*uuid)(&c.Parent.UUID), &c.Slug, &c.Name, &c.Description, &c.Position, &image, &c.SEO.Title, &c.SEO.Description, &c.Version); err != nil {
		return c, err
	}
	c.Image, err = parseImage(image)
	return c, err
}

func scanBrand(rows pgx.Rows) (b catalog.Brand, err error) {
	var image pgtype.DriverBytes
	if err := rows.Scan((*uuid)(&b.ID.UUID), &b.Slug, &b.Name, &b.Description, &image, &b.SEO.Title, &b.SEO.Description, &b.Version); err != nil {
		return b, err
	}
	b.Image, err = parseImage(image)
	return b, err
}

func scanDefinition(rows pgx.Rows) (d catalog.AttributeDefinition, err error) {
	var choices pgtype.DriverBytes
	if err := rows.Scan((*uuid)(&d.Category.UUID), &d.Name, &d.Label, &d.Type, &d.Unit, &choices, &d.Required, &d.Filterable, &d.VariantOption,
		&d.Position, &d.Version, &d.Derived); err != nil {
		return d, err
	}
	d.Choices = []catalog.Choice{}
	if string(choices) == "[]" { // as nearly all
		return d, nil
	}
	if err := json.Unmarshal(choices, &d.Choices); err != nil {
		return d, fault.Wrap(fault.Internal, "postgres.taxonomy", err)
	}
	return d, nil
}

// parseImage reads an image that may be NULL.
func parseImage(doc []byte) (*catalog.Image, error) {
	if doc == nil {
		return nil, nil //nolint:nilnil // none is no error
	}
	img, err := catalog.ParseImage(doc)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "postgres.image", err)
	}
	return &img, nil
}
