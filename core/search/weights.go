package search

import (
	"slices"
	"strings"
	"unicode"
)

// Weight returns what one word is worth in a field: how many times it counts
// as in the term frequency of BM25 over all fields together.
func (f Field) Weight() float64 {
	switch f {
	case FieldName:
		return 3
	case FieldDescription:
		return 1.5
	case FieldBrand, FieldCategory, FieldHead:
		return 1
	case FieldAttributes:
		return 0.5
	default:
		return 0
	}
}

// Head returns the word of a name that says what the thing is, "" if it cannot
// be told. Names like "Acme X300 toner cartridge Black" capitalise what is proper
// to the thing and not what it is: then it is the last word of the first ones in
// lower case. Otherwise it is the last word before a comma, dash, bracket or slash
// that is no number, unit, model or part of the brand.
func Head(name, brand string) string {
	for _, end := range []string{" - ", "(", " for ", " with "} {
		if i := strings.Index(name, end); i > 0 {
			name = name[:i]
		}
	}
	head := ""
	for w := range strings.FieldsSeq(name) {
		switch plain := commonNoun(w); {
		case plain != "":
			head = plain
		case head != "":
			return head
		}
	}
	if head != "" {
		return head
	}
	if i := strings.IndexAny(name, ",/"); i > 0 {
		name = name[:i]
	}
	for _, w := range slices.Backward(strings.Fields(name)) {
		if !HasDigit(w) && units[strings.ToLower(w)] == "" && !strings.Contains(brand, w) {
			return w
		}
	}
	return ""
}

// commonNoun returns a word of lower-case letters, without what ends it, "" for
// any other: of three letters or more, for shorter ones are units and the like.
func commonNoun(w string) string {
	w = strings.TrimRight(w, ",;:")
	if len(w) < 3 || stopword(w) || units[w] != "" {
		return ""
	}
	for _, r := range w {
		if r != '/' && r != '-' && !unicode.IsLower(r) {
			return ""
		}
	}
	return w
}
