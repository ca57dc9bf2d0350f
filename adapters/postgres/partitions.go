package postgres

import "context"

// monthsAhead is how many months orders can be placed for, beyond the current.
const monthsAhead = 3

// partitionsMissing are the partitions of the current month and those ahead that
// are not there.
const partitionsMissing = `SELECT parent, at FROM unnest(ARRAY['orders', 'order_lines', 'outbox']) WITH ORDINALITY AS p (parent, place),
	generate_series(date_trunc('month', now() AT TIME ZONE 'UTC'), date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => $1), '1 month') AS month,
	LATERAL (SELECT month AT TIME ZONE 'UTC' AS at) AS moment
	WHERE to_regclass('orders.' || parent || to_char(month, '_YYYY_MM')) IS NULL ORDER BY place, month`

// MakePartitions makes the partitions of orders, their lines and the outbox for
// the months ahead. It is for a job that runs every few minutes in every program:
// nearly always it looks and leaves. It never keeps checkouts waiting: if the
// tables are too busy just now it answers Unavailable and is tried again, which
// it can be for two months before the invariant partitions_are_ahead is broken.
func (db *DB) MakePartitions(ctx context.Context) error {
	var missing int
	if err := db.orders.read(ctx, func(q querier) error {
		return q.QueryRow(ctx, "SELECT count(*) FROM ("+partitionsMissing+") AS missing", monthsAhead).Scan(&missing)
	}); err != nil || missing == 0 {
		return err
	}
	_, err := db.orders.write(ctx, func(_ context.Context, t *tx) error {
		t.queue("SELECT pg_advisory_xact_lock($1)", lockID(db.orders.name))
		t.queue("SET LOCAL lock_timeout = '200ms'")
		t.queue("SELECT orders.make_partition(parent, at) FROM ("+partitionsMissing+") AS missing", monthsAhead)
		return nil
	})
	return err
}
