package memsearch

import (
	"context"
	"slices"
	"sync"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
)

// Held is ports.IndexReader.Held: an equal document is not written, and its
// version rises all the same.
func (*Index) Held(context.Context, []search.Document) ([]bool, error) { return nil, nil }

// walk is the keys of an index in order. They are sorted once for as long as no
// SKU is added: a walk asks for them page by page.
type walk struct {
	mu   sync.Mutex
	of   *skus
	keys []string
}

// Entries is ports.IndexReader.Entries.
func (x *Index) Entries(ctx context.Context, after string, limit int) ([]search.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, fault.Wrap(fault.Canceled, "memsearch", err)
	}
	return x.walked.entries(x.current.Load().skus, after, limit), nil
}

func (w *walk) entries(known *skus, after string, limit int) []search.Entry {
	keys := w.over(known)
	at, there := slices.BinarySearch(keys, after)
	if there {
		at++
	}
	entries := make([]search.Entry, 0, min(limit, len(keys)-at))
	for _, key := range keys[at:] {
		if len(entries) == limit {
			return entries
		}
		if e, _ := known.at(key); e.doc != none {
			entries = append(entries, search.Entry{Key: key, Version: e.version, Digest: e.digest})
		}
	}
	w.forget()
	return entries
}

func (w *walk) over(s *skus) []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.mu.RLock()
	fresh := w.of == s && len(w.keys) == len(s.entries) // none is ever taken out
	if !fresh {
		w.keys = make([]string, 0, len(s.entries))
		for key := range s.entries {
			w.keys = append(w.keys, key)
		}
	}
	s.mu.RUnlock()
	if !fresh {
		slices.Sort(w.keys)
		w.of = s
	}
	return w.keys
}

// forget lets go of the keys at the end of a walk.
func (w *walk) forget() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.of, w.keys = nil, nil
}
