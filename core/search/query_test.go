package search_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
)

func TestQuery_Validate(t *testing.T) {
	t.Parallel()

	t.Run("ZeroIsValid", func(t *testing.T) {
		t.Parallel()
		if err := (search.Query{}).Validate(); err != nil {
			t.Error(err)
		}
	})

	t.Run("LimitsAreInclusive", func(t *testing.T) {
		t.Parallel()
		for _, q := range []search.Query{
			{Text: strings.Repeat("é", search.MaxText)},
			{PerPage: 100, Page: 10},
			{PerPage: 1, Page: 1000},
			{PerPage: 24, Page: 41},
			{PerPage: 7, Page: 142},
			{Brands: make([]string, search.MaxSelection)},
			{MinRating: 5},
		} {
			if err := q.Validate(); err != nil {
				t.Errorf("%.60v: %v", q, err)
			}
		}
	})

	t.Run("PastMaxPageIsItsOwnCode", func(t *testing.T) {
		t.Parallel()
		for _, q := range []search.Query{{PerPage: 100, Page: 11}, {PerPage: 1, Page: 1001}, {Page: 42}, {PerPage: 7, Page: 143}} {
			if err := q.Validate(); fault.CodeOf(err) != "page_out_of_range" || !fault.Is(err, fault.Invalid) {
				t.Errorf("%v: %v", q, err)
			}
		}
	})

	t.Run("EveryFaultIsTold", func(t *testing.T) {
		t.Parallel()
		low := int64(-1)
		err := (search.Query{Text: "\xff", Sort: "best", PerPage: 101, Page: -1, PriceMin: &low, MinRating: 6, Filters: []search.Filter{{Name: "X"}}}).Validate()
		for _, location := range []string{"q ", "sort ", "per_page ", "page ", "price_min ", "min_rating ", "attr "} {
			if err == nil || !strings.Contains(err.Error(), location) {
				t.Errorf("%q is missing in %v", location, err)
			}
		}
	})
}

func TestQuery_Normalize(t *testing.T) {
	t.Parallel()
	q := search.Query{
		Text: "  lamp ", Brands: []string{"b", "a", "b"},
		Filters: []search.Filter{{Name: "size", Values: []string{"m"}}, {Name: "color", Values: []string{"red", "blue"}}, {Name: "size", Values: []string{"s", "m"}}},
	}
	n := q.Normalize()
	if n.Text != "lamp" || n.Sort != search.ByRelevance || n.Page != 1 || n.PerPage != 24 || !slices.Equal(n.Brands, []string{"a", "b"}) {
		t.Errorf("got %+v", n)
	}
	if len(n.Filters) != 2 || n.Filters[0].String() != "color:blue\ncolor:red" || n.Filters[1].String() != "size:m\nsize:s" {
		t.Errorf("filters %v", n.Filters)
	}
	if q.Brands[0] != "b" || q.Filters[1].Values[0] != "red" {
		t.Error("the query itself changed")
	}
	if (search.Query{}).Normalize().Sort != search.ByPopularity {
		t.Error("without a text the most popular come first")
	}
}
