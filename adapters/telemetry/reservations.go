package telemetry

import (
	"context"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/ports"
)

// How a reservation ended.
const (
	Reserved   = "reserved"
	OutOfStock = "out_of_stock"
	Unsure     = "unknown" // it was asked for, and whether it was committed is not known
	Failed     = "error"
)

// Reservations returns the store with each transaction telling how its
// reservation of stock ended, once, however often it had to be run.
func Reservations(store ports.OrderStore, observe func(result string)) ports.OrderStore {
	store.Tx = reserving{store.Tx, observe}
	return store
}

type reserving struct {
	ports.Transactor[ports.OrderTx]
	observe func(result string)
}

func (r reserving) InTx(ctx context.Context, fn func(context.Context, ports.OrderTx) error) (ports.Mark, error) {
	var last reservation
	mark, err := r.Transactor.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		last = reservation{} // what an earlier run did was undone
		tx.Stock = stockWriter{tx.Stock, &last}
		return fn(ctx, tx)
	})
	switch {
	case !last.asked:
	case err == nil && last.err == nil:
		r.observe(Reserved)
	case fault.Is(last.err, fault.Exhausted):
		r.observe(OutOfStock)
	case fault.Is(err, fault.Unknown):
		r.observe(Unsure)
	default:
		r.observe(Failed)
	}
	return mark, err
}

// reservation is what a transaction asked for.
type reservation struct {
	asked bool
	err   error
}

type stockWriter struct {
	ports.StockWriter
	last *reservation
}

func (w stockWriter) Reserve(ctx context.Context, r inventory.Reservation) ([]inventory.Change, error) {
	changes, err := w.StockWriter.Reserve(ctx, r)
	*w.last = reservation{true, err}
	return changes, err
}
