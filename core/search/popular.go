package search

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// maxPopular is how many searches of others a suggestion has.
const maxPopular = 3

// minTyped is the length in runes from which on what was typed may be misspelt.
const minTyped = 3

// WithPopular returns suggestions with searches of others, of which the heaviest
// come first, that complete what was typed: after categories and brands, and
// before products. A slip of the hand is forgiven where nothing is spelt so.
func WithPopular(found []Suggestion, q SuggestQuery, popular []PopularTopic) []Suggestion {
	typed := strings.Join(strings.Fields(strings.ToLower(q.Text)), " ")
	if typed == "" {
		return nonNil(found)
	}
	said := func(topic string) bool {
		return slices.ContainsFunc(found, func(s Suggestion) bool { return strings.EqualFold(s.Text, topic) })
	}
	var others []Suggestion
	take := func(matches func(string) (int, bool)) {
		for _, p := range popular {
			if len(others) == maxPopular {
				return
			}
			if runes, ok := matches(p.Topic); ok && !said(p.Topic) {
				others = append(others, Suggestion{Text: p.Topic, Type: SuggestText, Highlights: [][2]int{{0, runes}}})
			}
		}
	}
	length := utf8.RuneCountInString(typed)
	take(func(topic string) (int, bool) { return length, strings.HasPrefix(topic, typed) })
	if len(others) == 0 && length >= minTyped && length <= maxWord && !HasDigit(typed) {
		take(func(topic string) (int, bool) { return begins(topic, typed, length) })
	}
	at := slices.IndexFunc(found, func(s Suggestion) bool { return s.Type == SuggestProduct })
	if at < 0 {
		at = len(found)
	}
	all := slices.Concat(found[:at], others, found[at:])
	return nonNil(all[:min(len(all), q.Limit)])
}

// begins reports whether a topic begins with what was meant by one slip of the
// hand, and how long that is in runes.
func begins(topic, typed string, length int) (int, bool) {
	runes := []rune(topic)
	for _, n := range [...]int{length, length + 1, length - 1} {
		if n > len(runes) {
			continue
		}
		if _, ok := Distance(typed, string(runes[:n]), 1); ok {
			return n, true
		}
	}
	return 0, false
}

func nonNil(list []Suggestion) []Suggestion {
	if list == nil {
		return []Suggestion{}
	}
	return list
}
