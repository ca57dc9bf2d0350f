package search

import "github.com/bodega-commerce/bodega/core/fault"

// Boosts are what a shop prefers, whatever is searched for. The zero Boosts
// prefer nothing. InStock and Featured are percents of what the rarest word
// scores: that is added to the score of what can be bought, and of what is featured.
type Boosts struct {
	InStock        int  `json:"in_stock_boost"` // 0 to 100
	Featured       int  `json:"featured_boost"`
	OutOfStockLast bool `json:"out_of_stock_last"` // in every order, even what is pinned
}

const (
	// MaxBoost is the highest of Boosts.
	MaxBoost = 100
	// rarest is about what the rarest word of a large catalogue scores.
	rarest = 20
)

// Validate answers Invalid unless the boosts are in their range.
func (b Boosts) Validate() error {
	var f fault.Fields
	check := func(name string, boost int) {
		switch {
		case boost < 0:
			f.Add(name, "too_small", "must be at least 0")
		case boost > MaxBoost:
			f.Add(name, "too_large", "must be at most 100")
		}
	}
	check("in_stock_boost", b.InStock)
	check("featured_boost", b.Featured)
	return f.Err()
}

// of returns a clause with what it is worth to be preferred.
func (b Boosts) of(c Clause) Clause {
	prefer := c.Prefer[:len(c.Prefer):len(c.Prefer)]
	if b.InStock > 0 {
		prefer = append(prefer, Clause{Op: OpInStock, Boost: float64(b.InStock) / MaxBoost * rarest})
	}
	if b.Featured > 0 {
		prefer = append(prefer, Clause{Op: OpFeatured, Boost: float64(b.Featured) / MaxBoost * rarest})
	}
	c.Prefer = prefer
	return c
}
