package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"time"

	"zombiezen.com/go/sqlite"

	"github.com/bodega-commerce/bodega/core/fault"
)

const (
	queueLength = 1024                 // transactions that may wait; one more is turned away
	batchMax    = 64                   // members of a COMMIT
	batchTime   = 4 * time.Millisecond // after that a batch takes no more: its members wait for the COMMIT
	walWatch    = 256                  // commits between looks at the log's size
)

// writer owns the one connection that writes. Members of its queue share a
// transaction, each under a savepoint.
//
// A caller's context decides only whether its member starts. It never reaches a
// statement: an interrupted statement rolls the whole transaction back, for all
// members, and an interrupted COMMIT reports failure of what it has done.
type writer struct {
	conn    *sqlite.Conn
	wal     string // path of the log
	queue   chan *member
	closing chan struct{}
	stopped chan struct{}
	err     error // of closing, after stopped

	commits atomic.Uint64
	served  atomic.Uint64
}

// member is one caller's transaction.
type member struct {
	ctx   context.Context
	fn    func(context.Context, *session) error
	state atomic.Int32
	done  chan struct{}

	// Written by the writer before done is closed.
	hooks []hook
	pos   uint64
	err   error
}

const (
	queued int32 = iota
	started
	abandoned
)

func startWriter(conn *sqlite.Conn, wal string) *writer {
	w := &writer{
		conn: conn, wal: wal,
		queue:   make(chan *member, queueLength),
		closing: make(chan struct{}),
		stopped: make(chan struct{}),
	}
	go w.loop()
	return w
}

// do runs fn as one transaction and returns the number of commits with it. An
// error of fn rolls it back and comes back as it is.
func (w *writer) do(ctx context.Context, fn func(context.Context, *session) error) (uint64, error) {
	if ctx.Value(insideTx{}) != nil {
		return 0, &fault.Error{Kind: fault.Internal, Op: "sqlite.InTx", Err: errors.New("a transaction within a transaction would wait for itself")}
	}
	if err := canceled(ctx); err != nil {
		return 0, err
	}
	m := &member{ctx: ctx, fn: fn, done: make(chan struct{})}
	select {
	case <-w.closing:
		return 0, errClosed()
	default:
	}
	select {
	case w.queue <- m:
	default:
		return 0, &fault.Error{Kind: fault.Unavailable, Op: "sqlite.InTx", Detail: "too many writes are waiting"}
	}
	select {
	case <-m.done:
	case <-ctx.Done():
		if m.state.CompareAndSwap(queued, abandoned) {
			return 0, canceled(ctx)
		}
		<-m.done
	case <-w.stopped:
		if m.state.CompareAndSwap(queued, abandoned) {
			return 0, errClosed()
		}
		<-m.done
	}
	return m.pos, m.err
}

// close runs what is in the queue and closes the connection.
func (w *writer) close() error {
	close(w.closing)
	<-w.stopped
	return w.err
}

func (w *writer) loop() {
	finished := false
	defer func() {
		if !finished { // a closure ended the goroutine (runtime.Goexit); its batch has been answered
			go w.loop()
		}
	}()
	for {
		select {
		case m := <-w.queue:
			w.batch(m)
			continue
		default:
		}
		select {
		case m := <-w.queue:
			w.batch(m)
		case <-w.closing:
			if len(w.queue) > 0 {
				continue
			}
			finished = true
			w.stop()
			return
		}
	}
}

func (w *writer) stop() {
	defer close(w.stopped)
	_ = w.exec("PRAGMA optimize")                 // advice for the next opening; not having it is no harm
	_ = w.exec("PRAGMA wal_checkpoint(TRUNCATE)") // a log that stays is read by the next opening
	w.err = w.conn.Close()
}

// batch commits a member together with those that wait behind it.
func (w *writer) batch(m *member) {
	var members []*member
	fatal := lost(errors.New("a closure ended the writer's goroutine"))
	defer func() { w.answer(members, fatal) }() // also when runtime.Goexit comes by
	began := time.Now()
	for ; m != nil; m = w.next(len(members), began) {
		if !m.state.CompareAndSwap(queued, started) {
			continue
		}
		members = append(members, m)
		if m.err = canceled(m.ctx); m.err != nil {
			continue
		}
		first := w.conn.AutocommitEnabled()
		if first {
			if err := w.exec("BEGIN IMMEDIATE"); err != nil {
				fatal = translate("sqlite.Begin", err)
				return
			}
		}
		if err := w.member(m, first); err != nil {
			fatal = err
			return
		}
	}
	fatal = w.commit()
}

// answer tells the members of a batch how it went; fatal is why it failed as a
// whole. What is kept in memory is made stale by a batch that may have been
// committed as by one that was.
func (w *writer) answer(members []*member, fatal error) {
	w.rollback() // whatever a failure left standing
	if len(members) > 0 && (fatal == nil || fault.Is(fatal, fault.Unknown)) {
		pos := w.commits.Load() + 1
		for _, m := range members {
			if m.err != nil {
				continue
			}
			m.pos = pos
			w.served.Add(1)
			for _, hook := range m.hooks {
				hook(pos, fatal == nil)
			}
		}
		w.commits.Store(pos) // last: whoever sees it finds nothing older in memory
	}
	for _, m := range members {
		if fatal != nil {
			m.err = fatal
		}
		close(m.done)
	}
	if fatal == nil && w.commits.Load()%walWatch == 0 {
		w.watchWAL()
	}
}

// next returns the next member that is already waiting, if the batch still
// takes one. It waits for nobody: the flush of the disk gathers the next batch.
// But goroutines that could run go first, for on a busy processor they are those
// who were answered by the last commit and are about to come back.
func (w *writer) next(members int, began time.Time) *member {
	if members >= batchMax || time.Since(began) > batchTime {
		return nil
	}
	for yielded := false; ; yielded = true {
		select {
		case m := <-w.queue:
			return m
		default:
		}
		if yielded {
			return nil
		}
		runtime.Gosched()
	}
}

// member runs one closure under a savepoint, or as the transaction if it is the
// first: a savepoint costs every statement a walk through all pages changed
// since, a fifth of an import. The error it returns is the end of the whole
// batch; the closure's own is in m.err.
func (w *writer) member(m *member, first bool) (fatal error) {
	if !first {
		if err := w.exec("SAVEPOINT member"); err != nil {
			return lost(err)
		}
	}
	s := &session{conn: w.conn, writes: true}
	returned := false
	func() {
		defer func() {
			if returned {
				return
			}
			v := recover() // nil for runtime.Goexit, which goes on to answer
			m.err = &fault.Error{Kind: fault.Internal, Op: "sqlite.InTx", Err: fmt.Errorf("panic in a transaction: %v\n%s", v, debug.Stack())}
		}()
		m.err = m.fn(context.WithValue(context.WithoutCancel(m.ctx), insideTx{}, true), s)
		returned = true
	}()
	cause := s.lost
	s.end()
	switch {
	case w.conn.AutocommitEnabled():
		return lost(errors.Join(cause, m.err))
	case m.err != nil && first:
		if err := w.exec("ROLLBACK"); err != nil {
			return lost(errors.Join(m.err, err))
		}
	case m.err != nil:
		if err := w.exec("ROLLBACK TO member"); err != nil {
			return lost(errors.Join(m.err, err))
		}
	default:
		m.hooks = s.hooks
	}
	if first {
		return nil
	}
	if err := w.exec("RELEASE member"); err != nil {
		return lost(err)
	}
	return nil
}

// commit ends the batch. A failure of the disk leaves open whether the log
// already holds the batch; any other failure is followed by a rollback.
func (w *writer) commit() error {
	if w.conn.AutocommitEnabled() {
		return nil // every member had gone away before it began
	}
	err := w.exec("COMMIT")
	if err == nil {
		return nil
	}
	kind := fault.Unavailable
	if sqlite.ErrCode(err).ToPrimary() == sqlite.ResultIOErr {
		kind = fault.Unknown
	}
	return &fault.Error{Kind: kind, Op: "sqlite.Commit", Detail: explain(err), Err: err}
}

// rollback leaves the connection outside any transaction.
func (w *writer) rollback() {
	if !w.conn.AutocommitEnabled() {
		_ = w.exec("ROLLBACK") // the only failure is that there is nothing to roll back
	}
}

// watchWAL empties the log when it has grown beyond what passive checkpoints
// keep up with, waiting a moment for readers.
func (w *writer) watchWAL() {
	info, err := os.Stat(w.wal)
	if err != nil || info.Size() <= walLimit {
		return
	}
	w.conn.SetBusyTimeout(100 * time.Millisecond)
	_ = w.exec("PRAGMA wal_checkpoint(RESTART)") // busy: the next watch tries again
	w.conn.SetBusyTimeout(busyTimeout)
}

// exec runs a statement of the writer's own.
func (w *writer) exec(sql string) error {
	stmt, err := w.conn.Prepare(sql)
	if err != nil {
		return err
	}
	if _, err := stmt.Step(); err != nil {
		return err
	}
	return stmt.Reset()
}

// insideTx marks the context of a closure.
type insideTx struct{}

func canceled(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return &fault.Error{Kind: fault.Canceled, Op: "sqlite", Err: context.Cause(ctx)}
	}
	return nil
}

func errClosed() error {
	return &fault.Error{Kind: fault.Unavailable, Op: "sqlite", Detail: "the store is closed"}
}

// lost is the answer to every member of a transaction that is gone.
func lost(cause error) error {
	return &fault.Error{Kind: fault.Unavailable, Op: "sqlite.InTx", Detail: explain(cause), Err: cause}
}
