package elasticsearch

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
)

func decode(text []byte, into any) error {
	if err := json.Unmarshal(text, into); err != nil {
		return fault.Wrap(fault.Internal, "elasticsearch", err)
	}
	return nil
}

// How products are counted: exactly up to so many, by estimate above. The
// engine sets aside 4 to 5 bytes for each of them, in every bucket.
const (
	exactTotal = 40_000
	exactValue = 3_000
)

func productsUpTo(n int) object {
	return object{"cardinality": object{"field": "product_id", "precision_threshold": n}}
}

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
	return productsUpTo(n)
}

func (a *asking) termsOf(field string, size int) object {
	return termsOf(field, size, a.products(exactValue))
}

func termsOf(field string, size int, products object) object {
	// Products are counted only for the values that are kept.
	return object{"terms": object{"field": field, "size": size, "collect_mode": "breadth_first"}, "aggs": object{"products": products}}
}

// keyOf names an attribute among the answers, apart from the other facets.
func keyOf(attribute string) string { return ":" + attribute }

func (a *asking) filter(attribute string) (search.Filter, bool) {
	i := slices.IndexFunc(a.q.Filters, func(f search.Filter) bool { return f.Name == attribute })
	if i < 0 {
		return search.Filter{}, false
	}
	return a.q.Filters[i], true
}

// everyPart returns the facets that a first request asks for.
func (a *asking) everyPart() []string {
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
// each of the others by itself.
func (a *asking) facetQueries(parts []string, total bool) object {
	queries, below := object{}, object{}
	if total {
		below["total"] = a.products(exactTotal)
		if a.asked.at.IsZero() {
			below["names"] = object{"terms": object{"field": "attribute_names", "size": manyNames}}
			below["numbers"] = object{"terms": object{"field": "number_names", "size": manyNames}}
		}
	}
	for _, key := range parts {
		present, inner := a.part(key)
		name := strings.TrimPrefix(key, ":")
		if a.where.of(name) == nil {
			below[key] = object{"filter": present, "aggs": inner}
		} else {
			queries[key] = object{"filter": object{"bool": object{"filter": []object{present, a.where.but(name)}}}, "aggs": inner}
		}
	}
	if len(below) > 0 {
		queries[overall] = object{"filter": a.where.all(), "aggs": below}
	}
	return queries
}

// part asks for one facet, of the documents that have it.
func (a *asking) part(key string) (present, inner object) {
	everything := object{"match_all": object{}}
	switch key {
	case byCategory, byBrand:
		field, size := "category_shown", manyCategories
		if key == byBrand {
			field, size = "brand_shown", manyValues
		}
		inner = object{"values": a.termsOf(field, size)}
		if own := a.where.of(key); own != nil {
			inner["chosen"] = object{"filter": own, "aggs": object{"values": a.termsOf(field, 2*search.MaxSelection)}}
		}
		return everything, inner
	case byPrice:
		inner = object{"least": object{"min": object{"field": "price"}}, "most": object{"max": object{"field": "price"}}}
		if ends := a.asked.prices; len(ends) > 1 {
			ranges := make([]object, len(ends)-1)
			for i := range ranges {
				ranges[i] = object{"from": ends[i], "to": ends[i+1]}
			}
			inner["ranges"] = object{"range": object{"field": "price", "ranges": ranges}, "aggs": object{"products": a.products(exactValue)}}
		}
		return everything, inner
	}
	name := key[1:]
	def, _ := a.schema.Attribute(name)
	if def.Numeric {
		return object{"term": object{"number_names": name}}, a.numbersPart(name)
	}
	field := "attributes." + name
	inner = object{"products": a.products(exactValue), "values": a.termsOf(field, manyValues)}
	if f, selected := a.filter(name); selected && len(f.Values) > 0 {
		texts := f.Texts()
		inner["chosen"] = object{"filter": object{"terms": object{field: texts}}, "aggs": object{"values": a.termsOf(field, len(texts))}}
	}
	return object{"term": object{"attribute_names": name}}, inner
}

func (a *asking) numbersPart(name string) object {
	field := "numbers." + name
	end := func(direction string) object {
		return object{"terms": object{"field": field, "size": 1, "order": object{"_key": direction}}}
	}
	inner := object{"products": a.products(exactValue), "first": end("asc"), "last": end("desc")}
	if ends := a.asked.ends[name]; len(ends) > 1 {
		ranges := make([]object, len(ends)-1)
		for i := range ranges {
			ranges[i] = object{"range": object{field: object{"gte": sortable(ends[i]), "lt": sortable(ends[i+1])}}}
		}
		inner["ranges"] = object{"filters": object{"filters": ranges}, "aggs": object{"products": a.products(exactValue)}}
	}
	return inner
}

// missing returns the facets that are needed and not answered yet, or not with
// the right ends, and notes what is asked for now.
func (a *asking) missing() []string {
	var parts []string
	if price := a.answers[byPrice]; price.Documents > 0 {
		ends := search.PriceBounds(int64(price.Least.Value), int64(price.Most.Value))
		if !slices.Equal(a.asked.prices, ends) {
			a.asked.prices = ends
			parts = append(parts, byPrice)
		}
	}
	if a.asked.at.IsZero() {
		a.asked.attributes = a.worthy()
		for _, name := range a.asked.attributes {
			if _, answered := a.answers[keyOf(name)]; !answered {
				parts = append(parts, keyOf(name))
			}
		}
	}
	if a.asked.ends == nil {
		a.asked.ends = map[string][]float64{}
	}
	for _, c := range a.chosen() {
		if !c.Numeric {
			continue
		}
		least, most := a.numbers(c.Name)
		if ends := search.Bounds(least, most); !slices.Equal(a.asked.ends[c.Name], ends) {
			a.asked.ends[c.Name] = ends
			parts = append(parts, keyOf(c.Name))
		}
	}
	return parts
}

// How many attributes are looked at to find out which matter: so many at a time,
// and not more than the second.
const (
	fewNames  = 18
	mostNames = 54
)

// worthy returns the attributes to look at: those selected, and those that most
// documents have, until no other can be among the chosen.
func (a *asking) worthy() []string {
	var names []string
	for _, f := range a.q.Filters {
		if _, shown := defined(a.schema, f.Name); shown {
			names = append(names, f.Name)
		}
	}
	all := a.answers[overall]
	type counted struct {
		name      string
		position  int
		documents int
	}
	var others []counted
	gather := func(buckets []bucket, numeric bool) {
		for _, b := range buckets {
			if def, shown := defined(a.schema, b.Key); shown && def.Numeric == numeric && !slices.Contains(names, b.Key) {
				others = append(others, counted{b.Key, def.Position, b.Documents})
			}
		}
	}
	gather(all.Names.Buckets, false)
	gather(all.Numbers.Buckets, true)
	slices.SortFunc(others, func(x, y counted) int {
		return cmp.Or(y.documents-x.documents, x.position-y.position, strings.Compare(x.name, y.name))
	})
	budget := fewNames
	for _, o := range others {
		if _, answered := a.answers[keyOf(o.name)]; !answered {
			if budget == 0 || len(names) >= mostNames || a.decided(o.documents) {
				break
			}
			budget--
		}
		names = append(names, o.name)
	}
	return names
}

// decided reports whether an attribute that this many documents have is not
// going to be among the chosen: it is taken to have as many products for its
// documents as the whole result has.
func (a *asking) decided(documents int) bool {
	chosen := a.chosen()
	if len(chosen) < search.MaxFacets-2 {
		return false
	}
	all := a.answers[overall]
	products := documents * int(all.Total.Value) / max(all.Documents, 1)
	for _, c := range chosen {
		if !c.Selected && c.Products < products {
			return false
		}
	}
	return true
}

// chosen returns the attributes that matter among those that were answered.
func (a *asking) chosen() []search.Candidate {
	var candidates []search.Candidate
	for key, r := range a.answers {
		if key[0] != ':' || r.Documents == 0 {
			continue
		}
		def, shown := defined(a.schema, key[1:])
		if !shown {
			continue
		}
		_, selected := a.filter(def.Name)
		c := search.Candidate{Attribute: def, Products: count(r.Products, r.Documents), Distinct: len(r.Values.Buckets), Selected: selected}
		if def.Numeric {
			if c.Distinct = 1; len(r.First.Buckets) > 0 && len(r.Last.Buckets) > 0 && r.First.Buckets[0].Key != r.Last.Buckets[0].Key {
				c.Distinct = 2
			}
		}
		for _, b := range r.Values.Buckets {
			c.Most = max(c.Most, b.count())
		}
		candidates = append(candidates, c)
	}
	return search.Choose(candidates, int(a.answers[overall].Total.Value))
}

// count returns a number of products, of which there are not more than documents.
func count(products value, documents int) int { return min(int(products.Value), documents) }

func (b bucket) count() int { return count(b.Products, b.Documents) }

func (a *asking) numbers(name string) (least, most float64) {
	r := a.answers[keyOf(name)]
	if len(r.First.Buckets) == 0 || len(r.Last.Buckets) == 0 {
		return 0, 0
	}
	return unsortable(r.First.Buckets[0].Key), unsortable(r.Last.Buckets[0].Key)
}
