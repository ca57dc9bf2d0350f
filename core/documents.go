package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// binder makes documents of products.
type binder struct {
	s         *shared
	taxonomy  *catalog.Taxonomy
	available map[string]int
}

func (se *Search) binder(ctx context.Context, mark ports.Mark) (*binder, error) {
	taxonomy, err := se.s.Catalog.Taxonomy.Taxonomy(ctx, mark)
	return &binder{s: se.s, taxonomy: taxonomy}, err
}

// count reads on the primary what is available of SKUs.
func (b *binder) count(ctx context.Context, skus []id.SKU) error {
	at, err := b.s.Orders.Marks.Position(ctx)
	if err != nil {
		return err
	}
	b.available, err = b.s.Orders.Stock.Availability(ctx, skus, at)
	return err
}

// document is what the index is to know of a SKU: of a product that may be
// gone (nil), without that variant, or not on sale.
func (b *binder) document(p *catalog.Product, sku id.SKU, version int64) search.Document {
	d := search.Document{SKU: sku, Version: version, Deleted: true}
	if p == nil || p.Status != catalog.Active {
		return d
	}
	v := p.Variant(sku)
	if v == nil || v.Status != catalog.VariantActive {
		return d
	}
	d = search.Document{
		SKU: v.SKU, Product: p.ID, Version: version, Name: p.Name, Title: v.Title, Slug: p.Slug, Description: p.Description,
		Attributes: b.values(p, v), Price: p.Price(v), InStock: b.available[v.SKU.Fold()] > 0, Rating: float64(p.Rating.Average) / 100,
		Ratings: p.Rating.Count, Sales: p.Popularity, Featured: p.Featured, Released: p.Released, Created: p.CreatedAt,
	}
	if brand, ok := b.taxonomy.Brand(p.Brand); ok {
		d.Brand = search.Brand{Slug: brand.Slug, Name: brand.Name}
	}
	path := b.taxonomy.Path(p.Category)
	d.Categories = make([]search.Category, len(path))
	for i, c := range path {
		d.Categories[i] = search.Category{ID: c.ID, Slug: c.Slug, Name: c.Name}
	}
	return d
}

// values is everything a variant can be filtered by: attributes and options.
func (b *binder) values(p *catalog.Product, v *catalog.Variant) map[string]search.Value {
	all := make(map[string]search.Value, len(p.Attributes)+len(v.Attributes)+len(v.Options))
	for _, o := range v.Options {
		all[o.Name] = search.Text(o.Value)
	}
	for _, attributes := range []catalog.Attributes{p.Attributes, v.Attributes} {
		for name, value := range attributes {
			all[name] = searchValue(value)
		}
	}
	return all
}

func searchValue(v catalog.Value) search.Value {
	if n, ok := v.Number(); ok {
		return search.Number(n)
	}
	if b, ok := v.Boolean(); ok {
		return search.Bool(b)
	}
	return search.Text(v.String())
}
