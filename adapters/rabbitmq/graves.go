package rabbitmq

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
)

const (
	buryTime     = 5 * time.Second
	deadPrefetch = 20
	maxRemains   = 64 << 10
)

// deadParcel is a dead job, with the delivery to be answered for it.
type deadParcel struct {
	job.DeadJob
	queue   string // the task's it came from
	message amqp.Delivery
}

// refuse makes a dead job of a delivery that is none of its task.
func (s *Source) refuse(d amqp.Delivery, task string, why error) {
	if err := s.kill(s.c.ctx, []deadParcel{{s.dead(d, task, why.Error()), task, d}}); err != nil {
		s.c.log.Warn("a message that is no job is still on its queue", "task", task, "error", err)
	}
}

// kill puts jobs among the dead jobs, and answers their deliveries. A store that
// does not take them makes them dead letters of the broker, which keeps them
// until it does.
func (s *Source) kill(ctx context.Context, dead []deadParcel) error {
	if len(dead) == 0 {
		return nil
	}
	if s.c.bury != nil {
		err := s.store(ctx, dead)
		if err == nil {
			return answer(dead)
		}
		s.c.log.WarnContext(ctx, "dead jobs stay on RabbitMQ: the store does not take them", "queue", deadQueue(dead[0].queue), "error", err)
	}
	letters := make([]outgoing, len(dead))
	for i, d := range dead {
		p := publishing(d.Envelope, d.Attempts, 0, d.Reason)
		p.Body = d.message.Body // as it came: it may be no envelope
		letters[i] = outgoing{message{amqp.DefaultExchange, deadQueue(d.queue), p}, d.message}
	}
	return s.replace(ctx, letters)
}

// store gives dead jobs to the graveyard. Payloads that a store cannot keep as
// JSON are kept as text.
func (s *Source) store(ctx context.Context, dead []deadParcel) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), buryTime)
	defer cancel()
	jobs := make([]job.DeadJob, len(dead))
	for i, d := range dead {
		jobs[i] = d.DeadJob
	}
	err := s.c.bury.Bury(ctx, jobs...)
	if err == nil || fault.Is(err, fault.Unavailable, fault.Unknown, fault.Canceled) {
		return err
	}
	for i := range jobs {
		jobs[i].Payload = quote(jobs[i].Payload)
	}
	return s.c.bury.Bury(ctx, jobs...)
}

func answer(dead []deadParcel) error {
	for _, d := range dead {
		if err := d.message.Ack(false); err != nil {
			return unavailable("Receive", "RabbitMQ was lost before it heard that jobs are dead", err)
		}
	}
	return nil
}

// digGraves brings what the broker has given up on to the graveyard, on every
// connection anew.
func (s *Source) digGraves() {
	for s.c.ctx.Err() == nil {
		session, changed := s.c.consuming.current()
		if session != nil {
			var digging sync.WaitGroup
			for _, task := range s.c.topology.tasks {
				digging.Go(func() { s.dig(session, deadQueue(task), task) })
			}
			digging.Go(func() { s.dig(session, unroutable, "") })
			digging.Wait()
		}
		select {
		case <-changed:
		case <-s.c.ctx.Done():
		}
	}
}

// dig empties a queue into the graveyard until the session ends.
func (s *Source) dig(session *session, queue, task string) {
	_, in, err := session.consume(queue, deadPrefetch)
	if err != nil {
		s.c.log.Warn("dead letters cannot be read", "queue", queue, "error", err)
		return
	}
	var digging sync.WaitGroup
	for d := range in {
		digging.Go(func() { s.inter(session, d, queue, task) })
	}
	session.end() // if the broker has ended the consumer alone
	digging.Wait()
}

// inter tries until the store has taken a dead letter. Meanwhile it stays the
// broker's, unanswered.
func (s *Source) inter(session *session, d amqp.Delivery, queue, task string) {
	dead := []deadParcel{{s.letter(d, queue, task), task, d}}
	for wait := firstPause; s.c.ctx.Err() == nil && !session.conn.IsClosed(); wait = min(2*wait, longPause) {
		err := s.store(s.c.ctx, dead)
		if err == nil {
			err = answer(dead)
		}
		if err == nil {
			return
		}
		s.c.log.Warn("a dead letter stays on RabbitMQ", "queue", queue, "job_id", dead[0].ID, "error", err)
		session.rest(s.c.ctx, wait)
	}
}

// letter makes a dead job of a message that the broker has given up on.
func (s *Source) letter(d amqp.Delivery, queue, task string) job.DeadJob {
	if queue == unroutable {
		key := clean(d.RoutingKey, 100)
		return s.dead(d, key, fmt.Sprintf("there is no queue for the routing key %q", key))
	}
	switch why, _ := d.Headers["x-first-death-reason"].(string); {
	case lastError(d.Headers) != "":
		return s.dead(d, task, lastError(d.Headers))
	case why == "delivery_limit":
		dead := s.dead(d, task, "its consumers died of it, or never answered")
		dead.Attempts += deliveryLimit // the broker has dropped its count
		return dead
	default:
		return s.dead(d, task, "RabbitMQ gave up on it: "+clean(why, 100))
	}
}

// dead makes a dead job of a message that nobody else can make anything of. One
// that is no envelope gets a new one, with the message as text for its payload.
func (s *Source) dead(d amqp.Delivery, task, reason string) job.DeadJob {
	e, err := decode(d.Body)
	if err != nil {
		e = job.Envelope{Task: task, Payload: quote(d.Body), CreatedAt: now()}
		if e.ID.UUID, _ = id.Parse(d.MessageId); e.ID.IsZero() {
			e.ID = id.Job{UUID: s.ids.New()}
		}
	}
	return job.DeadJob{Envelope: e, Attempts: attempt(d.Headers), Reason: clean(reason, maxReason), DiedAt: now()}
}

// quote returns bytes as a JSON text.
func quote(b []byte) json.RawMessage {
	text, err := json.Marshal(clean(string(b), maxRemains))
	if err != nil {
		return json.RawMessage(`""`) // text always marshals
	}
	return text
}
