package search

import (
	"math"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
)

// Sale is what an order counts for at one of its versions: units of products,
// on the day of the order. A sale that was undone has none.
type Sale struct {
	Order   id.Order
	Version int64
	Day     Day
	Units   map[id.Product]int64
}

// Sold is how many units were sold on a day.
type Sold struct {
	Day   Day
	Units int64
}

// Unranked is a product whose sales are not in its popularity yet.
type Unranked struct {
	Product  id.Product
	Revision int64  // rises with every sale that is counted
	Sold     []Sold // by day
}

// HalfLife is the days after which a sale counts half.
const HalfLife = 30

const (
	// popularityScale is how many points of popularity a doubling is.
	popularityScale = 1000
	// noticeable is by how many points a popularity has to change to be written:
	// a fifteenth of the sales.
	noticeable = 100
)

// Popularity is how much was sold of a product, where a sale counts half after
// HalfLife: the logarithm of the sum over all units of 2^(day/HalfLife). So the
// weight of what was sold grows with its day instead of shrinking with its age
// (forward decay: Cormode, Shkapenyuk, Srivastava, Xu, ICDE 2009), all products
// stand to each other as if it shrank, and a figure need not be touched until
// more is sold. It is computed from whole numbers each time, so that sales may be
// counted and undone in any order and leave nothing behind. 0: nothing was sold.
func Popularity(sold []Sold) int64 {
	var last Day
	for _, s := range sold {
		last = max(last, s.Day)
	}
	sum := 0.0
	for _, s := range sold {
		sum += float64(s.Units) * math.Exp2(float64(s.Day-last)/HalfLife)
	}
	if sum <= 0 {
		return 0
	}
	return max(1, int64(math.Round(popularityScale*(float64(last)/HalfLife+math.Log2(sum)))))
}

// Noticeable reports whether a popularity is so far from another that products
// may stand otherwise for it.
func Noticeable(before, after int64) bool {
	return (before == 0) != (after == 0) || max(before-after, after-before) >= noticeable
}

// SalesFor is how long sales are remembered: after that they count less than a
// ten-thousandth.
const SalesFor = 400 * 24 * time.Hour

// ProductDay is a product and a day.
type ProductDay struct {
	Product id.Product
	Day     Day
}

// Replaced returns by how much the sales of products change on their days when an
// order counts for this instead of what it was counted for before. Those that do
// not change are left out.
func (s Sale) Replaced(before Sale) map[ProductDay]int64 {
	change := make(map[ProductDay]int64, len(s.Units)+len(before.Units))
	for p, n := range s.Units {
		change[ProductDay{p, s.Day}] += n
	}
	for p, n := range before.Units {
		at := ProductDay{p, before.Day}
		if change[at] -= n; change[at] == 0 {
			delete(change, at)
		}
	}
	return change
}
