package postgres

import (
	"cmp"
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// tx is a transaction that saves round trips: BEGIN travels with the first
// statement that is awaited, statements that were queued with the next one,
// and COMMIT with what is queued last. It is a querier, used by one goroutine
// at a time and not after its end.
type tx struct {
	conn    batcher
	begin   string // the statement that begins it, until that was sent
	waiting []statement
	lost    error    // what broke the transaction: it cannot commit
	hooks   []func() // run after COMMIT
}

var _ querier = (*tx)(nil)

// batcher is what a transaction stands on: a connection, or a transaction of
// an embedder.
type batcher interface {
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}

type statement struct {
	sql  string
	args []any
}

// queue lets a statement whose result nobody reads travel with the next one
// that is awaited, or with COMMIT. Its error surfaces there, and the
// transaction is lost then: who has to answer for it uses Exec.
func (t *tx) queue(sql string, args ...any) {
	t.waiting = append(t.waiting, statement{sql, args})
}

// afterCommit calls fn once the transaction is durable, before its caller hears
// of it.
func (t *tx) afterCommit(fn func()) { t.hooks = append(t.hooks, fn) }

// batch returns what has to go before the next statement.
func (t *tx) batch() *pgx.Batch {
	b := &pgx.Batch{}
	if t.begin != "" {
		b.Queue(t.begin)
		t.begin = ""
	}
	for _, s := range t.waiting {
		b.Queue(s.sql, s.args...)
	}
	t.waiting = nil
	return b
}

// send sends own behind what has to go before it, and reads the results of that.
func (t *tx) send(ctx context.Context, own ...*pgx.QueuedQuery) (pgx.BatchResults, error) {
	if t.lost != nil {
		return nil, t.lost
	}
	b := t.batch()
	before := b.Len()
	b.QueuedQueries = append(b.QueuedQueries, own...)
	results := t.conn.SendBatch(ctx, b)
	for range before {
		if _, err := results.Exec(); err != nil {
			_ = results.Close() // says the same
			return nil, t.fail(err)
		}
	}
	return results, nil
}

// fail remembers what broke the transaction, and returns it.
func (t *tx) fail(err error) error {
	if t.lost == nil {
		t.lost = err
	}
	return err
}

// Exec runs a statement and waits for it.
func (t *tx) Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	results, err := t.send(ctx, &pgx.QueuedQuery{SQL: sql, Arguments: args})
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	tag, err := results.Exec()
	return tag, t.fail(cmp.Or(err, results.Close()))
}

// Query runs a statement. Its rows are read or closed before the next one.
func (t *tx) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	results, err := t.send(ctx, &pgx.QueuedQuery{SQL: sql, Arguments: args})
	if err != nil {
		results = pgx.FailedBatchResults(&pgx.Batch{}, err)
	}
	rows, err := results.Query()
	return &batchRows{Rows: rows, results: results, fail: t.fail}, t.fail(err)
}

// QueryRow runs a statement and hands out its first row.
func (t *tx) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, _ := t.Query(ctx, sql, args...) // which keep the error
	return firstRow{rows}
}

// SendBatch sends a batch of statements in one round trip.
func (t *tx) SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults {
	results, err := t.send(ctx, b.QueuedQueries...)
	if err != nil {
		return pgx.FailedBatchResults(b, err)
	}
	return &watchedBatch{results, t.fail}
}

// finish sends what is queued and the statements that end the transaction, and
// reads how far it has come from the last one if it returns a row.
func (t *tx) finish(ctx context.Context, end string, position *int64) error {
	own := []*pgx.QueuedQuery{{SQL: end}, {SQL: currentPosition}}
	results, err := t.send(ctx, own...)
	if err != nil {
		return err
	}
	tag, err := results.Exec()
	if err == nil && tag.String() == "ROLLBACK" {
		err = pgx.ErrTxCommitRollback
	}
	if err == nil {
		err = results.QueryRow().Scan(position)
	}
	return cmp.Or(err, results.Close())
}
