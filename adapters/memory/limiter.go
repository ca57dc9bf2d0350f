package memory

import (
	"context"
	"sync"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// maxLimited bounds how many keys a Limiter remembers, at about 100 bytes each.
// Beyond, those are forgotten that were not used for longest: they start with
// all of their rate.
const maxLimited = 1 << 17

var _ ports.Limiter = (*Limiter)(nil)

// Limiter counts requests in memory.
type Limiter struct {
	now func() time.Time

	mu sync.Mutex
	// young and old hold when each key's rate will be whole again (its
	// theoretical arrival time). What is used moves to young; when that is half
	// of all, it becomes old, and old is forgotten.
	young, old map[limited]time.Time
	half       int
}

type limited struct{ class, key string }

// NewLimiter returns a limiter by the clock now (nil: time.Now).
func NewLimiter(now func() time.Time) *Limiter {
	if now == nil {
		now = time.Now
	}
	return &Limiter{now: now, young: map[limited]time.Time{}, old: map[limited]time.Time{}, half: maxLimited / 2}
}

func (l *Limiter) Allow(_ context.Context, class ports.Rate, key string) (ports.Allowance, error) {
	if class.Requests <= 0 || class.Window <= 0 {
		return ports.Allowance{}, fault.InvalidField("rate", "too_small", "must be some requests in some time")
	}
	interval := max(class.Window/time.Duration(class.Requests), 1)
	k := limited{class.Class, key}

	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	// How far ahead of its rate the key is: at most a window, unless the clock
	// was set back.
	ahead := max(l.whole(k).Sub(now), 0)
	if ahead > class.Window {
		ahead = class.Window
		l.remember(k, now.Add(ahead))
	}
	if wait := ahead + interval - class.Window; wait > 0 {
		return ports.Allowance{Reset: ahead, RetryAfter: wait}, nil
	}
	ahead += interval
	l.remember(k, now.Add(ahead))
	return ports.Allowance{OK: true, Remaining: int((class.Window - ahead) / interval), Reset: ahead}, nil
}

func (l *Limiter) whole(k limited) time.Time {
	if t, ok := l.young[k]; ok {
		return t
	}
	return l.old[k]
}

func (l *Limiter) remember(k limited, whole time.Time) {
	if _, known := l.young[k]; !known && len(l.young) >= l.half {
		l.old, l.young = l.young, make(map[limited]time.Time, l.half/4)
	}
	l.young[k] = whole
}
