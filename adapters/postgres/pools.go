package postgres

import (
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/bodega-commerce/bodega/ports"
)

// Pool is the connections to a server, as they are now.
type Pool struct {
	Server string      // host:port
	Role   string      // Primary or Replica
	Realm  ports.Realm // whose primary; "" for a replica
	*pgxpool.Stat
}

// Pools returns the figures of every pool, for metrics.
func (db *DB) Pools() []Pool {
	var all []Pool
	for _, r := range db.realms() {
		all = append(all, Pool{Server: r.primary.address.host(), Role: Primary, Realm: r.name, Stat: r.primary.pool.Stat()})
	}
	if db.cluster != nil {
		for _, rep := range db.cluster.replicas {
			all = append(all, Pool{Server: rep.address.host(), Role: Replica, Stat: rep.pool.Stat()})
		}
	}
	return all
}
