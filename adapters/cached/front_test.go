package cached_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bodega-commerce/bodega/adapters/cached"
	"github.com/bodega-commerce/bodega/adapters/memory"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func TestFront_IsACache(t *testing.T) {
	porttest.TestCache(t, porttest.CacheHarness{New: func(*testing.T) (ports.Cache, porttest.Clock) {
		clock := porttest.StillClock()
		return cached.Front(memory.NewCache(0, clock.Now), cached.Blink), clock
	}})
}

// A page of a product, with the taxonomy and the stock that it takes, costs one
// look into the cache.
func TestFront_OneLookForAPage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(cached.Options{})
		front := cached.Front((*failing)(w), cached.Blink)
		w.CatalogStore, w.told = cached.Catalog(ports.CatalogStore{Products: store{w}, Taxonomy: store{w}, Marks: w}, front, cached.Options{})
		stocked := cached.Orders(ports.OrderStore{Stock: plenty{}, Marks: w}, front, cached.Options{})
		p := product(1, "tee")
		for _, sku := range []id.SKU{"TEE-S", "TEE-M", "TEE-L"} {
			p.Variants = append(p.Variants, catalog.Variant{SKU: sku})
		}
		w.change(t, p)
		show := func() (looks int64) {
			t.Helper()
			before := w.asked.Load()
			mustBe(t, w, "tee", 1)
			if _, err := w.Taxonomy.Taxonomy(t.Context(), ports.Mark{}); err != nil {
				t.Fatal(err)
			}
			if found, err := stocked.Stock.Availability(t.Context(), []id.SKU{"TEE-S", "TEE-M", "TEE-L"}, ports.Mark{}); err != nil || len(found) != 3 {
				t.Fatal(found, err)
			}
			return w.asked.Load() - before
		}
		show()
		if n := show(); n != 0 {
			t.Errorf("%d looks right after another page of the same", n)
		}
		time.Sleep(2 * cached.Blink)
		if n := show(); n != 1 {
			t.Errorf("%d looks for a page", n)
		}
	})
}

// plenty is a stock that never ends.
type plenty struct{ ports.Stock }

// What this process changes is seen at once, what another one changes in a blink.
func TestFront_BelievesForABlink(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(cached.Options{})
		w.believe = cached.Blink
		w.open(cached.Options{})
		mine, told := w.CatalogStore, w.told
		w.open(cached.Options{})
		w.change(t, product(1, "tee")) // by the other process
		version := func() int64 {
			t.Helper()
			p, err := mine.Products.BySlug(t.Context(), "tee", ports.Mark{})
			if err != nil {
				t.Fatal(err)
			}
			return p.Version
		}
		version()
		told.ProductsChanged(t.Context(), w.save(product(1, "tee")), product(1, "tee"))
		if v := version(); v != 2 {
			t.Errorf("version %d right after this process changed it to 2", v)
		}
		mark := w.change(t, product(1, "tee"))
		if p, err := mine.Products.BySlug(t.Context(), "tee", mark); err != nil || p.Version != 3 {
			t.Errorf("version %d, %v for who wrote 3 elsewhere", p.Version, err)
		}
		w.change(t, product(1, "tee"))
		time.Sleep(cached.Blink + 1)
		if v := version(); v != 4 {
			t.Errorf("version %d a blink after another process changed it to 4", v)
		}
	})
}

func (plenty) Availability(_ context.Context, skus []id.SKU, _ ports.Mark) (map[string]int, error) {
	found := map[string]int{}
	for _, sku := range skus {
		found[sku.Fold()] = 100
	}
	return found, nil
}
