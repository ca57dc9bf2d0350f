package httpapi

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/search"
)

// SearchResult is one page of what was found, and what describes all of it.
type SearchResult struct {
	Items          []SearchHit      `json:"items"`
	Page           int              `json:"page"`
	PerPage        int              `json:"per_page"`
	Total          int              `json:"total"`
	MaxPage        int              `json:"max_page"`
	Facets         []Facet          `json:"facets"`
	PriceRange     Null[PriceRange] `json:"price_range"`
	PriceHistogram []PriceBucket    `json:"price_histogram"`
	CorrectedQuery *string          `json:"corrected_query" doc:"what was searched instead; exact=true insists on the words as typed"`
	Redirect       *string          `json:"redirect" doc:"where the shop wants this query to lead: a path, or an address"`
	SearchID       string           `json:"search_id"`
	Degraded       bool             `json:"degraded" doc:"the search engine is down: a plain list"`
	Approximate    bool             `json:"approximate" doc:"totals and counts are estimates"`
}

// SearchHit is a product with why it was found.
type SearchHit struct {
	Card
	MatchingSKUs []string            `json:"matching_skus"`
	Highlights   map[string][][2]int `json:"highlights" doc:"by member: half-open ranges of characters"`
}

// Facet is a way to narrow the result: terms have values, a range has buckets.
type Facet struct {
	Name    string        `json:"name"`
	Label   string        `json:"label"`
	Type    string        `json:"type" enum:"terms,range"`
	Values  []FacetValue  `json:"values,omitzero"`
	Unit    *string       `json:"unit" doc:"of a range"`
	Min     *float64      `json:"min,omitempty"`
	Max     *float64      `json:"max,omitempty"`
	Buckets []FacetBucket `json:"buckets,omitzero"`
}

// FacetValue is one value and how many products it would leave.
type FacetValue struct {
	Value    string `json:"value"`
	Label    string `json:"label"`
	Count    int    `json:"count"`
	Selected bool   `json:"selected"`
}

// FacetBucket is a range of numbers; the end is not in it.
type FacetBucket struct {
	From     float64 `json:"from"`
	To       float64 `json:"to"`
	Count    int     `json:"count"`
	Selected bool    `json:"selected"`
}

// PriceBucket counts products in a range of prices; the end is not in it.
type PriceBucket struct {
	From  Money `json:"from"`
	To    Money `json:"to"`
	Count int   `json:"count"`
}

// Suggestion completes what was typed.
type Suggestion struct {
	Text       string   `json:"text"`
	Type       string   `json:"type" enum:"product,category,brand,query"`
	Slug       *string  `json:"slug"`
	Highlights [][2]int `json:"highlights"`
}

type searchParams struct {
	Q         string   `query:"q"`
	Category  string   `query:"category"`
	Brand     []string `query:"brand,explode"`
	Attr      []string `query:"attr,explode" doc:"name:value; numbers also name:10..20, name:10.., name:..20"`
	PriceMin  int64    `query:"price_min" minimum:"0" default:"0" doc:"minor units"`
	PriceMax  int64    `query:"price_max" minimum:"0" default:"1000000000000" doc:"minor units"`
	InStock   bool     `query:"in_stock"`
	MinRating string   `query:"min_rating" pattern:"^[0-9](\\.[0-9]{1,2})?$" patternDescription:"a number from 0 to 5"`
	Exact     bool     `query:"exact" doc:"the words as typed: no correction"`
	Sort      string   `query:"sort" enum:"relevance,price_asc,price_desc,rating,popularity,newest"`
	Page      int      `query:"page" minimum:"1" default:"1"`
	PerPage   int      `query:"per_page" minimum:"1" maximum:"100" default:"24"`
}

func (a *api) registerSearch() {
	const tag = "search"
	register(a.edge, operation{
		ID: "searchProducts", Method: http.MethodGet, Path: "/v1/search", Tag: tag, Cache: forEverybody, Fields: map[string]string{"filters": "attr", "brands": "brand"},
		Summary: "Find products", Description: "Without `q` it is a category page with filters.",
	}, func(ctx context.Context, in *searchParams) (*reply[SearchResult], error) {
		q, err := in.query()
		if err != nil {
			return nil, err
		}
		var kept lookup
		found, err := a.shop.Search.Find(ctx, core.FindProducts{Query: q, After: afterAll(ctx), Known: func(f *core.FoundProducts) bool {
			kept = a.pages.look(func(s *sum) { s.search(f) })
			return kept.found
		}})
		if err != nil {
			return nil, err
		}
		if kept.found { // under another id
			b := a.buffer()
			b.Write(kept.body)
			copy(b.Bytes()[kept.id:], found.ID)
			return &reply[SearchResult]{Written: b, ETag: kept.etag}, nil
		}
		return a.found(found, kept)
	})
	register(a.edge, operation{ID: "suggest", Method: http.MethodGet, Path: "/v1/search/suggest", Tag: tag, Cache: forEverybody, Fields: map[string]string{"text": "q"}, Summary: "Complete what was typed"},
		func(ctx context.Context, in *struct {
			Q     string `query:"q"`
			Limit int    `query:"limit" minimum:"1" maximum:"20" default:"8"`
		},
		) (*reply[List[Suggestion]], error) {
			list, err := a.shop.Search.Suggest(ctx, search.SuggestQuery{Text: in.Q, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			out := List[Suggestion]{Items: make([]Suggestion, len(list))}
			for i, s := range list {
				out.Items[i] = Suggestion{Text: s.Text, Type: string(s.Type), Slug: text(s.Slug), Highlights: ranges(s.Highlights)}
			}
			return &reply[List[Suggestion]]{Body: out}, nil
		})
	a.registerSearchEvents(tag)
}

type searchEvent struct {
	SearchID  string     `json:"search_id" maxLength:"64"`
	Type      string     `json:"type" enum:"click"`
	ProductID id.Product `json:"product_id"`
	Position  int        `json:"position" minimum:"0" maximum:"1000" doc:"in the results of all pages, the first is 1"`
}

// registerSearchEvents takes what shoppers do with results.
func (a *api) registerSearchEvents(tag string) {
	register(a.edge, operation{ID: "recordSearchEvent", Method: http.MethodPost, Path: "/v1/search/events", Tag: tag, Summary: "Tell what became of a search", Description: "Clicks are counted by query, day and position; who clicked is not kept. A `search_id` that is unknown or days old is passed over."},
		func(_ context.Context, in *struct{ Body searchEvent }) (*reply[nothing], error) {
			a.shop.Search.Click(core.ClickResult{Search: in.Body.SearchID, Position: in.Body.Position})
			return &reply[nothing]{}, nil
		})
}

// query reads the parameters as the shop means them.
func (in *searchParams) query() (search.Query, error) {
	filters := make([]search.Filter, len(in.Attr))
	for i, text := range in.Attr {
		var err error
		if filters[i], err = search.ParseFilter(text); err != nil {
			return search.Query{}, err
		}
	}
	rating, _ := strconv.ParseFloat(in.MinRating, 64) // the pattern allows numbers only; none is 0
	q := search.Query{
		Text: in.Q, Category: in.Category, Brands: in.Brand, Filters: filters, InStock: in.InStock, MinRating: rating,
		Exact: in.Exact, Sort: search.Sort(in.Sort), Page: in.Page, PerPage: in.PerPage,
	}
	if in.PriceMin > 0 {
		q.PriceMin = &in.PriceMin
	}
	if in.PriceMax < money.Max {
		q.PriceMax = &in.PriceMax
	}
	return q, nil
}

// found renders a result.
func (a *api) found(f core.FoundProducts, to lookup) (*reply[SearchResult], error) {
	currency := string(a.shop.Settings().Currency)
	out := SearchResult{
		Items: []SearchHit{}, Page: f.Page, PerPage: f.PerPage, Total: f.Total, MaxPage: f.MaxPage, Facets: facets(f.Facets),
		PriceHistogram: make([]PriceBucket, len(f.Histogram)), CorrectedQuery: text(f.Corrected), Redirect: text(f.Redirect), SearchID: f.ID,
		Degraded: f.Degraded, Approximate: f.Approximate,
	}
	if f.Price != nil {
		out.PriceRange = Some(PriceRange{Money{f.Price.Min, currency}, Money{f.Price.Max, currency}})
	}
	for i, b := range f.Histogram {
		out.PriceHistogram[i] = PriceBucket{Money{b.From, currency}, Money{b.To, currency}, b.Count}
	}
	rest, err := encode(out)
	if err != nil {
		return nil, err
	}
	b := a.buffer()
	b.WriteString(`{"items":[`)
	for i := range f.Items {
		item := &f.Items[i]
		card, err := a.seen.show(&item.ProductView, viewCard, item.Hit.SKU, func() any { return a.card(&item.ProductView, item.Hit.SKU) })
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		writeHit(b, card, item.Hit)
	}
	b.Write(rest[len(`{"items":[`):])
	b.WriteByte('\n')
	at := bytes.LastIndex(b.Bytes(), []byte(f.ID)) // which is another each time, and of the same length
	etag := stateTag(b.Bytes()[:at], b.Bytes()[at+len(f.ID):])
	a.pages.keep(to, page{b.Bytes(), etag, at})
	return &reply[SearchResult]{Written: b, ETag: etag}, nil
}

// writeHit writes a SearchHit of a rendered card. SKUs and the names of members
// need no escapes.
func writeHit(b *bytes.Buffer, card []byte, h search.Hit) {
	b.Write(card[:len(card)-1])
	b.WriteString(`,"matching_skus":[`)
	for i, sku := range h.Matching {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(string(sku))
		b.WriteByte('"')
	}
	b.WriteString(`],"highlights":{`)
	names := make([]string, 0, 4)
	for name := range h.Highlights {
		names = append(names, name)
	}
	slices.Sort(names)
	for i, name := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('"')
		b.WriteString(name)
		b.WriteString(`":[`)
		for j, at := range h.Highlights[name] {
			if j > 0 {
				b.WriteByte(',')
			}
			text := strconv.AppendInt(append(b.AvailableBuffer(), '['), int64(at[0]), 10)
			text = strconv.AppendInt(append(text, ','), int64(at[1]), 10)
			b.Write(append(text, ']'))
		}
		b.WriteByte(']')
	}
	b.WriteString("}}")
}

func facets(list []search.Facet) []Facet {
	out := make([]Facet, len(list))
	for i, f := range list {
		out[i] = Facet{Name: f.Name, Label: f.Label, Type: string(f.Type)}
		if f.Type == search.Ranges {
			out[i].Unit, out[i].Min, out[i].Max = text(f.Unit), &f.Min, &f.Max
			out[i].Buckets = make([]FacetBucket, len(f.Buckets))
			for j, b := range f.Buckets {
				out[i].Buckets[j] = FacetBucket{b.From, b.To, b.Count, b.Selected}
			}
			continue
		}
		out[i].Values = make([]FacetValue, len(f.Values))
		for j, v := range f.Values {
			out[i].Values[j] = FacetValue{v.Value, v.Label, v.Count, v.Selected}
		}
	}
	return out
}

func ranges(r [][2]int) [][2]int {
	if r == nil {
		return [][2]int{}
	}
	return r
}
