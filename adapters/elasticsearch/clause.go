package elasticsearch

import (
	"math"
	"strings"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

// The constants of BM25: how fast repetition and length cease to matter.
const (
	saturation = 1.2
	lengthNorm = 0.6
)

// score is BM25 over all fields together: the query below it adds up what the
// word is worth in each field that has it, and only the name's length counts.
const score = "params.rarity * _score / (_score + params.base + params.slope * doc['length'].value)"

// queries turns clauses into queries.
type queries struct {
	lexicon *lexicon
	length  float64 // words in a name, on average
}

// wordFields are the fields of words, by part of a document. A match in any of
// them counts for as much as the part is worth.
var wordFields = []struct {
	part   search.Field
	fields []string
	plain  string // unstemmed
}{
	{search.FieldName, []string{"name_words", "name_words_2", "name_words_3"}, "name_words.plain"},
	{search.FieldHead, []string{"head_words"}, ""},
	{search.FieldBrand, []string{"brand_words"}, "brand_words.plain"},
	{search.FieldCategory, []string{"category_words"}, "category_words.plain"},
	{search.FieldAttributes, []string{"attribute_words"}, ""},
	{search.FieldDescription, []string{"description_words"}, ""},
}

func (t *queries) clause(c *search.Clause) object {
	boost := c.Boost
	if boost == 0 {
		boost = 1
	}
	q := t.plain(c, boost)
	if len(c.Prefer) > 0 {
		return object{"bool": object{"must": q, "should": t.all(c.Prefer)}}
	}
	return q
}

func (t *queries) all(of []search.Clause) []object {
	list := make([]object, len(of))
	for i := range of {
		list[i] = t.clause(&of[i])
	}
	return list
}

func (t *queries) plain(c *search.Clause, boost float64) object {
	switch c.Op {
	case search.OpTerm:
		if c.Fields == search.FieldSKU {
			return object{"ids": object{"values": []string{id.SKU(c.Text).Fold()}, "boost": boost}}
		}
		return t.term(c.Text, c.Fields, boost)
	case search.OpPhrase:
		return t.phrase(c.Text, boost)
	case search.OpPrefix:
		return prefix(c.Text, c.Fields, boost)
	case search.OpAll:
		if len(c.Of) == 0 {
			return nothing()
		}
		return object{"bool": object{"must": t.all(c.Of), "boost": boost}}
	case search.OpAny:
		return object{"bool": object{"should": t.all(c.Of), "minimum_should_match": max(c.Min, 1), "boost": boost}}
	case search.OpBest:
		return object{"dis_max": object{"queries": t.all(c.Of), "boost": boost}}
	case search.OpFilter:
		return object{"constant_score": object{"filter": t.clause(&c.Of[0]), "boost": boost}}
	case search.OpProduct:
		return object{"constant_score": object{"filter": object{"term": object{"product_id": c.Product.String()}}, "boost": boost}}
	case search.OpInStock:
		return object{"constant_score": object{"filter": object{"term": object{"in_stock": true}}, "boost": boost}}
	case search.OpFeatured:
		return object{"constant_score": object{"filter": object{"term": object{"featured": true}}, "boost": boost}}
	case search.OpDemote:
		return object{"boosting": object{"positive": t.clause(&c.Of[0]), "negative": t.clause(&c.Of[1]), "negative_boost": search.Demotion, "boost": boost}}
	}
	return nothing()
}

func nothing() object { return object{"match_none": object{}} }

func (t *queries) term(text string, parts search.Field, boost float64) object {
	var fields []object
	for _, f := range wordFields {
		if parts&f.part == 0 {
			continue
		}
		for _, field := range f.fields {
			fields = append(fields, object{"match": object{field: object{"query": text, "boost": f.part.Weight()}}})
		}
	}
	known, _, _ := t.lexicon.look(text)
	n, df := float64(t.lexicon.documents()), float64(known.docs)
	rarity := max(math.Log(1+(max(n-df, 0)+0.5)/(df+0.5)), 0.01)
	return object{"script_score": object{
		"query": object{"bool": object{"should": fields}},
		"script": object{"source": score, "params": object{
			"rarity": boost * rarity * (saturation + 1), "base": saturation * (1 - lengthNorm), "slope": saturation * lengthNorm / max(t.length, 1),
		}},
	}}
}

// phrase finds words next to each other in one of the names.
func (t *queries) phrase(text string, boost float64) object {
	var words []object
	for w := range strings.FieldsSeq(text) {
		words = append(words, t.term(w, search.FieldName, boost))
	}
	return object{"bool": object{
		"must": words,
		"filter": object{"bool": object{"should": []object{
			{"match_phrase": object{"name": text}}, {"match_phrase": object{"title": text}},
		}}},
	}}
}

// prefix finds words that begin with a text, whatever they are worth.
func prefix(text string, parts search.Field, boost float64) object {
	var fields []object
	for _, f := range wordFields {
		if parts&f.part != 0 && f.plain != "" {
			fields = append(fields, object{"match_bool_prefix": object{f.plain: text}})
		}
	}
	return object{"constant_score": object{"filter": object{"bool": object{"should": fields}}, "boost": boost}}
}
