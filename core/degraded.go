package core

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// withoutEngine answers what the store can: products of the category and
// brands, and with the text in their name.
func (se *Search) withoutEngine(ctx context.Context, found FoundProducts, t *catalog.Taxonomy, q search.Query, after ports.Marks) (FoundProducts, error) {
	found.Degraded, found.Result = true, search.Result{Facets: []search.Facet{}}
	var views []ProductView
	if q.Text == "" && len(q.Brands) < 2 {
		page, err := (&Catalog{se.s}).List(ctx, listed(t, q, after))
		if err != nil {
			return FoundProducts{}, err
		}
		views, found.Total = page.Products, page.Total
	} else {
		products, err := se.scan(ctx, t, q)
		if err != nil {
			return FoundProducts{}, err
		}
		found.Total = len(products)
		from := min((q.Page-1)*q.PerPage, len(products))
		products = products[from:min(from+q.PerPage, len(products))]
		if views, err = se.s.present(ctx, products, after, false); err != nil {
			return FoundProducts{}, err
		}
	}
	for _, v := range views {
		h := search.Hit{Product: v.ID, Name: v.Name}
		if len(v.Variants) > 0 {
			h.SKU = v.Variants[0].SKU
		}
		found.Hits = append(found.Hits, h)
		found.Items = append(found.Items, FoundProduct{v, h})
	}
	return found, nil
}

// listed is a query without a text as a list.
func listed(t *catalog.Taxonomy, q search.Query, after ports.Marks) ListProducts {
	list := ListProducts{Category: q.Category, Sort: catalog.Sort(q.Sort), Page: q.Page, PerPage: q.PerPage, After: after}
	if c, ok := categoryOf(t, q.Category); ok {
		list.Category = c.Slug
	}
	if q.Sort == search.ByRelevance {
		list.Sort = catalog.ByPopularity
	}
	if len(q.Brands) == 1 {
		list.Brand = q.Brands[0]
	}
	return list
}

// categoryOf returns a category by slug, an old one too, or by id.
func categoryOf(t *catalog.Taxonomy, slugOrID string) (catalog.Category, bool) {
	if c, ok := t.CategoryBySlug(slugOrID); ok {
		return c, true
	}
	u, _ := id.Parse(slugOrID)
	return t.Category(id.Category{UUID: u})
}

// maxScan is how many products are looked at, of each brand, while the engine
// is down: the store has no index that could help.
const maxScan = 1000

// scan returns the products, by name, that the store finds for a query.
func (se *Search) scan(ctx context.Context, t *catalog.Taxonomy, q search.Query) ([]catalog.Product, error) {
	if utf8.RuneCountInString(q.Text) > catalog.MaxName {
		return nil, nil // longer than any name
	}
	brands := []id.Brand{{}} // any
	if len(q.Brands) > 0 {
		brands = brands[:0]
		for _, slug := range q.Brands {
			if b, ok := t.BrandBySlug(slug); ok && !slices.Contains(brands, b.ID) {
				brands = append(brands, b.ID)
			}
		}
	}
	var within []id.Category
	if q.Category != "" {
		c, ok := categoryOf(t, q.Category)
		if !ok {
			return nil, nil
		}
		within = t.Within(c.ID)
	}
	var found []catalog.Product
	for _, brand := range brands {
		b := catalog.Browse{Query: q.Text, Status: catalog.Active, Brand: brand, Sort: catalog.BrowseByName, Limit: catalog.MaxPerPage}
		for range maxScan / catalog.MaxPerPage {
			stretch, _, err := se.s.Catalog.Records.Browse(ctx, b)
			if err != nil {
				return nil, err
			}
			for i := range stretch {
				if within == nil || slices.Contains(within, stretch[i].Category) {
					found = append(found, stretch[i])
				}
			}
			if len(stretch) < b.Limit {
				break
			}
			b.After = b.Key(&stretch[len(stretch)-1])
		}
	}
	slices.SortStableFunc(found, func(x, y catalog.Product) int {
		return cmp.Or(strings.Compare(x.Name, y.Name), slices.Compare(x.ID.UUID[:], y.ID.UUID[:]))
	})
	return found, nil
}
