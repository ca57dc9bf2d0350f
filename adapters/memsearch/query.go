package memsearch

import (
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

// search answers a normalized query.
func (s *snapshot) search(q *search.Query, w *weights, room *scratch) search.Result {
	c := &room.collector
	c.begin(s, q)
	defer c.end()

	var pass search.Pass
	if q.Text != "" {
		var l *list
		pass, l = s.attempt(q, &evaluator{snapshot: s, scratch: room, weights: w})
		c.collect(l.docs, l.scores)
		room.free(l)
	} else {
		c.browse(q, room)
	}

	r := search.Result{Total: len(c.ranked), Corrected: pass.Corrected, Hits: []search.Hit{}}
	page := c.page((q.Page-1)*q.PerPage, q.Page*q.PerPage)
	var terms []uint32
	if q.Text != "" && len(page) > 0 {
		terms = s.terms(nil, &pass.Clause)
	}
	for _, p := range page {
		r.Hits = append(r.Hits, c.hit(p, terms))
	}
	r.Facets = c.facets(q)
	r.Price, r.Histogram = c.priceRange()
	return r
}

// attempt tries the passes of the query's plan in order.
func (s *snapshot) attempt(q *search.Query, e *evaluator) (search.Pass, *list) {
	passes := search.Plan(*q, vocabulary{s})
	for i, pass := range passes {
		l := e.eval(&pass.Clause)
		won := i == len(passes)-1 || s.countProducts(l.docs, pass.Enough) >= pass.Enough
		if won && !pass.Steered() {
			return pass, l
		}
		e.scratch.free(l)
		if won {
			whole := pass.Whole()
			return pass, e.eval(&whole)
		}
	}
	return search.Pass{}, e.scratch.list()
}

// countProducts counts the products of living documents, up to enough.
func (s *snapshot) countProducts(docs []uint32, enough int) int {
	seen := make([]uint32, 0, 8)
	for _, doc := range docs {
		if len(seen) >= enough {
			break
		}
		if s.live.has(doc) && !slices.Contains(seen, s.rows[doc].group) {
			seen = append(seen, s.rows[doc].group)
		}
	}
	return len(seen)
}

// browse collects for a query without words. A category page looks only at its
// category: what the other categories hold is the same for all such pages.
func (c *collector) browse(q *search.Query, room *scratch) {
	docs := room.docs[:0]
	if want, ok := c.category(q.Category); ok && c.where.categoryOnly() {
		c.collect(c.inPath.at(want), nil)
		c.categories.clear()
		for n, count := range c.counts().categories {
			if count > 0 {
				c.categories.touched = append(c.categories.touched, uint32(n))
				c.categories.n[n] = count
			}
		}
		return
	}
	for doc := range c.sku {
		docs = append(docs, uint32(doc))
	}
	c.collect(docs, nil)
	room.docs = docs
}

// counts are the products of every category, and of every brand by ordinal+1.
type counts struct {
	once               sync.Once
	categories, brands []uint32
}

// counts counts once for a snapshot, when somebody first asks.
func (s *snapshot) counts() *counts {
	s.counted.once.Do(func() {
		var categories, brands counter
		categories.grow(len(s.categories))
		brands.grow(len(s.brands) + 1)
		for g := range s.products {
			categories.next()
			brands.next()
			for _, doc := range s.groups.at(uint32(g)) {
				brands.addOnce(s.rows[doc].brand)
				for _, n := range s.paths[s.rows[doc].path] {
					categories.addOnce(n)
				}
			}
		}
		s.counted.categories, s.counted.brands = categories.n, brands.n
	})
	return s.counted
}

func (c *collector) hit(p ranked, terms []uint32) search.Hit {
	h := search.Hit{Product: c.snapshot.products[p.group], SKU: c.sku[p.best], Name: c.name[p.best]}
	if c.found[p.group].chain == 0 {
		h.Matching = []id.SKU{h.SKU}
	} else {
		links := c.matching(p.group)
		for _, l := range links[:min(len(links), search.MaxMatching)] {
			h.Matching = append(h.Matching, c.sku[l.doc])
		}
	}
	if terms != nil {
		h.Highlights = map[string][][2]int{"name": c.highlight(p.best, terms)}
	}
	return h
}

// terms appends the terms that a clause looks for.
func (s *snapshot) terms(list []uint32, c *search.Clause) []uint32 {
	switch c.Op {
	case search.OpTerm, search.OpPhrase:
		for _, w := range search.Words(c.Text) {
			if t, ok := s.term(w.Text); ok {
				list = append(list, t)
			}
		}
	default:
		for i := range c.Of {
			list = s.terms(list, &c.Of[i])
		}
	}
	return list
}

// highlight returns where the terms stand in a document's name, in runes.
func (c *collector) highlight(doc uint32, terms []uint32) [][2]int {
	marks := [][2]int{}
	at, runes := 0, 0
	text, plain := c.name[doc], c.names.at(doc) // the terms of the words that are no extras
	c.words = search.AppendWords(c.words[:0], text)
	for _, w := range c.words {
		var t uint32
		if w.Extra {
			var known bool
			if t, known = c.term(w.Text); !known {
				continue
			}
		} else {
			t, plain = plain[0], plain[1:]
		}
		if !slices.Contains(terms, t) {
			continue
		}
		if w.Start < at { // an extra word over parts that were marked already
			continue
		}
		runes += utf8.RuneCountInString(text[at:w.Start])
		length := utf8.RuneCountInString(text[w.Start:w.End])
		marks = append(marks, [2]int{runes, runes + length})
		runes += length
		at = w.End
	}
	return marks
}

// vocabulary answers what a plan asks of an index.
type vocabulary struct{ *snapshot }

func (v vocabulary) Known(word string) bool {
	t, ok := v.term(word)
	return ok && v.postings.at(t) != nil
}

func (v vocabulary) Near(word string) []string { return v.lexicon.near(word, v.Known(word)) }

func (v vocabulary) Alike(a, b string) bool {
	x, knownX := v.term(a)
	y, knownY := v.term(b)
	return knownX == knownY && x == y
}

// Together counts dead documents too: it is asked about likelihood only.
func (v vocabulary) Together(words []string) int {
	var docs []uint32
	for i, w := range words {
		t, _ := v.term(w)
		p := v.postings.at(t)
		if p == nil {
			return 0
		}
		if i == 0 {
			docs = slices.Clone(p.docs)
			continue
		}
		rest := p.docs
		docs = slices.DeleteFunc(docs, func(doc uint32) bool {
			rest = seek(rest, doc)
			return len(rest) == 0 || rest[0] != doc
		})
	}
	return len(docs)
}
