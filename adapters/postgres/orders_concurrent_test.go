package postgres

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/ports"
)

// What one writer at a time can never show.

func TestStockWriter_Storm(t *testing.T) {
	t.Parallel()

	t.Run("EveryUnitIsHeldOnceAndNobodyDeadlocks", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t, open(t))
		skus := []id.SKU{"A", "b", "C", "d", "E"}
		const each, clients = 100, 32
		for _, sku := range skus {
			f.must(f.receive(sku, each))
		}
		var all sync.WaitGroup
		for range clients {
			all.Go(func() {
				for n := 0; ; n++ {
					one, other := skus[rand.IntN(len(skus))], skus[rand.IntN(len(skus))]
					if n%5 == 0 {
						other = one
					}
					err := f.insist(units(one, 1), units(other, 1))
					e, _ := errors.AsType[*fault.Error](err)
					switch {
					case err == nil:
						continue
					case !fault.Is(err, fault.Exhausted):
						t.Error(err)
						return
					}
					// Whoever cannot have two takes one.
					for _, short := range e.Data.(inventory.Shortages).Lines {
						if short.Available > 0 {
							_ = f.insist(units(short.SKU, 1)) // somebody else may be faster
						}
					}
					left, err := f.store.Stock.Availability(t.Context(), skus, ports.Mark{})
					if err != nil {
						t.Error(err)
						return
					}
					sum := 0
					for _, n := range left {
						sum += n
					}
					if sum == 0 {
						return
					}
				}
			})
		}
		all.Wait()
		for _, sku := range skus {
			f.mustLevel(sku, each, each)
		}
		var deadlocks int
		f.must(f.db.orders.read(t.Context(), func(q querier) error {
			return q.QueryRow(t.Context(), "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()").Scan(&deadlocks)
		}))
		if deadlocks > 0 {
			t.Errorf("%d deadlocks", deadlocks)
		}
		f.mustBeSound()
	})

	t.Run("SixtyFourBuyersOfOneSKU", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t, open(t))
		f.must(f.receive("MUG", 50))
		var sold atomic.Int32
		var all sync.WaitGroup
		for range 64 {
			all.Go(func() {
				switch err := f.insist(units("mug", 1)); {
				case err == nil:
					sold.Add(1)
				case !fault.Is(err, fault.Exhausted):
					t.Error(err)
				}
			})
		}
		all.Wait()
		if sold.Load() != 50 {
			t.Errorf("sold %d of 50", sold.Load())
		}
		f.mustLevel("MUG", 50, 50)
		f.mustBeSound()
	})

	t.Run("TheFirstReceiptsOfASKUAddUp", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t, open(t))
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() {
				if err := f.receive("NEW", 1); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		f.mustLevel("NEW", 20, 0)
		ledger, err := f.store.Stock.Movements(t.Context(), "NEW", id.Movement{}, 100)
		f.must(err)
		seen := map[int]bool{}
		for _, m := range ledger {
			seen[m.OnHand] = true
		}
		for n := 1; n <= 20; n++ {
			if !seen[n] {
				t.Errorf("no movement left %d on hand", n)
			}
		}
	})
}

// TestOrderTx_Interleaved lets one transaction run into another that has not
// ended, and looks what it decides when that commits or is rolled back.
func TestOrderTx_Interleaved(t *testing.T) {
	t.Parallel()
	errChanged := errors.New("changed its mind")

	// meet runs first up to its end, then second until it waits for first, and
	// ends first.
	meet := func(f *floor, commit bool, first, second func(ctx context.Context, tx ports.OrderTx) error) error {
		f.t.Helper()
		var arrive sync.Once
		arrived, leave := make(chan struct{}), make(chan struct{})
		end := sync.OnceFunc(func() { close(leave) })
		defer end()
		var ended sync.WaitGroup
		var one, other error
		ended.Go(func() {
			defer arrive.Do(func() { close(arrived) })
			one = f.try(func(ctx context.Context, tx ports.OrderTx) error {
				if err := first(ctx, tx); err != nil {
					return err
				}
				if _, err := tx.Inbox.First(ctx, "test", id.Job{UUID: f.ids.New()}); err != nil { // sends what is queued
					return err
				}
				arrive.Do(func() { close(arrived) })
				<-leave
				if !commit {
					return errChanged
				}
				return nil
			})
		})
		<-arrived
		ended.Go(func() { other = f.try(second) })
		f.somebodyWaits()
		end()
		ended.Wait()
		if commit && one != nil || !commit && !errors.Is(one, errChanged) {
			f.t.Fatal(one)
		}
		return other
	}

	t.Run("TwoOrdersOfOneCart", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t, open(t))
		for _, commit := range []bool{true, false} {
			c := f.cart()
			first, _ := f.order(c.ID, 1)
			second, _ := f.order(c.ID, 1)
			err := meet(f, commit,
				func(ctx context.Context, tx ports.OrderTx) error { return tx.Orders.InsertOrder(ctx, first) },
				func(ctx context.Context, tx ports.OrderTx) error { return tx.Orders.InsertOrder(ctx, second) })
			if !commit {
				f.must(err)
				continue
			}
			e, _ := errors.AsType[*fault.Error](err)
			if fault.CodeOf(err) != "cart_already_ordered" || e.Data != (cart.InOrder{Order: first.ID}) {
				t.Errorf("got %v with %+v, want the order it is in", err, e)
			}
		}
	})

	t.Run("AnEditAndACheckoutOfOneCart", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t, open(t))
		begin := func(c cart.Cart, o id.Order) func(ctx context.Context, tx ports.OrderTx) error {
			return func(ctx context.Context, tx ports.OrderTx) error {
				locked, err := tx.Carts.CartForUpdate(ctx, c.ID)
				if err != nil {
					return err
				}
				if locked.Version != c.Version {
					return errChanged
				}
				if err := locked.BeginOrder(o, f.now); err != nil {
					return err
				}
				return tx.Carts.SaveCart(ctx, locked)
			}
		}
		edit := func(c cart.Cart) func(ctx context.Context, tx ports.OrderTx) error {
			return func(ctx context.Context, tx ports.OrderTx) error {
				locked, err := tx.Carts.CartForUpdate(ctx, c.ID)
				if err != nil {
					return err
				}
				if err := locked.Set("MUG", 2, 99, euros(1190), f.now); err != nil {
					return err
				}
				return tx.Carts.SaveCart(ctx, locked)
			}
		}
		c := f.cart()
		if err := meet(f, true, begin(c, f.orderID()), edit(c)); fault.CodeOf(err) != "cart_locked" {
			t.Errorf("an edit during the checkout: %v", err)
		}
		c = f.cart()
		f.must(meet(f, false, begin(c, f.orderID()), edit(c)))
		c = f.cart()
		if err := meet(f, true, edit(c), begin(c, f.orderID())); !errors.Is(err, errChanged) {
			t.Errorf("a checkout during the edit: %v", err)
		}
	})

	t.Run("ASaleAndTheSweeper", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t, open(t))
		f.must(f.receive("MUG", 4))
		for _, commit := range []bool{true, false} {
			o := f.orderID()
			f.must(f.reserve(o, units("MUG", 2)))
			released := -1
			f.must(meet(f, commit,
				func(ctx context.Context, tx ports.OrderTx) error {
					if err := tx.Stock.Consume(ctx, o, []id.Movement{f.movement()}, f.now); err != nil {
						return err
					}
					_, err := tx.Stock.Release(ctx, o, f.now) // of nothing: it waits for the sale to be made
					return err
				},
				func(ctx context.Context, tx ports.OrderTx) error {
					changes, err := tx.Stock.Release(ctx, o, f.now)
					released = len(changes)
					return err
				}))
			if commit == (released != 0) {
				t.Errorf("sold: %v, and %d levels were released", commit, released)
			}
		}
		f.mustLevel("MUG", 2, 0)
		f.mustBeSound()
	})

	t.Run("ACountAndAReservation", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t, open(t))
		f.must(f.receive("MUG", 5))
		for _, commit := range []bool{false, true} {
			err := meet(f, commit,
				func(ctx context.Context, tx ports.OrderTx) error {
					_, err := tx.Stock.Adjust(ctx, f.received("MUG", -3))
					return err
				},
				func(ctx context.Context, tx ports.OrderTx) error {
					_, err := tx.Stock.Reserve(ctx, f.reservation(f.orderID(), units("MUG", 2)))
					return err
				})
			if commit != fault.Is(err, fault.Exhausted) {
				t.Errorf("three were taken away: %v, and two of five reserved: %v", commit, err)
			}
		}
		f.mustLevel("MUG", 2, 2)
		f.mustBeSound()
	})

	t.Run("AnArrivalAndACorrectionOfANewLevel", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t, open(t))
		adjust := func(quantity int) func(ctx context.Context, tx ports.OrderTx) error {
			return func(ctx context.Context, tx ports.OrderTx) error {
				_, err := tx.Stock.Adjust(ctx, f.received("MUG", quantity))
				return err
			}
		}
		if err := meet(f, false, adjust(5), adjust(-3)); !fault.Is(err, fault.Exhausted) {
			t.Errorf("three of what never arrived: %v", err)
		}
		f.must(meet(f, true, adjust(5), adjust(-3)))
		f.mustLevel("MUG", 2, 0)
		f.mustBeSound()
	})

	t.Run("SweepersSideBySide", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t, open(t))
		f.must(f.receive("MUG", 5))
		mine, theirs := f.orderID(), f.orderID()
		f.must(f.reserve(mine, units("MUG", 1)), f.reserve(theirs, units("MUG", 1)))
		f.must(f.try(func(ctx context.Context, tx ports.OrderTx) error {
			if _, err := tx.Stock.Release(ctx, mine, f.now); err != nil {
				return err
			}
			late, err := f.store.Expired.ExpiredReservations(ctx, f.now.Add(time.Hour), 10)
			if err != nil || len(late) != 1 || late[0] != theirs {
				t.Errorf("the other sweeper is given %v, %v", late, err)
			}
			return nil
		}))

		const carts = 60
		for range carts {
			f.cart()
		}
		var dropped atomic.Int32
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for {
					n, err := f.store.Expired.DropExpiredCarts(t.Context(), f.now.Add(2*time.Hour), 7)
					if err != nil {
						t.Error(err)
					}
					if dropped.Add(int32(n)); n == 0 {
						return
					}
				}
			})
		}
		all.Wait()
		if dropped.Load() != carts {
			t.Errorf("dropped %d of %d carts", dropped.Load(), carts)
		}
	})
}

func TestKeys_Race(t *testing.T) {
	t.Parallel()

	t.Run("AKeyWhoseLeaseRanOutHasOneHeir", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t, open(t))
		for round := range 10 {
			k := ports.KeyRef{Owner: "guest:1", Operation: "checkout", Key: fmt.Sprint(round)}
			claim := func(now time.Time) ports.ClaimState {
				got, err := f.store.Keys.Claim(t.Context(), ports.Claim{KeyRef: k, Fingerprint: sha256.Sum256(nil), Now: now, Lease: time.Minute})
				if err != nil {
					t.Error(err)
				}
				return got.State
			}
			claim(f.now)
			var heirs atomic.Int32
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					if claim(f.now.Add(2*time.Minute)) == ports.ClaimContinued {
						heirs.Add(1)
					}
				})
			}
			all.Wait()
			if heirs.Load() != 1 {
				t.Errorf("%d go on with the key", heirs.Load())
			}
		}
	})

	t.Run("AClaimWaitsForWhoeverIsAtIt", func(t *testing.T) {
		t.Parallel()
		f := newFloor(t, open(t))
		for range 20 { // given back and claimed at once: it is always somebody's
			k := ports.KeyRef{Owner: "guest:1", Operation: "checkout", Key: "k"}
			var all sync.WaitGroup
			for i := range 4 {
				all.Go(func() {
					_, err := f.store.Keys.Claim(t.Context(), ports.Claim{KeyRef: k, Fingerprint: sha256.Sum256([]byte{byte(i)}), Now: f.now, Lease: time.Minute})
					if err := errors.Join(err, f.store.Keys.Release(t.Context(), k)); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
		}
	})
}
