package elasticsearch

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/bodega-commerce/bodega/core/search"
)

// How products are counted at first: up to so many, by estimate above. The engine
// sets aside 4 to 5 bytes for each of them, in every bucket.
const (
	exactTotal = 40_000
	exactValue = 3_000
)

func productsUpTo(n int) object {
	return object{"cardinality": object{"field": "product_id", "precision_threshold": n}}
}

// manyTimes more documents in the index than in a result make it dear to count
// products by marks in a list of all there are, a list for each bucket. Then the
// ids are counted themselves.
const manyTimes = 8

// How many values are asked for: those that most variants have are nearly
// always those that most products have.
const (
	manyValues     = search.MaxFacetValues + 14
	manyCategories = 2 * search.MaxFacetValues
	manyNames      = 200 // of attributes
)

// products counts products, exactly up to so many. Where fewer are expected the
// engine need not set so much aside.
func (a *asking) products(n int) object {
	if a.asked.most > 0 {
		n = min(n, a.asked.most)
	}
	products := productsUpTo(n)
	if few := a.expected(); few > 0 && manyTimes*few < a.engine.lexicon.documents() {
		counted, _ := products["cardinality"].(object)
		counted["execution_hint"] = "direct"
	}
	return products
}

// expected returns how many documents may be counted, 0 if that is not known.
func (a *asking) expected() int { return cmp.Or(a.asked.most, a.answers[overall].Documents) }

// fewDocuments are counted by a map of the values they have. Where there are
// more, the engine counts in a list of all values there are.
const fewDocuments = 2000

func (a *asking) termsOf(field string, size int) object {
	terms := termsOf(field, size, a.products(exactValue))
	if n := a.expected(); n > 0 && n <= fewDocuments {
		inner, _ := terms["terms"].(object)
		inner["execution_hint"] = "map"
	}
	return terms
}

func termsOf(field string, size int, products object) object {
	// Products are counted only for the values that are kept.
	return object{"terms": object{"field": field, "size": size, "collect_mode": "breadth_first"}, "aggs": object{"products": products}}
}

// keyOf names an attribute among the answers, apart from the other facets.
func keyOf(attribute string) string { return ":" + attribute }

// What is asked of a facet, after its key or that of the scope it is asked in.
const (
	valuesOf   = "|values"
	chosenOf   = "|chosen" // values that are selected
	productsOf = "|products"
	leastOf    = "|least"
	mostOf     = "|most"
	rangesOf   = "|ranges"
	edgesOf    = "|edges"
)

func (a *asking) filter(attribute string) (search.Filter, bool) {
	i := slices.IndexFunc(a.q.Filters, func(f search.Filter) bool { return f.Name == attribute })
	if i < 0 {
		return search.Filter{}, false
	}
	return a.q.Filters[i], true
}

func (a *asking) selects(attribute string) bool {
	_, selected := a.filter(attribute)
	return selected
}

// everyFacet returns the facets that a first request asks for.
func (a *asking) everyFacet() []string {
	parts := []string{byCategory, byBrand, byPrice}
	names := a.asked.attributes
	if !a.asked.at.IsZero() {
		names = a.asked.shown
	}
	for _, name := range names {
		parts = append(parts, keyOf(name))
	}
	return parts
}

// facetQueries asks for facets: those without a filter of their own together,
// each of the others in a scope of its own.
func (a *asking) facetQueries(keys []string, total bool) object {
	together := object{}
	if total {
		together["total"] = a.products(exactTotal)
		a.questions["total"] = question{}
		if a.asked.at.IsZero() {
			for key, field := range map[string]string{"names": "attribute_names", "numbers": "number_names"} {
				together[key] = termsOf(field, manyNames, a.products(exactValue))
				a.questions[key] = question{field: field}
			}
		}
	}
	queries := object{}
	a.lines = map[string][]string{}
	var shared []string // numeric attributes
	for _, key := range keys {
		name := strings.TrimPrefix(key, ":")
		def, attribute := a.schema.Attribute(name)
		numeric := attribute && key != name && def.Numeric
		if a.where.of(name) == nil {
			if numeric {
				shared = append(shared, name)
			} else {
				a.ask(together, key)
			}
			continue
		}
		within := object{}
		if numeric {
			a.askNumbers(within, key, []string{name})
		} else {
			a.ask(within, key)
		}
		if key != name {
			within[key+productsOf] = a.products(exactTotal)
			a.questions[key+productsOf] = question{}
		}
		queries[key] = object{"filter": a.scopeFilter(key), "aggs": within}
	}
	a.askNumbers(together, overall, shared)
	if len(together) > 0 {
		queries[overall] = object{"filter": a.scopeFilter(overall), "aggs": together}
	}
	return queries
}

// scopeOf returns the scope that a question is asked in.
func (a *asking) scopeOf(question string) string {
	key := question[:max(strings.LastIndexByte(question, '|'), 0)]
	if key == "" || a.where.of(strings.TrimPrefix(key, ":")) == nil {
		return overall
	}
	return key
}

// scopeFilter returns what narrows a scope: all filters, or all but a facet's own.
func (a *asking) scopeFilter(scope string) object {
	name, attribute := strings.CutPrefix(scope, ":")
	if scope == overall {
		return a.where.all()
	}
	if !attribute {
		return a.where.but(name)
	}
	field := "attribute_names"
	if def, _ := a.schema.Attribute(name); def.Numeric {
		field = "number_names"
	}
	return object{"bool": object{"filter": []object{a.where.but(name), {"term": object{field: name}}}}}
}

// ask adds what is asked of a facet that is not numeric.
func (a *asking) ask(to object, key string) {
	switch key {
	case byPrice:
		to[key+leastOf], to[key+mostOf] = object{"min": object{"field": "price"}}, object{"max": object{"field": "price"}}
		if ends := a.asked.prices; len(ends) > 1 {
			ranges := make([]object, len(ends)-1)
			for i := range ranges {
				ranges[i] = object{"from": ends[i], "to": ends[i+1]}
			}
			to[key+rangesOf] = object{"range": object{"field": "price", "ranges": ranges}, "aggs": object{"products": a.products(exactValue)}}
			a.questions[key+rangesOf] = question{field: "price", among: ranges}
		}
		return
	case byCategory, byBrand:
		field, size := "category_shown", manyCategories
		if key == byBrand {
			field, size = "brand_shown", manyValues
		}
		a.askValues(to, key, field, size)
		if own := a.where.of(key); own != nil {
			a.askChosen(to, key, field, own, 2*search.MaxSelection)
		}
		return
	}
	name := key[1:]
	field := "attributes." + name
	a.askValues(to, key, field, manyValues)
	if f, selected := a.filter(name); selected && len(f.Values) > 0 {
		texts := f.Texts()
		a.askChosen(to, key, field, object{"terms": object{field: texts}}, len(texts))
	}
}

func (a *asking) askValues(to object, key, field string, size int) {
	to[key+valuesOf] = a.termsOf(field, size)
	a.questions[key+valuesOf] = question{field: field}
}

// askChosen asks for the values that are selected, which may be rare.
func (a *asking) askChosen(to object, key, field string, own object, size int) {
	to[key+chosenOf] = object{"filter": own, "aggs": object{"values": a.termsOf(field, size)}}
	a.questions[key+chosenOf] = question{field: field, within: own}
}

// missing returns the facets that are needed and not answered yet, or not with
// the right ends, and notes what is asked for now.
func (a *asking) missing() []string {
	var keys []string
	if least, most, priced := a.priceSpan(); priced {
		ends := search.PriceBounds(least, most)
		if !slices.Equal(a.asked.prices, ends) {
			a.asked.prices = ends
			keys = append(keys, byPrice)
		}
	}
	if a.asked.at.IsZero() {
		a.asked.attributes = a.worthy()
		for _, name := range a.asked.attributes {
			if !a.answered(name) {
				keys = append(keys, keyOf(name))
			}
		}
	}
	for _, c := range a.chosen() {
		if _, counted := a.answers[keyOf(c.Name)+rangesOf]; c.Numeric && !counted && !slices.Contains(keys, keyOf(c.Name)) {
			keys = append(keys, keyOf(c.Name))
		}
	}
	return keys
}

// priceSpan returns the lowest and the highest price, if there are any.
func (a *asking) priceSpan() (least, most int64, priced bool) {
	scope := overall
	if a.where.of(byPrice) != nil {
		scope = byPrice
	}
	return int64(a.answers[byPrice+leastOf].Value), int64(a.answers[byPrice+mostOf].Value), a.answers[scope].Documents > 0
}

// answered reports whether an attribute was looked at.
func (a *asking) answered(name string) bool {
	if def, _ := a.schema.Attribute(name); def.Numeric {
		_, known := a.asked.spans[name]
		return known
	}
	_, known := a.answers[keyOf(name)+valuesOf]
	return known
}

// How many attributes are looked at to find out which matter: so many at a time,
// and not more than the second. Where few documents are found, what most of them
// have seldom tells them apart, and looking at all there is costs little.
const (
	fewNames  = 18
	mostNames = 54
	narrow    = 500 // documents
)

// having returns how many products have each of the attributes.
func (a *asking) having() map[string]int {
	counts := map[string]int{}
	gather := func(key string, numeric bool) {
		for _, b := range a.answers[key].Buckets {
			if def, shown := defined(a.schema, b.Key); shown && def.Numeric == numeric {
				counts[b.Key] = b.count()
			}
		}
	}
	gather("names", false)
	gather("numbers", true)
	for _, f := range a.q.Filters { // its own filter left out
		if _, shown := defined(a.schema, f.Name); shown {
			counts[f.Name] = count(a.answers[keyOf(f.Name)+productsOf].value, a.answers[keyOf(f.Name)].Documents)
		}
	}
	return counts
}

// worthy returns the attributes to look at: those selected, and those that most
// products have, until no other can be among the chosen.
func (a *asking) worthy() []string {
	counts := a.having()
	names := slices.SortedFunc(maps.Keys(counts), func(x, y string) int {
		if a.selects(x) != a.selects(y) {
			if a.selects(x) {
				return -1
			}
			return 1
		}
		one, _ := a.schema.Attribute(x)
		other, _ := a.schema.Attribute(y)
		return cmp.Or(counts[y]-counts[x], one.Position-other.Position, strings.Compare(x, y))
	})
	budget, most := fewNames, mostNames
	if n, known := a.answers[overall]; known && n.Documents <= narrow {
		budget, most = len(names), len(names)
	}
	for i, name := range names {
		if a.selects(name) || a.answered(name) {
			continue
		}
		if budget == 0 || i >= most || a.decided(names[:i]) {
			return names[:i]
		}
		budget--
	}
	return names
}

// decided reports whether no attribute that comes after these is going to be
// among the chosen.
func (a *asking) decided(before []string) bool {
	chosen := a.chosen()
	return len(chosen) >= search.MaxFacets-2 &&
		!slices.ContainsFunc(chosen, func(c search.Candidate) bool { return !slices.Contains(before, c.Name) })
}

// chosen returns the attributes that matter among those that were answered. When
// that was found out before, it is those.
func (a *asking) chosen() []search.Candidate {
	var candidates []search.Candidate
	if !a.asked.at.IsZero() {
		for _, name := range a.asked.shown {
			if def, shown := defined(a.schema, name); shown {
				candidates = append(candidates, search.Candidate{Attribute: def})
			}
		}
		return candidates
	}
	for name, products := range a.having() {
		if products == 0 || !a.answered(name) {
			continue
		}
		def, _ := a.schema.Attribute(name)
		c := search.Candidate{Attribute: &def, Products: products, Selected: a.selects(name)}
		if def.Numeric {
			if c.Distinct = 1; a.asked.spans[name].least < a.asked.spans[name].most {
				c.Distinct = 2
			}
		} else {
			values := a.answers[keyOf(name)+valuesOf].Buckets
			c.Distinct = len(values)
			for _, b := range values {
				c.Most = max(c.Most, b.count())
			}
		}
		candidates = append(candidates, c)
	}
	return search.Choose(candidates, int(a.answers["total"].Value))
}

// count returns a number of products, of which there are not more than documents.
func count(products value, documents int) int { return min(int(products.Value), documents) }

func (b bucket) count() int { return count(b.Products, b.Documents) }
