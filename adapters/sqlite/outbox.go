package sqlite

import (
	"context"
	"sync"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

// outbox is the outbox of one realm's transaction. Its table is the queue.
type outbox struct {
	s     *session
	realm ports.Realm
	queue *queue
}

var _ ports.Outbox = outbox{}

func (o outbox) Add(_ context.Context, jobs ...job.Envelope) error {
	now := o.queue.now()
	for _, j := range jobs {
		if _, err := o.s.exec(`INSERT INTO jobs (id, realm, task, payload, created_at, trace_id, available_at, attempts, last_error)
			VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 0, '') ON CONFLICT (id) DO NOTHING`,
			j.ID.UUID, string(o.realm), j.Task, string(j.Payload), j.CreatedAt.UnixMicro(), j.TraceID, now); err != nil {
			return err
		}
	}
	if len(jobs) > 0 {
		o.s.afterCommit(func() {
			for _, j := range jobs {
				o.queue.ring(j.Task)
			}
		})
	}
	return nil
}

// inbox remembers which consumer has seen which job.
type inbox struct{ s *session }

var _ ports.Inbox = inbox{}

func (i inbox) First(_ context.Context, consumer string, j id.Job) (bool, error) {
	n, err := i.s.exec("INSERT INTO inbox (consumer, job_id) VALUES (?1, ?2) ON CONFLICT DO NOTHING", consumer, j.UUID)
	return n == 1, err
}

// queue is what those who add jobs and those who wait for them share: a clock,
// and a bell for each task, so that nobody looks again before there is something.
type queue struct {
	now func() time.Time

	mu    sync.Mutex
	bells map[string]chan struct{}
}

func newQueue() *queue {
	return &queue{now: time.Now, bells: map[string]chan struct{}{}}
}

// listen returns a channel that is closed at the next ring for the task.
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

// ring makes those who wait for the task look again.
func (q *queue) ring(task string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if bell, ok := q.bells[task]; ok {
		close(bell)
		delete(q.bells, task)
	}
}
