package elasticsearch

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

// Search is ports.Searcher.Search. Unavailable when the engine has not answered
// within Options.Timeout, and at once while it has failed several times in a row.
//
// Counts of products are exact in results of up to 10,000, but for very rare
// meetings of hashes, and may be estimates in larger ones, of which the result tells.
func (e *Engine) Search(ctx context.Context, q search.Query) (search.Result, error) {
	if err := q.Validate(); err != nil {
		return search.Result{}, err
	}
	var r search.Result
	err := e.guarded(ctx, func(ctx context.Context) error {
		var err error
		r, err = e.search(ctx, q.Normalize())
		return err
	})
	return r, err
}

// guarded runs a search within its time, unless the engine is known to be down.
func (e *Engine) guarded(ctx context.Context, run func(context.Context) error) error {
	if err := ctx.Err(); err != nil {
		return e.failed(ctx, err)
	}
	begin := time.Now()
	if err := e.breaker.enter(begin); err != nil {
		e.stats.searched(0, true)
		return err
	}
	ctx, cancel := within(ctx, e.options.Timeout)
	defer cancel()
	err := run(ctx)
	now := time.Now()
	e.breaker.leave(now, err)
	e.stats.searched(now.Sub(begin), fault.Is(err, fault.Unavailable))
	return err
}

func (e *Engine) search(ctx context.Context, q search.Query) (search.Result, error) {
	schema, err := e.schemaInForce(ctx)
	if err != nil {
		return search.Result{}, err
	}
	a := &asking{engine: e, q: &q, schema: &schema, where: conditionsOf(&q)}
	passes, err := e.plan(ctx, &q, &a.queries)
	if err != nil {
		return search.Result{}, err
	}
	for i := range passes {
		if err := a.attempt(ctx, i, passes[i]); err != nil {
			return search.Result{}, err
		}
		if a.seen >= passes[i].Enough {
			break
		}
	}
	if len(passes) == 0 { // words were asked for, and there are none
		a.answers = map[string]answer{}
	} else if err := a.complete(ctx); err != nil {
		return search.Result{}, err
	}
	return a.result(ctx)
}

// plan returns the passes of a query. A query without a text has one that
// finds everything.
func (e *Engine) plan(ctx context.Context, q *search.Query, t *queries) ([]search.Pass, error) {
	if q.Text == "" {
		return []search.Pass{{}}, nil
	}
	var synonyms []string
	if !q.Exact {
		synonyms = q.Synonyms.Of(q.Text)
	}
	known, err := e.vocabularyFor(ctx, q.Text, synonyms)
	if err != nil {
		return nil, err
	}
	*t = queries{lexicon: &e.lexicon, length: e.surveyed(ctx).length}
	passes := search.Plan(*q, known)
	return passes, known.err
}

// find asks the index in service. What fails without having taken long is tried
// once more: the index may just have been replaced.
func (e *Engine) find(ctx context.Context, path string, body, into any) error {
	e.stats.requested()
	begin := time.Now()
	err := e.call(ctx, e.reads, http.MethodPost, "/"+e.serving()+path, body, into)
	if refusedAs(err, http.StatusNotFound, "") {
		if _, err := e.resolve(ctx); err != nil {
			return err
		}
	} else if !fault.Is(err, fault.Unavailable) || ctx.Err() != nil || time.Since(begin) > e.options.Timeout/4 {
		return err
	}
	return e.call(ctx, e.reads, http.MethodPost, "/"+e.serving()+path, body, into)
}

// told is the answer to a search.
type told struct {
	Hits struct {
		Total struct{ Value int }
		Hits  []variant
	}
	Aggregations map[string]map[string]answer // by scope
	Status       int                          // of one among several
	Error        struct{ Type, Reason string }
}

// several asks the index in service several things in one request.
func (e *Engine) several(ctx context.Context, bodies []object) ([]told, error) {
	if len(bodies) == 1 {
		answers := make([]told, 1)
		return answers, e.find(ctx, searchPath, bodies[0], &answers[0])
	}
	e.stats.requested()
	var lines []byte
	for _, b := range bodies {
		line, err := encode(b)
		if err != nil {
			return nil, err
		}
		lines = append(append(lines, "{}\n"...), line...)
	}
	var all struct{ Responses []told }
	ask := func() error {
		all.Responses = nil
		if err := e.send(ctx, e.reads, http.MethodPost, "/"+e.serving()+severalPath, linesType, lines, &all); err != nil {
			return err
		}
		for _, r := range all.Responses {
			if r.Status >= 300 {
				return e.failed(ctx, &refusal{r.Status, r.Error.Type, r.Error.Reason})
			}
		}
		return nil
	}
	err := ask()
	if fault.Is(err, fault.Unavailable) && ctx.Err() == nil {
		err = ask()
	}
	if err == nil && len(all.Responses) != len(bodies) {
		err = &fault.Error{Kind: fault.Internal, Op: "elasticsearch", Detail: "the engine has not answered every search"}
	}
	return all.Responses, err
}

const searchPath = "/_search?allow_partial_search_results=false&filter_path=hits.total.value,hits.hits.fields,aggregations"

const severalPath = "/_msearch?filter_path=responses.status,responses.error,responses.hits.total.value,responses.hits.hits.fields,responses.aggregations"

// order is how a sort orders variants: by what is sorted by, then the product,
// then which of its variants stands for it.
func order(q *search.Query, scored bool) []object {
	by := q.Sort
	var keys []object
	switch by {
	case search.ByPriceAsc:
		keys = []object{{"price": "asc"}}
	case search.ByPriceDesc:
		keys = []object{{"price": "desc"}}
	case search.ByRating:
		keys = []object{{"rating": "desc"}, {"rating_count": "desc"}}
	case search.ByNewest:
		keys = []object{{"newest": "desc"}}
	case search.ByPopularity:
		keys = []object{{"sales_count": "desc"}}
	case search.ByRelevance, search.ByDefault:
		keys = []object{{"_score": "desc"}, {"sales_count": "desc"}}
	}
	if q.Boosts.OutOfStockLast {
		keys = append([]object{{"in_stock": "desc"}}, keys...)
	}
	keys = append(keys, object{"product_id": "asc"})
	if scored && by != search.ByRelevance {
		keys = append(keys, object{"_score": "desc"})
	}
	if by != search.ByPriceAsc && by != search.ByPriceDesc { // no key twice
		keys = append(keys, object{"price": "asc"})
	}
	if by != search.ByNewest {
		keys = append(keys, object{"newest": "desc"})
	}
	if !scored { // without words all scores are alike
		keys = slices.DeleteFunc(keys, func(k object) bool { return k["_score"] != nil })
	}
	return append(keys, object{"sku": "asc"})
}

// variant is what is read of a hit.
type variant struct {
	Fields struct {
		Product []string `json:"product_id"`
		SKU     []string `json:"sku"`
		Name    []string `json:"name_shown"`
		Slug    []string `json:"slug"`
	}
}

func first(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[0]
}

func (v *variant) product() id.Product {
	u, _ := id.Parse(first(v.Fields.Product))
	return id.Product{UUID: u}
}
