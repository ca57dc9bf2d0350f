package sandbox

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
)

// ledger is the append-only file of accounts and their state in memory. Changes
// show in memory at once, but nobody is told of one, changer or reader, before
// it is on disk. While one batch is being written the next one gathers.
type ledger struct {
	path string

	mu       sync.Mutex
	file     *os.File // nil: not open
	size     int64    // of what is on disk for certain
	accounts map[id.Payment]held
	next     *batch // gathers; nil: nothing to write
	last     *batch // the newest begun or gathering; nil: none since open
	writing  bool
}

// held is an account and the batch that brings it to disk; nil: it came from there.
type held struct {
	*account
	in *batch
}

// batch is lines that are written and synced together.
type batch struct {
	lines []byte
	done  chan struct{} // closed when err is set
	err   error
}

// update replaces an account by what fn makes of it and returns that, on disk.
func (l *ledger) update(_ context.Context, p id.Payment, fn func(*account) (*account, error)) (*account, error) {
	l.mu.Lock()
	if err := l.open(); err != nil {
		l.mu.Unlock()
		return nil, err
	}
	old := l.accounts[p]
	a, err := fn(old.account)
	if err == nil && a != old.account {
		old.in, err = l.append(a)
	}
	l.mu.Unlock()

	if old.in != nil {
		<-old.in.done
		if old.in.err != nil {
			return nil, old.in.err
		}
	}
	return a, err
}

// append puts an account into memory and into the gathering batch, which it returns.
func (l *ledger) append(a *account) (*batch, error) {
	line, err := json.Marshal(a)
	if err != nil {
		return nil, fault.Wrap(fault.Internal, "sandbox: ledger line", err)
	}
	if l.next == nil {
		l.next = &batch{done: make(chan struct{})}
		l.last = l.next
	}
	l.next.lines = append(append(l.next.lines, line...), '\n')
	l.accounts[a.Payment] = held{a, l.next}
	if !l.writing {
		l.writing = true
		go l.write()
	}
	return l.next, nil
}

// write brings batches to disk until none is left.
func (l *ledger) write() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.next != nil {
		b, file, size := l.next, l.file, l.size
		l.next = nil
		l.mu.Unlock()
		err := appendSync(file, size, b.lines)
		l.mu.Lock()
		if err != nil {
			l.fail(b, err)
			break
		}
		l.size += int64(len(b.lines))
		close(b.done)
	}
	l.writing = false
}

// fail answers everybody who waits and forgets what is in memory, which is now
// ahead of the disk: the next call reads the ledger anew.
func (l *ledger) fail(b *batch, err error) {
	b.err = err
	close(b.done)
	if l.next != nil {
		l.next.err = fault.Wrap(fault.Unavailable, "sandbox: an earlier write failed", err)
		close(l.next.done)
		l.next = nil
	}
	_ = l.file.Close() // it is forgotten either way
	l.file, l.accounts = nil, nil
}

// appendSync writes lines at the end of the file and syncs. When it fails and
// can undo it, the error is Unavailable, else Unknown.
func appendSync(file *os.File, size int64, lines []byte) error {
	_, err := file.Write(lines)
	if err == nil {
		err = file.Sync()
	}
	if err == nil {
		return nil
	}
	if undo := errors.Join(file.Truncate(size), file.Sync()); undo != nil {
		return fault.Wrap(fault.Unknown, "sandbox: write ledger", errors.Join(err, undo))
	}
	return fault.Wrap(fault.Unavailable, "sandbox: write ledger", err)
}

// open reads the ledger and cuts off what a crash left half-written at its end.
func (l *ledger) open() error {
	if l.file != nil {
		return nil
	}
	file, err := os.OpenFile(l.path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fault.Wrap(fault.Unavailable, "sandbox: open ledger", err)
	}
	accounts, size, err := replay(file)
	if err == nil {
		err = settle(file, size)
	}
	if err != nil {
		_ = file.Close()
		return fault.Wrap(fault.Unavailable, "sandbox: open ledger "+l.path, err)
	}
	l.file, l.size, l.accounts = file, size, accounts
	return nil
}

// replay returns the accounts and the size of what is whole. A damaged line
// with whole ones after it is no torn end but a broken ledger.
func replay(r io.Reader) (map[id.Payment]held, int64, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, 0, err
	}
	accounts := map[id.Payment]held{}
	var size int64
	damaged := 0
	for n := 1; len(data) > 0; n++ {
		line, rest, whole := bytes.Cut(data, []byte("\n"))
		var a account
		if !whole || json.Unmarshal(line, &a) != nil || a.Payment.IsZero() {
			if damaged == 0 {
				damaged = n
			}
		} else {
			if damaged > 0 {
				return nil, 0, fmt.Errorf("line %d is damaged", damaged)
			}
			accounts[a.Payment] = held{account: &a}
			size += int64(len(line)) + 1
		}
		data = rest
	}
	return accounts, size, nil
}

// settle cuts the file to its size and makes sure that both the cut and the
// file's name last.
func settle(file *os.File, size int64) error {
	if err := file.Truncate(size); err != nil {
		return err
	}
	if err := file.Sync(); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(file.Name()))
	if err != nil {
		return err
	}
	defer dir.Close()
	return dir.Sync()
}

func (l *ledger) close() error {
	l.mu.Lock()
	for l.writing {
		last := l.last
		l.mu.Unlock()
		<-last.done
		l.mu.Lock()
	}
	defer l.mu.Unlock()
	if l.file == nil {
		return nil
	}
	err := l.file.Close()
	l.file, l.accounts, l.last = nil, nil, nil
	if err != nil {
		return fault.Wrap(fault.Unavailable, "sandbox: close ledger", err)
	}
	return nil
}
