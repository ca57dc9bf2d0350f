package postgres

import (
	"cmp"
	"context"

	"github.com/jackc/pgx/v5"
)

// tx is a transaction that saves round trips: BEGIN travels with the first
// statement that is awaited, statements that were queued with the next one,
// and COMMIT with what is queued last. It is a querier, used by one goroutine
// at a time and not after its end.
type tx struct {
	statements
	conn    batcher
	begin   string // the statement that begins it, until that was sent
	waiting []statement
	lost    error    // what broke the transaction: it cannot commit
	hooks   []func() // run after COMMIT
}

func newTx(conn batcher, begin string) *tx {
	t := &tx{conn: conn, begin: begin}
	t.statements = statements{t}
	return t
}

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
// transaction is lost then: who has to answer for it uses Exec. What travels
// together is prepared together, so none of it may need what another creates.
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

// finish sends what is queued and the statement that ends the transaction, and
// reads how far the log has come after it.
func (t *tx) finish(ctx context.Context, end string, position *int64) error {
	results, err := t.send(ctx, &pgx.QueuedQuery{SQL: end}, &pgx.QueuedQuery{SQL: currentPosition})
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
