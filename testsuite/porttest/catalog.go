package porttest

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
)

// CatalogHarness makes catalogues to test.
type CatalogHarness struct {
	// New returns an empty catalogue of its own, gone after the test.
	New func(t *testing.T) ports.CatalogStore
}

// TestCatalogStore runs every suite of the realm.
func TestCatalogStore(t *testing.T, h CatalogHarness) {
	t.Run("Products", func(t *testing.T) { TestProducts(t, h) })
	t.Run("Listings", func(t *testing.T) { TestListings(t, h) })
	t.Run("Records", func(t *testing.T) { TestProductRecords(t, h) })
	t.Run("Offers", func(t *testing.T) { TestOffers(t, h) })
	t.Run("ProductWriter", func(t *testing.T) { TestProductWriter(t, h) })
	t.Run("SearchVersions", func(t *testing.T) { TestSearchVersions(t, h) })
	t.Run("Taxonomy", func(t *testing.T) { TestTaxonomy(t, h) })
	t.Run("Images", func(t *testing.T) { TestImages(t, h) })
	t.Run("Imports", func(t *testing.T) { TestImports(t, h) })
	t.Run("SearchSettings", func(t *testing.T) { TestSearchSettings(t, h) })
	t.Run("SearchWorks", func(t *testing.T) { TestSearchWorks(t, h) })
	t.Run("Sales", func(t *testing.T) { TestSales(t, h) })
	t.Run("SearchTallies", func(t *testing.T) { TestSearchTallies(t, h) })
}

// TestProducts is the contract of Products but for Page.
func TestProducts(t *testing.T, h CatalogHarness) {
	t.Parallel()

	t.Run("RoundTripsExactly", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		for name, want := range map[string]catalog.Product{"bare": w.product("bare"), "full": w.fullProduct("full")} {
			w.save(want)
			got, err := w.store.Products.BySlug(t.Context(), want.Slug, ports.Mark{})
			mustSame(t, name+" by slug", got, err, want)
			got, err = w.store.Records.Product(t.Context(), want.ID)
			mustSame(t, name+" record", got, err, want)
			w.inTx(func(tx ports.CatalogTx) error {
				got, err := tx.Products.ForUpdate(t.Context(), want.ID)
				mustSame(t, name+" for update", got, err, []catalog.Product{want})
				return nil
			})
		}
	})

	t.Run("OnlyActiveOnesAreShown", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		draft, archived, active := w.product("draft"), w.product("archived"), w.product("active")
		draft.Status, archived.Status = catalog.Draft, catalog.Archived
		for _, status := range []catalog.VariantStatus{catalog.VariantDisabled, catalog.VariantArchived, catalog.VariantActive} {
			v := w.variant(id.SKU("ACTIVE-" + status))
			v.Status = status
			active.Variants = append(active.Variants, v)
		}
		w.save(draft, archived, active)
		for _, slug := range []string{"draft", "archived", "unknown", ""} {
			_, err := w.store.Products.BySlug(t.Context(), slug, ports.Mark{})
			mustFail(t, err, fault.NotFound, "not_found")
		}
		shown := active
		shown.Variants = []catalog.Variant{active.Variants[0], active.Variants[3]}
		got, err := w.store.Products.BySlug(t.Context(), "active", ports.Mark{})
		mustSame(t, "by slug", got, err, shown)
		many, err := w.store.Products.ByIDs(t.Context(), []id.Product{draft.ID, active.ID, archived.ID}, ports.Mark{})
		mustSame(t, "by ids", many, err, []catalog.Product{shown})
		many, err = w.store.Products.Walk(t.Context(), time.Time{}, id.Product{}, 10, ports.Mark{})
		mustSame(t, "walk", many, err, []catalog.Product{shown})
		page, err := w.store.Products.Page(t.Context(), catalog.Listing{Sort: catalog.Newest, Page: 1, PerPage: 10}, ports.Mark{})
		mustSame(t, "page", page, err, catalog.Page{Products: []catalog.Product{shown}, Total: 1})
		stored, err := w.store.Records.Product(t.Context(), active.ID)
		mustSame(t, "record", stored, err, active)
	})

	t.Run("AnOldSlugFindsTheProduct", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		p := w.product("first")
		w.save(p)
		for _, slug := range []string{"second", "third", "first", "fourth"} {
			p.Slug = slug
			w.save(p)
		}
		for _, slug := range []string{"first", "second", "third", "fourth"} {
			got, err := w.store.Products.BySlug(t.Context(), slug, ports.Mark{})
			mustSame(t, slug, got, err, p)
		}
	})

	t.Run("ByIDsKeepsTheirOrder", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		a, b, c := w.product("a"), w.product("b"), w.product("c")
		w.save(a, b, c)
		got, err := w.store.Products.ByIDs(t.Context(), []id.Product{c.ID, {UUID: w.ids.New()}, a.ID, b.ID}, ports.Mark{})
		mustSame(t, "by ids", got, err, []catalog.Product{c, a, b})
		got, err = w.store.Products.ByIDs(t.Context(), nil, ports.Mark{})
		mustSame(t, "none", got, err, []catalog.Product{})
	})

	t.Run("WalkGoesByIdFromThere", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		ps := []catalog.Product{w.product("a"), w.product("b"), w.product("c"), w.product("d"), w.product("e")}
		for i := range ps {
			ps[i].UpdatedAt = w.now.Add(-time.Duration(i) * time.Second)
		}
		ps[3].Status = catalog.Draft
		w.save(ps[4], ps[2], ps[0], ps[1], ps[3])
		for name, c := range map[string]struct {
			since time.Time
			from  id.Product
			limit int
			want  []catalog.Product
		}{
			"all":            {limit: 10, want: []catalog.Product{ps[0], ps[1], ps[2], ps[4]}},
			"limited":        {limit: 2, want: ps[:2]},
			"from":           {from: ps[1].ID, limit: 10, want: []catalog.Product{ps[2], ps[4]}},
			"from the last":  {from: ps[4].ID, limit: 10, want: []catalog.Product{}},
			"since, at":      {since: w.now.Add(-2 * time.Second), limit: 10, want: ps[:3]},
			"since, limited": {since: w.now.Add(-2 * time.Second), limit: 2, want: ps[:2]},
			"since and from": {since: w.now.Add(-2 * time.Second), from: ps[0].ID, limit: 10, want: ps[1:3]},
			"since later":    {since: w.now.Add(time.Microsecond), limit: 10, want: []catalog.Product{}},
		} {
			got, err := w.store.Products.Walk(t.Context(), c.since, c.from, c.limit, ports.Mark{})
			mustSame(t, name, got, err, c.want)
		}
	})
}

// TestProductRecords is the contract of ProductRecords.
func TestProductRecords(t *testing.T, h CatalogHarness) {
	t.Parallel()

	t.Run("UnknownIsNotFound", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		_, err := w.store.Records.Product(t.Context(), id.Product{UUID: w.ids.New()})
		mustFail(t, err, fault.NotFound, "not_found")
	})

	t.Run("ByIDEachOnceWhateverItsStatus", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		a, b, c := w.product("a"), w.product("b"), w.product("c")
		b.Status, b.Variants = catalog.Draft, []catalog.Variant{}
		w.save(a, b, c)
		got, err := w.store.Records.ProductsByID(t.Context(), []id.Product{b.ID, a.ID, {UUID: w.ids.New()}, b.ID})
		mustSame(t, "by id", got, err, []catalog.Product{a, b})
		got, err = w.store.Records.ProductsByID(t.Context(), nil)
		mustSame(t, "none", got, err, []catalog.Product{})
	})

	t.Run("BySKUEachOnceIgnoringCase", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		a, b, c := w.product("a"), w.product("b"), w.product("c")
		a.Variants = append(a.Variants, w.variant("second.Of_a"))
		b.Status = catalog.Draft
		w.save(a, b, c)
		got, err := w.store.Records.ProductsBySKU(t.Context(), []id.SKU{"sku-B", "SKU-a", "SECOND.of_A", "none", "SKU"})
		mustSame(t, "by sku", got, err, []catalog.Product{a, b})
		got, err = w.store.Records.ProductsBySKU(t.Context(), nil)
		mustSame(t, "none", got, err, []catalog.Product{})
	})

	t.Run("SKUsByTheirFold", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		a, b, c := w.product("a"), w.product("b"), w.product("c")
		a.Variants = []catalog.Variant{w.variant("a-2"), w.variant("A-10"), w.variant("a.1")}
		b.Variants, b.Status = []catalog.Variant{w.variant("A0"), w.variant("a_1")}, catalog.Draft
		c.Variants = []catalog.Variant{w.variant("A-1"), w.variant("z")}
		w.save(a, b, c)
		c.Variants = c.Variants[:1]
		w.save(c)
		var got []id.SKU
		for after := ""; ; after = got[len(got)-1].Fold() {
			page, err := w.store.Records.SKUs(t.Context(), after, 2)
			if err != nil || len(page) > 2 {
				t.Fatal(page, err)
			}
			if len(page) == 0 {
				break
			}
			got = append(got, page...)
		}
		mustSame(t, "by two", got, nil, []id.SKU{"A-1", "A-10", "a-2", "a.1", "A0", "a_1"})
		page, err := w.store.Records.SKUs(t.Context(), "zz", 2)
		mustSame(t, "after the last", page, err, []id.SKU{})
	})

	t.Run("AllYieldsEachById", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		var want []catalog.Product
		for i := range 450 { // more than an adapter reads at once
			p := w.product("p-" + string(rune('a'+i%26)) + time.Duration(i).String())
			if i%3 == 0 {
				p.Status = catalog.Archived
			}
			want = append(want, p)
		}
		w.save(want...)
		got := []catalog.Product{}
		err := w.store.Records.All(t.Context(), func(p catalog.Product) error {
			got = append(got, p)
			return nil
		})
		mustSame(t, "all", got, err, want)

		stop, n := errors.New("enough"), 0
		if err := w.store.Records.All(t.Context(), func(catalog.Product) error {
			if n++; n == 3 {
				return stop
			}
			return nil
		}); !errors.Is(err, stop) || n != 3 {
			t.Errorf("ended after %d with %v", n, err)
		}
	})

	t.Run("BrowseCoversAllInEveryOrder", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		var all []catalog.Product
		for i, name := range []string{"tee", "Tee", "mug", "éclair", "tee", "zebra", "mug"} {
			p := w.product("p" + string(rune('a'+i)))
			p.Name, p.BasePrice, p.UpdatedAt = name, money.New(int64(i%3)*100, "EUR"), w.now.Add(time.Duration(i%2)*time.Microsecond)
			p.Status = []catalog.Status{catalog.Active, catalog.Draft, catalog.Archived}[i%3]
			all = append(all, p)
		}
		w.save(all...)
		for _, sort := range []catalog.BrowseSort{catalog.BrowseByID, catalog.BrowseByName, catalog.BrowseByUpdatedAt, catalog.BrowseByPrice} {
			want := byID(all)
			slices.SortStableFunc(want, func(a, b catalog.Product) int { return browseOrder(sort, &a, &b) })
			for _, descending := range []bool{false, true} {
				if descending {
					slices.Reverse(want)
				}
				b := catalog.Browse{Sort: sort, Descending: descending, Limit: 2, Count: true}
				var got []catalog.Product
				for range all {
					stretch, total, err := w.store.Records.Browse(t.Context(), b)
					if err != nil || total != len(all) {
						t.Fatalf("%+v: %d in total, %v", b, total, err)
					}
					got = append(got, stretch...)
					if len(stretch) < b.Limit {
						break
					}
					b.After = b.Key(&stretch[len(stretch)-1])
				}
				if !slices.Equal(productIDs(got), productIDs(want)) {
					t.Errorf("%s, descending %v: %s, want %s", sort, descending, names(got), names(want))
				}
			}
		}
	})

	t.Run("BrowseFilters", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		category, brand := w.category("c", id.Category{}), w.brand("b")
		w.saveCategories(category)
		w.saveBrands(brand)
		tee, mug, bag := w.product("tee"), w.product("mug"), w.product("bag")
		tee.Name, mug.Name, bag.Name = "Größtes Tee 50%", "Mug_of-tea", "Bag"
		mug.Status, mug.Category, bag.Brand, bag.UpdatedAt = catalog.Draft, category.ID, brand.ID, w.now.Add(time.Hour)
		bag.Variants[0].SKU = "TEE.bag"
		w.save(tee, mug, bag)
		for name, c := range map[string]struct {
			b    catalog.Browse
			want []catalog.Product
		}{
			"all":             {catalog.Browse{}, []catalog.Product{tee, mug, bag}},
			"status":          {catalog.Browse{Status: catalog.Draft}, []catalog.Product{mug}},
			"category":        {catalog.Browse{Category: category.ID}, []catalog.Product{mug}},
			"brand":           {catalog.Browse{Brand: brand.ID}, []catalog.Product{bag}},
			"since":           {catalog.Browse{UpdatedSince: w.now.Add(time.Microsecond)}, []catalog.Product{bag}},
			"part of a name":  {catalog.Browse{Query: "OF-T"}, []catalog.Product{mug}},
			"with an umlaut":  {catalog.Browse{Query: "GRÖßTE"}, []catalog.Product{tee}},
			"per cent":        {catalog.Browse{Query: "0%"}, []catalog.Product{tee}},
			"underscore":      {catalog.Browse{Query: "g_o"}, []catalog.Product{mug}},
			"not a pattern":   {catalog.Browse{Query: "B_g"}, []catalog.Product{}},
			"begins a SKU":    {catalog.Browse{Query: "tee"}, []catalog.Product{tee, bag}},
			"within a SKU":    {catalog.Browse{Query: "ee.b"}, []catalog.Product{}},
			"query and brand": {catalog.Browse{Query: "tee", Brand: brand.ID}, []catalog.Product{bag}},
		} {
			c.b.Limit, c.b.Count = 10, true
			got, total, err := w.store.Records.Browse(t.Context(), c.b)
			mustSame(t, name, got, err, c.want)
			if total != len(c.want) {
				t.Errorf("%s: %d in total", name, total)
			}
			c.b.Count = false
			if _, total, err := w.store.Records.Browse(t.Context(), c.b); total != -1 || err != nil {
				t.Errorf("%s: total %d without being asked, %v", name, total, err)
			}
		}
	})

	t.Run("BrowseRefusesAForeignKey", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		_, _, err := w.store.Records.Browse(t.Context(), catalog.Browse{
			Sort: catalog.BrowseByPrice, Limit: 1, After: catalog.BrowseKey{ID: id.Product{UUID: w.ids.New()}, Value: "a name"},
		})
		mustFail(t, err, fault.Invalid, "validation_failed")
	})
}

// browseOrder compares by a column only.
func browseOrder(sort catalog.BrowseSort, a, b *catalog.Product) int {
	switch sort {
	case catalog.BrowseByName:
		return slices.Compare([]byte(a.Name), []byte(b.Name))
	case catalog.BrowseByUpdatedAt:
		return a.UpdatedAt.Compare(b.UpdatedAt)
	case catalog.BrowseByPrice:
		return a.ListPrice().Compare(b.ListPrice())
	default:
		return 0
	}
}

// TestOffers is the contract of Offers.
func TestOffers(t *testing.T, h CatalogHarness) {
	t.Parallel()

	t.Run("AreWhatTheProductSays", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		bare, full, draft := w.product("bare"), w.fullProduct("full"), w.product("draft")
		draft.Status = catalog.Draft
		off := w.variant("off")
		off.Status = catalog.VariantDisabled
		bare.Variants = append(bare.Variants, off)
		w.save(bare, full, draft)
		want := map[string]catalog.Offer{}
		var skus []id.SKU
		for _, p := range []catalog.Product{bare, full, draft} {
			for i := range p.Variants {
				want[p.Variants[i].SKU.Fold()] = p.Offer(&p.Variants[i])
				skus = append(skus, p.Variants[i].SKU)
			}
		}
		got, err := w.store.Offers.Offers(t.Context(), append(skus, "unknown"))
		mustSame(t, "offers", got, err, want)
		got, err = w.store.Offers.Offers(t.Context(), []id.SKU{"fUlL.FULL"})
		mustSame(t, "another case", got, err, map[string]catalog.Offer{"full.full": want["full.full"]})
		got, err = w.store.Offers.Offers(t.Context(), nil)
		mustSame(t, "none", got, err, map[string]catalog.Offer{})

		full.BasePrice, full.Status, full.Variants[1].PriceOverride = money.New(1, "EUR"), catalog.Archived, money.Amount{}
		full.Name, full.Slug, full.Variants[1].Title, full.Variants[1].Images, full.Images = "New", "new", "", []catalog.Image{}, []catalog.Image{}
		w.save(full)
		got, err = w.store.Offers.Offers(t.Context(), []id.SKU{"full.full"})
		mustSame(t, "changed", got, err, map[string]catalog.Offer{"full.full": full.Offer(&full.Variants[1])})
	})
}
