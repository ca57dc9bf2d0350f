package postgres

import (
	"context"
	"fmt"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
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
		err := r.ready(ctx)
		all = append(all, Health{Server: r.primary.address.host(), Role: Primary, Realm: r.name, Serving: err == nil, Err: err})
	}
	if db.cluster != nil {
		for _, rep := range db.cluster.replicas {
			all = append(all, rep.health())
		}
	}
	return all
}

// ready answers nil if the primary does and its schema is one that this program
// can serve, which a newer program may have changed meanwhile.
func (r *realm) ready(ctx context.Context) error {
	known, err := stepsOf(r.name)
	if err != nil {
		return err
	}
	var oldest int
	if err := r.read(ctx, func(q querier) error {
		return q.QueryRow(ctx, "SELECT coalesce(max(oldest), 0) FROM "+r.table("schema_steps")).Scan(&oldest)
	}); err != nil {
		return err
	}
	if oldest > len(known) {
		return &fault.Error{Kind: fault.Unavailable, Op: "postgres.Health", Detail: fmt.Sprintf("the %s database needs a newer program", r.name)}
	}
	return nil
}

func (rep *replica) health() Health {
	rep.mu.Lock()
	defer rep.mu.Unlock()
	return Health{
		Server: rep.address.host(), Role: Replica, Region: rep.address.region,
		Serving: rep.serving.Load(), Lag: rep.lag, Err: rep.err,
	}
}
