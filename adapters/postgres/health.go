package postgres

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/ports"
)

// The roles of a server.
const (
	Primary = "primary"
	Replica = "replica"
)

// Health is how a server is.
type Health struct {
	Server  string      // host:port
	Role    string      // Primary or Replica
	Realm   ports.Realm // whose primary; "" for a replica
	Region  string
	Serving bool
	Lag     time.Duration // of a replica, behind the primary
	Err     error         // why it does not serve
}

// Health asks every realm's primary, and tells what the probes found of the
// replicas.
func (db *DB) Health(ctx context.Context) []Health {
	var all []Health
	for _, r := range db.realms() {
		err := r.read(ctx, func(q querier) error {
			_, err := q.Exec(ctx, "SELECT 1")
			return err
		})
		all = append(all, Health{Server: r.primary.address.host(), Role: Primary, Realm: r.name, Serving: err == nil, Err: err})
	}
	if db.cluster != nil {
		for _, rep := range db.cluster.replicas {
			all = append(all, rep.health())
		}
	}
	return all
}

func (rep *replica) health() Health {
	rep.mu.Lock()
	defer rep.mu.Unlock()
	return Health{
		Server: rep.address.host(), Role: Replica, Region: rep.address.region,
		Serving: rep.serving.Load(), Lag: rep.lag, Err: rep.err,
	}
}
