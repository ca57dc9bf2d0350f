package redis

import (
	"context"
	"slices"
	"sync"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// asking asks what generations are now, together for all who want to know at
// the same time: while one question is under way the next gather, and go out as
// one. Nobody waits for company, and what anybody is told was read after they
// asked.
type asking struct {
	c *Client

	mu       sync.Mutex
	waiting  []*question
	underWay bool
}

// question is one caller's share of a question.
type question struct {
	names []string
	now   []ports.Generation
	err   error
	told  chan struct{}
}

// mostTogether bounds the generations of one question, so that no answer takes
// the server long.
const mostTogether = 1024

func (a *asking) ask(ctx context.Context, names []string) ([]ports.Generation, error) {
	if len(names) == 0 {
		return []ports.Generation{}, nil
	}
	a.mu.Lock()
	if !a.underWay {
		a.underWay = true
		a.mu.Unlock()
		defer a.next(ctx)
		return a.c.generations(ctx, names)
	}
	q := &question{names: slices.Clone(names), told: make(chan struct{})}
	a.waiting = append(a.waiting, q)
	a.mu.Unlock()
	select {
	case <-q.told:
		return q.now, q.err
	case <-ctx.Done():
		return nil, fault.Wrap(fault.Canceled, "redis.Lookup", ctx.Err())
	}
}

// next lets those ask who have gathered meanwhile.
func (a *asking) next(ctx context.Context) {
	if together := a.gathered(); len(together) > 0 {
		go a.work(context.WithoutCancel(ctx), together)
	}
}

// work asks until nobody is waiting.
func (a *asking) work(ctx context.Context, together []*question) {
	for ; len(together) > 0; together = a.gathered() {
		a.put(ctx, together)
		for _, q := range together {
			close(q.told)
		}
	}
}

// gathered takes those who ask together next. If nobody is waiting, whoever
// comes next asks alone.
func (a *asking) gathered() []*question {
	a.mu.Lock()
	defer a.mu.Unlock()
	n, names := 0, 0
	for ; n < len(a.waiting); n++ {
		if names += len(a.waiting[n].names); names > mostTogether && n > 0 {
			break
		}
	}
	together := a.waiting[:n:n]
	a.waiting = a.waiting[n:]
	a.underWay = n > 0
	return together
}

// put asks one question for all of them and shares the answer out.
func (a *asking) put(ctx context.Context, together []*question) {
	names := together[0].names
	if len(together) > 1 {
		names = nil
		for _, q := range together {
			names = append(names, q.names...)
		}
	}
	now, err := a.c.generations(ctx, names)
	for _, q := range together {
		if q.err = err; err == nil {
			n := len(q.names)
			q.now, now = now[:n:n], now[n:]
		}
	}
}

// generations asks the server what generations are now.
func (c *Client) generations(ctx context.Context, names []string) ([]ports.Generation, error) {
	var reply []any
	err := c.call(ctx, "redis.Lookup", "gen", func(ctx context.Context) (err error) {
		reply, err = c.rdb.MGet(ctx, c.keys(names...)...).Result()
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, state := range reply {
		if state == nil { // one has to begin, and whoever asks next must find the same
			_, now, err := c.lookup(ctx, nothing, names)
			return now, err
		}
	}
	return states(names, reply)
}

// nothing is a key that nothing is ever under.
const nothing = "gen:"
