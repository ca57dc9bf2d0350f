package core

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

const (
	// comparePage is how many SKUs, and entries of the index, are compared at once.
	comparePage = 1000
	// compareEvery is how long after a comparison another one begins,
	// compareFirst how long after the program did.
	compareEvery = 10 * time.Minute
	compareFirst = time.Minute
	// compareLook is how often others look whether somebody is at it, and
	// compareLease how long one that is silent counts as being.
	compareLook  = 30 * time.Second
	compareLease = 2 * time.Minute
	// driftGrace is how long jobs may take: what differs no longer is not drift.
	driftGrace = time.Minute
	// maxDoubtful pages wait for that at once.
	maxDoubtful = 50
)

// comparison is where a comparison of this program stands.
type comparison struct {
	mu      sync.Mutex
	next    time.Time // nothing is to be done before
	work    search.Work
	reports DriftReport // Now: it is this program's
	saved   time.Time
	after   string // the SKU it has come to
	through bool   // that was the last one
	doubts  []doubt
}

// doubt is a page on which something differed, and when.
type doubt struct {
	after string
	at    time.Time
	found map[string]difference
}

// difference is a SKU of which index and store say different things.
type difference struct {
	Drift
	want, got uint64 // digests
	version   int64  // in the index
}

// alike reports whether it is the same difference, whatever was written meanwhile.
func (d difference) alike(other difference) bool {
	return d.want == other.want && d.got == other.got && d.Kind == other.Kind
}

// Compare goes one step further in comparing the index with the store, and
// begins anew every ten minutes. Of all programs one does. What differs is looked
// at again a minute later; if it still differs in just that way, no job was about
// to mend it: it is counted, and repaired. It returns how many SKUs that were.
func (se *Search) Compare(ctx context.Context) (repaired int, err error) {
	c := &se.comparison
	if !c.mu.TryLock() {
		return 0, nil
	}
	defer c.mu.Unlock()
	now := se.s.Now()
	if c.next.IsZero() {
		c.next = now.Add(compareFirst)
	}
	if now.Before(c.next) {
		return 0, nil
	}
	if c.reports.Now == nil {
		err = se.takeUp(ctx, c, now)
	}
	if err == nil && c.reports.Now != nil {
		repaired, err = se.advance(ctx, c, now)
	}
	if fault.Is(err, fault.Stale) { // somebody else has taken it up
		c.reports.Now, c.next, err = nil, now.Add(compareLook), nil
	}
	if err != nil {
		c.next = now.Add(compareLook)
	}
	return repaired, err
}

// takeUp begins a comparison if one is due and nobody is at it.
func (se *Search) takeUp(ctx context.Context, c *comparison, now time.Time) (err error) {
	if c.work, c.reports, err = se.reports(ctx); err != nil {
		c.reports.Now = nil
		return err
	}
	c.reports.Now = nil
	if !c.work.Free(now) {
		c.next = now.Add(compareLook)
		return nil
	}
	if last := c.reports.Last; last != nil && now.Before(last.FinishedAt.Add(compareEvery)) {
		c.next = last.FinishedAt.Add(compareEvery)
		return nil
	}
	c.work.Holder = se.s.ids.New().String()
	c.after, c.through, c.doubts = "", false, nil
	c.reports.Now = &DriftCheck{StartedAt: now}
	return se.saveComparison(ctx, c, now)
}

func (se *Search) saveComparison(ctx context.Context, c *comparison, now time.Time) error {
	c.work.Until, c.saved = now.Add(compareLease), now
	return saveWork(ctx, se, &c.work, c.reports)
}

// advance compares a page, or looks again at one, or ends the comparison.
func (se *Search) advance(ctx context.Context, c *comparison, now time.Time) (repaired int, err error) {
	check := c.reports.Now
	switch {
	case len(c.doubts) > 0 && !now.Before(c.doubts[0].at.Add(driftGrace)):
		var drifted []difference
		if drifted, err = se.confirm(ctx, c.doubts[0]); err != nil {
			return 0, err
		}
		c.doubts = c.doubts[1:]
		for _, d := range drifted {
			check.count(d.Drift)
		}
		if err = se.repair(ctx, drifted); err == nil {
			repaired = len(drifted)
			check.Repaired += repaired
		}
	case !c.through && len(c.doubts) < maxDoubtful:
		var p page
		if p, err = se.compare(ctx, se.s.Search.Entries, c.after); err == nil {
			check.Checked += p.checked
			if len(p.found) > 0 {
				c.doubts = append(c.doubts, doubt{c.after, now, p.found})
			}
			c.after, c.through = p.end, p.end == ""
		}
	case c.through && len(c.doubts) == 0:
		check.FinishedAt = now
		c.reports, c.next = DriftReport{Last: check}, now.Add(compareEvery)
		c.work.Holder, c.work.Until = "", time.Time{}
		return 0, saveWork(ctx, se, &c.work, c.reports)
	}
	if err == nil && now.Sub(c.saved) > compareLease/4 {
		err = se.saveComparison(ctx, c, now)
	}
	return repaired, err
}

// page is what came of comparing one stretch of SKUs.
type page struct {
	checked int
	found   map[string]difference // by id.SKU.Fold
	end     string                // where the next one begins; "": there is none
}

// entries is ports.IndexReader.Entries of some index.
type entries func(ctx context.Context, after string, limit int) ([]search.Entry, error)

// compare compares the SKUs of an index after a given one.
func (se *Search) compare(ctx context.Context, of entries, after string) (page, error) {
	p := page{found: make(map[string]difference)}
	skus, err := se.s.Catalog.Records.SKUs(ctx, after, comparePage)
	if err != nil {
		return p, err
	}
	held, err := of(ctx, after, comparePage)
	if err != nil {
		return p, err
	}
	skus, held, p.end = sameStretch(skus, held)
	docs, err := se.expected(ctx, skus)
	if err != nil {
		return p, err
	}
	p.checked = len(docs)
	for _, e := range held {
		d, known := docs[e.Key]
		delete(docs, e.Key)
		kind := DriftStale
		if !known || d.Deleted {
			d.SKU, kind = id.SKU(e.Key), DriftOrphaned
		}
		if want := d.Digest(); !known || want != e.Digest {
			p.found[e.Key] = difference{Drift: Drift{d.SKU, d.Product, kind}, want: want, got: e.Digest, version: e.Version}
		}
	}
	for key, d := range docs {
		if !d.Deleted {
			p.found[key] = difference{Drift: Drift{d.SKU, d.Product, DriftMissing}, want: d.Digest()}
		}
	}
	return p, nil
}

// sameStretch cuts both lists to as far as both reach, if they do not both end.
func sameStretch(skus []id.SKU, entries []search.Entry) ([]id.SKU, []search.Entry, string) {
	end := ""
	if len(skus) == comparePage {
		end = skus[len(skus)-1].Fold()
	}
	if len(entries) == comparePage && (end == "" || entries[len(entries)-1].Key < end) {
		end = entries[len(entries)-1].Key
	}
	if end != "" {
		skus = slices.DeleteFunc(skus, func(s id.SKU) bool { return s.Fold() > end })
		entries = slices.DeleteFunc(entries, func(e search.Entry) bool { return e.Key > end })
	}
	return skus, entries, end
}

// confirm looks again at a page and returns what differs as it did.
func (se *Search) confirm(ctx context.Context, d doubt) ([]difference, error) {
	p, err := se.compare(ctx, se.s.Search.Entries, d.after)
	var drifted []difference
	for key, before := range d.found {
		if p.found[key] == before {
			drifted = append(drifted, before)
		}
	}
	slices.SortFunc(drifted, func(a, b difference) int { return strings.Compare(string(a.SKU), string(b.SKU)) })
	return drifted, err
}

// repair makes the index say of SKUs what the store does.
func (se *Search) repair(ctx context.Context, drifted []difference) error {
	if len(drifted) == 0 {
		return nil
	}
	var products []id.Product
	var orphans []id.SKU
	past := int64(0) // the store may come from a backup, and not know of versions that the index has
	for _, d := range drifted {
		past = max(past, d.version)
		if d.Kind == DriftOrphaned {
			orphans = append(orphans, d.SKU)
		} else {
			products = append(products, d.Product)
		}
	}
	var version int64
	if _, err := se.s.Catalog.Tx.InTx(ctx, func(ctx context.Context, tx ports.CatalogTx) (err error) {
		version, err = tx.Versions.Draw(ctx, past)
		return err
	}); err != nil {
		return err
	}
	changed, err := se.bury(ctx, orphans, version)
	if products = append(products, changed...); err != nil || len(products) == 0 {
		return err
	}
	return se.Index(ctx, products)
}

// bury puts tombstones in the place of what is not on sale, and returns the
// products that came back meanwhile.
func (se *Search) bury(ctx context.Context, orphans []id.SKU, version int64) ([]id.Product, error) {
	if len(orphans) == 0 {
		return nil, nil
	}
	now, err := se.expected(ctx, orphans)
	if err != nil {
		return nil, err
	}
	var docs []search.Document
	for _, sku := range orphans {
		if d := now[sku.Fold()]; d.Deleted {
			d.Version = version
			docs = append(docs, d)
		}
	}
	written, ordered, err := se.write(ctx, docs)
	if err != nil || ordered || len(written) == 0 {
		return nil, err
	}
	return se.outdated(ctx, written, nil)
}
