package postgres

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

// shelf is a catalogue with makers of valid things.
type shelf struct {
	t     testing.TB
	db    *DB
	store ports.CatalogStore
	ids   *id.Source
	now   time.Time
}

func newShelf(t testing.TB, db *DB) *shelf {
	return &shelf{
		t: t, db: db, store: db.Catalog(), ids: id.NewSource(time.Now, rand.Reader), now: time.Date(2026, 11, 5, 10, 30, 0, 0, time.UTC),
	}
}

func (s *shelf) try(fn func(ctx context.Context, tx ports.CatalogTx) error) error {
	_, err := s.store.Tx.InTx(context.WithoutCancel(s.t.Context()), fn)
	return err
}

func (s *shelf) save(ps ...catalog.Product) error {
	return s.try(func(ctx context.Context, tx ports.CatalogTx) error { return tx.Products.Save(ctx, ps...) })
}

// must ends the test unless all went well.
func (s *shelf) must(errs ...error) {
	s.t.Helper()
	for _, err := range errs {
		if err != nil {
			s.t.Fatal(err)
		}
	}
}

// product returns an active product of one variant, as little as can be.
func (s *shelf) product(slug string, skus ...id.SKU) catalog.Product {
	p := catalog.Product{
		ID: id.Product{UUID: s.ids.New()}, Slug: slug, Name: slug, Status: catalog.Active, BasePrice: money.New(1000, "EUR"),
		Attributes: catalog.Attributes{}, Images: []catalog.Image{}, Version: 1, CreatedAt: s.now, UpdatedAt: s.now, Variants: []catalog.Variant{},
	}
	for _, sku := range skus {
		p.Variants = append(p.Variants, catalog.Variant{
			ID: id.Variant{UUID: s.ids.New()}, SKU: sku, Options: []catalog.Option{}, Attributes: catalog.Attributes{},
			Status: catalog.VariantActive, Images: []catalog.Image{}, EAN: []string{},
		})
	}
	return p
}

func (s *shelf) category(slug string) catalog.Category {
	return catalog.Category{ID: id.Category{UUID: s.ids.New()}, Slug: slug, Name: slug, Version: 1}
}

func (s *shelf) brand(slug string) catalog.Brand {
	return catalog.Brand{ID: id.Brand{UUID: s.ids.New()}, Slug: slug, Name: slug, Version: 1}
}

// stock fills the catalogue as a real feed would: a hundred categories and ten
// brands, twenty attributes, a description, one variant and now and then three.
func (s *shelf) stock(n int) (categories []catalog.Category, brands []catalog.Brand, products []catalog.Product) {
	s.t.Helper()
	for i := range 100 {
		categories = append(categories, s.category(fmt.Sprint("c", i)))
	}
	for i := range 10 {
		brands = append(brands, s.brand(fmt.Sprint("b", i)))
	}
	for i := range n {
		skus := []id.SKU{id.SKU(fmt.Sprintf("SKU-%d-A", i*7919%n)), id.SKU(fmt.Sprintf("SKU-%d-B", i*7919%n)), id.SKU(fmt.Sprintf("SKU-%d-C", i*7919%n))}
		if i%7 != 0 {
			skus = skus[:1]
		}
		p := s.product(fmt.Sprint("product-number-", i), skus...)
		p.Name, p.Description = fmt.Sprint("A usual product, number ", i), strings.Repeat("Some sentence about the product. ", 12)
		p.Category, p.Brand, p.BasePrice = categories[(i*i)%len(categories)].ID, brands[i%len(brands)].ID, money.New(int64(i*7919%10000), "EUR")
		p.CreatedAt, p.UpdatedAt = s.now.Add(time.Duration(i)*time.Second), s.now.Add(time.Duration(i)*time.Second)
		p.Featured, p.Popularity, p.Rating = i%100 == 0, int64(i%997), catalog.Rating{Average: 100 + i%400, Count: i % 31}
		if i%5 == 0 {
			p.Family = fmt.Sprint("family ", i)
		}
		for j := range 20 {
			p.Attributes[fmt.Sprint("some_attribute_", j)] = catalog.Text(fmt.Sprint("value ", j))
		}
		p.Images = append(p.Images, catalog.Image{URL: "https://images.example/img/gallery_mediums/img_3920564_medium_1472618727_1445_7091.jpg"})
		products = append(products, p)
	}
	s.must(s.try(func(ctx context.Context, tx ports.CatalogTx) error {
		if err := tx.Categories.SaveCategories(ctx, categories...); err != nil {
			return err
		}
		return tx.Brands.SaveBrands(ctx, brands...)
	}))
	for from := 0; from < n; from += 500 {
		s.must(s.save(products[from:min(from+500, n)]...))
	}
	return categories, brands, products
}
