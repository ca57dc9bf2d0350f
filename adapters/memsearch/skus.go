package memsearch

import "sync"

// skus is what an index knows of each SKU, by id.SKU.Fold.
type skus struct {
	mu      sync.RWMutex
	entries map[string]entry
}

// entry is a SKU's version and the ordinal of its document, none for a
// tombstone. before is the ordinal it had in the state readers may still hold.
type entry struct {
	version     int64
	digest      uint64 // search.Document.Digest
	doc, before uint32
}

const none = ^uint32(0)

func newSKUs(size int) *skus { return &skus{entries: make(map[string]entry, size)} }

func (s *skus) at(folded string) (entry, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	e, ok := s.entries[folded]
	return e, ok
}

func (s *skus) set(folded string, e entry) {
	s.mu.Lock()
	s.entries[folded] = e
	s.mu.Unlock()
}
