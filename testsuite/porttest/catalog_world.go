package porttest

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
)

// catalogWorld is an empty catalogue with makers of valid things. Its time
// stands still; ids rise in the order they were made.
type catalogWorld struct {
	t     *testing.T
	store ports.CatalogStore
	ids   *id.Source
	now   time.Time
}

func newCatalogWorld(t *testing.T, h CatalogHarness) *catalogWorld {
	t.Helper()
	return &catalogWorld{
		t: t, store: h.New(t), ids: id.NewSource(time.Now, rand.Reader),
		now: time.Date(2026, 11, 5, 10, 30, 0, 123456000, time.UTC),
	}
}

// try runs one transaction and returns its error.
func (w *catalogWorld) try(fn func(tx ports.CatalogTx) error) error {
	_, err := w.store.Tx.InTx(w.t.Context(), func(_ context.Context, tx ports.CatalogTx) error { return fn(tx) })
	return err
}

// inTx runs one transaction that must succeed.
func (w *catalogWorld) inTx(fn func(tx ports.CatalogTx) error) {
	w.t.Helper()
	if err := w.try(fn); err != nil {
		w.t.Fatal(err)
	}
}

// product returns an active product of one variant, with nothing in it that
// need not be. Its SKU is the name in upper case.
func (w *catalogWorld) product(name string) catalog.Product {
	return catalog.Product{
		ID: id.Product{UUID: w.ids.New()}, Slug: name, Name: name, Status: catalog.Active, BasePrice: money.New(1000, "EUR"),
		Attributes: catalog.Attributes{}, Images: []catalog.Image{}, Version: 1, CreatedAt: w.now, UpdatedAt: w.now,
		Variants: []catalog.Variant{w.variant(id.SKU("SKU-" + name))},
	}
}

func (w *catalogWorld) variant(sku id.SKU) catalog.Variant {
	return catalog.Variant{
		ID: id.Variant{UUID: w.ids.New()}, SKU: sku, Options: []catalog.Option{}, Attributes: catalog.Attributes{},
		Status: catalog.VariantActive, Images: []catalog.Image{}, EAN: []string{},
	}
}

// fullProduct returns a product with every member set, in a category and of a
// brand that are stored with it.
func (w *catalogWorld) fullProduct(slug string) catalog.Product {
	w.t.Helper()
	category, brand := w.category("of-"+slug, id.Category{}), w.brand("by-"+slug)
	w.saveCategories(category)
	w.saveBrands(brand)
	p := w.product(slug)
	p.Name, p.Description = "Größe \"M\"\tתו & <b>", "Line one\nline two \\ \u2028 end \x01"
	p.Brand, p.Category = brand.ID, category.ID
	p.CompareAt, p.Featured, p.Family = money.New(2000, "EUR"), true, "A family of "+slug
	p.Attributes = catalog.Attributes{
		"size": catalog.Text("M"), "empty": catalog.Text(""), "weight": catalog.Num(0.1), "huge": catalog.Num(1e300), "below": catalog.Num(-3),
		"new": catalog.Bool(true), "used": catalog.Bool(false),
	}
	p.Images = []catalog.Image{
		{ID: id.Image{UUID: w.ids.New()}, Key: "ab/cd.jpg", Alt: "a tee", Width: 800, Height: 600, Sizes: []catalog.ImageSize{{Width: 200, Key: "ab/cd-200.jpg"}}},
		{ID: id.Image{UUID: w.ids.New()}, URL: "https://images.example/a?b=c&d=e"},
	}
	p.SEO = catalog.SEO{Title: "Buy", Description: "Now"}
	p.Released = time.Date(1969, 12, 31, 23, 59, 59, 999999000, time.UTC)
	p.Rating, p.Popularity, p.Version = catalog.Rating{Average: 433, Count: 3}, 1<<40, 7
	p.UpdatedAt = w.now.Add(time.Microsecond)
	v := w.variant(id.SKU("Full." + slug))
	v.Title, v.PriceOverride, v.CompareAt = "The big one", money.New(1500, "EUR"), money.New(1900, "EUR")
	v.Options = []catalog.Option{{Name: "size", Value: "M"}, {Name: "colour", Value: `"red"`}}
	v.Attributes = catalog.Attributes{"sleeve": catalog.Num(61.5)}
	v.Images, v.EAN = p.Images[:1], []string{"4006381333931", "0042100005264"}
	p.Variants = append(p.Variants, v)
	return p
}

func (w *catalogWorld) save(ps ...catalog.Product) {
	w.t.Helper()
	w.inTx(func(tx ports.CatalogTx) error { return tx.Products.Save(w.t.Context(), ps...) })
}

func (w *catalogWorld) trySave(ps ...catalog.Product) error {
	return w.try(func(tx ports.CatalogTx) error { return tx.Products.Save(w.t.Context(), ps...) })
}

func (w *catalogWorld) remove(ids ...id.Product) {
	w.t.Helper()
	w.inTx(func(tx ports.CatalogTx) error { return tx.Products.Delete(w.t.Context(), ids...) })
}

func (w *catalogWorld) category(slug string, parent id.Category) catalog.Category {
	return catalog.Category{ID: id.Category{UUID: w.ids.New()}, Parent: parent, Slug: slug, Name: slug, Version: 1}
}

func (w *catalogWorld) saveCategories(cs ...catalog.Category) {
	w.t.Helper()
	w.inTx(func(tx ports.CatalogTx) error { return tx.Categories.SaveCategories(w.t.Context(), cs...) })
}

func (w *catalogWorld) brand(slug string) catalog.Brand {
	return catalog.Brand{ID: id.Brand{UUID: w.ids.New()}, Slug: slug, Name: slug, Version: 1}
}

func (w *catalogWorld) saveBrands(bs ...catalog.Brand) {
	w.t.Helper()
	w.inTx(func(tx ports.CatalogTx) error { return tx.Brands.SaveBrands(w.t.Context(), bs...) })
}

func (w *catalogWorld) taxonomy() *catalog.Taxonomy {
	w.t.Helper()
	taxonomy, err := w.store.Taxonomy.Taxonomy(w.t.Context(), ports.Mark{})
	if err != nil {
		w.t.Fatal(err)
	}
	return taxonomy
}

func (w *catalogWorld) raise(p id.Product) []ports.SearchVersion {
	w.t.Helper()
	return w.raiseAll(p)[p]
}

func (w *catalogWorld) raiseAll(products ...id.Product) map[id.Product][]ports.SearchVersion {
	w.t.Helper()
	var raised map[id.Product][]ports.SearchVersion
	w.inTx(func(tx ports.CatalogTx) (err error) {
		raised, err = tx.Versions.Raise(w.t.Context(), products...)
		return err
	})
	return raised
}

func (w *catalogWorld) page(l catalog.Listing) (products []id.Product, total int) {
	w.t.Helper()
	page, err := w.store.Products.Page(w.t.Context(), l, ports.Mark{})
	if err != nil {
		w.t.Fatalf("%+v: %v", l, err)
	}
	return productIDs(page.Products), page.Total
}

func productIDs(ps []catalog.Product) []id.Product {
	ids := make([]id.Product, len(ps))
	for i := range ps {
		ids[i] = ps[i].ID
	}
	return ids
}

func byID(ps []catalog.Product) []catalog.Product {
	sorted := slices.Clone(ps)
	slices.SortFunc(sorted, func(a, b catalog.Product) int { return slices.Compare(a.ID.UUID[:], b.ID.UUID[:]) })
	return sorted
}

// names makes a readable list of products for a failure's message.
func names(ps []catalog.Product) string {
	all := make([]string, len(ps))
	for i := range ps {
		all[i] = ps[i].Name
	}
	return fmt.Sprintf("%q", all)
}
