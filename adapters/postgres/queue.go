package postgres

import "sync"

// queue is what those who add jobs and those who wait for them in this process
// share: a bell for each task.
type queue struct {
	closed chan struct{}
	once   sync.Once

	mu    sync.Mutex
	bells map[string]chan struct{}
}

func newQueue() *queue {
	return &queue{closed: make(chan struct{}), bells: map[string]chan struct{}{}}
}

// listen returns a channel that is closed at the next ring for the task; for
// any task, if it is "".
func (q *queue) listen(task string) <-chan struct{} {
	q.mu.Lock()
	defer q.mu.Unlock()
	bell, ok := q.bells[task]
	if !ok {
		bell = make(chan struct{})
		q.bells[task] = bell
	}
	return bell
}

// ring makes those who wait for one of the tasks look again.
func (q *queue) ring(tasks ...string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, task := range append(tasks, "") {
		if bell, ok := q.bells[task]; ok {
			close(bell)
			delete(q.bells, task)
		}
	}
}

// close ends all waits.
func (q *queue) close() { q.once.Do(func() { close(q.closed) }) }
