package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"sync"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
)

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

// Reindex is how far a new index has come.
type Reindex struct {
	Status   string  `json:"status" enum:"idle,running,succeeded,failed"`
	Products int     `json:"products" doc:"how many are in it"`
	Failure  *string `json:"failure"`
}

func (a *api) registerMaintenance() {
	const tag = "operations"
	r := &reindexing{now: Reindex{Status: "idle"}}
	register(a.edge, operation{
		ID: "reindex", Method: http.MethodPost, Path: "/v1/admin/search/reindex", Tag: tag, Permission: account.SearchManage,
		Status: http.StatusAccepted, Summary: "Build the search index anew",
		Description: "The one in service answers until the new one is complete. While one is being built, another is not begun.",
	}, func(ctx context.Context, _ *struct{}) (*reply[Reindex], error) {
		if r.begin() {
			cmd := core.RebuildIndex{By: caller(ctx, ""), Progress: r.progress}
			a.background("reindex", func(ctx context.Context) error {
				var n int
				err := contained(ctx, func(ctx context.Context) (err error) {
					n, err = a.shop.Search.Rebuild(ctx, cmd)
					return err
				})
				r.end(n, err)
				return err
			})
		}
		return &reply[Reindex]{Body: r.state(), Location: "/v1/admin/search/reindex"}, nil
	})
	register(a.edge, operation{ID: "readReindex", Method: http.MethodGet, Path: "/v1/admin/search/reindex", Tag: tag, Permission: account.SearchManage, Summary: "Show how far the new index has come"},
		func(context.Context, *struct{}) (*reply[Reindex], error) {
			return &reply[Reindex]{Body: r.state()}, nil
		})
	if auditor := a.opts.Auditor; auditor != nil {
		register(a.edge, operation{ID: "check", Method: http.MethodGet, Path: "/v1/admin/check", Tag: tag, Permission: account.JobsManage, Deadline: -1, Summary: "Look for what must always be true and is not"},
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

// reindexing follows the index this server builds.
type reindexing struct {
	mu  sync.Mutex
	now Reindex
}

// begin reports whether the caller is to build; false while somebody does.
func (r *reindexing) begin() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.now.Status == "running" {
		return false
	}
	r.now = Reindex{Status: "running"}
	return true
}

func (r *reindexing) progress(products int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now.Products = products
}

func (r *reindexing) end(products int, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.now = Reindex{Status: "succeeded", Products: products}
	if err != nil {
		r.now.Status, r.now.Failure = "failed", text(problemOf(err, (*route)(nil).locate).Detail)
	}
}

func (r *reindexing) state() Reindex {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.now
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
