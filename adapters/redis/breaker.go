package redis

import (
	"sync"
	"time"
)

const (
	breakAfter  = 5 // failures
	breakWithin = 10 * time.Second
	breakFor    = 2 * time.Second
)

// breaker stops asking a server that keeps failing: after breakAfter failures
// within breakWithin it is open for breakFor. Then a single call goes ahead of
// all others to find out whether the server is back.
type breaker struct {
	mu       sync.Mutex
	failures [breakAfter]time.Time // a ring, the oldest at next
	next     int
	until    time.Time // open before this; zero: closed
	probing  bool      // somebody is finding out
}

// outcome is how a call ended.
type outcome uint8

const (
	answered outcome = iota
	failed
	abandoned // its caller gave up: it says nothing about the server
)

// enter reports whether a call may be made and, if so, whether it is the one
// that finds out. Who was let in tells leave how it ended.
func (b *breaker) enter() (may, probe bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.until.IsZero():
		return true, false
	case b.probing || time.Now().Before(b.until):
		return false, false
	}
	b.probing = true
	return true, true
}

func (b *breaker) leave(how outcome, probe bool) {
	if how != failed && !probe {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	now := time.Now()
	if probe {
		b.probing = false
		switch how {
		case answered:
			b.until, b.failures = time.Time{}, [breakAfter]time.Time{}
		case failed:
			b.until = now.Add(breakFor)
		case abandoned:
		}
		return
	}
	b.failures[b.next] = now
	b.next = (b.next + 1) % breakAfter
	if oldest := b.failures[b.next]; b.until.IsZero() && !oldest.IsZero() && now.Sub(oldest) <= breakWithin {
		b.until = now.Add(breakFor)
	}
}

// open reports whether calls are refused.
func (b *breaker) open() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.until.IsZero()
}
