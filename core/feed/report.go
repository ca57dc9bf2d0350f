package feed

import (
	"time"

	"github.com/bodega-commerce/bodega/core/id"
)

// Status is how far an import has come.
type Status string

const (
	Queued    Status = "queued"
	Running   Status = "running"
	Succeeded Status = "succeeded" // it ran to its end; lines may have been rejected
	Failed    Status = "failed"    // it stopped: unreadable input, strict mode with a bad line, or no store
)

// ReportedRejects is how many rejected lines a stored report comes back with.
const ReportedRejects = 100

// Report counts what an import did, by variant.
type Report struct {
	ID              id.Import
	Status          Status
	DryRun          bool
	Lines           int // gone through so far
	Total           int // in the feed, once it is known
	Created         int
	Updated         int
	Unchanged       int
	Rejected        int
	UnknownMembers  int      // members of lines that nobody knows, ignored
	Notes           []string // what was done about equal options, widened types and the like, the first of them
	Failure         string   // why it failed; "" otherwise
	Errors          []Reject // the first ReportedRejects of them, see ErrorsTruncated
	ErrorsTruncated bool
	StartedAt       time.Time
	FinishedAt      time.Time // zero: not yet
}

// Reject is a line that was not taken.
type Reject struct {
	Line    int    `json:"line"`
	SKU     string `json:"sku"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

// MaxErrors bounds the rejected lines in a report, MaxNotes its notes.
const (
	MaxErrors = 100
	MaxNotes  = 500
)

// Reject counts a line that was not taken, and shows it if it is among the first.
func (r *Report) Reject(lines ...Reject) {
	r.Rejected += len(lines)
	shown := lines[:min(len(lines), max(0, MaxErrors-len(r.Errors)))]
	r.Errors = append(r.Errors, shown...)
	r.ErrorsTruncated = r.ErrorsTruncated || len(shown) < len(lines)
}

// Note records what was done about something unusual, if it is among the first.
func (r *Report) Note(notes ...string) {
	for _, n := range notes {
		switch {
		case len(r.Notes) < MaxNotes:
			r.Notes = append(r.Notes, n)
		case len(r.Notes) == MaxNotes:
			r.Notes = append(r.Notes, "and more of the kind")
		}
	}
}
