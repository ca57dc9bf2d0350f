package rabbitmq

import (
	"context"
	"crypto/rand"
	"fmt"
	mathrand "math/rand/v2"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

// Source hands out the jobs of the broker's queues.
type Source struct {
	c    *Client
	ids  *id.Source
	once sync.Once // begin

	mu    sync.Mutex
	lanes map[string]*lane
}

var _ ports.JobSource = (*Source)(nil)

func newSource(c *Client) *Source {
	return &Source{c: c, lanes: map[string]*lane{}, ids: id.NewSource(time.Now, rand.Reader)}
}

// begin makes a consumer of the program: whoever only publishes needs no second
// connection, and buries nobody.
func (s *Source) begin() {
	s.c.receiving.Store(true)
	s.c.begin(func() { s.c.consuming.keep(s.c.ctx, nil) })
	if s.c.bury != nil {
		s.c.begin(s.digGraves)
	}
}

// Receive is contracted by ports.JobSource. Jobs are pushed by the broker and
// wait here to be taken, some more than one batch of them; whoever closes the
// client gives them back.
func (s *Source) Receive(ctx context.Context, task string, b ports.Batch, handle func(context.Context, []job.Delivery) []job.Verdict) (int, error) {
	if !slices.Contains(s.c.topology.tasks, task) {
		return 0, fault.New(fault.Invalid, "", "there is no queue for the task "+task)
	}
	s.once.Do(s.begin)
	most := max(b.Max, 1)
	l, err := s.lane(ctx, task, most, b.Wait)
	if err != nil {
		return 0, err
	}
	batch := l.take(nil, most)
	if len(batch) == 0 {
		waited := time.NewTimer(b.Wait)
		defer waited.Stop()
		select {
		case p := <-l.ready:
			batch = l.take([]parcel{p}, most)
		case <-l.ended:
		case <-waited.C:
			return 0, nil
		case <-ctx.Done():
			return 0, canceled(ctx, "Receive")
		}
	}
	select {
	case <-l.ended: // and others have been handed the jobs
		return 0, unavailable("Receive", "the connection to RabbitMQ was lost", nil)
	default:
		return len(batch), s.work(ctx, batch, handle)
	}
}

// work has a batch handled and carries out the verdicts. A handler that takes
// longer than the lease loses its jobs to another attempt, and its verdicts
// count for nothing.
func (s *Source) work(ctx context.Context, batch []parcel, handle func(context.Context, []job.Delivery) []job.Verdict) error {
	deliveries := make([]job.Delivery, len(batch))
	for i, p := range batch {
		deliveries[i] = p.Delivery
	}
	const (
		handled = 1 + iota
		expired
	)
	var fate atomic.Int32
	lease := time.AfterFunc(s.c.lease, func() {
		if fate.CompareAndSwap(0, expired) {
			giveBack(batch)
		}
	})
	defer lease.Stop()
	handling, done := context.WithTimeout(ctx, s.c.lease)
	defer done()
	verdicts, failed := guard(handling, deliveries, handle)
	if !fate.CompareAndSwap(0, handled) {
		s.c.log.WarnContext(ctx, "jobs were held longer than their lease", "task", batch[0].Task, "jobs", len(batch))
		return failed
	}
	for i := len(verdicts); i < len(batch); i++ {
		verdicts = append(verdicts, job.Patience.After(batch[i].Attempt, mathrand.Float64(), failed.Error()))
	}
	if err := s.settle(ctx, batch, verdicts); err != nil && failed == nil {
		failed = err
	}
	return failed
}

// guard calls handle; a panic and a verdict too few are errors.
func guard(ctx context.Context, batch []job.Delivery, handle func(context.Context, []job.Delivery) []job.Verdict) (verdicts []job.Verdict, err error) {
	defer func() {
		if v := recover(); v != nil {
			verdicts, err = nil, &fault.Error{
				Kind: fault.Internal, Op: "rabbitmq.Receive", Detail: "the handler panicked", Err: fmt.Errorf("%v\n%s", v, debug.Stack()),
			}
		}
	}()
	verdicts = handle(ctx, batch)
	if len(verdicts) < len(batch) {
		err = fault.Wrap(fault.Internal, "rabbitmq.Receive", fmt.Errorf("%d verdicts for %d jobs", len(verdicts), len(batch)))
	}
	return verdicts, err
}
