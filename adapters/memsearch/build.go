package memsearch

import (
	"context"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// build is an index being built beside the one in service.
type build struct {
	index  *Index
	table  *table
	walked walk
}

// Begin is ports.IndexBuilder.Begin. It takes up none: they end with the program.
func (x *Index) Begin(ctx context.Context, _ string) (_ ports.IndexBuild, resumed bool, err error) {
	if err := ctx.Err(); err != nil {
		return nil, false, fault.Wrap(fault.Canceled, "memsearch", err)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.next != nil {
		return nil, false, fault.New(fault.Conflict, "in_use", "the index is being built already")
	}
	t := newTable(x.analyse)
	t.schema = x.table.schema
	for key, e := range x.table.skus.entries {
		if e.doc == none {
			t.skus.entries[key] = entry{version: e.version, doc: none, before: none}
		}
	}
	x.next = &build{index: x, table: t}
	return x.next, false, nil
}

// Add is ports.IndexBuild.Add.
func (b *build) Add(ctx context.Context, docs []search.Document) ([]search.Outcome, error) {
	if err := check(ctx, docs); err != nil {
		return nil, err
	}
	b.index.mu.Lock()
	defer b.index.mu.Unlock()
	if b.index.next != b {
		return nil, fault.New(fault.Conflict, "in_use", "the build is over")
	}
	return b.table.write(docs), nil
}

// Entries is ports.IndexBuild.Entries.
func (b *build) Entries(ctx context.Context, after string, limit int) ([]search.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, fault.Wrap(fault.Canceled, "memsearch", err)
	}
	b.index.mu.Lock()
	defer b.index.mu.Unlock()
	if b.index.next != b {
		return nil, fault.New(fault.Conflict, "in_use", "the build is over")
	}
	return b.walked.entries(b.table.skus, after, limit), nil
}

// Commit is ports.IndexBuild.Commit.
func (b *build) Commit(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fault.Wrap(fault.Canceled, "memsearch", err)
	}
	x := b.index
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.next != b {
		return fault.New(fault.Conflict, "in_use", "the build is over")
	}
	b.table.compact()
	x.table, x.next = b.table, nil
	x.publish()
	return nil
}

// Abort is ports.IndexBuild.Abort.
func (b *build) Abort(context.Context) error {
	b.index.mu.Lock()
	defer b.index.mu.Unlock()
	if b.index.next == b {
		b.index.next = nil
	}
	return nil
}

// Leave is ports.IndexBuild.Leave.
func (b *build) Leave(ctx context.Context) error { return b.Abort(ctx) }
