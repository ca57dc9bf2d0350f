package jobs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime/debug"
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
	graceTime   = 5 * time.Second  // for it to notice that its time is up
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
	// Traced begins an attempt at jobs of one task: it puts the trace of the first
	// into the context of their verb, and end hears the first failure. Default:
	// traces are not carried on.
	Traced func(ctx context.Context, ds []job.Delivery) (_ context.Context, end func(error))
	// Patience is how often and when what failed is tried again. Default:
	// job.Patience.
	Patience job.Backoff
	// Loops are the loops beside the handlers. Default: Loops(shop).
	Loops []Loop
	// Leases divide the loops among the processes of a shop. Default: this one
	// turns all of them.
	Leases ports.Leases
	// BuildIndex gets the search index ready before the first job is handled.
	// Default: it is made anew from the store, as one in memory must be. Nil: it
	// is there already, shared with other programs.
	BuildIndex func(ctx context.Context) error
	// Ready is called once the search index is. Default: nothing is.
	Ready func()

	shop   *core.Shop
	source ports.JobSource
}

// New returns a runner of a shop's jobs.
func New(shop *core.Shop, source ports.JobSource) *Runner {
	return &Runner{
		shop: shop, source: source, Log: slog.Default(), Patience: job.Patience, Loops: Loops(shop),
		BuildIndex: func(ctx context.Context) error {
			_, err := shop.Search.Rebuild(ctx, core.RebuildIndex{By: account.System("jobs"), First: true})
			return err
		},
		Observe: func(string, string, time.Duration) {},
		Traced:  func(ctx context.Context, _ []job.Delivery) (context.Context, func(error)) { return ctx, func(error) {} },
		Ready:   func() {},
	}
}

// Run builds the search index, then handles jobs and turns the loops until ctx
// ends. Jobs that are running then are let finish, but for those that have used
// up their time and do not heed it. It returns nil after that, and an error only
// when the index could not be built.
func (r *Runner) Run(ctx context.Context) error {
	if r.BuildIndex != nil {
		if err := r.BuildIndex(ctx); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("build the search index: %w", err)
		}
	}
	r.Ready()
	var all sync.WaitGroup
	for _, h := range handlers(r.shop) {
		for range max(1, h.hands) {
			all.Go(func() { r.work(ctx, h) })
		}
	}
	for _, l := range r.Loops {
		all.Go(func() { r.turn(ctx, l) })
	}
	all.Wait()
	return nil
}

// work takes batches of one task until ctx ends. A source that fails is told of
// once, and once more when it works again.
func (r *Runner) work(ctx context.Context, h handler) {
	failing := false
	for ctx.Err() == nil {
		_, err := r.source.Receive(ctx, h.task, ports.Batch{Max: h.batch, Wait: waitTime}, func(ctx context.Context, ds []job.Delivery) []job.Verdict {
			return r.handle(context.WithoutCancel(ctx), h, ds)
		})
		switch {
		case ctx.Err() != nil:
			return
		case err == nil && failing:
			r.Log.InfoContext(ctx, "jobs are received again", "task", h.task)
		case err != nil && !failing:
			r.Log.ErrorContext(ctx, "jobs cannot be received", "task", h.task, "error", err)
		}
		if failing = err != nil; failing {
			pause(ctx, pauseTime)
		}
	}
}

// handle calls the verb for a batch, whole or job by job, and judges how it ended.
func (r *Runner) handle(ctx context.Context, h handler, ds []job.Delivery) []job.Verdict {
	verdicts := make([]job.Verdict, len(ds))
	if h.all != nil {
		began := time.Now()
		trace, end := r.Traced(ctx, ds)
		errs, failed := limited(trace, func(ctx context.Context) ([]error, error) { return h.all(ctx, ds), nil })
		end(cmp.Or(failed, cmp.Or(errs...)))
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
			trace, end := r.Traced(ctx, ds[i:i+1])
			_, err := limited(trace, func(ctx context.Context) (struct{}, error) { return struct{}{}, h.one(ctx, d) })
			end(err)
			verdicts[i] = r.judge(trace, d, err, time.Since(began))
		})
	}
	all.Wait()
	return verdicts
}

// limited runs fn within the time of a job; not to return is an Internal error. What
// does not end when its time is up, and a while longer, is left to itself:
// others must not wait for it.
func limited[T any](ctx context.Context, fn func(context.Context) (T, error)) (T, error) {
	type outcome struct {
		value T
		err   error
	}
	ctx, cancel := context.WithTimeout(ctx, handlerTime)
	done := make(chan outcome, 1)
	go func() {
		o := outcome{err: fault.New(fault.Internal, "internal", "it ended its goroutine")} // unless it returns
		defer func() {
			if p := recover(); p != nil {
				o.err = &fault.Error{Kind: fault.Internal, Code: "internal", Detail: fmt.Sprintf("panic: %v", p), Err: errors.New(string(debug.Stack()))}
			}
			cancel()
			done <- o
		}()
		value, err := fn(ctx)
		o = outcome{value, err}
	}()
	select {
	case o := <-done:
		return o.value, o.err
	case <-ctx.Done():
	}
	// Over time, or it has just ended.
	select {
	case o := <-done:
		return o.value, o.err
	case <-time.After(graceTime):
		var none T
		return none, fault.New(fault.Internal, "internal", "it did not end in its time")
	}
}

func (r *Runner) judge(ctx context.Context, d job.Delivery, err error, took time.Duration) job.Verdict {
	v := verdict(err, d.Attempt, rand.Float64(), r.Patience)
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
