package core

import (
	"context"
	"io"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/feed"
	"github.com/bodega-commerce/bodega/core/id"
)

// Imports brings catalogues in and out.
type Imports struct{ s *shared }

// QueueImport announces an import, so that it can be asked about before it runs.
type QueueImport struct {
	By     account.Actor
	DryRun bool
}

// Queue records an import that is to run, and returns its report.
func (im *Imports) Queue(ctx context.Context, cmd QueueImport) (feed.Report, error) {
	return feed.Report{}, errUnbuilt
}

// RunImport brings a feed into the catalogue.
type RunImport struct {
	By     account.Actor
	Import id.Import // as queued; zero: a new one
	// Open opens the feed at its beginning: JSON lines, plain or gzip. It is
	// called twice, because what a feed says of types and families is known only
	// at its end.
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
func (im *Imports) Run(ctx context.Context, cmd RunImport) (feed.Report, error) {
	return feed.Report{}, errUnbuilt
}

// FindImport asks how an import went.
type FindImport struct {
	By     account.Actor
	Import id.Import
}

// Find returns the report of an import.
func (im *Imports) Find(ctx context.Context, q FindImport) (feed.Report, error) {
	return feed.Report{}, errUnbuilt
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
	return nil, errUnbuilt
}
