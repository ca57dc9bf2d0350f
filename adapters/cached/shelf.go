package cached

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// shelf holds values of any kind and gets new ones.
type shelf struct {
	cache   *front
	realm   ports.Realm // of what is read
	shared  bool
	observe func(string, Source)
	now     func() time.Time
	rand    func() float64
	held    *segmented
	flights *singleflight.Group
	direct  chan struct{} // a place for each read past an unreachable cache
}

// item is what was read: a value, or that there is none.
type item struct {
	value   any
	missing error              // NotFound, in place of a value
	names   []string           // of the generations it belongs to
	along   []string           // those that whoever asks for it asks for next
	seen    []ports.Generation // their state when it was held; nil: it was overtaken before
	wants   ports.Mark         // that it would have had to be read at then
	at      ports.Mark
	born    time.Time
	cost    time.Duration // what reading it took
	life
	weight     int
	refreshing atomic.Bool
	// calm is the number of the generation that every change raises (query.calm)
	// at which seen was last found to be true; as long as it stays, so does seen.
	calm atomic.Uint64
}

// life is how long an item is fresh and how long it may be served.
type life struct{ fresh, keep time.Duration }

// query says what to read and how to hold it.
type query[T any] struct {
	key  string
	load func(ctx context.Context, after ports.Mark) (T, error)
	// basis names generations that are known before the value is, and raised with
	// those it will belong to: it is read after what they were raised for.
	basis func() []string
	life
	generations func(T) []string // that a value belongs to
	calm        string           // a generation that is raised with any of these; "": there is none
	along       func(T) []string // generations that whoever asks this asks for next; nil: none
	absent      func() []string  // that its absence belongs to; none: absence is not held
	weight      func(T) int      // in products; nil: 1
	fits        func(T) bool     // whether a value under the key answers the question; nil: any does
	codec       codec[T]         // of values that are exchanged
}

const (
	// loadTimeout bounds a read that several callers wait for and none may cancel.
	loadTimeout = 10 * time.Second
	absentLife  = time.Minute
	// attempts is how often a reader that was overtaken by changes tries again
	// before it reads past the shelf.
	attempts = 3
)

// read answers a query from the shelf or through it.
func read[T any](ctx context.Context, s *shelf, q query[T], after ports.Mark) (T, error) {
	floor := after
	for attempt := range attempts {
		it, from := s.held.get(q.key), Held
		if it == nil {
			var err error
			if it, from, err = flight(ctx, s, q, floor, attempt > 0); err != nil {
				return past(ctx, s, q.key, q.load, floor, err)
			}
		}
		same, err := s.same(ctx, it, q.calm)
		if err != nil {
			return past(ctx, s, q.key, q.load, floor, err)
		}
		if clock := s.now(); same && s.serves(it, after, clock) && q.answeredBy(it) {
			if s.early(it, clock) && it.refreshing.CompareAndSwap(false, true) {
				go refresh(context.WithoutCancel(ctx), s, q, it)
			}
			s.observe(about(q.key), from)
			v, _ := it.value.(T)
			return v, it.missing
		}
		floor = newest(floor, it.wants)
		s.held.drop(q.key, it)
	}
	return past(ctx, s, q.key, q.load, floor, bypass{errors.New("overtaken by changes")})
}

// about is what a key is about: all up to its first colon.
func about(key string) string {
	kind, _, _ := strings.Cut(key, ":")
	return kind
}

func (q *query[T]) answeredBy(it *item) bool {
	v, ok := it.value.(T)
	return !ok || q.fits == nil || q.fits(v)
}

func (q *query[T]) asksNext(v T) []string {
	if q.along == nil {
		return nil
	}
	return q.along(v)
}

// serves reports whether an item that is still true is new enough.
func (s *shelf) serves(it *item, after ports.Mark, clock time.Time) bool {
	return includes(it.at, after) && clock.Sub(it.born) < it.keep
}

// few names are looked up as fast as one.
const few = 8

// same reports whether an item's generations are what they were. It is not what
// it was if it was overtaken before it was held.
func (s *shelf) same(ctx context.Context, it *item, calm string) (bool, error) {
	switch {
	case it.seen == nil:
		return false, nil
	case calm == "" || len(it.names) <= few:
		return s.unchanged(ctx, it.names, it.seen, it.along)
	}
	same, err := s.unchanged(ctx, []string{calm}, []ports.Generation{{Number: it.calm.Load()}}, nil)
	if same || err != nil {
		return same, err
	}
	now, err := s.generations(ctx, append(slices.Clone(it.names), calm))
	if err != nil || !unchanged(it.seen, now) {
		return false, err
	}
	it.calm.Store(now[len(now)-1].Number)
	return true, nil
}

// unchanged reports whether generations are as they were seen, or were a moment
// ago.
func (s *shelf) unchanged(ctx context.Context, names []string, seen []ports.Generation, along []string) (bool, error) {
	if same, known := s.cache.believed(names, seen); known {
		return same, nil
	}
	now, err := s.cache.ask(ctx, names, along)
	if err != nil {
		return false, bypass{err}
	}
	return unchanged(seen, now), nil
}

// unchanged reports whether generations are now as they were seen.
func unchanged(seen, now []ports.Generation) bool {
	for i := range seen {
		if now[i].Number != seen[i].Number {
			return false
		}
	}
	return true
}

// early decides whether this reader refreshes an item ahead of time: the more
// likely the nearer its end and the dearer it was, so that readers do not all
// wait for it at once (Vattani, Chierichetti, Lowenstein: Optimal Probabilistic
// Cache Stampede Prevention, VLDB 2015).
func (s *shelf) early(it *item, clock time.Time) bool {
	left := it.fresh - clock.Sub(it.born)
	return left <= 0 || left < 32*it.cost && float64(left) < float64(it.cost)*-math.Log(1-s.rand())
}

func refresh[T any](ctx context.Context, s *shelf, q query[T], it *item) {
	if _, _, err := flight(ctx, s, q, ports.Mark{}, true); err != nil {
		it.refreshing.Store(false) // another reader may try
	}
}

// flight gets an item, once for all who ask at the same time, and says from where.
// It is read at or after the floor of who asked first.
func flight[T any](ctx context.Context, s *shelf, q query[T], floor ports.Mark, anew bool) (*item, Source, error) {
	led := false
	landed := s.flights.DoChan(q.key, func() (got any, err error) {
		led = true
		defer func() {
			if p := recover(); p != nil { // on nobody's goroutine it would end the process
				err = fault.Wrap(fault.Internal, "cached: read", fmt.Errorf("panic: %v", p))
			}
		}()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), loadTimeout)
		defer cancel()
		it, from, err := get(ctx, s, q, floor, anew)
		if err != nil && ctx.Err() != nil {
			err = fault.Wrap(fault.Unavailable, "cached: read", err)
		}
		return gotten{it, from}, err
	})
	select {
	case r := <-landed:
		g, _ := r.Val.(gotten)
		if !led {
			g.from = Joined
		}
		return g.item, g.from, r.Err
	case <-ctx.Done():
		return nil, "", fault.Wrap(fault.Canceled, "cached: read", ctx.Err())
	}
}

// gotten is an item and where it came from.
type gotten struct {
	*item
	from Source
}

// get takes an item from another process or from the store, and holds it if
// nothing has overtaken it meanwhile. anew asks the store in any case. It asks
// the cache first: nothing is read that could not be held, nor at an older state
// than was told.
func get[T any](ctx context.Context, s *shelf, q query[T], floor ports.Mark, anew bool) (*item, Source, error) {
	key := ""
	if s.shared && !anew {
		key = q.key
	}
	e, basis, err := s.cache.Lookup(ctx, key, q.basis()...)
	if err != nil {
		return nil, "", bypass{err}
	}
	if it, err := adopt(ctx, s, q, e); it != nil || err != nil {
		return it, Shared, err
	}
	at := floor
	for _, g := range basis {
		at = newest(at, g.After)
	}
	it := &item{at: at, born: s.now(), weight: 1}
	v, err := q.load(ctx, at)
	it.cost = max(s.now().Sub(it.born), time.Microsecond)
	switch {
	case err == nil:
		it.value, it.names, it.along, it.life = v, q.generations(v), q.asksNext(v), q.life
		it.fresh += time.Duration((0.2*s.rand() - 0.1) * float64(it.fresh))
		if q.weight != nil {
			it.weight = q.weight(v)
		}
	case fault.Is(err, fault.NotFound) && q.absent != nil:
		it.missing, it.names, it.life = err, q.absent(), life{absentLife, absentLife}
		if len(it.names) == 0 {
			return nil, "", err
		}
	default:
		return nil, "", err
	}
	if err := s.hold(ctx, q.key, it); err != nil {
		return nil, "", err
	}
	if s.shared && it.seen != nil {
		share(ctx, s, q, it)
	}
	return it, Read, nil
}

// hold puts an item on the shelf if it was read after all that its generations
// were raised for.
func (s *shelf) hold(ctx context.Context, key string, it *item) error {
	now, err := s.generations(ctx, it.names)
	if err != nil {
		return err
	}
	for _, g := range now {
		it.wants = newest(it.wants, g.After)
	}
	if includes(it.at, it.wants) {
		it.seen = now
		s.held.put(key, it)
	}
	return nil
}

// includes reports whether a state at or after one mark is sure to include another.
func includes(at, after ports.Mark) bool {
	return after.IsZero() || !at.IsZero() && at.Covers(after)
}

// generations returns what generations are now, all at the same moment.
func (s *shelf) generations(ctx context.Context, names []string) ([]ports.Generation, error) {
	now, err := s.cache.ask(ctx, names, nil)
	if err != nil {
		return nil, bypass{err}
	}
	return now, nil
}

// bypass says that the way over the shelf failed, not the store itself.
type bypass struct{ cause error }

func (b bypass) Error() string { return "cached: " + b.cause.Error() }
func (b bypass) Unwrap() error { return b.cause }

// past asks the store past the shelf if only the shelf failed, a bounded number
// of times at once: a cache that is down must not take the store with it. It sees
// what this process could not tell the cache; of others it knows nothing.
func past[T any](ctx context.Context, s *shelf, key string, load func(context.Context, ports.Mark) (T, error), after ports.Mark, why error) (T, error) {
	if !errors.As(why, new(bypass)) {
		var none T
		return none, why
	}
	select {
	case s.direct <- struct{}{}:
		defer func() { <-s.direct }()
	case <-ctx.Done():
		var none T
		return none, fault.Wrap(fault.Canceled, "cached: read", ctx.Err())
	}
	s.observe(about(key), Past)
	return load(ctx, newest(s.cache.owedOf(s.realm), after))
}
