package elasticsearch

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/search"
)

// Suggest is ports.Searcher.Suggest.
func (e *Engine) Suggest(ctx context.Context, q search.SuggestQuery) ([]search.Suggestion, error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	found := []search.Suggestion{}
	err := e.guarded(ctx, func(ctx context.Context) error {
		var err error
		found, err = e.suggest(ctx, q.Normalize())
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// maxOthers is how many categories, and how many brands, stand before products.
const maxOthers = 2

func (e *Engine) suggest(ctx context.Context, q search.SuggestQuery) ([]search.Suggestion, error) {
	known := &vocabulary{ctx: ctx, engine: e}
	for pass := range search.PlanSuggest(q, known) {
		found, err := e.complete(ctx, &pass.Clause, q.Limit)
		if err != nil || len(found) > 0 {
			return found[:min(len(found), q.Limit)], err
		}
	}
	return []search.Suggestion{}, known.err
}

// suggestPath has the engine keep what it found until the index changes: first
// letters are the dearest of all and what everybody types.
const suggestPath = searchPath + "&request_cache=true"

// complete asks for what completes a clause: categories and brands that have
// all of its words themselves, and products that have them anywhere.
func (e *Engine) complete(ctx context.Context, c *search.Clause, limit int) ([]search.Suggestion, error) {
	t := queries{lexicon: &e.lexicon, length: ordinaryLength}
	within := func(part search.Field, field string, size int) object {
		return object{"filter": t.clause(only(c, part)), "aggs": object{"values": termsOf(field, size, productsUpTo(exactValue))}}
	}
	body := object{
		"query": object{"bool": object{"filter": []object{live, t.clause(c)}}}, "size": limit, "collapse": object{"field": "product_id"},
		"sort":    []object{{"sales_count": "desc"}, {"product_id": "asc"}, {"sku": "asc"}},
		"_source": false, "docvalue_fields": []string{"product_id", "name_shown", "slug"}, "track_total_hits": false,
		"aggs": object{
			"categories": within(search.FieldCategory, "category_shown", search.MaxFacetValues), "brands": within(search.FieldBrand, "brand_shown", search.MaxSuggest),
		},
	}
	var told struct {
		Hits         struct{ Hits []variant }
		Aggregations struct{ Categories, Brands answer }
	}
	if err := e.find(ctx, suggestPath, body, &told); err != nil {
		return nil, err
	}
	names := []string{}
	words := wordsOf(nil, c)
	if begun := c.Of[len(c.Of)-1].Text; strings.ContainsFunc(begun, func(r rune) bool { return r >= utf8.RuneSelf }) { // else it is folded to itself
		words = append(words, begun)
	}
	for _, b := range slices.Concat(told.Aggregations.Categories.Values.Buckets, told.Aggregations.Brands.Values.Buckets) {
		names = append(names, b.Key[strings.LastIndex(b.Key, separator)+1:])
	}
	for i := range told.Hits.Hits {
		names = append(names, first(told.Hits.Hits[i].Fields.Name))
	}
	for _, name := range names {
		for _, w := range search.Words(name) {
			words = append(words, w.Text)
		}
	}
	slices.Sort(words)
	if err := e.learn(ctx, slices.Compact(words), false); err != nil {
		return nil, err
	}

	m := e.completionOf(c)
	found := m.heaviest(search.SuggestCategory, told.Aggregations.Categories.Values.Buckets)
	found = append(found, m.heaviest(search.SuggestBrand, told.Aggregations.Brands.Values.Buckets)...)
	for i := range told.Hits.Hits {
		f := &told.Hits.Hits[i].Fields
		marks, _ := m.match(first(f.Name))
		found = append(found, search.Suggestion{Text: first(f.Name), Type: search.SuggestProduct, Slug: first(f.Slug), Highlights: marks})
	}
	return found, nil
}

// only returns a clause that looks in one part of a document.
func only(c *search.Clause, part search.Field) *search.Clause {
	narrow := *c
	narrow.Fields &= part
	narrow.Of = make([]search.Clause, len(c.Of))
	for i := range c.Of {
		narrow.Of[i] = *only(&c.Of[i], part)
	}
	return &narrow
}

// heaviest returns those of the buckets whose name has all words, those with
// the most products first.
func (m completion) heaviest(kind search.SuggestionType, buckets []bucket) []search.Suggestion {
	type weighed struct {
		search.Suggestion
		products int
	}
	var found []weighed
	for _, b := range buckets {
		parts := strings.Split(b.Key, separator)
		slug, name := parts[0], parts[len(parts)-1]
		if kind == search.SuggestCategory && len(parts) > 1 {
			slug = parts[1]
		}
		if marks, ok := m.match(name); ok {
			found = append(found, weighed{search.Suggestion{Text: name, Type: kind, Slug: slug, Highlights: marks}, b.count()})
		}
	}
	first := search.First(found, maxOthers, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(b.products, a.products), strings.Compare(a.Slug, b.Slug))
	})
	list := make([]search.Suggestion, 0, 2*maxOthers+search.MaxSuggest)
	for _, w := range first {
		list = append(list, w.Suggestion)
	}
	return list
}
