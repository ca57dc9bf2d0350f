package core

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
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

// Rebuild makes a new index beside the one in service, or goes on with what
// another program has left unfinished, and puts it in its place. Before that
// every SKU of it is compared with the store. It returns how many products are in
// it. Needs search.manage. Conflict (in_use) while another build is under way, in
// whatever program.
//
// Unavailable and Canceled leave it unfinished; after every other error the index
// is thrown away.
func (se *Search) Rebuild(ctx context.Context, cmd RebuildIndex) (int, error) {
	if cmd.First { // of an index that is this program's alone
		if err := allow(cmd.By, account.SearchManage); err != nil {
			return 0, err
		}
		se.ownIndex.Store(true)
		return se.build(ctx, cmd)
	}
	r, err := se.StartRebuild(ctx, cmd)
	if err != nil {
		return 0, err
	}
	return r.Run(ctx)
}

// StartRebuild is the beginning of Rebuild: from here on every program sees that
// one is under way. Whoever calls it has to Run what it returns.
func (se *Search) StartRebuild(ctx context.Context, cmd RebuildIndex) (*Rebuilding, error) {
	if err := allow(cmd.By, account.SearchManage); err != nil {
		return nil, err
	}
	r := &Rebuilding{se: se, cmd: cmd}
	var err error
	if r.work, err = work(ctx, se, search.WorkRebuild, &r.report); err != nil {
		return nil, err
	}
	now := se.s.Now()
	if !r.work.Free(now) {
		return nil, errRebuilding
	}
	holder := se.s.ids.New()
	if r.report.unfinished() {
		r.report.TakenUp++
		r.report.Failure = ""
	} else {
		name := fmt.Sprintf("%s_%x", now.Format("20060102150405"), holder[len(holder)-3:])
		r.report = RebuildReport{Index: name, StartedAt: now}
	}
	r.work.Holder = holder.String()
	return r, r.save(ctx)
}

const (
	// rebuildLease is how long a program that builds may be silent before another
	// one may go on with it.
	rebuildLease = 2 * time.Minute
	// rebuildBatch is how many products go into the new index at once: some pages.
	rebuildBatch = 5 * catalog.MaxPerPage
	// rebuildSaves is how long what was done may be lost with its program.
	rebuildSaves = 2 * time.Second
	// mendTries bounds how often what the new index lacks is written to it.
	mendTries = 5
)

var errRebuilding = fault.New(fault.Conflict, "in_use", "the index is being built already")

// Rebuilding is this program's part in a rebuild.
type Rebuilding struct {
	se     *Search
	cmd    RebuildIndex
	work   search.Work
	report RebuildReport
	saved  time.Time
}

// Run is the rest of Rebuild.
func (r *Rebuilding) Run(ctx context.Context) (products int, err error) {
	err = errPanic
	defer func() { r.end(ctx, err) }()
	if err = r.run(ctx); fault.Is(err, fault.Exists) { // who built it ended when all was done
		err = nil
	}
	return r.report.Products, err
}

// errPanic stands until something else is known.
var errPanic = fault.New(fault.Internal, "internal", "it panicked")

// end tells all programs how it ended.
func (r *Rebuilding) end(ctx context.Context, err error) {
	if errors.Is(err, errRebuilding) { // somebody took this program for dead
		return
	}
	if err != nil && ctx.Err() == nil {
		r.report.Failure = plainly(err)
	}
	if err == nil || !transient(ctx, err) {
		r.report.FinishedAt = r.se.s.Now()
	}
	r.work.Holder, r.work.Until = "", time.Time{}
	_ = saveWork(context.WithoutCancel(ctx), r.se, &r.work, r.report) // else it is free when the lease ends
}

// transient reports whether a rebuild that ended so can be gone on with.
func transient(ctx context.Context, err error) bool {
	return ctx.Err() != nil || fault.Is(err, fault.Unavailable, fault.Unknown, fault.Canceled)
}

// plainly is what may be told of a failure.
func plainly(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Kind != fault.Internal && f.Detail != "" {
		return f.Detail
	}
	return fault.KindOf(err).String() + " error"
}

// save tells all programs how far it has come, and that this one is at it.
func (r *Rebuilding) save(ctx context.Context) error {
	now := r.se.s.Now()
	r.work.Until, r.saved = now.Add(rebuildLease), now
	err := saveWork(ctx, r.se, &r.work, r.report)
	if fault.Is(err, fault.Stale) { // somebody was quicker, or took this program for dead
		return errRebuilding
	}
	return err
}

// beat is save, as often as it is needed.
func (r *Rebuilding) beat(ctx context.Context) error {
	if r.cmd.Progress != nil {
		r.cmd.Progress(r.report.Products)
	}
	if r.se.s.Now().Sub(r.saved) < rebuildSaves {
		return nil
	}
	return r.save(ctx)
}

func (r *Rebuilding) run(ctx context.Context) (err error) {
	at, err := r.se.s.Catalog.Marks.Position(ctx)
	if err != nil {
		return err
	}
	if err := r.se.define(ctx, at); err != nil {
		return err
	}
	build, resumed, err := r.se.s.Search.Begin(ctx, r.report.Index)
	if err != nil {
		return err
	}
	if !resumed {
		r.report = RebuildReport{Index: r.report.Index, StartedAt: r.report.StartedAt, TakenUp: r.report.TakenUp}
	}
	err = errPanic
	defer func() {
		quit := build.Abort
		if transient(ctx, err) || errors.Is(err, errRebuilding) {
			quit = build.Leave
		}
		_ = quit(context.WithoutCancel(ctx)) // the first error is the one to tell
	}()
	err = r.finish(ctx, build)
	return err
}

// finish fills the index, checks it and puts it in service.
func (r *Rebuilding) finish(ctx context.Context, build ports.IndexBuild) error {
	if !r.report.Filled {
		if err := r.fill(ctx, build); err != nil {
			return err
		}
	}
	if err := r.check(ctx, build); err != nil {
		return err
	}
	if err := r.save(ctx); err != nil { // it is still this program's
		return err
	}
	return build.Commit(ctx)
}

// fill adds all products. What changes behind it is written to this index, too, by
// whoever indexes the change.
func (r *Rebuilding) fill(ctx context.Context, build ports.IndexBuild) error {
	for !r.report.Filled {
		products, err := r.next(ctx)
		if err != nil {
			return err
		}
		if len(products) > 0 {
			if err := r.add(ctx, build, products); err != nil {
				return err
			}
			r.report.Products += len(products)
			r.report.After = products[len(products)-1]
		}
		r.report.Filled = len(products) < rebuildBatch
		if err := r.beat(ctx); err != nil {
			return err
		}
	}
	return nil
}

// next returns the products that are to be added next.
func (r *Rebuilding) next(ctx context.Context) ([]id.Product, error) {
	var ids []id.Product
	b := catalog.Browse{Sort: catalog.BrowseByID, After: catalog.BrowseKey{ID: r.report.After}, Limit: catalog.MaxPerPage, Count: r.report.Total == 0}
	for len(ids) < rebuildBatch {
		found, total, err := r.se.s.Catalog.Records.Browse(ctx, b)
		if err != nil {
			return nil, err
		}
		if b.Count {
			r.report.Total, b.Count = total, false
		}
		for i := range found {
			ids = append(ids, found[i].ID)
		}
		if len(found) < b.Limit {
			break
		}
		b.After = b.Key(&found[len(found)-1])
	}
	return ids, nil
}

// add adds products. While others write to the index too, a version must be
// raised before its product is read.
func (r *Rebuilding) add(ctx context.Context, build ports.IndexBuild, products []id.Product) error {
	raised, mark, err := r.se.raise(ctx, products)
	if err != nil {
		return err
	}
	docs, _, err := r.se.documents(ctx, products, raised, mark)
	if err != nil || len(docs) == 0 {
		return err
	}
	_, err = build.Add(ctx, docs)
	return err
}

// check compares the new index with the store, SKU by SKU. What differs is
// written again; if it then differs in just the same way, the index does not
// keep what it is given. What differs otherwise has changed meanwhile, and
// somebody is about to write that to this index as well.
func (r *Rebuilding) check(ctx context.Context, build ports.IndexBuild) error {
	for {
		p, err := r.se.compare(ctx, build.Entries, r.report.CheckedTo)
		if err != nil {
			return err
		}
		for try := 1; len(p.found) > 0; try++ {
			if try > mendTries {
				return fault.New(fault.Internal, "internal", fmt.Sprintf("the new index does not keep %d SKUs as they are", len(p.found)))
			}
			if err := r.se.repair(ctx, slices.Collect(maps.Values(p.found))); err != nil {
				return err
			}
			again, err := r.se.compare(ctx, build.Entries, r.report.CheckedTo)
			if err != nil {
				return err
			}
			maps.DeleteFunc(p.found, func(key string, d difference) bool { return !again.found[key].alike(d) })
		}
		r.report.Checked += p.checked
		if p.end == "" {
			return nil
		}
		r.report.CheckedTo = p.end
		if err := r.beat(ctx); err != nil {
			return err
		}
	}
}

// build makes the first index of this program: nobody has written to it, and
// nobody can go on with it.
func (se *Search) build(ctx context.Context, cmd RebuildIndex) (n int, err error) {
	at, err := se.s.Catalog.Marks.Position(ctx)
	if err != nil {
		return 0, err
	}
	if err := se.define(ctx, at); err != nil {
		return 0, err
	}
	build, _, err := se.s.Search.Begin(ctx, "")
	if err != nil {
		return 0, err
	}
	batch := make([]catalog.Product, 0, rebuildBatch)
	flush := func() error {
		docs, err := se.firstDocuments(ctx, batch)
		if err == nil && len(docs) > 0 {
			_, err = build.Add(ctx, docs)
		}
		if n += len(batch); err == nil && cmd.Progress != nil {
			cmd.Progress(n)
		}
		batch = batch[:0]
		return err
	}
	err = se.s.Catalog.Records.All(ctx, func(p catalog.Product) error {
		if batch = append(batch, p); len(batch) < rebuildBatch {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err == nil {
		err = build.Commit(ctx)
	}
	if err != nil {
		_ = build.Abort(context.WithoutCancel(ctx)) // the first error is the one to tell
	}
	return n, err
}

// firstDocuments makes documents of products just read.
func (se *Search) firstDocuments(ctx context.Context, products []catalog.Product) ([]search.Document, error) {
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
