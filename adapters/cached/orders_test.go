package cached_test

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/cached"
	"github.com/bodega-commerce/bodega/adapters/memory"
	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

// A cached store is a store: it passes the suite of the one behind it.
func TestOrders_IsAStore(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(ports.OrderStore) ports.OrderStore{
		"Plain":  func(s ports.OrderStore) ports.OrderStore { return s },
		"Replay": porttest.ReplayOrders,
	} {
		t.Run(name, func(t *testing.T) {
			porttest.TestOrderStore(t, porttest.OrderHarness{New: func(t *testing.T) ports.OrderStore {
				return cached.Orders(wrap(openSQLite(t).Orders()), memory.NewCache(0, nil), cached.Options{Shared: true})
			}})
		})
	}
}

func openSQLite(t *testing.T) *sqlite.DB {
	t.Helper()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

// desk is two processes over one store and one cache.
type desk struct {
	t     *testing.T
	one   ports.OrderStore
	other ports.OrderStore
	store ports.OrderStore // behind both
	reads atomic.Int64     // of availability and carts
	lines atomic.Int64
	cache *switchable
	from  map[string]int // how questions to other were answered
}

// switchable is a cache that can be away.
type switchable struct {
	ports.Cache
	away atomic.Bool
}

func (s *switchable) gone() error {
	if s.away.Load() {
		return fault.Wrap(fault.Unavailable, "test", context.DeadlineExceeded)
	}
	return nil
}

func (s *switchable) Lookup(ctx context.Context, key string, gs ...string) (*ports.CacheEntry, []ports.Generation, error) {
	if err := s.gone(); err != nil {
		return nil, nil, err
	}
	return s.Cache.Lookup(ctx, key, gs...)
}

func (s *switchable) Store(ctx context.Context, key string, e ports.CacheEntry, seen []ports.Generation) error {
	if err := s.gone(); err != nil {
		return err
	}
	return s.Cache.Store(ctx, key, e, seen)
}

func (s *switchable) Raise(ctx context.Context, at ports.Mark, gs ...string) error {
	if err := s.gone(); err != nil {
		return err
	}
	return s.Cache.Raise(ctx, at, gs...)
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	d := &desk{t: t, store: openSQLite(t).Orders(), from: map[string]int{}}
	shared := memory.NewCache(0, nil)
	counted := d.store
	counted.Stock, counted.Carts = countedStock{d.store.Stock, &d.reads}, countedCarts{d.store.Carts, &d.reads}
	d.cache = &switchable{Cache: shared}
	d.one = cached.Orders(counted, d.cache, cached.Options{Shared: true})
	d.other = cached.Orders(counted, shared, cached.Options{Shared: true, Observe: func(about string, s cached.Source) { d.from[about+" "+string(s)]++ }})
	return d
}

type countedStock struct {
	ports.Stock
	reads *atomic.Int64
}

func (s countedStock) Availability(ctx context.Context, skus []id.SKU, after ports.Mark) (map[string]int, error) {
	s.reads.Add(1)
	return s.Stock.Availability(ctx, skus, after)
}

type countedCarts struct {
	ports.Carts
	reads *atomic.Int64
}

func (c countedCarts) Cart(ctx context.Context, k id.Cart) (cart.Cart, error) {
	c.reads.Add(1)
	return c.Carts.Cart(ctx, k)
}

func (d *desk) receive(by ports.OrderStore, sku id.SKU, n int) ports.Mark {
	d.t.Helper()
	line := byte(d.lines.Add(1))
	mark, err := by.Tx.InTx(d.t.Context(), func(ctx context.Context, tx ports.OrderTx) error {
		_, err := tx.Stock.Adjust(ctx, inventory.Adjustment{
			ID: id.Movement{UUID: id.UUID{line}}, SKU: sku, Location: "main", Delta: n, Reason: inventory.Received, At: time.Unix(int64(line), 0).UTC(),
		})
		return err
	})
	if err != nil {
		d.t.Fatal(err)
	}
	return mark
}

// mustShow fails unless a process shows so many units of each SKU.
func (d *desk) mustShow(by ports.OrderStore, after ports.Mark, want map[string]int, skus ...id.SKU) {
	d.t.Helper()
	if got, err := by.Stock.Availability(d.t.Context(), skus, after); err != nil || !reflect.DeepEqual(got, want) {
		d.t.Errorf("shows %v, %v; want %v", got, err, want)
	}
}

func TestOrders_Availability(t *testing.T) {
	t.Parallel()

	t.Run("ReadOnceForEachChange", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		d.receive(d.one, "TEE", 5)
		for range 3 {
			d.mustShow(d.other, ports.Mark{}, map[string]int{"tee": 5}, "tee", "MUG")
		}
		if n := d.reads.Load(); n != 1 || d.from["stock read"] != 1 || d.from["stock held"] != 2 {
			t.Errorf("%d reads of the store, answered %v", n, d.from)
		}
		d.receive(d.one, "MUG", 1)
		d.mustShow(d.other, ports.Mark{}, map[string]int{"tee": 5, "mug": 1}, "tee", "MUG")
		d.receive(d.one, "CAP", 1) // is nobody's here
		d.mustShow(d.other, ports.Mark{}, map[string]int{"tee": 5, "mug": 1}, "tee", "MUG")
		if n := d.reads.Load(); n != 2 {
			t.Errorf("%d reads of the store", n)
		}
	})

	t.Run("PagesOfMany", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		var skus []id.SKU
		want := map[string]int{}
		for i := range 20 {
			sku := id.SKU(fmt.Sprintf("s%d", i))
			skus, want[string(sku)] = append(skus, sku), i+1
			d.receive(d.one, sku, i+1)
		}
		for range 2 {
			d.mustShow(d.other, ports.Mark{}, want, skus...)
			d.receive(d.one, "ELSE", 1)
			d.mustShow(d.other, ports.Mark{}, want, skus...)
		}
		if n := d.reads.Load(); n != 1 {
			t.Errorf("%d reads of the store for a page of which nothing changed", n)
		}
		d.receive(d.one, "s7", 1)
		want["s7"]++
		d.mustShow(d.other, ports.Mark{}, want, skus...)
		// Same first, last and number, and yet another page.
		skus[5], skus[6] = skus[6], "other"
		delete(want, "s5")
		d.mustShow(d.other, ports.Mark{}, want, skus...)
	})

	t.Run("AfterTheCallersOwnWrite", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		d.receive(d.one, "TEE", 5)
		d.mustShow(d.other, ports.Mark{}, map[string]int{"tee": 5}, "TEE")
		mark := d.receive(d.store, "TEE", 1) // nobody told the cache
		d.mustShow(d.other, ports.Mark{}, map[string]int{"tee": 5}, "TEE")
		d.mustShow(d.other, mark, map[string]int{"tee": 6}, "TEE")
	})

	t.Run("FailedTransactionTellsNothing", func(t *testing.T) {
		t.Parallel()
		d := newDesk(t)
		d.receive(d.one, "TEE", 5)
		d.mustShow(d.other, ports.Mark{}, map[string]int{"tee": 5}, "TEE")
		_, err := d.one.Tx.InTx(t.Context(), func(ctx context.Context, tx ports.OrderTx) error {
			if _, err := tx.Stock.Reserve(ctx, inventory.Reservation{
				Order: id.Order{UUID: id.UUID{9}}, Lines: []inventory.Line{{SKU: "TEE", Location: "main", Quantity: 2}}, At: time.Unix(0, 0), ExpiresAt: time.Unix(600, 0),
			}); err != nil {
				return err
			}
			return context.DeadlineExceeded
		})
		if err == nil {
			t.Fatal("it committed")
		}
		d.mustShow(d.other, ports.Mark{}, map[string]int{"tee": 5}, "TEE")
		if n := d.reads.Load(); n != 1 {
			t.Errorf("%d reads of the store", n)
		}
	})
}

func TestOrders_CartViews(t *testing.T) {
	t.Parallel()
	customer := id.Customer{UUID: id.UUID{7}}
	begin := func(t *testing.T) (*desk, cart.Cart) {
		t.Helper()
		d := newDesk(t)
		k := fill[cart.Cart]()
		k.ID, k.Customer, k.Status, k.Version = id.Cart{UUID: id.UUID{1}}, customer, cart.Open, 1
		k.ExpiresAt, k.CreatedAt, k.UpdatedAt = time.Unix(2e9, 0).UTC(), time.Unix(1e9, 0).UTC(), time.Unix(1e9, 0).UTC()
		if _, err := d.one.Carts.Insert(t.Context(), k); err != nil {
			t.Fatal(err)
		}
		return d, k
	}
	edit := func(t *testing.T, by ports.OrderStore, k id.Cart) ports.Mark {
		t.Helper()
		mark, err := by.Carts.Update(t.Context(), k, func(c *cart.Cart) error { c.Version++; return nil })
		if err != nil {
			t.Fatal(err)
		}
		return mark
	}
	mustShow := func(t *testing.T, by ports.OrderStore, k id.Cart, after ports.Mark, version int64) cart.Cart {
		t.Helper()
		shown, err := by.Views.View(t.Context(), k, customer, after)
		if err != nil || shown.ID != k || shown.Version != version {
			t.Errorf("shows version %d of %v, %v; want %d", shown.Version, shown.ID, err, version)
		}
		return shown
	}

	t.Run("OneProcessReadsForAll", func(t *testing.T) {
		t.Parallel()
		d, k := begin(t)
		for _, by := range []ports.OrderStore{d.one, d.other, d.one, d.other} {
			shown := mustShow(t, by, k.ID, ports.Mark{}, 1)
			if !reflect.DeepEqual(shown, k) {
				t.Fatalf("it changed on its way:\n%+v\n%+v", k, shown)
			}
			shown.Lines[0].Quantity, shown.Coupons[0] = 99, "changed by its reader"
		}
		if n := d.reads.Load(); n != 1 {
			t.Errorf("%d reads of the store", n)
		}
	})

	t.Run("EveryChangeIsSeenAtOnce", func(t *testing.T) {
		t.Parallel()
		d, k := begin(t)
		mustShow(t, d.other, k.ID, ports.Mark{}, 1)
		edit(t, d.one, k.ID)
		mustShow(t, d.other, k.ID, ports.Mark{}, 2)
		if _, err := d.one.Tx.InTx(t.Context(), func(ctx context.Context, tx ports.OrderTx) error {
			c, err := tx.Carts.CartForUpdate(ctx, k.ID)
			if err != nil {
				return err
			}
			c.Version++
			return tx.Carts.SaveCart(ctx, c)
		}); err != nil {
			t.Fatal(err)
		}
		mustShow(t, d.other, k.ID, ports.Mark{}, 3)
	})

	t.Run("AfterTheCallersOwnWrite", func(t *testing.T) {
		t.Parallel()
		d, k := begin(t)
		mustShow(t, d.other, k.ID, ports.Mark{}, 1)
		mark := edit(t, d.store, k.ID) // nobody told the cache
		mustShow(t, d.other, k.ID, ports.Mark{}, 1)
		mustShow(t, d.other, k.ID, mark, 2)
		if stored, err := d.other.Carts.Cart(t.Context(), k.ID); err != nil || stored.Version != 2 {
			t.Errorf("who decides is given version %d, %v", stored.Version, err)
		}
	})

	t.Run("AnotherCartOfTheSameCustomer", func(t *testing.T) {
		t.Parallel()
		d, k := begin(t)
		next := k
		next.ID, next.Version = id.Cart{UUID: id.UUID{2}}, 5
		if _, err := d.one.Carts.Insert(t.Context(), next); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			mustShow(t, d.one, k.ID, ports.Mark{}, 1)
			mustShow(t, d.other, next.ID, ports.Mark{}, 5)
		}
		if _, err := d.one.Views.View(t.Context(), id.Cart{UUID: id.UUID{3}}, customer, ports.Mark{}); !fault.Is(err, fault.NotFound) {
			t.Errorf("a cart that is not there: %v", err)
		}
	})

	t.Run("WithoutTheCache", func(t *testing.T) {
		t.Parallel()
		d, k := begin(t)
		mustShow(t, d.one, k.ID, ports.Mark{}, 1)
		d.cache.away.Store(true)
		edit(t, d.one, k.ID)
		mustShow(t, d.one, k.ID, ports.Mark{}, 2)
	})
}

// What could not be told while the cache was away is told before it is asked
// again, and so the other processes hear of it.
func TestOrders_TellLater(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.receive(d.one, "TEE", 5)
	d.mustShow(d.other, ports.Mark{}, map[string]int{"tee": 5}, "TEE")
	d.cache.away.Store(true)
	d.receive(d.one, "TEE", 1)
	d.receive(d.one, "TEE", 1)
	d.mustShow(d.one, ports.Mark{}, map[string]int{"tee": 7}, "TEE")
	d.mustShow(d.other, ports.Mark{}, map[string]int{"tee": 5}, "TEE") // it cannot know
	d.cache.away.Store(false)
	d.mustShow(d.one, ports.Mark{}, map[string]int{"tee": 7}, "TEE")
	d.mustShow(d.other, ports.Mark{}, map[string]int{"tee": 7}, "TEE")
}
