package postgres

import "github.com/bodega-commerce/bodega/ports"

// Identity returns the store of accounts and sessions.
func (db *DB) Identity() ports.IdentityStore { return identityStore(db.identity) }

func identityStore(r *realm) ports.IdentityStore {
	return ports.IdentityStore{
		Tx: transactor[ports.IdentityTx]{r, func(t *tx) ports.IdentityTx {
			return ports.IdentityTx{Jobs: outbox{t, r}}
		}},
		Marks: marker{r},
	}
}
