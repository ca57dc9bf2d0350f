package cached_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bodega-commerce/bodega/adapters/cached"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

func TestProducts_BySlug(t *testing.T) {
	t.Parallel()

	t.Run("ReadsOnce", func(t *testing.T) {
		t.Parallel()
		w := newWorld(cached.Options{})
		w.change(t, product(1, "tee"))
		for range 3 {
			mustBe(t, w, "tee", 1)
		}
		if n := w.reads.Load(); n != 1 {
			t.Errorf("%d reads of the store", n)
		}
	})

	t.Run("ChangeIsSeenAtOnce", func(t *testing.T) {
		t.Parallel()
		w := newWorld(cached.Options{})
		w.change(t, product(1, "tee"))
		w.change(t, product(2, "mug"))
		mustBe(t, w, "tee", 1)
		mustBe(t, w, "mug", 2)
		w.change(t, product(1, "tee"))
		mustBe(t, w, "tee", 3)
		reads := w.reads.Load()
		mustBe(t, w, "mug", 2)
		if w.reads.Load() != reads {
			t.Error("another product's change made it stale")
		}
	})

	t.Run("AfterTheCallersOwnWrite", func(t *testing.T) {
		t.Parallel()
		w := newWorld(cached.Options{})
		w.change(t, product(1, "tee"))
		mustBe(t, w, "tee", 1)
		m := w.save(product(1, "tee")) // nobody told the cache
		mustBe(t, w, "tee", 1)
		p, err := w.Products.BySlug(t.Context(), "tee", m)
		if err != nil || p.Version != 2 {
			t.Errorf("version %d, %v after the write of 2", p.Version, err)
		}
		mustBe(t, w, "tee", 2)
	})

	t.Run("OldSlugFollowsTheProduct", func(t *testing.T) {
		t.Parallel()
		w := newWorld(cached.Options{})
		w.change(t, product(1, "tee"))
		mustBe(t, w, "tee", 1)
		w.change(t, product(1, "shirt")) // only the new state is told
		for _, slug := range []string{"tee", "shirt"} {
			if p := mustBe(t, w, slug, 2); p.Slug != "shirt" {
				t.Errorf("%s finds it as %s", slug, p.Slug)
			}
		}
		w.change(t, product(2, "tee"))
		mustBe(t, w, "tee", 3)
		mustBe(t, w, "shirt", 2)
		gone := product(1, "shirt")
		gone.Status = catalog.Archived
		w.change(t, gone)
		mustBeMissing(t, w, "shirt")
	})

	t.Run("AbsenceIsHeldForAMinute", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(cached.Options{})
			mustBeMissing(t, w, "tee")
			w.save(product(1, "tee")) // nobody told the cache
			w.replicated()
			mustBeMissing(t, w, "tee")
			if n := w.reads.Load(); n != 1 {
				t.Errorf("%d reads of the store", n)
			}
			time.Sleep(time.Minute)
			mustBe(t, w, "tee", 1)
		})
	})

	t.Run("AbsenceEndsWithCreation", func(t *testing.T) {
		t.Parallel()
		w := newWorld(cached.Options{})
		mustBeMissing(t, w, "tee")
		w.change(t, product(1, "tee"))
		mustBe(t, w, "tee", 1)
	})

	t.Run("AbsenceOfNonsenseIsNotHeld", func(t *testing.T) {
		t.Parallel()
		w := newWorld(cached.Options{})
		for range 3 {
			mustBeMissing(t, w, "No Such ' Slug")
		}
		if n := w.reads.Load(); n != 3 {
			t.Errorf("%d reads of the store, want one each time", n)
		}
	})

	t.Run("EndsWithItsTime", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(cached.Options{Rand: func() float64 { return 0.5 }})
			w.change(t, product(1, "tee"))
			mustBe(t, w, "tee", 1)
			w.save(product(1, "tee")) // nobody told the cache
			w.replicated()
			time.Sleep(5 * time.Minute)
			mustBe(t, w, "tee", 2)
		})
	})

	t.Run("RefreshedBeforeItsEndWithoutWaiting", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(cached.Options{Rand: func() float64 { return 0.5 }})
			w.change(t, product(1, "tee"))
			mustBe(t, w, "tee", 1)
			w.save(product(1, "tee"))
			w.replicated()
			w.onRead = func() { time.Sleep(time.Second) }
			time.Sleep(4*time.Minute + time.Second)
			began := time.Now()
			for range 5 {
				mustBe(t, w, "tee", 1)
			}
			if waited := time.Since(began); waited > 0 {
				t.Errorf("readers waited for %v", waited)
			}
			time.Sleep(2 * time.Second)
			mustBe(t, w, "tee", 2)
			if n := w.reads.Load(); n != 2 {
				t.Errorf("%d reads of the store, want the first and one refresh", n)
			}
		})
	})

	t.Run("DearItemsAreRefreshedEarlier", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			lot := 0.5
			w := newWorld(cached.Options{Rand: func() float64 { return lot }})
			w.onRead = func() { time.Sleep(2 * time.Second) }
			w.change(t, product(1, "tee"))
			mustBe(t, w, "tee", 1)
			time.Sleep(4*time.Minute - 6*time.Second)
			mustBe(t, w, "tee", 1)
			synctest.Wait()
			if n := w.reads.Load(); n != 1 {
				t.Fatalf("%d reads of the store by an ordinary reader", n)
			}
			lot = 0.99 // -ln(0.01) = 4.6: up to 9.2 s ahead
			mustBe(t, w, "tee", 1)
			synctest.Wait()
			if n := w.reads.Load(); n != 2 {
				t.Errorf("%d reads of the store by an early one", n)
			}
			time.Sleep(3 * time.Second)
		})
	})

	t.Run("ManyReadersOneRead", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(cached.Options{})
			w.change(t, product(1, "tee"))
			w.onRead = func() { time.Sleep(time.Second) }
			var group sync.WaitGroup
			for range 50 {
				group.Go(func() { mustBe(t, w, "tee", 1) })
			}
			group.Wait()
			if n := w.reads.Load(); n != 1 {
				t.Errorf("%d reads of the store", n)
			}
		})
	})

	// A reader who comes after a change may wait for the read that began before
	// it, but not be satisfied with what that found.
	t.Run("JoinsNoReadThatBeganTooEarly", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(cached.Options{})
			w.change(t, product(1, "tee"))
			w.onRead = func() { time.Sleep(time.Second) }
			go func() { _, _ = w.Products.BySlug(t.Context(), "tee", ports.Mark{}) }()
			synctest.Wait()
			w.change(t, product(1, "tee"))
			mustBe(t, w, "tee", 2)
		})
	})

	t.Run("WaitingCanBeCanceled", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(cached.Options{})
			w.change(t, product(1, "tee"))
			w.onRead = func() { time.Sleep(time.Second) }
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			defer cancel()
			if _, err := w.Products.BySlug(ctx, "tee", ports.Mark{}); !fault.Is(err, fault.Canceled) {
				t.Errorf("got %v, want canceled", err)
			}
			mustBe(t, w, "tee", 1)
			if n := w.reads.Load(); n != 1 {
				t.Errorf("%d reads of the store: the one that nobody waited for was lost", n)
			}
		})
	})

	t.Run("OvertakenEachTimeIsReadPast", func(t *testing.T) {
		t.Parallel()
		w := newWorld(cached.Options{})
		w.change(t, product(1, "tee"))
		w.onRead = func() { w.change(t, product(1, "tee")) }
		p, err := w.Products.BySlug(t.Context(), "tee", ports.Mark{})
		if err != nil || p.Version < 1 || w.reads.Load() > 5 {
			t.Errorf("version %d, %v after %d reads", p.Version, err, w.reads.Load())
		}
	})

	t.Run("PanicIsAnError", func(t *testing.T) {
		t.Parallel()
		w := newWorld(cached.Options{})
		w.onRead = func() { panic("store") }
		if _, err := w.Products.BySlug(t.Context(), "tee", ports.Mark{}); !fault.Is(err, fault.Internal) {
			t.Errorf("got %v, want internal", err)
		}
		w.onRead = func() {}
		mustBeMissing(t, w, "tee")
	})
}

func TestProducts_ByIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(cached.Options{})
	for n := byte(1); n <= 4; n++ {
		w.change(t, product(n, "p"+strconv.Itoa(int(n))))
	}
	read := func(after ports.Mark, ns ...byte) (versions []int64) {
		t.Helper()
		ids := []id.Product{}
		for _, n := range ns {
			ids = append(ids, productID(n))
		}
		found, err := w.Products.ByIDs(t.Context(), ids, after)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range found {
			versions = append(versions, p.Version)
		}
		return versions
	}
	for _, step := range []struct {
		what  string
		do    func() ports.Mark
		want  []int64
		reads int64
	}{
		{"cold", nil, []int64{3, 1, 2}, 1},
		{"held", nil, []int64{3, 1, 2}, 0},
		{"one changed", func() ports.Mark { w.change(t, product(1, "p1")); return ports.Mark{} }, []int64{3, 5, 2}, 1},
		{"after a write nobody told of", func() ports.Mark { return w.save(product(2, "p2")) }, []int64{3, 5, 6}, 1},
		{"one archived", func() ports.Mark {
			gone := product(3, "p3")
			gone.Status = catalog.Archived
			w.change(t, gone)
			return ports.Mark{}
		}, []int64{5, 6}, 1},
	} {
		before, after := w.reads.Load(), ports.Mark{}
		if step.do != nil {
			after = step.do()
		}
		if got := read(after, 3, 1, 9, 2); !slices.Equal(got, step.want) {
			t.Errorf("%s: versions %v, want %v", step.what, got, step.want)
		}
		if n := w.reads.Load() - before; n != max(step.reads, 1) { // 9 is never there
			t.Errorf("%s: %d reads of the store, want %d", step.what, n, step.reads)
		}
	}
	before := w.reads.Load()
	if got := read(ports.Mark{}, 2, 1); !slices.Equal(got, []int64{6, 5}) || w.reads.Load() != before {
		t.Errorf("all held: versions %v after %d reads", got, w.reads.Load()-before)
	}
}

func TestProducts_Page(t *testing.T) {
	t.Parallel()
	w := newWorld(cached.Options{})
	w.change(t, product(1, "tee"))
	page := func(l catalog.Listing) catalog.Page {
		t.Helper()
		p, err := w.Products.Page(t.Context(), l, ports.Mark{})
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	first := page(listing())
	first.Products[0].Name = "changed by its reader"
	first.Products = append(first.Products[:0], product(9, "x"))
	if again := page(listing()); len(again.Products) != 1 || again.Products[0].Name != "" || again.Products[0].ID != productID(1) {
		t.Errorf("a reader changed the next one's page: %+v", again)
	}
	if n := w.reads.Load(); n != 1 {
		t.Errorf("%d reads of one page", n)
	}

	// Each other question is another page.
	featured := true
	others := map[string]func(*catalog.Listing){
		"category": func(l *catalog.Listing) { l.Categories = []id.Category{categoryID(2)} },
		"below":    func(l *catalog.Listing) { l.Categories = []id.Category{categoryID(2), categoryID(1)} },
		"page":     func(l *catalog.Listing) { l.Page = 2 },
		"size":     func(l *catalog.Listing) { l.PerPage = 7 },
		"sort":     func(l *catalog.Listing) { l.Sort = catalog.PriceAsc },
		"brand":    func(l *catalog.Listing) { l.Brand = id.Brand{UUID: id.UUID{1}} },
		"featured": func(l *catalog.Listing) { l.Featured = &featured },
	}
	for name, change := range others {
		l := listing()
		change(&l)
		before := w.reads.Load()
		if got, want := page(l), w.states[1].page(l); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
		if w.reads.Load() == before {
			t.Errorf("%s: answered from another question's page", name)
		}
	}

	moved := product(1, "tee")
	moved.Category = categoryID(3)
	w.change(t, moved)
	if got := page(listing(categoryID(2), categoryID(1))); len(got.Products) != 0 || got.Total != 0 {
		t.Errorf("a product that was moved out is still listed: %+v", got)
	}
}

func TestTaxonomies(t *testing.T) {
	t.Parallel()
	w := newWorld(cached.Options{})
	tree := func(after ports.Mark) *catalog.Taxonomy {
		t.Helper()
		tree, err := w.Taxonomy.Taxonomy(t.Context(), after)
		if err != nil {
			t.Fatal(err)
		}
		return tree
	}
	first := tree(ports.Mark{})
	w.change(t, product(1, "tee"))
	if tree(ports.Mark{}) != first || w.reads.Load() != 1 {
		t.Error("a product's change made the tree stale")
	}
	m := w.newTree()
	if tree(ports.Mark{}) != first {
		t.Error("read anew although nobody told of the change")
	}
	second := tree(m)
	if second == first {
		t.Error("not read anew after the write it had to include")
	}
	w.told.TaxonomyChanged(t.Context(), w.newTree())
	if tree(ports.Mark{}) == second {
		t.Error("not read anew after the change was told")
	}

	counts := func() map[id.Category]int {
		t.Helper()
		counts, err := w.Taxonomy.ActiveCounts(t.Context(), ports.Mark{})
		if err != nil {
			t.Fatal(err)
		}
		return counts
	}
	counts()[categoryID(1)] = 99
	if n := counts()[categoryID(1)]; n != 1 {
		t.Errorf("%d products counted, want 1", n)
	}
	w.change(t, product(2, "mug"))
	if n := counts()[categoryID(1)]; n != 2 {
		t.Errorf("%d products counted after another came, want 2", n)
	}
}

func TestCatalog_Shared(t *testing.T) {
	t.Parallel()
	full := fill[catalog.Product]()
	full.ID, full.Slug, full.Status, full.Version = productID(1), "tee", catalog.Active, 1

	t.Run("OneProcessReadsForAll", func(t *testing.T) {
		t.Parallel()
		w := newWorld(cached.Options{Shared: true})
		w.change(t, full)
		read := func() (catalog.Product, catalog.Page) {
			t.Helper()
			p, err := w.Products.BySlug(t.Context(), "tee", ports.Mark{})
			if err != nil {
				t.Fatal(err)
			}
			page, err := w.Products.Page(t.Context(), listing(), ports.Mark{})
			if err != nil {
				t.Fatal(err)
			}
			mustBeMissing(t, w, "mug")
			return p, page
		}
		mine, myPage := read()
		w.open(cached.Options{Shared: true})
		yours, yourPage := read()
		// What seems absent is read again after the newest change of all products.
		if n := w.reads.Load(); n != 4 {
			t.Errorf("%d reads of the store by two processes, want 4", n)
		}
		if !reflect.DeepEqual(mine, full) || !reflect.DeepEqual(yours, full) || !reflect.DeepEqual(myPage, yourPage) {
			t.Errorf("it changed on its way:\n%+v\n%+v", full, yours)
		}
		w.change(t, full)
		mustBe(t, w, "tee", 2)
		w.open(cached.Options{Shared: true})
		mustBe(t, w, "tee", 2)
	})

	t.Run("AfterTheCallersOwnWrite", func(t *testing.T) {
		t.Parallel()
		w := newWorld(cached.Options{Shared: true})
		w.change(t, full)
		mustBe(t, w, "tee", 1)
		m := w.save(full) // nobody told the cache
		w.open(cached.Options{Shared: true})
		if p, err := w.Products.BySlug(t.Context(), "tee", m); err != nil || p.Version != 2 {
			t.Errorf("version %d, %v after the write of 2", p.Version, err)
		}
	})

	t.Run("AnotherVersionsValuesAreNotRead", func(t *testing.T) {
		t.Parallel()
		w := newWorld(cached.Options{Shared: true})
		w.change(t, full)
		mustBe(t, w, "tee", 1)
		e, _, err := w.cache.Lookup(t.Context(), "product_detail:tee")
		if err != nil || e == nil {
			t.Fatalf("nothing was shared: %v", err)
		}
		for name, spoil := range map[string]func([]byte) []byte{
			"stamp": func(b []byte) []byte { b[0] ^= 1; return b },
			"short": func(b []byte) []byte { return b[:3] },
			"body":  func(b []byte) []byte { return b[:len(b)-1] },
		} {
			spoiled := *e
			spoiled.Value = spoil(slices.Clone(e.Value))
			if err := w.cache.Store(t.Context(), "product_detail:tee", spoiled, nil); err != nil {
				t.Fatal(err)
			}
			w.open(cached.Options{Shared: true})
			reads := w.reads.Load()
			mustBe(t, w, "tee", 1)
			if w.reads.Load() == reads {
				t.Errorf("%s: served what it cannot know", name)
			}
		}
	})
}

type brokenCache struct{ ports.Cache }

func (brokenCache) Lookup(context.Context, string, ...string) (*ports.CacheEntry, []ports.Generation, error) {
	return nil, nil, errors.New("no route to cache")
}

func (brokenCache) Raise(context.Context, ports.Mark, ...string) error {
	return errors.New("no route to cache")
}

func TestCatalog_WithoutItsCache(t *testing.T) {
	t.Parallel()

	t.Run("AsksTheStore", func(t *testing.T) {
		t.Parallel()
		w := newWorld(cached.Options{})
		w.change(t, product(1, "tee"))
		mustBe(t, w, "tee", 1)
		whole := w.cache
		w.cache = brokenCache{}
		w.change(t, product(1, "tee")) // and nobody hears of it
		mustBe(t, w, "tee", 2)
		mustBeMissing(t, w, "mug")
		if ps, err := w.Products.ByIDs(t.Context(), []id.Product{productID(1)}, ports.Mark{}); err != nil || len(ps) != 1 || ps[0].Version != 2 {
			t.Errorf("%v, %v", ps, err)
		}
		if page, err := w.Products.Page(t.Context(), listing(), ports.Mark{}); err != nil || page.Products[0].Version != 2 {
			t.Errorf("%v, %v", page, err)
		}
		if _, err := w.Taxonomy.Taxonomy(t.Context(), ports.Mark{}); err != nil {
			t.Error(err)
		}
		w.cache = whole
		w.told.ProductsChanged(t.Context(), ports.Mark{}, product(1, "tee")) // the job says it again
		mustBe(t, w, "tee", 2)
	})

	t.Run("AsksAFewAtATime", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(cached.Options{Direct: 5})
			w.change(t, product(1, "tee"))
			w.replicated()
			w.cache = brokenCache{}
			var now, most atomic.Int64
			w.onRead = func() {
				most.Store(max(most.Load(), now.Add(1)))
				time.Sleep(time.Second)
				now.Add(-1)
			}
			var group sync.WaitGroup
			for range 40 {
				group.Go(func() {
					if ps, err := w.Products.ByIDs(t.Context(), []id.Product{productID(1)}, ports.Mark{}); err != nil || len(ps) != 1 {
						t.Errorf("%v, %v", ps, err)
					}
				})
			}
			group.Wait()
			if n := most.Load(); n != 5 {
				t.Errorf("%d reads of the store at once, want 5", n)
			}
		})
	})
}

// While writers change products and tell of it, no reader is ever handed less
// than what was told before it asked.
func TestProducts_NeverOlderThanTheLastChange(t *testing.T) {
	t.Parallel()
	for name, believe := range map[string]time.Duration{"Asking": 0, "Believing": time.Hour} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(cached.Options{})
			w.believe = believe
			w.open(cached.Options{})
			neverOlder(t, w)
		})
	}
}

func neverOlder(t *testing.T, w *world) {
	t.Helper()
	const shelf = 3
	var told [shelf + 1]atomic.Int64
	for n := byte(1); n <= shelf; n++ {
		told[n].Store(int64(w.change(t, product(n, "p"+strconv.Itoa(int(n)))).Pos) - 1)
	}
	var done atomic.Bool
	var group sync.WaitGroup
	for r := range 6 {
		group.Go(func() {
			for i := r; !done.Load() && !t.Failed(); i++ {
				n := byte(1 + i%shelf)
				least := told[n].Load()
				var p catalog.Product
				var err error
				switch i % 4 {
				case 0:
					var page catalog.Page
					page, err = w.Products.Page(t.Context(), listing(), ports.Mark{})
					if err == nil {
						p = page.Products[n-1]
					}
				case 1:
					var ps []catalog.Product
					ps, err = w.Products.ByIDs(t.Context(), []id.Product{productID(n)}, ports.Mark{})
					if err == nil {
						p = ps[0]
					}
				default:
					p, err = w.Products.BySlug(t.Context(), "p"+strconv.Itoa(int(n)), ports.Mark{})
				}
				if err != nil {
					t.Error(err)
					return
				}
				if p.Version < least {
					t.Errorf("read version %d of %d after %d was told", p.Version, n, least)
				}
			}
		})
	}
	for i := range 300 {
		n := byte(1 + i%shelf)
		m := w.change(t, product(n, "p"+strconv.Itoa(int(n))))
		told[n].Store(int64(m.Pos) - 1)
	}
	done.Store(true)
	group.Wait()
}

func BenchmarkProducts(b *testing.B) {
	w := newWorld(cached.Options{})
	ids := make([]id.Product, 24)
	for i := range ids {
		p := fill[catalog.Product]()
		p.ID, p.Slug, p.Status = productID(byte(i+1)), "p"+strconv.Itoa(i), catalog.Active
		ids[i] = p.ID
		w.change(b, p)
	}
	for name, read := range map[string]func() error{
		"BySlug":    func() error { _, err := w.Products.BySlug(b.Context(), "p1", ports.Mark{}); return err },
		"ByIDsOf24": func() error { _, err := w.Products.ByIDs(b.Context(), ids, ports.Mark{}); return err },
		"PageOf24":  func() error { _, err := w.Products.Page(b.Context(), listing(), ports.Mark{}); return err },
		"Taxonomy":  func() error { _, err := w.Taxonomy.Taxonomy(b.Context(), ports.Mark{}); return err },
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := read(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func mustBe(t *testing.T, w *world, slug string, version int64) catalog.Product {
	t.Helper()
	p, err := w.Products.BySlug(t.Context(), slug, ports.Mark{})
	if err != nil || p.Version != version {
		t.Errorf("%s is version %d, %v; want %d", slug, p.Version, err, version)
	}
	return p
}

func mustBeMissing(t *testing.T, w *world, slug string) {
	t.Helper()
	if p, err := w.Products.BySlug(t.Context(), slug, ports.Mark{}); !fault.Is(err, fault.NotFound) {
		t.Errorf("%s is version %d, %v; want it not found", slug, p.Version, err)
	}
}
