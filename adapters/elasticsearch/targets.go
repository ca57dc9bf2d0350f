package elasticsearch

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
)

// Indices are named by when they were made. Searches read the alias of the
// prefix, which is the one index in service; writers write to every index of the
// writing alias, which are that one and those being built. Each index has an
// alias of its own besides, under which documents are written to it: the engine
// makes an index of any name it does not know, but not one of an alias, so a
// write that comes too late cannot bring back what was dropped.
func (e *Engine) serving() string { return e.options.Prefix }
func (e *Engine) writing() string { return e.options.Prefix + "_writing" }

func documentsOf(index string) string { return index + "_docs" }

// newName returns the name of an index that is begun under a name, or now under
// none.
func (e *Engine) newName(now time.Time, name string) string {
	if name != "" {
		return e.options.Prefix + "_" + name
	}
	var salt [3]byte
	_, _ = rand.Read(salt[:]) // never fails
	return fmt.Sprintf("%s_%s_%s", e.options.Prefix, now.UTC().Format("20060102150405"), hex.EncodeToString(salt[:]))
}

// targets are the indices that writers write to.
type targets struct {
	service string // the one in service
	all     []string
	at      time.Time // when they were asked for
}

type targetsCache struct {
	mu    sync.Mutex
	known targets
}

func (c *targetsCache) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known = targets{}
}

// writeTo returns the targets, not older than the engine's Settling, and makes
// the first index where there is none.
func (e *Engine) writeTo(ctx context.Context) (targets, error) {
	e.targets.mu.Lock()
	known := e.targets.known
	e.targets.mu.Unlock()
	if known.service != "" && time.Since(known.at) < e.options.Settling {
		return known, nil
	}
	known, err := e.resolve(ctx)
	if err != nil {
		return targets{}, err
	}
	e.targets.mu.Lock()
	if e.targets.known.at.Before(known.at) {
		e.targets.known = known
	}
	e.targets.mu.Unlock()
	return known, nil
}

func (e *Engine) resolve(ctx context.Context) (targets, error) {
	for range 5 {
		if t, err := e.found(ctx); err != nil || t.service != "" {
			return t, err
		}
		if err := e.createFirst(ctx); err != nil {
			return targets{}, err
		}
	}
	return targets{}, &fault.Error{Kind: fault.Internal, Op: "elasticsearch", Detail: "no index of " + e.serving() + " is in service"}
}

// found returns the targets that there are, without a service where there is no
// index yet.
func (e *Engine) found(ctx context.Context) (targets, error) {
	t := targets{at: time.Now()}
	aliases, err := e.aliases(ctx)
	if err != nil {
		return targets{}, err
	}
	for index, a := range aliases {
		if slices.Contains(a, e.writing()) {
			t.all = append(t.all, index)
			if slices.Contains(a, e.serving()) {
				t.service = index
			}
		}
	}
	slices.Sort(t.all)
	return t, nil
}

// aliases returns the aliases of this shop by index, none if there is no index.
func (e *Engine) aliases(ctx context.Context) (map[string][]string, error) {
	var told map[string]struct{ Aliases map[string]struct{} }
	err := e.call(ctx, e.writes, http.MethodGet, "/_alias/"+e.serving()+","+e.writing()+"?ignore_unavailable=true", nil, &told)
	if refusedAs(err, http.StatusNotFound, "") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	indices := make(map[string][]string, len(told))
	for index, t := range told {
		for alias := range t.Aliases {
			indices[index] = append(indices[index], alias)
		}
	}
	return indices, nil
}

func (e *Engine) firstIndex() string { return e.options.Prefix + "_first" }

// createFirst makes the first index. All programs that find none give it the
// same name, so that one of them makes it.
func (e *Engine) createFirst(ctx context.Context) error {
	err := e.create(ctx, e.firstIndex(), e.serving(), e.writing())
	if refusedAs(err, http.StatusBadRequest, "resource_already_exists_exception") {
		return e.awaitShards(ctx, e.firstIndex(), "")
	}
	return err
}

// awaitShards waits until an index can be searched: a new one is said to be
// yellow before any shard of it is there. Unavailable if that takes
// longer than a minute.
func (e *Engine) awaitShards(ctx context.Context, index, more string) error {
	return e.call(ctx, e.writes, http.MethodGet, "/_cluster/health/"+index+"?wait_for_active_shards=1&timeout=60s"+more, nil, nil)
}

const (
	refreshEvery = "1s"
	replicas     = "0-1" // one, where there is a second node to hold it
)

// Built reports whether the index in service was once filled as a whole, and by a
// program that lays it out as this one does or as a newer one. The first index
// was not: whoever starts a shop on an empty engine has to build it. One of an
// older layout is given the fields that it lacks, if they can just be added, so
// that it takes this program's documents until it is replaced.
func (e *Engine) Built(ctx context.Context) (bool, error) {
	t, err := e.writeTo(ctx)
	if err != nil || t.service == e.firstIndex() {
		return false, err
	}
	laid, err := e.layoutOf(ctx, t.service)
	if err != nil || laid.fits(e.layout()) {
		return err == nil, err
	}
	return false, e.extend(ctx, t.service)
}

// create makes an empty index under its aliases. One that is not to be searched
// yet is quicker to fill.
func (e *Engine) create(ctx context.Context, name string, aliases ...string) error {
	body := indexBody(e.options.Locale)
	settings, _ := body["settings"].(object)
	if slices.Contains(aliases, e.serving()) {
		settings["refresh_interval"], settings["auto_expand_replicas"] = refreshEvery, replicas
	} else {
		settings["refresh_interval"], settings["number_of_replicas"] = "-1", 0
	}
	all := object{documentsOf(name): object{}}
	for _, a := range aliases {
		all[a] = object{}
	}
	body["aliases"] = all
	mappings, _ := body["mappings"].(object)
	mappings["_meta"] = e.meta(time.Time{})
	return e.call(ctx, e.writes, http.MethodPut, "/"+name, body, nil)
}

// drop removes indices, if they are there.
func (e *Engine) drop(ctx context.Context, indices ...string) error {
	for _, index := range indices {
		if err := e.call(ctx, e.writes, http.MethodDelete, "/"+index, nil, nil); err != nil && !refusedAs(err, http.StatusNotFound, "") {
			return err
		}
	}
	return nil
}

// Refresh makes what was written so far found by searches of this engine at
// once. It is for tests and for whoever has just changed a lot; ordinary writes
// are found within about a second.
func (e *Engine) Refresh(ctx context.Context) error {
	t, err := e.writeTo(ctx)
	if err != nil {
		return err
	}
	if err := e.call(ctx, e.writes, http.MethodPost, "/"+t.service+"/_refresh", nil, nil); err != nil {
		return err
	}
	e.schema.forget()
	e.lexicon.forget()
	e.survey.forget()
	e.shapes.forget()
	return nil
}
