package postgres

import "context"

const (
	inboxMemory  = "30 days" // longer than a job can come again by itself, or be replayed from a broker
	outboxMonths = "1 month" // after its end, until a month of the outbox that is empty goes
	tidyBatch    = 1000
)

// Tidy deletes what nobody will ask for again: what the inbox remembers of jobs
// long done, and months of the outbox that are over and empty. It returns how
// much it found to delete, and is for a job that runs every few minutes: it does
// a little at a time, and never keeps checkouts waiting.
func (db *DB) Tidy(ctx context.Context) (deleted int, err error) {
	_, err = db.orders.write(ctx, func(ctx context.Context, t *tx) error {
		tag, err := t.Exec(ctx, `DELETE FROM orders.inbox WHERE (consumer, job_id) IN (
			SELECT consumer, job_id FROM orders.inbox WHERE seen_at < now() - $1::interval LIMIT $2)`, inboxMemory, tidyBatch)
		deleted = int(tag.RowsAffected())
		return err
	})
	if err != nil || deleted > 0 {
		return deleted, translate(ctx, err)
	}
	_, err = db.orders.write(ctx, func(ctx context.Context, t *tx) error {
		t.queue("SET LOCAL lock_timeout = '200ms'")
		return t.QueryRow(ctx, "SELECT orders.retire_outbox(now() - $1::interval)", outboxMonths).Scan(&deleted)
	})
	return deleted, err
}
