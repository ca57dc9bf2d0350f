package telemetry_test

import (
	"context"
	"crypto/rand"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/adapters/telemetry"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/ports"
)

// rerun runs each transaction twice and says that the answer to the second was
// lost, if it is told to.
type rerun struct {
	ports.Transactor[ports.OrderTx]
	lose *bool
}

func (r rerun) InTx(ctx context.Context, fn func(context.Context, ports.OrderTx) error) (ports.Mark, error) {
	undone := errors.New("undone")
	if _, err := r.Transactor.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		_ = fn(ctx, tx)
		return undone
	}); !errors.Is(err, undone) {
		return ports.Mark{}, err
	}
	mark, err := r.Transactor.InTx(ctx, fn)
	if *r.lose {
		return ports.Mark{}, fault.New(fault.Unknown, "", "the answer was lost")
	}
	return mark, err
}

func TestReservations(t *testing.T) {
	t.Parallel()
	db, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	ids := id.NewSource(time.Now, rand.Reader)
	var told []string
	lose := false
	store := db.Orders()
	store.Tx = rerun{store.Tx, &lose}
	store = telemetry.Reservations(store, func(result string) { told = append(told, result) })

	do := func(fn func(ctx context.Context, tx ports.OrderTx) error) error {
		_, err := store.Tx.InTx(t.Context(), fn)
		return err
	}
	if err := do(func(ctx context.Context, tx ports.OrderTx) error {
		_, err := tx.Stock.Adjust(ctx, inventory.Adjustment{
			ID: id.Movement{UUID: ids.New()}, SKU: "MUG", Location: id.Main, Delta: 2, Reason: inventory.Received, At: time.Now(),
		})
		return err
	}); err != nil || len(told) != 0 {
		t.Fatalf("a receipt: %v, told %v", err, told)
	}
	reserve := func(quantity int, after error) error {
		o := id.Order{UUID: ids.New()}
		return do(func(ctx context.Context, tx ports.OrderTx) error {
			if _, err := tx.Stock.Reserve(ctx, inventory.Reservation{
				Order: o, Lines: []inventory.Line{{SKU: "MUG", Location: id.Main, Quantity: quantity}}, ExpiresAt: time.Now().Add(time.Hour), At: time.Now(),
			}); err != nil {
				return err
			}
			return after
		})
	}
	for _, step := range []struct {
		quantity int
		after    error
		lose     bool
		want     string
	}{
		{1, nil, false, telemetry.Reserved},
		{2, nil, false, telemetry.OutOfStock},
		{1, errors.New("something else went wrong"), false, telemetry.Failed},
		{1, nil, true, telemetry.Unsure},
	} {
		told, lose = nil, step.lose
		err := reserve(step.quantity, step.after)
		if !slices.Equal(told, []string{step.want}) || (err == nil) != (step.want == telemetry.Reserved) {
			t.Errorf("%d units: told %v, %v; want %s once", step.quantity, told, err, step.want)
		}
	}
}
