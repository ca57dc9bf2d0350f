package search

import "strings"

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

// Head returns the part of a name that says what the thing is, "" if it cannot
// be told: the last words before the first comma, dash, bracket or "for".
func Head(name string) string {
	return headWord(headPhrase(name))
}

func headPhrase(name string) string {
	for _, sep := range []string{" - ", ",", "(", " for ", " with ", "/"} {
		if i := strings.Index(name, sep); i > 0 {
			name = name[:i]
		}
	}
	return name
}

func headWord(phrase string) string {
	fields := strings.Fields(phrase)
	for i := len(fields) - 1; i >= 0; i-- {
		if !HasDigit(fields[i]) {
			return fields[i]
		}
	}
	return ""
}
