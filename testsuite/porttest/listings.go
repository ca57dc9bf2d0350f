package porttest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
)

// TestListings is the contract of Products.Page and Taxonomies.ActiveCounts.
func TestListings(t *testing.T, h CatalogHarness) {
	t.Parallel()

	t.Run("AnEmptyPageIsNoError", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		l := catalog.Listing{Sort: catalog.Newest, Page: 1, PerPage: 24}
		got, err := w.store.Products.Page(t.Context(), l, ports.Mark{})
		mustSame(t, "of nothing", got, err, catalog.Page{Products: []catalog.Product{}})
		w.save(w.product("a"))
		l.Page = 2
		got, err = w.store.Products.Page(t.Context(), l, ports.Mark{})
		mustSame(t, "past the end", got, err, catalog.Page{Products: []catalog.Product{}, Total: 1})
		l.Page, l.Categories = 1, []id.Category{{UUID: w.ids.New()}}
		got, err = w.store.Products.Page(t.Context(), l, ports.Mark{})
		mustSame(t, "of an unknown category", got, err, catalog.Page{Products: []catalog.Product{}})
		counts, err := w.store.Taxonomy.ActiveCounts(t.Context(), ports.Mark{})
		mustSame(t, "counts", counts, err, map[id.Category]int{})
	})

	t.Run("WhatIsOutOfRangeIsInvalid", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		for _, l := range []catalog.Listing{
			{Sort: catalog.Newest, Page: 0, PerPage: 1}, {Sort: catalog.Newest, Page: 1, PerPage: 101}, {Sort: "best", Page: 1, PerPage: 1},
		} {
			_, err := w.store.Products.Page(t.Context(), l, ports.Mark{})
			mustFail(t, err, fault.Invalid, "validation_failed")
		}
		_, err := w.store.Products.Page(t.Context(), catalog.Listing{Sort: catalog.Newest, Page: 11, PerPage: 100}, ports.Mark{})
		mustFail(t, err, fault.Invalid, "page_out_of_range")
	})

	t.Run("AgreesWithAModel", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		random := rand.New(rand.NewPCG(1, 2)) // the same catalogue every time
		var categories []catalog.Category
		var brands []catalog.Brand
		for i := range 5 {
			categories = append(categories, w.category(fmt.Sprint("c", i), id.Category{}))
			brands = append(brands, w.brand(fmt.Sprint("b", i)))
		}
		w.saveCategories(categories...)
		w.saveBrands(brands...)
		all := make([]catalog.Product, 150)
		for i := range all {
			all[i] = randomProduct(w, random, i, categories, brands)
		}
		w.save(all...)
		agree := func(when string) {
			t.Helper()
			for n := range 150 {
				l := randomListing(random, categories, brands)
				want, wantTotal := list(all, l)
				if got, total := w.page(l); total != wantTotal || !slices.Equal(got, want) {
					t.Fatalf("%s, listing %d: %+v\ngot  %d of %d: %v\nwant %d of %d: %v", when, n, l, len(got), total, got, len(want), wantTotal, want)
				}
			}
			counts, err := w.store.Taxonomy.ActiveCounts(t.Context(), ports.Mark{})
			mustSame(t, when+": counts", counts, err, activeCounts(all))
		}
		agree("at first")
		for i := range all { // changes of everything that a list goes by
			if random.IntN(3) == 0 {
				changed := randomProduct(w, random, i, categories, brands)
				changed.ID = all[i].ID
				changed.Variants = append(changed.Variants[:0], all[i].Variants...)
				all[i] = changed
			}
		}
		w.save(all...)
		agree("after changes")
		w.remove(all[0].ID, all[7].ID, all[149].ID)
		all = slices.Delete(slices.Delete(slices.Delete(all, 149, 150), 7, 8), 0, 1)
		agree("after deletions")
	})
}

func randomProduct(w *catalogWorld, random *rand.Rand, i int, categories []catalog.Category, brands []catalog.Brand) catalog.Product {
	p := w.product(fmt.Sprint("p", i))
	p.Status = []catalog.Status{catalog.Active, catalog.Active, catalog.Active, catalog.Draft, catalog.Archived}[random.IntN(5)]
	if n := random.IntN(6); n < 5 {
		p.Category = categories[n*n/5].ID // some hold much, some little, some nothing
	}
	if n := random.IntN(8); n < 5 {
		p.Brand = brands[n].ID
	}
	p.Featured = random.IntN(5) == 0
	p.BasePrice = money.New(int64(random.IntN(5))*100, "EUR")
	p.CreatedAt = w.now.Add(time.Duration(random.IntN(4)) * time.Microsecond)
	if random.IntN(2) == 0 {
		p.Released = w.now.Add(time.Duration(random.IntN(6)-3) * time.Microsecond)
	}
	p.Rating = catalog.Rating{Average: random.IntN(3) * 200, Count: random.IntN(3)}
	p.Popularity = int64(random.IntN(3))
	for range random.IntN(3) {
		v := w.variant(id.SKU(fmt.Sprintf("V-%d-%d", i, len(p.Variants))))
		v.PriceOverride = money.New(int64(random.IntN(6))*100, "EUR")
		v.Status = []catalog.VariantStatus{catalog.VariantActive, catalog.VariantDisabled}[random.IntN(2)]
		p.Variants = append(p.Variants, v)
	}
	return p
}

func randomListing(random *rand.Rand, categories []catalog.Category, brands []catalog.Brand) catalog.Listing {
	l := catalog.Listing{
		Sort: []catalog.Sort{catalog.Newest, catalog.PriceAsc, catalog.PriceDesc, catalog.ByRating, catalog.ByPopularity}[random.IntN(5)],
		Page: 1 + random.IntN(3), PerPage: 1 + random.IntN(20),
	}
	for range random.IntN(4) { // also the same twice
		l.Categories = append(l.Categories, categories[random.IntN(len(categories))].ID)
	}
	if random.IntN(3) == 0 {
		l.Brand = brands[random.IntN(len(brands))].ID
	}
	if random.IntN(3) == 0 {
		featured := random.IntN(2) == 0
		l.Featured = &featured
	}
	return l
}

// list is what Page must answer, worked out the slow way.
func list(all []catalog.Product, l catalog.Listing) (page []id.Product, total int) {
	var matching []catalog.Product
	for _, p := range all {
		if p.Status == catalog.Active && (len(l.Categories) == 0 || slices.Contains(l.Categories, p.Category)) &&
			(l.Brand.IsZero() || p.Brand == l.Brand) && (l.Featured == nil || p.Featured == *l.Featured) {
			matching = append(matching, p)
		}
	}
	slices.SortFunc(matching, func(a, b catalog.Product) int {
		by := 0
		switch l.Sort {
		case catalog.Newest:
			by = b.Newest().Compare(a.Newest())
		case catalog.PriceAsc:
			by = a.ListPrice().Compare(b.ListPrice())
		case catalog.PriceDesc:
			by = b.ListPrice().Compare(a.ListPrice())
		case catalog.ByRating:
			by = cmp.Or(cmp.Compare(b.Rating.Average, a.Rating.Average), cmp.Compare(b.Rating.Count, a.Rating.Count))
		case catalog.ByPopularity:
			by = cmp.Compare(b.Popularity, a.Popularity)
		}
		return cmp.Or(by, slices.Compare(a.ID.UUID[:], b.ID.UUID[:]))
	})
	from := min((l.Page-1)*l.PerPage, len(matching))
	return productIDs(matching[from:min(from+l.PerPage, len(matching))]), len(matching)
}

func activeCounts(all []catalog.Product) map[id.Category]int {
	counts := map[id.Category]int{}
	for _, p := range all {
		if p.Status == catalog.Active && !p.Category.IsZero() {
			counts[p.Category]++
		}
	}
	return counts
}
