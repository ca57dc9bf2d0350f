package jobs

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

const (
	handlerTime = 30 * time.Second // for one job; a source takes back what is held for a minute
	waitTime    = 2 * time.Second  // for the first job of a batch
	pauseTime   = time.Second      // after a source failed
)

// Runner works jobs off and keeps the loops turning. Its fields may be set
// before Run.
type Runner struct {
	// Log gets a line for every job that did not simply succeed, and at debug
	// level for the others. Default: slog.Default.
	Log *slog.Logger
	// Observe is told of every attempt: how it ended (ack, retry, dead) and how
	// long it took. Default: nobody is.
	Observe func(task, result string, took time.Duration)
	// Traced puts a job's trace id into the context of its verb. Default: it is
	// not carried on.
	Traced func(ctx context.Context, trace string) context.Context
	// Loops are the loops beside the handlers. Default: Loops(shop).
	Loops []Loop
	// Ready is called once the search index is built. Default: nothing is.
	Ready func()

	shop   *core.Shop
	source ports.JobSource
}

// New returns a runner of a shop's jobs.
func New(shop *core.Shop, source ports.JobSource) *Runner {
	return &Runner{
		shop: shop, source: source, Log: slog.Default(), Loops: Loops(shop),
		Observe: func(string, string, time.Duration) {},
		Traced:  func(ctx context.Context, _ string) context.Context { return ctx },
		Ready:   func() {},
	}
}

// Run builds the search index, then handles jobs and turns the loops until ctx
// ends. Jobs that are running then are let finish. It returns nil after that,
// and an error only when the index could not be built.
func (r *Runner) Run(ctx context.Context) error {
	if _, err := r.shop.Search.Rebuild(ctx, core.RebuildIndex{By: account.System("jobs"), First: true}); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return fmt.Errorf("build the search index: %w", err)
	}
	r.Ready()
	var all sync.WaitGroup
	for _, h := range handlers(r.shop) {
		all.Go(func() { r.work(ctx, h) })
	}
	for _, l := range r.Loops {
		all.Go(func() { r.turn(ctx, l) })
	}
	all.Wait()
	return nil
}

// work takes batches of one task until ctx ends.
func (r *Runner) work(ctx context.Context, h handler) {
	for ctx.Err() == nil {
		_, err := r.source.Receive(ctx, h.task, ports.Batch{Max: h.batch, Wait: waitTime}, func(ctx context.Context, ds []job.Delivery) []job.Verdict {
			return r.handle(context.WithoutCancel(ctx), h, ds)
		})
		if err != nil && ctx.Err() == nil {
			r.Log.ErrorContext(ctx, "jobs cannot be received", "task", h.task, "error", err)
			pause(ctx, pauseTime)
		}
	}
}

// handle calls the verb for a batch, whole or job by job, and judges how it ended.
func (r *Runner) handle(ctx context.Context, h handler, ds []job.Delivery) []job.Verdict {
	verdicts := make([]job.Verdict, len(ds))
	if h.all != nil {
		began := time.Now()
		trace := r.Traced(ctx, ds[0].TraceID)
		var errs []error
		failed := limited(trace, func(ctx context.Context) error { errs = h.all(ctx, ds); return nil })
		for i, d := range ds {
			err := failed
			if err == nil {
				err = errs[i]
			}
			verdicts[i] = r.judge(trace, d, err, time.Since(began))
		}
		return verdicts
	}
	var all sync.WaitGroup
	for i, d := range ds {
		all.Go(func() {
			began := time.Now()
			trace := r.Traced(ctx, d.TraceID)
			err := limited(trace, func(ctx context.Context) error { return h.one(ctx, d) })
			verdicts[i] = r.judge(trace, d, err, time.Since(began))
		})
	}
	all.Wait()
	return verdicts
}

// limited runs fn within the time of a job; a panic is an Internal error.
func limited(ctx context.Context, fn func(context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, handlerTime)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fault.New(fault.Internal, "internal", fmt.Sprintf("panic: %v", p))
		}
	}()
	return fn(ctx)
}

func (r *Runner) judge(ctx context.Context, d job.Delivery, err error, took time.Duration) job.Verdict {
	v := verdict(err, d.Attempt, rand.Float64())
	level, result := slog.LevelDebug, "ack"
	switch {
	case v.IsRetry():
		level, result = slog.LevelWarn, "retry"
	case v.IsDead():
		level, result = slog.LevelError, "dead"
	}
	r.Observe(d.Task, result, took)
	if r.Log.Enabled(ctx, level) {
		attrs := []slog.Attr{
			slog.String("task", d.Task), slog.String("job_id", d.ID.String()), slog.String("trace_id", d.TraceID),
			slog.Int("attempt", d.Attempt), slog.String("result", result), slog.Float64("latency", float64(took.Microseconds())/1000),
		}
		if err != nil {
			attrs = append(attrs, slog.Any("error", err))
		}
		if v.IsRetry() {
			attrs = append(attrs, slog.Duration("after", v.After))
		}
		r.Log.LogAttrs(ctx, level, "job", attrs...)
	}
	return v
}

// pause waits, or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
