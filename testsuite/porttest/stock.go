package porttest

import (
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/ports"
)

// TestStock is the contract of Stock, StockWriter and of reservations that expire.
func TestStock(t *testing.T, h OrderHarness) {
	t.Parallel()
	t.Run("Reserve", func(t *testing.T) { testReserve(t, h) })
	t.Run("Settle", func(t *testing.T) { testSettleReservations(t, h) })
	t.Run("Adjust", func(t *testing.T) { testAdjust(t, h) })
	t.Run("Read", func(t *testing.T) { testReadStock(t, h) })
}

func testReserve(t *testing.T, h OrderHarness) {
	t.Parallel()

	for _, stock := range []int{1, 7} {
		t.Run(fmt.Sprintf("LastUnitSoldOnce/%d", stock), func(t *testing.T) {
			t.Parallel()
			w := newOrderWorld(t, h)
			w.receive("LAST", stock)
			const buyers = 40
			errs := together(buyers, func(int) error {
				_, err := w.tryReserve(w.orderID(), units("LAST", 1))
				return err
			})
			sold := 0
			for _, err := range errs {
				switch {
				case err == nil:
					sold++
				case fault.CodeOf(err) != "out_of_stock":
					t.Errorf("refused for another reason: %v", err)
				}
			}
			if sold != stock {
				t.Errorf("sold %d of %d", sold, stock)
			}
			w.mustLevel("LAST", stock, stock)
		})
	}

	t.Run("OpposedCartsNeverDeadlock", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		const carts = 40
		w.receive("A", carts)
		w.receive("b", carts)
		w.receive("C", carts)
		began := time.Now()
		errs := together(carts, func(i int) error {
			lines := []inventory.Line{units("A", 1), units("b", 1), units("C", 1)}
			if i%2 == 1 {
				lines[0], lines[2] = lines[2], lines[0]
			}
			_, err := w.tryReserve(w.orderID(), lines...)
			return err
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("took %v: somebody waited for a deadlock to be broken", took)
		}
		for _, sku := range []id.SKU{"A", "b", "C"} {
			w.mustLevel(sku, carts, carts)
		}
	})

	t.Run("AllLinesOrNoneNamingEveryShortOne", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.receive("PLENTY", 10)
		w.receive("Few", 2)
		w.receive("ANOTHER", 10)
		o := w.orderID()
		_, err := w.tryReserve(o, units("PLENTY", 3), units("few", 3), units("NEVER", 1), units("ANOTHER", 1))
		mustFail(t, err, fault.Exhausted, "out_of_stock")
		mustSame(t, "shortages", dataOf[inventory.Shortages](t, err).Lines, nil, []inventory.Shortage{
			{SKU: "Few", Requested: 3, Available: 2}, {SKU: "NEVER", Requested: 1, Available: 0},
		})
		for sku, onHand := range map[id.SKU]int{"PLENTY": 10, "Few": 2, "ANOTHER": 10} {
			w.mustLevel(sku, onHand, 0)
		}
		changes, err := w.release(o)
		mustSame(t, "nothing is held", changes, err, []inventory.Change{})
	})

	t.Run("ARefusalLeavesTheTransactionClean", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.receive("A", 5)
		before := w.level("A")
		o := w.orderID()
		w.inTx(func(tx ports.OrderTx) error { // carries on after the refusal
			_, err := tx.Stock.Reserve(t.Context(), inventory.Reservation{
				Order: o, Lines: []inventory.Line{units("A", 5), units("B", 1)}, ExpiresAt: w.now.Add(time.Minute), At: w.now,
			})
			mustFail(t, err, fault.Exhausted, "out_of_stock")
			return nil
		})
		mustSame(t, "level", w.level("A"), nil, before)
		mustFail(t, w.consume(o), fault.Gone, "")
	})

	t.Run("LinesOfOneSKUAreMerged", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.receive("TEE-S", 3)
		_, err := w.tryReserve(w.orderID(), units("TEE-S", 2), units("tee-s", 2))
		mustFail(t, err, fault.Exhausted, "out_of_stock")
		mustSame(t, "shortages", dataOf[inventory.Shortages](t, err).Lines, nil, []inventory.Shortage{{SKU: "TEE-S", Requested: 4, Available: 3}})
		changes := w.reserve(w.orderID(), units("TEE-S", 2), units("tee-s", 1))
		if len(changes) != 1 || changes[0].Before.Reserved != 0 || changes[0].After.Reserved != 3 {
			t.Errorf("changes %+v, want one from 0 to 3 reserved", changes)
		}
		w.mustLevel("TEE-S", 3, 3)
	})

	t.Run("ChangesComeBySKUBytesAndTellWhatFlipped", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		for _, sku := range []id.SKU{"b", "A", "C"} {
			w.receive(sku, 2)
		}
		changes := w.reserve(w.orderID(), units("B", 2), units("c", 1), units("a", 2))
		want := []struct {
			sku     id.SKU
			flipped bool
		}{{"A", true}, {"C", false}, {"b", true}}
		if len(changes) != len(want) {
			t.Fatalf("changes %+v", changes)
		}
		for i, c := range changes {
			if c.After.SKU != want[i].sku || c.Before.SKU != want[i].sku || c.Flipped() != want[i].flipped {
				t.Errorf("change %d is %+v, want %+v", i, c, want[i])
			}
			if c.After.Version != c.Before.Version+1 || c.After.Location != id.Main {
				t.Errorf("change %d is %+v", i, c)
			}
			mustSame(t, "level in force", w.level(c.After.SKU), nil, c.After)
		}
	})

	t.Run("LocationsAreApart", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		there := w.adjustment("TEE", 5)
		there.Location = "berlin"
		w.adjust(there, w.adjustment("TEE", 1))
		_, err := w.tryReserve(w.orderID(), units("TEE", 2))
		mustFail(t, err, fault.Exhausted, "out_of_stock")
		w.reserve(w.orderID(), inventory.Line{SKU: "TEE", Location: "berlin", Quantity: 5}, units("TEE", 1))
		levels, err := w.store.Stock.Levels(t.Context(), []id.SKU{"tee"})
		if err != nil || len(levels) != 2 || levels[0].Location != "berlin" || levels[0].Reserved != 5 || levels[1].Reserved != 1 {
			t.Errorf("levels %+v, %v", levels, err)
		}
	})
}

func testSettleReservations(t *testing.T, h OrderHarness) {
	t.Parallel()

	t.Run("ConsumedOnce", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.receive("A", 5)
		w.receive("B", 5)
		o, other := w.orderID(), w.orderID()
		w.reserve(o, units("B", 2), units("A", 5))
		w.reserve(other, units("B", 1))
		a, b := w.level("A"), w.level("B")
		if err := w.consume(o); err != nil {
			t.Fatal(err)
		}
		w.mustLevel("A", 0, 0)
		w.mustLevel("B", 3, 1)
		for _, before := range []inventory.Level{a, b} {
			if after := w.level(before.SKU); after.Available() != before.Available() || after.Version != before.Version+1 {
				t.Errorf("selling what was held left %+v of %+v", after, before)
			}
		}
		sales, err := w.store.Stock.Movements(t.Context(), "B", id.Movement{}, 1)
		if err != nil || len(sales) != 1 {
			t.Fatalf("movements %+v, %v", sales, err)
		}
		if s := sales[0]; s.Delta != -2 || s.OnHand != 3 || s.Reason != inventory.Sale || s.Reference != o.String() || !s.At.Equal(w.now) || s.Location != id.Main {
			t.Errorf("the ledger says %+v", s)
		}
		for range 2 {
			mustFail(t, w.consume(o), fault.Gone, "")
			again, err := w.release(o)
			mustSame(t, "released after", again, err, []inventory.Change{})
		}
		w.mustLevel("B", 3, 1)
		w.mustBalance("A")
		w.mustBalance("B")
	})

	t.Run("ReleasedOnce", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.receive("A", 5)
		o := w.orderID()
		w.reserve(o, units("A", 5))
		changes, err := w.release(o)
		if err != nil || len(changes) != 1 || !changes[0].Flipped() {
			t.Fatalf("changes %+v, %v, want one that flipped", changes, err)
		}
		w.mustLevel("A", 5, 0)
		again, err := w.release(o)
		mustSame(t, "released again", again, err, []inventory.Change{})
		mustFail(t, w.consume(o), fault.Gone, "")
		w.mustLevel("A", 5, 0)
		w.mustBalance("A")
	})

	t.Run("AReleasedOrderMayReserveAgain", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.receive("A", 5)
		o := w.orderID()
		w.reserve(o, units("A", 5))
		if _, err := w.release(o); err != nil {
			t.Fatal(err)
		}
		w.reserve(o, units("A", 2))
		w.mustLevel("A", 5, 2)
		if err := w.consume(o); err != nil {
			t.Fatal(err)
		}
		w.mustLevel("A", 3, 0)
		w.mustBalance("A")
	})

	t.Run("ARaceHasOneWinner", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		const rounds = 8
		w.receive("A", 3*rounds)
		sold := 0
		for range rounds {
			o := w.orderID()
			w.reserve(o, units("A", 3))
			var consumed, released atomic.Int32
			errs := together(10, func(i int) error {
				if i%2 == 0 {
					changes, err := w.release(o)
					if len(changes) > 0 {
						released.Add(1)
					}
					return err
				}
				err := w.consume(o)
				if err == nil {
					consumed.Add(1)
				} else if fault.Is(err, fault.Gone) {
					err = nil
				}
				return err
			})
			if err := errors.Join(errs...); err != nil {
				t.Fatal(err)
			}
			if consumed.Load()+released.Load() != 1 {
				t.Fatalf("%d consumed it and %d released it", consumed.Load(), released.Load())
			}
			sold += 3 * int(consumed.Load())
		}
		w.mustLevel("A", 3*rounds-sold, 0)
		w.mustBalance("A")
	})

	t.Run("ExtendedExpireLater", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.receive("A", 5)
		o := w.orderID()
		w.reserve(o, units("A", 5))
		level := w.level("A")
		extend := func(until time.Duration) {
			w.inTx(func(tx ports.OrderTx) error { return tx.Stock.Extend(t.Context(), o, w.now.Add(until)) })
		}
		expired := func(after time.Duration, want ...id.Order) {
			t.Helper()
			got, err := w.store.Expired.ExpiredReservations(t.Context(), w.now.Add(after), 10)
			mustSame(t, "after "+after.String(), got, err, append([]id.Order{}, want...))
		}
		extend(time.Hour)
		expired(59 * time.Minute)
		extend(time.Minute) // sooner: stays
		expired(59 * time.Minute)
		expired(61*time.Minute, o)
		mustSame(t, "level", w.level("A"), nil, level)
		if _, err := w.release(o); err != nil {
			t.Fatal(err)
		}
		extend(2 * time.Hour) // nothing is held
		expired(3 * time.Hour)
		w.mustLevel("A", 5, 0)
	})

	t.Run("ExpiredAreFoundAndReleased", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.receive("A", 9)
		w.receive("B", 9)
		var orders []id.Order
		for i := range 3 {
			o := w.orderID()
			orders = append(orders, o)
			w.inTx(func(tx ports.OrderTx) error {
				_, err := tx.Stock.Reserve(t.Context(), inventory.Reservation{
					Order: o, Lines: []inventory.Line{units("A", 1), units("B", 1)}, ExpiresAt: w.now.Add(time.Duration(i) * time.Minute), At: w.now,
				})
				return err
			})
		}
		for _, step := range []struct {
			after time.Duration
			limit int
			want  []id.Order
		}{
			{-time.Second, 10, []id.Order{}},
			{90 * time.Second, 10, orders[:2]},
			{time.Hour, 2, orders[:2]},
		} {
			got, err := w.store.Expired.ExpiredReservations(t.Context(), w.now.Add(step.after), step.limit)
			mustSame(t, "after "+step.after.String(), got, err, step.want)
		}
		if _, err := w.release(orders[0]); err != nil {
			t.Fatal(err)
		}
		if err := w.consume(orders[1]); err != nil {
			t.Fatal(err)
		}
		got, err := w.store.Expired.ExpiredReservations(t.Context(), w.now.Add(time.Hour), 10)
		mustSame(t, "settled ones do not expire", got, err, orders[2:])
	})
}

func testAdjust(t *testing.T, h OrderHarness) {
	t.Parallel()

	t.Run("WritesTheLedger", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		a := w.adjustment("Tee-S", 10)
		a.Note, a.Reference, a.By = "pallet 7 – größer", "po-1", "key:warehouse"
		changes := w.adjust(a)
		if len(changes) != 1 || changes[0].Before.OnHand != 0 || !changes[0].Flipped() || changes[0].After.SKU != "Tee-S" {
			t.Fatalf("changes %+v", changes)
		}
		b := w.adjustment("TEE-S", -3)
		b.Reason = inventory.Damaged
		w.adjust(b)
		b.SKU = "Tee-S" // as stored
		ledger, err := w.store.Stock.Movements(t.Context(), "tee-s", id.Movement{}, 10)
		mustSame(t, "ledger", ledger, err, []inventory.Movement{{Adjustment: b, OnHand: 7}, {Adjustment: a, OnHand: 10}})
		ledger, err = w.store.Stock.Movements(t.Context(), "Tee-S", b.ID, 10)
		mustSame(t, "older", ledger, err, []inventory.Movement{{Adjustment: a, OnHand: 10}})
		ledger, err = w.store.Stock.Movements(t.Context(), "Tee-S", id.Movement{}, 1)
		mustSame(t, "limited", ledger, err, []inventory.Movement{{Adjustment: b, OnHand: 7}})
		w.mustBalance("Tee-S")
	})

	t.Run("SeveralOfOneSKUAreOneChange", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		changes := w.adjust(w.adjustment("B", 5), w.adjustment("A", 1), w.adjustment("b", -2))
		if len(changes) != 2 || changes[0].After.SKU != "A" || changes[1].Before.OnHand != 0 || changes[1].After.OnHand != 3 {
			t.Errorf("changes %+v", changes)
		}
		w.mustLevel("B", 3, 0)
		w.mustBalance("B")
		ledger, err := w.store.Stock.Movements(t.Context(), "B", id.Movement{}, 10)
		if err != nil || len(ledger) != 2 {
			t.Errorf("ledger %+v, %v, want both lines", ledger, err)
		}
	})

	t.Run("NeverBelowReserved", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.receive("A", 5)
		w.receive("B", 5)
		w.reserve(w.orderID(), units("A", 3))
		err := w.try(func(tx ports.OrderTx) error {
			_, err := tx.Stock.Adjust(t.Context(), w.adjustment("B", -1), w.adjustment("A", -3))
			return err
		})
		mustFail(t, err, fault.Exhausted, "out_of_stock")
		mustSame(t, "shortages", dataOf[inventory.Shortages](t, err).Lines, nil, []inventory.Shortage{{SKU: "A", Requested: 3, Available: 2}})
		w.mustLevel("A", 5, 3)
		w.mustLevel("B", 5, 0)
		w.adjust(w.adjustment("A", -2))
		w.mustLevel("A", 3, 3)
		mustFail(t, w.try(func(tx ports.OrderTx) error {
			_, err := tx.Stock.Adjust(t.Context(), w.adjustment("NEVER", -1))
			return err
		}), fault.Exhausted, "out_of_stock")
		w.mustBalance("A")
		w.mustBalance("B")
	})

	t.Run("ADeltaOfZeroOnlyLooks", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.receive("A", 5)
		level := w.level("A")
		mustSame(t, "changes", w.adjust(w.adjustment("a", 0)), nil, []inventory.Change{{Before: level, After: level}})
		mustSame(t, "level", w.level("A"), nil, level)
		ledger, err := w.store.Stock.Movements(t.Context(), "A", id.Movement{}, 10)
		if err != nil || len(ledger) != 1 {
			t.Errorf("ledger %+v, %v, want only the receipt", ledger, err)
		}
	})

	t.Run("AUniqueReferenceIsTakenOnce", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		once := func(sku id.SKU, delta int) inventory.Adjustment {
			a := w.adjustment(sku, delta)
			a.Reference, a.Unique = "import-1", true
			return a
		}
		try := func(as ...inventory.Adjustment) error {
			return w.try(func(tx ports.OrderTx) error {
				_, err := tx.Stock.Adjust(t.Context(), as...)
				return err
			})
		}
		w.adjust(once("A", 5))
		for name, err := range map[string]error{
			"again":          try(once("a", 5)),
			"another number": try(once("A", 7)),
			"beside others":  try(w.adjustment("B", 1), once("A", 5)),
			"twice at once":  try(once("C", 1), once("c", 1)),
		} {
			if !fault.Is(err, fault.Exists) || dataOf[fault.Taken](t, err).Field != "reference" {
				t.Errorf("%s: got %v, want Exists of reference", name, err)
			}
		}
		w.mustLevel("A", 5, 0)
		w.mustLevel("B", 0, 0)
		damaged, free := once("A", -1), once("A", 2)
		damaged.Reason, free.Unique = inventory.Damaged, false
		other := once("A", 1)
		other.Reference = "import-2"
		w.adjust(damaged, once("B", 1), free, other) // another reason, SKU, reference; or not said to be unique
		w.mustLevel("A", 7, 0)

		errs := together(10, func(int) error { return try(once("RACE", 1)) })
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !fault.Is(err, fault.Exists) {
				t.Errorf("got %v, want Exists", err)
			}
		}
		if won != 1 {
			t.Errorf("%d of ten were first", won)
		}
		w.mustLevel("RACE", 1, 0)
	})

	t.Run("ReceiptsAndBuyersTogether", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.receive("A", 1)
		errs := together(40, func(i int) error {
			if i%4 == 0 {
				return w.try(func(tx ports.OrderTx) error {
					_, err := tx.Stock.Adjust(t.Context(), w.adjustment("A", 2))
					return err
				})
			}
			o := w.orderID()
			if _, err := w.tryReserve(o, units("A", 1)); fault.CodeOf(err) == "out_of_stock" {
				return nil
			} else if err != nil {
				return err
			}
			if i%4 == 1 {
				_, err := w.release(o)
				return err
			}
			return w.consume(o)
		})
		if err := errors.Join(errs...); err != nil {
			t.Fatal(err)
		}
		if l := w.level("A"); l.Reserved != 0 || l.OnHand < 0 {
			t.Errorf("level %+v", l)
		}
		w.mustBalance("A")
	})
}

func testReadStock(t *testing.T, h OrderHarness) {
	t.Parallel()

	t.Run("AvailabilityIsOnHandLessReserved", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.receive("Tee-S", 5)
		w.receive("MUG", 3)
		there := w.adjustment("MUG", 4)
		there.Location = "berlin"
		w.adjust(there)
		w.reserve(w.orderID(), units("Tee-S", 2))
		got, err := w.store.Stock.Availability(t.Context(), []id.SKU{"TEE-S", "mug", "NEVER", "tee-s"}, ports.Mark{})
		mustSame(t, "availability", got, err, map[string]int{"tee-s": 3, "mug": 7})
		got, err = w.store.Stock.Availability(t.Context(), nil, ports.Mark{})
		mustSame(t, "of nothing", got, err, map[string]int{})
	})

	t.Run("LevelsComeBySKUBytesAndLocation", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		for _, sku := range []id.SKU{"b", "A", "C"} {
			w.receive(sku, 1)
		}
		there := w.adjustment("A", 4)
		there.Location = "berlin"
		w.adjust(there)
		levels, err := w.store.Stock.Levels(t.Context(), []id.SKU{"c", "B", "NEVER", "a"})
		mustSame(t, "levels", levels, err, []inventory.Level{
			{SKU: "A", Location: "berlin", OnHand: 4, Version: 1},
			{SKU: "A", Location: "main", OnHand: 1, Version: 1},
			{SKU: "C", Location: "main", OnHand: 1, Version: 1},
			{SKU: "b", Location: "main", OnHand: 1, Version: 1},
		})
		levels, err = w.store.Stock.Levels(t.Context(), nil)
		mustSame(t, "of nothing", levels, err, []inventory.Level{})
	})

	t.Run("LevelsAreBrowsed", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		for sku, n := range map[id.SKU]int{"A": 2, "B": 9, "C": 9, "d": 1} {
			w.receive(sku, n)
		}
		w.reserve(w.orderID(), units("C", 8))
		skus := func(levels []inventory.Level, err error) []id.SKU {
			if err != nil {
				t.Fatal(err)
			}
			out := []id.SKU{}
			for _, l := range levels {
				out = append(out, l.SKU)
			}
			return out
		}
		for name, c := range map[string]struct {
			ask  inventory.Browse
			want []id.SKU
		}{
			"all":                  {inventory.Browse{}, []id.SKU{"A", "B", "C", "d"}},
			"backwards":            {inventory.Browse{Descending: true}, []id.SKU{"d", "C", "B", "A"}},
			"few":                  {inventory.Browse{Below: 3}, []id.SKU{"A", "C", "d"}},
			"strictly below":       {inventory.Browse{Below: 1}, []id.SKU{}},
			"fewest first":         {inventory.Browse{ByAvailable: true}, []id.SKU{"C", "d", "A", "B"}},
			"most first":           {inventory.Browse{ByAvailable: true, Descending: true}, []id.SKU{"B", "A", "d", "C"}},
			"a beginning":          {inventory.Browse{Query: "D"}, []id.SKU{"d"}},
			"no such beginning":    {inventory.Browse{Query: "%"}, []id.SKU{}},
			"few with a letter":    {inventory.Browse{Query: "c", Below: 2}, []id.SKU{"C"}},
			"many with the letter": {inventory.Browse{Query: "b", Below: 9}, []id.SKU{}},
		} {
			var walked []id.SKU
			for c.ask.Limit, c.ask.Count = 2, true; ; {
				page, total, err := w.store.Stock.BrowseLevels(t.Context(), c.ask)
				if total != len(c.want) {
					t.Errorf("%s: total %d, want %d", name, total, len(c.want))
				}
				walked = append(walked, skus(page, err)...)
				if len(page) < c.ask.Limit {
					break
				}
				c.ask.After = &page[len(page)-1]
			}
			mustSame(t, name, append([]id.SKU{}, walked...), nil, c.want)
		}
		if _, total, err := w.store.Stock.BrowseLevels(t.Context(), inventory.Browse{Limit: 1}); total != -1 || err != nil {
			t.Errorf("uncounted: total %d, %v", total, err)
		}
	})

	t.Run("AnEmptyLedgerIsNoError", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		ledger, err := w.store.Stock.Movements(t.Context(), "NEVER", id.Movement{}, 10)
		mustSame(t, "ledger", ledger, err, []inventory.Movement{})
	})
}
