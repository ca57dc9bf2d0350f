package core

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// RebuildIndex asks for a new index made from the store.
type RebuildIndex struct {
	By account.Actor
	// First says that nobody has written to the index yet: it is in memory and
	// the shop is starting. Versions need not be raised then.
	First    bool
	Progress func(products int) // called now and then; nil: not
}

// Rebuild makes a new index beside the one in service and puts it in its
// place, and returns how many products it went through. Needs search.manage.
// Conflict (in_use) while another build is under way, in whatever program.
func (se *Search) Rebuild(ctx context.Context, cmd RebuildIndex) (n int, err error) {
	if err := allow(cmd.By, account.SearchManage); err != nil {
		return 0, err
	}
	if cmd.First { // of an index that is this program's alone
		return se.rebuild(ctx, cmd, func() error { return nil })
	}
	w, err := se.s.Catalog.Works.Work(ctx, search.WorkRebuild)
	if err != nil {
		return 0, err
	}
	if !w.Free(se.s.Now()) {
		return 0, errRebuilding
	}
	w.Holder = se.s.ids.New().String()
	if err := se.hold(ctx, &w); err != nil {
		return 0, err
	}
	held := se.s.Now()
	n, err = se.rebuild(ctx, cmd, func() error {
		if se.s.Now().Sub(held) < rebuildLease/8 {
			return nil
		}
		held = se.s.Now()
		return se.hold(ctx, &w)
	})
	w.Holder, w.Until = "", time.Time{}
	_ = saveWork(context.WithoutCancel(ctx), se, &w, struct{}{}) // else it is free when the lease ends
	return n, err
}

// rebuildLease is how long a program that builds may be silent before another
// one may begin.
const rebuildLease = 2 * time.Minute

var errRebuilding = fault.New(fault.Conflict, "in_use", "the index is being built already")

// hold takes a rebuild up, or goes on with it.
func (se *Search) hold(ctx context.Context, w *search.Work) error {
	w.Until = se.s.Now().Add(rebuildLease)
	err := saveWork(ctx, se, w, struct{}{})
	if fault.Is(err, fault.Stale) { // somebody was quicker, or took this program for dead
		return errRebuilding
	}
	return err
}

// rebuild builds; it calls beat often.
func (se *Search) rebuild(ctx context.Context, cmd RebuildIndex, beat func() error) (int, error) {
	at, err := se.s.Catalog.Marks.Position(ctx)
	if err != nil {
		return 0, err
	}
	if err := se.define(ctx, at); err != nil {
		return 0, err
	}
	build, err := se.s.Search.Begin(ctx)
	if err != nil {
		return 0, err
	}
	n, err := se.fill(ctx, build, cmd, beat)
	if err == nil {
		err = build.Commit(ctx)
	}
	if err != nil {
		_ = build.Abort(context.WithoutCancel(ctx)) // the first error is the one to tell
		return n, err
	}
	return n, nil
}

// rebuildBatch is how many products go into the new index at once.
const rebuildBatch = 500

func (se *Search) fill(ctx context.Context, build ports.IndexBuild, cmd RebuildIndex, beat func() error) (int, error) {
	n := 0
	batch := make([]catalog.Product, 0, rebuildBatch)
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		docs, err := se.batch(ctx, batch, cmd.First)
		if err != nil {
			return err
		}
		if len(docs) > 0 {
			if _, err := build.Add(ctx, docs); err != nil {
				return err
			}
		}
		n += len(batch)
		batch = batch[:0]
		if cmd.Progress != nil {
			cmd.Progress(n)
		}
		return beat()
	}
	err := se.s.Catalog.Records.All(ctx, func(p catalog.Product) error {
		if batch = append(batch, p); len(batch) < rebuildBatch {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	return n, err
}

// batch makes documents of products just read. While others write to the index
// too, a version must be raised before its product is read: the products are
// read again.
func (se *Search) batch(ctx context.Context, products []catalog.Product, first bool) ([]search.Document, error) {
	if !first {
		ids := make([]id.Product, len(products))
		for i := range products {
			ids[i] = products[i].ID
		}
		raised, mark, err := se.raise(ctx, ids)
		if err != nil {
			return nil, err
		}
		docs, _, err := se.documents(ctx, ids, raised, mark)
		return docs, err
	}
	at, err := se.s.Catalog.Marks.Position(ctx)
	if err != nil {
		return nil, err
	}
	b, err := se.binder(ctx, at)
	if err != nil {
		return nil, err
	}
	var skus []id.SKU
	for i := range products {
		skus = append(skus, products[i].SKUs()...)
	}
	if err := b.count(ctx, skus); err != nil {
		return nil, err
	}
	docs := make([]search.Document, 0, len(skus))
	for i := range products {
		for _, sku := range products[i].SKUs() {
			if d := b.document(&products[i], sku, 0); !d.Deleted {
				docs = append(docs, d)
			}
		}
	}
	return docs, nil
}
