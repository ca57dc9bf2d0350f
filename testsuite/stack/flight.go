package stack

import (
	"context"
	"io"
	"maps"
	"sync"

	"github.com/bodega-commerce/bodega/apps/boot"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

// flight is the jobs that left the store for the broker and are not done.
type flight struct {
	refresh func(context.Context) error // of the index they wrote to

	mu    sync.Mutex
	jobs  map[id.Job]string // their tasks
	begun int
}

func newFlight() *flight { return &flight{jobs: map[id.Job]string{}} }

// watch stands between a program and its broker.
func (f *flight) watch(c *boot.Carriers) {
	c.Publisher, c.Source = departures{c.Publisher, f}, arrivals{c.Source, f}
}

// under returns the jobs by task, and how many ever left.
func (f *flight) under() (tasks map[string]int, begun int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	tasks = map[string]int{}
	for task := range maps.Values(f.jobs) {
		tasks[task]++
	}
	return tasks, f.begun
}

func (f *flight) begin(jobs []job.Envelope) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begun += len(jobs)
	for _, j := range jobs {
		f.jobs[j.ID] = j.Task
	}
}

func (f *flight) end(j id.Job) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.jobs, j)
}

type departures struct {
	ports.Publisher
	f *flight
}

func (d departures) Publish(ctx context.Context, jobs []job.Envelope) ([]bool, error) {
	d.f.begin(jobs)
	arrived, err := d.Publisher.Publish(ctx, jobs)
	for i, j := range jobs {
		if err != nil || !arrived[i] {
			d.f.end(j.ID) // it is still in the store
		}
	}
	return arrived, err
}

type arrivals struct {
	ports.JobSource
	f *flight
}

func (a arrivals) Receive(ctx context.Context, task string, b ports.Batch, handle func(context.Context, []job.Delivery) []job.Verdict) (int, error) {
	return a.JobSource.Receive(ctx, task, b, func(ctx context.Context, ds []job.Delivery) []job.Verdict {
		verdicts := handle(ctx, ds)
		for i, v := range verdicts {
			if !v.IsRetry() {
				a.f.end(ds[i].ID)
			}
		}
		return verdicts
	})
}

// nothing reads an answer that has nothing to tell.
func nothing(r io.Reader) error {
	_, err := io.Copy(io.Discard, r)
	return err
}
