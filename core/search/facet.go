package search

import (
	"cmp"
	"math"
	"slices"
	"strings"
)

// Candidate is an attribute that a result could be narrowed by.
type Candidate struct {
	*Attribute
	Products int  // that have a value of it
	Distinct int  // values among them
	Most     int  // products that share its commonest value
	Selected bool // the query filters by it
}

// severally is up to how many values may take products one by one.
const severally = 10

// Choose returns the candidates that matter among so many products, in the order
// to show them: what is selected, and of the rest those that most products have,
// where there is a choice to make and it does not take many products one by one.
// Category and brand come before them. It reorders its argument.
func Choose(candidates []Candidate, products int) []Candidate {
	chosen := slices.DeleteFunc(candidates, func(c Candidate) bool {
		return !c.Selected && (c.Distinct < 2 && c.Products >= products || c.Most < 2 && c.Distinct > severally && !c.Numeric)
	})
	chosen = First(chosen, MaxFacets-2, func(a, b Candidate) int {
		if a.Selected != b.Selected {
			return rank(b.Selected) - rank(a.Selected)
		}
		if a.Products != b.Products {
			return b.Products - a.Products
		}
		return cmp.Or(a.Position-b.Position, strings.Compare(a.Name, b.Name))
	})
	slices.SortFunc(chosen, func(a, b Candidate) int {
		return cmp.Or(a.Position-b.Position, b.Products-a.Products, strings.Compare(a.Name, b.Name))
	})
	return chosen
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// First returns the first n items of an order, sorted, and leaves the others
// unsorted: cheap where there are many. It reorders its argument.
func First[T any](items []T, n int, order func(a, b T) int) []T {
	if n <= 0 {
		return items[:0]
	}
	if len(items) > n {
		heap := items[:n] // the last of the first is on top
		for i := n/2 - 1; i >= 0; i-- {
			sink(heap, i, order)
		}
		for i := n; i < len(items); i++ {
			if order(items[i], heap[0]) < 0 {
				heap[0], items[i] = items[i], heap[0]
				sink(heap, 0, order)
			}
		}
		items = heap
	}
	slices.SortFunc(items, order)
	return items
}

func sink[T any](heap []T, i int, order func(a, b T) int) {
	for {
		last := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(heap); child++ {
			if order(heap[child], heap[last]) > 0 {
				last = child
			}
		}
		if last == i {
			return
		}
		heap[i], heap[last] = heap[last], heap[i]
		i = last
	}
}

// SortValues puts the values of a terms facet in the order to show them and
// drops those past MaxFacetValues that are not selected. An enum's choices come
// in their own order, everything else by count.
func SortValues(values []FacetValue, choices []Choice) []FacetValue {
	position := make(map[string]int, len(choices))
	for i, c := range choices {
		position[c.Value] = i + 1
	}
	byCount := func(a, b FacetValue) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(a.Value, b.Value))
	}
	if len(values) > MaxFacetValues {
		slices.SortFunc(values, func(a, b FacetValue) int {
			return cmp.Or(rank(b.Selected)-rank(a.Selected), byCount(a, b))
		})
		keep := MaxFacetValues
		for keep < len(values) && values[keep].Selected {
			keep++
		}
		values = values[:keep]
	}
	slices.SortFunc(values, func(a, b FacetValue) int {
		x, y := position[a.Value], position[b.Value]
		switch {
		case x != 0 && y != 0:
			return x - y
		case x != 0 || y != 0:
			return y - x
		}
		return byCount(a, b)
	})
	return values
}

// maxBuckets is how many intervals numbers are shown in.
const maxBuckets = 10

// Bounds returns the ends of up to about ten contiguous intervals over the
// numbers from least to most: even steps, or steps that grow by 1, 2, 5 where
// the numbers span several sizes. The last end is above most. There are at
// least two ends. The numbers are such as Value.Reading returns.
func Bounds(least, most float64) []float64 {
	var ends []float64
	if ratio := most / least; least > 0 && ratio >= 50 && ratio <= 1e9 {
		ends = growing(least, most)
	} else {
		ends = even(least, most)
	}
	n := len(ends)
	unsound := n < 2 || ends[0] > least || ends[n-1] <= most
	for i := range n - 1 {
		unsound = unsound || ends[i] >= ends[i+1]
	}
	if unsound { // the numbers are too close to each other for round ends
		return []float64{least, math.Nextafter(most, math.Inf(1))}
	}
	return ends
}

func even(least, most float64) []float64 {
	step := niceStep((most - least) / maxBuckets)
	first := math.Floor(least/step) * step
	var ends []float64
	for i := range 2 * maxBuckets {
		end := tidy(first+float64(i)*step, step)
		ends = append(ends, end)
		if end > most {
			break
		}
	}
	return ends
}

func growing(least, most float64) []float64 {
	size := math.Pow(10, math.Floor(math.Log10(least)))
	var ends []float64
	for n := range 40 {
		end := tidy([]float64{1, 2, 5}[n%3]*size, size)
		if n%3 == 2 {
			size *= 10
		}
		if end <= least && len(ends) > 0 {
			ends[0] = end
			continue
		}
		ends = append(ends, end)
		if end > most {
			break
		}
	}
	return ends
}

// niceStep returns the smallest of 1, 2, 5 times a power of ten that is not
// below x.
func niceStep(x float64) float64 {
	if !(x > 0) {
		return 1
	}
	size := math.Pow(10, math.Floor(math.Log10(x)))
	if size == 0 {
		return x
	}
	for _, f := range []float64{1, 2, 5} {
		if f*size >= x {
			return f * size
		}
	}
	return 10 * size
}

// tidy takes off what binary fractions add to a multiple of a step.
func tidy(x, step float64) float64 {
	if step >= 1 {
		return math.Round(x)
	}
	scale := math.Pow(10, math.Ceil(-math.Log10(step))+1)
	if math.Abs(x)*scale > 1<<53 {
		return x
	}
	return math.Round(x*scale) / scale
}

// PriceBounds is Bounds in whole minor units.
func PriceBounds(least, most int64) []int64 {
	bounds := Bounds(float64(least), float64(most))
	ends := make([]int64, 0, len(bounds))
	for _, b := range bounds {
		end := int64(math.Floor(b))
		if n := len(ends); n == 0 || end > ends[n-1] {
			ends = append(ends, end)
		}
	}
	if len(ends) < 2 || ends[len(ends)-1] <= most {
		ends = append(ends, most+1)
	}
	return ends
}

// Interval returns which of the intervals between ends x lies in.
func Interval[T int64 | float64](ends []T, x T) int {
	i, found := slices.BinarySearch(ends, x)
	if !found {
		i--
	}
	return max(0, min(i, len(ends)-2))
}

// Covers reports whether one of the filter's ranges holds all numbers in
// [from, to).
func (f Filter) Covers(from, to float64) bool {
	return slices.ContainsFunc(f.Ranges, func(r Range) bool {
		return (r.Min == nil || *r.Min <= from) && (r.Max == nil || *r.Max >= to)
	})
}
