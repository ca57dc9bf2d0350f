package porttest

import (
	"bytes"
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

// searchModel is an index as its contract has it, by brute force: it knows each
// SKU's newest document and looks at all of them for every question. Its words
// are written in one way only, so that folding and stemming do not matter.
type searchModel struct {
	known  map[string]search.Document // by folded SKU, tombstones too
	schema search.Schema
}

func newSearchModel() *searchModel { return &searchModel{known: map[string]search.Document{}} }

func (m *searchModel) index(docs []search.Document) []search.Outcome {
	outcomes := make([]search.Outcome, len(docs))
	for i, d := range docs {
		old, ok := m.known[d.SKU.Fold()]
		switch {
		case !ok || old.Version < d.Version:
			m.known[d.SKU.Fold()] = d
		case old.Version > d.Version:
			outcomes[i] = search.Superseded
		}
	}
	return outcomes
}

func (m *searchModel) define(s search.Schema) {
	if s.Version >= m.schema.Version {
		m.schema = s
	}
}

func (m *searchModel) live() []search.Document {
	var docs []search.Document
	for _, d := range m.known {
		if !d.Deleted {
			docs = append(docs, d)
		}
	}
	return docs
}

// Known, Near, Alike and Together make the model a search.Vocabulary. Its words are too far
// apart for any correction.
func (m *searchModel) Known(word string) bool {
	return slices.ContainsFunc(m.live(), func(d search.Document) bool { return hasWord(d, search.FieldText, word) })
}

func (m *searchModel) Near(string) []string { return nil }

func (m *searchModel) Alike(a, b string) bool { return a == b }

func (m *searchModel) Together([]string) int { return 0 }

func hasWord(d search.Document, fields search.Field, word string) bool {
	texts := map[search.Field][]string{
		search.FieldName: {d.Name, d.Title}, search.FieldBrand: {d.Brand.Name}, search.FieldDescription: {d.Description},
	}
	for _, c := range d.Categories {
		texts[search.FieldCategory] = append(texts[search.FieldCategory], c.Name)
	}
	for name, v := range d.Attributes {
		switch {
		case v.Kind() == search.KindText:
			texts[search.FieldAttributes] = append(texts[search.FieldAttributes], v.String())
		case v.Kind() == search.KindBool && v.Number() != 0:
			texts[search.FieldAttributes] = append(texts[search.FieldAttributes], strings.ReplaceAll(name, "_", " "))
		}
	}
	for field, list := range texts {
		if fields&field == 0 {
			continue
		}
		for _, text := range list {
			if slices.ContainsFunc(search.Words(text), func(w search.Word) bool { return w.Text == word }) {
				return true
			}
		}
	}
	return false
}

func (m *searchModel) matches(c search.Clause, d search.Document) bool {
	switch c.Op {
	case search.OpTerm:
		if c.Fields == search.FieldSKU {
			return strings.EqualFold(string(d.SKU), c.Text)
		}
		return hasWord(d, c.Fields, c.Text)
	case search.OpPhrase:
		return slices.ContainsFunc([]string{d.Name, d.Title}, func(s string) bool {
			return strings.Contains(" "+strings.ToLower(s)+" ", " "+c.Text+" ")
		})
	case search.OpAll:
		return !slices.ContainsFunc(c.Of, func(of search.Clause) bool { return !m.matches(of, d) })
	case search.OpAny, search.OpBest:
		n := 0
		for _, of := range c.Of {
			if m.matches(of, d) {
				n++
			}
		}
		return n >= max(1, c.Min)
	case search.OpFilter:
		return m.matches(c.Of[0], d)
	default:
		return false
	}
}

// text returns the documents that the words of a query match.
func (m *searchModel) text(q search.Query) []search.Document {
	if q.Text == "" {
		return m.live()
	}
	var found []search.Document
	for _, pass := range search.Plan(q, m) {
		found = found[:0]
		products := map[id.Product]bool{}
		for _, d := range m.live() {
			if m.matches(pass.Clause, d) {
				found = append(found, d)
				products[d.Product] = true
			}
		}
		if len(products) >= pass.Enough {
			break
		}
	}
	return found
}

// fails returns the facets whose filter a document does not pass.
func (m *searchModel) fails(q search.Query, d search.Document) []string {
	var fails []string
	if len(q.Brands) > 0 && !slices.Contains(q.Brands, d.Brand.Slug) {
		fails = append(fails, search.FacetBrand)
	}
	if q.Category != "" && !slices.ContainsFunc(d.Categories, func(c search.Category) bool { return c.Slug == q.Category || c.ID.String() == q.Category }) {
		fails = append(fails, search.FacetCategory)
	}
	if p := d.Price.Minor(); q.PriceMin != nil && p < *q.PriceMin || q.PriceMax != nil && p > *q.PriceMax {
		fails = append(fails, "price")
	}
	for _, f := range q.Filters {
		if v, ok := d.Attributes[f.Name]; !ok || !f.Matches(v) {
			fails = append(fails, "attr "+f.Name)
		}
	}
	return fails
}

// searchAnswer is what a query finds, in no order.
type searchAnswer struct {
	variants map[id.Product][]search.Document // that match
	but      map[string][]search.Document     // that match but for one facet's own filter
}

func (m *searchModel) answer(q search.Query) searchAnswer {
	a := searchAnswer{variants: map[id.Product][]search.Document{}, but: map[string][]search.Document{}}
	for _, d := range m.text(q) {
		if q.InStock && !d.InStock || d.Rating < q.MinRating {
			continue
		}
		fails := m.fails(q, d)
		if len(fails) == 0 {
			a.variants[d.Product] = append(a.variants[d.Product], d)
		}
		if len(fails) <= 1 {
			key := "" // counts everywhere
			if len(fails) == 1 {
				key = fails[0]
			}
			a.but[key] = append(a.but[key], d)
		}
	}
	return a
}

// within returns the documents that count in a facet.
func (a searchAnswer) within(facet string) []search.Document {
	return slices.Concat(a.but[""], a.but[facet])
}

// productsOf counts the products of the documents for which is says yes.
func productsOf(docs []search.Document, is func(search.Document) bool) int {
	seen := map[id.Product]bool{}
	for _, d := range docs {
		if is(d) {
			seen[d.Product] = true
		}
	}
	return len(seen)
}

// compareBy compares two documents by a sort, without the scores that a model
// cannot tell.
func compareBy(s search.Sort, a, b search.Document) int {
	switch s {
	case search.ByPriceAsc:
		return a.Price.Compare(b.Price)
	case search.ByPriceDesc:
		return b.Price.Compare(a.Price)
	case search.ByRating:
		return cmp.Or(cmp.Compare(b.Rating, a.Rating), cmp.Compare(b.Ratings, a.Ratings))
	case search.ByNewest:
		return b.Newest().Compare(a.Newest())
	default:
		return cmp.Compare(b.Sales, a.Sales)
	}
}

// order returns the products found as the sort has them, each by its best
// variant. Variants are compared by score too, so the best one is exact only
// without a text.
func (a searchAnswer) order(s search.Sort) []search.Document {
	var best []search.Document
	for _, docs := range a.variants {
		best = append(best, slices.MinFunc(docs, func(a, b search.Document) int {
			return cmp.Or(compareBy(s, a, b), a.Price.Compare(b.Price), b.Newest().Compare(a.Newest()), strings.Compare(string(a.SKU), string(b.SKU)))
		}))
	}
	slices.SortFunc(best, func(a, b search.Document) int {
		return cmp.Or(compareBy(s, a, b), bytes.Compare(a.Product.UUID[:], b.Product.UUID[:]))
	})
	return best
}

// check compares an answer of the index with the model's.
func (m *searchModel) check(t *testing.T, q search.Query, got search.Result) {
	t.Helper()
	q = q.Normalize()
	a := m.answer(q)
	if got.Total != len(a.variants) {
		t.Errorf("total %d, want %d", got.Total, len(a.variants))
		return
	}
	want := a.order(q.Sort)
	from := min((q.Page-1)*q.PerPage, len(want))
	want = want[from:min(from+q.PerPage, len(want))]
	if len(got.Hits) != len(want) {
		t.Errorf("%d products on page %d, want %d", len(got.Hits), q.Page, len(want))
		return
	}
	for i, h := range got.Hits {
		variants := a.variants[h.Product]
		if (q.Sort != search.ByRelevance || q.Text == "") && h.Product != want[i].Product {
			t.Errorf("product %d is %s, want %s", i, h.Product, want[i].Product)
		}
		if q.Text == "" && h.SKU != want[i].SKU {
			t.Errorf("product %d is shown by %s, want %s", i, h.SKU, want[i].SKU)
		}
		var skus []id.SKU
		for _, d := range variants {
			skus = append(skus, d.SKU)
		}
		matching := slices.Clone(h.Matching)
		slices.Sort(matching)
		slices.Sort(skus)
		if len(variants) == 0 || !slices.Equal(matching, skus) || h.Matching[0] != h.SKU || !slices.ContainsFunc(variants, func(d search.Document) bool { return d.Name == h.Name }) {
			t.Errorf("product %d is %+v, its matching variants are %v", i, h, skus)
		}
	}
	m.checkFacets(t, q, a, got)
	checkPrices(t, a, got)
}

func (m *searchModel) checkFacets(t *testing.T, q search.Query, a searchAnswer, got search.Result) {
	t.Helper()
	var want, names []string
	for _, c := range search.Choose(m.candidates(q, a), len(a.variants)) {
		want = append(want, c.Name)
	}
	for _, f := range got.Facets {
		switch f.Name {
		case search.FacetCategory:
			checkTerms(t, f, categoriesOf(q, a), nil)
			continue
		case search.FacetBrand:
			checkTerms(t, f, brandsOf(q, a), nil)
			continue
		}
		names = append(names, f.Name)
		def, ok := m.schema.Attribute(f.Name)
		if !ok || f.Label != cmp.Or(def.Label, def.Name) {
			t.Errorf("facet %q is labelled %q, want %q", f.Name, f.Label, def.Label)
		}
		filter := selectedBy(q, f.Name)
		docs := a.within("attr " + f.Name)
		if def.Numeric {
			checkRanges(t, f, def, filter, docs)
		} else {
			checkTerms(t, f, valuesOf(docs, f.Name, filter, def.Choices), def.Choices)
		}
	}
	if len(got.Facets) < 2 || got.Facets[0].Name != search.FacetCategory || got.Facets[1].Name != search.FacetBrand || !slices.Equal(names, want) {
		t.Errorf("facets are category, brand and %v, want %v", names, want)
	}
}

func selectedBy(q search.Query, name string) search.Filter {
	for _, f := range q.Filters {
		if f.Name == name {
			return f
		}
	}
	return search.Filter{}
}

// tally is the products that have each of some keys.
type tally map[string]map[id.Product]bool

func (t tally) add(key string, p id.Product) {
	if t[key] == nil {
		t[key] = map[id.Product]bool{}
	}
	t[key][p] = true
}

// candidates counts every filterable attribute of the answer.
func (m *searchModel) candidates(q search.Query, a searchAnswer) []search.Candidate {
	products, values := tally{}, map[string]tally{}
	count := func(d search.Document, name string) {
		def, known := m.schema.Attribute(name)
		v, ok := d.Attributes[name]
		_, reads := v.Reading()
		if !known || !def.Filterable || !ok || !v.Facetable() || def.Numeric && !reads {
			return
		}
		if values[name] == nil {
			values[name] = tally{}
		}
		products.add(name, d.Product)
		values[name].add(v.String(), d.Product)
	}
	for facet, docs := range a.but {
		own, one := strings.CutPrefix(facet, "attr ")
		for _, d := range docs {
			switch {
			case one:
				count(d, own)
			case facet == "":
				for name := range d.Attributes {
					count(d, name)
				}
			}
		}
	}
	var list []search.Candidate
	for name, counted := range values {
		def, _ := m.schema.Attribute(name)
		c := search.Candidate{Attribute: &def, Products: len(products[name]), Distinct: len(counted), Selected: selectedBy(q, name).Name != ""}
		for _, with := range counted {
			c.Most = max(c.Most, len(with))
		}
		list = append(list, c)
	}
	return list
}

func categoriesOf(q search.Query, a searchAnswer) []search.FacetValue {
	found, products := map[string]search.FacetValue{}, tally{}
	if q.Category != "" {
		found[""] = search.FacetValue{Value: q.Category, Label: q.Category, Selected: true}
	}
	for _, d := range a.within(search.FacetCategory) {
		parent := ""
		for _, c := range d.Categories {
			products.add(c.Slug, d.Product)
			v := search.FacetValue{Value: c.Slug, Label: c.Name, Parent: parent, Count: len(products[c.Slug]), Selected: q.Category == c.Slug || q.Category == c.ID.String()}
			if v.Selected {
				delete(found, "")
			}
			found[c.Slug] = v
			parent = c.Slug
		}
	}
	return slices.Collect(maps.Values(found))
}

func brandsOf(q search.Query, a searchAnswer) []search.FacetValue {
	found, products := map[string]search.FacetValue{}, tally{}
	for _, slug := range q.Brands {
		found[slug] = search.FacetValue{Value: slug, Label: slug, Selected: true}
	}
	for _, d := range a.within(search.FacetBrand) {
		if b := d.Brand; b.Slug != "" {
			products.add(b.Slug, d.Product)
			found[b.Slug] = search.FacetValue{Value: b.Slug, Label: b.Name, Count: len(products[b.Slug]), Selected: slices.Contains(q.Brands, b.Slug)}
		}
	}
	return slices.Collect(maps.Values(found))
}

func valuesOf(docs []search.Document, name string, filter search.Filter, choices []search.Choice) []search.FacetValue {
	found, products := map[string]search.FacetValue{}, tally{}
	label := func(text string) string {
		for _, c := range choices {
			if c.Value == text {
				return cmp.Or(c.Label, text)
			}
		}
		return text
	}
	for _, text := range filter.Values {
		found[text] = search.FacetValue{Value: text, Label: label(text), Selected: true}
	}
	for _, d := range docs {
		v, ok := d.Attributes[name]
		if !ok || !v.Facetable() {
			continue
		}
		products.add(v.String(), d.Product)
		found[v.String()] = search.FacetValue{Value: v.String(), Label: label(v.String()), Count: len(products[v.String()]), Selected: filter.Matches(v)}
	}
	return slices.Collect(maps.Values(found))
}

func checkTerms(t *testing.T, f search.Facet, want []search.FacetValue, choices []search.Choice) {
	t.Helper()
	want = search.SortValues(want, choices)
	if f.Type != search.Terms || !slices.Equal(f.Values, want) {
		t.Errorf("facet %s has %v\nwant %v", f.Name, f.Values, want)
	}
}

func checkRanges(t *testing.T, f search.Facet, def search.Attribute, filter search.Filter, docs []search.Document) {
	t.Helper()
	var numbers []float64
	for _, d := range docs {
		if n, ok := d.Attributes[f.Name].Reading(); ok {
			numbers = append(numbers, n)
		}
	}
	if f.Type != search.Ranges || f.Unit != def.Unit || f.Min != slices.Min(numbers) || f.Max != slices.Max(numbers) {
		t.Errorf("facet %+v, want numbers from %v to %v", f, slices.Min(numbers), slices.Max(numbers))
	}
	for i, b := range f.Buckets {
		if i > 0 && f.Buckets[i-1].To != b.From || b.From >= b.To {
			t.Errorf("buckets of %s do not follow each other: %v", f.Name, f.Buckets)
		}
		n := productsOf(docs, func(d search.Document) bool {
			n, ok := d.Attributes[f.Name].Reading()
			return ok && b.From <= n && n < b.To
		})
		if b.Count != n || b.Selected != filter.Covers(b.From, b.To) {
			t.Errorf("bucket %+v of %s, want %d products", b, f.Name, n)
		}
	}
	if n := len(f.Buckets); n == 0 || f.Buckets[0].From > f.Min || f.Buckets[n-1].To <= f.Max {
		t.Errorf("buckets of %s do not cover %v to %v: %v", f.Name, f.Min, f.Max, f.Buckets)
	}
}

func checkPrices(t *testing.T, a searchAnswer, got search.Result) {
	t.Helper()
	docs := a.within("price")
	if len(docs) == 0 {
		if got.Price != nil || len(got.Histogram) != 0 {
			t.Errorf("prices %v, %v of nothing", got.Price, got.Histogram)
		}
		return
	}
	var prices []int64
	for _, d := range docs {
		prices = append(prices, d.Price.Minor())
	}
	least, most := slices.Min(prices), slices.Max(prices)
	if got.Price == nil || *got.Price != (search.PriceRange{Min: least, Max: most}) {
		t.Errorf("prices %v, want %d to %d", got.Price, least, most)
	}
	h := got.Histogram
	if len(h) == 0 || h[0].From > least || h[len(h)-1].To <= most {
		t.Errorf("histogram %v does not cover %d to %d", h, least, most)
	}
	for i, b := range h {
		if i > 0 && h[i-1].To != b.From || b.From >= b.To {
			t.Errorf("histogram does not hang together: %v", h)
		}
		if n := productsOf(docs, func(d search.Document) bool { return b.From <= d.Price.Minor() && d.Price.Minor() < b.To }); b.Count != n {
			t.Errorf("histogram %+v, want %d products", b, n)
		}
	}
}
