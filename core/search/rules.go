package search

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
)

// Limits of rules.
const (
	MaxRules       = 10_000
	MaxRuleQueries = 50
	MaxPinned      = 20
	MaxBuried      = 100
	maxRedirect    = 2048 // characters
)

// Rule is what a shopkeeper wants of certain queries. One that reads like one of
// Queries leads to Redirect, if there is one, and its results begin with the
// products Pinned, in their order and whether or not they have the words, and
// end with those Buried that have them. Products that are not on sale, or do
// not pass the filters, are passed over; sorted by anything but relevance,
// results are in that order.
type Rule struct {
	Queries  []string     `json:"queries"`
	Redirect string       `json:"redirect"`
	Pinned   []id.Product `json:"pinned"`
	Buried   []id.Product `json:"buried"`
}

// Rules are rules made ready for queries. nil is none. They are immutable. Texts
// read alike by the measure of Synonyms.
type Rules struct {
	byKey map[string]*Rule
}

// NewRules makes rules ready, or answers Invalid with what is wrong with them,
// located from rules on.
func NewRules(rules []Rule) (*Rules, error) {
	var f fault.Fields
	if len(rules) > MaxRules {
		f.Add("rules", "too_long", fmt.Sprintf("must be at most %d rules", MaxRules))
		return nil, f.Err()
	}
	rules = slices.Clone(rules)
	ready := &Rules{byKey: make(map[string]*Rule, len(rules))}
	for i := range rules {
		if len(f.List()) >= maxFindings {
			break
		}
		at := fmt.Sprintf("rules[%d]", i)
		rules[i].check(&f, at)
		if len(rules[i].Queries) > MaxRuleQueries {
			continue
		}
		for j, text := range rules[i].Queries {
			at := fmt.Sprintf("%s.queries[%d]", at, j)
			query, _ := checkTerm(&f, at, text) // without keys if it is none
			for _, key := range query.keys {
				if ready.byKey[key] != nil {
					f.Add(at, "duplicate", "must not read like another query of these rules")
					break
				}
				ready.byKey[key] = &rules[i]
			}
		}
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	return ready, nil
}

func (r *Rule) check(f *fault.Fields, at string) {
	switch n := len(r.Queries); {
	case n == 0:
		f.Add(at+".queries", "required", "must be at least one")
	case n > MaxRuleQueries:
		f.Add(at+".queries", "too_long", fmt.Sprintf("must be at most %d", MaxRuleQueries))
	}
	if r.Redirect == "" && len(r.Pinned) == 0 && len(r.Buried) == 0 {
		f.Add(at, "required", "must redirect, pin or bury")
	}
	if r.Redirect != "" && !redirects(r.Redirect) {
		f.Add(at+".redirect", "pattern", fmt.Sprintf("must be a path or an address of http or https, at most %d characters", maxRedirect))
	}
	checkProducts(f, at+".pinned", r.Pinned, MaxPinned, nil)
	checkProducts(f, at+".buried", r.Buried, MaxBuried, r.Pinned)
}

func checkProducts(f *fault.Fields, at string, products []id.Product, most int, others []id.Product) {
	if len(products) > most {
		f.Add(at, "too_long", fmt.Sprintf("must be at most %d products", most))
		return
	}
	for i, p := range products {
		if slices.Contains(products[:i], p) || slices.Contains(others, p) {
			f.Add(fmt.Sprintf("%s[%d]", at, i), "duplicate", "must not be named twice")
		}
	}
}

// redirects reports whether a text leads somewhere in the shop or on the web.
func redirects(to string) bool {
	if len(to) > maxRedirect || strings.ContainsFunc(to, func(r rune) bool {
		return unicode.IsControl(r) || unicode.IsSpace(r) || r == '\\' || r == unicode.ReplacementChar
	}) {
		return false
	}
	u, err := url.Parse(to)
	if err != nil || u.User != nil {
		return false
	}
	if u.Scheme == "" {
		return strings.HasPrefix(to, "/") && !strings.HasPrefix(to, "//")
	}
	return (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != ""
}

// For returns the rule for a query, the zero Rule if there is none.
func (r *Rules) For(text string) Rule {
	if r == nil || len(r.byKey) == 0 {
		return Rule{}
	}
	for _, key := range phraseOf(text).keys {
		if rule := r.byKey[key]; rule != nil {
			return *rule
		}
	}
	return Rule{}
}
