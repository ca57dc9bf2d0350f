package files

import (
	"errors"
	"os"
	"sync"
)

// flusher brings directories to disk for all who wait for it: those who come
// while it is at work share the next round. A directory of mails is synced a few
// times for many mails.
type flusher struct {
	mu      sync.Mutex
	next    *round // gathers; nil: nobody waits
	running bool
}

type round struct {
	dirs map[string]bool
	done chan struct{} // closed when err is set
	err  error
}

// sync returns when a directory, as it is now, is on disk.
func (f *flusher) sync(root *os.Root, dir string) error {
	f.mu.Lock()
	if f.next == nil {
		f.next = &round{dirs: map[string]bool{}, done: make(chan struct{})}
	}
	mine := f.next
	mine.dirs[dir] = true
	if !f.running {
		f.running = true
		go f.run(root)
	}
	f.mu.Unlock()
	<-mine.done
	return mine.err
}

func (f *flusher) run(root *os.Root) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.next != nil {
		now := f.next
		f.next = nil
		f.mu.Unlock()
		for dir := range now.dirs {
			now.err = errors.Join(now.err, syncDir(root, dir))
		}
		close(now.done)
		f.mu.Lock()
	}
	f.running = false
}
