package postgres

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// wire counts how often this side waits for the other, and can be cut.
type wire struct {
	trips atomic.Int64
	cut   atomic.Bool // nothing comes back any more
}

type tapped struct {
	net.Conn
	wire    *wire
	writing atomic.Bool
}

func (c *tapped) Write(b []byte) (int, error) {
	c.writing.Store(true)
	return c.Conn.Write(b)
}

func (c *tapped) Read(b []byte) (int, error) {
	if c.writing.Swap(false) {
		c.wire.trips.Add(1)
	}
	n, err := c.Conn.Read(b)
	if c.wire.cut.Load() {
		_ = c.Conn.Close()
		return 0, net.ErrClosed
	}
	return n, err
}

func (w *wire) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &tapped{Conn: conn, wire: w}, nil
}

// notes is a realm with a table to write into, and the wire to it.
func notes(t *testing.T) (*realm, *wire) {
	t.Helper()
	w := &wire{}
	db := openWith(t, Config{dial: w.dial})
	if _, err := db.catalog.write(t.Context(), func(_ context.Context, tx *tx) error {
		tx.queue("CREATE TABLE catalog.notes (name text CONSTRAINT notes_name PRIMARY KEY, n int NOT NULL CONSTRAINT notes_n CHECK (n >= 0))")
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	return db.catalog, w
}

func put(tx *tx, name string, n int) {
	tx.queue("INSERT INTO catalog.notes (name, n) VALUES ($1, $2)", name, n)
}

func count(t *testing.T, r *realm) (n int) {
	t.Helper()
	if err := r.read(t.Context(), func(q querier) error {
		return q.QueryRow(t.Context(), "SELECT count(*) FROM catalog.notes").Scan(&n)
	}); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestTx_RoundTrips(t *testing.T) {
	t.Parallel()
	r, w := notes(t)
	first := func(ctx context.Context, tx *tx) (n int, err error) {
		return n, tx.QueryRow(ctx, "SELECT n FROM catalog.notes WHERE name = $1", "a").Scan(&n)
	}
	for name, test := range map[string]struct {
		want int64
		fn   func(ctx context.Context, tx *tx) error
	}{
		"OnlyQueued": {1, func(_ context.Context, tx *tx) error {
			tx.queue("UPDATE catalog.notes SET n = n + 1 WHERE name = $1", "a")
			tx.queue("UPDATE catalog.notes SET n = n - 1 WHERE name = $1", "a")
			return nil
		}},
		"OneAwaited": {2, func(ctx context.Context, tx *tx) error {
			_, err := first(ctx, tx)
			return err
		}},
		"QueuedBeforeAndAfter": {2, func(ctx context.Context, tx *tx) error {
			tx.queue("UPDATE catalog.notes SET n = n + 1 WHERE name = $1", "a")
			n, err := first(ctx, tx)
			tx.queue("UPDATE catalog.notes SET n = $2 - 1 WHERE name = $1", "a", n)
			return err
		}},
		"ABatch": {2, func(ctx context.Context, tx *tx) error {
			var b pgx.Batch
			for range 5 {
				b.Queue("SELECT n FROM catalog.notes WHERE name = $1", "a")
			}
			return tx.SendBatch(ctx, &b).Close()
		}},
		"Nothing": {1, func(context.Context, *tx) error { return nil }},
	} {
		if _, err := r.write(t.Context(), func(_ context.Context, tx *tx) error {
			tx.queue("DELETE FROM catalog.notes")
			put(tx, "a", 1)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		for i := range 3 { // statements are prepared the first time, on one connection or two
			before := w.trips.Load()
			if _, err := r.write(t.Context(), test.fn); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got := w.trips.Load() - before; i == 2 && got != test.want {
				t.Errorf("%s takes %d round trips, want %d", name, got, test.want)
			}
		}
	}
}

func TestRealm_Write(t *testing.T) {
	t.Parallel()

	t.Run("AQueuedStatementThatFailsLosesAll", func(t *testing.T) {
		t.Parallel()
		r, _ := notes(t)
		for name, after := range map[string]func(context.Context, *tx) error{
			"AtCommit":           func(context.Context, *tx) error { return nil },
			"AtTheNextStatement": func(ctx context.Context, tx *tx) error { _, err := tx.Exec(ctx, "SELECT 1"); return err },
			"Ignored": func(ctx context.Context, tx *tx) error {
				_, _ = tx.Exec(ctx, "SELECT 1")
				put(tx, "c", 1)
				return nil
			},
		} {
			ran := false
			mark, err := r.write(t.Context(), func(ctx context.Context, tx *tx) error {
				put(tx, "a", 1)
				put(tx, "b", -1)
				tx.afterCommit(func() { ran = true })
				return after(ctx, tx)
			})
			if stateOf(err) != "23514" || !fault.Is(err, fault.Internal) || !mark.IsZero() || ran {
				t.Errorf("%s: %v at %+v, hooks ran: %v", name, err, mark, ran)
			}
			if n := count(t, r); n != 0 {
				t.Errorf("%s: %d notes are there", name, n)
			}
		}
	})

	t.Run("AMissingRowLosesNothing", func(t *testing.T) {
		t.Parallel()
		r, _ := notes(t)
		if _, err := r.write(t.Context(), func(ctx context.Context, tx *tx) error {
			put(tx, "a", 1)
			var n int
			if err := tx.QueryRow(ctx, "SELECT n FROM catalog.notes WHERE name = 'z'").Scan(&n); !errors.Is(err, pgx.ErrNoRows) {
				t.Errorf("got %v", err)
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if n := count(t, r); n != 1 {
			t.Errorf("%d notes", n)
		}
	})

	t.Run("RunsAgainAfterADeadlock", func(t *testing.T) {
		t.Parallel()
		var retried atomic.Int64
		db := openWith(t, Config{Observe: Observe{Retried: func(_ ports.Realm, state string) {
			if state == deadlockDetected {
				retried.Add(1)
			}
		}}})
		r := db.catalog
		if _, err := r.write(t.Context(), func(ctx context.Context, tx *tx) error {
			if _, err := tx.Exec(ctx, "CREATE TABLE catalog.notes (name text PRIMARY KEY, n int NOT NULL)"); err != nil {
				return err
			}
			put(tx, "a", 0)
			put(tx, "b", 0)
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		var both, writers sync.WaitGroup
		both.Add(2)
		for _, order := range [][]string{{"a", "b"}, {"b", "a"}} {
			writers.Go(func() {
				var once sync.Once
				if _, err := r.write(t.Context(), func(ctx context.Context, tx *tx) error {
					for i, name := range order {
						if _, err := tx.Exec(ctx, "UPDATE catalog.notes SET n = n + 1 WHERE name = $1", name); err != nil {
							return err
						}
						if i == 0 {
							once.Do(func() { both.Done(); both.Wait() })
						}
					}
					return nil
				}); err != nil {
					t.Error(err)
				}
			})
		}
		writers.Wait()
		var sum int
		if err := r.read(t.Context(), func(q querier) error {
			return q.QueryRow(t.Context(), "SELECT sum(n) FROM catalog.notes").Scan(&sum)
		}); err != nil || sum != 4 || retried.Load() != 1 {
			t.Errorf("sum %d, %v, %d deadlocks", sum, err, retried.Load())
		}
	})

	t.Run("ACommitWithoutAnAnswerIsUnknown", func(t *testing.T) {
		t.Parallel()
		r, w := notes(t)
		runs := 0
		write := func(name string, cut bool) error {
			_, err := r.write(t.Context(), func(_ context.Context, tx *tx) error {
				runs++
				put(tx, name, 1)
				w.cut.Store(cut)
				return nil
			})
			w.cut.Store(false)
			return err
		}
		if err := write("a", false); err != nil { // and the statements are prepared
			t.Fatal(err)
		}
		if err := write("b", true); !fault.Is(err, fault.Unknown) || runs != 2 {
			t.Errorf("%v after %d runs", err, runs)
		}
		if n := count(t, r); n != 2 { // it did happen, and it goes on
			t.Errorf("%d notes", n)
		}
	})

	t.Run("AConnectionLostBeforeCommitIsNoHarm", func(t *testing.T) {
		t.Parallel()
		r, w := notes(t)
		runs := 0
		if _, err := r.write(t.Context(), func(ctx context.Context, tx *tx) error {
			runs++
			w.cut.Store(runs == 1)
			put(tx, "a", 1)
			_, err := tx.Exec(ctx, "SELECT 1")
			w.cut.Store(false)
			return err
		}); err != nil || runs != 2 {
			t.Errorf("%v after %d runs", err, runs)
		}
		if n := count(t, r); n != 1 {
			t.Errorf("%d notes", n)
		}
	})

	t.Run("AConnectionToWhatIsNoPrimaryAnyMoreIsReplaced", func(t *testing.T) {
		t.Parallel()
		r, _ := notes(t)
		demote := func(q querier) error { // as an operator would before a switch
			_, err := q.Exec(t.Context(), "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY")
			return err
		}
		if err := r.read(t.Context(), demote); err != nil {
			t.Fatal(err)
		}
		if _, err := r.write(t.Context(), func(_ context.Context, tx *tx) error { put(tx, "a", 1); return nil }); err != nil {
			t.Errorf("a write: %v", err)
		}
		kill := func(q querier) error {
			_, err := q.Exec(t.Context(), "SELECT pg_terminate_backend(pg_backend_pid())")
			return err
		}
		runs := 0
		if err := r.read(t.Context(), func(q querier) error {
			if runs++; runs == 1 {
				return kill(q)
			}
			return nil
		}); err != nil || runs != 2 {
			t.Errorf("a read: %v after %d runs", err, runs)
		}
		runs = 0
		if _, err := r.write(t.Context(), func(_ context.Context, tx *tx) error {
			put(tx, "b", 1)
			if runs++; runs == 1 {
				return kill(tx)
			}
			return nil
		}); err != nil || runs != 2 {
			t.Errorf("a write: %v after %d runs", err, runs)
		}
		if n := count(t, r); n != 2 {
			t.Errorf("%d notes, want 2", n)
		}
	})

	t.Run("ALockHeldForTooLongIsUnavailable", func(t *testing.T) {
		t.Parallel()
		r, _ := notes(t)
		other := func(_ context.Context, tx *tx) error { put(tx, "b", 1); return nil }
		_, err := r.write(t.Context(), func(ctx context.Context, tx *tx) error {
			put(tx, "a", 1)
			if _, err := tx.Exec(ctx, "LOCK TABLE catalog.notes"); err != nil {
				return err
			}
			_, err := r.write(ctx, other)
			if !fault.Is(err, fault.Unavailable) || stateOf(err) != "55P03" {
				t.Errorf("got %v", err)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	})

	t.Run("HooksRunAfterCommit", func(t *testing.T) {
		t.Parallel()
		r, _ := notes(t)
		seen := -1
		if _, err := r.write(t.Context(), func(_ context.Context, tx *tx) error {
			put(tx, "a", 1)
			tx.afterCommit(func() { seen = count(t, r) }) //nolint:contextcheck // as somebody else would
			return nil
		}); err != nil || seen != 1 {
			t.Errorf("the hook saw %d notes, %v", seen, err)
		}
	})
}

func TestRealm_Snapshot(t *testing.T) {
	t.Parallel()
	r, _ := notes(t)
	if err := r.snapshot(t.Context(), func(q querier) error {
		for range 2 {
			var n int
			if err := q.QueryRow(t.Context(), "SELECT count(*) FROM catalog.notes").Scan(&n); err != nil || n != 0 {
				t.Errorf("%d notes, %v", n, err)
			}
			if _, err := r.write(t.Context(), func(_ context.Context, tx *tx) error {
				tx.queue("INSERT INTO catalog.notes VALUES (gen_random_uuid(), 1)")
				return nil
			}); err != nil {
				return err
			}
		}
		_, err := q.Exec(t.Context(), "DELETE FROM catalog.notes")
		return err
	}); stateOf(err) != readOnlyTransaction {
		t.Errorf("a write: %v", err)
	}
}
