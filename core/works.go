package core

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
)

// work reads a work and what is in it.
func work[B any](ctx context.Context, se *Search, name search.WorkName, body *B) (search.Work, error) {
	w, err := se.s.Catalog.Works.Work(ctx, name)
	if err != nil || len(w.Body) == 0 {
		return w, err
	}
	if err := json.Unmarshal(w.Body, body); err != nil {
		return w, fault.Wrap(fault.Internal, "core: search work", err)
	}
	return w, nil
}

// saveWork saves a work with what is in it now.
func saveWork[B any](ctx context.Context, se *Search, w *search.Work, body B) error {
	text, err := json.Marshal(body)
	if err != nil {
		return fault.Wrap(fault.Internal, "core: search work", err)
	}
	w.Body = text
	version, err := se.s.Catalog.Works.SaveWork(ctx, *w)
	if err == nil {
		w.Version = version
	}
	return err
}

// ownWorks stand where a store keeps none: there is one program.
type ownWorks struct {
	mu    sync.Mutex
	works map[search.WorkName]search.Work
}

func (o *ownWorks) Work(_ context.Context, name search.WorkName) (search.Work, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	w := o.works[name]
	w.Name = name
	return w, nil
}

func (o *ownWorks) SaveWork(_ context.Context, w search.Work) (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if now := o.works[w.Name].Version; now != w.Version {
		return 0, fault.VersionConflict(now)
	}
	w.Version++
	o.works[w.Name] = w
	return w.Version, nil
}
