package elasticsearch

import (
	"github.com/bodega-commerce/bodega/core/search"
)

// live is what searches look at: not tombstones.
var live = object{"term": object{"deleted": false}}

// conditions are the filters of a query. A filter that a facet shows is left
// out where that facet is counted.
type conditions struct {
	always []object
	facets []condition
}

type condition struct {
	facet string
	query object
}

// The facets of conditions that are not of an attribute. No attribute has such
// a name.
const (
	byCategory = "."
	byBrand    = ".brand"
	byPrice    = ".price"
)

func conditionsOf(q *search.Query) conditions {
	var c conditions
	if q.InStock {
		c.always = append(c.always, object{"term": object{"in_stock": true}})
	}
	if q.MinRating > 0 {
		c.always = append(c.always, object{"range": object{"rating": object{"gte": q.MinRating}}})
	}
	if q.Category != "" {
		c.add(byCategory, anyOf(object{"term": object{"category_path": q.Category}}, object{"term": object{"category_ids": q.Category}}))
	}
	if len(q.Brands) > 0 {
		c.add(byBrand, object{"terms": object{"brand": q.Brands}})
	}
	if price := (object{}); q.PriceMin != nil || q.PriceMax != nil {
		if q.PriceMin != nil {
			price["gte"] = *q.PriceMin
		}
		if q.PriceMax != nil {
			price["lte"] = *q.PriceMax
		}
		c.add(byPrice, object{"range": object{"price": price}})
	}
	for _, f := range q.Filters {
		c.add(f.Name, filterQuery(f))
	}
	return c
}

func (c *conditions) add(facet string, q object) { c.facets = append(c.facets, condition{facet, q}) }

// all returns the filters of a result.
func (c *conditions) all() object { return c.but("") }

// but returns all filters except a facet's own.
func (c *conditions) but(facet string) object {
	list := append([]object{}, c.always...)
	for _, f := range c.facets {
		if f.facet != facet {
			list = append(list, f.query)
		}
	}
	if len(list) == 0 {
		return object{"match_all": object{}}
	}
	return object{"bool": object{"filter": list}}
}

// of returns a facet's own filter, nil if it has none.
func (c *conditions) of(facet string) object {
	for _, f := range c.facets {
		if f.facet == facet {
			return f.query
		}
	}
	return nil
}

func anyOf(of ...object) object { return object{"bool": object{"should": of}} }

// filterQuery is search.Filter.Matches as a query.
func filterQuery(f search.Filter) object {
	var either []object
	if values := f.Texts(); len(values) > 0 {
		either = append(either, object{"terms": object{"attributes." + f.Name: values}})
	}
	for _, r := range f.Ranges {
		either = append(either, rangeQuery(f.Name, r))
	}
	return anyOf(either...)
}

func rangeQuery(name string, r search.Range) object {
	ends := object{"gte": "0", "lte": "g"} // the engine wants both; all numbers lie between
	if r.Min != nil {
		ends["gte"] = sortable(*r.Min)
	}
	if r.Max != nil {
		ends["lte"] = sortable(*r.Max)
	}
	return object{"range": object{"numbers." + name: ends}}
}
