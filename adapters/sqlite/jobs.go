package sqlite

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

// lease is how long a job stays with whoever was handed it.
const lease = time.Minute

// Jobs is the queue: it hands out what the outboxes of all realms hold, and
// keeps what died.
type Jobs struct{ db *DB }

var (
	_ ports.JobSource = Jobs{}
	_ ports.DeadJobs  = Jobs{}
	_ ports.Backlogs  = Jobs{}
)

// Jobs returns the queue.
func (db *DB) Jobs() Jobs { return Jobs{db} }

// Receive is contracted by ports.JobSource. Waiting costs the writer nothing:
// it is woken by the commit of a job, or by a timer for the next one due.
func (j Jobs) Receive(ctx context.Context, task string, b ports.Batch, handle func(context.Context, []job.Delivery) []job.Verdict) (int, error) {
	waited := time.NewTimer(b.Wait)
	defer waited.Stop()
	for {
		bell := j.db.queue.listen(task) // before looking, so that nothing slips between
		next, err := j.next(ctx, task)
		if err != nil {
			return 0, err
		}
		var due <-chan time.Time
		if !next.IsZero() {
			wait := next.Sub(j.db.queue.now())
			if wait <= 0 {
				batch, err := j.claim(ctx, task, max(b.Max, 1))
				if err != nil {
					return 0, err
				}
				if len(batch) > 0 {
					return len(batch), j.work(ctx, batch, handle)
				}
				continue // somebody was quicker
			}
			due = time.After(wait)
		}
		select {
		case <-waited.C:
			return 0, nil
		case <-ctx.Done():
			return 0, canceled(ctx)
		case <-j.db.writer.closing:
			return 0, errClosed()
		case <-bell:
		case <-due:
		}
	}
}

// next returns when the next job of a task can be handed out; zero: there is none.
func (j Jobs) next(ctx context.Context, task string) (next time.Time, err error) {
	err = j.db.view(ctx, func(s *session) error {
		return s.query("SELECT min(available_at) FROM jobs WHERE task = ?1", func(r row) error {
			next = r.time(0)
			return nil
		}, task)
	})
	return next, err
}

// claim takes up to limit jobs, longest due first, and hides them for the lease.
func (j Jobs) claim(ctx context.Context, task string, limit int) (batch []job.Delivery, err error) {
	now := j.db.queue.now()
	_, err = j.db.write(ctx, ports.Orders, func(_ context.Context, s *session) error {
		batch = batch[:0]
		return s.query(`UPDATE jobs SET available_at = ?3, attempts = attempts + 1
			WHERE id IN (SELECT id FROM jobs WHERE task = ?1 AND available_at <= ?2 ORDER BY available_at, id LIMIT ?4)
			RETURNING id, payload, created_at, trace_id, attempts`, func(r row) error {
			batch = append(batch, job.Delivery{Envelope: job.Envelope{
				Task: task, ID: id.Job{UUID: r.uuid(0)}, Payload: r.bytes(1), CreatedAt: r.time(2), TraceID: r.text(3),
			}, Attempt: r.int(4)})
			return nil
		}, task, now, now.Add(lease), limit)
	})
	return batch, err
}

// work has a batch handled and carries out the verdicts. From here on a
// cancelled caller changes nothing: what was done must be written down.
func (j Jobs) work(ctx context.Context, batch []job.Delivery, handle func(context.Context, []job.Delivery) []job.Verdict) error {
	handling, done := context.WithTimeout(ctx, lease)
	verdicts, failed := guard(handling, batch, handle)
	done()
	for i := len(verdicts); i < len(batch); i++ {
		verdicts = append(verdicts, job.Patience.After(batch[i].Attempt, rand.Float64(), failed.Error()))
	}
	return errors.Join(failed, j.settle(context.WithoutCancel(ctx), batch, verdicts))
}

// guard calls handle; a panic and a verdict too few are errors.
func guard(ctx context.Context, batch []job.Delivery, handle func(context.Context, []job.Delivery) []job.Verdict) (verdicts []job.Verdict, err error) {
	defer func() {
		if v := recover(); v != nil {
			verdicts, err = nil, &fault.Error{
				Kind: fault.Internal, Op: "sqlite.Receive", Detail: "the handler panicked", Err: fmt.Errorf("%v\n%s", v, debug.Stack()),
			}
		}
	}()
	verdicts = handle(ctx, batch)
	if len(verdicts) < len(batch) {
		err = fault.Wrap(fault.Internal, "sqlite.Receive", fmt.Errorf("%d verdicts for %d jobs", len(verdicts), len(batch)))
	}
	return verdicts, err
}

// settle carries out verdicts. The number of the attempt says whether the job
// is still the holder's.
func (j Jobs) settle(ctx context.Context, batch []job.Delivery, verdicts []job.Verdict) error {
	now := j.db.queue.now()
	_, err := j.db.write(ctx, ports.Orders, func(_ context.Context, s *session) error {
		retries := false
		for i, d := range batch {
			var err error
			switch v := verdicts[i]; {
			case v.IsRetry():
				retries = true
				_, err = s.exec("UPDATE jobs SET available_at = ?3, last_error = ?4 WHERE id = ?1 AND attempts = ?2",
					d.ID.UUID, d.Attempt, now.Add(v.After), v.Reason)
			case v.IsDead():
				err = bury(s, d, v.Reason, now)
			default:
				_, err = s.exec("DELETE FROM jobs WHERE id = ?1 AND attempts = ?2", d.ID.UUID, d.Attempt)
			}
			if err != nil {
				return err
			}
		}
		if retries { // those who wait have to know when
			s.afterCommit(func() { j.db.queue.ring(batch[0].Task) })
		}
		return nil
	})
	return err
}

func bury(s *session, d job.Delivery, reason string, now time.Time) error {
	if _, err := s.exec(`INSERT INTO dead_jobs (id, realm, task, payload, created_at, trace_id, attempts, reason, died_at)
		SELECT id, realm, task, payload, created_at, trace_id, attempts, ?3, ?4 FROM jobs WHERE id = ?1 AND attempts = ?2
		ON CONFLICT (id) DO UPDATE SET attempts = excluded.attempts, reason = excluded.reason, died_at = excluded.died_at`,
		d.ID.UUID, d.Attempt, reason, now); err != nil {
		return err
	}
	_, err := s.exec("DELETE FROM jobs WHERE id = ?1 AND attempts = ?2", d.ID.UUID, d.Attempt)
	return err
}

// Backlogs is contracted by ports.Backlogs.
func (j Jobs) Backlogs(ctx context.Context) ([]ports.Backlog, error) {
	all := []ports.Backlog{}
	err := j.db.view(ctx, func(s *session) error {
		return s.query(`SELECT task, sum(ready), sum(held), min(oldest), sum(dead) FROM (
				SELECT task, count(*) AS ready, 0 AS held, min(created_at) AS oldest, 0 AS dead FROM jobs WHERE available_at <= ?1 GROUP BY task
				UNION ALL SELECT task, 0, count(*), NULL, 0 FROM jobs WHERE available_at > ?1 GROUP BY task
				UNION ALL SELECT task, 0, 0, NULL, count(*) FROM dead_jobs GROUP BY task
			) GROUP BY task ORDER BY task`, func(r row) error {
			all = append(all, ports.Backlog{Task: r.text(0), Ready: r.int(1), Held: r.int(2), Oldest: r.time(3), Dead: r.int(4)})
			return nil
		}, j.db.queue.now())
	})
	return all, err
}
