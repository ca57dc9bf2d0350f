package baseline

import (
	"encoding/json"

	"github.com/bodega-commerce/bodega/core/search"
)

type object = map[string]any

// SearchIndex is the index of a plain search, as somebody would map it who knows
// which attributes there are: texts that are analysed as they come, and a field
// of its own for every numeric attribute, however many these are.
func SearchIndex(numbers []string) []byte {
	doubles := object{}
	for _, name := range numbers {
		doubles[name] = object{"type": "double", "index": false}
	}
	text := object{"type": "text", "analyzer": "english"}
	keyword := object{"type": "keyword"}
	body, _ := json.Marshal(object{
		"settings": object{"number_of_shards": 1, "number_of_replicas": 0, "mapping.total_fields.limit": 20_000, "requests.cache.enable": false},
		"mappings": object{
			"dynamic": false,
			"properties": object{
				"numbers": object{"dynamic": false, "properties": doubles},
				"sku":     keyword, "product_id": keyword, "name": text, "brand": keyword, "brand_words": text, "description": text,
				"category_path": keyword, "category_words": text, "price": object{"type": "long"},
				"attributes": object{"type": "flattened"}, "attribute_words": text, "name_shown": object{"type": "keyword", "index": false, "ignore_above": 8191},
			},
		},
	})
	return body
}

// SearchDocument is a variant in that index.
func SearchDocument(d *search.Document) []byte {
	attributes, numbers := map[string]string{}, map[string]float64{}
	var words, path, steps []string
	for name, v := range d.Attributes {
		attributes[name] = v.String()
		if n, ok := v.Reading(); ok {
			numbers[name] = n
		}
		if v.Kind() == search.KindText {
			words = append(words, v.String())
		}
	}
	for _, c := range d.Categories {
		path, steps = append(path, c.Slug), append(steps, c.Name)
	}
	body, _ := json.Marshal(object{
		"sku": d.SKU, "product_id": d.Product.String(), "name": d.Title, "name_shown": d.Name, "description": d.Description,
		"brand": d.Brand.Slug, "brand_words": d.Brand.Name, "category_path": path, "category_words": steps, "price": d.Price.Minor(),
		"attributes": attributes, "attribute_words": words, "numbers": numbers,
	})
	return body
}

// SearchFacets are what a plain search counts. Whoever asks knows beforehand
// which attributes the result has and between which ends to count numbers.
type SearchFacets struct {
	Attributes []string
	Numbers    map[string][]float64
	Prices     []int64
}

// Search returns the body of a plain search: the words in the fields that matter,
// variants collapsed to products, and products counted in all, by brand,
// category, price and each of the attributes.
func Search(text string, facets SearchFacets, size int) []byte {
	products := object{"products": object{"cardinality": object{"field": "product_id", "precision_threshold": 3000}}}
	terms := func(field string) object {
		return object{"terms": object{"field": field, "size": 50}, "aggs": products}
	}
	aggregations := object{
		"total": object{"cardinality": object{"field": "product_id", "precision_threshold": 40000}},
		"brand": terms("brand"), "category": terms("category_path"),
		"price": object{"stats": object{"field": "price"}}, "prices": between("price", facets.Prices, products),
	}
	for _, name := range facets.Attributes {
		aggregations["attributes."+name] = terms("attributes." + name)
	}
	for name, ends := range facets.Numbers {
		field := "numbers." + name
		aggregations[field], aggregations[field+":ranges"] = object{"stats": object{"field": field}}, between(field, ends, products)
	}
	body, _ := json.Marshal(object{
		"query": object{"multi_match": object{
			"query": text, "type": "cross_fields", "operator": "and",
			"fields": []string{"name^3", "brand_words", "category_words", "attribute_words^0.5", "description^1.5"},
		}},
		"collapse": object{"field": "product_id"}, "size": size, "_source": false, "docvalue_fields": []string{"product_id", "sku", "name_shown"},
		"sort": []object{{"_score": "desc"}, {"product_id": "asc"}}, "track_total_hits": true, "aggs": aggregations,
	})
	return body
}

func between[T int64 | float64](field string, ends []T, inner object) object {
	ranges := make([]object, 0, len(ends))
	for i := range len(ends) - 1 {
		ranges = append(ranges, object{"from": ends[i], "to": ends[i+1]})
	}
	if len(ranges) == 0 {
		ranges = append(ranges, object{"from": 0})
	}
	return object{"range": object{"field": field, "ranges": ranges}, "aggs": inner}
}
