package cached

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/ports"
)

// anyStock is raised by every change of stock, with the generations of the SKUs
// that changed.
const anyStock = "gen:stock"

func stockOf(sku id.SKU) string { return "gen:stock:" + sku.Fold() }

var availableLife = life{30 * time.Second, time.Minute}

// Orders returns the store with what pages show of stock and carts cached, and
// each transaction telling what it made stale. Nothing that decides is cached.
func Orders(store ports.OrderStore, cache ports.Cache, o Options) ports.OrderStore {
	cache = frontOf(cache)
	told := invalidator{cache, store.Marks}
	shown := &carts{store.Carts, newShelf(ports.Orders, cache, o), told, codecOf[cart.Cart]()}
	store.Carts, store.Views = shown, shown
	o.Shared = false // numbers change more often than they are worth sending about
	store.Stock = &stock{store.Stock, newShelf(ports.Orders, cache, o)}
	store.Tx = telling{store.Tx, told}
	return store
}

type stock struct {
	ports.Stock
	s *shelf
}

// counted is what there was of some SKUs.
type counted struct {
	skus  []id.SKU
	found map[string]int
}

// Availability keeps together what is asked for together: the SKUs of a product,
// of a page.
func (c *stock) Availability(ctx context.Context, skus []id.SKU, after ports.Mark) (map[string]int, error) {
	if len(skus) == 0 {
		return c.Stock.Availability(ctx, skus, after)
	}
	// Several sets may have this key; fits tells them apart.
	key := "stock:" + string(skus[0]) + ":" + string(skus[len(skus)-1]) + ":" + strconv.Itoa(len(skus))
	if it := c.s.held.get(key); !after.IsZero() && (it == nil || !includes(it.at, after)) {
		return c.Stock.Availability(ctx, skus, after)
	}
	skus = slices.Clone(skus) // the read goes on when its caller has gone
	names := func() []string {
		all := make([]string, len(skus))
		for i, sku := range skus {
			all[i] = stockOf(sku)
		}
		return all
	}
	known, err := read(ctx, c.s, query[counted]{
		key: key, basis: names, life: availableLife, calm: anyStock,
		load: func(ctx context.Context, at ports.Mark) (counted, error) {
			found, err := c.Stock.Availability(ctx, skus, at)
			return counted{skus, found}, err
		},
		generations: func(counted) []string { return names() },
		weight:      func(counted) int { return 1 + len(skus)/few },
		fits:        func(known counted) bool { return slices.Equal(known.skus, skus) },
	}, after)
	return known.found, err
}

// telling tells after each transaction which stock and carts are others now.
type telling struct {
	ports.Transactor[ports.OrderTx]
	told invalidator
}

func (t telling) InTx(ctx context.Context, fn func(context.Context, ports.OrderTx) error) (ports.Mark, error) {
	var changed []string
	mark, err := t.Transactor.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		changed = nil // by an earlier run
		tx.Stock, tx.Carts = stockWriter{tx.Stock, &changed}, cartWriter{tx.Carts, &changed}
		return fn(ctx, tx)
	})
	if len(changed) > 0 && (err == nil || fault.Is(err, fault.Unknown)) {
		// What tells of any change comes last, see tellsOfAny.
		slices.SortFunc(changed, func(a, b string) int { return cmp.Or(cmp.Compare(tellsOfAny(a), tellsOfAny(b)), cmp.Compare(a, b)) })
		t.told.raise(ctx, mark, slices.Compact(changed)...)
	}
	return mark, err
}

// stockWriter notes of which SKUs there is more or less to sell.
type stockWriter struct {
	ports.StockWriter
	names *[]string
}

func (w stockWriter) note(changes []inventory.Change, err error) ([]inventory.Change, error) {
	for _, c := range changes {
		if c.Before.Available() != c.After.Available() {
			*w.names = append(*w.names, stockOf(c.After.SKU), anyStock)
		}
	}
	return changes, err
}

func (w stockWriter) Reserve(ctx context.Context, r inventory.Reservation) ([]inventory.Change, error) {
	return w.note(w.StockWriter.Reserve(ctx, r))
}

func (w stockWriter) Release(ctx context.Context, o id.Order, at time.Time) ([]inventory.Change, error) {
	return w.note(w.StockWriter.Release(ctx, o, at))
}

func (w stockWriter) Adjust(ctx context.Context, as ...inventory.Adjustment) ([]inventory.Change, error) {
	return w.note(w.StockWriter.Adjust(ctx, as...))
}
