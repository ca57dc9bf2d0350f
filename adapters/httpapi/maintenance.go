package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
)

// checkTime is for reading everything once.
const checkTime = 5 * time.Minute

// Violation is something that must always be true and is not.
type Violation struct {
	Invariant string `json:"invariant"`
	Subject   string `json:"subject"`
	Detail    string `json:"detail"`
}

// Violations are all that were found.
type Violations struct {
	Violations []Violation `json:"violations"`
}

// Reindex is how far a new index has come, whichever server builds it.
type Reindex struct {
	Status     string     `json:"status" enum:"idle,running,succeeded,failed"`
	Products   int        `json:"products" doc:"how many are in it"`
	Total      int        `json:"total" doc:"how many there were when it began"`
	Checked    int        `json:"checked" doc:"SKUs that were then compared with the store"`
	TakenUp    int        `json:"taken_up" doc:"how often a server went on with it after another"`
	StartedAt  Null[Time] `json:"started_at"`
	FinishedAt Null[Time] `json:"finished_at"`
	Failure    *string    `json:"failure"`
}

func (a *api) registerMaintenance() {
	const tag = "operations"
	register(a.edge, operation{
		ID: "reindex", Method: http.MethodPost, Path: "/v1/admin/search/reindex", Tag: tag, Permission: account.SearchManage,
		Status: http.StatusAccepted, Summary: "Build the search index anew",
		Description: "The one in service answers until the new one is complete and was compared with the store. While one is being built, " +
			"another is not begun. If its server ends, another one goes on with it.",
	}, func(ctx context.Context, _ *struct{}) (*reply[Reindex], error) {
		build, err := a.shop.Search.StartRebuild(ctx, core.RebuildIndex{By: caller(ctx, "")})
		switch {
		case err == nil:
			a.background("reindex", func(ctx context.Context) error {
				_, err := build.Run(ctx)
				return err
			})
		case fault.CodeOf(err) != "in_use":
			return nil, err
		}
		r, err := a.reindex(ctx)
		if err != nil {
			return nil, err
		}
		return &reply[Reindex]{Body: r, Location: "/v1/admin/search/reindex"}, nil
	})
	register(a.edge, operation{ID: "readReindex", Method: http.MethodGet, Path: "/v1/admin/search/reindex", Tag: tag, Permission: account.SearchManage, Summary: "Show how far the new index has come"},
		func(ctx context.Context, _ *struct{}) (*reply[Reindex], error) {
			r, err := a.reindex(ctx)
			return &reply[Reindex]{Body: r}, err
		})
	if auditor := a.opts.Auditor; auditor != nil {
		register(a.edge, operation{ID: "check", Method: http.MethodGet, Path: "/v1/admin/check", Tag: tag, Permission: account.JobsManage, Deadline: checkTime, Summary: "Look for what must always be true and is not"},
			func(ctx context.Context, _ *struct{}) (*reply[Violations], error) {
				found, err := auditor.Violations(ctx)
				if err != nil {
					return nil, err
				}
				out := Violations{Violations: make([]Violation, len(found))}
				for i, v := range found {
					out.Violations[i] = Violation(v)
				}
				return &reply[Violations]{Body: out}, nil
			})
	}
	if backup := a.opts.Backup; backup != nil {
		registerStream(a.edge, operation{
			ID: "backup", Method: http.MethodGet, Path: "/v1/admin/backup", Tag: tag, Permission: account.Everything, Produces: "application/x-tar",
			Deadline: -1, Summary: "Send a copy of everything", Description: "Secret keys are among it.",
		}, func(ctx context.Context, _ *struct{}, w http.ResponseWriter, _ *http.Request) error {
			w.Header().Set("Content-Type", "application/x-tar")
			return backup(ctx, w)
		})
	}
}

func (a *api) reindex(ctx context.Context) (Reindex, error) {
	r, err := a.shop.Search.Rebuilt(ctx, core.ReadRebuild{By: caller(ctx, "")})
	if err != nil {
		return Reindex{}, err
	}
	out := Reindex{
		Status: "succeeded", Products: r.Products, Total: r.Total, Checked: r.Checked, TakenUp: r.TakenUp,
		StartedAt: optionalTime(r.StartedAt), FinishedAt: optionalTime(r.FinishedAt),
	}
	switch {
	case r.Index == "":
		out.Status = "idle"
	case r.Running:
		out.Status = "running"
	case r.Failure != "":
		out.Status, out.Failure = "failed", text(r.Failure)
	}
	return out, nil
}

// background runs what goes on after its answer. Failures are logged: there is
// nobody left to tell.
func (a *api) background(name string, work func(context.Context) error) {
	run := a.opts.Background
	if run == nil {
		run = func(work func(context.Context)) { go work(context.Background()) }
	}
	run(func(ctx context.Context) {
		if err := contained(ctx, work); err != nil {
			a.log.LogAttrs(ctx, slog.LevelError, name+" failed", slog.Any("error", err))
		}
	})
}

// contained makes an error of a panic.
func contained(ctx context.Context, work func(context.Context) error) (err error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			err = fault.Wrap(fault.Internal, "panic", fmt.Errorf("%v\n%s", thrown, debug.Stack()))
		}
	}()
	return work(ctx)
}
