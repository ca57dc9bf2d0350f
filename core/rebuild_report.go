package core

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

// RebuildReport is how far a new index has come. It is kept in the store, so every
// program sees it, and another one goes on from there.
type RebuildReport struct {
	Index      string     `json:"index"` // the name it is built under
	StartedAt  time.Time  `json:"started_at"`
	FinishedAt time.Time  `json:"finished_at"` // zero: it is not finished
	Total      int        `json:"total"`       // products there were when it began
	Products   int        `json:"products"`    // that are in it
	After      id.Product `json:"after"`       // the last of them
	Filled     bool       `json:"filled"`      // with all
	Checked    int        `json:"checked"`     // SKUs that were compared with the store since
	CheckedTo  string     `json:"checked_to"`  // the last of them
	TakenUp    int        `json:"taken_up"`    // how often a program went on with it after another
	Failure    string     `json:"failure"`     // what ended it, or the last program's part in it
	Running    bool       `json:"-"`           // somebody is at it, or will go on with it
}

// unfinished reports whether there is something to go on with.
func (r *RebuildReport) unfinished() bool { return r.Index != "" && r.FinishedAt.IsZero() }

// ReadRebuild asks how far a new index has come.
type ReadRebuild struct {
	By account.Actor
}

// Rebuilt returns the report of the last rebuild; the zero one if there was none.
// Needs search.manage.
func (se *Search) Rebuilt(ctx context.Context, q ReadRebuild) (RebuildReport, error) {
	if err := allow(q.By, account.SearchManage); err != nil {
		return RebuildReport{}, err
	}
	var r RebuildReport
	w, err := work(ctx, se, search.WorkRebuild, &r)
	if err != nil || !r.unfinished() {
		return r, err
	}
	r.Running = !w.Free(se.s.Now())
	if !r.Running && r.Failure == "" {
		// An index that is a program's own ends with it; with every other somebody
		// is about to go on.
		if r.Running = !se.ownIndex.Load(); !r.Running {
			r.Failure = "the program that was building it has ended"
		}
	}
	return r, nil
}

// Interrupted reports whether a rebuild waits for somebody to go on with it.
func (se *Search) Interrupted(ctx context.Context) (bool, error) {
	var r RebuildReport
	w, err := work(ctx, se, search.WorkRebuild, &r)
	return err == nil && r.unfinished() && w.Free(se.s.Now()), err
}
