package memsearch

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// Index is a search index in memory. Searches read the last published state and
// never wait for writers; as many run at once as there are processors, so that
// under load each is quick instead of all being slow.
type Index struct {
	analyse func(string) string
	weights *weights
	slots   chan struct{}
	rooms   sync.Pool // *scratch
	current atomic.Pointer[snapshot]

	mu    sync.Mutex // writers
	table *table
	next  *build // under way, or nil

	walked walk
}

var (
	_ ports.Searcher     = (*Index)(nil)
	_ ports.Indexer      = (*Index)(nil)
	_ ports.IndexBuilder = (*Index)(nil)
	_ ports.IndexReader  = (*Index)(nil)
)

// New returns an empty index for English text.
func New() *Index { return NewFor("en") }

// NewFor returns an empty index for text of a locale, like "de" or "fr-CH".
// Words are stemmed where the language is known, and folded in any case.
func NewFor(locale string) *Index {
	x := &Index{
		analyse: analyser(locale), weights: newWeights(),
		slots: make(chan struct{}, runtime.GOMAXPROCS(0)),
		rooms: sync.Pool{New: func() any { return new(scratch) }},
	}
	x.table = newTable(x.analyse)
	x.current.Store(x.table.publish())
	return x
}

// Search is ports.Searcher.Search. It never answers Unavailable.
func (x *Index) Search(ctx context.Context, q search.Query) (search.Result, error) {
	if err := q.Validate(); err != nil {
		return search.Result{}, err
	}
	if err := ctx.Err(); err != nil {
		return search.Result{}, fault.Wrap(fault.Canceled, "memsearch", err)
	}
	q = q.Normalize()
	key, state := keyOf(&q), x.current.Load()
	if r, ok := state.answered.find(key); ok {
		return r, nil
	}
	if err := x.enter(ctx); err != nil {
		return search.Result{}, err
	}
	defer x.leave()
	room := x.room()
	defer x.rooms.Put(room)
	r := state.search(&q, x.weights, room)
	state.answered.keep(key, r)
	return r, nil
}

// enter waits for a processor.
func (x *Index) enter(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fault.Wrap(fault.Canceled, "memsearch", err)
	}
	select {
	case x.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fault.Wrap(fault.Canceled, "memsearch", ctx.Err())
	}
}

func (x *Index) leave() { <-x.slots }

func (x *Index) room() *scratch {
	room, _ := x.rooms.Get().(*scratch)
	return room
}

// Index is ports.Indexer.Index. What it wrote is found by searches that begin
// after it returns.
func (x *Index) Index(ctx context.Context, docs []search.Document) ([]search.Outcome, error) {
	if err := check(ctx, docs); err != nil {
		return nil, err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	outcomes := x.table.write(docs)
	x.publish()
	if x.next != nil {
		x.next.table.write(docs)
	}
	return outcomes, nil
}

// Define is ports.Indexer.Define.
func (x *Index) Define(ctx context.Context, schema search.Schema) error {
	if err := ctx.Err(); err != nil {
		return fault.Wrap(fault.Canceled, "memsearch", err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.table.define(schema)
	x.publish()
	if x.next != nil {
		x.next.table.define(schema)
	}
	return nil
}

func (x *Index) publish() {
	x.table.refresh()
	x.current.Store(x.table.publish())
}

func check(ctx context.Context, docs []search.Document) error {
	if err := ctx.Err(); err != nil {
		return fault.Wrap(fault.Canceled, "memsearch", err)
	}
	for i := range docs {
		if err := docs[i].Validate(); err != nil {
			return err
		}
	}
	return nil
}
