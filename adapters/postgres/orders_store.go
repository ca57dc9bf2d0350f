package postgres

import "github.com/bodega-commerce/bodega/ports"

// Orders returns the store of stock, carts, orders, payments and idempotency
// keys.
func (db *DB) Orders() ports.OrderStore { return orderStore(db.orders) }

func orderStore(r *realm) ports.OrderStore {
	return ports.OrderStore{
		Tx: transactor[ports.OrderTx]{r, func(t *tx) ports.OrderTx {
			return ports.OrderTx{Inbox: inbox{t}, Jobs: outbox{t, r}}
		}},
		Marks: marker{r},
	}
}
