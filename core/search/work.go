package search

import "time"

// WorkName names what one program at a time does to the index for all of them.
type WorkName string

// The works.
const (
	WorkCompare WorkName = "compare" // looking for drift
	WorkRebuild WorkName = "rebuild"
)

// Work is who is at such a work, and how far it has come.
type Work struct {
	Name    WorkName
	Version int64     // rises with every save; 0: never saved
	Holder  string    // ""; nobody is at it
	Until   time.Time // after that somebody else may go on
	Body    []byte    // JSON; empty: never saved
}

// Free reports whether somebody other than the holder may begin.
func (w Work) Free(now time.Time) bool { return w.Holder == "" || !now.Before(w.Until) }
