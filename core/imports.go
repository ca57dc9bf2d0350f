package core

import (
	"context"
	"errors"
	"io"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/feed"
	"github.com/bodega-commerce/bodega/core/id"
)

// Imports brings catalogues in and out. Bringing in needs catalog.write, all
// else catalog.read.
type Imports struct{ s *shared }

// QueueImport announces an import, so that it can be asked about before it runs.
type QueueImport struct {
	By     account.Actor
	DryRun bool
}

// Queue records an import that is to run, and returns its report.
func (im *Imports) Queue(ctx context.Context, cmd QueueImport) (feed.Report, error) {
	if err := allow(cmd.By, account.CatalogWrite); err != nil {
		return feed.Report{}, err
	}
	r := im.report(cmd.DryRun)
	return r, im.s.Catalog.Imports.SaveImport(ctx, r)
}

func (im *Imports) report(dryRun bool) feed.Report {
	return feed.Report{
		ID: id.Import{UUID: im.s.ids.New()}, Status: feed.Queued, DryRun: dryRun, Notes: []string{}, Errors: []feed.Reject{}, StartedAt: im.s.Now(),
	}
}

// RunImport brings a feed into the catalogue.
type RunImport struct {
	By     account.Actor
	Import id.Import // as queued; zero: a new one
	// Open opens the feed at its beginning: JSON lines, plain or gzip. It is
	// called up to three times, because what a feed says of types is known only at
	// its end, and in Strict mode whether it is good.
	Open     func() (io.ReadCloser, error)
	Stock    *int              // first stock of SKUs that never had any; nil: none
	DryRun   bool              // write nothing but the report
	Strict   bool              // write nothing unless every line is good
	Progress func(feed.Report) // called now and then, from one goroutine; nil: not
}

// Run imports a feed and returns its report, which is also stored. A bad line
// is reported and does not stop the rest. The error is not nil only when the
// import could not run to its end; the report then says how far it came, and
// running it again goes on from there, since importing what is there already
// changes nothing.
//
// Feeds that say what is on hand, and Stock, need the permission to adjust
// stock as well.
func (im *Imports) Run(ctx context.Context, cmd RunImport) (feed.Report, error) {
	if err := allow(cmd.By, account.CatalogWrite); err != nil {
		return feed.Report{}, err
	}
	if cmd.Stock != nil {
		if err := allow(cmd.By, account.StockAdjust); err != nil {
			return feed.Report{}, err
		}
		if *cmd.Stock < 0 {
			return feed.Report{}, fault.InvalidField("stock", "too_small", "must not be negative")
		}
	}
	r := im.report(cmd.DryRun)
	if !cmd.Import.IsZero() {
		queued, err := im.s.Catalog.Imports.Import(ctx, cmd.Import)
		if err != nil {
			return feed.Report{}, err
		}
		if queued.Status != feed.Queued {
			return queued, fault.New(fault.Conflict, "already_exists", "this import has run")
		}
		r.ID = queued.ID
	}
	run := &importRun{s: im.s, cmd: cmd, report: r}
	err := run.all(ctx)
	run.report.FinishedAt = im.s.Now()
	run.report.Status = feed.Succeeded
	if err != nil {
		run.report.Status, run.report.Failure = feed.Failed, reason(err)
	}
	// The end is recorded also for who went away meanwhile.
	if saved := im.s.Catalog.Imports.SaveImport(context.WithoutCancel(ctx), run.report); err == nil {
		err = saved
	}
	run.progress()
	return run.report, err
}

// reason is what a report says of an error: what a client would be told.
func reason(err error) string {
	if e, ok := errors.AsType[*fault.Error](err); ok && e.Detail != "" {
		return e.Detail
	}
	return "the import stopped: " + fault.KindOf(err).String()
}

// FindImport asks how an import went.
type FindImport struct {
	By     account.Actor
	Import id.Import
}

// Find returns the report of an import.
func (im *Imports) Find(ctx context.Context, q FindImport) (feed.Report, error) {
	if err := allow(q.By, account.CatalogRead); err != nil {
		return feed.Report{}, err
	}
	return im.s.Catalog.Imports.Import(ctx, q.Import)
}

// ListRejects asks for the lines an import did not take.
type ListRejects struct {
	By        account.Actor
	Import    id.Import
	AfterLine int // the last one seen; 0 begins
	Limit     int // 1..1000
}

// Rejects returns rejected lines by number. NotFound for an import that is not there.
func (im *Imports) Rejects(ctx context.Context, q ListRejects) ([]feed.Reject, error) {
	if err := allow(q.By, account.CatalogRead); err != nil {
		return nil, err
	}
	if err := checkLimit(q.Limit, 1000); err != nil {
		return nil, err
	}
	if _, err := im.s.Catalog.Imports.Import(ctx, q.Import); err != nil {
		return nil, err
	}
	return im.s.Catalog.Imports.Rejects(ctx, q.Import, q.AfterLine, q.Limit)
}
