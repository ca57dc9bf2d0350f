package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/ports"
)

// Joined are the stores inside a transaction of an embedder.
type Joined struct{ tx pgx.Tx }

// Join returns stores whose every call runs in tx, which stays the embedder's
// to commit or roll back. A verb's transaction is a savepoint of it: it happens
// as a whole or not at all, but nothing is retried and marks are zero. A shop made
// of them answers Invalid to what asks a payment provider. tx and with it the
// stores are used by one goroutine at a time.
func Join(tx pgx.Tx) Joined { return Joined{tx} }

// Catalog returns the catalogue's store.
func (j Joined) Catalog() ports.CatalogStore { return catalogStore(j.realm(ports.Catalog)) }

// Orders returns the orders realm's store.
func (j Joined) Orders() ports.OrderStore {
	s := orderStore(j.realm(ports.Orders))
	s.Joined = true
	return s
}

// Identity returns the identity realm's store.
func (j Joined) Identity() ports.IdentityStore { return identityStore(j.realm(ports.Identity)) }

func (j Joined) realm(name ports.Realm) *realm {
	return &realm{name: name, joined: j.tx, queue: newQueue()}
}

// join runs fn under a savepoint of the embedder's transaction.
func (r *realm) join(ctx context.Context, fn func(context.Context, *tx) error) error {
	t := newTx(r.joined, "SAVEPOINT bodega")
	err := guard(func() error { return fn(ctx, t) })
	if err == nil {
		t.queue("RELEASE SAVEPOINT bodega")
		err = t.flush(ctx)
	}
	if err != nil && t.begin == "" {
		_, undone := r.joined.Exec(context.WithoutCancel(ctx), "ROLLBACK TO SAVEPOINT bodega")
		if undone != nil {
			_ = r.joined.Conn().Close(ctx) // the embedder's COMMIT must not succeed
		}
	}
	return translate(ctx, err)
}

// flush sends what is queued and waits for it.
func (t *tx) flush(ctx context.Context) error {
	results, err := t.send(ctx)
	if err != nil {
		return err
	}
	return t.fail(results.Close())
}
