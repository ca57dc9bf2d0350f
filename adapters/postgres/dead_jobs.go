package postgres

import (
	"context"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/jackc/pgx/v5"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
)

// ListDead is contracted by ports.DeadJobs.
func (j Jobs) ListDead(ctx context.Context, f job.DeadFilter) (page []job.DeadJob, total int, err error) {
	beyond := " AND ($3::uuid IS NULL OR id > $3) ORDER BY id LIMIT $4"
	if f.NewestFirst {
		beyond = " AND ($3::uuid IS NULL OR id < $3) ORDER BY id DESC LIMIT $4"
	}
	page = []job.DeadJob{}
	for _, r := range j.db.realms() {
		browsed := " FROM " + r.table("dead_jobs") + " WHERE ($1 = '' OR task = $1) AND position(lower($2) IN lower(reason)) > 0"
		if err := r.snapshot(ctx, func(q querier) error {
			rows, err := q.Query(ctx, "SELECT id, task, payload, created_at, trace_id, attempts, reason, died_at"+browsed+beyond,
				f.Task, f.Query, uuid(f.After.UUID), f.Limit)
			if err != nil {
				return err
			}
			defer rows.Close()
			for rows.Next() {
				var d job.DeadJob
				if err := rows.Scan((*uuid)(&d.ID.UUID), &d.Task, (*[]byte)(&d.Payload), (*instant)(&d.CreatedAt), &d.TraceID, &d.Attempts, &d.Reason, (*instant)(&d.DiedAt)); err != nil {
					return err
				}
				page = append(page, d)
			}
			if err := rows.Err(); err != nil || !f.Count {
				return err
			}
			var n int
			err = q.QueryRow(ctx, "SELECT count(*)"+browsed, f.Task, f.Query).Scan(&n)
			total += n
			return err
		}); err != nil {
			return nil, 0, err
		}
	}
	slices.SortFunc(page, func(a, b job.DeadJob) int {
		if f.NewestFirst {
			a, b = b, a
		}
		return slices.Compare(a.ID.UUID[:], b.ID.UUID[:])
	})
	if !f.Count {
		total = -1
	}
	return page[:min(len(page), f.Limit)], total, nil
}

// ReplayDead is contracted by ports.DeadJobs.
func (j Jobs) ReplayDead(ctx context.Context, task string, ids []id.Job, limit int) (replayed, remaining int, err error) {
	return j.choose(ctx, task, ids, limit, func(r *realm, chosen string) string {
		return "WITH gone AS (DELETE FROM " + r.table("dead_jobs") + " WHERE id IN (SELECT id" + chosen + " ORDER BY id LIMIT $3) RETURNING *), " +
			"revived AS (INSERT INTO " + r.table("outbox") + " (id, task, payload, created_at, trace_id) SELECT id, task, payload, created_at, trace_id FROM gone ON CONFLICT (id) DO NOTHING) " +
			"SELECT task FROM gone"
	})
}

// DropDead is contracted by ports.DeadJobs.
func (j Jobs) DropDead(ctx context.Context, task string, ids []id.Job, limit int) (dropped, remaining int, err error) {
	return j.choose(ctx, task, ids, limit, func(r *realm, chosen string) string {
		return "DELETE FROM " + r.table("dead_jobs") + " WHERE id IN (SELECT id" + chosen + " ORDER BY id LIMIT $3) RETURNING task"
	})
}

// choose takes a choice of dead jobs away, realm by realm: of a task, if one is
// named; among ids, if any are given.
func (j Jobs) choose(ctx context.Context, task string, ids []id.Job, limit int, take func(r *realm, chosen string) string) (n, remaining int, err error) {
	list := uuids(ids, func(j id.Job) id.UUID { return j.UUID })
	for _, r := range j.db.realms() {
		chosen := " FROM " + r.table("dead_jobs") + " WHERE ($1 = '' OR task = $1) AND (cardinality($2::uuid[]) = 0 OR id = ANY($2))"
		var tasks []string
		var left int
		if _, err := r.write(ctx, func(ctx context.Context, t *tx) error {
			rows, err := t.Query(ctx, take(r, chosen), task, list, limit-n)
			if err != nil {
				return err
			}
			if tasks, err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
				return err
			}
			return t.QueryRow(ctx, "SELECT count(*)"+chosen, task, list).Scan(&left)
		}); err != nil {
			return n, 0, err
		}
		j.db.queue.ring(tasks...)
		n, remaining = n+len(tasks), remaining+left
	}
	return n, remaining, nil
}

// Bury is contracted by ports.Graveyard. What comes from outside lies in the
// realm of orders.
func (j Jobs) Bury(ctx context.Context, dead ...job.DeadJob) error {
	if len(dead) == 0 {
		return nil
	}
	dead = slices.Clone(dead)
	slices.SortStableFunc(dead, func(a, b job.DeadJob) int { return slices.Compare(a.ID.UUID[:], b.ID.UUID[:]) })
	r := j.db.orders
	_, err := r.write(ctx, func(_ context.Context, t *tx) error {
		for _, d := range dead {
			t.queue("INSERT INTO "+r.table("dead_jobs")+` (id, task, payload, created_at, trace_id, attempts, reason, died_at)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
				ON CONFLICT (id) DO UPDATE SET task = excluded.task, payload = excluded.payload, created_at = excluded.created_at,
					trace_id = excluded.trace_id, attempts = excluded.attempts, reason = excluded.reason, died_at = excluded.died_at`,
				uuid(d.ID.UUID), printable(d.Task), payload(d.Payload), instant(d.CreatedAt), printable(d.TraceID), d.Attempts, printable(d.Reason), instant(d.DiedAt))
		}
		return nil
	})
	return err
}

// payload returns what a column of JSON takes: bytes that are none become a
// string of it, because what comes from outside may be anything.
func payload(raw json.RawMessage) string {
	if json.Valid(raw) && utf8.Valid(raw) {
		return string(raw)
	}
	quoted, _ := json.Marshal(string(raw)) // strings always marshal
	return string(quoted)
}
