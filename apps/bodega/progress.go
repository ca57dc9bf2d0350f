package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress tells how far long work has come: a bar on a terminal, a line every
// few seconds elsewhere.
type progress struct {
	notes io.Writer
	what  string // "importing"
	of    string // "lines"
	bar   *progressbar.ProgressBar
	last  time.Time
}

const betweenLines = 5 * time.Second

func (t *terminal) progress(what, of string) *progress {
	p := &progress{notes: t.notes, what: what, of: of, last: time.Now()}
	if isTerminal(t.notes) {
		p.bar = progressbar.NewOptions64(-1, progressbar.OptionSetWriter(t.notes), progressbar.OptionSetDescription(what),
			progressbar.OptionShowCount(), progressbar.OptionShowBytes(of == "bytes"), progressbar.OptionSetPredictTime(true),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	}
	return p
}

// set says that done of total are done; a total of 0 is not known.
func (p *progress) set(done, total int64) {
	if p.bar != nil {
		if total > 0 && p.bar.GetMax64() != total {
			p.bar.ChangeMax64(total)
		}
		// A bar that cannot be drawn is no reason to stop the work.
		_ = p.bar.Set64(done)
		return
	}
	if time.Since(p.last) < betweenLines {
		return
	}
	p.last = time.Now()
	if total > 0 {
		say(p.notes, "%s: %d of %d %s\n", p.what, done, total, p.of)
	} else {
		say(p.notes, "%s: %d %s\n", p.what, done, p.of)
	}
}

// end takes the bar away.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Finish()
	}
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// counted reports what is read through it.
type counted struct {
	io.Reader
	progress    *progress
	done, total int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.done += int64(n)
	c.progress.set(c.done, c.total)
	return n, err
}
