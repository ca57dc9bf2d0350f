package postgres

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
)

const saveProducts = `INSERT INTO catalog.products (id, slug, name, find, status, brand, category, family, featured, price, currency,
		newest, rating, ratings, popularity, version, updated_at, doc)
	SELECT id, slug, name, find, status, brand, category, nullif(family, ''), featured, price, currency,
		newest, rating, ratings, popularity, version, updated_at, doc::json
	FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::text[], $9::bool[], $10::bigint[], $11::text[],
		$12::timestamptz[], $13::bigint[], $14::bigint[], $15::bigint[], $16::bigint[], $17::timestamptz[], $18::text[])
		AS given (id, slug, name, find, status, brand, category, family, featured, price, currency,
		newest, rating, ratings, popularity, version, updated_at, doc)
	ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, name = excluded.name, find = excluded.find, status = excluded.status, brand = excluded.brand,
		category = excluded.category, family = excluded.family, featured = excluded.featured, price = excluded.price, currency = excluded.currency,
		newest = excluded.newest, rating = excluded.rating, ratings = excluded.ratings, popularity = excluded.popularity, version = excluded.version,
		updated_at = excluded.updated_at, doc = excluded.doc`

// productColumns returns the arguments of saveProducts.
func productColumns(products []catalog.Product) []any {
	var doc []byte
	return []any{
		column(products, func(p *catalog.Product) uuid { return uuid(p.ID.UUID) }),
		column(products, func(p *catalog.Product) string { return p.Slug }),
		column(products, func(p *catalog.Product) string { return p.Name }),
		column(products, func(p *catalog.Product) string { return strings.ToLower(p.Name) }),
		column(products, func(p *catalog.Product) string { return string(p.Status) }),
		column(products, func(p *catalog.Product) uuid { return uuid(p.Brand.UUID) }),
		column(products, func(p *catalog.Product) uuid { return uuid(p.Category.UUID) }),
		column(products, func(p *catalog.Product) string { return p.Family }),
		column(products, func(p *catalog.Product) bool { return p.Featured }),
		column(products, func(p *catalog.Product) int64 { return p.ListPrice().Minor() }),
		column(products, func(p *catalog.Product) string {
			return string(cmp.Or(p.BasePrice.Currency(), p.ListPrice().Currency()))
		}),
		column(products, (*catalog.Product).Newest),
		column(products, func(p *catalog.Product) int { return p.Rating.Average }),
		column(products, func(p *catalog.Product) int { return p.Rating.Count }),
		column(products, func(p *catalog.Product) int64 { return p.Popularity }),
		column(products, func(p *catalog.Product) int64 { return p.Version }),
		column(products, func(p *catalog.Product) time.Time { return p.UpdatedAt }),
		column(products, func(p *catalog.Product) string {
			doc = p.AppendDocument(doc[:0])
			return string(doc)
		}),
	}
}

// owned is a slug and whose it is to be.
type owned struct {
	slug  string
	owner uuid
}

// claims returns those of all products, by their bytes.
func (s *saving) claims() (c []owned) {
	for i := range s.products {
		p := &s.products[i]
		if stored, ok := s.slugs[p.ID.UUID]; !ok || stored != p.Slug {
			c = append(c, owned{p.Slug, uuid(p.ID.UUID)})
		}
	}
	slices.SortFunc(c, func(a, b owned) int { return strings.Compare(a.slug, b.slug) })
	return c
}

// queueClaims gives slugs to their owners. A slug goes to whoever is first to have
// it and stays theirs: Exists for one that is another's.
func queueClaims(b *pgx.Batch, table, owner string, claims []owned) {
	b.Queue("INSERT INTO "+table+" AS s (slug, "+owner+") SELECT * FROM unnest($1::text[], $2::uuid[]) "+
		"ON CONFLICT (slug) DO UPDATE SET slug = excluded.slug WHERE s."+owner+" = excluded."+owner,
		column(claims, func(c *owned) string { return c.slug }), column(claims, func(c *owned) uuid { return c.owner })).
		Exec(allOr(len(claims), "slug"))
}

// allOr checks that a statement claimed all it should have: what it left out
// belongs to others.
func allOr(n int, field string) func(pgconn.CommandTag) error {
	return func(tag pgconn.CommandTag) error {
		if tag.RowsAffected() < int64(n) {
			return fault.Duplicate(field)
		}
		return nil
	}
}

// skuRow is a row of the table of SKUs. Two that are equal are the same row.
type skuRow struct {
	fold            string
	sku             id.SKU
	product         id.UUID
	variant         id.UUID // zero: nobody has it any more
	sold            bool
	price           int64
	currency, title string
	options, image  string // JSON; no image is ""
}

const skuColumns = "sku, product, variant, sold, price, currency, title, options::text, coalesce(image::text, '')"

func scanSKURow(rows pgx.Rows) (r skuRow, err error) {
	err = rows.Scan(&r.sku, (*uuid)(&r.product), (*uuid)(&r.variant), &r.sold, &r.price, &r.currency, &r.title, &r.options, &r.image)
	r.fold = r.sku.Fold()
	return r, err
}

func newSKURow(p *catalog.Product, v *catalog.Variant) skuRow {
	o := p.Offer(v)
	r := skuRow{
		fold: v.SKU.Fold(), sku: v.SKU, product: p.ID.UUID, variant: v.ID.UUID, sold: o.Sold,
		price: o.Price.Minor(), currency: string(o.Price.Currency()), title: o.Title, options: string(catalog.AppendOptions(nil, o.Options)),
	}
	if o.Image != nil {
		r.image = string(o.Image.AppendDocument(nil))
	}
	return r
}

func (r skuRow) compare(other skuRow) int { return strings.Compare(r.fold, other.fold) }

const givenSKUs = `(SELECT sku, product, variant, sold, price, currency, title, options::json AS options, nullif(image, '')::json AS image
	FROM unnest($1::text[], $2::uuid[], $3::uuid[], $4::bool[], $5::bigint[], $6::text[], $7::text[], $8::text[], $9::text[])
		AS t (sku, product, variant, sold, price, currency, title, options, image)) AS given`

const updateSKUs = `UPDATE catalog.skus AS s SET (sku, product, variant, sold, price, currency, title, options, image) =
		(given.sku, given.product, given.variant, given.sold, given.price, given.currency, given.title, given.options, given.image)
	FROM ` + givenSKUs + ` WHERE lower(s.sku) = lower(given.sku COLLATE "C")`

const insertSKUs = `INSERT INTO catalog.skus (sku, product, variant, sold, price, currency, title, options, image)
	SELECT * FROM ` + givenSKUs + ` ON CONFLICT (lower(sku)) DO NOTHING`

// skuRows returns the arguments of updateSKUs and insertSKUs.
func skuRows(rows []skuRow) []any {
	return []any{
		column(rows, func(r *skuRow) string { return string(r.sku) }),
		column(rows, func(r *skuRow) uuid { return uuid(r.product) }),
		column(rows, func(r *skuRow) uuid { return uuid(r.variant) }),
		column(rows, func(r *skuRow) bool { return r.sold }),
		column(rows, func(r *skuRow) int64 { return r.price }),
		column(rows, func(r *skuRow) string { return r.currency }),
		column(rows, func(r *skuRow) string { return r.title }),
		column(rows, func(r *skuRow) string { return r.options }),
		column(rows, func(r *skuRow) string { return r.image }),
	}
}

// skus tells what becomes of the SKUs: those that are given up, those that are
// there and change, and those that are new. What stays as it is is not written.
func (s *saving) skus() (given []string, changed, fresh []skuRow) {
	wanted := make(map[string]bool, len(s.wanted))
	for _, want := range s.wanted {
		wanted[want.fold] = true
		switch was, known := s.stored[want.fold]; {
		case !known:
			fresh = append(fresh, want)
		case was != want:
			changed = append(changed, want)
		}
	}
	for fold, was := range s.stored {
		if !wanted[fold] && !was.variant.IsZero() {
			given = append(given, fold)
		}
	}
	return given, changed, fresh
}

// column returns one member of each of a list, for a statement that unnests it.
func column[T, V any](list []T, of func(*T) V) []V {
	values := make([]V, len(list))
	for i := range list {
		values[i] = of(&list[i])
	}
	return values
}
