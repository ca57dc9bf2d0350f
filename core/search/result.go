package search

import "github.com/bodega-commerce/bodega/core/id"

// Result is one page of products and what describes all of them.
type Result struct {
	Hits        []Hit
	Total       int // products on all pages, also those past the last page
	Facets      []Facet
	Price       *PriceRange   // nil: nothing found
	Histogram   []PriceBucket // contiguous, from the cheapest to the dearest
	Corrected   string        // the text that was searched instead of the one typed; "" means as typed
	Approximate bool          // the totals and counts are estimates
}

// Hit is a product by its best matching variant.
type Hit struct {
	Product    id.Product
	SKU        id.SKU              // of the best variant
	Matching   []id.SKU            // of all variants that match, best first, at most MaxMatching
	Name       string              // the product's, as indexed: what Highlights refers to
	Highlights map[string][][2]int // by member ("name"): half-open ranges of runes; nil without a text
}

// MaxMatching bounds the SKUs listed with a hit.
const MaxMatching = 100

// Names of the facets that every result has.
const (
	FacetCategory = "category"
	FacetBrand    = "brand"
)

// MaxFacets bounds the facets of a result, MaxFacetValues the values of one.
// Selected values are always among them, as they were asked for if nothing is
// left of them.
const (
	MaxFacets      = 16
	MaxFacetValues = 50
)

// FacetType says which members of a Facet are filled.
type FacetType string

const (
	Terms  FacetType = "terms"
	Ranges FacetType = "range"
)

// Facet is one way to narrow the result. Counts are of products that match the
// text and every filter but this facet's own, so that an unselected value says
// what selecting it as well would add.
type Facet struct {
	Name    string
	Label   string
	Type    FacetType
	Values  []FacetValue // terms
	Unit    string       // range, like all that follows
	Min     float64
	Max     float64
	Buckets []Bucket
}

// FacetValue is one value of a terms facet. Brands and categories are slugs.
type FacetValue struct {
	Value    string
	Label    string
	Parent   string // of a category: its parent's slug
	Count    int
	Selected bool
}

// Bucket counts products with a value in [From, To). It is selected when a
// range of the query covers it.
type Bucket struct {
	From, To float64
	Count    int
	Selected bool
}

// PriceRange is the cheapest and the dearest variant that matches the text and
// every filter but the price's own, in minor units.
type PriceRange struct{ Min, Max int64 }

// PriceBucket counts products with a variant priced in [From, To), under the
// same filters as PriceRange.
type PriceBucket struct {
	From, To int64
	Count    int
}

// Outcome is what became of one document handed to an index.
type Outcome uint8

const (
	Indexed    Outcome = iota // it is what the index knows now
	Superseded                // the index knew a higher version already: as good as indexed
)

// SuggestionType says what a suggestion leads to.
type SuggestionType string

const (
	SuggestProduct  SuggestionType = "product"
	SuggestCategory SuggestionType = "category"
	SuggestBrand    SuggestionType = "brand"
	SuggestText     SuggestionType = "query"
)

// Suggestion is one completion of what was typed.
type Suggestion struct {
	Text       string
	Type       SuggestionType
	Slug       string   // "" for a text
	Highlights [][2]int // half-open ranges of runes in Text
}
