package porttest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// TestCarts is the contract of Carts, CartWriter and of carts that expire.
func TestCarts(t *testing.T, h OrderHarness) {
	t.Parallel()

	t.Run("RoundTripsExactly", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		bare, full := w.cart(), w.cart()
		full.Customer, full.Order = id.Customer{UUID: w.ids.New()}, w.orderID()
		full.Status = cart.Ordering
		full.Lines = []cart.Line{{SKU: "TEE-S", Quantity: 2, AddedPrice: eur(1500)}, {SKU: "mug", Quantity: 1}}
		full.Coupons = []string{"TEN", "FREE"}
		full.Version, full.UpdatedAt = 7, w.now.Add(time.Microsecond)
		for name, want := range map[string]cart.Cart{"bare": bare, "full": full} {
			w.insertCart(want)
			got, err := w.store.Carts.Cart(t.Context(), want.ID)
			mustSame(t, name, got, err, want)
			w.inTx(func(tx ports.OrderTx) error {
				got, err := tx.Carts.CartForUpdate(t.Context(), want.ID)
				mustSame(t, name+" for update", got, err, want)
				return nil
			})
		}
	})

	t.Run("UnknownIsNotFound", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		c := w.cart()
		_, err := w.store.Carts.Cart(t.Context(), c.ID)
		mustFail(t, err, fault.NotFound, "not_found")
		_, err = w.store.Carts.Update(t.Context(), c.ID, func(*cart.Cart) error { return errors.New("called with no cart") })
		mustFail(t, err, fault.NotFound, "not_found")
		mustFail(t, w.try(func(tx ports.OrderTx) error {
			_, err := tx.Carts.CartForUpdate(t.Context(), c.ID)
			return err
		}), fault.NotFound, "not_found")
		mustFail(t, w.try(func(tx ports.OrderTx) error { return tx.Carts.SaveCart(t.Context(), c) }), fault.NotFound, "not_found")
		mustFail(t, w.try(func(tx ports.OrderTx) error { return tx.Carts.TakeCart(t.Context(), c, c.Version) }), fault.Stale, "version_conflict")
	})

	t.Run("TakenInTheVersionThatWasRead", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		c := w.insertCart(w.cart())
		taken := c
		taken.Status, taken.Order, taken.Version, taken.UpdatedAt = cart.Ordering, w.orderID(), c.Version+1, w.now.Add(time.Second)
		take := func(version int64) error {
			return w.try(func(tx ports.OrderTx) error { return tx.Carts.TakeCart(t.Context(), taken, version) })
		}
		mustFail(t, take(c.Version-1), fault.Stale, "version_conflict")
		got, err := w.store.Carts.Cart(t.Context(), c.ID)
		mustSame(t, "refused", got, err, c)
		if err := take(c.Version); err != nil {
			t.Fatal(err)
		}
		got, err = w.store.Carts.Cart(t.Context(), c.ID)
		mustSame(t, "taken", got, err, taken)
		mustFail(t, take(c.Version), fault.Stale, "version_conflict")
	})

	t.Run("UpdateStoresWhatTheClosureLeaves", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		c := w.insertCart(w.cart())
		var want cart.Cart
		mark, err := w.store.Carts.Update(t.Context(), c.ID, func(c *cart.Cart) error {
			if err := c.Set("TEE-S", 2, 99, eur(1500), w.now); err != nil {
				return err
			}
			want = *c
			return nil
		})
		if err != nil || mark.Realm != ports.Orders {
			t.Fatalf("mark %+v, %v", mark, err)
		}
		got, err := w.store.Carts.Cart(t.Context(), c.ID)
		mustSame(t, "updated", got, err, want)
		if got.Version != c.Version+1 {
			t.Errorf("version %d, want %d", got.Version, c.Version+1)
		}
	})

	t.Run("AnErrorLeavesTheCartAsItWas", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		c, refuse := w.insertCart(w.cart()), errors.New("refused")
		_, err := w.store.Carts.Update(t.Context(), c.ID, func(c *cart.Cart) error {
			c.Version, c.Lines = 9, []cart.Line{{SKU: "X", Quantity: 1}}
			return refuse
		})
		if !errors.Is(err, refuse) {
			t.Fatalf("got %v, want the closure's own error", err)
		}
		got, err := w.store.Carts.Cart(t.Context(), c.ID)
		mustSame(t, "after an error", got, err, c)

		_, err = w.store.Carts.Update(t.Context(), c.ID, func(c *cart.Cart) error {
			c.Version = 9
			panic("a bug")
		})
		if !fault.Is(err, fault.Internal) {
			t.Fatalf("got %v, want a panic as Internal", err)
		}
		got, err = w.store.Carts.Cart(t.Context(), c.ID)
		mustSame(t, "after a panic", got, err, c)
	})

	t.Run("ACancelledCallLeavesTheCartAsItWas", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		c := w.insertCart(w.cart())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := w.store.Carts.Update(ctx, c.ID, func(c *cart.Cart) error {
			c.Version = 9
			return nil
		})
		if !fault.Is(err, fault.Canceled) {
			t.Fatalf("got %v, want Canceled", err)
		}
		got, err := w.store.Carts.Cart(t.Context(), c.ID)
		mustSame(t, "after a cancelled update", got, err, c)
	})

	t.Run("FortyWritersLoseNothing", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		c := w.insertCart(w.cart())
		const writers = 40
		errs := together(writers, func(i int) error {
			_, err := w.store.Carts.Update(t.Context(), c.ID, func(c *cart.Cart) error {
				return c.Set(id.SKU(fmt.Sprintf("SKU-%02d", i)), 1, 99, eur(1), w.now)
			})
			return err
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		got, err := w.store.Carts.Cart(t.Context(), c.ID)
		if err != nil {
			t.Fatal(err)
		}
		if len(got.Lines) != writers || got.Version != c.Version+writers {
			t.Errorf("%d lines, version %d, want %d and %d", len(got.Lines), got.Version, writers, c.Version+writers)
		}
	})

	t.Run("ATransactionSeesItsOwnWrite", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		c, o := w.cart(), w.orderID()
		c.Lines = []cart.Line{{SKU: "TEE-S", Quantity: 1, AddedPrice: eur(1)}}
		w.insertCart(c)
		w.inTx(func(tx ports.OrderTx) error {
			c, err := tx.Carts.CartForUpdate(t.Context(), c.ID)
			if err != nil {
				return err
			}
			if err := c.BeginOrder(o, w.now); err != nil {
				return err
			}
			if err := tx.Carts.SaveCart(t.Context(), c); err != nil {
				return err
			}
			again, err := tx.Carts.CartForUpdate(t.Context(), c.ID)
			mustSame(t, "own write", again, err, c)
			return nil
		})
	})

	t.Run("ExpiredOpenCartsAreDropped", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		var old []cart.Cart
		for range 3 {
			c := w.cart()
			c.ExpiresAt = w.now.Add(-time.Hour)
			old = append(old, w.insertCart(c))
		}
		inOrder, alive := w.cart(), w.insertCart(w.cart())
		inOrder.Status, inOrder.Order, inOrder.ExpiresAt = cart.Ordering, w.orderID(), w.now.Add(-time.Hour)
		w.insertCart(inOrder)
		for _, want := range []int{2, 1, 0} {
			n, err := w.store.Expired.DropExpiredCarts(t.Context(), w.now, 2)
			if err != nil || n != want {
				t.Fatalf("dropped %d, %v, want %d", n, err, want)
			}
		}
		for _, c := range old {
			_, err := w.store.Carts.Cart(t.Context(), c.ID)
			mustFail(t, err, fault.NotFound, "not_found")
		}
		for _, c := range []cart.Cart{inOrder, alive} {
			got, err := w.store.Carts.Cart(t.Context(), c.ID)
			mustSame(t, "kept", got, err, c)
		}
	})
}

// together runs n calls at once and returns their errors.
func together(n int, call func(i int) error) []error {
	errs := make([]error, n)
	start := make(chan struct{})
	var done sync.WaitGroup
	for i := range n {
		done.Go(func() {
			<-start
			errs[i] = call(i)
		})
	}
	close(start)
	done.Wait()
	return errs
}
