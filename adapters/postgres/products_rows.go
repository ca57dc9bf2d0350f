package postgres

import (
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
		$12::timestamptz[], $13::int[], $14::int[], $15::bigint[], $16::bigint[], $17::timestamptz[], $18::text[])
		AS given (id, slug, name, find, status, brand, category, family, featured, price, currency,
		newest, rating, ratings, popularity, version, updated_at, doc)
	ON CONFLICT (id) DO UPDATE SET slug = excluded.slug, name = excluded.name, find = excluded.find, status = excluded.status, brand = excluded.brand,
		category = excluded.category, family = excluded.family, featured = excluded.featured, price = excluded.price, currency = excluded.currency,
		newest = excluded.newest, rating = excluded.rating, ratings = excluded.ratings, popularity = excluded.popularity, version = excluded.version,
		updated_at = excluded.updated_at, doc = excluded.doc`

// productColumns returns the arguments of saveProducts.
func productColumns(products []catalog.Product) []any {
	n := len(products)
	ids, brands, categories := make([]uuid, n), make([]uuid, n), make([]uuid, n)
	slugs, names, finds, statuses, families, currencies, docs := make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	featured, newest, updated := make([]bool, n), make([]time.Time, n), make([]time.Time, n)
	prices, popularities, versions := make([]int64, n), make([]int64, n), make([]int64, n)
	ratings, counts := make([]int32, n), make([]int32, n)
	var doc []byte
	for i := range products {
		p := &products[i]
		ids[i], brands[i], categories[i] = uuid(p.ID.UUID), uuid(p.Brand.UUID), uuid(p.Category.UUID)
		slugs[i], names[i], finds[i], statuses[i], families[i] = p.Slug, p.Name, strings.ToLower(p.Name), string(p.Status), p.Family
		price := p.ListPrice()
		prices[i], currencies[i] = price.Minor(), string(p.BasePrice.Currency())
		if currencies[i] == "" {
			currencies[i] = string(price.Currency())
		}
		featured[i], newest[i], updated[i] = p.Featured, p.Newest(), p.UpdatedAt
		ratings[i], counts[i], popularities[i], versions[i] = int32(p.Rating.Average), int32(p.Rating.Count), p.Popularity, p.Version
		doc = p.AppendDocument(doc[:0])
		docs[i] = string(doc)
	}
	return []any{
		ids, slugs, names, finds, statuses, brands, categories, families, featured, prices, currencies,
		newest, ratings, counts, popularities, versions, updated, docs,
	}
}

// A slug goes to whoever is first to have it, and stays theirs.
const claimSlugs = `INSERT INTO catalog.product_slugs AS s (slug, product)
	SELECT * FROM unnest($1::text[], $2::uuid[]) ON CONFLICT (slug) DO UPDATE SET slug = excluded.slug WHERE s.product = excluded.product`

// claims are the slugs that are new to their products, by their bytes.
type claims struct {
	slugs    []string
	products []uuid
}

func (s *saving) claims() (c claims) {
	var changed []*catalog.Product
	for i := range s.products {
		p := &s.products[i]
		if stored, ok := s.slugs[p.ID.UUID]; !ok || stored != p.Slug {
			changed = append(changed, p)
		}
	}
	slices.SortFunc(changed, func(a, b *catalog.Product) int { return strings.Compare(a.Slug, b.Slug) })
	for _, p := range changed {
		c.slugs, c.products = append(c.slugs, p.Slug), append(c.products, uuid(p.ID.UUID))
	}
	return c
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
	n := len(rows)
	skus, products, variants := make([]string, n), make([]uuid, n), make([]uuid, n)
	sold, prices := make([]bool, n), make([]int64, n)
	currencies, titles, options, images := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	for i, r := range rows {
		skus[i], products[i], variants[i], sold[i], prices[i] = string(r.sku), uuid(r.product), uuid(r.variant), r.sold, r.price
		currencies[i], titles[i], options[i], images[i] = r.currency, r.title, r.options, r.image
	}
	return []any{skus, products, variants, sold, prices, currencies, titles, options, images}
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
