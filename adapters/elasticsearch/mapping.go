package elasticsearch

import (
	"fmt"
	"strings"
)

// indexBody returns the settings and the mapping of an index of documents. A
// field that is not in it is refused.
//
// Words come split (search.Words), with spaces between, so the analysers only
// fold and stem them. The words of each part of a document have a field of
// their own, for what a match there is worth, and all are copied to words, for
// how many documents have one. There may be thousands of attributes and a mapping has
// room for a few hundred fields: numbers of attributes are kept as texts that sort
// like them, to be filtered by, and all together as places, to be counted.
func indexBody(locale string) object {
	stem := []string{"lowercase", "asciifolding"}
	filters := object{}
	if language := stemmers[strings.ToLower(locale[:min(2, len(locale))])]; language != "" {
		filters["with_digits"] = object{"type": "keyword_marker", "keywords_pattern": ".*[0-9].*"} // see search.HasDigit
		filters["stems"] = object{"type": "stemmer", "language": language}
		stem = append(stem, "with_digits", "stems")
	}
	marks := make([]string, 0, 0x70)
	for r := rune(0x300); r < 0x370; r++ {
		marks = append(marks, fmt.Sprintf("\\u%04x=>", r))
	}
	analyser := func(tokenizer string, filter []string) object {
		return object{"type": "custom", "char_filter": []string{"marks"}, "tokenizer": tokenizer, "filter": filter}
	}

	words := object{"type": "text", "analyzer": "stemmed", "index_options": "docs", "norms": false, "similarity": "boolean", "copy_to": "words"}
	completed := object{
		"type": "text", "analyzer": "stemmed", "index_options": "docs", "norms": false, "similarity": "boolean", "copy_to": "words",
		"fields": object{"plain": object{
			"type": "text", "analyzer": "folded", "index_options": "docs", "norms": false, "index_prefixes": object{"min_chars": 1, "max_chars": 12},
		}},
	}
	text := object{"type": "text", "analyzer": "text", "norms": false}
	keyword := object{"type": "keyword"}
	shown := object{"type": "keyword", "index": false, "ignore_above": 8191} // bytes of a keyword are limited
	forms := object{"type": "keyword", "index": false, "normalizer": "folded"}
	sorted := object{"type": "long", "index": false}

	return object{
		"settings": object{
			"number_of_shards": 1,
			"analysis": object{
				"filter":      filters,
				"char_filter": object{"marks": object{"type": "mapping", "mappings": marks}},
				"normalizer":  object{"folded": object{"type": "custom", "char_filter": []string{"marks"}, "filter": []string{"lowercase", "asciifolding"}}},
				"analyzer": object{
					"stemmed": analyser("whitespace", stem),
					"folded":  analyser("whitespace", []string{"lowercase", "asciifolding"}),
					"text":    analyser("standard", stem),
				},
			},
		},
		"mappings": object{"dynamic": "strict", "properties": object{
			"key": keyword, "sku": keyword, "product_id": keyword, "product_number": sorted, "product_part": object{"type": "short", "index": false}, "version": sorted, "digest": sorted,
			"deleted": object{"type": "boolean"}, "deleted_at": object{"type": "date"},
			"name": text, "title": text, "name_shown": shown, "slug": keyword,
			"brand": keyword, "brand_shown": keyword,
			"category_path": keyword, "category_ids": keyword, "category_shown": keyword,
			"price": object{"type": "long"}, "currency": keyword, "in_stock": object{"type": "boolean"}, "featured": object{"type": "boolean"},
			"rating": object{"type": "double"}, "rating_count": object{"type": "long"}, "sales_count": sorted, "newest": sorted,
			"attributes": object{"type": "flattened"}, "attribute_names": keyword,
			"numbers": object{"type": "flattened"}, "number_names": keyword, "places": object{"type": "double", "index": false},
			"length":     object{"type": "integer", "index": false},
			"words":      object{"type": "text", "analyzer": "stemmed", "index_options": "docs", "norms": false, "similarity": "boolean"},
			"name_words": completed, "brand_words": completed, "category_words": completed,
			"name_words_2": words, "name_words_3": words,
			"head_words": words, "attribute_words": words, "description_words": words,
			"name_forms": forms, "text_forms": forms,
		}},
	}
}

// stemmers by language; words of others are folded only.
var stemmers = map[string]string{
	"en": "porter2", "de": "light_german", "fr": "light_french", "es": "light_spanish", "it": "light_italian", "pt": "light_portuguese",
	"nl": "dutch", "sv": "swedish", "da": "danish", "no": "norwegian", "nb": "norwegian", "fi": "finnish", "ru": "russian", "hu": "hungarian",
	"cs": "czech", "ro": "romanian", "tr": "turkish", "ar": "arabic", "el": "greek", "bg": "bulgarian", "lv": "latvian",
}
