package sqlite

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
)

// usualCatalog makes products as a real feed has them: twenty attributes, a
// description, one variant and now and then three.
func usualCatalog(n int) (categories []catalog.Category, products []catalog.Product) {
	ids := id.NewSource(time.Now, rand.Reader)
	for i := range 100 {
		categories = append(categories, catalog.Category{ID: id.Category{UUID: ids.New()}, Slug: fmt.Sprint("c", i), Name: fmt.Sprint("c", i)})
	}
	for i := range n {
		p := benchmarkProduct()
		p.ID, p.Slug, p.Brand = id.Product{UUID: ids.New()}, fmt.Sprint("product-number-", i), id.Brand{}
		p.Category, p.BasePrice = categories[(i*i)%len(categories)].ID, money.New(int64(i*7919%10000), "EUR")
		p.CreatedAt = time.UnixMicro(int64(i)).UTC()
		if i%7 != 0 {
			p.Variants = p.Variants[:1]
		}
		for j := range p.Variants {
			p.Variants[j].ID, p.Variants[j].SKU = id.Variant{UUID: ids.New()}, id.SKU(fmt.Sprintf("SKU-%d-%d", i*7919%n, j))
		}
		products = append(products, p)
	}
	return categories, products
}

// benchmarkProduct is a product as a real feed has them.
func benchmarkProduct() catalog.Product {
	p := catalog.Product{
		ID: id.Product{UUID: id.UUID{1}}, Slug: "a-usual-product", Name: "A usual product", Status: catalog.Active, BasePrice: money.New(1999, "EUR"),
		Description: strings.Repeat("Some sentence about the product. ", 12), Brand: id.Brand{UUID: id.UUID{2}}, Category: id.Category{UUID: id.UUID{3}},
		Images: []catalog.Image{{URL: "https://images.example/img/gallery_mediums/img_3920564_medium_1472618727_1445_7091.jpg"}}, Version: 3,
		CreatedAt: time.UnixMicro(1), UpdatedAt: time.UnixMicro(2), Attributes: catalog.Attributes{},
	}
	for i := range 20 {
		p.Attributes[fmt.Sprintf("some_attribute_%d", i)] = catalog.Text(fmt.Sprintf("value %d", i))
	}
	for i := range 3 {
		p.Variants = append(p.Variants, catalog.Variant{
			ID: id.Variant{UUID: id.UUID{4, byte(i)}}, SKU: id.SKU(fmt.Sprintf("SKU-%d", i)), Status: catalog.VariantActive, Title: "A usual variant",
			Options: []catalog.Option{{Name: "size", Value: "M"}}, EAN: []string{"4006381333931"},
		})
	}
	return p
}

func saveAll(tb testing.TB, store ports.CatalogStore, categories []catalog.Category, products []catalog.Product) {
	tb.Helper()
	for from := 0; from < len(products); from += 500 {
		if _, err := store.Tx.InTx(context.Background(), func(ctx context.Context, tx ports.CatalogTx) error {
			if from == 0 {
				if err := tx.Categories.SaveCategories(ctx, categories...); err != nil {
					return err
				}
			}
			return tx.Products.Save(ctx, products[from:min(from+500, len(products))]...)
		}); err != nil {
			tb.Fatal(err)
		}
	}
}

func BenchmarkSave(b *testing.B) {
	categories, products := usualCatalog(15_500)
	variants := 0
	for i := range products {
		variants += len(products[i].Variants)
	}
	for b.Loop() {
		b.StopTimer()
		store := open(b).Catalog()
		b.StartTimer()
		saveAll(b, store, categories, products)
	}
	b.ReportMetric(float64(variants*b.N)/b.Elapsed().Seconds(), "variants/s")
}

func BenchmarkReads(b *testing.B) {
	for _, n := range []int{15_500, 77_500} { // 20,000 and 100,000 variants
		categories, products := usualCatalog(n)
		db := open(b)
		store := db.Catalog()
		saveAll(b, store, categories, products)
		i := 0
		next := func() *catalog.Product { i = (i + 7919) % n; return &products[i] }
		run := func(name string, fn func() error) {
			b.Run(fmt.Sprintf("%d/%s", n, name), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := fn(); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
		run("slug", func() error { _, err := store.Products.BySlug(b.Context(), next().Slug, ports.Mark{}); return err })
		run("offers of 3", func() error {
			_, err := store.Offers.Offers(b.Context(), []id.SKU{next().Variants[0].SKU, next().Variants[0].SKU, next().Variants[0].SKU})
			return err
		})
		some := make([]id.Category, 50)
		for i := range some {
			some[i] = categories[i].ID
		}
		for name, in := range map[string][]id.Category{"all": nil, "one": some[:1], "fifty": some} {
			for _, sort := range []catalog.Sort{catalog.Newest, catalog.PriceAsc} {
				for _, page := range []int{1, 40} {
					run(fmt.Sprintf("page %s %s %d", name, sort, page), func() error {
						_, err := store.Products.Page(b.Context(), catalog.Listing{Categories: in, Sort: sort, Page: page, PerPage: 24}, ports.Mark{})
						return err
					})
				}
			}
		}
		run("counts after a write", func() error {
			db.derived.counts.change()
			_, err := store.Taxonomy.ActiveCounts(b.Context(), ports.Mark{})
			return err
		})
		run("taxonomy", func() error { _, err := store.Taxonomy.Taxonomy(b.Context(), ports.Mark{}); return err })
		run("all", func() error { return store.Records.All(b.Context(), func(catalog.Product) error { return nil }) })
		run("browse name", func() error {
			_, _, err := store.Records.Browse(b.Context(), catalog.Browse{Query: "number", Sort: catalog.BrowseByName, Limit: 24, Count: true})
			return err
		})
	}
}
