package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
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
// Conflict while another build is under way.
func (se *Search) Rebuild(ctx context.Context, cmd RebuildIndex) (int, error) {
	if err := allow(cmd.By, account.SearchManage); err != nil {
		return 0, err
	}
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
	n, err := se.fill(ctx, build, cmd)
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

func (se *Search) fill(ctx context.Context, build ports.IndexBuild, cmd RebuildIndex) (int, error) {
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
		return nil
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
