package postgres

import (
	"context"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

// outbox is the outbox of one realm's transaction. Its table is the queue.
type outbox struct {
	t *tx
	r *realm
}

var _ ports.Outbox = outbox{}

// Add is contracted by ports.Outbox.
func (o outbox) Add(_ context.Context, jobs ...job.Envelope) error {
	if len(jobs) == 0 {
		return nil
	}
	n := len(jobs)
	ids, tasks, payloads, created, traces := make([]uuid, n), make([]string, n), make([]string, n), make([]instant, n), make([]string, n)
	for i, j := range jobs {
		ids[i], tasks[i], payloads[i], created[i], traces[i] = uuid(j.ID.UUID), j.Task, string(j.Payload), instant(j.CreatedAt), j.TraceID
	}
	o.t.queue("INSERT INTO "+o.r.table("outbox")+` (id, task, payload, created_at, trace_id)
		SELECT id, task, payload::json, created_at, trace_id
		FROM unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[], $5::text[]) AS job (id, task, payload, created_at, trace_id)
		ON CONFLICT (id) DO NOTHING`, ids, tasks, payloads, created, traces)
	o.t.afterCommit(func() { o.r.queue.ring(tasks...) })
	return nil
}

// inbox remembers which consumer has seen which job.
type inbox struct{ t *tx }

var _ ports.Inbox = inbox{}

// First is contracted by ports.Inbox.
func (i inbox) First(ctx context.Context, consumer string, j id.Job) (bool, error) {
	tag, err := i.t.Exec(ctx, "INSERT INTO orders.inbox (consumer, job_id) VALUES ($1, $2) ON CONFLICT DO NOTHING", consumer, uuid(j.UUID))
	return tag.RowsAffected() == 1, translate(ctx, err)
}
