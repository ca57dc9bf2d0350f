package search

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
)

// Limits of a query. What is over them is Invalid, never cut.
const (
	MaxText      = 512  // runes of text
	MaxSelection = 100  // brands, and values and ranges of all attribute filters
	MaxDepth     = 1000 // products or topics that can be reached by paging
	MaxPerPage   = 100
	PerPage      = 24 // when not said
	MaxSuggest   = 20
)

// Sort is an order of results. Each ends with the product id.
type Sort string

const (
	ByDefault    Sort = "" // relevance with a text, else popularity
	ByRelevance  Sort = "relevance"
	ByPriceAsc   Sort = "price_asc"
	ByPriceDesc  Sort = "price_desc"
	ByRating     Sort = "rating"
	ByPopularity Sort = "popularity"
	ByNewest     Sort = "newest"
)

// Sorts returns the orders that can be asked for by name.
func Sorts() []Sort {
	return []Sort{ByRelevance, ByPriceAsc, ByPriceDesc, ByRating, ByPopularity, ByNewest}
}

// Query is one search. The zero Query asks for everything, most popular first.
type Query struct {
	Text      string
	Category  string   // slug or id; its descendants belong to it
	Brands    []string // slugs; any of them
	Filters   []Filter // one per attribute name; all of them, on one variant
	PriceMin  *int64   // minor units, inclusive
	PriceMax  *int64
	InStock   bool
	MinRating float64 // 0 (any) to 5
	Exact     bool    // the words as typed: no correction and no synonyms
	Sort      Sort
	Page      int // from 1; 0 means 1
	PerPage   int // 0 means PerPage

	Synonyms       *Synonyms    // in force; nil: none
	Pinned, Buried []id.Product // by the rule for the text: see Rule
	Boosts         Boosts       // in force
}

// Filter selects variants by one attribute: those with any of the values or in
// any of the ranges.
type Filter struct {
	Name   string
	Values []string
	Ranges []Range
}

// Range is an interval of numbers, both ends included; nil is open.
type Range struct{ Min, Max *float64 }

// Contains reports whether n is in the range.
func (r Range) Contains(n float64) bool {
	return (r.Min == nil || n >= *r.Min) && (r.Max == nil || n <= *r.Max)
}

// Validate answers Invalid with every field that breaks a rule, located by the
// name of its query parameter, or Invalid page_out_of_range.
func (q Query) Validate() error {
	var f fault.Fields
	checkText(&f, "q", q.Text)
	checkText(&f, "category", q.Category)
	if len(q.Brands) > MaxSelection {
		f.Add("brand", "too_long", fmt.Sprintf("must be at most %d brands", MaxSelection))
	} else {
		for _, b := range q.Brands {
			checkText(&f, "brand", b)
		}
	}
	q.validateFilters(&f)
	checkPrice(&f, "price_min", q.PriceMin)
	checkPrice(&f, "price_max", q.PriceMax)
	if q.PriceMin != nil && q.PriceMax != nil && *q.PriceMin > *q.PriceMax {
		f.Add("price_max", "too_small", "must not be below price_min")
	}
	if !(q.MinRating >= 0) {
		f.Add("min_rating", "too_small", "must be at least 0")
	} else if q.MinRating > 5 {
		f.Add("min_rating", "too_large", "must be at most 5")
	}
	if q.Sort != ByDefault && !slices.Contains(Sorts(), q.Sort) {
		f.Add("sort", "enum", "must be relevance, price_asc, price_desc, rating, popularity or newest")
	}
	switch {
	case q.PerPage < 0:
		f.Add("per_page", "too_small", "must be at least 1")
	case q.PerPage > MaxPerPage:
		f.Add("per_page", "too_large", fmt.Sprintf("must be at most %d", MaxPerPage))
	}
	if q.Page < 0 {
		f.Add("page", "too_small", "must be at least 1")
	}
	if err := f.Err(); err != nil {
		return err
	}
	if last := q.Normalize().MaxPage(); q.Page > last {
		return &fault.Error{
			Kind: fault.Invalid, Code: "page_out_of_range", Detail: fmt.Sprintf("the last page that can be asked for is %d", last), Data: fault.Max{Max: int64(last)},
			Fields: []fault.Field{{Location: "page", Code: "too_large", Message: fmt.Sprintf("must be at most %d", last)}},
		}
	}
	return nil
}

func (q Query) validateFilters(f *fault.Fields) {
	n := 0
	for _, filter := range q.Filters {
		n += len(filter.Values) + len(filter.Ranges)
	}
	if n > MaxSelection || len(q.Filters) > MaxSelection {
		f.Add("attr", "too_long", fmt.Sprintf("must be at most %d values", MaxSelection))
		return
	}
	for _, filter := range q.Filters {
		if err := filter.validate(); err != nil {
			f.Join("attr", err)
		}
	}
}

// Normalize returns the query with what was not said filled in, its text
// trimmed, brands without repeats and the filters of one name joined. It
// shares no memory that either changes.
func (q Query) Normalize() Query {
	q.Text = strings.TrimSpace(q.Text)
	if q.Sort == ByDefault {
		q.Sort = ByPopularity
		if q.Text != "" {
			q.Sort = ByRelevance
		}
	}
	if q.Page == 0 {
		q.Page = 1
	}
	if q.PerPage == 0 {
		q.PerPage = PerPage
	}
	q.Brands = slices.Compact(slices.Sorted(slices.Values(q.Brands)))
	q.Filters = join(q.Filters)
	return q
}

// Narrowed reports whether anything but the text says what is sought for.
func (q Query) Narrowed() bool {
	return q.Category != "" || len(q.Brands) > 0 || len(q.Filters) > 0 || q.PriceMin != nil || q.PriceMax != nil || q.InStock || q.MinRating > 0
}

// MaxPage returns the last page that can be asked for at this page size,
// whatever the number of results.
func (q Query) MaxPage() int {
	per := q.PerPage
	if per <= 0 {
		per = PerPage
	}
	return MaxDepth / per
}

// SuggestQuery asks for completions of what was typed so far.
type SuggestQuery struct {
	Text  string
	Limit int // 0 means 8
}

// Validate answers Invalid with every field that breaks a rule.
func (q SuggestQuery) Validate() error {
	var f fault.Fields
	checkText(&f, "q", q.Text)
	switch {
	case q.Limit < 0:
		f.Add("limit", "too_small", "must be at least 1")
	case q.Limit > MaxSuggest:
		f.Add("limit", "too_large", fmt.Sprintf("must be at most %d", MaxSuggest))
	}
	return f.Err()
}

// Normalize fills in what was not said.
func (q SuggestQuery) Normalize() SuggestQuery {
	q.Text = strings.TrimSpace(q.Text)
	if q.Limit == 0 {
		q.Limit = 8
	}
	return q
}

func checkText(f *fault.Fields, location, s string) {
	switch {
	case !utf8.ValidString(s) || strings.ContainsRune(s, 0):
		f.Add(location, "pattern", "must be text")
	case len(s) > MaxText && utf8.RuneCountInString(s) > MaxText:
		f.Add(location, "too_long", fmt.Sprintf("must be at most %d characters", MaxText))
	}
}

func checkPrice(f *fault.Fields, location string, p *int64) {
	if p == nil {
		return
	}
	switch {
	case *p < 0:
		f.Add(location, "too_small", "must not be negative")
	case *p > maxPrice:
		f.Add(location, "too_large", fmt.Sprintf("must be at most %d", int64(maxPrice)))
	}
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }
