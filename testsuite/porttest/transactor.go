package porttest

import (
	"context"
	"errors"
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/ports"
)

// TestTransactor is the contract of Transactor and Marker, shown on the realm
// of orders.
func TestTransactor(t *testing.T, h OrderHarness) {
	t.Parallel()

	t.Run("AnErrorComesBackAsItIsAndUndoesAll", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		own := &fault.Error{Kind: fault.Conflict, Code: "own"}
		err := w.try(func(tx ports.OrderTx) error { return errors.Join(putEverywhere(w, tx), own) })
		if !errors.Is(err, own) {
			t.Errorf("got %v, want the closure's own error", err)
		}
		mustBeEmpty(w)
	})

	t.Run("APanicIsInternalAndUndoesAll", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		err := w.try(func(tx ports.OrderTx) error {
			if err := putEverywhere(w, tx); err != nil {
				t.Error(err)
			}
			panic("a bug")
		})
		if !fault.Is(err, fault.Internal) {
			t.Errorf("got %v, want Internal", err)
		}
		mustBeEmpty(w)
		w.inTx(func(tx ports.OrderTx) error { return putEverywhere(w, tx) }) // and harms nobody after it
		w.mustLevel("A", 5, 0)
	})

	t.Run("AFailedStatementHarmsNothingBeforeIt", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		w.receive("B", 1)
		w.inTx(func(tx ports.OrderTx) error {
			if err := putEverywhere(w, tx); err != nil {
				return err
			}
			_, err := tx.Stock.Adjust(t.Context(), w.adjustment("B", -2))
			mustFail(t, err, fault.Exhausted, "out_of_stock")
			return nil
		})
		w.mustLevel("A", 5, 0)
		w.mustLevel("B", 1, 0)
	})

	t.Run("ACancelledCallDoesNotBegin", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := w.store.Tx.InTx(ctx, func(context.Context, ports.OrderTx) error {
			t.Error("it began")
			return nil
		})
		if !fault.Is(err, fault.Canceled) {
			t.Errorf("got %v, want Canceled", err)
		}
	})

	t.Run("CancellingInTheMiddleIsAllOrNothing", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := w.store.Tx.InTx(ctx, func(_ context.Context, tx ports.OrderTx) error {
			cancel()
			return putEverywhere(w, tx)
		})
		switch {
		case err == nil:
			w.mustLevel("A", 5, 0)
		case fault.Is(err, fault.Canceled):
			mustBeEmpty(w)
		default:
			t.Errorf("got %v, want the write's answer or Canceled", err)
		}
	})

	t.Run("MarksRise", func(t *testing.T) {
		t.Parallel()
		w := newOrderWorld(t, h)
		var last ports.Mark
		for range 5 {
			mark, err := w.store.Tx.InTx(t.Context(), func(_ context.Context, tx ports.OrderTx) error { return putEverywhere(w, tx) })
			if err != nil {
				t.Fatal(err)
			}
			if mark.IsZero() || mark.Realm != ports.Orders || !mark.Covers(last) || last.Covers(mark) && !last.IsZero() {
				t.Errorf("mark %+v after %+v", mark, last)
			}
			last = mark
			position, err := w.store.Marks.Position(t.Context())
			if err != nil || !position.Covers(mark) {
				t.Errorf("position %+v, %v does not cover %+v", position, err, mark)
			}
		}
	})
}

// putEverywhere writes with the transaction's first and last statement.
func putEverywhere(w *orderWorld, tx ports.OrderTx) error {
	if err := tx.Orders.InsertOrder(w.t.Context(), w.order()); err != nil {
		return err
	}
	_, err := tx.Stock.Adjust(w.t.Context(), w.adjustment("A", 5))
	return err
}

func mustBeEmpty(w *orderWorld) {
	w.t.Helper()
	w.mustLevel("A", 0, 0)
	page, _, err := w.store.Orders.BrowseOrders(w.t.Context(), order.Filter{Limit: 1})
	mustSame(w.t, "orders", page, err, []order.Order{})
}
