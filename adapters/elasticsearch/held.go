package elasticsearch

import (
	"context"
	"net/http"
	"slices"

	"github.com/bodega-commerce/bodega/core/search"
)

// Held is ports.IndexReader.Held.
func (e *Engine) Held(ctx context.Context, docs []search.Document) ([]bool, error) {
	held := make([]bool, 0, len(docs))
	t, err := e.writeTo(ctx)
	if err != nil {
		return nil, err
	}
	if len(t.all) > 1 { // what one index holds, the one being built may not
		return held[:len(docs)], nil
	}
	for some := range slices.Chunk(docs, maxBulkDocs) {
		ids := make([]string, len(some))
		for i := range some {
			ids[i] = some[i].SKU.Fold()
		}
		var told struct {
			Docs []struct {
				Found  bool
				Source struct {
					Digest  int64
					Deleted bool
				} `json:"_source"`
			}
		}
		path := "/" + t.service + "/_mget?_source_includes=digest,deleted&filter_path=docs.found,docs._id,docs._source"
		if err := e.call(ctx, e.writes, http.MethodPost, path, object{"ids": ids}, &told); err != nil {
			return nil, err
		}
		for i := range some {
			there := i < len(told.Docs) && told.Docs[i].Found
			held = append(held, there && told.Docs[i].Source.Deleted == some[i].Deleted && told.Docs[i].Source.Digest == int64(some[i].Digest()))
		}
	}
	return held, nil
}

// Entries is ports.IndexReader.Entries.
func (e *Engine) Entries(ctx context.Context, after string, limit int) ([]search.Entry, error) {
	entries, err := e.entries(ctx, e.serving(), after, limit)
	if refusedAs(err, http.StatusNotFound, "") { // there is no index yet
		return []search.Entry{}, nil
	}
	return entries, err
}

func (e *Engine) entries(ctx context.Context, index, after string, limit int) ([]search.Entry, error) {
	body := object{
		"size": limit, "_source": false, "track_total_hits": false, "docvalue_fields": []string{"version", "digest"},
		"query": object{"bool": object{"filter": object{"term": object{"deleted": false}}}},
		"sort":  []object{{"key": "asc"}},
	}
	if after != "" {
		body["search_after"] = []string{after}
	}
	var told struct {
		Hits struct {
			Hits []struct {
				Sort   []string
				Fields struct{ Version, Digest []int64 }
			}
		}
	}
	path := "/" + index + "/_search?filter_path=hits.hits.sort,hits.hits.fields"
	if err := e.call(ctx, e.writes, http.MethodPost, path, body, &told); err != nil {
		return nil, err
	}
	entries := make([]search.Entry, len(told.Hits.Hits))
	for i, h := range told.Hits.Hits {
		entries[i] = search.Entry{Key: sole(h.Sort), Version: sole(h.Fields.Version), Digest: uint64(sole(h.Fields.Digest))}
	}
	return entries, nil
}

// sole returns the value of a field that has one.
func sole[T any](values []T) (value T) {
	if len(values) > 0 {
		value = values[0]
	}
	return value
}
