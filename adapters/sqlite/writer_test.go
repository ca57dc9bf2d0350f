package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"zombiezen.com/go/sqlite/sqlitex"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

func open(t testing.TB) *DB {
	t.Helper()
	db, err := Open(context.Background(), filepath.Join(t.TempDir(), "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return db
}

// openNotes returns a store with a table of its own for the engine's tests.
func openNotes(t testing.TB) *DB {
	t.Helper()
	db := open(t)
	mustWrite(t, db, "CREATE TABLE notes (id INTEGER PRIMARY KEY, note TEXT NOT NULL UNIQUE) STRICT")
	return db
}

func mustWrite(t testing.TB, db *DB, sql string, args ...any) {
	t.Helper()
	if _, err := db.write(t.Context(), ports.Catalog, func(_ context.Context, s *session) error {
		_, err := s.exec(sql, args...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func note(ctx context.Context, db *DB, text string) error {
	_, err := db.write(ctx, ports.Catalog, func(_ context.Context, s *session) error {
		_, err := s.exec("INSERT INTO notes (note) VALUES (?1)", text)
		return err
	})
	return err
}

func notes(t testing.TB, db *DB) []string {
	t.Helper()
	all := []string{}
	if err := db.view(t.Context(), func(s *session) error {
		return s.query("SELECT note FROM notes ORDER BY note", func(r row) error {
			all = append(all, r.text(0))
			return nil
		})
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

// gate occupies the writer until it is opened, so that a test can line up a batch.
func gate(t *testing.T, db *DB) (open func()) {
	t.Helper()
	entered, release, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		_, _ = db.write(context.Background(), ports.Catalog, func(context.Context, *session) error {
			close(entered)
			<-release
			return nil
		}) // a member of the batch that the test lines up, so it may share its fate
	}()
	<-entered
	return func() { close(release); <-done }
}

// waiting waits until n transactions are in the queue.
func waiting(t *testing.T, db *DB, n int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); db.Stats().Waiting != n; runtime.Gosched() {
		if time.Now().After(deadline) {
			t.Fatalf("%d transactions wait, not %d", db.Stats().Waiting, n)
		}
	}
}

func TestWriter_SharesCommits(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	before := db.Stats()
	open := gate(t, db)
	var callers sync.WaitGroup
	for i := range 50 {
		callers.Go(func() {
			if err := note(t.Context(), db, fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
	}
	waiting(t, db, 50)
	open()
	callers.Wait()
	after := db.Stats()
	if n := after.Transactions - before.Transactions; n != 51 {
		t.Errorf("%d transactions, want 51", n)
	}
	// The gate's batch has run out of time by then, so the rest make one or two more.
	if n := after.Commits - before.Commits; n > 5 {
		t.Errorf("%d commits for 51 transactions", n)
	}
	if got := len(notes(t, db)); got != 50 {
		t.Errorf("%d notes, want 50", got)
	}
}

func TestWriter_MemberFailsAlone(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	own := errors.New("no")
	members := map[string]struct {
		fn   func(context.Context, *session) error
		kind fault.Kind
		err  error
	}{
		"error": {fn: func(_ context.Context, s *session) error {
			_, err := s.exec("INSERT INTO notes (note) VALUES ('error')")
			return errors.Join(err, own)
		}, err: own},
		"panic": {fn: func(_ context.Context, s *session) error {
			_, _ = s.exec("INSERT INTO notes (note) VALUES ('panic')")
			panic("boom")
		}, kind: fault.Internal},
		"constraint": {fn: func(_ context.Context, s *session) error {
			_, _ = s.exec("INSERT INTO notes (note) VALUES ('constraint')")
			_, err := s.exec("INSERT INTO notes (note) VALUES ('constraint')")
			return err
		}, kind: fault.Internal},
		"abandoned rows": {fn: func(_ context.Context, s *session) error {
			_, _ = s.exec("INSERT INTO notes (note) VALUES ('abandoned rows')")
			return s.query("SELECT 1 UNION ALL SELECT 2", func(row) error { return own })
		}, err: own},
	}
	open := gate(t, db)
	var callers sync.WaitGroup
	n := 0
	for name, m := range members {
		callers.Go(func() {
			_, err := db.write(t.Context(), ports.Catalog, m.fn)
			if err == nil || m.err != nil && !errors.Is(err, m.err) || m.err == nil && fault.KindOf(err) != m.kind {
				t.Errorf("%s: %v", name, err)
			}
		})
		callers.Go(func() {
			if err := note(t.Context(), db, "beside "+name); err != nil {
				t.Errorf("beside %s: %v", name, err)
			}
		})
		n += 2
	}
	waiting(t, db, n)
	open()
	callers.Wait()
	if got := notes(t, db); len(got) != len(members) {
		t.Errorf("kept %q", got)
	}
}

func TestWriter_LostTransactionFailsAllAndNothingRunsOn(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	open := gate(t, db)
	var callers sync.WaitGroup
	errs := make([]error, 5)
	for i := range errs {
		callers.Go(func() {
			if i != 2 {
				errs[i] = note(t.Context(), db, fmt.Sprint(i))
				return
			}
			_, errs[i] = db.write(t.Context(), ports.Catalog, func(_ context.Context, s *session) error {
				_, _ = s.exec("INSERT INTO notes (note) VALUES ('ghost')")
				_, _ = s.exec("INSERT OR ROLLBACK INTO notes (note) VALUES ('ghost')") // what a full disk may do
				if _, err := s.exec("INSERT INTO notes (note) VALUES ('runs on')"); err == nil {
					t.Error("a statement ran after its transaction was lost")
				}
				return nil // swallowed
			})
		})
		waiting(t, db, i+1)
	}
	open()
	callers.Wait()
	for i, err := range errs {
		if i <= 2 && fault.KindOf(err) != fault.Unavailable {
			t.Errorf("member %d of the lost batch: %v", i, err)
		}
		if i > 2 && err != nil {
			t.Errorf("member %d of the next batch: %v", i, err)
		}
	}
	if got := notes(t, db); len(got) != 2 {
		t.Errorf("kept %q, want 3 and 4", got)
	}
}

func TestWriter_CancelBeforeStartLeavesNothing(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	open := gate(t, db)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error)
	go func() { result <- note(ctx, db, "canceled") }()
	waiting(t, db, 1)
	cancel()
	if err := <-result; fault.KindOf(err) != fault.Canceled { // answered while the writer is still busy
		t.Errorf("got %v, want canceled", err)
	}
	open()
	if err := note(ctx, db, "late"); fault.KindOf(err) != fault.Canceled {
		t.Errorf("got %v, want canceled", err)
	}
	if err := note(t.Context(), db, "kept"); err != nil {
		t.Error(err)
	}
	if got := notes(t, db); len(got) != 1 {
		t.Errorf("kept %q", got)
	}
}

func TestWriter_CancelDuringMemberHarmsNobody(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	open := gate(t, db)
	var callers sync.WaitGroup
	for i := range 20 {
		callers.Go(func() {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			_, err := db.write(ctx, ports.Catalog, func(ctx context.Context, s *session) error {
				cancel()
				if ctx.Err() != nil {
					t.Error("the closure's context was cancelled")
				}
				_, err := s.exec("INSERT INTO notes (note) VALUES (?1)", fmt.Sprint(i))
				return err
			})
			if err != nil {
				t.Errorf("the write happened, the answer is %v", err)
			}
		})
	}
	waiting(t, db, 20)
	open()
	callers.Wait()
	if got := notes(t, db); len(got) != 20 {
		t.Errorf("kept %d of 20", len(got))
	}
}

func TestWriter_GoexitAnswersAndGoesOn(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	_, err := db.write(t.Context(), ports.Catalog, func(_ context.Context, s *session) error {
		_, _ = s.exec("INSERT INTO notes (note) VALUES ('exit')")
		runtime.Goexit()
		return nil
	})
	if err == nil {
		t.Error("no error")
	}
	if err := note(t.Context(), db, "next"); err != nil {
		t.Error(err)
	}
	if got := notes(t, db); len(got) != 1 {
		t.Errorf("kept %q", got)
	}
}

func TestWriter_FullQueueTurnsAway(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	open := gate(t, db)
	var callers sync.WaitGroup
	for i := range queueLength {
		callers.Go(func() {
			if err := note(t.Context(), db, fmt.Sprint(i)); err != nil {
				t.Error(err)
			}
		})
	}
	waiting(t, db, queueLength)
	if err := note(t.Context(), db, "one too many"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v, want unavailable", err)
	}
	open()
	callers.Wait()
	if got := notes(t, db); len(got) != queueLength {
		t.Errorf("kept %d of %d", len(got), queueLength)
	}
}

func TestWriter_TransactionInsideTransactionIsRefused(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	_, err := db.write(t.Context(), ports.Catalog, func(ctx context.Context, _ *session) error {
		return note(ctx, db, "inner")
	})
	if fault.KindOf(err) != fault.Internal {
		t.Errorf("got %v, want internal", err)
	}
}

func TestWriter_SessionIsDeadAfterItsEnd(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	var leaked *session
	if _, err := db.write(t.Context(), ports.Catalog, func(_ context.Context, s *session) error { leaked = s; return nil }); err != nil {
		t.Fatal(err)
	}
	if _, err := leaked.exec("INSERT INTO notes (note) VALUES ('late')"); err == nil {
		t.Error("a statement ran after its transaction had ended")
	}
}

func TestWriter_HooksRunAfterCommitOnly(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	ran := 0
	for _, fail := range []bool{true, false} {
		_, _ = db.write(t.Context(), ports.Catalog, func(_ context.Context, s *session) error {
			s.afterCommit(func() { ran++ })
			if fail {
				return errors.New("no")
			}
			return nil
		})
	}
	if ran != 1 {
		t.Errorf("%d hooks ran, want 1", ran)
	}
}

func TestWriter_DiskFull(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	mustWrite(t, db, "INSERT INTO notes (note) VALUES ('before')")
	limit := func(pages string) {
		if _, err := db.write(t.Context(), ports.Catalog, func(_ context.Context, s *session) error {
			return sqlitex.ExecuteTransient(s.conn, "PRAGMA max_page_count = "+pages, nil)
		}); err != nil {
			t.Fatal(err)
		}
	}
	limit("1") // not below what there is
	_, err := db.write(t.Context(), ports.Catalog, func(_ context.Context, s *session) error {
		for i := range 1000 {
			if _, err := s.exec("INSERT INTO notes (note) VALUES (?1 || hex(zeroblob(1000)))", fmt.Sprint(i)); err != nil {
				return err
			}
		}
		return nil
	})
	if fault.KindOf(err) != fault.Unavailable {
		t.Errorf("got %v, want unavailable", err)
	}
	if got := notes(t, db); len(got) != 1 {
		t.Errorf("half-written: %d notes", len(got))
	}
	limit("1000000")
	if err := note(t.Context(), db, "space again"); err != nil {
		t.Error(err)
	}
}

func TestWriter_ReadOnlyStore(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	if err := db.writer.exec("PRAGMA query_only = ON"); err != nil { // nobody writes yet
		t.Fatal(err)
	}
	err := note(t.Context(), db, "no")
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Kind != fault.Unavailable || f.Detail != "the store is read-only" {
		t.Errorf("got %v", err)
	}
}

func TestWriter_LogStaysSmall(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	for i := range 64 { // four times what a checkpoint waits for
		mustWrite(t, db, "INSERT OR REPLACE INTO notes (id, note) VALUES (?1 % 4, ?1 || hex(zeroblob(500000)))", i)
		notes(t, db)
	}
	if size := db.Stats().WALBytes; size > 2*autocheckpoint*4096 {
		t.Errorf("the log has %d bytes", size)
	}
}

func TestOpen_AfterAKillKeepsWhatWasAcknowledged(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	for i := range 100 {
		if err := note(t.Context(), db, fmt.Sprint(i)); err != nil {
			t.Fatal(err)
		}
	}
	// What a killed process leaves: the files as they are, the log not moved.
	dir := t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		b, err := os.ReadFile(db.path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if suffix == "-wal" {
			b = append(b, make([]byte, 3000)...) // and a frame that was being written
		}
		if err := os.WriteFile(filepath.Join(dir, "shop.db"+suffix), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again, err := Open(t.Context(), filepath.Join(dir, "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got := notes(t, again); len(got) != 100 {
		t.Errorf("%d of 100 notes are there", len(got))
	}
	before, _ := db.Catalog().Marks.Position(t.Context())
	after, _ := again.Catalog().Marks.Position(t.Context())
	if before.Epoch == after.Epoch {
		t.Error("another opening counts in the same epoch")
	}
}

func TestOpen_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	junk := filepath.Join(dir, "junk.db")
	if err := os.WriteFile(junk, []byte("this is not a database, it only looks like a file of some length"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := map[string]string{"no directory": filepath.Join(dir, "none", "shop.db"), "a directory": dir, "not a store": junk}
	if os.Geteuid() != 0 { // root writes everywhere
		sealed := filepath.Join(dir, "sealed")
		if err := os.Mkdir(sealed, 0o500); err != nil {
			t.Fatal(err)
		}
		cases["read-only directory"] = filepath.Join(sealed, "shop.db")
	}
	for name, path := range cases {
		if _, err := Open(t.Context(), path); fault.KindOf(err) != fault.Unavailable {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDB_ClosedAnswersUnavailable(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if err := note(t.Context(), db, "late"); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("write: %v", err)
	}
	if err := db.view(t.Context(), func(*session) error { return nil }); fault.KindOf(err) != fault.Unavailable {
		t.Errorf("read: %v", err)
	}
	if _, err := os.Stat(db.path + "-wal"); err == nil {
		t.Error("a clean close left a log behind")
	}
}

func TestDB_CloseFinishesWhatWaits(t *testing.T) {
	t.Parallel()
	db := openNotes(t)
	open := gate(t, db)
	result := make(chan error)
	go func() { result <- note(t.Context(), db, "queued") }()
	waiting(t, db, 1)
	closed := make(chan error)
	go func() { closed <- db.Close() }()
	<-db.writer.closing
	open()
	if err := <-result; err != nil {
		t.Errorf("a queued write: %v", err)
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
}

func BenchmarkWriter(b *testing.B) {
	for _, callers := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			db := openNotes(b)
			var wg sync.WaitGroup
			next := make(chan int, callers)
			for range callers {
				wg.Go(func() {
					for i := range next {
						if err := note(b.Context(), db, fmt.Sprint(i)); err != nil {
							b.Error(err)
						}
					}
				})
			}
			b.ResetTimer()
			for i := range b.N {
				next <- i
			}
			close(next)
			wg.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "tx/s")
		})
	}
}

func BenchmarkOpen(b *testing.B) {
	for b.Loop() {
		db, err := Open(b.Context(), filepath.Join(b.TempDir(), "shop.db"))
		if err != nil {
			b.Fatal(err)
		}
		db.Close()
	}
}
