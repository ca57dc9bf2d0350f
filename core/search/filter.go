package search

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/money"
)

const maxPrice = money.Max

// MaxFacetValue is the length in runes up to which a value is faceted and can
// be filtered by. Longer ones are found by their words only.
const MaxFacetValue = 256

// isAttributeName reports whether a name is 1 to 100 lower-case letters, digits
// and underscores. It is asked for every value of every document.
func isAttributeName(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 100
}

// isNumber reports whether a text is digits with at most one dot and one sign.
func isNumber(s string) bool {
	if s != "" && (s[0] == '+' || s[0] == '-') {
		s = s[1:]
	}
	digits, dots := 0, 0
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case c == '.':
			dots++
		default:
			return false
		}
	}
	return digits > 0 && dots <= 1
}

// ParseFilter reads "name:value", split at the first colon. A value that is
// two numbers around "..", or one with an open end, is a range. It answers
// Invalid at "attr" when it cannot be read so.
func ParseFilter(s string) (Filter, error) {
	name, value, ok := strings.Cut(s, ":")
	if !ok {
		return Filter{}, fault.InvalidField("attr", "pattern", "must be name:value")
	}
	f := Filter{Name: name}
	if lo, hi, ok := strings.Cut(value, ".."); ok && bound(lo) && bound(hi) && lo+hi != "" {
		f.Ranges = []Range{{parseBound(lo), parseBound(hi)}}
	} else {
		f.Values = []string{value}
	}
	if err := f.validate(); err != nil {
		var fields fault.Fields
		fields.Join("attr", err)
		return Filter{}, fields.Err()
	}
	return f, nil
}

// String writes the filter as ParseFilter reads it, one value or range a line.
func (f Filter) String() string {
	var lines []string
	for _, v := range f.Values {
		lines = append(lines, f.Name+":"+v)
	}
	for _, r := range f.Ranges {
		lines = append(lines, f.Name+":"+formatBound(r.Min)+".."+formatBound(r.Max))
	}
	return strings.Join(lines, "\n")
}

func (f Filter) validate() error {
	var fields fault.Fields
	if !isAttributeName(f.Name) {
		fields.Add("", "pattern", "the name must be 1 to 100 lower-case letters, digits and '_'")
	}
	if len(f.Values)+len(f.Ranges) == 0 {
		fields.Add("", "required", "a value is missing")
	}
	for _, v := range f.Values {
		switch {
		case v == "":
			fields.Add("", "required", "a value is missing")
		case !utf8.ValidString(v) || strings.ContainsRune(v, 0):
			fields.Add("", "pattern", "the value must be text")
		case utf8.RuneCountInString(v) > MaxFacetValue:
			fields.Add("", "too_long", fmt.Sprintf("a value must be at most %d characters", MaxFacetValue))
		}
	}
	for _, r := range f.Ranges {
		switch {
		case r.Min == nil && r.Max == nil:
			fields.Add("", "required", "a range needs an end")
		case r.Min != nil && !finite(*r.Min), r.Max != nil && !finite(*r.Max):
			fields.Add("", "pattern", "a range's ends must be numbers")
		case r.Min != nil && r.Max != nil && *r.Min > *r.Max:
			fields.Add("", "pattern", "a range must not end before it begins")
		}
	}
	return fields.Err()
}

// join merges the filters of one name, in order of names, without repeats.
func join(filters []Filter) []Filter {
	if len(filters) == 0 {
		return nil
	}
	joined := make([]Filter, 0, len(filters))
	for _, f := range filters {
		i := slices.IndexFunc(joined, func(g Filter) bool { return g.Name == f.Name })
		if i < 0 {
			i = len(joined)
			joined = append(joined, Filter{Name: f.Name})
		}
		joined[i].Values = append(joined[i].Values, f.Values...)
		joined[i].Ranges = append(joined[i].Ranges, f.Ranges...)
	}
	for i := range joined {
		slices.Sort(joined[i].Values)
		joined[i].Values = slices.Compact(joined[i].Values)
	}
	slices.SortFunc(joined, func(a, b Filter) int { return strings.Compare(a.Name, b.Name) })
	return joined
}

// Matches reports whether the filter selects a variant with this value of its
// attribute. What reads as a number is one, however it is written or stored.
func (f Filter) Matches(v Value) bool {
	if !v.Facetable() {
		return false
	}
	text := v.String()
	for _, want := range f.Values {
		if want == text || sameNumber(want) == text {
			return true
		}
	}
	if len(f.Ranges) == 0 {
		return false
	}
	n, ok := v.Reading()
	return ok && slices.ContainsFunc(f.Ranges, func(r Range) bool { return r.Contains(n) })
}

// Texts returns every text that a value is when the filter's values match it.
func (f Filter) Texts() []string {
	texts := slices.Clone(f.Values)
	for _, want := range f.Values {
		if n := sameNumber(want); n != "" && n != want {
			texts = append(texts, n)
		}
	}
	return texts
}

// sameNumber writes the number that a text reads as the way values are written,
// "" if it reads as none.
func sameNumber(text string) string {
	if n, ok := parseNumber(text); ok {
		return formatNumber(n)
	}
	return ""
}

func bound(s string) bool { return s == "" || isNumber(s) }

func parseBound(s string) *float64 {
	if s == "" {
		return nil
	}
	n, _ := strconv.ParseFloat(s, 64) // out of range is infinite, which validate refuses
	return &n
}

func formatBound(n *float64) string {
	if n == nil {
		return ""
	}
	return formatNumber(*n)
}

func parseNumber(s string) (float64, bool) {
	if !isNumber(s) {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}

func formatNumber(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }
