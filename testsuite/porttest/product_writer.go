package porttest

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// TestProductWriter is the contract of ProductWriter and Slugs.
func TestProductWriter(t *testing.T, h CatalogHarness) {
	t.Parallel()

	// mustBe says what is stored of a product.
	mustBe := func(w *catalogWorld, want catalog.Product) {
		w.t.Helper()
		got, err := w.store.Records.Product(w.t.Context(), want.ID)
		mustSame(w.t, want.Name, got, err, want)
	}
	mustBeTaken := func(t *testing.T, err error, field string) {
		t.Helper()
		mustFail(t, err, fault.Exists, "already_exists")
		if got := dataOf[fault.Taken](t, err); got.Field != field {
			t.Fatalf("%q is taken, want %q", got.Field, field)
		}
	}

	t.Run("SaveReplacesAll", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		p := w.fullProduct("p")
		w.save(p)
		bare := w.product("p")
		bare.ID, bare.Variants = p.ID, []catalog.Variant{w.variant("NEW"), p.Variants[1]}
		w.save(bare)
		mustBe(w, bare)
		for sku, want := range map[id.SKU]int{"NEW": 1, p.Variants[1].SKU: 1, p.Variants[0].SKU: 0} {
			if got, err := w.store.Records.ProductsBySKU(t.Context(), []id.SKU{sku}); len(got) != want || err != nil {
				t.Errorf("%d products have %s, %v", len(got), sku, err)
			}
		}
	})

	t.Run("ManyAtOnceAreAllSaved", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		some := make([]catalog.Product, 233)
		for i := range some {
			some[i] = w.product(fmt.Sprintf("p-%d", i))
			some[i].Description = strings.Repeat("so long ", i)
		}
		w.save(some...)
		for _, i := range []int{0, 49, 50, 99, 100, 149, 199, 200, 232} {
			mustBe(w, some[i])
		}
		for i := range some {
			some[i].Name, some[i].Version = fmt.Sprintf("Renamed %d", i), 2
		}
		some[180].Slug = some[3].Slug
		mustBeTaken(t, w.trySave(some...), "slug")
		some[180].Slug = "p-180"
		w.save(some...)
		for i := range some {
			mustBe(w, some[i])
		}
	})

	t.Run("AProductNeedsNoVariants", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		p := w.product("p")
		p.Variants = []catalog.Variant{}
		w.save(p)
		mustBe(w, p)
	})

	t.Run("ATakenSlugExists", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		a := w.product("old")
		w.save(a)
		a.Slug = "new"
		w.save(a)
		for _, slug := range []string{"new", "old"} { // an old name stays its own
			b := w.product("b")
			b.Slug = slug
			mustBeTaken(t, w.trySave(b), "slug")
		}
		b, c := w.product("b"), w.product("c")
		c.Slug = "b"
		mustBeTaken(t, w.trySave(b, c), "slug")
		if _, err := w.store.Records.Product(t.Context(), b.ID); !fault.Is(err, fault.NotFound) {
			t.Errorf("half of a refused save is there: %v", err)
		}
		mustBe(w, a)
	})

	t.Run("ATakenSKUExistsWhateverItsCase", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		a := w.product("a")
		w.save(a)
		b := w.product("b")
		b.Variants = append(b.Variants, w.variant("sku-A"))
		mustBeTaken(t, w.trySave(b), "sku")
		b.Variants = []catalog.Variant{w.variant("one"), w.variant("ONE")}
		mustBeTaken(t, w.trySave(b), "sku")
		b.Variants = b.Variants[:1]
		c := w.product("c")
		c.Variants = []catalog.Variant{w.variant("One")}
		mustBeTaken(t, w.trySave(b, c), "sku")
		mustBe(w, a)
	})

	t.Run("AStoredSKUKeepsItsBytes", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		p := w.product("p")
		w.save(p)
		renamed := p
		renamed.Variants = []catalog.Variant{p.Variants[0]}
		renamed.Variants[0].SKU = "OTHER"
		mustFail(t, w.trySave(renamed), fault.Invalid, "validation_failed")
		renamed.Variants[0].SKU = "sku-P"
		mustFail(t, w.trySave(renamed), fault.Invalid, "validation_failed")
		renamed.Variants[0] = w.variant("sku-P")
		mustFail(t, w.trySave(renamed), fault.Invalid, "validation_failed")
		mustBe(w, p)
	})

	t.Run("ASKUMayGoToAnotherProduct", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		a, b := w.product("a"), w.product("b")
		a.Variants = append(a.Variants, w.variant("MOVES"))
		w.save(a, b)
		moved := w.variant("MOVES")
		b.Variants, a.Variants = append(b.Variants, moved), a.Variants[:1]
		w.save(b, a) // the one that gets it first
		mustBe(w, a)
		mustBe(w, b)
	})

	t.Run("AReferenceToNothingIsInvalid", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		p := w.product("p")
		p.Category = id.Category{UUID: w.ids.New()}
		mustFail(t, w.trySave(p), fault.Invalid, "validation_failed")
		p.Category, p.Brand = id.Category{}, id.Brand{UUID: w.ids.New()}
		mustFail(t, w.trySave(p), fault.Invalid, "validation_failed")
	})

	t.Run("DeleteForgetsAll", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		a, b := w.product("a"), w.product("b")
		w.save(a, b)
		a.Slug = "a2"
		w.save(a)
		w.remove(a.ID, id.Product{UUID: w.ids.New()}, a.ID)
		_, err := w.store.Records.Product(t.Context(), a.ID)
		mustFail(t, err, fault.NotFound, "not_found")
		for _, slug := range []string{"a", "a2"} {
			_, err := w.store.Products.BySlug(t.Context(), slug, ports.Mark{})
			mustFail(t, err, fault.NotFound, "not_found")
		}
		mustBe(w, b)
		again := w.product("a2")
		again.Variants[0].SKU = a.Variants[0].SKU
		w.save(again) // name and SKU are free
		mustBe(w, again)
	})

	t.Run("AReadThroughTxSeesItsOwnWrite", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		p, gone := w.product("p"), w.product("gone")
		w.save(gone)
		w.inTx(func(tx ports.CatalogTx) error {
			if err := errors.Join(tx.Products.Save(t.Context(), p), tx.Products.Delete(t.Context(), gone.ID)); err != nil {
				return err
			}
			got, err := tx.Products.ForUpdate(t.Context(), gone.ID, p.ID)
			mustBeIn(t, "for update", got, err, p)
			got, err = tx.Products.ForUpdateByFeed(t.Context(), []id.SKU{"sku-p", "sku-gone"}, nil)
			mustBeIn(t, "by feed", got, err, p)
			taken, err := tx.Slugs.Taken(t.Context(), []string{"p", "gone"})
			if err != nil || len(taken) != 1 || taken["p"] != p.ID {
				t.Errorf("taken %v, %v", taken, err)
			}
			return nil
		})
	})

	t.Run("ForUpdateByFeedFindsEachOnce", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		a, b, c, d := w.product("a"), w.product("b"), w.product("c"), w.product("d")
		a.Family, b.Family, c.Family = "f", "f", "F"
		w.save(a, b, c, d)
		for name, find := range map[string]struct {
			skus     []id.SKU
			families []string
			want     []catalog.Product
		}{
			"nothing":       {nil, nil, []catalog.Product{}},
			"by family":     {nil, []string{"f", "none", "f", ""}, []catalog.Product{a, b}},
			"by both":       {[]id.SKU{"SKU-D", "sku-b"}, []string{"f"}, []catalog.Product{a, b, d}},
			"families case": {nil, []string{"F"}, []catalog.Product{c}},
		} {
			w.inTx(func(tx ports.CatalogTx) error {
				got, err := tx.Products.ForUpdateByFeed(t.Context(), find.skus, find.families)
				mustBeIn(t, name, got, err, find.want...)
				return nil
			})
		}
	})

	t.Run("TakenKnowsOldNames", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		a, b := w.product("a"), w.product("b")
		w.save(a, b)
		a.Slug = "a2"
		w.save(a)
		w.inTx(func(tx ports.CatalogTx) error {
			got, err := tx.Slugs.Taken(t.Context(), []string{"a", "b", "a2", "free"})
			if want := map[string]id.Product{"a": a.ID, "a2": a.ID, "b": b.ID}; err != nil || len(got) != 3 || got["a"] != want["a"] || got["a2"] != want["a2"] || got["b"] != want["b"] {
				t.Errorf("got %v, %v; want %v", got, err, want)
			}
			return nil
		})
	})
}

// mustBeIn is mustSame for a closure of a transaction, which must not end its
// goroutine.
func mustBeIn(t *testing.T, what string, got []catalog.Product, err error, want ...catalog.Product) {
	t.Helper()
	if err != nil || len(got) != len(want) {
		t.Errorf("%s: %s, %v; want %s", what, names(got), err, names(want))
		return
	}
	for i := range want {
		if got[i].ID != want[i].ID {
			t.Errorf("%s: %s, want %s", what, names(got), names(want))
		}
	}
}

// TestSearchVersions is the contract of SearchVersions.
func TestSearchVersions(t *testing.T, h CatalogHarness) {
	t.Parallel()

	t.Run("RiseAndOutliveTheirVariant", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		p := w.product("p")
		p.Variants = []catalog.Variant{w.variant("b"), w.variant("A")}
		w.save(p)
		first := w.raise(p.ID)
		mustSame(t, "raised", versionsOf(first), nil, []string{"A live", "b live"}) // by SKU bytes
		second := w.raise(p.ID)
		mustRise(t, first, second)
		p.Variants = p.Variants[:1]
		w.save(p)
		third := w.raise(p.ID)
		mustSame(t, "one variant less", versionsOf(third), nil, []string{"A gone", "b live"})
		mustRise(t, second, third)
		w.remove(p.ID)
		fourth := w.raise(p.ID)
		mustSame(t, "deleted", versionsOf(fourth), nil, []string{"A gone", "b gone"})
		mustRise(t, third, fourth)
	})

	t.Run("FollowASKUToAnotherProduct", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		a := w.product("a")
		a.Variants = []catalog.Variant{w.variant("X"), w.variant("Y")}
		w.save(a)
		before := w.raise(a.ID)
		w.remove(a.ID)
		b := w.product("b")
		b.Variants = []catalog.Variant{w.variant("x")}
		w.save(b)
		mustSame(t, "who lost it", versionsOf(w.raise(a.ID)), nil, []string{"Y gone"})
		after := w.raise(b.ID)
		mustSame(t, "who has it", versionsOf(after), nil, []string{"x live"})
		mustRise(t, before[:1], after)
	})

	t.Run("OfManyAtOnce", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		a, b := w.product("a"), w.product("b")
		a.Variants = []catalog.Variant{w.variant("A-2"), w.variant("A-1")}
		b.Variants = []catalog.Variant{w.variant("B")}
		w.save(a)
		w.save(b)
		unknown := id.Product{UUID: w.ids.New()}
		before := w.raise(a.ID)
		all := w.raiseAll(b.ID, unknown, a.ID, b.ID)
		mustSame(t, "one", versionsOf(all[a.ID]), nil, []string{"A-1 live", "A-2 live"})
		mustSame(t, "another, named twice", versionsOf(all[b.ID]), nil, []string{"B live"})
		mustSame(t, "an unknown one", all[unknown], nil, []ports.SearchVersion{})
		mustRise(t, before, all[a.ID])
		mustSame(t, "of none", w.raiseAll(), nil, map[id.Product][]ports.SearchVersion{})
	})

	t.Run("DrawnArePastAll", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		p := w.product("p")
		w.save(p)
		before := w.raise(p.ID)
		draw := func(past int64) (version int64) {
			t.Helper()
			w.inTx(func(tx ports.CatalogTx) (err error) {
				version, err = tx.Versions.Draw(t.Context(), past)
				return err
			})
			return version
		}
		for _, past := range []int64{0, before[0].Version, before[0].Version + 1_000_000, 5} {
			version := draw(past)
			if version <= past || version <= before[0].Version {
				t.Errorf("past %d and %d: %d", past, before[0].Version, version)
			}
			after := w.raise(p.ID)
			mustRise(t, []ports.SearchVersion{{SKU: "drawn", Version: version}}, after)
			before = after
		}
	})

	t.Run("OfAnUnknownProductAreNone", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		mustSame(t, "none", w.raise(id.Product{UUID: w.ids.New()}), nil, []ports.SearchVersion{})
	})

	t.Run("ARollbackRaisesNothing", func(t *testing.T) {
		t.Parallel()
		w := newCatalogWorld(t, h)
		p := w.product("p")
		w.save(p)
		before, stop := w.raise(p.ID), errors.New("stop")
		if err := w.try(func(tx ports.CatalogTx) error {
			_, err := tx.Versions.Raise(t.Context(), p.ID)
			return errors.Join(err, stop)
		}); !errors.Is(err, stop) {
			t.Fatal(err)
		}
		if after := w.raise(p.ID); after[0].Version <= before[0].Version {
			t.Errorf("version %d after %d", after[0].Version, before[0].Version)
		}
	})
}

func versionsOf(vs []ports.SearchVersion) []string {
	all := make([]string, len(vs))
	for i, v := range vs {
		all[i] = string(v.SKU) + map[bool]string{true: " live", false: " gone"}[v.Live]
	}
	return all
}

func mustRise(t *testing.T, before, after []ports.SearchVersion) {
	t.Helper()
	for i := range before {
		if after[i].Version <= before[i].Version {
			t.Errorf("%s went from version %d to %d", after[i].SKU, before[i].Version, after[i].Version)
		}
	}
}
