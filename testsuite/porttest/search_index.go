package porttest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

func testSearchVersions(t *testing.T, h SearchHarness) {
	t.Parallel()
	renamed := func(d search.Document, version int64, name string) search.Document {
		d.Version, d.Name, d.Title = version, name, name
		return d
	}
	tee := sold(1, "TEE-S", "obsidian tee")

	t.Run("HigherReplacesLowerDoesNot", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		outcomes := w.put(renamed(tee, 5, "marigold tee"), renamed(tee, 4, "saffron tee"), renamed(tee, 6, "chestnut tee"))
		if want := []search.Outcome{search.Indexed, search.Superseded, search.Indexed}; !slices.Equal(outcomes, want) {
			t.Errorf("outcomes %v, want %v", outcomes, want)
		}
		w.wantSKUs(search.Query{Text: "chestnut"}, "TEE-S")
		w.wantSKUs(search.Query{Text: "marigold", Exact: true})
		w.wantSKUs(search.Query{}, "TEE-S")
	})

	t.Run("SameVersionChangesNothing", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		w.put(tee)
		if got := w.put(renamed(tee, 1, "saffron tee")); got[0] != search.Indexed {
			t.Errorf("outcome %v", got)
		}
		w.wantSKUs(search.Query{Text: "obsidian"}, "TEE-S")
	})

	t.Run("TombstoneStays", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		w.put(tee)
		w.put(search.Document{SKU: "tee-s", Version: 3, Deleted: true})
		w.wantSKUs(search.Query{})
		if got := w.put(renamed(tee, 2, "obsidian tee")); got[0] != search.Superseded {
			t.Errorf("a late job is %v", got)
		}
		w.wantSKUs(search.Query{})
		w.wantSKUs(search.Query{Text: "TEE-S", Exact: true})
		w.put(renamed(tee, 4, "obsidian tee"))
		w.wantSKUs(search.Query{}, "TEE-S")
	})

	t.Run("TombstoneBeforeTheDocument", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		w.put(search.Document{SKU: "TEE-S", Version: 2, Deleted: true})
		w.put(tee)
		w.wantSKUs(search.Query{})
	})

	t.Run("VariantMovesToAnotherProduct", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		moved := sold(2, "TEE-S", "obsidian tee")
		moved.Version = 2
		w.put(tee, moved)
		if r := w.wantSKUs(search.Query{}, "TEE-S"); r.Hits[0].Product != moved.Product {
			t.Errorf("found in %s", r.Hits[0].Product)
		}
	})

	t.Run("AnyOrderEndsAlike", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		random := rand.New(rand.NewPCG(1, 1))
		var docs []search.Document
		for n := range byte(20) {
			for v := range int64(5) {
				d := renamed(sold(n+1, id.SKU(fmt.Sprintf("S-%d", n)), ""), v+1, "obsidian")
				d.Deleted = v == 4 && n%2 == 0
				d.Price = eur(v)
				docs = append(docs, d, d)
			}
		}
		random.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
		for batch := range slices.Chunk(docs, 7) {
			w.put(batch...)
		}
		r := w.find(search.Query{Text: "obsidian"})
		if r.Total != 10 || r.Price == nil || *r.Price != (search.PriceRange{Min: 4, Max: 4}) {
			t.Errorf("%d products at %v, want 10 at 4", r.Total, r.Price)
		}
	})
}

func testIndexBuild(t *testing.T, h SearchHarness) {
	t.Parallel()
	a, b, c := sold(1, "A", "obsidian"), sold(2, "B", "marigold"), sold(3, "C", "saffron")
	begin := func(w *searchWorld) ports.IndexBuild {
		w.t.Helper()
		build, _, err := w.engine.Begin(w.t.Context(), "")
		if err != nil {
			w.t.Fatal(err)
		}
		return build
	}
	add := func(w *searchWorld, build ports.IndexBuild, docs ...search.Document) []search.Outcome {
		w.t.Helper()
		outcomes, err := build.Add(w.t.Context(), docs)
		if err != nil {
			w.t.Fatal(err)
		}
		return outcomes
	}
	commit := func(w *searchWorld, build ports.IndexBuild) {
		w.t.Helper()
		if err := build.Commit(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		w.settle()
	}
	next := func(d search.Document, version int64, name string) search.Document {
		d.Version, d.Name, d.Title = version, name, name
		return d
	}

	t.Run("ReplacesAllAtOnce", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		w.put(a, b)
		build := begin(w)
		add(w, build, b, c)
		w.wantAny(search.Query{}, "A", "B")
		commit(w, build)
		w.wantAny(search.Query{}, "B", "C")
		if err := build.Abort(t.Context()); err != nil {
			t.Error(err)
		}
		w.wantAny(search.Query{}, "B", "C")
	})

	t.Run("LiveWritesReachBoth", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		build := begin(w)
		add(w, build, a, b)
		w.put(next(a, 2, "driftwood"), search.Document{SKU: "B", Version: 2, Deleted: true}, c)
		w.wantAny(search.Query{}, "A", "C")
		if got := add(w, build, a, b); !slices.Equal(got, []search.Outcome{search.Superseded, search.Superseded}) {
			t.Errorf("outcomes %v", got)
		}
		commit(w, build)
		w.wantAny(search.Query{}, "A", "C")
		w.wantAny(search.Query{Text: "driftwood"}, "A")
		w.put(next(b, 3, "marigold"))
		w.wantAny(search.Query{}, "A", "B", "C")
	})

	t.Run("TombstonesAndSchemaAreCarriedOver", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		w.put(search.Document{SKU: "A", Version: 5, Deleted: true})
		a, b := a, b
		a.Attributes = map[string]search.Value{"color": search.Text("red")}
		b.Attributes = a.Attributes
		d := sold(4, "D", "porcelain")
		d.Attributes = map[string]search.Value{"color": search.Text("blue")}
		if err := w.engine.Define(t.Context(), search.NewSchema(1, []search.Attribute{{Name: "color", Filterable: true}})); err != nil {
			t.Fatal(err)
		}
		c := c
		c.Attributes = a.Attributes
		build := begin(w)
		add(w, build, a, b, c, d)
		commit(w, build)
		if r := w.wantAny(search.Query{}, "B", "C", "D"); len(r.Facets) != 3 {
			t.Errorf("facets %v", r.Facets)
		}
	})

	t.Run("AbortedLeavesNothing", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		w.put(a)
		build := begin(w)
		add(w, build, b)
		for range 2 {
			if err := build.Abort(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := build.Add(t.Context(), []search.Document{c}); err == nil {
			t.Error("added to an aborted build")
		}
		if err := build.Commit(t.Context()); err == nil {
			t.Error("committed an aborted build")
		}
		w.wantAny(search.Query{}, "A")
		again := begin(w)
		add(w, again, c)
		commit(w, again)
		w.wantAny(search.Query{}, "C")
	})

	t.Run("TellsWhatIsInIt", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		w.put(a)
		build := begin(w)
		add(w, build, b, c)
		w.put(next(c, 2, "driftwood"), search.Document{SKU: "B", Version: 2, Deleted: true}, sold(4, "D", "porcelain"))
		var got []search.Entry
		for after := ""; ; {
			entries, err := build.Entries(t.Context(), after, 1)
			if err != nil {
				t.Fatal(err)
			}
			if len(entries) == 0 {
				break
			}
			got = append(got, entries...)
			after = entries[0].Key
		}
		changed, d := next(c, 2, "driftwood"), sold(4, "D", "porcelain")
		if want := []search.Entry{{Key: "c", Version: 2, Digest: changed.Digest()}, {Key: "d", Version: d.Version, Digest: d.Digest()}}; !slices.Equal(got, want) {
			t.Errorf("it holds %v, want %v", got, want)
		}
		commit(w, build)
		w.wantAny(search.Query{}, "C", "D")
	})

	t.Run("WhatWasLeftIsTakenUp", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		w.put(a)
		const name = "20261123020000_abc123"
		left, resumed, err := w.engine.Begin(t.Context(), name)
		if err != nil || resumed {
			t.Fatalf("resumed %v, %v", resumed, err)
		}
		add(w, left, b)
		if err := left.Leave(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := left.Add(t.Context(), []search.Document{c}); !fault.Is(err, fault.Conflict) {
			t.Errorf("added to what was left: %v", err)
		}
		w.wantAny(search.Query{}, "A")
		w.put(next(c, 2, "driftwood"))
		build, resumed, err := w.engine.Begin(t.Context(), name)
		if err != nil || resumed != h.Resumes {
			t.Fatalf("resumed %v, %v", resumed, err)
		}
		if !resumed {
			add(w, build, b, next(c, 2, "driftwood"))
		}
		commit(w, build)
		w.wantAny(search.Query{}, "B", "C")
		if err := left.Abort(t.Context()); err != nil {
			t.Error(err)
		}
		w.wantAny(search.Query{}, "B", "C")
		if _, _, err := w.engine.Begin(t.Context(), name); h.Resumes && !fault.Is(err, fault.Exists) {
			t.Errorf("begun again in service: %v", err)
		}
	})

	t.Run("OnlyOneAtATime", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		build := begin(w)
		if _, _, err := w.engine.Begin(t.Context(), ""); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second build: %v", err)
		}
		commit(w, build)
		if err := begin(w).Abort(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
