package postgres

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// BenchmarkCatalogReads sets what shoppers read beside the least that pgx needs
// for the same rows, without making products of them.
func BenchmarkCatalogReads(b *testing.B) {
	s := newShelf(b, open(b))
	categories, _, products := s.stock(10_000)
	pool := s.db.catalog.primary.pool
	s.must(discard(pool.Exec(b.Context(), "VACUUM ANALYZE")))
	raw := func(ctx context.Context, sql string, args ...any) error {
		rows, err := pool.Query(ctx, sql, args...)
		if err != nil {
			return err
		}
		n := 0
		for rows.Next() {
			n += len(rows.RawValues()[0])
		}
		return rows.Err()
	}
	i := 0
	next := func() *catalog.Product { i = (i + 7919) % len(products); return &products[i] }
	ids := func() []id.Product {
		ids := make([]id.Product, 20)
		for i := range ids {
			ids[i] = next().ID
		}
		return ids
	}
	one, some := categories[1].ID, make([]id.Category, 30)
	for i := range some {
		some[i] = categories[i].ID
	}
	page := func(l catalog.Listing) func(context.Context) error {
		l.Page, l.PerPage = 1, 20
		return func(ctx context.Context) error { return discard(s.store.Products.Page(ctx, l, ports.Mark{})) }
	}
	for _, c := range []struct {
		name string
		run  func(ctx context.Context) error
	}{
		{"BySlug", func(ctx context.Context) error {
			return discard(s.store.Products.BySlug(ctx, next().Slug, ports.Mark{}))
		}},
		{"BySlug/raw", func(ctx context.Context) error {
			return raw(ctx, "SELECT p.doc FROM catalog.product_slugs s JOIN catalog.products p ON p.id = s.product WHERE s.slug = $1 AND p.status = 'active'", next().Slug)
		}},
		{"ByIDs20", func(ctx context.Context) error { return discard(s.store.Products.ByIDs(ctx, ids(), ports.Mark{})) }},
		{"ByIDs20/raw", func(ctx context.Context) error {
			return raw(ctx, "SELECT doc FROM catalog.products WHERE id = ANY($1) AND status = 'active'", productUUIDs(ids()))
		}},
		{"Page20", page(catalog.Listing{Sort: catalog.Newest})},
		{"Page20/raw", func(ctx context.Context) error {
			return raw(ctx, "SELECT doc FROM catalog.products WHERE status = 'active' ORDER BY newest DESC, id LIMIT 20")
		}},
		{"Page20OfOne", page(catalog.Listing{Sort: catalog.PriceAsc, Categories: []id.Category{one}})},
		{"Page20OfOne/raw", func(ctx context.Context) error {
			return raw(ctx, "SELECT doc FROM catalog.products WHERE status = 'active' AND category = $1 ORDER BY price, id LIMIT 20", uuid(one.UUID))
		}},
		{"Page20OfThirty", page(catalog.Listing{Sort: catalog.Newest, Categories: some})},
		{"Offers3", func(ctx context.Context) error {
			return discard(s.store.Offers.Offers(ctx, []id.SKU{next().Variants[0].SKU, next().Variants[0].SKU, next().Variants[0].SKU}))
		}},
		{"Taxonomy", func(ctx context.Context) error { return discard(s.store.Taxonomy.Taxonomy(ctx, ports.Mark{})) }},
		{"All10000", func(ctx context.Context) error {
			return s.store.Records.All(ctx, func(catalog.Product) error { return nil })
		}},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := c.run(b.Context()); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

// BenchmarkCatalogSave sets saving 500 products beside a COPY of the same rows
// into a table with the same indexes.
func BenchmarkCatalogSave(b *testing.B) {
	s := newShelf(b, open(b))
	_, _, products := s.stock(2_500)
	products = products[500:1000]
	b.Run("again", func(b *testing.B) {
		for b.Loop() {
			s.must(s.save(products...))
		}
	})
	b.Run("new", func(b *testing.B) {
		ids := make([]id.Product, len(products))
		for i := range ids {
			ids[i] = products[i].ID
		}
		for b.Loop() {
			b.StopTimer()
			s.must(s.try(func(ctx context.Context, tx ports.CatalogTx) error { return tx.Products.Delete(ctx, ids...) }))
			b.StartTimer()
			s.must(s.save(products...))
		}
	})
	b.Run("raw", func(b *testing.B) {
		pool := s.db.catalog.primary.pool
		s.must(discard(pool.Exec(b.Context(), "CREATE TABLE copied (LIKE catalog.products INCLUDING ALL)")))
		columns := []string{"id", "slug", "name", "find", "status", "brand", "category", "family", "featured", "price", "currency", "newest", "rating", "ratings", "popularity", "version", "updated_at", "doc"}
		rows := make([][]any, len(products))
		for b.Loop() {
			b.StopTimer()
			s.must(discard(pool.Exec(b.Context(), "TRUNCATE copied")))
			b.StartTimer()
			for i := range products {
				p := &products[i]
				rows[i] = []any{
					uuid(p.ID.UUID), p.Slug, p.Name, p.Name, string(p.Status), uuid(p.Brand.UUID), uuid(p.Category.UUID), p.Family, p.Featured, p.ListPrice().Minor(),
					"EUR", p.Newest(), p.Rating.Average, p.Rating.Count, p.Popularity, p.Version, p.UpdatedAt, p.AppendDocument(nil),
				}
			}
			s.must(discard(pool.CopyFrom(b.Context(), pgx.Identifier{"copied"}, columns, pgx.CopyFromRows(rows))))
		}
	})
}
