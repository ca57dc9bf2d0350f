package postgres

import (
	"cmp"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

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
