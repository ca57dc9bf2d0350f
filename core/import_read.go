package core

import (
	"fmt"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/feed"
)

// ahead reads a feed while what was read before is being worked on.
type ahead struct {
	batches chan []fed
	stop    chan struct{}
	err     error // why there are no more; nil: the feed is at its end. After batches is closed.
}

// fed is a line or what is wrong with it.
type fed struct {
	line   *feed.Line
	reject *feed.Reject
	bytes  int // of the feed, up to it
}

const (
	aheadLines   = 100 // in a batch
	aheadBatches = 8   // that wait
)

func readAhead(lines *feed.Reader) *ahead {
	a := &ahead{batches: make(chan []fed, aheadBatches), stop: make(chan struct{})}
	go a.read(lines)
	return a
}

func (a *ahead) read(lines *feed.Reader) {
	defer close(a.batches)
	defer func() {
		if p := recover(); p != nil { // on nobody's goroutine it would end the process
			a.err = fault.Wrap(fault.Internal, "core.import", fmt.Errorf("panic: %v", p))
		}
	}()
	for more := true; more; {
		batch := make([]fed, 0, aheadLines)
		for more && len(batch) < aheadLines {
			var e fed
			e.line, e.reject, a.err = lines.Next()
			if more = a.err == nil && (e.line != nil || e.reject != nil); more {
				e.bytes = lines.Bytes()
				batch = append(batch, e)
			}
		}
		select {
		case a.batches <- batch:
		case <-a.stop:
			return
		}
	}
}

// end stops reading and waits until it has stopped.
func (a *ahead) end() {
	close(a.stop)
	for range a.batches { // until it is closed
	}
}
