package porttest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

func testSearchHoldings(t *testing.T, h SearchHarness) {
	t.Parallel()
	gone := func(sku id.SKU, version int64) search.Document {
		return search.Document{SKU: sku, Version: version, Deleted: true}
	}

	t.Run("WalkedByTheBytesOfTheirKeys", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		var want []search.Entry
		var docs []search.Document
		for n, sku := range []id.SKU{"a", "A-1", "a-10", "a-2", "a.1", "a0", "A_1", "aa", "Z", "0"} {
			d := sold(byte(n+1), sku, "obsidian")
			d.Version = int64(n + 1)
			docs = append(docs, d)
			want = append(want, search.Entry{Key: sku.Fold(), Version: d.Version, Digest: d.Digest()})
		}
		w.put(append(docs, gone("a-11", 3), sold(20, "b", "marigold"), gone("B", 5))...)
		slices.SortFunc(want, func(a, b search.Entry) int { return strings.Compare(a.Key, b.Key) })
		for _, limit := range []int{1, 3, len(want), 1000} {
			var got []search.Entry
			for after := ""; ; after = got[len(got)-1].Key {
				page, err := w.engine.Entries(t.Context(), after, limit)
				if err != nil || page == nil || len(page) > limit {
					t.Fatalf("after %q: %v, %v", after, page, err)
				}
				if len(page) == 0 {
					break
				}
				got = append(got, page...)
			}
			if !slices.Equal(got, want) {
				t.Errorf("by %d: %v, want %v", limit, got, want)
			}
		}
		if got, err := w.engine.Entries(t.Context(), "a-1z", 2); err != nil || len(got) != 2 || got[0].Key != "a-2" {
			t.Errorf("after a key that is not there: %v, %v", got, err)
		}
	})

	t.Run("AnEmptyIndexHoldsNothing", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		if got, err := w.engine.Entries(t.Context(), "", 10); err != nil || len(got) != 0 {
			t.Errorf("%v, %v", got, err)
		}
	})

	t.Run("WhatIsHeldNeedNotBeWritten", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		held := func(docs ...search.Document) []bool {
			t.Helper()
			answer, err := w.engine.Held(t.Context(), docs)
			if err != nil {
				t.Fatal(err)
			}
			return answer
		}
		if held() != nil && len(held()) != 0 {
			t.Error("of no documents some are held")
		}
		a, b := sold(1, "A", "obsidian"), sold(2, "B", "marigold")
		w.put(a, gone("C", 1))
		later := a
		later.Version = 9
		renamed := a
		renamed.Name = "driftwood"
		answer := held(a, later, renamed, b, gone("A", 9), gone("C", 9))
		if answer != nil { // else it makes no difference to this engine
			if want := []bool{true, true, false, false, false, true}; !slices.Equal(answer, want) {
				t.Errorf("held: %v, want %v", answer, want)
			}
			build, _, err := w.engine.Begin(t.Context(), "")
			if err != nil {
				t.Fatal(err)
			}
			if answer := held(a, b); slices.Contains(answer, true) || len(answer) != 2 {
				t.Errorf("while an index is being built: %v", answer)
			}
			if err := build.Abort(t.Context()); err != nil {
				t.Error(err)
			}
		}
	})

	t.Run("AnEqualDocumentChangesNothingButItsVersion", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		a := sold(1, "A", "obsidian")
		w.put(a, gone("C", 1))
		again := a
		again.Version = 5
		w.put(again, gone("C", 5))
		w.wantSKUs(search.Query{Text: "obsidian"}, "A")
		old := a
		old.Version, old.Name = 4, "driftwood"
		back := sold(3, "C", "saffron")
		back.Version = 4
		if got := w.put(old, back); !slices.Equal(got, []search.Outcome{search.Superseded, search.Superseded}) {
			t.Errorf("late jobs are %v", got)
		}
		w.wantAny(search.Query{}, "A")
	})

	t.Run("FollowsTheIndexInService", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		a, b := sold(1, "A", "obsidian"), sold(2, "B", "marigold")
		w.put(a)
		build, _, err := w.engine.Begin(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := build.Add(t.Context(), []search.Document{b}); err != nil {
			t.Fatal(err)
		}
		keys := func() string {
			t.Helper()
			w.settle()
			entries, err := w.engine.Entries(t.Context(), "", 10)
			if err != nil {
				t.Fatal(err)
			}
			return fmt.Sprintf("%d %s", len(entries), entries[0].Key)
		}
		if got := keys(); got != "1 a" {
			t.Errorf("before: %s", got)
		}
		if err := build.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := keys(); got != "1 b" {
			t.Errorf("after: %s", got)
		}
	})
}
