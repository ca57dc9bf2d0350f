package rabbitmq

import (
	"context"
	"fmt"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/bodega-commerce/bodega/core/job"
)

const (
	minPrefetch = 10
	maxPrefetch = 300 // what a consumer that dies drags along
)

// parcel is a job on its way, with what its verdict is told to.
type parcel struct {
	job.Delivery
	message amqp.Delivery
}

// lane is the consumer of one task on one connection. It sorts what the broker
// pushes: what is ready is taken by Receive, the rest never gets there.
type lane struct {
	task  string
	ch    *amqp.Channel
	ready chan parcel   // has room for all that is unanswered
	ended chan struct{} // the connection or the channel is gone, and with it what was handed out
}

// take adds what is ready to a batch, up to limit.
func (l *lane) take(batch []parcel, limit int) []parcel {
	for len(batch) < limit {
		select {
		case p := <-l.ready:
			batch = append(batch, p)
		default:
			return batch
		}
	}
	return batch
}

// lane returns the consumer of a task, and makes it if there is none. It waits
// for a connection as long as a job is waited for.
func (s *Source) lane(ctx context.Context, task string, most int, wait time.Duration) (*lane, error) {
	waited := time.NewTimer(wait)
	defer waited.Stop()
	for {
		session, changed := s.c.consuming.current()
		if session != nil {
			return s.open(task, most, session)
		}
		select {
		case <-changed:
		case <-waited.C:
			return nil, unavailable("Receive", "there is no connection to RabbitMQ", nil)
		case <-s.c.ctx.Done():
			return nil, closed("Receive")
		case <-ctx.Done():
			return nil, canceled(ctx, "Receive")
		}
	}
}

func (s *Source) open(task string, most int, session *session) (*lane, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l := s.lanes[task]; l != nil {
		select {
		case <-l.ended:
		default:
			return l, nil
		}
	}
	// Twice a batch: while one is worked on, the next is on its way.
	prefetch := min(max(2*most, minPrefetch), maxPrefetch)
	ch, in, err := session.consume(task, prefetch)
	if err != nil {
		return nil, unavailable("Receive", "RabbitMQ does not let us consume "+task, err)
	}
	l := &lane{task: task, ch: ch, ready: make(chan parcel, prefetch), ended: make(chan struct{})}
	s.lanes[task] = l
	if !s.c.begin(func() { s.sort(l, in) }) {
		return nil, closed("Receive")
	}
	return l, nil
}

// sort puts what may be handled now where Receive finds it. What has to wait
// longer goes back to the broker for that, a short rest is waited out here, and
// what is no job of this task is dead. None of it holds the others up.
func (s *Source) sort(l *lane, in <-chan amqp.Delivery) {
	var aside sync.WaitGroup
	for d := range in {
		envelope, err := decode(d.Body)
		if err == nil && envelope.Task != l.task {
			err = fmt.Errorf("it came to the queue of %s", l.task)
		}
		if err != nil {
			aside.Go(func() { s.refuse(d, l.task, err) })
			continue
		}
		p := parcel{job.Delivery{Envelope: envelope, Attempt: attempt(d.Headers)}, d}
		switch wait := waiting(d.Headers); {
		case wait <= 0:
			l.ready <- p
		case s.c.topology.delays.step(wait) > 0:
			aside.Go(func() { s.goOnWaiting(p, wait) })
		default:
			time.AfterFunc(wait, func() { l.ready <- p })
		}
	}
	_ = l.ch.Close() // the broker may have ended the consumer alone
	close(l.ended)
	aside.Wait()
}

func lastError(headers amqp.Table) string {
	reason, _ := headers[errorHeader].(string)
	return reason
}
