package search_test

import (
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/core/search"
)

func TestPopularity(t *testing.T) {
	t.Parallel()
	const day = search.Day(20_000)
	one := search.Popularity([]search.Sold{{Day: day, Units: 1}})
	for name, c := range map[string]struct {
		sold []search.Sold
		want int64 // points more than one unit on the day
	}{
		"TwiceAsMuch":         {[]search.Sold{{Day: day, Units: 2}}, 1000},
		"OnTwoLines":          {[]search.Sold{{Day: day, Units: 1}, {Day: day, Units: 1}}, 1000},
		"AHalfLifeLater":      {[]search.Sold{{Day: day + search.HalfLife, Units: 1}}, 1000},
		"HalfAsMuchAsBefore":  {[]search.Sold{{Day: day - search.HalfLife, Units: 2}}, 0},
		"OldAndNew":           {[]search.Sold{{Day: day - search.HalfLife, Units: 2}, {Day: day, Units: 1}}, 1000},
		"LongForgotten":       {[]search.Sold{{Day: day - 400, Units: 1}, {Day: day, Units: 1}}, 0},
		"UndoneOnAnotherLine": {[]search.Sold{{Day: day, Units: 2}, {Day: day, Units: -1}}, 0},
	} {
		if got := search.Popularity(c.sold) - one; got != c.want {
			t.Errorf("%s: %d points more, want %d", name, got, c.want)
		}
	}
	for _, none := range [][]search.Sold{nil, {{Day: day}}, {{Day: day, Units: -3}}} {
		if got := search.Popularity(none); got != 0 {
			t.Errorf("%v is %d", none, got)
		}
	}
}

// However late one looks, products stand to each other as decayed sales say.
func TestPopularity_OrdersAsDecaySays(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		sales := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) search.Sold {
			return search.Sold{Day: search.Day(rapid.IntRange(19_000, 21_000).Draw(t, "day")), Units: rapid.Int64Range(1, 1000).Draw(t, "units")}
		}), 1, 8)
		a, b := sales.Draw(t, "a"), sales.Draw(t, "b")
		now := search.Day(rapid.IntRange(21_000, 22_000).Draw(t, "now"))
		decayed := func(of []search.Sold) (sum float64) {
			for _, s := range of {
				sum += float64(s.Units) * math.Pow(0.5, float64(now-s.Day)/search.HalfLife)
			}
			return sum
		}
		apart := 1000 * math.Log2(decayed(a)/decayed(b))
		if got := float64(search.Popularity(a) - search.Popularity(b)); math.Abs(got-apart) > 1.01 {
			t.Errorf("%v points apart, want %v", got, apart)
		}
		back := slices.Clone(a)
		slices.Reverse(back)
		if x, y := search.Popularity(a), search.Popularity(back); x-y > 1 || y-x > 1 {
			t.Errorf("%d, and %d the other way round", x, y)
		}
	})
}

func TestNoticeable(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		before, after int64
		want          bool
	}{{0, 0, false}, {0, 1, true}, {1, 0, true}, {5000, 5099, false}, {5000, 5100, true}, {5000, 4900, true}, {5000, 4901, false}} {
		if got := search.Noticeable(c.before, c.after); got != c.want {
			t.Errorf("from %d to %d: %v", c.before, c.after, got)
		}
	}
}
