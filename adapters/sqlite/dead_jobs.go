package sqlite

import (
	"context"
	"strings"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

// ListDead is contracted by ports.DeadJobs.
func (j Jobs) ListDead(ctx context.Context, f job.DeadFilter) (page []job.DeadJob, total int, err error) {
	beyond, sorted := f.After.UUID[:], " AND id > ?3 ORDER BY id LIMIT ?4"
	if f.NewestFirst {
		beyond, sorted = older(f.After.UUID), " AND id < ?3 ORDER BY id DESC LIMIT ?4"
	}
	total = -1
	err = j.db.snapshot(ctx, func(s *session) error {
		page = []job.DeadJob{}
		err := s.query("SELECT id, task, payload, created_at, trace_id, attempts, reason, died_at"+browsed+sorted, func(r row) error {
			page = append(page, job.DeadJob{
				Envelope: job.Envelope{Task: r.text(1), ID: id.Job{UUID: r.uuid(0)}, Payload: r.bytes(2), CreatedAt: r.time(3), TraceID: r.text(4)},
				Attempts: r.int(5), Reason: r.text(6), DiedAt: r.time(7),
			})
			return nil
		}, f.Task, strings.ToLower(f.Query), beyond, f.Limit)
		if err != nil || !f.Count {
			return err
		}
		_, err = s.first("SELECT count(*)"+browsed, func(r row) error {
			total = r.int(0)
			return nil
		}, f.Task, strings.ToLower(f.Query))
		return err
	})
	return page, total, err
}

const browsed = " FROM dead_jobs WHERE (?1 = '' OR task = ?1) AND instr(lower(reason), ?2) > 0"

// A choice of dead jobs: of a task, if one is named; among ids, if any are given.
const (
	chosen      = " FROM dead_jobs WHERE (?1 = '' OR task = ?1) AND (?2 = '[]' OR id IN (SELECT unhex(value, '-') FROM json_each(?2)))"
	chosenFirst = chosen + " ORDER BY id LIMIT ?3"

	reviveChosen = `INSERT OR IGNORE INTO jobs (id, realm, task, payload, created_at, trace_id, available_at, attempts, last_error)
		SELECT id, realm, task, payload, created_at, trace_id, ?4, 0, ''` + chosenFirst
	deleteChosen = "DELETE FROM dead_jobs WHERE id IN (SELECT id" + chosenFirst + ")"
	tasksChosen  = "SELECT DISTINCT task FROM (SELECT task" + chosenFirst + ")"
	countChosen  = "SELECT count(*)" + chosen
)

// ReplayDead is contracted by ports.DeadJobs.
func (j Jobs) ReplayDead(ctx context.Context, task string, ids []id.Job, limit int) (replayed, remaining int, err error) {
	now := j.db.queue.now()
	return j.choose(ctx, task, ids, limit, func(s *session, list string) error {
		if err := s.query(tasksChosen, func(r row) error {
			revived := r.text(0)
			s.afterCommit(func() { j.db.queue.ring(revived) })
			return nil
		}, task, list, limit); err != nil {
			return err
		}
		_, err := s.exec(reviveChosen, task, list, limit, now)
		return err
	})
}

// DropDead is contracted by ports.DeadJobs.
func (j Jobs) DropDead(ctx context.Context, task string, ids []id.Job, limit int) (dropped, remaining int, err error) {
	return j.choose(ctx, task, ids, limit, func(*session, string) error { return nil })
}

// choose deletes a choice of dead jobs after something was done about it.
func (j Jobs) choose(ctx context.Context, task string, ids []id.Job, limit int, first func(s *session, ids string) error) (n, remaining int, err error) {
	list, err := encodeList(ids)
	if err != nil {
		return 0, 0, err
	}
	_, err = j.db.write(ctx, ports.Orders, func(_ context.Context, s *session) error {
		err := first(s, list)
		if err != nil {
			return err
		}
		if n, err = s.exec(deleteChosen, task, list, limit); err != nil {
			return err
		}
		return s.query(countChosen, func(r row) error {
			remaining = r.int(0)
			return nil
		}, task, list)
	})
	return n, remaining, err
}
