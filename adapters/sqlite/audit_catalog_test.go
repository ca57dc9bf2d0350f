package sqlite

import (
	"testing"

	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/bodega-commerce/bodega/core/id"
)

// stocked is a catalogue of a few products with categories, brands and history.
func stocked(t *testing.T) *DB {
	t.Helper()
	db := open(t)
	categories, products := usualCatalog(20)
	categories[1].Parent = categories[0].ID
	saveAll(t, db.Catalog(), categories, products)
	products[3].Slug, products[3].Version = "another-slug", 4
	products[4].Category = id.Category{}
	products[5].Variants = products[5].Variants[:0]
	saveAll(t, db.Catalog(), categories, products[:10])
	return db
}

// catalogBreaks breaks each invariant of the catalogue.
var catalogBreaks = map[string][]string{
	"product_columns":            {"UPDATE products SET doc = json_set(doc, '$.version', 9) WHERE seq = 1"},
	"slug_belongs_to_its_user":   {"DELETE FROM product_slugs WHERE product = 2", "DELETE FROM category_slugs WHERE slug = 'c7'"},
	"sku_belongs_to_its_product": {"UPDATE skus SET variant = NULL WHERE product = (SELECT id FROM products WHERE seq = 8)"},
	"category_in_the_tree":       {"UPDATE categories SET parent = (SELECT id FROM categories WHERE slug = 'c1') WHERE slug = 'c0'"},
	"price_in_one_currency":      {"UPDATE skus SET currency = 'USD' WHERE product = (SELECT id FROM products WHERE seq = 7)"},
	"store_is_intact": {
		"PRAGMA foreign_keys = OFF",
		`UPDATE products SET category = x'00000000000000000000000000000001',
			doc = json_set(doc, '$.category', '00000000-0000-0000-0000-000000000001') WHERE seq = 3`,
	},
}

func TestDB_ViolationsOfTheCatalogue(t *testing.T) {
	t.Parallel()
	if broken, err := stocked(t).Violations(t.Context()); err != nil || len(broken) != 0 {
		t.Errorf("an honest catalogue has %+v, %v", broken, err)
	}
	for invariant, breaking := range catalogBreaks {
		t.Run(invariant, func(t *testing.T) {
			t.Parallel()
			db := stocked(t)
			for _, sql := range breaking {
				if err := sqlitex.ExecuteTransient(db.writer.conn, sql, nil); err != nil { // nobody else writes
					t.Fatal(err)
				}
			}
			broken, err := db.Violations(t.Context())
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
}
