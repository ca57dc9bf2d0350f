package elasticsearch

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

// asking is a search under way. Which attributes are worth showing, and between
// which ends numbers are counted, is known only when the result is: so the first
// request asks for what the same words were answered with before, and where that
// was not it, another asks for the rest.
type asking struct {
	engine *Engine
	queries
	q      *search.Query
	schema *search.Schema
	where  conditions

	pass      search.Pass
	number    int    // of the pass
	text      object // the pass as a query, nil: everything
	asked     shape
	seen      int // products, or documents where one is enough, that match before any filter
	variants  int // that match
	hits      []variant
	answers   map[string]answer   // by what was asked
	questions map[string]question // that count products, by the same
	lines     map[string][]string // numeric attributes whose intervals were asked, by scope, in the order of their places
	matching  map[id.Product][]id.SKU
}

// shape is what a result's facets are made of.
type shape struct {
	attributes []string        // that were looked at
	spans      map[string]span // of numbers, by attribute
	prices     []int64         // ends of their intervals
	most       int             // documents that may be counted, with some to spare; 0: unknown

	shown []string // those of the attributes that mattered
	settled
}

// settled says when and of what it was found out which attributes matter. Its
// zero value is not known: all are to be looked at.
type settled struct {
	at     time.Time
	schema int64 // version
	pass   int
	found  int // documents
}

// The scopes of answers that are not of a facet. The answer of a scope is how
// many documents are in it.
const (
	overall = "*"
	unseen  = "*seen"
)

// answer is one aggregation of any kind.
type answer struct {
	Documents int `json:"doc_count"`
	value
	terms
	Values terms
}

// UnmarshalJSON reads what may also be a number of documents.
func (r *answer) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] != '{' {
		return json.Unmarshal(text, &r.Documents)
	}
	type plain answer
	return json.Unmarshal(text, (*plain)(r))
}

// all returns the buckets of an answer, which has them in one place or the other.
func (r *answer) all() []bucket {
	if len(r.Buckets) > 0 {
		return r.Buckets
	}
	return r.Values.Buckets
}

type value struct {
	Value float64
	exact bool // it was counted once more
}

type terms struct{ Buckets []bucket }

type bucket struct {
	Key       string
	Documents int `json:"doc_count"`
	Products  value
}

// attempt asks for a pass: a page, and what narrows the result.
func (a *asking) attempt(ctx context.Context, number int, pass search.Pass) error {
	a.number, a.pass, a.text = number, pass, nil
	if a.q.Text != "" {
		if err := a.engine.learn(ctx, wordsOf(nil, &pass.Clause), true); err != nil { // what was corrected may have new ones
			return err
		}
		whole := pass.Whole()
		a.text = a.clause(&whole)
	}
	a.asked = a.engine.guess(a.q)
	if a.asked.pass != number || a.asked.schema != a.schema.Version || time.Since(a.asked.at) > settledFor {
		a.asked.most, a.asked.settled = 0, settled{}
	}
	if err := a.askAll(ctx); err != nil {
		return err
	}
	if a.misguessed() {
		a.asked.most, a.asked.settled = 0, settled{}
		return a.askAll(ctx)
	}
	return nil
}

// misguessed reports whether the result is not the one that was expected.
func (a *asking) misguessed() bool {
	return a.asked.most > 0 && a.largest() > a.asked.most || !a.asked.at.IsZero() && a.asked.found != a.answers[overall].Documents
}

// largest returns of how many documents products were counted at most.
func (a *asking) largest() int {
	n := 0
	for _, r := range a.answers {
		n = max(n, r.Documents)
	}
	return n
}

func (a *asking) askAll(ctx context.Context) error {
	a.answers, a.questions = map[string]answer{}, map[string]question{}
	body := a.body()
	body["from"], body["size"] = (a.q.Page-1)*a.q.PerPage, a.q.PerPage
	body["sort"], body["collapse"] = order(a.q, a.text != nil), object{"field": "product_id"}
	body["post_filter"], body["track_total_hits"] = a.where.all(), true
	body["_source"], body["docvalue_fields"] = false, []string{"product_id", "sku", "name_shown"}

	// What narrows the result is asked for beside the page, in the same request:
	// it is the same for all pages, so the engine may have it at hand.
	keys := a.everyFacet()
	maps.DeleteFunc(a.asked.spans, func(name string, _ span) bool { return !slices.Contains(keys, keyOf(name)) })
	facets, aggregations := a.body(), a.facetQueries(keys, true)
	matching := object{"match_all": object{}}
	if a.pass.Steered() { // what is pinned matches no words
		matching = a.clause(&a.pass.Clause)
	}
	if a.pass.Enough > 1 {
		aggregations[unseen] = object{"filter": matching, "aggs": object{"seen": productsUpTo(a.pass.Enough)}}
	} else {
		aggregations[unseen] = object{"filter": matching}
	}
	facets["size"], facets["track_total_hits"], facets["aggs"] = 0, false, aggregations
	answers, err := a.engine.several(ctx, []object{body, facets})
	if err != nil {
		return err
	}
	a.read(answers[1], keys)
	a.variants, a.hits = answers[0].Hits.Total.Value, answers[0].Hits.Hits
	if a.seen = a.answers[unseen].Documents; a.pass.Enough > 1 {
		a.seen = int(a.answers["seen"].Value)
	}
	return nil
}

// body returns a search for what matches the words.
func (a *asking) body() object {
	filter := []object{live}
	if a.text == nil {
		return object{"query": object{"bool": object{"filter": append(filter, a.where.always...)}}}
	}
	return object{"query": object{"bool": object{"must": a.text, "filter": filter}}}
}

// complete asks for what the first answer lacks.
func (a *asking) complete(ctx context.Context) error {
	needsVariants := a.variants > int(a.answers["total"].Value) && len(a.hits) > 0
	for range maxRounds {
		var bodies []object
		missing := a.missing()
		if len(missing) > 0 {
			body := a.body()
			body["size"], body["track_total_hits"], body["aggs"] = 0, false, a.facetQueries(missing, false)
			bodies = append(bodies, body)
		}
		if needsVariants {
			bodies = append(bodies, a.variantsBody())
		}
		if len(bodies) == 0 {
			if doubts := a.doubts(); len(doubts) > 0 && a.recount(ctx, doubts) {
				continue
			}
			break
		}
		answers, err := a.engine.several(ctx, bodies)
		if err != nil {
			return err
		}
		if needsVariants {
			a.readVariants(answers[len(answers)-1])
			answers, needsVariants = answers[:len(answers)-1], false
		}
		if len(answers) > 0 {
			a.read(answers[0], missing)
		}
	}
	a.settle()
	a.engine.remember(a.q, a.asked)
	return nil
}

// settle notes what the next search for the same can take for known.
func (a *asking) settle() {
	a.asked.most = a.largest() + a.largest()/4 + 50
	if !a.asked.at.IsZero() {
		return
	}
	a.asked.shown = a.asked.shown[:0:0]
	for _, c := range a.chosen() {
		a.asked.shown = append(a.asked.shown, c.Name)
	}
	a.asked.settled = settled{time.Now(), a.schema.Version, a.number, a.answers[overall].Documents}
}

// maxRounds bounds the requests of one search: an index that changes all the
// time might never agree with what was asked.
const maxRounds = 6

// read takes in the answers of all scopes about some facets.
func (a *asking) read(t told, keys []string) {
	for scope, answers := range t.Aggregations {
		for name, r := range answers {
			if name == "doc_count" {
				name = scope
			}
			a.answers[name] = r
		}
	}
	a.readNumbers(keys)
}

// variantsBody asks which variants match of the products on the page.
func (a *asking) variantsBody() object {
	products := make([]string, len(a.hits))
	for i := range a.hits {
		products[i] = first(a.hits[i].Fields.Product)
	}
	body := a.body()
	query, _ := body["query"].(object)["bool"].(object)
	filter, _ := query["filter"].([]object)
	query["filter"] = append(slices.Clone(filter), a.where.all(), object{"terms": object{"product_id": products}})
	body["size"], body["sort"] = 10_000, order(a.q, a.text != nil)
	body["_source"], body["docvalue_fields"], body["track_total_hits"] = false, []string{"product_id", "sku"}, false
	return body
}

func (a *asking) readVariants(t told) {
	a.matching = map[id.Product][]id.SKU{}
	for i := range t.Hits.Hits {
		p := t.Hits.Hits[i].product()
		if skus := a.matching[p]; len(skus) < search.MaxMatching {
			a.matching[p] = append(skus, id.SKU(first(t.Hits.Hits[i].Fields.SKU)))
		}
	}
}

// result puts everything together.
func (a *asking) result(ctx context.Context) (search.Result, error) {
	r := search.Result{Total: int(a.answers["total"].Value), Corrected: a.pass.Corrected, Hits: make([]search.Hit, 0, len(a.hits))}
	for i := range a.hits {
		v := &a.hits[i]
		h := search.Hit{Product: v.product(), SKU: id.SKU(first(v.Fields.SKU)), Name: first(v.Fields.Name)}
		// The index may have changed between two requests: the best variant is the
		// one that the hit was found by.
		h.Matching = slices.DeleteFunc(a.matching[h.Product], func(sku id.SKU) bool { return sku == h.SKU })
		h.Matching = slices.Insert(h.Matching, 0, h.SKU)
		h.Matching = h.Matching[:min(len(h.Matching), search.MaxMatching)]
		r.Hits = append(r.Hits, h)
	}
	if a.text != nil {
		if err := a.engine.highlight(ctx, &a.pass.Clause, r.Hits); err != nil {
			return r, err
		}
	}
	r.Facets = a.facets()
	r.Price, r.Histogram = a.prices()
	r.Approximate = a.approximate()
	return r, nil
}
