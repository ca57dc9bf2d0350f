package ports

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
)

// Batch says how many jobs a handler takes at once, and how long it waits for
// the first.
type Batch struct {
	Max  int
	Wait time.Duration
}

// JobSource hands out jobs. Every job is delivered at least once, in no order,
// until its verdict is Ack or Dead.
type JobSource interface {
	// Receive waits up to b.Wait for jobs of a task, calls handle once with 1 to
	// b.Max of them and carries out its verdicts, one for each delivery in
	// order; it returns how many there were, 0 when the wait ended. While handle
	// runs, nobody else is handed the same jobs; a holder that dies or takes
	// longer than a minute loses them to another attempt. Retry delivers again
	// not before its After, at the latest at the source's next step (embedded: a
	// second); Dead puts the job among the dead jobs and then acknowledges it. A
	// panic of handle is a retry of the whole batch by job.Patience, and a verdict
	// too few is a retry of those without; either comes back as Internal.
	// Cancelling ends the wait (Canceled), never what became of a batch.
	Receive(ctx context.Context, task string, b Batch, handle func(context.Context, []job.Delivery) []job.Verdict) (int, error)
}

// DeadJobs keeps what will not be tried again by itself.
type DeadJobs interface {
	// ListDead returns up to f.Limit dead jobs and, if it was asked for (else -1),
	// how many there are before and after them.
	ListDead(ctx context.Context, f job.DeadFilter) ([]job.DeadJob, int, error)
	// ReplayDead puts up to limit dead jobs (of a task, "" all; or just the ids)
	// back to work as if they were new, under their old ids; it returns how many
	// were put back and how many of the same choice remain.
	ReplayDead(ctx context.Context, task string, ids []id.Job, limit int) (replayed, remaining int, err error)
	// DropDead deletes dead jobs in the same way.
	DropDead(ctx context.Context, task string, ids []id.Job, limit int) (dropped, remaining int, err error)
}

// Backlog is how much of a task is waiting.
type Backlog struct {
	Task   string
	Ready  int       // could be handed out now
	Held   int       // handed out, or waiting for another attempt
	Oldest time.Time // when the oldest of the ready ones was created; zero: none
	Dead   int
}

// Backlogs tells how much work is waiting, by task.
type Backlogs interface {
	Backlogs(ctx context.Context) ([]Backlog, error)
}

// Outboxes lets jobs leave the store for a broker.
type Outboxes interface {
	// Drain waits up to b.Wait for committed jobs of any task and realm, calls
	// publish once with 1 to b.Max of them, and takes those that it reports as
	// arrived out of the outbox; it returns how many arrived. The others are
	// handed out again soon, those of a holder that dies after half a minute: a
	// job may leave twice, and never not at all. Nobody else is handed the same
	// jobs meanwhile. Cancelling ends the wait (Canceled), never the bookkeeping
	// of what was published.
	Drain(ctx context.Context, b Batch, publish func(context.Context, []job.Envelope) []bool) (int, error)
}

// Publisher hands jobs to a broker.
type Publisher interface {
	// Publish returns, in order, which jobs the broker has taken over for good.
	// One that has not may arrive all the same. Unavailable when the broker does
	// not take any now.
	Publish(ctx context.Context, jobs []job.Envelope) ([]bool, error)
}

// Graveyard takes in what a source outside the store has given up on, where
// DeadJobs finds it.
type Graveyard interface {
	// Bury stores dead jobs. One that is there already is replaced.
	Bury(ctx context.Context, dead ...job.DeadJob) error
}

// Leases divide works of which one at a time is enough among the processes of a
// shop. They save effort and guard nothing: for some seconds after one process was
// cut off from the store, it and the next may both believe that a work is theirs.
type Leases interface {
	// Hold reports whether a work is the caller's: it was already, or it was
	// nobody's. It stays the caller's until it lets go or is gone, whatever way:
	// ask before each turn. Unavailable when the store cannot be asked.
	Hold(ctx context.Context, work string) (bool, error)
	// LetGo leaves a work to whoever asks for it next. What the caller does not
	// hold stays as it is.
	LetGo(ctx context.Context, work string) error
}
