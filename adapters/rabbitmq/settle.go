package rabbitmq

import (
	"context"
	"errors"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/bodega-commerce/bodega/core/job"
)

const (
	settleTime  = 30 * time.Second // for handing a verdict to a broker or a store that is away
	settlePause = 500 * time.Millisecond
)

// delayedParcel is a job that goes back to the broker, to wait.
type delayedParcel struct {
	parcel
	attempt int // the next
	wait    time.Duration
	reason  string
}

// settle carries out verdicts. Whether the caller has gone away changes only
// how long a broker or store that is away is waited for.
func (s *Source) settle(ctx context.Context, batch []parcel, verdicts []job.Verdict) error {
	var retries []delayedParcel
	var dead []deadParcel
	var failed error
	for i, p := range batch {
		switch v := verdicts[i]; {
		case v.IsRetry():
			retries = append(retries, delayedParcel{p, p.Attempt + 1, v.After, v.Reason})
		case v.IsDead():
			dead = append(dead, deadParcel{job.DeadJob{
				Envelope: p.Envelope, Attempts: p.Attempt, Reason: clean(v.Reason, maxReason), DiedAt: now(),
			}, p.Task, p.message})
		default:
			if err := p.message.Ack(false); err != nil {
				failed = unavailable("Receive", "RabbitMQ was lost before it heard that jobs are done", err)
			}
		}
	}
	return errors.Join(failed, s.delay(ctx, retries), s.kill(ctx, dead))
}

// delay sends jobs to the broker again, to wait there, and then answers their
// deliveries. In between lies a moment in which a job exists twice.
func (s *Source) delay(ctx context.Context, parcels []delayedParcel) error {
	outgoing := make([]outgoing, len(parcels))
	for i, p := range parcels {
		step := s.c.topology.delays.step(p.wait)
		m := message{amqp.DefaultExchange, p.Task, publishing(p.Envelope, p.attempt, p.wait-step, p.reason)}
		if step > 0 {
			m.exchange = delayed(step)
		}
		outgoing[i].message, outgoing[i].instead = m, p.message
	}
	return s.replace(ctx, outgoing)
}

// goOnWaiting sends a job that has come back too early to wait for the rest.
func (s *Source) goOnWaiting(p parcel, wait time.Duration) {
	if err := s.delay(s.c.ctx, []delayedParcel{{p, p.Attempt, wait, lastError(p.message.Headers)}}); err != nil {
		s.c.log.Warn("a job that waits may come too early", "task", p.Task, "job_id", p.ID, "error", err)
	}
}

// outgoing is a message that takes the place of a delivery.
type outgoing struct {
	message
	instead amqp.Delivery
}

// replace publishes messages, and answers the delivery of each that the broker
// has taken over. While the broker takes nothing it tries again; what it does
// not take in half a minute, or when ctx has ended, is handed out again as it is.
func (s *Source) replace(ctx context.Context, out []outgoing) error {
	for until := time.Now().Add(settleTime); len(out) > 0; {
		messages := make([]message, len(out))
		for i, o := range out {
			messages[i] = o.message
		}
		arrived, failed := s.c.send(context.WithoutCancel(ctx), messages)
		rest := out[:0]
		for i, o := range out {
			if !arrived[i] {
				rest = append(rest, o)
			} else if err := o.instead.Ack(false); err != nil {
				failed = unavailable("Receive", "RabbitMQ was lost before it heard what became of jobs", err)
			}
		}
		if out = rest; len(out) == 0 {
			return failed
		}
		if time.Now().After(until) || ctx.Err() != nil {
			for _, o := range out {
				_ = o.instead.Nack(false, true) // without a connection it comes back anyway
			}
			return unavailable("Receive", "RabbitMQ does not take what becomes of jobs; they are handed out again", failed)
		}
		pause(ctx, settlePause)
	}
	return nil
}

// giveBack has jobs handed out again, at once.
func giveBack(batch []parcel) {
	for _, p := range batch {
		_ = p.message.Nack(false, true) // without a connection it comes back anyway
	}
}

func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }
