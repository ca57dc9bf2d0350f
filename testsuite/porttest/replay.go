package porttest

import (
	"context"
	"errors"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// Replay returns a transactor that runs every closure twice and throws the
// first run away, as a deadlock or a failed serialization would. What survives
// it may be retried: use cases are tested under it.
func Replay[T any](tx ports.Transactor[T]) ports.Transactor[T] { return replay[T]{tx} }

// ReplayOrders returns the store with Replay on all its closures.
func ReplayOrders(s ports.OrderStore) ports.OrderStore {
	s.Tx, s.Carts = Replay(s.Tx), replayCarts{s.Carts}
	return s
}

// ReplayCatalog returns the store with Replay on all its closures.
func ReplayCatalog(s ports.CatalogStore) ports.CatalogStore {
	s.Tx = Replay(s.Tx)
	return s
}

// ReplayIdentity returns the store with Replay on all its closures.
func ReplayIdentity(s ports.IdentityStore) ports.IdentityStore {
	s.Tx = Replay(s.Tx)
	return s
}

var errRehearsal = errors.New("the first run is thrown away")

type replay[T any] struct{ ports.Transactor[T] }

func (r replay[T]) InTx(ctx context.Context, fn func(context.Context, T) error) (ports.Mark, error) {
	_, err := r.Transactor.InTx(ctx, func(ctx context.Context, tx T) error {
		_ = fn(ctx, tx) // of no consequence, whatever it says
		return errRehearsal
	})
	if !errors.Is(err, errRehearsal) {
		return ports.Mark{}, err // it did not even begin
	}
	return r.Transactor.InTx(ctx, fn)
}

type replayCarts struct{ ports.Carts }

func (r replayCarts) Update(ctx context.Context, c id.Cart, fn func(*cart.Cart) error) (ports.Mark, error) {
	_, err := r.Carts.Update(ctx, c, func(c *cart.Cart) error {
		_ = fn(c)
		return errRehearsal
	})
	if !errors.Is(err, errRehearsal) {
		return ports.Mark{}, err
	}
	return r.Carts.Update(ctx, c, fn)
}
