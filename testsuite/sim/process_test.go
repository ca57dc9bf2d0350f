package sim

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/bodega-commerce/bodega/adapters/jobs"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

// process is a program of the shop: its verbs, and the runner of its jobs.
type process struct {
	name string
	shop *core.Shop
	died chan struct{}
	gone bool
}

func (p *party) dead() bool { return p.process != nil && p.process.gone }

// patience is the runner's, shortened, and long enough for any weather.
var patience = job.Backoff{
	time.Second, 5 * time.Second, 10 * time.Second, 20 * time.Second, 20 * time.Second, 20 * time.Second, 20 * time.Second, 20 * time.Second,
	20 * time.Second, 20 * time.Second, 20 * time.Second, 20 * time.Second, 20 * time.Second, 20 * time.Second, 20 * time.Second, 20 * time.Second,
}

// boot starts a program.
func (w *world) boot() {
	w.booted++
	p := &process{name: fmt.Sprintf("server %d", w.booted), died: make(chan struct{})}
	deps := w.under(w.deps)
	if w.bug.deps != nil {
		w.bug.deps(w, &deps)
	}
	shop, err := core.New(deps, &w.options)
	if err != nil {
		w.broken("start: %v", err)
		return
	}
	p.shop = shop
	var jobSource ports.JobSource = source{w, p, w.db.Jobs()}
	if w.broker != nil {
		jobSource = consumer{w, p, w.broker}
		var line ports.Publisher = publisher{w, w.broker}
		if w.bug.publisher != nil {
			line = w.bug.publisher(line)
		}
		relay := jobs.NewRelay(outboxes{w, p, w.db.Jobs()}, line)
		w.start(&party{name: p.name + ": relay", process: p}, relay.Run)
	}
	if w.bug.source != nil {
		jobSource = w.bug.source(w, jobSource)
	}
	runner := jobs.New(shop, jobSource)
	runner.BuildIndex = nil
	runner.Log = slog.New(slog.DiscardHandler)
	runner.Patience = patience
	runner.Loops = nil
	for _, l := range jobs.Loops(shop) {
		if l.Name != w.bug.without {
			w.start(&party{name: p.name + ": " + l.Name, process: p}, func(ctx context.Context) { w.turn(ctx, l) })
		}
	}
	w.processes = append(w.processes, p)
	w.tell(&party{name: p.name}, "starts", "")
	w.start(&party{name: p.name, process: p}, func(ctx context.Context) {
		_ = runner.Run(ctx) // ends with the history
	})
}

// turn turns a loop at the scheduler's pace: the runner's own pauses are not the
// seed's.
func (w *world) turn(ctx context.Context, l jobs.Loop) {
	for next := time.Now(); ; next = time.Now().Add(l.Every) {
		w.pass(ctx, "turn", func() bool { return !time.Now().Before(next) })
		if _, err := l.Do(ctx); err != nil {
			w.tell(partyOf(ctx), "turn", "got "+err.Error())
		}
	}
}

// source hands out the jobs of the store one by one.
type source struct {
	w       *world
	process *process
	jobs    ports.JobSource
}

func (s source) Receive(ctx context.Context, task string, _ ports.Batch, handle func(context.Context, []job.Delivery) []job.Verdict) (int, error) {
	w := s.w
	ctx = as(ctx, &party{name: s.process.name + ": " + task, process: s.process})
	w.pass(ctx, "receive", func() bool { return w.backlog(task) })
	return reach(ctx, w, "take a job", receives, func() (int, error) {
		return s.jobs.Receive(ctx, task, ports.Batch{Max: 1}, func(ctx context.Context, ds []job.Delivery) []job.Verdict {
			verdicts := handle(ctx, ds)
			switch f := w.pass(ctx, fmt.Sprintf("settle %s", ds[0].ID), nil, acks...); {
			case f == answerLost: // somebody gets it again
				verdicts[0] = job.Retry(time.Second, "the simulation lost the acknowledgement")
			case verdicts[0].IsRetry():
				w.tell(partyOf(ctx), "job failed", verdicts[0].Reason)
				verdicts[0] = job.Retry(patience[min(ds[0].Attempt, len(patience))-1], verdicts[0].Reason)
			}
			return verdicts
		})
	})
}

// backlog tells whether a job of a task could be handed out now.
func (w *world) backlog(task string) bool {
	w.look()
	return w.backlogs[task].Ready > 0
}

// look looks up what waits in the store, once a step.
func (w *world) look() {
	if w.lookedAt == w.steps && w.lookedWhen.Equal(time.Now()) {
		return
	}
	w.lookedAt, w.lookedWhen = w.steps, time.Now()
	clear(w.backlogs)
	all, err := w.db.Jobs().Backlogs(context.Background())
	if err != nil {
		w.broken("backlogs: %v", err)
	}
	for _, b := range all {
		w.backlogs[b.Task] = b
	}
}

// kill ends a program where it stands. What its parties hold they hold for ever.
func (w *world) kill(p *process) {
	if p.gone {
		return
	}
	p.gone = true
	close(p.died)
	w.tell(&party{name: p.name}, "is killed", "")
	w.start(&party{name: "the supervisor"}, func(ctx context.Context) {
		w.sleep(time.Duration(w.restart) * time.Millisecond)
		w.pass(ctx, "start another server", nil)
		w.boot()
	})
}

// serving draws a program that is up; nil: there is none.
func (w *world) serving() *process {
	var up []*process
	for _, p := range w.processes {
		if !p.gone {
			up = append(up, p)
		}
	}
	if len(up) == 0 {
		return nil
	}
	return up[w.rng.IntN(len(up))]
}
