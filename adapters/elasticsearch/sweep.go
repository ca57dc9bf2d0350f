package elasticsearch

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	beatEvery = time.Minute
	// abandonedAfter is how long a build may be silent before it counts as left
	// behind by a program that died.
	abandonedAfter = 15 * time.Minute
	// tombstonesFor is how long deletions are remembered: no job is older.
	tombstonesFor = "7d"
)

// beat tells other programs that somebody is at work on the index.
func (b *build) beat(ctx context.Context) error {
	now := time.Now()
	if err := b.engine.call(ctx, b.engine.writes, http.MethodPut, "/"+b.index+"/_mapping",
		object{"_meta": b.engine.meta(now)}, nil); err != nil {
		if refusedAs(err, http.StatusNotFound, "") {
			return errOver
		}
		return err
	}
	b.alive = now
	return nil
}

// Sweep drops what nobody needs any more: tombstones that are a week old,
// indices that were replaced, and builds whose program has died. It may run at
// any time and in several programs; once a day is plenty. Where there is no
// index yet there is nothing to drop.
func (e *Engine) Sweep(ctx context.Context) error {
	t, err := e.found(ctx)
	if err != nil || t.service == "" {
		return err
	}
	// Another program may have made the index a moment ago.
	if err := e.awaitShards(ctx, t.service, ""); err != nil {
		return err
	}
	old := object{"query": object{"range": object{"deleted_at": object{"lt": "now-" + tombstonesFor}}}}
	if err := e.call(ctx, e.writes, http.MethodPost, "/"+t.service+"/_delete_by_query?conflicts=proceed", old, nil); err != nil {
		return err
	}
	return e.sweep(ctx, time.Now())
}

// sweep drops indices that are neither in service nor being built.
func (e *Engine) sweep(ctx context.Context, now time.Time) error {
	var told map[string]struct {
		Aliases  map[string]struct{}
		Mappings struct {
			Meta struct{ Alive int64 } `json:"_meta"`
		}
		Settings struct {
			Index struct {
				Created string `json:"creation_date"`
			}
		}
	}
	path := "/" + e.options.Prefix + "_*?filter_path=*.aliases,*.mappings._meta,*.settings.index.creation_date"
	if err := e.call(ctx, e.writes, http.MethodGet, path, nil, &told); err != nil {
		return err
	}
	for index, t := range told {
		// The alias of its own says that an index is one of documents, and whose.
		if _, ours := t.Aliases[documentsOf(index)]; !ours || !e.named(index) {
			continue
		}
		if _, serving := t.Aliases[e.serving()]; serving {
			continue
		}
		last := max(time.UnixMilli(int64(atoi(t.Settings.Index.Created))).Unix(), t.Mappings.Meta.Alive)
		if now.Sub(time.Unix(last, 0)) > abandonedAfter {
			if err := e.drop(ctx, index); err != nil {
				return err
			}
		}
	}
	return nil
}

// named reports whether an index has a name of this shop's, and not of one
// whose prefix begins like it.
func (e *Engine) named(index string) bool {
	rest := strings.TrimPrefix(index, e.options.Prefix+"_")
	return rest == "first" || len(rest) == len("20060102150405_aabbcc") && !slices.ContainsFunc([]byte(rest[:14]), func(c byte) bool { return c < '0' || c > '9' })
}
