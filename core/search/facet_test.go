package search_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/search"
)

func TestBounds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		least, most float64
		want        []float64
	}{
		{0, 0, []float64{0, 1}},
		{3, 3, []float64{3, 4}},
		{0, 10, []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}},
		{11, 65, []float64{10, 20, 30, 40, 50, 60, 70}},
		{0.1, 0.45, []float64{0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5}},
		{-5, 5, []float64{-5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6}},
		{3, 900, []float64{2, 5, 10, 20, 50, 100, 200, 500, 1000}},
		{0.5, 60, []float64{0.5, 1, 2, 5, 10, 20, 50, 100}},
	} {
		if got := search.Bounds(c.least, c.most); !slices.Equal(got, c.want) {
			t.Errorf("%v to %v: %v, want %v", c.least, c.most, got, c.want)
		}
	}

	t.Run("CoverWhateverIsAsked", func(t *testing.T) {
		t.Parallel()
		r := rand.New(rand.NewPCG(9, 9))
		check := func(least, most float64) {
			t.Helper()
			ends := search.Bounds(least, most)
			if len(ends) < 2 || len(ends) > 40 || ends[0] > least || ends[len(ends)-1] <= most || !slices.IsSorted(ends) || len(slices.Compact(slices.Clone(ends))) != len(ends) {
				t.Fatalf("%v to %v: %v", least, most, ends)
			}
		}
		for range 20_000 {
			a, b := math.Ldexp(r.Float64()-0.5, r.IntN(110)-60), math.Ldexp(r.Float64()-0.5, r.IntN(110)-60)
			check(min(a, b), max(a, b))
			check(a, a)
		}
		check(1e15-1, 1e15)
		check(-1e15, 1e15)
		check(1e15, 1e15)
		check(5e-324, 1e-320)
		check(5e-324, 1e15)
	})
}

func TestPriceBounds(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(9, 9))
	for range 20_000 {
		a, b := r.Int64N(1<<r.IntN(40)+1), r.Int64N(1<<r.IntN(40)+1)
		least, most := min(a, b), max(a, b)
		ends := search.PriceBounds(least, most)
		if len(ends) < 2 || ends[0] > least || ends[len(ends)-1] <= most || !slices.IsSorted(ends) || len(slices.Compact(slices.Clone(ends))) != len(ends) {
			t.Fatalf("%d to %d: %v", least, most, ends)
		}
	}
}

func TestInterval(t *testing.T) {
	t.Parallel()
	ends := []int64{0, 10, 20, 50}
	for x, want := range map[int64]int{-1: 0, 0: 0, 9: 0, 10: 1, 19: 1, 20: 2, 49: 2, 50: 2} {
		if got := search.Interval(ends, x); got != want {
			t.Errorf("%d is in %d, want %d", x, got, want)
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	attribute := func(name string, position int, numeric bool) *search.Attribute {
		return &search.Attribute{Name: name, Position: position, Numeric: numeric}
	}
	list := []search.Candidate{
		{Attribute: attribute("one_value", 0, false), Products: 90, Distinct: 1, Most: 90},
		{Attribute: attribute("all_different", 0, false), Products: 90, Distinct: 90, Most: 1},
		{Attribute: attribute("some_have_it", 7, false), Products: 89, Distinct: 1, Most: 89},
		{Attribute: attribute("few_different", 8, false), Products: 40, Distinct: 10, Most: 1},
		{Attribute: attribute("numbers", 5, true), Products: 80, Distinct: 80, Most: 1},
		{Attribute: attribute("chosen", 9, false), Products: 1, Distinct: 1, Most: 1, Selected: true},
	}
	for i := range 20 {
		list = append(list, search.Candidate{Attribute: attribute("a"+strings.Repeat("x", i), i, false), Products: 10 + i, Distinct: 2, Most: 5})
	}
	var names []string
	for _, c := range search.Choose(list, 90) {
		names = append(names, c.Name)
	}
	if len(names) != search.MaxFacets-2 || !slices.Contains(names, "chosen") || !slices.Contains(names, "numbers") || slices.Contains(names, "one_value") || slices.Contains(names, "all_different") {
		t.Errorf("chose %v", names)
	}
	if !slices.Contains(names, "some_have_it") || !slices.Contains(names, "few_different") {
		t.Errorf("chose %v", names)
	}
	if names[0] != "numbers" || names[1] != "some_have_it" || names[2] != "few_different" || names[3] != "chosen" {
		t.Errorf("not in order of position: %v", names)
	}
}

func TestSortValues(t *testing.T) {
	t.Parallel()
	var values []search.FacetValue
	for i := range 60 {
		values = append(values, search.FacetValue{Value: string(rune('A' + i)), Count: i, Selected: i == 0})
	}
	got := search.SortValues(values, []search.Choice{{Value: "z"}, {Value: "y"}})
	if len(got) != search.MaxFacetValues || got[0].Value != "z" || got[1].Value != "y" || got[2].Count != 59 || got[len(got)-1].Value != "A" {
		t.Errorf("got %v", got)
	}
}

func TestFirst(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(3, 3))
	for range 300 {
		list := make([]int, r.IntN(40))
		for i := range list {
			list[i] = r.IntN(30)
		}
		want := slices.Sorted(slices.Values(list))
		n := r.IntN(45)
		want = want[:min(n, len(want))]
		if got := search.First(list, n, func(a, b int) int { return a - b }); !slices.Equal(got, want) {
			t.Fatalf("first %d: %v, want %v", n, got, want)
		}
	}
}

func TestNewSchema(t *testing.T) {
	t.Parallel()
	s := search.NewSchema(3, []search.Attribute{
		{Name: "size", Position: 4, Numeric: true},
		{Name: "color", Label: "Colour", Choices: []search.Choice{{Value: "red"}}},
		{Name: "size", Label: "Size", Unit: "cm", Position: 2, Filterable: true, Choices: []search.Choice{{Value: "s"}}},
	})
	a, ok := s.Attribute("size")
	if !ok || a.Label != "Size" || a.Unit != "cm" || a.Position != 2 || !a.Filterable || a.Numeric || len(a.Choices) != 1 || len(s.Attributes()) != 2 || s.Version != 3 {
		t.Errorf("got %+v", a)
	}
	if _, ok := s.Attribute("none"); ok {
		t.Error("found what is not defined")
	}
	if _, ok := (search.Schema{}).Attribute("none"); ok {
		t.Error("found in nothing")
	}
}
