package sim

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

// broker keeps jobs between the shop's programs. It loses nothing it has taken
// over, and hands out again what whoever held it did not settle.
type broker struct {
	queues map[string][]*message
	dead   []string
}

type message struct {
	job.Delivery
	from   time.Time // not handed out before
	holder *process  // nil: nobody
}

// Publish takes jobs over.
func (b *broker) Publish(_ context.Context, jobs []job.Envelope) ([]bool, error) {
	arrived := make([]bool, len(jobs))
	for i, j := range jobs {
		b.queues[j.Task] = append(b.queues[j.Task], &message{Delivery: job.Delivery{Envelope: j}})
		arrived[i] = true
	}
	return arrived, nil
}

// next returns a message that can be handed out now; nil: there is none.
func (b *broker) next(task string) *message {
	for _, m := range b.queues[task] {
		if (m.holder == nil || m.holder.gone) && !time.Now().Before(m.from) {
			return m
		}
	}
	return nil
}

func (b *broker) drop(m *message) {
	b.queues[m.Task] = slices.DeleteFunc(b.queues[m.Task], func(o *message) bool { return o == m })
}

func (b *broker) empty() bool {
	for _, q := range b.queues {
		if len(q) > 0 {
			return false
		}
	}
	return true
}

// publisher is the way to the broker and back. A relay that hears nothing knows
// only that nothing is certain to have arrived.
type publisher struct {
	w    *world
	next ports.Publisher
}

func (x publisher) Publish(ctx context.Context, jobs []job.Envelope) ([]bool, error) {
	arrived, err := reach(ctx, x.w, fmt.Sprintf("publish %d jobs", len(jobs)), asks, func() ([]bool, error) { return x.next.Publish(ctx, jobs) })
	if err != nil {
		return make([]bool, len(jobs)), nil //nolint:nilerr // the relay's pauses are not the seed's
	}
	return arrived, nil
}

// outboxes drains the store's jobs.
type outboxes struct {
	w       *world
	process *process
	jobs    ports.JobSource
}

func (x outboxes) Drain(ctx context.Context, _ ports.Batch, publish func(context.Context, []job.Envelope) []bool) (int, error) {
	w := x.w
	ctx = as(ctx, &party{name: x.process.name + ": relay", process: x.process})
	w.pass(ctx, "look into the outbox", func() bool { return w.leaving() != "" }, diesBefore)
	task := w.leaving()
	if task == "" { // somebody else was quicker
		return 0, nil
	}
	return x.jobs.Receive(ctx, task, ports.Batch{Max: 3}, func(ctx context.Context, ds []job.Delivery) []job.Verdict {
		jobs := make([]job.Envelope, len(ds))
		for i, d := range ds {
			jobs[i] = d.Envelope
		}
		arrived := publish(ctx, jobs)
		verdicts := make([]job.Verdict, len(ds))
		if f := w.pass(ctx, "mark as published", nil, acks...); f == answerLost { // they leave again
			arrived = nil
		}
		for i := range ds {
			if i >= len(arrived) || !arrived[i] {
				verdicts[i] = job.Retry(time.Second, "it did not arrive")
			}
		}
		return verdicts
	})
}

// leaving returns a task whose jobs wait in the store; "": none do.
func (w *world) leaving() string {
	w.look()
	first := ""
	for task, b := range w.backlogs {
		if b.Ready > 0 && (first == "" || task < first) {
			first = task
		}
	}
	return first
}

// consumer hands out the broker's jobs one by one.
type consumer struct {
	w       *world
	process *process
	broker  *broker
}

func (x consumer) Receive(ctx context.Context, task string, _ ports.Batch, handle func(context.Context, []job.Delivery) []job.Verdict) (int, error) {
	w := x.w
	ctx = as(ctx, &party{name: x.process.name + ": " + task, process: x.process})
	if w.pass(ctx, "receive", func() bool { return x.broker.next(task) != nil }, receives...) == failsBefore {
		return 0, nil
	}
	m := x.broker.next(task)
	if m == nil {
		return 0, nil
	}
	m.holder = x.process
	m.Attempt++
	verdict := handle(ctx, []job.Delivery{m.Delivery})[0]
	lost := w.pass(ctx, fmt.Sprintf("settle %s", m.ID), nil, acks...) == answerLost
	m.holder = nil
	switch {
	case lost: // somebody gets it again
	case verdict.IsRetry():
		w.tell(partyOf(ctx), "job failed", verdict.Reason)
		m.from = time.Now().Add(patience[min(m.Attempt, len(patience))-1])
	case verdict.IsDead():
		x.broker.dead = append(x.broker.dead, fmt.Sprintf("%s: %s", task, verdict.Reason))
		x.broker.drop(m)
	default:
		x.broker.drop(m)
	}
	return 1, nil
}

// outage is an hour in which the bank answers nobody.
type outage struct{ from, until time.Time }

func (o outage) now() bool { return !time.Now().Before(o.from) && time.Now().Before(o.until) }

// away is what the bank's line says during an outage: busy, or nothing at all.
func (w *world) away() error {
	if !w.down.now() {
		return nil
	}
	if w.rng.IntN(2) == 0 {
		return fault.New(fault.Unknown, "", "the bank does not answer")
	}
	return fault.New(fault.Unavailable, "unavailable", "the bank is closed")
}
