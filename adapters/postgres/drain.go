package postgres

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

// relayLease is how long a job stays with a relay that died.
const relayLease = 30 * time.Second

// relayPause is how long a job waits that the broker did not take.
const relayPause = time.Second

// Drain is contracted by ports.Outboxes.
func (j Jobs) Drain(ctx context.Context, b ports.Batch, publish func(context.Context, []job.Envelope) []bool) (arrived int, err error) {
	held, err := j.await(ctx, anyTask, b, func(ctx context.Context, r *realm) ([]job.Delivery, error) {
		tasks, err := due(ctx, r)
		if err != nil || len(tasks) == 0 {
			return nil, err
		}
		rand.Shuffle(len(tasks), func(a, b int) { tasks[a], tasks[b] = tasks[b], tasks[a] }) // a flood of one must not starve the others
		return claim(ctx, r, tasks, max(b.Max, 1), relayLease)
	})
	if err != nil || len(held.jobs) == 0 {
		return 0, err
	}
	err = held.work(ctx, func(ctx context.Context, ds []job.Delivery) []job.Verdict {
		jobs := make([]job.Envelope, len(ds))
		for i, d := range ds {
			jobs[i] = d.Envelope
		}
		there := publish(ctx, jobs)
		verdicts := make([]job.Verdict, len(ds))
		for i := range ds {
			if i < len(there) && there[i] {
				arrived++
			} else {
				verdicts[i] = job.Retry(relayPause, "the broker did not take it")
			}
		}
		return verdicts
	})
	return arrived, err
}

// due returns the tasks of a realm that have jobs to hand out. It leaps from one
// task to the next in the index, however many jobs there are.
func due(ctx context.Context, r *realm) (tasks []string, err error) {
	err = r.read(ctx, func(q querier) error {
		rows, err := q.Query(ctx, `WITH RECURSIVE tasks (task) AS (
				(SELECT task FROM `+r.table("outbox")+` ORDER BY task LIMIT 1)
				UNION ALL
				SELECT (SELECT task FROM `+r.table("outbox")+` WHERE task > tasks.task ORDER BY task LIMIT 1) FROM tasks WHERE tasks.task IS NOT NULL
			)
			SELECT task FROM tasks WHERE EXISTS (SELECT FROM `+r.table("outbox")+` AS o WHERE o.task = tasks.task AND o.available_at <= now())`)
		if err != nil {
			return err
		}
		tasks, err = pgx.CollectRows(rows, pgx.RowTo[string])
		return err
	})
	return tasks, err
}
