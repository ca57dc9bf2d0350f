package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"text/tabwriter"
	"time"
)

// batch is how many dead jobs one request moves.
const batch = 1000

type deadJobs struct {
	Queue string `help:"Only those of this queue." placeholder:"QUEUE"`
	Limit int    `help:"At most so many." default:"100" placeholder:"N"`
}

type deadJob struct {
	JobID    string          `json:"job_id"`
	Queue    string          `json:"queue"`
	Payload  json.RawMessage `json:"payload"`
	Attempts int             `json:"attempts"`
	Reason   string          `json:"reason"`
	DiedAt   time.Time       `json:"died_at"`
}

// errEnough ends a list before its end.
var errEnough = errors.New("enough")

// Run prints dead jobs, one a line, and says when there are more.
func (c *deadJobs) Run(ctx context.Context, t *terminal) error {
	query := url.Values{}
	if c.Queue != "" {
		query.Set("queue", c.Queue)
	}
	return t.with(ctx, func(api *client) error {
		table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
		say(table, "JOB\tQUEUE\tATTEMPTS\tDIED\tPAYLOAD\tREASON\n")
		shown := 0
		err := all(ctx, api, "/v1/admin/jobs/dead", query, func(j deadJob) error {
			if shown == c.Limit {
				return errEnough
			}
			shown++
			say(table, "%s\t%s\t%d\t%s\t%s\t%s\n", j.JobID, j.Queue, j.Attempts, j.DiedAt.Format(time.RFC3339), j.Payload, j.Reason)
			return nil
		})
		if err != nil && !errors.Is(err, errEnough) {
			return err
		}
		if err := table.Flush(); err != nil {
			return err
		}
		if errors.Is(err, errEnough) {
			say(t.notes, "there are more: --limit shows them\n")
		}
		return nil
	})
}

// choice is which dead jobs are meant.
type choice struct {
	Queue string   `help:"Those of this queue." placeholder:"QUEUE"`
	ID    []string `help:"Just these jobs." placeholder:"ID"`
	Limit int      `help:"At most so many; 0: all of them." default:"0" placeholder:"N"`
}

type moved struct {
	Replayed  int `json:"replayed"`
	Dropped   int `json:"dropped"`
	Remaining int `json:"remaining"`
}

// move asks for the chosen jobs in batches until they, or the limit, are done.
func (c *choice) move(ctx context.Context, api *client, path string) (done, remaining int, err error) {
	for {
		limit := batch
		if c.Limit > 0 {
			limit = min(batch, c.Limit-done)
		}
		var m moved
		request := map[string]any{"limit": limit}
		if c.Queue != "" {
			request["queue"] = c.Queue
		}
		if len(c.ID) > 0 {
			request["job_ids"] = c.ID
		}
		if err := api.post(ctx, path, request, &m); err != nil {
			return done, remaining, err
		}
		n := m.Replayed + m.Dropped
		done, remaining = done+n, m.Remaining
		if n == 0 || remaining == 0 || done == c.Limit {
			return done, remaining, nil
		}
	}
}

type replayJobs struct{ choice }

// Run puts jobs back to work.
func (c *replayJobs) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(api *client) error {
		done, remaining, err := c.move(ctx, api, "/v1/admin/jobs/dead/replay")
		say(t.out, "%d jobs put back to work, %d remain dead\n", done, remaining)
		return err
	})
}

type dropJobs struct{ choice }

// Validate wants to know which jobs: everything is not dropped at once.
func (c *dropJobs) Validate() error {
	if c.Queue == "" && len(c.ID) == 0 {
		return errors.New("name a --queue, or each --id")
	}
	return nil
}

// Run deletes jobs.
func (c *dropJobs) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(api *client) error {
		done, remaining, err := c.move(ctx, api, "/v1/admin/jobs/dead/drop")
		say(t.out, "%d dead jobs deleted, %d remain\n", done, remaining)
		return err
	})
}
