package sqlite

import "github.com/bodega-commerce/bodega/ports"

// Catalog returns the store of products and what describes them.
func (db *DB) Catalog() ports.CatalogStore {
	return ports.CatalogStore{
		Tx: transactor[ports.CatalogTx]{db, ports.Catalog, func(s *session) ports.CatalogTx {
			return ports.CatalogTx{}
		}},
		Marks: marker{db, ports.Catalog},
	}
}

// Orders returns the store of stock, carts, orders, payments and idempotency
// keys.
func (db *DB) Orders() ports.OrderStore {
	return ports.OrderStore{
		Tx: transactor[ports.OrderTx]{db, ports.Orders, func(s *session) ports.OrderTx {
			return ports.OrderTx{}
		}},
		Marks: marker{db, ports.Orders},
	}
}

// Identity returns the store of accounts and sessions.
func (db *DB) Identity() ports.IdentityStore {
	return ports.IdentityStore{
		Tx: transactor[ports.IdentityTx]{db, ports.Identity, func(s *session) ports.IdentityTx {
			return ports.IdentityTx{}
		}},
		Marks: marker{db, ports.Identity},
	}
}
