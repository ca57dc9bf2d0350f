package postgres

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// atOnce runs two transactions that both have read before either writes: as far
// apart as READ COMMITTED lets them be. It returns what each ended with.
func (s *shelf) atOnce(first, second func(ctx context.Context, tx ports.CatalogTx) error) (err1, err2 error) {
	var begun, ended sync.WaitGroup
	begun.Add(2)
	run := func(fn func(ctx context.Context, tx ports.CatalogTx) error, into *error) {
		ended.Go(func() {
			var once sync.Once
			*into = s.try(func(ctx context.Context, tx ports.CatalogTx) error {
				if _, err := tx.Attributes.Definitions(ctx); err != nil { // which begins it
					return err
				}
				once.Do(begun.Done) // when it is run again the other is long there
				begun.Wait()
				return fn(ctx, tx)
			})
		})
	}
	run(first, &err1)
	run(second, &err2)
	ended.Wait()
	return err1, err2
}

// mustBeOne says that exactly one of two transactions found a field taken.
func mustBeOne(t *testing.T, err1, err2 error, field string) {
	t.Helper()
	e, _ := errors.AsType[*fault.Error](errors.Join(err1, err2))
	if (err1 == nil) == (err2 == nil) || e == nil || e.Kind != fault.Exists || e.Data != (fault.Taken{Field: field}) {
		t.Errorf("one has to find the %s taken: %v; %v", field, err1, err2)
	}
}

func TestProductWriter_SideBySide(t *testing.T) {
	t.Parallel()
	lend := lender(t)

	t.Run("OneOfTwoGetsTheSlug", func(t *testing.T) {
		t.Parallel()
		s := newShelf(t, lend(t))
		a, b := s.product("same", "A"), s.product("same", "B")
		err1, err2 := s.atOnce(saves(a), saves(b))
		mustBeOne(t, err1, err2, "slug")
	})

	t.Run("OneOfTwoGetsTheSKU", func(t *testing.T) {
		t.Parallel()
		s := newShelf(t, lend(t))
		a, b := s.product("a", "Same.sku"), s.product("b", "sAME.SKU")
		err1, err2 := s.atOnce(saves(a), saves(b))
		mustBeOne(t, err1, err2, "sku")
		if found, err := s.store.Records.ProductsBySKU(t.Context(), []id.SKU{"same.sku"}); err != nil || len(found) != 1 {
			t.Errorf("%d products have it, %v", len(found), err)
		}
	})

	t.Run("OneOfTwoGetsTheSKUThatIsFreeAgain", func(t *testing.T) {
		t.Parallel()
		s := newShelf(t, lend(t))
		gone := s.product("gone", "FREE")
		s.must(s.save(gone), s.try(func(ctx context.Context, tx ports.CatalogTx) error { return tx.Products.Delete(ctx, gone.ID) }))
		err1, err2 := s.atOnce(saves(s.product("a", "FREE")), saves(s.product("b", "free")))
		mustBeOne(t, err1, err2, "sku")
	})

	t.Run("ASlugThatIsGivenBackIsFree", func(t *testing.T) {
		t.Parallel()
		s := newShelf(t, lend(t))
		stop := errors.New("stop")
		err1, err2 := s.atOnce(func(ctx context.Context, tx ports.CatalogTx) error {
			return errors.Join(tx.Products.Save(ctx, s.product("same", "SAME")), stop)
		}, saves(s.product("same", "SAME")))
		// Either it waited for the other to give up, or it was first.
		if !errors.Is(err1, stop) && !fault.Is(err1, fault.Exists) || err2 != nil {
			t.Errorf("%v; %v", err1, err2)
		}
	})

	t.Run("WhoLooksForAFreeSlugFindsOne", func(t *testing.T) {
		t.Parallel()
		s := newShelf(t, lend(t))
		create := func(sku id.SKU) func(context.Context, ports.CatalogTx) error {
			p := s.product("", sku)
			return func(ctx context.Context, tx ports.CatalogTx) error {
				taken, err := tx.Slugs.Taken(ctx, []string{"tee", "tee-2"})
				if err != nil {
					return err
				}
				p.Slug = "tee"
				if _, ok := taken[p.Slug]; ok {
					p.Slug = "tee-2"
				}
				return tx.Products.Save(ctx, p)
			}
		}
		err1, err2 := s.atOnce(create("A"), create("B"))
		s.must(err1, err2)
	})

	// Feeds that name the same new things at once: the second sees what the first
	// has made of them.
	for name, seek := range map[string]struct {
		skus     []id.SKU
		families []string
	}{"AFamilyIsBegunOnce": {nil, []string{"tees"}}, "ANewSKUIsAddedOnce": {[]id.SKU{"NEW", "OLD"}, nil}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newShelf(t, lend(t))
			s.must(s.save(s.product("old", "OLD")))
			add := func(slug string) func(context.Context, ports.CatalogTx) error {
				return func(ctx context.Context, tx ports.CatalogTx) error {
					found, err := tx.Products.ForUpdateByFeed(ctx, seek.skus, seek.families)
					if err != nil || slices.ContainsFunc(found, func(p catalog.Product) bool { return p.Family == "tees" }) {
						return err
					}
					p := s.product(slug, "NEW")
					p.Family = "tees"
					return tx.Products.Save(ctx, p)
				}
			}
			err1, err2 := s.atOnce(add("a"), add("b"))
			s.must(err1, err2)
			if found, err := s.store.Records.ProductsBySKU(t.Context(), []id.SKU{"NEW"}); err != nil || len(found) != 1 {
				t.Errorf("%d products have it, %v", len(found), err)
			}
		})
	}

	t.Run("ASKUThatMovedIsFoundWhereItIs", func(t *testing.T) {
		t.Parallel()
		s := newShelf(t, lend(t))
		a, b := s.product("a", "MOVES", "STAYS"), s.product("b", "B")
		s.must(s.save(a, b))
		locked, looking := make(chan struct{}), make(chan struct{})
		var wait sync.WaitGroup
		var moving error
		wait.Go(func() {
			moving = s.try(func(ctx context.Context, tx ports.CatalogTx) error {
				if _, err := tx.Products.ForUpdate(ctx, a.ID, b.ID); err != nil {
					return err
				}
				close(locked)
				<-looking
				if err := s.waitForLocks(ctx, 1); err != nil {
					return err
				}
				b.Variants = append(b.Variants, s.product("", "MOVES").Variants...)
				a.Variants = a.Variants[1:]
				return tx.Products.Save(ctx, a, b)
			})
		})
		<-locked
		s.must(s.try(func(ctx context.Context, tx ports.CatalogTx) error {
			close(looking)
			found, err := tx.Products.ForUpdateByFeed(ctx, []id.SKU{"moves"}, nil)
			if err != nil || len(found) != 1 || found[0].ID != b.ID {
				t.Errorf("found %d products, %v", len(found), err)
			}
			return err
		}))
		wait.Wait()
		s.must(moving)
	})

	t.Run("ManySavesLoseNothing", func(t *testing.T) {
		t.Parallel()
		s := newShelf(t, lend(t))
		categories := []catalog.Category{s.category("a"), s.category("b")}
		s.must(s.try(func(ctx context.Context, tx ports.CatalogTx) error {
			return tx.Categories.SaveCategories(ctx, categories...)
		}))
		products := make([]catalog.Product, 12)
		for i := range products {
			products[i] = s.product(fmt.Sprint("p", i), id.SKU(fmt.Sprint("P", i)))
		}
		s.must(s.save(products...))
		const writers, rounds = 8, 15
		var wait sync.WaitGroup
		for w := range writers {
			random := rand.New(rand.NewPCG(uint64(w), 1))
			wait.Go(func() {
				for range rounds {
					chosen := random.Perm(len(products))[:4]
					category, status := categories[random.IntN(2)].ID, []catalog.Status{catalog.Active, catalog.Draft}[random.IntN(2)]
					if err := s.try(func(ctx context.Context, tx ports.CatalogTx) error {
						ids := make([]id.Product, len(chosen))
						for i, at := range chosen { // in no order
							ids[i] = products[at].ID
						}
						found, err := tx.Products.ForUpdate(ctx, ids...)
						if err != nil {
							return err
						}
						for i := range found {
							found[i].Version++
							found[i].Category, found[i].Status = category, status
						}
						random.Shuffle(len(found), func(i, j int) { found[i], found[j] = found[j], found[i] })
						return tx.Products.Save(ctx, found...)
					}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wait.Wait()
		var versions int64
		active := map[id.Category]int{}
		s.must(s.store.Records.All(t.Context(), func(p catalog.Product) error {
			versions += p.Version - 1
			if p.Status == catalog.Active {
				active[p.Category]++
			}
			return nil
		}))
		if versions != writers*rounds*4 {
			t.Errorf("%d saves are there, not %d", versions, writers*rounds*4)
		}
		counts, err := s.store.Taxonomy.ActiveCounts(t.Context(), ports.Mark{})
		if err != nil || fmt.Sprint(counts) != fmt.Sprint(active) {
			t.Errorf("counted %v, there are %v, %v", counts, active, err)
		}
	})
}

// saves returns a transaction that saves a product.
func saves(p catalog.Product) func(context.Context, ports.CatalogTx) error {
	return func(ctx context.Context, tx ports.CatalogTx) error { return tx.Products.Save(ctx, p) }
}

// waitForLocks returns when so many sessions wait for a lock.
func (s *shelf) waitForLocks(ctx context.Context, n int) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for waiting := 0; ; {
		if err := s.db.catalog.read(ctx, func(q querier) error {
			return q.QueryRow(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waiting)
		}); err != nil || waiting >= n {
			return err
		}
	}
}

func TestCategoryWriter_SideBySide(t *testing.T) {
	t.Parallel()
	lend := lender(t)

	// described stores a category, a brand, and nothing that is in them.
	described := func(s *shelf, name string) (catalog.Category, catalog.Brand) {
		c, b := s.category(name), s.brand(name)
		s.must(s.try(func(ctx context.Context, tx ports.CatalogTx) error {
			return errors.Join(tx.Categories.SaveCategories(ctx, c), tx.Brands.SaveBrands(ctx, b))
		}))
		return c, b
	}
	// refused says what whoever came second must hear: what is there is in use,
	// what is gone cannot be referred to.
	refused := func(t *testing.T, saved, deleted error) {
		t.Helper()
		switch {
		case saved == nil && fault.Is(deleted, fault.Conflict) && fault.CodeOf(deleted) == "in_use":
		case deleted == nil && fault.Is(saved, fault.Invalid):
			e, _ := errors.AsType[*fault.Error](saved)
			if len(e.Fields) != 1 || e.Fields[0].Code != "unknown_reference" {
				t.Errorf("refused with %+v", e.Fields)
			}
		default:
			t.Errorf("saved %v, deleted %v", saved, deleted)
		}
	}

	t.Run("ItGoesOrTheProductStays", func(t *testing.T) {
		t.Parallel()
		s := newShelf(t, lend(t))
		for i := range 20 {
			name := fmt.Sprint("p", i)
			c, b := described(s, name)
			p := s.product(name, id.SKU(name))
			remove := func(ctx context.Context, tx ports.CatalogTx) error { return tx.Categories.DeleteCategory(ctx, c.ID) }
			if p.Category = c.ID; i%2 == 0 {
				p.Category, p.Brand = id.Category{}, b.ID
				remove = func(ctx context.Context, tx ports.CatalogTx) error { return tx.Brands.DeleteBrand(ctx, b.ID) }
			}
			saved, deleted := s.atOnce(saves(p), remove)
			refused(t, saved, deleted)
		}
	})

	t.Run("WhoIsSecondIsRefused", func(t *testing.T) {
		t.Parallel()
		s := newShelf(t, lend(t))
		for first, second := range map[string]string{"save": "delete", "delete": "save"} {
			c, _ := described(s, first)
			p := s.product(first, id.SKU(first))
			p.Category = c.ID
			does := map[string]func(context.Context, ports.CatalogTx) error{
				"save":   saves(p),
				"delete": func(ctx context.Context, tx ports.CatalogTx) error { return tx.Categories.DeleteCategory(ctx, c.ID) },
			}
			done := make(chan struct{})
			var err1 error
			var wait sync.WaitGroup
			wait.Go(func() {
				err1 = s.try(func(ctx context.Context, tx ports.CatalogTx) error {
					if err := does[first](ctx, tx); err != nil {
						return err
					}
					close(done)
					return s.waitForLocks(ctx, 1)
				})
			})
			<-done
			err2 := s.try(does[second])
			wait.Wait()
			s.must(err1)
			errs := map[string]error{second: err2}
			refused(t, errs["save"], errs["delete"])
		}
	})

	t.Run("TheTreeIsLockedThoughItIsEmpty", func(t *testing.T) {
		t.Parallel()
		s := newShelf(t, lend(t))
		add := func(slug string) func(context.Context, ports.CatalogTx) error {
			return func(ctx context.Context, tx ports.CatalogTx) error {
				tree, err := tx.Categories.TreeForUpdate(ctx)
				if err != nil || len(tree) > 0 {
					return err
				}
				return tx.Categories.SaveCategories(ctx, s.category(slug))
			}
		}
		s.must(s.atOnce(add("a"), add("b")))
		tree, err := s.store.Taxonomy.Taxonomy(t.Context(), ports.Mark{})
		s.must(err)
		_, a := tree.CategoryBySlug("a")
		_, b := tree.CategoryBySlug("b")
		if a == b {
			t.Errorf("a is there: %v, b is there: %v", a, b)
		}
	})

	t.Run("OneOfTwoGetsTheSlug", func(t *testing.T) {
		t.Parallel()
		s := newShelf(t, lend(t))
		err1, err2 := s.atOnce(
			func(ctx context.Context, tx ports.CatalogTx) error {
				return tx.Categories.SaveCategories(ctx, s.category("same"), s.category("z"))
			},
			func(ctx context.Context, tx ports.CatalogTx) error {
				return tx.Categories.SaveCategories(ctx, s.category("y"), s.category("same"))
			})
		mustBeOne(t, err1, err2, "slug")
		err1, err2 = s.atOnce(
			func(ctx context.Context, tx ports.CatalogTx) error { return tx.Brands.SaveBrands(ctx, s.brand("same")) },
			func(ctx context.Context, tx ports.CatalogTx) error { return tx.Brands.SaveBrands(ctx, s.brand("same")) })
		mustBeOne(t, err1, err2, "slug")
	})
}

func TestTaxonomies_AReaderNeverSeesHalfAChange(t *testing.T) {
	t.Parallel()
	s := newShelf(t, open(t))
	c, b := s.category("c"), s.brand("b")
	write := func(version int64) error {
		return s.try(func(ctx context.Context, tx ports.CatalogTx) error {
			c.Version, b.Version = version, version
			return errors.Join(tx.Brands.SaveBrands(ctx, b), tx.Categories.SaveCategories(ctx, c))
		})
	}
	s.must(write(1))
	var wait sync.WaitGroup
	stop := make(chan struct{})
	for range 3 {
		wait.Go(func() {
			for seen := int64(0); ; {
				taxonomy, err := s.store.Taxonomy.Taxonomy(t.Context(), ports.Mark{})
				if err != nil {
					t.Error(err)
					return
				}
				category, _ := taxonomy.Category(c.ID)
				brand, _ := taxonomy.Brand(b.ID)
				if category.Version != brand.Version || category.Version < seen {
					t.Errorf("category %d, brand %d, after %d", category.Version, brand.Version, seen)
				}
				seen = category.Version
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for version := range int64(100) {
		s.must(write(version + 2))
	}
	close(stop)
	wait.Wait()
}

func TestProducts_AReaderNeverSeesHalfAPage(t *testing.T) {
	t.Parallel()
	s := newShelf(t, open(t))
	products := make([]catalog.Product, 10)
	for i := range products {
		products[i] = s.product(fmt.Sprint("p", i), id.SKU(fmt.Sprint("P", i)))
	}
	s.must(s.save(products...))
	stop := make(chan struct{})
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() {
			for {
				page, err := s.store.Products.Page(t.Context(), catalog.Listing{Sort: catalog.Newest, Page: 1, PerPage: 20}, ports.Mark{})
				if err != nil {
					t.Error(err)
					return
				}
				if page.Total != len(page.Products) || page.Total != 0 && page.Total != 10 {
					t.Errorf("%d products of %d", len(page.Products), page.Total)
				}
				for i := range page.Products {
					if page.Products[i].Version != page.Products[0].Version {
						t.Errorf("versions %d and %d on one page", page.Products[0].Version, page.Products[i].Version)
					}
				}
				select {
				case <-stop:
					return
				default:
				}
			}
		})
	}
	for round := range 60 { // all are shown, or none
		for i := range products {
			products[i].Version++
			products[i].Status = []catalog.Status{catalog.Draft, catalog.Active}[round%2]
		}
		s.must(s.save(products...))
	}
	close(stop)
	wait.Wait()
}

func TestSearchVersions_SideBySide(t *testing.T) {
	t.Parallel()
	lend := lender(t)

	t.Run("NobodyIsToldTheSameNumber", func(t *testing.T) {
		t.Parallel()
		s := newShelf(t, lend(t))
		p := s.product("p", "P")
		s.must(s.save(p))
		var mutex sync.Mutex
		seen := map[int64]bool{}
		var wait sync.WaitGroup
		for range 8 {
			wait.Go(func() {
				for range 20 {
					var raised []ports.SearchVersion
					if err := s.try(func(ctx context.Context, tx ports.CatalogTx) error {
						all, err := tx.Versions.Raise(ctx, p.ID)
						raised = all[p.ID]
						return err
					}); err != nil || len(raised) != 1 {
						t.Errorf("%v, %v", raised, err)
						return
					}
					mutex.Lock()
					if seen[raised[0].Version] {
						t.Errorf("%d twice", raised[0].Version)
					}
					seen[raised[0].Version] = true
					mutex.Unlock()
				}
			})
		}
		wait.Wait()
	})

	// Whoever has a higher number has seen at least as much: what is committed
	// while the number is waited for has to be seen.
	t.Run("TheNumberIsDrawnBeforeAnythingIsRead", func(t *testing.T) {
		t.Parallel()
		s := newShelf(t, lend(t))
		a, b := s.product("a", "STAYS", "MOVES"), s.product("b", "B")
		s.must(s.save(a, b))
		var raised []ports.SearchVersion
		var failed error
		var wait sync.WaitGroup
		keeper, err := s.db.catalog.primary.pool.Begin(t.Context())
		s.must(err)
		defer keeper.Rollback(t.Context())                                                        //nolint:errcheck // after the other, which only counts when all went well
		_, err = keeper.Exec(t.Context(), "ALTER SEQUENCE catalog.search_versions OWNED BY NONE") // nobody draws while it is locked
		s.must(err)
		wait.Go(func() {
			failed = s.try(func(ctx context.Context, tx ports.CatalogTx) error {
				all, err := tx.Versions.Raise(ctx, a.ID)
				raised = all[a.ID]
				return err
			})
		})
		s.must(s.waitForLocks(t.Context(), 1))
		b.Variants, a.Variants = append(b.Variants, a.Variants[1]), a.Variants[:1]
		s.must(s.save(a, b), keeper.Rollback(t.Context()))
		wait.Wait()
		s.must(failed)
		if len(raised) != 1 || raised[0].SKU != "STAYS" {
			t.Errorf("it still has %+v", raised)
		}
	})
}
