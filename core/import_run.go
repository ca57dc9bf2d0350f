package core

import (
	"context"
	"fmt"
	"sync"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/feed"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

// importRun is one import under way, used by one goroutine.
type importRun struct {
	s      *shared
	cmd    RunImport
	report feed.Report
	survey *feed.Survey
	whole  []fed // the feed, if it is short enough to be kept; else nil
	again  bool  // somebody else goes through whole after this run

	taxonomy   *catalog.Taxonomy      // as the import left it
	brands     map[string]id.Brand    // by feed.BrandKey
	categories map[string]id.Category // by joined path
	led        map[id.Product]bool    // products that a line has spoken for
	trial      *trial                 // not nil: nothing is written
}

const (
	chunkLines = 2000     // lines that share a transaction
	keptBytes  = 32 << 20 // of a feed that is read only once; its lines take some three times as much
)

// all runs the import: what the feed says of types and categories first, then
// its lines.
func (r *importRun) all(ctx context.Context) error {
	r.report.Status, r.report.StartedAt = feed.Running, r.s.Now()
	if err := r.s.Catalog.Imports.SaveImport(ctx, r.report); err != nil {
		return err
	}
	if err := r.look(ctx); err != nil {
		return err
	}
	if r.survey.HasStock {
		if err := allow(r.cmd.By, account.StockAdjust); err != nil {
			return err
		}
	}
	if r.cmd.Strict && !r.cmd.DryRun {
		if err := r.rehearse(ctx); err != nil {
			return err
		}
	}
	if r.cmd.DryRun {
		r.trial = newTrial()
	}
	if err := r.describe(ctx); err != nil {
		return err
	}
	if err := r.lines(ctx); err != nil {
		return err
	}
	if r.cmd.Strict && r.report.Rejected > 0 {
		return strictly(r.report.Rejected)
	}
	return nil
}

func strictly(bad int) error {
	return fault.New(fault.Invalid, "validation_failed", fmt.Sprintf("%d lines are not good, and the import is strict", bad))
}

// rehearse goes through a strict import without writing, so that it writes
// nothing unless all is good. Its findings are the report when it is not.
func (r *importRun) rehearse(ctx context.Context) error {
	try := &importRun{s: r.s, cmd: r.cmd, report: r.report, survey: r.survey, whole: r.whole, again: true, trial: newTrial()}
	if err := try.describe(ctx); err != nil {
		return err
	}
	if err := try.lines(ctx); err != nil {
		return err
	}
	if try.report.Rejected == 0 {
		return nil
	}
	r.report = try.report
	r.report.Created, r.report.Updated, r.report.Unchanged = 0, 0, 0
	return strictly(r.report.Rejected)
}

// look reads the whole feed once, and keeps it if it is short.
func (r *importRun) look(ctx context.Context) error {
	r.survey = feed.NewSurvey()
	whole := []fed{}
	err := r.each(ctx, func(e fed) error {
		r.report.Total++
		if e.line != nil && r.currencyOf(e.line) == nil {
			r.survey.Add(e.line)
		}
		if whole = append(whole, e); e.bytes > keptBytes {
			whole = nil
		}
		if r.report.Total%10_000 == 0 {
			r.progress()
		}
		return nil
	})
	if len(whole) == r.report.Total {
		r.whole = whole
	}
	return err
}

// each calls fn with every line or reject of the feed.
func (r *importRun) each(ctx context.Context, fn func(fed) error) error {
	if r.whole != nil {
		return r.call(ctx, r.whole, fn)
	}
	in, err := r.cmd.Open()
	if err != nil {
		return fault.Wrap(fault.Unavailable, "core.import", err)
	}
	defer in.Close() // it was only read
	lines, err := feed.NewReader(in)
	if err != nil {
		return err
	}
	ahead := readAhead(lines)
	defer ahead.end()
	for next := range ahead.batches {
		batch := <-next
		if batch.err != nil {
			return batch.err
		}
		if err := r.call(ctx, batch.lines, fn); err != nil {
			return err
		}
	}
	return ahead.err
}

func (r *importRun) call(ctx context.Context, batch []fed, fn func(fed) error) error {
	for i, e := range batch {
		if err := ctx.Err(); err != nil {
			return fault.Wrap(fault.Canceled, "core.import", err)
		}
		if !r.again {
			batch[i] = fed{} // lines are large: no more of them is kept than is yet to be worked on
		}
		if err := fn(e); err != nil {
			return err
		}
	}
	return nil
}

// currencyOf rejects a line whose prices are not in the shop's currency.
func (r *importRun) currencyOf(l *feed.Line) *feed.Reject {
	ours := func(a money.Amount) bool { return a.IsNone() || a.Currency() == r.s.Currency }
	if ours(l.Price) && ours(l.CompareAt) && ours(l.BasePrice) {
		return nil
	}
	return l.Reject("currency_mismatch", "the shop's currency is "+string(r.s.Currency))
}

// batch is what is brought in at once: lines, and rejects that were met among them.
type batch struct {
	lines   []prepared
	rejects []feed.Reject
	unknown int // members
}

// lines goes through the feed in batches: one is prepared while the one before
// is stored.
func (r *importRun) lines(ctx context.Context) error {
	r.led = map[id.Product]bool{}
	ctx, stop := context.WithCancel(ctx)
	batches := make(chan batch)
	var preparing sync.WaitGroup
	var failed error // of preparing, after batches is closed
	preparing.Go(func() {
		defer close(batches)
		defer caught(&failed)
		failed = r.prepareAll(ctx, batches)
	})
	defer preparing.Wait()
	defer stop()
	for b := range batches {
		if err := r.store(ctx, b); err != nil {
			return err
		}
	}
	return failed
}

func (r *importRun) store(ctx context.Context, b batch) error {
	more, err := r.chunk(ctx, b.lines)
	if err != nil {
		return err
	}
	rejects := append(b.rejects, more...)
	r.report.UnknownMembers += b.unknown
	r.report.Lines += len(b.lines) + len(b.rejects)
	r.report.Reject(rejects...)
	if len(rejects) > 0 {
		if err := r.s.Catalog.Imports.AddRejects(ctx, r.report.ID, rejects); err != nil {
			return err
		}
	}
	r.progress()
	return r.remember(ctx)
}

// remember stores the report now and then, for who asks how it goes.
func (r *importRun) remember(ctx context.Context) error {
	if r.report.Lines/chunkLines%5 != 0 {
		return nil
	}
	return r.s.Catalog.Imports.SaveImport(ctx, r.report)
}

func (r *importRun) progress() {
	if r.cmd.Progress != nil {
		r.cmd.Progress(r.report)
	}
}
