package porttest

import (
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// TestOrderTx is what only the realm of orders shows of Transactor.
func TestOrderTx(t *testing.T, h OrderHarness) {
	t.Parallel()

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
}

// putEverywhere writes with the transaction's first and last statement.
func putEverywhere(w *orderWorld, tx ports.OrderTx) error {
	if err := tx.Orders.InsertOrder(w.t.Context(), w.order()); err != nil {
		return err
	}
	_, err := tx.Stock.Adjust(w.t.Context(), w.adjustment("A", 5))
	return err
}
