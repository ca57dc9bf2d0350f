package redis

import (
	"context"
	"sync"

	"github.com/bodega-commerce/bodega/core/fault"
)

// gathering makes one call of those that are wanted at the same time: while one
// is under way the next gather, and go out as one. Nobody waits for company, and
// what anybody is answered was found out after they asked.
type gathering[Q any] struct {
	// do answers all of them. What it is given may outlive whoever wanted it.
	do func(ctx context.Context, together []Q)

	mu       sync.Mutex
	waiting  []waiter[Q]
	underWay bool
}

type waiter[Q any] struct {
	question Q
	answered chan struct{}
}

// mostTogether bounds a call, so that none takes the server long.
const mostTogether = 128

// join has a question answered. Canceled when its caller gives up; it may be
// answered all the same.
func (g *gathering[Q]) join(ctx context.Context, op string, question Q) error {
	g.mu.Lock()
	if !g.underWay {
		g.underWay = true
		g.mu.Unlock()
		defer g.next(ctx)
		g.do(ctx, []Q{question})
		return nil
	}
	w := waiter[Q]{question, make(chan struct{})}
	g.waiting = append(g.waiting, w)
	g.mu.Unlock()
	select {
	case <-w.answered:
		return nil
	case <-ctx.Done():
		return fault.Wrap(fault.Canceled, op, ctx.Err())
	}
}

// next goes on with those who have gathered meanwhile.
func (g *gathering[Q]) next(ctx context.Context) {
	if together := g.gathered(); len(together) > 0 {
		go g.work(context.WithoutCancel(ctx), together)
	}
}

// work goes on until nobody is waiting.
func (g *gathering[Q]) work(ctx context.Context, together []waiter[Q]) {
	for ; len(together) > 0; together = g.gathered() {
		questions := make([]Q, len(together))
		for i, w := range together {
			questions[i] = w.question
		}
		g.do(ctx, questions)
		for _, w := range together {
			close(w.answered)
		}
	}
}

// gathered takes those who go together next. If nobody is waiting, whoever
// comes next goes alone.
func (g *gathering[Q]) gathered() []waiter[Q] {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := min(len(g.waiting), mostTogether)
	together := g.waiting[:n:n]
	g.waiting = g.waiting[n:]
	g.underWay = n > 0
	return together
}
