package elasticsearch

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
)

// Index is ports.Indexer.Index. It returns when every document is in every
// index that it belongs to; they are found within about a second.
func (e *Engine) Index(ctx context.Context, docs []search.Document) ([]search.Outcome, error) {
	if err := e.check(ctx, docs); err != nil {
		return nil, err
	}
	for try := 1; ; try++ {
		t, err := e.writeTo(ctx)
		if err != nil {
			return nil, err
		}
		outcomes, _, err := e.write(ctx, t.all, t.service, docs)
		if !refusedAs(err, http.StatusNotFound, "") || try == maxTries {
			return outcomes, err
		}
		// An index was dropped since its name was looked up; another is in its place.
		e.stats.notIndexed(FailedMissing, len(docs))
		e.targets.forget()
		if err := e.pause(ctx, 20*time.Millisecond); err != nil {
			return nil, err
		}
	}
}

func (e *Engine) check(ctx context.Context, docs []search.Document) error {
	if err := ctx.Err(); err != nil {
		return e.failed(ctx, err)
	}
	for i := range docs {
		if err := docs[i].Validate(); err != nil {
			return err
		}
	}
	return nil
}

const (
	maxBulkBytes = 4 << 20
	maxBulkDocs  = 1000
)

// write puts documents in indices and answers what became of each in one of
// them, and how many were new to it.
func (e *Engine) write(ctx context.Context, indices []string, service string, docs []search.Document) ([]search.Outcome, int, error) {
	outcomes := make([]search.Outcome, len(docs))
	w := writer{engine: e, indices: indices, service: slices.Index(indices, service), outcomes: outcomes}
	seen := map[string]bool{}
	now := time.Now().UTC()
	for i := range docs {
		key := docs[i].SKU.Fold()
		// What became of a document is told apart by asking for the version in
		// the index, so one SKU is written once at a time.
		if seen[key] || w.body.Len() > maxBulkBytes || len(seen) == maxBulkDocs {
			if err := w.flush(ctx); err != nil {
				return nil, w.created, err
			}
			clear(seen)
		}
		seen[key] = true
		if err := w.add(i, key, &docs[i], now); err != nil {
			return nil, w.created, err
		}
	}
	if err := w.flush(ctx); err != nil {
		return nil, w.created, err
	}
	e.stats.indexed(len(docs))
	return outcomes, w.created, nil
}

// writer gathers documents and sends them in one request.
type writer struct {
	engine   *Engine
	indices  []string
	service  int
	outcomes []search.Outcome
	created  int // documents that were new to the index in service

	body  bytes.Buffer
	items []item
}

// item is a document on its way to one index.
type item struct {
	doc      int // in the caller's order
	target   int
	key      string
	version  int64
	from, to int // its lines in the body
}

func (w *writer) add(i int, key string, d *search.Document, now time.Time) error {
	source, err := encode(newDocument(d, now))
	if err != nil {
		return err
	}
	for target, index := range w.indices {
		from := w.body.Len()
		fmt.Fprintf(&w.body, `{"index":{"_index":%q,"_id":%q,"version":%d,"version_type":"external"}}`+"\n", documentsOf(index), key, d.Version)
		w.body.Write(source)
		w.items = append(w.items, item{doc: i, target: target, key: key, version: d.Version, from: from, to: w.body.Len()})
	}
	return nil
}

// written is what the engine says of one item.
type written struct {
	Status int
	Result string
	Error  struct{ Type, Reason string }
}

// maxTries bounds how often what the engine has no room for is sent again.
const maxTries = 5

// flush sends what was gathered until all of it is taken or known better.
func (w *writer) flush(ctx context.Context) error {
	defer func() {
		w.body.Reset()
		w.items = w.items[:0]
	}()
	var known []item // in the index with this version, or a higher one
	for try := 1; len(w.items) > 0; try++ {
		answers, err := w.send(ctx)
		if err != nil {
			w.engine.stats.notIndexed(FailedUnavailable, len(w.items))
			return err
		}
		var again []item
		var refused error
		for i, a := range answers {
			switch {
			case a.Status < 300:
				if a.Result == "created" && w.items[i].target == w.service {
					w.created++
				}
			case a.Status == http.StatusConflict:
				known = append(known, w.items[i])
			case a.Status == http.StatusNotFound:
				return w.engine.failed(ctx, &refusal{a.Status, a.Error.Type, a.Error.Reason})
			case a.Status == http.StatusTooManyRequests, a.Status >= 500:
				w.engine.stats.notIndexed(FailedRejected, 1)
				again, refused = append(again, w.items[i]), &refusal{a.Status, a.Error.Type, a.Error.Reason}
			default:
				w.engine.stats.notIndexed(FailedDocument, 1)
				return fault.Wrap(fault.Internal, "elasticsearch: document "+w.items[i].key, &refusal{a.Status, a.Error.Type, a.Error.Reason})
			}
		}
		if len(again) > 0 {
			if try == maxTries {
				return w.engine.failed(ctx, refused)
			}
			if err := w.engine.pause(ctx, time.Duration(try*try)*50*time.Millisecond); err != nil {
				return err
			}
		}
		w.keep(again)
	}
	return w.settle(ctx, known)
}

func (w *writer) send(ctx context.Context) ([]written, error) {
	const path = "/_bulk?require_alias=true&filter_path=items.*.status,items.*.result,items.*.error.type,items.*.error.reason"
	var told struct{ Items []map[string]written }
	if err := w.engine.send(ctx, w.engine.writes, http.MethodPost, path, linesType, w.body.Bytes(), &told); err != nil {
		return nil, err
	}
	if len(told.Items) != len(w.items) {
		return nil, &fault.Error{Kind: fault.Internal, Op: "elasticsearch", Detail: "the engine has not answered for every document"}
	}
	answers := make([]written, len(told.Items))
	for i, t := range told.Items {
		answers[i] = t["index"]
	}
	return answers, nil
}

// keep leaves only these items to be sent.
func (w *writer) keep(items []item) {
	var body bytes.Buffer
	kept := make([]item, 0, len(items))
	for _, it := range items {
		from := body.Len()
		body.Write(w.body.Bytes()[it.from:it.to])
		it.from, it.to = from, body.Len()
		kept = append(kept, it)
	}
	w.body, w.items = body, kept
}

// settle tells for documents that were not taken whether they are in the index
// already or the index knows better.
func (w *writer) settle(ctx context.Context, known []item) error {
	known = slices.DeleteFunc(known, func(it item) bool { return it.target != w.service })
	if len(known) == 0 {
		return nil
	}
	ids := make([]string, len(known))
	for i, it := range known {
		ids[i] = it.key
	}
	var told struct {
		Docs []struct {
			Version int64 `json:"_version"`
			Error   struct{ Type string }
		}
	}
	path := "/" + w.indices[w.service] + "/_mget?_source=false&filter_path=docs._version,docs._id,docs.error.type"
	if err := w.engine.call(ctx, w.engine.writes, http.MethodPost, path, object{"ids": ids}, &told); err != nil {
		return err
	}
	for i, d := range told.Docs {
		if d.Error.Type != "" {
			return w.engine.failed(ctx, &refusal{http.StatusServiceUnavailable, d.Error.Type, ""})
		}
		if i < len(known) && d.Version > known[i].version {
			w.outcomes[known[i].doc] = search.Superseded
		}
	}
	return nil
}
