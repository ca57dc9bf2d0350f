package memsearch

import (
	"slices"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

// conditions are the filters of a query, resolved against a snapshot. A filter
// that a facet shows is one of several: a document that fails just one of them
// still counts in that facet.
type conditions struct {
	inStock   bool
	minRating float64

	brands   []bool // by document's brand; nil: any
	paths    []bool // by path; nil: any
	priceMin int64
	priceMax int64
	priced   bool

	filters    []search.Filter
	attributes []uint32 // of each filter, none where no document has it
	accept     []uint16 // by value: the filter that accepts it, from 1
	accepted   []uint32 // values to be cleared
}

// What a document fails: nothing, one facet's filter, or more.
const (
	passes = -1 - iota
	failsMany
	failsBrand
	failsCategory
	failsPrice
	// from 0: the attribute filter of this index
)

func (c *conditions) resolve(s *snapshot, q *search.Query) {
	c.inStock, c.minRating = q.InStock, q.MinRating
	c.brands, c.paths = nil, nil
	if len(q.Brands) > 0 {
		c.brands = make([]bool, len(s.brands)+1)
		for i, b := range s.brands {
			c.brands[i+1] = slices.Contains(q.Brands, b.Slug)
		}
	}
	if q.Category != "" {
		c.paths = make([]bool, len(s.paths))
		if want, ok := s.category(q.Category); ok {
			for i, path := range s.paths {
				c.paths[i] = slices.Contains(path, want)
			}
		}
	}
	c.priced = q.PriceMin != nil || q.PriceMax != nil
	c.priceMin, c.priceMax = 0, 1<<62
	if q.PriceMin != nil {
		c.priceMin = *q.PriceMin
	}
	if q.PriceMax != nil {
		c.priceMax = *q.PriceMax
	}
	c.filters = q.Filters
	c.attributes = c.attributes[:0]
	if need := len(s.valueText) - len(c.accept); len(q.Filters) > 0 && need > 0 {
		c.accept = append(c.accept, make([]uint16, need)...)
	}
	for i, f := range q.Filters {
		a, ok := s.attribute(f.Name)
		if !ok {
			a = none
		}
		c.attributes = append(c.attributes, a)
		for _, v := range s.ofAttribute.at(a) {
			if int(v) < len(s.valueText) && f.Matches(search.Text(s.valueText[v])) {
				c.accept[v] = uint16(i + 1)
				c.accepted = append(c.accepted, v)
			}
		}
	}
}

func (c *conditions) release() {
	for _, v := range c.accepted {
		c.accept[v] = 0
	}
	c.accepted = c.accepted[:0]
}

// none reports whether there is nothing to check.
func (c *conditions) none() bool {
	return c.categoryOnly() && c.paths == nil
}

// categoryOnly reports whether the category is all there is to check.
func (c *conditions) categoryOnly() bool {
	return !c.inStock && c.minRating == 0 && c.brands == nil && !c.priced && len(c.filters) == 0
}

// check returns what a document fails, and false if it is out of the question.
func (c *conditions) check(s *snapshot, doc uint32) (fails int, possible bool) {
	r := &s.rows[doc]
	if c.inStock && r.flags&flagInStock == 0 || c.minRating > 0 && s.rating[doc] < c.minRating {
		return 0, false
	}
	fails = passes
	if c.brands != nil && !c.brands[r.brand] {
		fails = failsBrand
	}
	if c.paths != nil && !c.paths[r.path] {
		if fails != passes {
			return 0, false
		}
		fails = failsCategory
	}
	if r.price < c.priceMin || r.price > c.priceMax {
		if fails != passes {
			return 0, false
		}
		fails = failsPrice
	}
	if len(c.filters) == 0 {
		return fails, true
	}
	// A document has one value of an attribute at most, so each filter accepts
	// at most one; the one missing is what the sum of all is short of.
	n := len(c.filters)
	met, missing := 0, n*(n+1)/2
	for _, v := range s.allValues(r) {
		if f := int(c.accept[v]); f != 0 {
			met++
			missing -= f
		}
	}
	switch {
	case met == n:
		return fails, true
	case met == n-1 && fails == passes:
		return missing - 1, true
	}
	return 0, false
}

// category returns the ordinal of a category by slug or id.
func (s *snapshot) category(slugOrID string) (uint32, bool) {
	for i := range s.categories {
		if s.categories[i].Slug == slugOrID {
			return uint32(i), true
		}
	}
	if u, ok := id.Parse(slugOrID); ok {
		for i := range s.categories {
			if s.categories[i].ID.UUID == u {
				return uint32(i), true
			}
		}
	}
	return 0, false
}
