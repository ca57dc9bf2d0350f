package core

import (
	"context"
	"slices"
	"sync/atomic"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// Search finds products, and keeps the index in step with the store.
type Search struct {
	s        *shared
	defined  atomic.Uint64 // catalog.Taxonomy.Revision of the schema the index was last told; 0: none
	steering steering

	ownIndex   atomic.Bool // it is in this program and ends with it
	comparison comparison
	counted    counting
	popular    atomic.Pointer[[]search.PopularTopic] // the heaviest first; nil: not known
}

// FindProducts is a shopper's search.
type FindProducts struct {
	Query search.Query
	After ports.Marks // for what is shown of the products; the index follows in its own time
	// Known is asked whether the caller has this answer at hand already, but for
	// its ID; then its Items are left out. nil: it has not.
	Known func(*FoundProducts) bool
}

// FoundProducts is one page of what was found.
type FoundProducts struct {
	search.Result        // Hits without a product in Items have gone meanwhile
	ID            string // names this search in later events
	Items         []FoundProduct
	Page          int
	PerPage       int
	MaxPage       int
	Looks         uint64 // changes with everything that decides which products are in Items, and how they look
	Redirect      string // where a shopkeeper wants this search to lead; "": nowhere
	Degraded      bool   // the engine is down: a plain list, without facets
}

// FoundProduct is a product with why it was found.
type FoundProduct struct {
	ProductView
	Hit search.Hit
}

// Find answers one page of products with the facets of all. While the engine
// is down it answers Degraded from the store, without facets: products of the
// category and brands whose name has the text in it. Other filters do not count
// then. Invalid as of search.Query.Validate.
func (se *Search) Find(ctx context.Context, q FindProducts) (FoundProducts, error) {
	if err := q.Query.Validate(); err != nil {
		return FoundProducts{}, err
	}
	query := q.Query.Normalize()
	found := FoundProducts{
		Items: []FoundProduct{}, Page: query.Page, PerPage: query.PerPage, MaxPage: query.MaxPage(),
	}
	taxonomy, err := se.s.Catalog.Taxonomy.Taxonomy(ctx, q.After.Catalog)
	if err != nil {
		return FoundProducts{}, err
	}
	inForce := se.steering.in(ctx, se)
	query.Boosts = inForce.boosts
	if query.Text != "" {
		rule := inForce.rules.For(query.Text)
		query.Synonyms, query.Pinned, query.Buried, found.Redirect = inForce.synonyms, rule.Pinned, rule.Buried, rule.Redirect
	}
	found.Result, err = se.s.Search.Search(ctx, renamed(taxonomy, query))
	if fault.Is(err, fault.Unavailable) && ctx.Err() == nil {
		found.ID = se.searchID("", se.s.Now()) // says nothing of what is sought for
		return se.withoutEngine(ctx, found, taxonomy, query, q.After)
	}
	if err != nil {
		return FoundProducts{}, err
	}
	found.ID = se.count(query, found.Total)
	ids := make([]id.Product, len(found.Hits))
	for i, h := range found.Hits {
		ids[i] = h.Product
	}
	products, err := se.s.Catalog.Products.ByIDs(ctx, ids, q.After.Catalog)
	if err != nil {
		return FoundProducts{}, err
	}
	counter, err := se.s.counter(ctx, products, q.After)
	if err != nil {
		return FoundProducts{}, err
	}
	if found.Looks = counter.looks(products); q.Known != nil && q.Known(&found) {
		return found, nil
	}
	found.Items = make([]FoundProduct, len(products))
	for i := range products {
		found.Items[i].ProductView = viewOf(counter.taxonomy, &products[i], counter.available, false)
	}
	n := 0 // products come in the order of their hits
	for i := range found.Hits {
		if h := &found.Hits[i]; n < len(products) && h.Product == products[n].ID {
			found.Items[n].Hit = *h
			n++
		}
	}
	return found, nil
}

// renamed puts today's slugs for old ones, which the index does not know.
func renamed(t *catalog.Taxonomy, q search.Query) search.Query {
	if c, ok := t.CategoryBySlug(q.Category); ok {
		q.Category = c.Slug
	}
	q.Brands = slices.Clone(q.Brands)
	for i, slug := range q.Brands {
		if b, ok := t.BrandBySlug(slug); ok {
			q.Brands[i] = b.Slug
		}
	}
	return q
}

// Suggest completes what was typed. While the engine is down there are no
// suggestions but searches of others.
func (se *Search) Suggest(ctx context.Context, q search.SuggestQuery) ([]search.Suggestion, error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	q = q.Normalize()
	found, err := se.s.Search.Suggest(ctx, q)
	if fault.Is(err, fault.Unavailable) && ctx.Err() == nil {
		found, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	var popular []search.PopularTopic
	if known := se.popular.Load(); known != nil {
		popular = *known
	}
	return search.WithPopular(found, q, popular), nil
}
