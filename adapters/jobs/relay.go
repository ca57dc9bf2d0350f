package jobs

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

const (
	relayBatch = 200
	relayPause = 500 * time.Millisecond // after the broker took nothing, doubled each time
	relayRest  = 10 * time.Second       // at most
)

// Relay carries jobs from the store's outboxes to a broker. With a broker it is
// the outboxes' only reader; every server runs one, and any number may run. Its
// fields may be set before Run.
type Relay struct {
	// Log gets a line when the broker or the store begins to fail, and when it
	// is over. Default: slog.Default.
	Log *slog.Logger
	// Observe is told of every batch: how many jobs the broker has taken over,
	// how many it has not, and how long the oldest of them had waited. Default:
	// nobody is.
	Observe func(published, failed int, oldest time.Duration)

	outboxes  ports.Outboxes
	publisher ports.Publisher
}

// NewRelay returns a relay between them.
func NewRelay(outboxes ports.Outboxes, publisher ports.Publisher) *Relay {
	return &Relay{Log: slog.Default(), Observe: func(int, int, time.Duration) {}, outboxes: outboxes, publisher: publisher}
}

// Run carries jobs until ctx ends; a batch on its way then is finished. While
// the broker takes nothing the jobs stay where they are, and it looks again
// less and less often, every ten seconds in the end.
func (r *Relay) Run(ctx context.Context) {
	failures := 0
	for ctx.Err() == nil {
		err := r.carry(ctx)
		if ctx.Err() != nil {
			return
		}
		if err == nil {
			if failures > 0 {
				r.Log.InfoContext(ctx, "jobs are relayed again")
			}
			failures = 0
			continue
		}
		if failures == 0 {
			r.Log.ErrorContext(ctx, "jobs cannot be relayed; they wait in the store", "error", err)
		}
		rest := min(relayPause<<min(failures, 10), relayRest)
		pause(ctx, rest/2+rand.N(rest/2)) // so that several servers do not march in step
		failures++
	}
}

// carry relays one batch, if there is one soon.
func (r *Relay) carry(ctx context.Context) error {
	var failed error
	_, err := r.outboxes.Drain(ctx, ports.Batch{Max: relayBatch, Wait: waitTime}, func(ctx context.Context, jobs []job.Envelope) []bool {
		var arrived []bool
		arrived, failed = r.publisher.Publish(context.WithoutCancel(ctx), jobs)
		r.observe(jobs, arrived)
		return arrived
	})
	if err != nil {
		return err
	}
	return failed
}

func (r *Relay) observe(jobs []job.Envelope, arrived []bool) {
	published, oldest := 0, jobs[0].CreatedAt
	for i, j := range jobs {
		if i < len(arrived) && arrived[i] {
			published++
		}
		if j.CreatedAt.Before(oldest) {
			oldest = j.CreatedAt
		}
	}
	r.Observe(published, len(jobs)-published, time.Since(oldest))
}
