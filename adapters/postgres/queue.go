package postgres

import (
	"context"
	"sync"
	"time"
)

// Between two looks at a table for the jobs of other processes, and for those
// that are due again: after it had some, and when it is idle.
const (
	busyPoll = 200 * time.Millisecond
	idlePoll = time.Second
	lookTime = 5 * time.Second // for an answer
)

// anyTask is the bell that rings for every task.
const anyTask = ""

// queue is what those who add jobs and those who wait for them in this process
// share: a bell for each task, and the watchers, which look for all who wait at
// once.
type queue struct {
	closed   chan struct{}
	watchers sync.WaitGroup
	once     sync.Once

	mu      sync.Mutex
	bells   map[string]chan struct{}
	waiting int
	someone chan struct{} // closed while somebody waits
}

func newQueue() *queue {
	return &queue{closed: make(chan struct{}), bells: map[string]chan struct{}{}, someone: make(chan struct{})}
}

// listen returns a channel that is closed at the next ring for the task. The
// caller leaves when it does not wait any more.
func (q *queue) listen(task string) (bell <-chan struct{}, leave func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.waiting++; q.waiting == 1 {
		close(q.someone)
	}
	if q.bells[task] == nil {
		q.bells[task] = make(chan struct{})
	}
	return q.bells[task], func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		if q.waiting--; q.waiting == 0 {
			q.someone = make(chan struct{})
		}
	}
}

// ring makes those who wait for one of the tasks look again.
func (q *queue) ring(tasks ...string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for i := range len(tasks) + 1 {
		task := anyTask
		if i < len(tasks) {
			task = tasks[i]
		}
		if bell, ok := q.bells[task]; ok {
			close(bell)
			delete(q.bells, task)
		}
	}
}

// watch begins to look for due jobs of a realm while somebody waits, until the
// queue is closed.
func (q *queue) watch(ctx context.Context, r *realm) {
	ctx, stop := context.WithCancel(ctx)
	q.watchers.Go(func() {
		defer stop()
		<-q.closed
	})
	q.watchers.Go(func() { q.look(ctx, r) })
}

func (q *queue) look(ctx context.Context, r *realm) {
	every := idlePoll
	for {
		q.mu.Lock()
		someone := q.someone
		q.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-someone:
		}
		if pause(ctx, every); ctx.Err() != nil {
			return
		}
		bounded, done := context.WithTimeout(ctx, lookTime)
		tasks, err := due(bounded, r)
		done()
		every = min(2*every, idlePoll)
		if err == nil && len(tasks) > 0 {
			every = busyPoll
			q.ring(tasks...)
		}
	}
}

// close ends all waits and the watchers.
func (q *queue) close() {
	q.once.Do(func() { close(q.closed) })
	q.watchers.Wait()
}
