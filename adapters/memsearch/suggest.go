package memsearch

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/search"
)

// Suggest is ports.Searcher.Suggest. It never answers Unavailable.
func (x *Index) Suggest(ctx context.Context, q search.SuggestQuery) ([]search.Suggestion, error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	q = q.Normalize()
	if err := x.enter(ctx); err != nil {
		return nil, err
	}
	defer x.leave()
	room := x.room()
	defer x.rooms.Put(room)
	s := x.current.Load()
	return s.suggest(&q, &evaluator{snapshot: s, scratch: room, weights: x.weights}), nil
}

// maxOthers is how many categories, and how many brands, stand before products.
const maxOthers = 2

func (s *snapshot) suggest(q *search.SuggestQuery, e *evaluator) []search.Suggestion {
	found := []search.Suggestion{}
	for pass := range search.PlanSuggest(*q, vocabulary{s}) {
		m := s.matcher(&pass.Clause)
		found = append(found, s.suggestCategories(m)...)
		found = append(found, s.suggestBrands(m)...)
		found = append(found, s.suggestProducts(&pass.Clause, m, e, q.Limit)...)
		if len(found) > 0 {
			break
		}
	}
	return found[:min(len(found), q.Limit)]
}

// matcher tells whether a name has the words of a suggestion's clause.
type matcher struct {
	*snapshot
	terms  []uint32
	known  bool // every whole word is one of the index
	prefix string
}

func (s *snapshot) matcher(c *search.Clause) matcher {
	m := matcher{snapshot: s, known: true}
	for i := range c.Of {
		of := &c.Of[i]
		if of.Op == search.OpPrefix {
			m.prefix = fold(of.Text)
			continue
		}
		t, ok := s.term(of.Text)
		m.known = m.known && ok
		m.terms = append(m.terms, t)
	}
	return m
}

// match returns where in a name the words stand, in runes, and whether all do.
func (m matcher) match(name string) (marks [][2]int, ok bool) {
	marks = [][2]int{}
	if !m.known {
		return marks, false
	}
	missing := slices.Clone(m.terms)
	begun := false
	for _, w := range search.Words(name) {
		if w.Extra {
			continue
		}
		length := 0
		if t, ok := m.term(w.Text); ok && slices.Contains(m.terms, t) {
			missing = slices.DeleteFunc(missing, func(x uint32) bool { return x == t })
			length = utf8.RuneCountInString(name[w.Start:w.End])
		} else if strings.HasPrefix(fold(w.Text), m.prefix) {
			begun = true
			length = min(utf8.RuneCountInString(m.prefix), utf8.RuneCountInString(name[w.Start:w.End]))
		}
		if length > 0 {
			from := utf8.RuneCountInString(name[:w.Start])
			marks = append(marks, [2]int{from, from + length})
		}
	}
	return marks, begun && len(missing) == 0
}

func (s *snapshot) suggestCategories(m matcher) []search.Suggestion {
	counts := s.counts().categories
	var found []weighed
	for n, category := range s.categories {
		if counts[n] == 0 {
			continue
		}
		if marks, ok := m.match(category.Name); ok {
			found = append(found, weighed{search.Suggestion{Text: category.Name, Type: search.SuggestCategory, Slug: category.Slug, Highlights: marks}, counts[n]})
		}
	}
	return heaviest(found)
}

func (s *snapshot) suggestBrands(m matcher) []search.Suggestion {
	counts := s.counts().brands
	var found []weighed
	for n, brand := range s.brands {
		if counts[n+1] == 0 {
			continue
		}
		if marks, ok := m.match(brand.Name); ok {
			found = append(found, weighed{search.Suggestion{Text: brand.Name, Type: search.SuggestBrand, Slug: brand.Slug, Highlights: marks}, counts[n+1]})
		}
	}
	return heaviest(found)
}

type weighed struct {
	search.Suggestion
	products uint32
}

func heaviest(found []weighed) []search.Suggestion {
	first := search.First(found, maxOthers, func(a, b weighed) int {
		return cmp.Or(cmp.Compare(b.products, a.products), strings.Compare(a.Slug, b.Slug))
	})
	suggestions := make([]search.Suggestion, 0, maxOthers)
	for _, w := range first {
		suggestions = append(suggestions, w.Suggestion)
	}
	return suggestions
}

// suggestProducts returns the products whose name, brand or category has the
// words, those that sell most first.
func (s *snapshot) suggestProducts(c *search.Clause, m matcher, e *evaluator, limit int) []search.Suggestion {
	l := e.eval(c)
	defer e.scratch.free(l)
	docs := e.scratch.docs[:0]
	for _, doc := range l.docs {
		if s.live.has(doc) && !s.preceded(doc, l.docs) {
			docs = append(docs, doc)
		}
	}
	e.scratch.docs = docs
	docs = search.First(docs, limit, func(a, b uint32) int {
		if x, y := s.rows[a].sales, s.rows[b].sales; x != y {
			return cmp.Compare(y, x)
		}
		return bytes.Compare(s.products[s.rows[a].group].UUID[:], s.products[s.rows[b].group].UUID[:])
	})
	found := make([]search.Suggestion, 0, len(docs))
	for _, doc := range docs {
		marks, _ := m.match(s.name[doc])
		found = append(found, search.Suggestion{Text: s.name[doc], Type: search.SuggestProduct, Slug: s.slug[doc], Highlights: marks})
	}
	return found
}

// preceded reports whether another document of the same product stands before
// this one in docs.
func (s *snapshot) preceded(doc uint32, docs []uint32) bool {
	if !s.multi.has(s.rows[doc].group) {
		return false
	}
	return slices.ContainsFunc(s.groups.at(s.rows[doc].group), func(mate uint32) bool {
		_, found := slices.BinarySearch(docs, mate)
		return found && mate < doc
	})
}
