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
)

// anyTask is the bell that rings for every task.
const anyTask = ""

// queue is what those who add jobs and those who wait for them in this process
// share: a bell for each task, and the watchers, which look for all who wait at
// once.
type queue struct {
	closed chan struct{}
	done   sync.WaitGroup
	once   sync.Once

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

// watch looks for due jobs of a realm while somebody waits, until the queue is
// closed.
func (q *queue) watch(ctx context.Context, r *realm) {
	pause := idlePoll
	for {
		q.mu.Lock()
		someone := q.someone
		q.mu.Unlock()
		select {
		case <-q.closed:
			return
		case <-someone:
		}
		select {
		case <-q.closed:
			return
		case <-time.After(pause):
		}
		tasks, err := due(ctx, r)
		pause = min(2*pause, idlePoll)
		if err == nil && len(tasks) > 0 {
			pause = busyPoll
			q.ring(tasks...)
		}
	}
}

// close ends all waits and the watchers.
func (q *queue) close() {
	q.once.Do(func() { close(q.closed) })
	q.done.Wait()
}
