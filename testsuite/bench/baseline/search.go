package baseline

import "encoding/json"

// Search returns the body of a plain search for a page of products of the shop's
// index, as somebody would write it who knows which attributes the result will
// have: the words in the fields that matter, variants collapsed to products, and
// products counted by brand, category, price and each of the attributes. Numeric
// attributes are counted in ten ranges that are known beforehand.
func Search(text string, attributes, numbers []string, size int) []byte {
	type object = map[string]any
	products := object{"products": object{"cardinality": object{"field": "product_id", "precision_threshold": 3000}}}
	terms := func(field string) object {
		return object{"terms": object{"field": field, "size": 50}, "aggs": products}
	}
	ranges := make([]object, 10)
	facets := object{
		"total": object{"cardinality": object{"field": "product_id", "precision_threshold": 40000}},
		"brand": terms("brand"), "category": terms("category_path"), "price": object{"stats": object{"field": "price"}},
	}
	for i := range ranges {
		ranges[i] = object{"from": i * 10_000, "to": (i + 1) * 10_000}
	}
	facets["prices"] = object{"range": object{"field": "price", "ranges": ranges}, "aggs": products}
	for _, name := range attributes {
		facets[name] = terms("attributes." + name)
	}
	for _, name := range numbers {
		steps := make([]object, 10)
		for i := range steps {
			// Numbers are texts that sort like them; all positive ones lie between c and d.
			steps[i] = object{"range": object{"numbers." + name: object{"gte": "c0" + string(rune('0'+i)), "lt": "c0" + string(rune('1'+i))}}}
		}
		facets[name] = object{"filters": object{"filters": steps}, "aggs": products}
	}
	body, _ := json.Marshal(object{
		"query": object{"bool": object{
			"must": object{"multi_match": object{
				"query": text, "type": "cross_fields", "operator": "and",
				"fields": []string{"name_words^3", "brand_words", "category_words", "attribute_words^0.5", "description_words^1.5"},
			}},
			"filter": object{"term": object{"deleted": false}},
		}},
		"collapse": object{"field": "product_id"}, "size": size, "_source": false, "docvalue_fields": []string{"product_id", "sku", "name_shown"},
		"sort": []object{{"_score": "desc"}, {"product_id": "asc"}}, "track_total_hits": true, "aggs": facets,
	})
	return body
}
