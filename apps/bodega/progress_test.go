package main

import (
	"bytes"
	"testing"
	"testing/synctest"
	"time"
)

func TestProgress_Lines(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var notes bytes.Buffer
		p := (&terminal{notes: &notes}).progress("importing", "lines")
		for done := int64(0); done < 120; done += 10 {
			p.set(done, 120)
			time.Sleep(time.Second)
		}
		p.end()
		if want := "importing: 50 of 120 lines\nimporting: 100 of 120 lines\n"; notes.String() != want {
			t.Errorf("noted %q, want %q", notes.String(), want)
		}
	})
}

func TestProgress_NothingForShortWork(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var notes bytes.Buffer
		p := (&terminal{notes: &notes}).progress("exporting", "bytes")
		p.set(1<<20, 0)
		p.end()
		if notes.Len() > 0 {
			t.Errorf("noted %q", notes.String())
		}
	})
}
