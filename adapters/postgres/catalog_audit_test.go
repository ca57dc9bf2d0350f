package postgres

import (
	"context"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// catalogBreaks breaks each invariant of the catalogue.
var catalogBreaks = map[string]string{
	"product_columns":            "UPDATE catalog.products SET doc = (doc::jsonb || '{\"version\": 9}')::json WHERE slug = 'product-number-1'",
	"product_counts":             "UPDATE catalog.product_counts SET n = n + 1 WHERE category = (SELECT category FROM catalog.products WHERE slug = 'product-number-2')",
	"slug_belongs_to_its_user":   "DELETE FROM catalog.product_slugs WHERE slug = 'product-number-2'; DELETE FROM catalog.category_slugs WHERE slug = 'c7'",
	"sku_belongs_to_its_product": "UPDATE catalog.skus SET variant = NULL WHERE product = (SELECT id FROM catalog.products WHERE slug = 'product-number-8')",
	"category_in_the_tree":       "UPDATE catalog.categories SET parent = (SELECT id FROM catalog.categories WHERE slug = 'c1') WHERE slug = 'c0'",
	"price_in_one_currency":      "UPDATE catalog.skus SET currency = 'USD' WHERE product = (SELECT id FROM catalog.products WHERE slug = 'product-number-7')",
	"reference_leads_somewhere": `SET LOCAL session_replication_role = replica; -- nobody checks
		UPDATE catalog.product_counts SET category = '00000000-0000-0000-0000-000000000001'
			WHERE category = (SELECT category FROM catalog.products WHERE slug = 'product-number-3');
		UPDATE catalog.products SET category = '00000000-0000-0000-0000-000000000001',
			doc = (doc::jsonb || '{"category": "00000000-0000-0000-0000-000000000001"}')::json
			WHERE category = (SELECT category FROM catalog.products WHERE slug = 'product-number-3')`,
}

func TestDB_ViolationsOfTheCatalogue(t *testing.T) {
	t.Parallel()
	s := newShelf(t, open(t))
	categories, _, products := s.stock(20)
	categories[1].Parent = categories[0].ID
	products[4].Slug, products[4].Version = "another-slug", 4
	products[4].Category, products[6].Released = id.Category{}, s.now
	products[5].Variants = products[5].Variants[:0]
	s.must(s.save(products[:10]...), s.try(func(ctx context.Context, tx ports.CatalogTx) error {
		if err := tx.Categories.SaveCategories(ctx, categories...); err != nil {
			return err
		}
		return tx.Products.Delete(ctx, products[19].ID)
	}), s.save(s.product("bare")))
	if broken, err := s.db.Violations(t.Context()); err != nil || len(broken) != 0 {
		t.Fatalf("an honest catalogue has %+v, %v", broken, err)
	}

	for invariant, breaking := range catalogBreaks {
		t.Run(invariant, func(t *testing.T) {
			tx, err := s.db.catalog.primary.pool.Begin(t.Context())
			s.must(err)
			defer tx.Rollback(t.Context()) //nolint:errcheck // nothing of it is kept
			if _, err := tx.Conn().PgConn().Exec(t.Context(), breaking).ReadAll(); err != nil {
				t.Fatal(err)
			}
			broken, err := Join(tx).realm(ports.Catalog).audit(t.Context(), invariantsOf(ports.Catalog), time.Time{})
			if err != nil || len(broken) == 0 {
				t.Fatalf("%+v, %v", broken, err)
			}
			for _, b := range broken {
				if b.Invariant != invariant || b.Subject == "" || b.Detail == "" {
					t.Errorf("%+v", b)
				}
			}
		})
	}

	for _, known := range invariantsOf(ports.Catalog) {
		if _, ok := catalogBreaks[known.Name]; !ok {
			t.Errorf("nothing breaks %s", known.Name)
		}
	}
}
