package search

import (
	"slices"
	"strings"
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
// be told: the last one without a digit before the first comma, dash, bracket,
// slash, "for" or "with".
func Head(name string) string {
	for _, end := range []string{" - ", ",", "(", " for ", " with ", "/"} {
		if i := strings.Index(name, end); i > 0 {
			name = name[:i]
		}
	}
	words := strings.Fields(name)
	for _, w := range slices.Backward(words) {
		if !HasDigit(w) {
			return w
		}
	}
	return ""
}
