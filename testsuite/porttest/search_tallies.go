package porttest

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// TestSearchTallies is the contract of SearchTallies.
func TestSearchTallies(t *testing.T, h CatalogHarness) {
	t.Parallel()
	const day = search.Day(20_500)
	tally := func(day search.Day, topic string, searches, empty, results int64) search.Tally {
		return search.Tally{Day: day, Key: search.KeyOf(topic), Topic: topic, Searches: searches, Empty: empty, Results: results}
	}
	add := func(t *testing.T, s ports.SearchTallies, tallies ...search.Tally) {
		t.Helper()
		if err := s.AddTallies(t.Context(), tallies); err != nil {
			t.Fatal(err)
		}
	}
	want := func(t *testing.T, s ports.SearchTallies, q search.TopicQuery, total int, want ...search.TopicCount) {
		t.Helper()
		got, n, err := s.Topics(t.Context(), q)
		if err != nil || n != total || got == nil || !slices.Equal(got, want) {
			t.Errorf("%+v: %+v of %d, %v\nwant %+v of %d", q, got, n, err, want, total)
		}
	}

	t.Run("AddsUp", func(t *testing.T) {
		t.Parallel()
		s := h.New(t).Tallies
		clicked := search.Tally{Day: day, Key: search.KeyOf("lamp"), Clicks: map[int]int64{1: 3, 5: 1}}
		add(t, s)
		add(t, s, tally(day, "lamp", 3, 0, 30), tally(day, "größe 'x'", 1, 1, 0), clicked)
		add(t, s, tally(day, "lamp", 2, 1, 10), tally(day+1, "lamp", 4, 0, 4))
		clicked.Day++
		clicked.Topic, clicked.Searches, clicked.Results = "lamp", 1, 7
		add(t, s, clicked)
		add(t, s, search.Tally{Day: day, Key: search.KeyOf("never searched for"), Clicks: map[int]int64{1: 1}})
		want(t, s, search.TopicQuery{From: day, To: day + 1, By: search.BySearches}, 2,
			search.TopicCount{Topic: "lamp", Searches: 10, Empty: 1, Results: 51, Clicks: 8, Position: 2}, search.TopicCount{Topic: "größe 'x'", Searches: 1, Empty: 1})
		want(t, s, search.TopicQuery{From: day, To: day, By: search.ByClicks}, 1, search.TopicCount{Topic: "lamp", Searches: 5, Empty: 1, Results: 40, Clicks: 4, Position: 2})
		want(t, s, search.TopicQuery{From: day, To: day, By: search.ByEmpty}, 2,
			search.TopicCount{Topic: "größe 'x'", Searches: 1, Empty: 1}, search.TopicCount{Topic: "lamp", Searches: 5, Empty: 1, Results: 40, Clicks: 4, Position: 2})
	})

	t.Run("Pages", func(t *testing.T) {
		t.Parallel()
		s := h.New(t).Tallies
		var tallies []search.Tally
		for n := range int64(5) {
			tallies = append(tallies, tally(day, fmt.Sprintf("topic %d", n), 10-n/2, 0, 1))
		}
		add(t, s, tallies...)
		q := search.TopicQuery{From: day, To: day, By: search.BySearches, PerPage: 2}
		for page, topics := range [][]string{{"topic 0", "topic 1"}, {"topic 2", "topic 3"}, {"topic 4"}, {}} {
			q.Page = page + 1
			got, total, err := s.Topics(t.Context(), q)
			if err != nil || total != 5 || !slices.EqualFunc(got, topics, func(c search.TopicCount, topic string) bool { return c.Topic == topic }) {
				t.Errorf("page %d: %v of %d, %v", q.Page, got, total, err)
			}
		}
		want(t, s, search.TopicQuery{From: day + 1, To: day + 9, By: search.BySearches}, 0)
		_, _, err := s.Topics(t.Context(), search.TopicQuery{From: day, To: day - 1, By: search.BySearches})
		mustFail(t, err, fault.Invalid, "validation_failed")
	})

	t.Run("PopularIsWhatFoundSomethingOftenAndLately", func(t *testing.T) {
		t.Parallel()
		s := h.New(t).Tallies
		add(t, s, tally(day, "old", 10, 0, 1), tally(day+9, "new", 5, 0, 1), tally(day+9, "empty", 20, 17, 1), tally(day+9, "rare", 3, 0, 1), tally(day-1, "older", 99, 0, 1), tally(day+8, "new", 1, 0, 1))
		got, err := s.PopularTopics(t.Context(), day, day+9, 4, 10)
		if want := []search.PopularTopic{{Topic: "new", Weight: 59}, {Topic: "old", Weight: 10}}; err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, %v; want %v", got, err, want)
		}
		if got, err := s.PopularTopics(t.Context(), day, day+9, 4, 1); err != nil || len(got) != 1 {
			t.Errorf("one of them: %v, %v", got, err)
		}
	})

	t.Run("OldOnesAreDropped", func(t *testing.T) {
		t.Parallel()
		s := h.New(t).Tallies
		old := tally(day, "lamp", 3, 0, 3)
		old.Clicks = map[int]int64{1: 1, 2: 1}
		add(t, s, old, tally(day+1, "lamp", 2, 0, 2))
		for _, want := range []int{2, 1, 0} {
			if n, err := s.DropTallies(t.Context(), day+1, 2); n != want || err != nil {
				t.Errorf("dropped %d, %v; want %d", n, err, want)
			}
		}
		want(t, s, search.TopicQuery{From: day, To: day + 1, By: search.BySearches}, 1, search.TopicCount{Topic: "lamp", Searches: 2, Results: 2})
	})

	t.Run("ManyServersAddAtOnce", func(t *testing.T) {
		t.Parallel()
		s := h.New(t).Tallies
		var all sync.WaitGroup
		for n := range 8 {
			all.Go(func() {
				tallies := []search.Tally{tally(day, "a", 1, 0, 1), tally(day, "b", 1, 0, 1), tally(day, "c", 1, 0, 1)}
				if n%2 == 0 {
					slices.Reverse(tallies)
				}
				if err := s.AddTallies(t.Context(), tallies); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		count := func(topic string) search.TopicCount { return search.TopicCount{Topic: topic, Searches: 8, Results: 8} }
		want(t, s, search.TopicQuery{From: day, To: day, By: search.BySearches}, 3, count("a"), count("b"), count("c"))
	})
}
