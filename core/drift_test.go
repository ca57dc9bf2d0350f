package core_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// watched is a shop whose index is compared at the pace of a test.
type watched struct {
	*stall
	now   atomic.Int64 // seconds
	other *core.Shop   // another program on the same store
}

func openWatched(t *testing.T) *watched {
	t.Helper()
	x := &watched{}
	begin := time.Date(2026, 11, 5, 10, 0, 0, 0, time.UTC)
	x.stall = openStall(t, nil, func(_ *stall, d *core.Deps) {
		d.Now = func() time.Time { return begin.Add(time.Duration(x.now.Load()) * time.Second) }
		var err error
		if x.other, err = core.New(*d, nil); err != nil {
			t.Fatal(err)
		}
	})
	return x
}

// wait lets time go by, while a program does its loops.
func (x *watched) wait(shop *core.Shop, d time.Duration) (repaired int) {
	x.t.Helper()
	for range int(d / (5 * time.Second)) {
		n, err := shop.Search.Compare(x.t.Context())
		if err != nil {
			x.t.Fatal(err)
		}
		repaired += n
		x.now.Add(5)
	}
	return repaired
}

func (x *watched) report() core.DriftReport {
	x.t.Helper()
	r, err := x.shop.Search.Drift(x.t.Context(), core.ReadDrift{By: shopkeeper})
	if err != nil {
		x.t.Fatal(err)
	}
	return r
}

// wantDrift checks the last comparison.
func (x *watched) wantDrift(checked int, kinds ...core.DriftKind) {
	x.t.Helper()
	last := x.report().Last
	if last == nil {
		x.t.Fatal("nothing was compared")
	}
	var got []core.DriftKind
	for _, d := range last.Examples {
		got = append(got, d.Kind)
	}
	slices.Sort(got)
	slices.Sort(kinds)
	if !slices.Equal(got, kinds) || last.Checked != checked || last.Found() != len(kinds) || last.Repaired != len(kinds) {
		x.t.Errorf("%d checked, %d repaired, drift %+v; want %d checked, drift %v", last.Checked, last.Repaired, last.Examples, checked, kinds)
	}
}

// wantInStep checks that the index holds what the store says.
func (x *watched) wantInStep() {
	x.t.Helper()
	before := x.held()
	if _, err := x.shop.Search.Rebuild(x.t.Context(), core.RebuildIndex{By: shopkeeper}); err != nil {
		x.t.Fatal(err)
	}
	if after := x.held(); !maps.Equal(before, after) {
		x.t.Errorf("the index held %v, and built anew %v", before, after)
	}
}

func (x *watched) held() map[string]uint64 {
	x.t.Helper()
	entries, err := x.index.Entries(x.t.Context(), "", 10_000)
	if err != nil {
		x.t.Fatal(err)
	}
	held := make(map[string]uint64, len(entries))
	for _, e := range entries {
		held[e.Key] = e.Digest
	}
	return held
}

func TestSearch_Compare(t *testing.T) {
	t.Parallel()
	mug := func(sku id.SKU) core.CreateProduct {
		return core.CreateProduct{By: shopkeeper, Name: "Mug " + string(sku), Variants: []core.NewVariant{{SKU: sku, Price: eur(900)}}}
	}
	// forget drops the jobs that wait.
	forget := func(x *watched) {
		index := x.index.SearchEngine
		x.index.SearchEngine = blackHole{index}
		x.work()
		x.index.SearchEngine = index
	}

	t.Run("MendsWhatJobsForgot", func(t *testing.T) {
		t.Parallel()
		x := openWatched(t)
		ctx := t.Context()
		stays := x.create(mug("STAYS"))
		renamed, archived := x.create(mug("RENAMED")), x.create(mug("ARCHIVED"))
		x.work()
		x.create(mug("NEW"))
		name := "Beaker"
		done(t, first(x.shop.Catalog.Patch(ctx, core.PatchProduct{By: shopkeeper, Product: renamed.ID, Name: &name})))
		done(t, first(x.shop.Catalog.Archive(ctx, core.ArchiveProduct{By: shopkeeper, Product: archived.ID})))
		stranger := search.Document{SKU: "STRANGER", Product: stays.ID, Name: "Stranger", Version: 1 << 40} // from another life of the store
		done(t, first(x.index.Index(ctx, []search.Document{stranger})))
		ahead := search.Document{SKU: "STAYS", Product: stays.ID, Name: "Another", Version: 1 << 41}
		done(t, first(x.index.Index(ctx, []search.Document{ahead})))
		forget(x)
		if repaired := x.wait(x.shop, 5*time.Minute); repaired != 5 {
			t.Errorf("%d repaired", repaired)
		}
		x.wantDrift(4, core.DriftMissing, core.DriftStale, core.DriftStale, core.DriftOrphaned, core.DriftOrphaned)
		x.wantInStep()
		x.wait(x.shop, 15*time.Minute)
		x.wantDrift(4)
	})

	t.Run("WhatIsOnItsWayIsNoDrift", func(t *testing.T) {
		t.Parallel()
		x := openWatched(t)
		x.create(mug("A"))
		x.wait(x.shop, time.Minute+10*time.Second)
		if r := x.report(); r.Now == nil || r.Last != nil {
			t.Fatalf("%+v", r)
		}
		x.work()
		x.wait(x.shop, 3*time.Minute)
		x.wantDrift(1)
	})

	t.Run("WhatKeepsChangingIsNoDrift", func(t *testing.T) {
		t.Parallel()
		x := openWatched(t)
		made := x.create(mug("A"))
		x.work()
		for i := range 60 {
			name := fmt.Sprintf("Mug %d", i)
			done(t, first(x.shop.Catalog.Patch(t.Context(), core.PatchProduct{By: shopkeeper, Product: made.ID, Name: &name})))
			x.wait(x.shop, 5*time.Second) // the job is a little late, each time
			x.work()
		}
		x.wait(x.shop, 3*time.Minute)
		x.wantDrift(1)
	})

	t.Run("PageByPage", func(t *testing.T) {
		t.Parallel()
		x := openWatched(t)
		const n = 2100 // more than two pages
		for batch := range 21 {
			c := core.CreateProduct{By: shopkeeper, Name: fmt.Sprintf("Mug %d", batch)}
			for i := range n / 21 {
				c.Variants = append(c.Variants, core.NewVariant{
					SKU: id.SKU(fmt.Sprintf("M-%d-%d", batch, i)), Price: eur(900), Options: []catalog.Option{{Name: "size", Value: fmt.Sprint(i)}},
				})
			}
			x.create(c)
		}
		x.work()
		orphans := make([]search.Document, 2100)
		for i := range orphans {
			orphans[i] = search.Document{SKU: id.SKU(fmt.Sprintf("m-1-%d-x", i)), Product: id.Product{UUID: id.UUID{1}}, Name: "Orphan", Version: 1}
		}
		done(t, first(x.index.Index(t.Context(), orphans)))
		if repaired := x.wait(x.shop, 10*time.Minute); repaired != len(orphans) {
			t.Errorf("%d repaired of %d", repaired, len(orphans))
		}
		last := x.report().Last
		if last == nil || last.Checked != n || last.Orphaned != len(orphans) || last.Missing+last.Stale != 0 || len(last.Examples) != 20 {
			t.Errorf("%+v", last)
		}
		x.wantInStep()
	})

	t.Run("OneProgramDoesIt", func(t *testing.T) {
		t.Parallel()
		x := openWatched(t)
		x.create(mug("A")) // and no job is done
		x.wait(x.other, time.Minute)
		x.now.Store(0)
		x.wait(x.shop, time.Minute+15*time.Second)
		begun := x.report().Now
		if begun == nil {
			t.Fatal("nothing has begun")
		}
		if n := x.wait(x.other, time.Minute); n != 0 {
			t.Errorf("another program repaired %d beside it", n)
		}
		x.now.Add(120) // the first one is dead
		if r := x.report(); r.Now != nil {
			t.Errorf("a dead program is at it: %+v", r.Now)
		}
		if n := x.wait(x.other, 3*time.Minute); n != 1 {
			t.Errorf("its successor repaired %d", n)
		}
		x.wantDrift(1, core.DriftMissing)
		if n := x.wait(x.shop, 5*time.Minute); n != 0 { // it was only asleep
			t.Errorf("repaired %d again", n)
		}
		x.wantDrift(1, core.DriftMissing)
	})

	t.Run("OthersFailAndItGoesOn", func(t *testing.T) {
		t.Parallel()
		x := openWatched(t)
		x.create(mug("A"))
		x.wait(x.shop, time.Minute+15*time.Second)
		x.now.Add(60)
		index := x.index.SearchEngine
		x.index.SearchEngine = deaf{index}
		if _, err := x.shop.Search.Compare(t.Context()); !fault.Is(err, fault.Unavailable) {
			t.Fatalf("got %v", err)
		}
		x.index.SearchEngine = index
		if n := x.wait(x.shop, 3*time.Minute); n != 1 {
			t.Errorf("%d repaired", n)
		}
		x.wantDrift(1, core.DriftMissing)
	})

	t.Run("NobodyBuildsBesideAnother", func(t *testing.T) {
		t.Parallel()
		x := openWatched(t)
		x.create(mug("A"))
		works := x.db.Catalog().Works
		until := time.Date(2026, 11, 5, 10, 2, 0, 0, time.UTC)
		if _, err := works.SaveWork(t.Context(), search.Work{Name: search.WorkRebuild, Holder: "another", Until: until, Body: []byte("{}")}); err != nil {
			t.Fatal(err)
		}
		_, err := x.shop.Search.Rebuild(t.Context(), core.RebuildIndex{By: shopkeeper})
		mustRefuse(t, err, fault.Conflict, "in_use")
		x.now.Store(120) // and it is dead
		if n, err := x.shop.Search.Rebuild(t.Context(), core.RebuildIndex{By: shopkeeper}); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if n, err := x.other.Search.Rebuild(t.Context(), core.RebuildIndex{By: shopkeeper}); n != 1 || err != nil {
			t.Errorf("after it: %d, %v", n, err)
		}
	})

	t.Run("IsForThoseWhoManageSearch", func(t *testing.T) {
		t.Parallel()
		x := openWatched(t)
		_, err := x.shop.Search.Drift(t.Context(), core.ReadDrift{By: account.Key("k", account.CatalogWrite)})
		mustRefuse(t, err, fault.Denied, "permission_denied")
		if r := x.report(); r.Now != nil || r.Last != nil {
			t.Errorf("before the first: %+v", r)
		}
	})
}

// blackHole takes documents and keeps none.
type blackHole struct{ ports.SearchEngine }

func (blackHole) Index(_ context.Context, docs []search.Document) ([]search.Outcome, error) {
	return make([]search.Outcome, len(docs)), nil
}

// deaf does not say what it holds.
type deaf struct{ ports.SearchEngine }

func (deaf) Entries(context.Context, string, int) ([]search.Entry, error) {
	return nil, fault.New(fault.Unavailable, "", "the index is away")
}
