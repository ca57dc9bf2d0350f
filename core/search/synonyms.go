package search

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/fault"
)

// Limits of synonyms. What is over them is Invalid, never cut.
const (
	MaxSynonymRules = 10_000
	MaxSynonymTerms = 20  // on either side of a rule
	MaxSynonymText  = 100 // runes of a term
	MaxSynonymWords = 8   // of a term
	// MaxSynonymsOfTerm bounds what one term stands for by all rules together:
	// each makes a query dearer.
	MaxSynonymsOfTerm = 40
)

// SynonymRule says which words mean the same. Without To, each of Terms is also
// found by the others; with To, what is said by one of Terms is also found by
// To, and not the other way round.
type SynonymRule struct {
	Terms []string `json:"terms"`
	To    []string `json:"to"`
}

// Synonyms are rules made ready for queries. nil is none. They are immutable.
//
// A term is met where its words stand in a query side by side, whatever their
// case, whether parts of them are joined, apart or hyphenated as the term has
// them, and whether or not they end in s. Where several terms begin at a word,
// the longest counts. What a term stands for is not looked up again.
type Synonyms struct {
	revision uint64
	longest  int                 // words in a term
	others   map[string][]string // by key of a term
}

// NewSynonyms makes rules ready, or answers Invalid with what is wrong with
// them, located from rules on.
func NewSynonyms(rules []SynonymRule) (*Synonyms, error) {
	var f fault.Fields
	if len(rules) > MaxSynonymRules {
		f.Add("rules", "too_long", fmt.Sprintf("must be at most %d rules", MaxSynonymRules))
		return nil, f.Err()
	}
	s := &Synonyms{others: make(map[string][]string, 2*len(rules))}
	sum := fnv.New64a()
	for i, r := range rules {
		if len(f.List()) >= maxFindings {
			break
		}
		at := fmt.Sprintf("rules[%d]", i)
		terms := checkTerms(&f, at+".terms", r.Terms)
		to := checkTerms(&f, at+".to", r.To)
		switch {
		case len(r.Terms) == 0 || len(r.Terms) == 1 && len(r.To) == 0:
			f.Add(at+".terms", "required", "must be two terms that mean the same, or one with what it also finds in to")
		case slices.ContainsFunc(to, func(t phrase) bool { return slices.ContainsFunc(terms, t.same) }):
			f.Add(at+".to", "duplicate", "must not be among the terms")
		}
		for j, t := range terms {
			others := to
			if len(to) == 0 {
				others = slices.Concat(terms[:j], terms[j+1:])
			}
			if !s.add(t, others) {
				f.Add(at+".terms", "too_long", fmt.Sprintf("%q must stand for at most %d others in all rules together", t.text, MaxSynonymsOfTerm))
			}
		}
		_, _ = fmt.Fprintf(sum, "%q%q", r.Terms, r.To) // a hash takes everything
	}
	if err := f.Err(); err != nil {
		return nil, err
	}
	s.revision = sum.Sum64()
	return s, nil
}

// maxFindings is how much of what is wrong is told at once, about.
const maxFindings = 100

// Revision is another when the rules are; 0 of none.
func (s *Synonyms) Revision() uint64 {
	if s == nil || len(s.others) == 0 {
		return 0
	}
	return s.revision
}

// Of returns what the terms in a text stand for.
func (s *Synonyms) Of(text string) []string {
	var all []string
	if s == nil {
		return all
	}
	words := Words(text)
	words = words[:min(len(words), maxWords)]
	for i := 0; i < len(words); {
		n, others := s.at(words[i:])
		all = append(all, others...)
		i += max(n, 1)
	}
	return all
}

// at returns what the term at the beginning of the words stands for, and how
// many words it takes; 0 if there is none.
func (s *Synonyms) at(words []Word) (taken int, others []string) {
	if s == nil || len(words) == 0 || words[0].Extra {
		return 0, nil
	}
	key := ""
	for n, plain := 0, 0; n < len(words); n++ {
		if words[n].Extra {
			if words[n].Start < words[0].Start {
				return 0, nil // a part of what was joined is no word by itself
			}
			if words[n].Start == words[0].Start {
				if found := s.others[root(words[n].Text)]; found != nil && whole(words, n+1) {
					taken, others = n+1, found
				}
			}
			continue
		}
		if plain++; plain > s.longest {
			break
		}
		if plain > 1 {
			key += " "
		}
		key += root(words[n].Text)
		if found := s.others[key]; found != nil {
			end := n + 1
			for end < len(words) && words[end].Extra {
				end++
			}
			if whole(words, end) {
				taken, others = end, found
			}
		}
	}
	return taken, others
}

// whole reports whether the first n words stand by themselves: none that was
// joined later is made of one of them.
func whole(words []Word, n int) bool {
	end := words[n-1].End
	for _, w := range words[n:min(n+6, len(words))] {
		if w.Extra && w.Start < end {
			return false
		}
	}
	return true
}

func (s *Synonyms) add(t phrase, others []phrase) bool {
	for _, key := range t.keys {
		list := s.others[key]
		for _, o := range others {
			if !slices.Contains(list, o.text) {
				list = append(list, o.text)
			}
		}
		if len(list) > MaxSynonymsOfTerm {
			return false
		}
		s.others[key] = list
	}
	s.longest = max(s.longest, t.words)
	return true
}

// phrase is one side of a rule, or one query of another, as it is looked up.
type phrase struct {
	text  string
	keys  []string // what its words read like, and what they give together
	words int
}

func (t phrase) same(other phrase) bool { return t.keys[0] == other.keys[0] }

// phraseOf reads a text; one without words has no keys.
func phraseOf(text string) phrase {
	t := phrase{text: text}
	var plain []string
	words := Words(text)
	for _, w := range words {
		if !w.Extra {
			plain = append(plain, root(w.Text))
		}
	}
	if t.words = len(plain); t.words == 0 {
		return t
	}
	t.keys = []string{strings.Join(plain, " ")}
	if last := words[len(words)-1]; last.Extra && last.Start == words[0].Start {
		if t.words == 1 { // a number with the sign of its unit
			t.keys = t.keys[:0]
		}
		t.keys = append(t.keys, root(last.Text))
	}
	return t
}

// root is a word without the s of a plural.
func root(w string) string {
	if n := len(w) - 1; n >= 2 && w[n] == 's' && w[n-1] != 's' {
		return w[:n]
	}
	return w
}

// checkTerms reads the terms of one side of a rule.
func checkTerms(f *fault.Fields, at string, texts []string) []phrase {
	if len(texts) > MaxSynonymTerms {
		f.Add(at, "too_long", fmt.Sprintf("must be at most %d terms", MaxSynonymTerms))
		return nil
	}
	terms := make([]phrase, 0, len(texts))
	for i, text := range texts {
		if t, ok := checkTerm(f, fmt.Sprintf("%s[%d]", at, i), text); ok {
			if slices.ContainsFunc(terms, t.same) {
				f.Add(fmt.Sprintf("%s[%d]", at, i), "duplicate", "must not read like another")
				continue
			}
			terms = append(terms, t)
		}
	}
	return terms
}

func checkTerm(f *fault.Fields, at, text string) (phrase, bool) {
	switch {
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		f.Add(at, "pattern", "must be text without control characters")
	case utf8.RuneCountInString(text) > MaxSynonymText:
		f.Add(at, "too_long", fmt.Sprintf("must be at most %d characters", MaxSynonymText))
	default:
		t := phraseOf(text)
		if t.words > 0 && t.words <= MaxSynonymWords {
			return t, true
		}
		f.Add(at, "pattern", fmt.Sprintf("must have 1 to %d words", MaxSynonymWords))
	}
	return phrase{}, false
}
