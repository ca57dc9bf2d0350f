package postgres

import (
	"context"
	"fmt"
	"hash/fnv"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/ports"
)

// currentPosition reads how far the log has come: every commit that was answered
// before is at or below it. Pipelined behind COMMIT it runs after it.
const currentPosition = "SELECT (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::bigint"

// A history of commits is told by its system identifier and timeline: a
// restored cluster or a promoted replica begins another.
const currentHistory = "SELECT system_identifier, left(pg_walfile_name(pg_current_wal_insert_lsn()), 8) FROM pg_control_system()"

// epochKey is where a connection to a primary keeps its epoch.
const epochKey = "bodega_epoch"

// learn asks through a new connection which history the primary writes. That
// cannot change while the connection lasts.
func (p *primary) learn(ctx context.Context, conn *pgx.Conn) error {
	var system int64
	var timeline string
	if err := conn.QueryRow(ctx, currentHistory).Scan(&system, &timeline); err != nil {
		return err
	}
	hash := fnv.New64a()
	_, _ = fmt.Fprint(hash, system, "/", timeline)
	epoch := hash.Sum64()
	conn.PgConn().CustomData()[epochKey] = epoch
	p.system.Store(system)
	p.epoch.Store(epoch)
	return nil
}

func epochOf(conn *pgx.Conn) uint64 {
	epoch, _ := conn.PgConn().CustomData()[epochKey].(uint64)
	return epoch
}

// position returns the mark of the newest commit.
func (r *realm) position(ctx context.Context, q querier) (ports.Mark, error) {
	var position int64
	err := q.QueryRow(ctx, currentPosition).Scan(&position)
	return ports.Mark{Realm: r.name, Epoch: r.primary.epoch.Load(), Pos: uint64(position)}, err
}
