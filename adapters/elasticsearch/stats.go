package elasticsearch

import (
	"maps"
	"sync"
	"time"
)

// Why documents were not indexed.
const (
	FailedRejected    = "rejected"    // the engine has too much to do
	FailedUnavailable = "unavailable" // the engine does not answer
	FailedDocument    = "document"    // the engine cannot read the document
	FailedMissing     = "missing"     // the index went away
)

// Stats are figures since the engine was opened.
type Stats struct {
	Searches       int64            // that were tried, completions included
	SearchFailures int64            // of which the engine did not answer
	SearchTime     time.Duration    // all of them took
	Requests       int64            // searches sent to the engine for them
	Indexed        int64            // documents that the index has taken or knew better
	IndexFailures  map[string]int64 // documents it has not, by reason; tries, not documents, where they were tried again
	BreakerOpen    bool
}

type stats struct {
	mu sync.Mutex
	Stats
}

// Stats returns the figures so far.
func (e *Engine) Stats() Stats {
	e.stats.mu.Lock()
	defer e.stats.mu.Unlock()
	s := e.stats.Stats
	s.IndexFailures = maps.Clone(s.IndexFailures)
	s.BreakerOpen = e.breaker.open(time.Now())
	return s
}

func (s *stats) searched(took time.Duration, failed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Searches++
	s.SearchTime += took
	if failed {
		s.SearchFailures++
	}
}

func (s *stats) requested() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Requests++
}

func (s *stats) indexed(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.Indexed += int64(n)
}

func (s *stats) notIndexed(reason string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.IndexFailures == nil {
		s.IndexFailures = map[string]int64{}
	}
	s.IndexFailures[reason] += int64(n)
}
