package sim

import (
	"fmt"
	"strings"
	"time"
)

// line is a moment of a history.
type line struct {
	at        time.Duration
	who, what string
	how       string // what became of it; "": it went well
}

// tell adds to the history.
func (w *world) tell(p *party, what, how string) {
	w.story = append(w.story, line{time.Since(w.began), p.name, what, how})
}

// timeline is the history for people to read.
func (w *world) timeline() string {
	var b strings.Builder
	for _, l := range w.story {
		fmt.Fprintf(&b, "%10.3fs  %-44s %s", l.at.Seconds(), l.who, l.what)
		if l.how != "" {
			fmt.Fprintf(&b, "  -> %s", l.how)
		}
		b.WriteByte('\n')
	}
	return b.String()
}
