package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
)

// DeadJob is a job that will not be tried again by itself.
type DeadJob struct {
	JobID     string          `json:"job_id"`
	Queue     string          `json:"queue"`
	Payload   json.RawMessage `json:"payload"`
	Attempts  int             `json:"attempts"`
	Reason    string          `json:"reason"`
	TraceID   string          `json:"trace_id"`
	CreatedAt Time            `json:"created_at"`
	DiedAt    Time            `json:"died_at"`
}

// deadChoice says which dead jobs are meant.
type deadChoice struct {
	Queue  string   `json:"queue,omitempty" maxLength:"64" doc:"Empty: all."`
	JobIDs []string `json:"job_ids,omitempty" maxItems:"1000" doc:"Empty: all of the queue."`
	Limit  int      `json:"limit" minimum:"1" maximum:"1000"`
}

func (c deadChoice) ids() ([]id.Job, error) {
	ids := make([]id.Job, len(c.JobIDs))
	for i, text := range c.JobIDs {
		u, err := pathID(text, "job")
		if err != nil {
			return nil, err
		}
		ids[i] = id.Job{UUID: u}
	}
	return ids, nil
}

func (a *api) registerJobs() {
	const tag = "jobs"
	dead := a.opts.DeadJobs
	if dead == nil {
		return
	}
	register(a.edge, operation{ID: "listDeadJobs", Method: http.MethodGet, Path: "/v1/admin/jobs/dead", Tag: tag, Permission: account.JobsManage, Summary: "List dead jobs"},
		func(ctx context.Context, in *struct {
			Q      string `query:"q" maxLength:"200" doc:"a part of the reason"`
			Queue  string `query:"queue" maxLength:"64"`
			Sort   string `query:"sort" enum:"created_at,-created_at" default:"created_at"`
			Cursor string `query:"cursor"`
			Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"24"`
			Count  bool   `query:"count"`
		},
		) (*reply[CursorPage[DeadJob]], error) {
			scope := strings.Join([]string{"dead", in.Sort, in.Q, in.Queue}, "\x00")
			from, err := uuidCursor(scope, in.Cursor)
			if err != nil {
				return nil, err
			}
			list, total, err := dead.ListDead(ctx, job.DeadFilter{
				Task: in.Queue, Query: in.Q, NewestFirst: in.Sort == "-created_at", After: id.Job{UUID: from}, Limit: in.Limit, Count: in.Count,
			})
			if err != nil {
				return nil, err
			}
			out := CursorPage[DeadJob]{Items: make([]DeadJob, len(list))}
			for i, d := range list {
				out.Items[i] = deadJob(d)
			}
			if len(list) == in.Limit {
				out.NextCursor = nextCursor(scope, list[len(list)-1].ID.UUID)
			}
			if in.Count {
				out.Total = &total
			}
			return &reply[CursorPage[DeadJob]]{Body: out}, nil
		})
	type replayed struct {
		Replayed  int `json:"replayed"`
		Remaining int `json:"remaining"`
	}
	register(a.edge, operation{ID: "replayDeadJobs", Method: http.MethodPost, Path: "/v1/admin/jobs/dead/replay", Tag: tag, Permission: account.JobsManage, Summary: "Put dead jobs back to work"},
		func(ctx context.Context, in *struct{ Body deadChoice }) (*reply[replayed], error) {
			ids, err := in.Body.ids()
			if err != nil {
				return nil, err
			}
			n, left, err := dead.ReplayDead(ctx, in.Body.Queue, ids, in.Body.Limit)
			return &reply[replayed]{Body: replayed{n, left}}, err
		})
	type dropped struct {
		Dropped   int `json:"dropped"`
		Remaining int `json:"remaining"`
	}
	register(a.edge, operation{ID: "dropDeadJobs", Method: http.MethodPost, Path: "/v1/admin/jobs/dead/drop", Tag: tag, Permission: account.JobsManage, Summary: "Delete dead jobs"},
		func(ctx context.Context, in *struct{ Body deadChoice }) (*reply[dropped], error) {
			ids, err := in.Body.ids()
			if err != nil {
				return nil, err
			}
			if in.Body.Queue == "" && len(ids) == 0 {
				return nil, fault.InvalidField("queue", "required", "name a queue or jobs: everything is not dropped at once")
			}
			n, left, err := dead.DropDead(ctx, in.Body.Queue, ids, in.Body.Limit)
			return &reply[dropped]{Body: dropped{n, left}}, err
		})
}

func deadJob(d job.DeadJob) DeadJob {
	return DeadJob{
		JobID: d.ID.String(), Queue: d.Task, Payload: d.Payload, Attempts: d.Attempts, Reason: d.Reason, TraceID: d.TraceID,
		CreatedAt: Time{d.CreatedAt}, DiedAt: Time{d.DiedAt},
	}
}
