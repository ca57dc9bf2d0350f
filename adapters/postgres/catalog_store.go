package postgres

import "github.com/bodega-commerce/bodega/ports"

// Catalog returns the store of products and what describes them.
func (db *DB) Catalog() ports.CatalogStore { return catalogStore(db.catalog) }

func catalogStore(r *realm) ports.CatalogStore {
	return ports.CatalogStore{
		Tx: transactor[ports.CatalogTx]{r, func(t *tx) ports.CatalogTx {
			return ports.CatalogTx{Jobs: outbox{t, r}}
		}},
		Marks: marker{r},
	}
}
