package job

import (
	"time"

	"github.com/bodega-commerce/bodega/core/id"
)

// DeadJob is a job that will not be tried again by itself.
type DeadJob struct {
	Envelope
	Attempts int
	Reason   string
	DiedAt   time.Time
}

// DeadFilter is what a list of dead jobs may ask; zero members ask nothing.
type DeadFilter struct {
	Task        string
	Query       string // a part of the reason, ignoring case
	NewestFirst bool   // else oldest first, by id
	After       id.Job // what comes after this in that order; zero: all
	Limit       int
	Count       bool // also count all
}
