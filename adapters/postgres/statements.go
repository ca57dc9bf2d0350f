package postgres

import (
	"cmp"
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// sender sends statements behind what has to go before them, in one round trip,
// and returns their results; fail is told how they ended, and returns that.
type sender interface {
	send(ctx context.Context, own ...*pgx.QueuedQuery) (pgx.BatchResults, error)
	fail(err error) error
}

// statements makes a querier of a sender.
type statements struct{ sender }

var _ querier = statements{}

// Exec runs a statement and waits for it.
func (s statements) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	results, err := s.send(ctx, &pgx.QueuedQuery{SQL: sql, Arguments: args})
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := results.Exec()
	return tag, s.fail(cmp.Or(err, results.Close()))
}

// Query runs a statement. Its rows are read or closed before the next one.
func (s statements) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	results, err := s.send(ctx, &pgx.QueuedQuery{SQL: sql, Arguments: args})
	if err != nil {
		results = pgx.FailedBatchResults(&pgx.Batch{}, err)
	}
	rows, err := results.Query()
	return &batchRows{Rows: rows, results: results, fail: s.fail}, s.fail(err)
}

// QueryRow runs a statement and hands out its first row.
func (s statements) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, _ := s.Query(ctx, sql, args...) // which keep the error
	return firstRow{rows}
}

// SendBatch sends a batch of statements in one round trip.
func (s statements) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	results, err := s.send(ctx, b.QueuedQueries...)
	if err != nil {
		return pgx.FailedBatchResults(b, err)
	}
	return &watchedBatch{results, s.fail}
}

// batchRows are the rows of a batch's last statement: their end is the batch's.
type batchRows struct {
	pgx.Rows
	results pgx.BatchResults
	fail    func(error) error // is told of the outcome
	closed  bool
	err     error
}

// Next is contracted by pgx.Rows.
func (r *batchRows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

// Close is contracted by pgx.Rows.
func (r *batchRows) Close() {
	if r.closed {
		return
	}
	r.closed = true
	r.Rows.Close()
	r.err = r.fail(cmp.Or(r.Rows.Err(), r.results.Close()))
}

// Err is contracted by pgx.Rows.
func (r *batchRows) Err() error { return cmp.Or(r.Rows.Err(), r.err) }

// firstRow is the first of some rows.
type firstRow struct{ rows pgx.Rows }

// Scan is contracted by pgx.Row.
func (r firstRow) Scan(dest ...any) error {
	defer r.rows.Close()
	if !r.rows.Next() {
		return cmp.Or(r.rows.Err(), pgx.ErrNoRows)
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}

// watchedBatch tells of the first error of a batch.
type watchedBatch struct {
	pgx.BatchResults
	fail func(error) error
}

// Exec is contracted by pgx.BatchResults.
func (b *watchedBatch) Exec() (pgconn.CommandTag, error) {
	tag, err := b.BatchResults.Exec()
	return tag, b.fail(err)
}

// Query is contracted by pgx.BatchResults.
func (b *watchedBatch) Query() (pgx.Rows, error) {
	rows, err := b.BatchResults.Query()
	return rows, b.fail(err)
}

// Close is contracted by pgx.BatchResults.
func (b *watchedBatch) Close() error { return b.fail(b.BatchResults.Close()) }
