package porttest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// TxHarness makes realms whose transactions are to be tested.
type TxHarness[T any] struct {
	// New returns an empty realm of its own, gone after the test.
	New func(t *testing.T) TxWorld[T]
	// ConcurrentTx says that transactions run side by side; otherwise
	// NoConcurrentTx is the reason why one waits for the other.
	ConcurrentTx   bool
	NoConcurrentTx string
}

// TxWorld is a realm in which names can be written down, each once.
type TxWorld[T any] struct {
	Realm ports.Realm
	Tx    ports.Transactor[T]
	Marks ports.Marker
	Put   func(ctx context.Context, tx T, name string) error
	// Has reports, within a transaction, whether a name is written down.
	Has func(ctx context.Context, tx T, name string) (bool, error)
	// Committed reports, outside any, whether a name is written down.
	Committed func(ctx context.Context, name string) (bool, error)
}

// CatalogTx is the world of a catalogue's transactions: names are categories.
func CatalogTx(store ports.CatalogStore) TxWorld[ports.CatalogTx] {
	return TxWorld[ports.CatalogTx]{
		Realm: ports.Catalog, Tx: store.Tx, Marks: store.Marks,
		Put: func(ctx context.Context, tx ports.CatalogTx, name string) error {
			return tx.Categories.SaveCategories(ctx, catalog.Category{ID: id.Category{UUID: uuidOf(name)}, Slug: name, Name: name, Version: 1})
		},
		Has: func(ctx context.Context, tx ports.CatalogTx, name string) (bool, error) {
			tree, err := tx.Categories.TreeForUpdate(ctx)
			for i := range tree {
				if tree[i].Slug == name {
					return true, err
				}
			}
			return false, err
		},
		Committed: func(ctx context.Context, name string) (bool, error) {
			taxonomy, err := store.Taxonomy.Taxonomy(ctx, ports.Mark{})
			if err != nil {
				return false, err
			}
			_, ok := taxonomy.CategoryBySlug(name)
			return ok, nil
		},
	}
}

// OrderTx is the world of the order realm's transactions: names are orders. The
// time in an order's id is about now, as in all orders.
func OrderTx(store ports.OrderStore) TxWorld[ports.OrderTx] {
	now := time.Now().UTC().Truncate(time.Microsecond)
	first := id.NewSource(time.Now, rand.Reader).New()
	found := func(err error) (bool, error) {
		if fault.Is(err, fault.NotFound) {
			return false, nil
		}
		return err == nil, err
	}
	return TxWorld[ports.OrderTx]{
		Realm: ports.Orders, Tx: store.Tx, Marks: store.Marks,
		Put: func(ctx context.Context, tx ports.OrderTx, name string) error {
			w := orderWorld{ids: id.NewSource(time.Now, rand.Reader), now: now}
			o := w.order()
			o.ID, o.Number = id.Order{UUID: first.Derive(name)}, name
			return tx.Orders.InsertOrder(ctx, o)
		},
		Has: func(ctx context.Context, tx ports.OrderTx, name string) (bool, error) {
			_, err := tx.Orders.OrderForUpdate(ctx, id.Order{UUID: first.Derive(name)})
			return found(err)
		},
		Committed: func(ctx context.Context, name string) (bool, error) {
			_, err := store.Orders.OrderByNumber(ctx, name)
			return found(err)
		},
	}
}

// uuidOf makes the same id of the same name, up to 16 bytes.
func uuidOf(name string) (u id.UUID) {
	copy(u[:], fmt.Sprintf("%-16s", name))
	return u
}

// TestTransactor is the contract of Transactor and Marker.
func TestTransactor[T any](t *testing.T, h TxHarness[T]) {
	t.Parallel()
	stop := errors.New("stop")

	mustBe := func(t *testing.T, w TxWorld[T], name string, want bool) {
		t.Helper()
		if got, err := w.Committed(t.Context(), name); err != nil || got != want {
			t.Fatalf("%s is there: %v, %v; want %v", name, got, err, want)
		}
	}
	put := func(t *testing.T, w TxWorld[T], name string) ports.Mark {
		t.Helper()
		mark, err := w.Tx.InTx(t.Context(), func(ctx context.Context, tx T) error { return w.Put(ctx, tx, name) })
		if err != nil {
			t.Fatal(err)
		}
		return mark
	}

	t.Run("CommitsAndSaysWhere", func(t *testing.T) {
		t.Parallel()
		w := h.New(t)
		before, err := w.Marks.Position(t.Context())
		if err != nil || before.Realm != w.Realm {
			t.Fatalf("position %+v, %v", before, err)
		}
		first := put(t, w, "first")
		mustBe(t, w, "first", true)
		second := put(t, w, "second")
		after, err := w.Marks.Position(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i, m := range []ports.Mark{first, second, after} {
			if m.Realm != w.Realm || m.Epoch != before.Epoch {
				t.Errorf("mark %d is %+v, at first %+v", i, m, before)
			}
		}
		if first.Pos <= before.Pos || second.Pos <= first.Pos || after.Pos < second.Pos {
			t.Errorf("marks do not rise: %d, %d, %d, %d", before.Pos, first.Pos, second.Pos, after.Pos)
		}
	})

	t.Run("AnErrorRollsBackAndComesBackAsItIs", func(t *testing.T) {
		t.Parallel()
		w := h.New(t)
		mark, err := w.Tx.InTx(t.Context(), func(ctx context.Context, tx T) error {
			if err := w.Put(ctx, tx, "a"); err != nil {
				return err
			}
			return stop
		})
		if err != stop || !mark.IsZero() { //nolint:errorlint // as it is, not wrapped
			t.Errorf("got %v at %+v", err, mark)
		}
		mustBe(t, w, "a", false)
	})

	t.Run("APanicRollsBackAndIsInternal", func(t *testing.T) {
		t.Parallel()
		w := h.New(t)
		_, err := w.Tx.InTx(t.Context(), func(ctx context.Context, tx T) error {
			if err := w.Put(ctx, tx, "a"); err != nil {
				return err
			}
			panic("boom")
		})
		if !fault.Is(err, fault.Internal) {
			t.Errorf("got %v", err)
		}
		mustBe(t, w, "a", false)
		put(t, w, "a") // it goes on
		mustBe(t, w, "a", true)
	})

	t.Run("ACancelledContextLeavesNothing", func(t *testing.T) {
		t.Parallel()
		w := h.New(t)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := w.Tx.InTx(ctx, func(ctx context.Context, tx T) error { return w.Put(ctx, tx, "a") })
		if !fault.Is(err, fault.Canceled) {
			t.Errorf("got %v", err)
		}
		mustBe(t, w, "a", false)
	})

	t.Run("WhoCancelsInsideIsToldTheTruth", func(t *testing.T) {
		t.Parallel()
		w := h.New(t)
		for _, when := range []string{"before", "after"} {
			ctx, cancel := context.WithCancel(t.Context())
			_, err := w.Tx.InTx(ctx, func(ctx context.Context, tx T) error {
				if when == "before" {
					cancel()
				}
				err := w.Put(ctx, tx, when)
				cancel()
				return err
			})
			if err != nil && !fault.Is(err, fault.Canceled) {
				t.Errorf("%s: %v", when, err)
			}
			mustBe(t, w, when, err == nil)
		}
	})

	t.Run("WhoGoesAwayIsToldTheTruth", func(t *testing.T) {
		t.Parallel()
		w := h.New(t)
		told := make([]error, 60)
		var callers sync.WaitGroup
		for i := range told {
			ctx, cancel := context.WithCancel(t.Context())
			callers.Go(func() {
				_, told[i] = w.Tx.InTx(ctx, func(ctx context.Context, tx T) error { return w.Put(ctx, tx, fmt.Sprint("n", i)) })
			})
			callers.Go(func() {
				for range i {
					runtime.Gosched()
				}
				cancel()
			})
		}
		callers.Wait()
		for i, err := range told {
			if err != nil && !fault.Is(err, fault.Canceled) {
				t.Errorf("%d: %v", i, err)
			}
			mustBe(t, w, fmt.Sprint("n", i), err == nil)
		}
	})

	t.Run("ReadsSeeItsOwnWritesAndNobodyElseDoes", func(t *testing.T) {
		t.Parallel()
		w := h.New(t)
		if _, err := w.Tx.InTx(t.Context(), func(ctx context.Context, tx T) error {
			if there, err := w.Has(ctx, tx, "a"); err != nil || there {
				t.Errorf("before: %v, %v", there, err)
			}
			if err := w.Put(ctx, tx, "a"); err != nil {
				return err
			}
			if there, err := w.Has(ctx, tx, "a"); err != nil || !there {
				t.Errorf("inside: %v, %v", there, err)
			}
			if there, err := w.Committed(t.Context(), "a"); err != nil || there { //nolint:contextcheck // as somebody else would
				t.Errorf("outside, before the end: %v, %v", there, err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		mustBe(t, w, "a", true)
	})

	t.Run("ManyAtOnceAllHappen", func(t *testing.T) {
		t.Parallel()
		w := h.New(t)
		var callers sync.WaitGroup
		for i := range 100 {
			callers.Go(func() {
				name := fmt.Sprint("n", i)
				_, err := w.Tx.InTx(t.Context(), func(ctx context.Context, tx T) error {
					if err := w.Put(ctx, tx, name); err != nil || i%3 > 0 {
						return err
					}
					return stop
				})
				if failed := i%3 == 0; failed != errors.Is(err, stop) {
					t.Errorf("%d: %v", i, err)
				}
				if there, err := w.Committed(t.Context(), name); err != nil || there != (i%3 > 0) {
					t.Errorf("%d is there: %v, %v", i, there, err)
				}
			})
		}
		callers.Wait()
	})

	t.Run("TransactionsRunSideBySide", func(t *testing.T) {
		t.Parallel()
		if !h.ConcurrentTx {
			t.Skip(h.NoConcurrentTx)
		}
		w := h.New(t)
		var both, callers sync.WaitGroup
		both.Add(2)
		for _, name := range []string{"a", "b"} {
			callers.Go(func() {
				var arrived sync.Once
				_, err := w.Tx.InTx(t.Context(), func(ctx context.Context, tx T) error {
					arrived.Do(both.Done)
					both.Wait()
					return w.Put(ctx, tx, name)
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		callers.Wait()
		mustBe(t, w, "a", true)
		mustBe(t, w, "b", true)
	})
}
