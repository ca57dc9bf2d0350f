package sqlite

import (
	"context"
	"errors"

	"zombiezen.com/go/sqlite"
)

// readerCount bounds the connections that read. More of them are slower on two
// cores, not faster.
const readerCount = 4

// readers lends connections that read. They are opened when first needed.
type readers struct {
	path    string
	idle    chan *sqlite.Conn // nil: one that is not open yet
	closing chan struct{}
}

func newReaders(path string) *readers {
	r := &readers{path: path, idle: make(chan *sqlite.Conn, readerCount), closing: make(chan struct{})}
	for range readerCount {
		r.idle <- nil
	}
	return r
}

// ready answers whether there is anything to read from, and anybody to read it.
func (r *readers) ready(ctx context.Context) error {
	select { // a closed pool has idle connections too
	case <-r.closing:
		return errClosed()
	default:
		return canceled(ctx)
	}
}

// view lends fn a connection. Statements of fn see the newest commit each.
func (r *readers) view(ctx context.Context, fn func(*session) error) error {
	if err := r.ready(ctx); err != nil {
		return err
	}
	select {
	case conn := <-r.idle:
		defer func() { r.idle <- conn }()
		if conn == nil {
			var err error
			if conn, err = openReader(r.path); err != nil {
				conn = nil
				return translate("sqlite.view", err)
			}
		}
		s := &session{conn: conn}
		defer s.end()
		return fn(s)
	case <-r.closing:
		return errClosed()
	case <-ctx.Done():
		return canceled(ctx)
	}
}

// snapshot is view with one state for all statements. It must be short: while
// it is open the log cannot be emptied.
func (r *readers) snapshot(ctx context.Context, fn func(*session) error) error {
	return r.view(ctx, func(s *session) error {
		if _, err := s.exec("BEGIN"); err != nil {
			return err
		}
		defer func() { _, _ = s.exec("COMMIT") }() // of a read: nothing to lose
		return fn(s)
	})
}

// close waits for every connection to come back.
func (r *readers) close() error {
	close(r.closing)
	var errs []error
	for range readerCount {
		if conn := <-r.idle; conn != nil {
			errs = append(errs, conn.Close())
		}
	}
	return errors.Join(errs...)
}
