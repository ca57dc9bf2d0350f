package core

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/feed"
)

// ahead reads a feed while what was read before is being worked on: one
// goroutine unpacks it, some decode.
type ahead struct {
	batches chan chan decoded // in the feed's order, one batch each
	stop    chan struct{}
	all     sync.WaitGroup
	err     error // why there are no more; nil: the feed is at its end. After batches is closed.
}

// fed is a line or what is wrong with it.
type fed struct {
	line   *feed.Line
	reject *feed.Reject
	bytes  int // of the feed, up to it
}

// decoded is a batch of lines, or why there is none.
type decoded struct {
	lines []fed
	err   error
}

// undecoded is a batch of lines and where it goes.
type undecoded struct {
	lines []feed.Raw
	to    chan decoded // takes one without waiting
}

const (
	aheadLines   = 100 // in a batch
	aheadBatches = 8   // that wait
	maxDecoders  = 4
)

func readAhead(lines *feed.Reader) *ahead {
	a := &ahead{batches: make(chan chan decoded, aheadBatches), stop: make(chan struct{})}
	work := make(chan undecoded)
	for range min(maxDecoders, runtime.GOMAXPROCS(0)) {
		a.all.Go(func() {
			decoder := feed.NewDecoder()
			for batch := range work {
				batch.to <- decode(decoder, batch.lines)
			}
		})
	}
	a.all.Go(func() { a.read(lines, work) })
	return a
}

func (a *ahead) read(lines *feed.Reader, work chan<- undecoded) {
	defer close(a.batches)
	defer close(work)
	defer caught(&a.err)
	for more := true; more; {
		batch := undecoded{to: make(chan decoded, 1)}
		for more && len(batch.lines) < aheadLines {
			var raw feed.Raw
			raw, a.err = lines.Raw()
			if more = a.err == nil && !raw.End(); more {
				raw.Data = bytes.Clone(raw.Data)
				batch.lines = append(batch.lines, raw)
			}
		}
		select {
		case a.batches <- batch.to:
			work <- batch
		case <-a.stop:
			return
		}
	}
}

func decode(decoder *feed.Decoder, lines []feed.Raw) (d decoded) {
	defer caught(&d.err)
	d.lines = make([]fed, len(lines))
	for i, raw := range lines {
		e := &d.lines[i]
		e.line, e.reject = raw.Decode(decoder)
		e.bytes = raw.Bytes
	}
	return d
}

// caught makes an error of a panic, which on nobody's goroutine would end the
// process.
func caught(err *error) {
	if p := recover(); p != nil {
		*err = fault.Wrap(fault.Internal, "core.import", fmt.Errorf("panic: %v", p))
	}
}

// end stops reading and waits until it has stopped.
func (a *ahead) end() {
	close(a.stop)
	a.all.Wait()
}
