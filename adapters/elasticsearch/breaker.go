package elasticsearch

import (
	"errors"
	"sync"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
)

// breaker spares searches the wait for an engine that is down: after several
// failures in a row nobody asks it for a while, then one search tries.
type breaker struct {
	mu       sync.Mutex
	failures int
	until    time.Time // nobody asks before
	trying   bool
}

const (
	breakAfter = 5
	breakFor   = 2 * time.Second
)

var errOpen = errors.New("it has failed several times in a row")

// enter lets a search through, or answers Unavailable.
func (b *breaker) enter(now time.Time) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.failures < breakAfter:
		return nil
	case now.Before(b.until), b.trying:
		return fault.Wrap(fault.Unavailable, "elasticsearch", errOpen)
	}
	b.trying = true
	return nil
}

// leave records how the search went.
func (b *breaker) leave(now time.Time, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.trying = false
	switch {
	case fault.Is(err, fault.Unavailable):
		if b.failures++; b.failures >= breakAfter {
			b.until = now.Add(breakFor)
		}
	case !fault.Is(err, fault.Canceled): // who goes away proves nothing
		b.failures = 0
	}
}

func (b *breaker) open(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.failures >= breakAfter && now.Before(b.until)
}
