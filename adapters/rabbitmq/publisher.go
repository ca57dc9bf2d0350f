package rabbitmq

import (
	"context"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

// confirmTime is how long the broker has for taking over a batch.
const confirmTime = 5 * time.Second

// Publisher hands jobs to the broker.
type Publisher struct{ c *Client }

var _ ports.Publisher = Publisher{}

// Publish is contracted by ports.Publisher. What the broker has not confirmed
// after five seconds has not arrived, and neither has what it returned.
func (p Publisher) Publish(ctx context.Context, jobs []job.Envelope) ([]bool, error) {
	messages := make([]message, len(jobs))
	for i, e := range jobs {
		messages[i] = first(e)
	}
	return p.c.send(ctx, messages)
}

// message is what is published where.
type message struct {
	exchange, key string
	amqp.Publishing
}

// publisher returns the session to publish by.
func (c *Client) publisher() (*session, error) {
	s, _ := c.publishing.current()
	switch {
	case s == nil:
		return nil, unavailable("Publish", "there is no connection to RabbitMQ", nil)
	case s.blocked.Load():
		return nil, unavailable("Publish", "RabbitMQ is out of memory or disk and takes nothing", nil)
	}
	return s, nil
}

// send publishes messages and returns which of them the broker has taken over.
// Unavailable if it took none.
func (c *Client) send(ctx context.Context, messages []message) ([]bool, error) {
	s, err := c.publisher()
	if err != nil {
		return make([]bool, len(messages)), err
	}
	ctx, cancel := context.WithTimeout(ctx, confirmTime)
	defer cancel()
	confirms, failed := s.publish(messages)

	arrived, any := make([]bool, len(messages)), false
	for i, confirm := range confirms {
		if confirm == nil {
			continue
		}
		if ok, err := confirm.WaitContext(ctx); err != nil {
			failed = err
		} else {
			arrived[i] = ok
		}
	}
	for i, m := range messages {
		arrived[i] = arrived[i] && !s.bounced(m.MessageId)
		any = any || arrived[i]
	}
	if !any {
		return arrived, unavailable("Publish", "RabbitMQ took none of the jobs", failed)
	}
	return arrived, nil
}

// publish writes messages to the broker. A message without a confirmation to
// wait for was not written.
func (s *session) publish(messages []message) (confirms []*amqp.DeferredConfirmation, err error) {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	confirms = make([]*amqp.DeferredConfirmation, len(messages))
	for i, m := range messages {
		if confirms[i], err = s.ch.PublishWithDeferredConfirm(m.exchange, m.key, true, false, m.Publishing); err != nil && s.ch.IsClosed() {
			return confirms, err
		}
	}
	return confirms, err
}

// bounced reports whether a message that was confirmed came back, because not
// even the alternate exchange had a queue for it. The library notes a return
// before the confirmation that follows it.
func (s *session) bounced(id string) bool {
	s.publishing.Lock()
	defer s.publishing.Unlock()
	for {
		select {
		case r, open := <-s.returns:
			if open {
				s.returned[r.MessageId]++
				continue
			}
			s.returns = nil
		default:
		}
		if s.returned[id]--; s.returned[id] <= 0 {
			defer delete(s.returned, id)
		}
		return s.returned[id] >= 0
	}
}
