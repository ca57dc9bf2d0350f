package elasticsearch

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// build is an index being built beside the one in service.
type build struct {
	engine *Engine
	index  string
	made   bool      // by this program
	docs   int       // that it must have in the end, at least
	alive  time.Time // when the others were told that somebody is at work
}

// Begin is ports.IndexBuilder.Begin. It takes as long as the engine's Settling:
// when it returns, every program writes to the new index too, so that what it is
// filled with from then on is all it can lack. Programs may build at the same
// time; the last to commit stays. A build of another layout is not taken up but
// begun anew.
func (e *Engine) Begin(ctx context.Context, name string) (_ ports.IndexBuild, resumed bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, e.failed(ctx, err)
	}
	b := &build{engine: e, index: e.newName(time.Now(), name)}
	e.mu.Lock()
	if e.build != nil {
		e.mu.Unlock()
		return nil, false, fault.New(fault.Conflict, "in_use", "the index is being built already")
	}
	e.build = b
	e.mu.Unlock()
	if resumed, err = b.begin(ctx); err == nil {
		return b, resumed, nil
	}
	quit := b.Leave
	if b.made {
		quit = b.Abort
	}
	return nil, false, errors.Join(err, quit(context.WithoutCancel(ctx)))
}

func (b *build) begin(ctx context.Context) (resumed bool, err error) {
	e := b.engine
	if _, err := e.resolve(ctx); err != nil {
		return false, err
	}
	if err := e.sweep(ctx, time.Now()); err != nil {
		return false, err
	}
	if resumed, err = b.takeUp(ctx); err != nil {
		return resumed, err
	}
	if !resumed {
		if err := e.create(ctx, b.index, e.writing()); err != nil {
			return false, err
		}
		b.made = true
	}
	e.targets.forget()
	if err := b.beat(ctx); err != nil {
		return resumed, err
	}
	if err := e.pause(ctx, e.options.Settling); err != nil {
		return resumed, err
	}
	return resumed, b.bury(ctx)
}

// takeUp reports whether the index is there already, half filled. One of another
// layout makes room.
func (b *build) takeUp(ctx context.Context) (bool, error) {
	aliases, err := b.engine.aliases(ctx)
	if err != nil {
		return false, err
	}
	of, there := aliases[b.index]
	switch {
	case !there:
		return false, nil
	case slices.Contains(of, b.engine.serving()):
		return false, fault.New(fault.Exists, "in_service", "the index is in service already")
	}
	laid, err := b.engine.layoutOf(ctx, b.index)
	if err != nil || laid == b.engine.layout() {
		return err == nil, err
	}
	return false, b.engine.drop(ctx, b.index)
}

// bury copies the tombstones of the index in service, so that late writes to
// the new one are known for what they are.
func (b *build) bury(ctx context.Context) error {
	e := b.engine
	if err := e.call(ctx, e.writes, http.MethodPost, "/"+e.serving()+"/_refresh", nil, nil); err != nil {
		return err
	}
	body := object{
		"conflicts": "proceed",
		"source":    object{"index": e.serving(), "query": object{"term": object{"deleted": true}}},
		"dest":      object{"index": documentsOf(b.index), "version_type": "external"},
	}
	var told struct {
		Failures []struct{ Cause struct{ Type, Reason string } }
	}
	if err := e.call(ctx, e.writes, http.MethodPost, "/_reindex?require_alias=true", body, &told); err != nil {
		return err
	}
	if len(told.Failures) > 0 {
		return fault.Wrap(fault.Unavailable, "elasticsearch", &refusal{http.StatusServiceUnavailable, told.Failures[0].Cause.Type, told.Failures[0].Cause.Reason})
	}
	return nil
}

var errOver = fault.New(fault.Conflict, "in_use", "the build is over")

func (b *build) under(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return b.engine.failed(ctx, err)
	}
	b.engine.mu.Lock()
	defer b.engine.mu.Unlock()
	if b.engine.build != b {
		return errOver
	}
	return nil
}

// Add is ports.IndexBuild.Add.
func (b *build) Add(ctx context.Context, docs []search.Document) ([]search.Outcome, error) {
	if err := b.under(ctx); err != nil {
		return nil, err
	}
	if err := b.engine.check(ctx, docs); err != nil {
		return nil, err
	}
	if time.Since(b.alive) > beatEvery {
		if err := b.beat(ctx); err != nil {
			return nil, err
		}
	}
	outcomes, created, err := b.engine.write(ctx, []string{b.index}, b.index, docs)
	b.docs += created
	if refusedAs(err, http.StatusNotFound, "") {
		return nil, errOver // somebody took it for abandoned
	}
	return outcomes, err
}

// Entries is ports.IndexBuild.Entries.
func (b *build) Entries(ctx context.Context, after string, limit int) ([]search.Entry, error) {
	if err := b.under(ctx); err != nil {
		return nil, err
	}
	if err := b.engine.call(ctx, b.engine.writes, http.MethodPost, "/"+b.index+"/_refresh", nil, nil); err != nil {
		if refusedAs(err, http.StatusNotFound, "") {
			return nil, errOver
		}
		return nil, err
	}
	return b.engine.entries(ctx, b.index, after, limit)
}

// Commit is ports.IndexBuild.Commit. It takes a little longer than the engine's
// Grace, for the searches that are still in the old index.
func (b *build) Commit(ctx context.Context) error {
	if err := b.under(ctx); err != nil {
		return err
	}
	e := b.engine
	if err := b.bury(ctx); err != nil {
		return err
	}
	if err := b.merge(ctx); err != nil {
		return err
	}
	if err := b.prepare(ctx); err != nil {
		return err
	}
	old, err := b.swap(ctx)
	if err != nil {
		return err
	}
	b.finish()
	e.targets.forget()
	e.lexicon.forget()
	// From here on the new index is in service, whatever becomes of the old one:
	// what is not dropped now is at the next build.
	if e.pause(ctx, e.options.Grace) == nil {
		_ = e.drop(ctx, old...)
	}
	return nil
}

const (
	fewSegments  = 4       // that a new index goes in service with
	segmentBytes = 5 << 30 // the largest that engines merge by themselves
	mergeTime    = time.Minute
)

// merge leaves few segments of the many that filling made: a search goes through
// the buckets of its facets in each. What takes longer than a minute the engine
// ends in service.
func (b *build) merge(ctx context.Context) error {
	e, asked := b.engine, false
	for began := time.Now(); time.Since(began) < mergeTime; {
		if err := e.call(ctx, e.writes, http.MethodPost, "/"+b.index+"/_refresh", nil, nil); err != nil {
			return err
		}
		var told struct {
			All struct {
				Primaries struct {
					Segments struct{ Count int }
					Store    struct {
						Bytes int `json:"size_in_bytes"`
					}
				}
			} `json:"_all"`
		}
		if err := e.call(ctx, e.writes, http.MethodGet, "/"+b.index+"/_stats/segments,store?filter_path=_all.primaries", nil, &told); err != nil {
			return err
		}
		most := fewSegments + told.All.Primaries.Store.Bytes/segmentBytes
		if told.All.Primaries.Segments.Count <= most {
			return nil
		}
		if !asked {
			path := fmt.Sprintf("/%s/_forcemerge?max_num_segments=%d&wait_for_completion=false", b.index, most)
			if err := e.call(ctx, e.writes, http.MethodPost, path, nil, nil); err != nil {
				return err
			}
			asked = true
		}
		if err := e.pause(ctx, 100*time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes the index fit for service and checks that nothing is missing.
func (b *build) prepare(ctx context.Context) error {
	e := b.engine
	settings := object{"index": object{"refresh_interval": refreshEvery, "auto_expand_replicas": replicas}}
	if err := e.call(ctx, e.writes, http.MethodPut, "/"+b.index+"/_settings", settings, nil); err != nil {
		return err
	}
	if err := e.call(ctx, e.writes, http.MethodPost, "/"+b.index+"/_refresh", nil, nil); err != nil {
		return err
	}
	// Replicas are to be there before searches come, but are not worth failing for.
	if err := e.awaitShards(ctx, b.index, "&wait_for_no_initializing_shards=true"); err != nil && !refusedAs(err, http.StatusRequestTimeout, "") {
		return err
	}
	var told struct{ Count int }
	if err := e.call(ctx, e.writes, http.MethodGet, "/"+b.index+"/_count", nil, &told); err != nil {
		return err
	}
	if told.Count < b.docs {
		return &fault.Error{Kind: fault.Internal, Op: "elasticsearch", Detail: fmt.Sprintf("the new index has %d documents of %d", told.Count, b.docs)}
	}
	return nil
}

// swap puts the index in service in one step and returns those it replaced.
func (b *build) swap(ctx context.Context) ([]string, error) {
	e := b.engine
	aliases, err := e.aliases(ctx)
	if err != nil {
		return nil, err
	}
	of, there := aliases[b.index]
	if !there {
		return nil, errOver
	}
	if slices.Contains(of, e.serving()) { // another program went on with it, and was quicker
		return nil, nil
	}
	var old []string
	actions := []object{{"add": object{"index": b.index, "alias": e.serving()}}}
	for index, a := range aliases {
		if slices.Contains(a, e.serving()) {
			old = append(old, index)
			actions = append(actions,
				object{"remove": object{"index": index, "alias": e.serving()}},
				object{"remove": object{"index": index, "alias": e.writing()}})
		}
	}
	return old, e.call(ctx, e.writes, http.MethodPost, "/_aliases", object{"actions": actions}, nil)
}

func (b *build) finish() {
	b.engine.mu.Lock()
	defer b.engine.mu.Unlock()
	if b.engine.build == b {
		b.engine.build = nil
	}
}

// Abort is ports.IndexBuild.Abort.
func (b *build) Abort(ctx context.Context) error {
	if b.under(context.WithoutCancel(ctx)) != nil {
		return nil
	}
	e := b.engine
	b.finish()
	e.targets.forget()
	aliases, err := e.aliases(ctx)
	if err != nil || slices.Contains(aliases[b.index], e.serving()) { // by another program
		return err
	}
	return e.drop(ctx, b.index)
}

// Leave is ports.IndexBuild.Leave.
func (b *build) Leave(context.Context) error {
	b.finish()
	b.engine.targets.forget()
	return nil
}
