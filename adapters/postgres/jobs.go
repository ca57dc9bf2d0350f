package postgres

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
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
	_ ports.Outboxes  = Jobs{}
	_ ports.Graveyard = Jobs{}
)

// Jobs returns the queue.
func (db *DB) Jobs() Jobs { return Jobs{db} }

// Receive is contracted by ports.JobSource. Jobs of this process are handed out
// as soon as they are committed, those of others at the next look at the table.
func (j Jobs) Receive(ctx context.Context, task string, b ports.Batch, handle func(context.Context, []job.Delivery) []job.Verdict) (int, error) {
	held, err := j.await(ctx, task, b, func(ctx context.Context, r *realm) ([]job.Delivery, error) {
		return claim(ctx, r, []string{task}, max(b.Max, 1), lease)
	})
	if err != nil || len(held.jobs) == 0 {
		return 0, err
	}
	return len(held.jobs), held.work(ctx, handle)
}

// holding is some jobs of a realm's outbox that are handed out.
type holding struct {
	realm *realm
	jobs  []job.Delivery
}

// await tries the realms until one of them has jobs to hand out or the wait is
// over. A realm that cannot be reached does not keep the others from working.
func (j Jobs) await(ctx context.Context, task string, b ports.Batch, try func(context.Context, *realm) ([]job.Delivery, error)) (holding, error) {
	waited := time.NewTimer(b.Wait)
	defer waited.Stop()
	realms := j.db.realms()
	for first := rand.N(len(realms)); ; { // so that none is always served before the others
		bell, leave := j.db.queue.listen(task) // before looking, so that nothing slips between
		var failed error
		for i := range realms {
			r := realms[(first+i)%len(realms)]
			jobs, err := try(ctx, r)
			if len(jobs) > 0 {
				leave()
				return holding{r, jobs}, nil
			}
			failed = errors.Join(failed, err)
		}
		if failed != nil {
			leave()
			return holding{}, failed
		}
		var err error
		select {
		case <-bell:
			continue
		case <-waited.C:
		case <-ctx.Done():
			err = translate(ctx, ctx.Err())
		case <-j.db.queue.closed:
			err = &fault.Error{Kind: fault.Unavailable, Op: "postgres.jobs", Detail: "the store is closed"}
		}
		leave()
		return holding{}, err
	}
}

// claim takes up to limit jobs of the tasks, of each longest due first, and
// hides them for as long as they may be held.
func claim(ctx context.Context, r *realm, tasks []string, limit int, hold time.Duration) (jobs []job.Delivery, err error) {
	_, err = r.write(ctx, func(ctx context.Context, t *tx) error {
		jobs = nil
		rows, err := t.Query(ctx, `UPDATE `+r.table("outbox")+` SET available_at = now() + $3::interval, attempts = attempts + 1
			WHERE id = ANY(ARRAY(
				SELECT due.id FROM unnest($1::text[]) AS wanted (task) CROSS JOIN LATERAL (
					SELECT id FROM `+r.table("outbox")+` WHERE task = wanted.task AND available_at <= now()
					ORDER BY available_at LIMIT $2 FOR UPDATE SKIP LOCKED
				) AS due LIMIT $2))
			RETURNING id, task, payload, created_at, trace_id, attempts`, tasks, limit, hold)
		if err != nil {
			return err
		}
		for rows.Next() {
			var d job.Delivery
			if err := rows.Scan((*uuid)(&d.ID.UUID), &d.Task, (*[]byte)(&d.Payload), (*instant)(&d.CreatedAt), &d.TraceID, &d.Attempt); err != nil {
				return err
			}
			jobs = append(jobs, d)
		}
		return rows.Err()
	})
	return jobs, err
}

// work has jobs handled and carries out the verdicts. From here on a cancelled
// caller changes nothing: what was done must be written down.
func (h holding) work(ctx context.Context, handle func(context.Context, []job.Delivery) []job.Verdict) error {
	handling, done := context.WithTimeout(ctx, lease)
	verdicts, failed := judge(handling, h.jobs, handle)
	done()
	for i := len(verdicts); i < len(h.jobs); i++ {
		verdicts = append(verdicts, job.Patience.After(h.jobs[i].Attempt, rand.Float64(), failed.Error()))
	}
	return errors.Join(failed, h.settle(context.WithoutCancel(ctx), verdicts))
}

// judge calls handle; a panic and a verdict too few are errors.
func judge(ctx context.Context, jobs []job.Delivery, handle func(context.Context, []job.Delivery) []job.Verdict) (verdicts []job.Verdict, err error) {
	defer func() {
		if v := recover(); v != nil {
			verdicts, err = nil, &fault.Error{
				Kind: fault.Internal, Op: "postgres.Receive", Detail: "the handler panicked", Err: fmt.Errorf("%v\n%s", v, debug.Stack()),
			}
		}
	}()
	verdicts = handle(ctx, jobs)
	if len(verdicts) < len(jobs) {
		err = fault.Wrap(fault.Internal, "postgres.Receive", fmt.Errorf("%d verdicts for %d jobs", len(verdicts), len(jobs)))
	}
	return verdicts, err
}

// settle carries out verdicts. The number of the attempt says whether a job is
// still the holder's.
func (h holding) settle(ctx context.Context, verdicts []job.Verdict) error {
	var done, again, dead slips
	for i, d := range h.jobs {
		switch v := verdicts[i]; {
		case v.IsRetry():
			again.add(d, v)
		case v.IsDead():
			dead.add(d, v)
		default:
			done.add(d, v)
		}
	}
	outbox := h.realm.table("outbox")
	_, err := h.realm.write(ctx, func(_ context.Context, t *tx) error {
		if len(done.ids) > 0 {
			t.queue("DELETE FROM "+outbox+` AS o USING unnest($1::uuid[], $2::int[]) AS held (id, attempt)
				WHERE o.id = held.id AND o.attempts = held.attempt AND o.id = ANY($1)`, done.ids, done.attempts)
		}
		if len(again.ids) > 0 {
			t.queue("UPDATE "+outbox+` AS o SET available_at = now() + held.after, last_error = held.reason
				FROM unnest($1::uuid[], $2::int[], $3::text[], $4::interval[]) AS held (id, attempt, reason, after)
				WHERE o.id = held.id AND o.attempts = held.attempt AND o.id = ANY($1)`, again.ids, again.attempts, again.reasons, again.after)
		}
		if len(dead.ids) > 0 {
			t.queue("WITH gone AS (DELETE FROM "+outbox+` AS o USING unnest($1::uuid[], $2::int[], $3::text[]) AS held (id, attempt, reason)
					WHERE o.id = held.id AND o.attempts = held.attempt AND o.id = ANY($1)
					RETURNING o.id, o.task, o.payload, o.created_at, o.trace_id, o.attempts, held.reason)
				INSERT INTO `+h.realm.table("dead_jobs")+` (id, task, payload, created_at, trace_id, attempts, reason, died_at)
				SELECT *, now() FROM gone
				ON CONFLICT (id) DO UPDATE SET attempts = excluded.attempts, reason = excluded.reason, died_at = excluded.died_at`,
				dead.ids, dead.attempts, dead.reasons)
		}
		return nil
	})
	return err
}

// slips are jobs of one verdict, as columns.
type slips struct {
	ids      []uuid
	attempts []int
	reasons  []string
	after    []time.Duration
}

func (s *slips) add(d job.Delivery, v job.Verdict) {
	s.ids = append(s.ids, uuid(d.ID.UUID))
	s.attempts = append(s.attempts, d.Attempt)
	s.reasons = append(s.reasons, printable(v.Reason))
	s.after = append(s.after, v.After)
}

// Backlogs is contracted by ports.Backlogs.
func (j Jobs) Backlogs(ctx context.Context) ([]ports.Backlog, error) {
	sums := map[string]ports.Backlog{}
	for _, r := range j.db.realms() {
		if err := r.read(ctx, func(q querier) error {
			rows, err := q.Query(ctx, `SELECT task, count(*) FILTER (WHERE available_at <= now()), count(*) FILTER (WHERE available_at > now()),
					min(created_at) FILTER (WHERE available_at <= now()), 0 FROM `+r.table("outbox")+` GROUP BY task
				UNION ALL SELECT task, 0, 0, NULL, count(*) FROM `+r.table("dead_jobs")+` GROUP BY task`)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var b ports.Backlog
				if err := rows.Scan(&b.Task, &b.Ready, &b.Held, (*instant)(&b.Oldest), &b.Dead); err != nil {
					return err
				}
				sums[b.Task] = plus(sums[b.Task], b)
			}
			return rows.Err()
		}); err != nil {
			return nil, err
		}
	}
	all := make([]ports.Backlog, 0, len(sums))
	for _, task := range slices.Sorted(maps.Keys(sums)) {
		all = append(all, sums[task])
	}
	return all, nil
}

// plus adds up a task's backlogs of two tables.
func plus(a, b ports.Backlog) ports.Backlog {
	oldest := a.Oldest
	if oldest.IsZero() || !b.Oldest.IsZero() && b.Oldest.Before(oldest) {
		oldest = b.Oldest
	}
	return ports.Backlog{Task: b.Task, Ready: a.Ready + b.Ready, Held: a.Held + b.Held, Oldest: oldest, Dead: a.Dead + b.Dead}
}
