package memsearch

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

// list is the documents that match a clause, ascending, and their scores.
type list struct {
	docs   []uint32
	scores []float32
}

func (l *list) reset() { l.docs, l.scores = l.docs[:0], l.scores[:0] }

func (l *list) add(doc uint32, score float32) {
	l.docs = append(l.docs, doc)
	l.scores = append(l.scores, score)
}

// evaluator translates clauses over one snapshot. Its lists live in the scratch
// space and are given back as soon as they are merged into another.
type evaluator struct {
	*snapshot
	scratch *scratch
	weights *weights
}

// weights are what a place is worth, by set of fields.
type weights [search.FieldText + 1]*[128]float32

// The constants of BM25: how fast repetition and length cease to matter.
const (
	saturation = 1.2
	lengthNorm = 0.6
)

func newWeights() *weights {
	var w weights
	places := []struct {
		field search.Field
		place place
	}{
		{search.FieldHead, inHead},
		{search.FieldBrand, inBrand},
		{search.FieldCategory, inCategory},
		{search.FieldAttributes, inAttribute},
		{search.FieldDescription, inText},
	}
	for fields := range w {
		table := new([128]float32)
		for at := range table {
			sum := 0.0
			if search.Field(fields)&search.FieldName != 0 {
				sum += search.FieldName.Weight() * float64(place(at)&nameCount)
			}
			for _, p := range places {
				if search.Field(fields)&p.field != 0 && place(at)&p.place != 0 {
					sum += p.field.Weight()
				}
			}
			table[at] = float32(sum)
		}
		w[fields] = table
	}
	return &w
}

// eval returns what matches a clause. Dead documents are still among it.
func (e *evaluator) eval(c *search.Clause) *list { return e.among(c, nil) }

// among is eval for a caller who needs the matches among some documents only, nil
// for all: others may be missing in what it returns, or have another score.
func (e *evaluator) among(c *search.Clause, wanted []uint32) *list {
	var l *list
	switch c.Op {
	case search.OpTerm:
		l = e.term(c, wanted)
	case search.OpPhrase:
		l = e.phrase(c, wanted)
	case search.OpPrefix:
		l = e.prefix(c, wanted)
	case search.OpAll:
		l = e.all(c.Of, wanted)
	case search.OpAny:
		l = e.any(c.Of, max(c.Min, 1), wanted)
	case search.OpBest:
		l = e.best(c.Of, wanted)
	case search.OpFilter:
		l = e.among(&c.Of[0], wanted)
		for i := range l.scores {
			l.scores[i] = 1
		}
	case search.OpProduct:
		l = e.product(c.Product)
	case search.OpInStock, search.OpFeatured:
		l = e.scratch.list()
		for doc := range e.rows {
			if e.rows[doc].flags&flagOf(c.Op) != 0 {
				l.add(uint32(doc), 1)
			}
		}
	case search.OpDemote:
		l = e.demote(&c.Of[0], &c.Of[1], wanted)
	default:
		l = e.scratch.list()
	}
	if c.Boost != 0 && c.Boost != 1 {
		for i := range l.scores {
			l.scores[i] *= float32(c.Boost)
		}
	}
	for i := range c.Prefer {
		if len(l.docs) == 0 {
			break
		}
		if flag := flagOf(c.Prefer[i].Op); flag != 0 { // without a list of half of the index
			e.raiseFlagged(l, flag, float32(c.Prefer[i].Boost))
			continue
		}
		preferred := e.among(&c.Prefer[i], l.docs)
		l.raise(preferred)
		e.scratch.free(preferred)
	}
	return l
}

// flagOf returns the flag of what an operation finds, 0 for every other.
func flagOf(op search.Op) uint8 {
	switch op {
	case search.OpInStock:
		return flagInStock
	case search.OpFeatured:
		return flagFeatured
	default:
		return 0
	}
}

// raiseFlagged adds to the scores of what has a flag.
func (e *evaluator) raiseFlagged(l *list, flag uint8, boost float32) {
	for i, doc := range l.docs {
		if e.rows[doc].flags&flag != 0 {
			l.scores[i] += boost
		}
	}
}

func (e *evaluator) term(c *search.Clause, wanted []uint32) *list {
	l := e.scratch.list()
	if c.Fields == search.FieldSKU {
		if doc, ok := e.find(c.Text); ok {
			l.add(doc, 1)
		}
		return l
	}
	if t, ok := e.keys.term(c.Text); ok {
		e.score(l, t, c.Fields, wanted)
	}
	return l
}

// find returns the document of a SKU in this snapshot.
func (e *evaluator) find(sku string) (uint32, bool) {
	known, ok := e.skus.at(id.SKU(sku).Fold())
	if !ok {
		return 0, false
	}
	for _, doc := range [...]uint32{known.doc, known.before} {
		if int(doc) < len(e.sku) && e.live.has(doc) && strings.EqualFold(string(e.sku[doc]), sku) {
			return doc, true
		}
	}
	// Written several times since this snapshot, or deleted.
	for doc := len(e.sku) - 1; doc >= 0; doc-- {
		if e.live.has(uint32(doc)) && strings.EqualFold(string(e.sku[doc]), sku) {
			return uint32(doc), true
		}
	}
	return 0, false
}

// muchShorter is how much shorter a list must be than a posting for looking up
// each of its documents to be cheaper than scoring the whole posting.
const muchShorter = 4

// score appends the documents that have a term in one of the fields.
func (e *evaluator) score(l *list, term uint32, fields search.Field, wanted []uint32) {
	p := e.postings.at(term)
	if p == nil {
		return
	}
	table := e.weights[fields&search.FieldText]
	idf := float32(math.Log(1+(float64(e.alive)-float64(len(p.docs))+0.5)/(float64(len(p.docs))+0.5))) * (saturation + 1)
	if !(idf > 0.01) { // more rows than documents alive: many dead ones
		idf = 0.01
	}
	base, slope := float32(saturation*(1-lengthNorm)), saturation*lengthNorm/max(e.avgLength, 1)
	if wanted != nil && len(wanted)*muchShorter < len(p.docs) {
		rest := p.docs
		for _, doc := range wanted {
			if rest = seek(rest, doc); len(rest) == 0 {
				return
			}
			if rest[0] != doc {
				continue
			}
			if w := table[p.where[len(p.docs)-len(rest)]]; w > 0 {
				l.add(doc, idf*w/(w+base+slope*e.length[doc]))
			}
		}
		return
	}
	l.docs, l.scores = slices.Grow(l.docs, len(p.docs)), slices.Grow(l.scores, len(p.docs))
	for i, doc := range p.docs {
		if w := table[p.where[i]]; w > 0 {
			l.add(doc, idf*w/(w+base+slope*e.length[doc]))
		}
	}
}

// all intersects, beginning with what probably matches least: of the others only
// what is left is looked at.
func (e *evaluator) all(of []search.Clause, wanted []uint32) *list {
	if len(of) == 0 {
		return e.scratch.list()
	}
	type sized struct {
		clause *search.Clause
		size   int
	}
	order := make([]sized, len(of))
	for i := range of {
		order[i] = sized{&of[i], e.size(&of[i])}
	}
	slices.SortStableFunc(order, func(a, b sized) int { return a.size - b.size })
	l := e.among(order[0].clause, wanted)
	for _, next := range order[1:] {
		if len(l.docs) == 0 {
			break
		}
		m := e.among(next.clause, l.docs)
		l.intersect(m)
		e.scratch.free(m)
	}
	return l
}

// size returns about how many documents match a clause, rather too many.
func (e *evaluator) size(c *search.Clause) int {
	switch c.Op {
	case search.OpTerm:
		if t, ok := e.keys.term(c.Text); ok && c.Fields != search.FieldSKU {
			if p := e.postings.at(t); p != nil {
				return len(p.docs)
			}
		}
		return 0
	case search.OpAny, search.OpBest:
		sum := 0
		for i := range c.Of {
			sum += e.size(&c.Of[i])
		}
		return sum
	case search.OpAll:
		least := len(e.sku)
		for i := range c.Of {
			least = min(least, e.size(&c.Of[i]))
		}
		return least
	case search.OpFilter, search.OpDemote:
		return e.size(&c.Of[0])
	case search.OpPhrase, search.OpProduct:
		return 0
	default:
		return len(e.sku)
	}
}

// product returns the documents of a product. Few queries ask for it: it is
// looked for among all.
func (e *evaluator) product(p id.Product) *list {
	l := e.scratch.list()
	if g := slices.Index(e.products, p); g >= 0 {
		for _, doc := range slices.Sorted(slices.Values(e.groups.at(uint32(g)))) {
			l.add(doc, 1)
		}
	}
	return l
}

// demote lowers the scores of what also matches another clause.
func (e *evaluator) demote(c, below *search.Clause, wanted []uint32) *list {
	l := e.among(c, wanted)
	low := e.among(below, l.docs)
	defer e.scratch.free(low)
	rest := low.docs
	for i, doc := range l.docs {
		if rest = seek(rest, doc); len(rest) == 0 {
			break
		}
		if rest[0] == doc {
			l.scores[i] *= search.Demotion
		}
	}
	return l
}

// any adds up what at least least of the clauses match.
func (e *evaluator) any(of []search.Clause, least int, wanted []uint32) *list {
	sum := e.scratch.list()
	hits, next := e.scratch.counts[:0], e.scratch.nextCounts[:0]
	e.scratch.counts, e.scratch.nextCounts = nil, nil // a clause below may need its own
	for i := range of {
		l, merged := e.among(&of[i], wanted), e.scratch.list()
		hits, next = union(merged, sum, hits, l, next[:0]), hits
		e.scratch.free(sum)
		e.scratch.free(l)
		sum = merged
	}
	e.scratch.counts, e.scratch.nextCounts = hits, next
	if least > 1 {
		n := 0
		for i := range sum.docs {
			if int(hits[i]) >= least {
				sum.docs[n], sum.scores[n] = sum.docs[i], sum.scores[i]
				n++
			}
		}
		sum.docs, sum.scores = sum.docs[:n], sum.scores[:n]
	}
	return sum
}

// union writes a and b into dst and how many clauses each document matched
// into counts: a's own, and one more for b.
func union(dst, a *list, hits []uint16, b *list, counts []uint16) []uint16 {
	i, j := 0, 0
	for i < len(a.docs) || j < len(b.docs) {
		switch {
		case j == len(b.docs) || i < len(a.docs) && a.docs[i] < b.docs[j]:
			dst.add(a.docs[i], a.scores[i])
			counts = append(counts, hits[i])
			i++
		case i == len(a.docs) || b.docs[j] < a.docs[i]:
			dst.add(b.docs[j], b.scores[j])
			counts = append(counts, 1)
			j++
		default:
			dst.add(a.docs[i], a.scores[i]+b.scores[j])
			counts = append(counts, hits[i]+1)
			i++
			j++
		}
	}
	return counts
}

// best takes the highest score of what any clause matches.
func (e *evaluator) best(of []search.Clause, wanted []uint32) *list {
	top := e.scratch.list()
	for i := range of {
		l, merged := e.among(&of[i], wanted), e.scratch.list()
		merged.highest(top, l)
		e.scratch.free(top)
		e.scratch.free(l)
		top = merged
	}
	return top
}

func (l *list) highest(a, b *list) {
	i, j := 0, 0
	for i < len(a.docs) || j < len(b.docs) {
		switch {
		case j == len(b.docs) || i < len(a.docs) && a.docs[i] < b.docs[j]:
			l.add(a.docs[i], a.scores[i])
			i++
		case i == len(a.docs) || b.docs[j] < a.docs[i]:
			l.add(b.docs[j], b.scores[j])
			j++
		default:
			l.add(a.docs[i], max(a.scores[i], b.scores[j]))
			i++
			j++
		}
	}
}

// intersect keeps what is also in other and adds its scores. l is the shorter.
func (l *list) intersect(other *list) {
	n, rest := 0, other.docs
	for i, doc := range l.docs {
		rest = seek(rest, doc)
		if len(rest) == 0 {
			break
		}
		if rest[0] == doc {
			l.docs[n] = doc
			l.scores[n] = l.scores[i] + other.scores[len(other.docs)-len(rest)]
			n++
		}
	}
	l.docs, l.scores = l.docs[:n], l.scores[:n]
}

// raise adds the scores of what is also in other.
func (l *list) raise(other *list) {
	rest := other.docs
	for i, doc := range l.docs {
		rest = seek(rest, doc)
		if len(rest) == 0 {
			return
		}
		if rest[0] == doc {
			l.scores[i] += other.scores[len(other.docs)-len(rest)]
		}
	}
}

// seek returns the rest of docs from the first that is not below doc, by
// doubling steps: cheap for what is near and for what is far.
func seek(docs []uint32, doc uint32) []uint32 {
	if len(docs) == 0 || docs[0] >= doc {
		return docs
	}
	step := 1
	for step < len(docs) && docs[step] < doc {
		step *= 2
	}
	from := step / 2
	i, _ := slices.BinarySearch(docs[from:min(step+1, len(docs))], doc)
	return docs[from+i:]
}

// phrase keeps the documents whose name has the words next to each other.
func (e *evaluator) phrase(c *search.Clause, wanted []uint32) *list {
	terms := e.scratch.terms[:0]
	of := make([]search.Clause, 0, 4)
	for w := range strings.FieldsSeq(c.Text) {
		t, ok := e.keys.term(w)
		if !ok {
			return e.scratch.list()
		}
		terms = append(terms, t)
		of = append(of, search.Clause{Op: search.OpTerm, Text: w, Fields: search.FieldName})
	}
	e.scratch.terms = terms
	l := e.all(of, wanted)
	n := 0
	for i, doc := range l.docs {
		if contains(e.names.at(doc), terms) {
			l.docs[n], l.scores[n] = doc, l.scores[i]
			n++
		}
	}
	l.docs, l.scores = l.docs[:n], l.scores[:n]
	return l
}

func contains(words, phrase []uint32) bool {
	for i := 0; i+len(phrase) <= len(words); i++ {
		if slices.Equal(words[i:i+len(phrase)], phrase) {
			return true
		}
	}
	return false
}

// maxExpansion bounds the words that a prefix stands for; the commonest are taken.
const maxExpansion = 128

// prefix takes the best of the words that begin with the text.
func (e *evaluator) prefix(c *search.Clause, wanted []uint32) *list {
	var forms []form
	e.lexicon.starting(fold(c.Text), func(f form) bool {
		forms = append(forms, f)
		return true
	})
	forms = search.First(forms, maxExpansion, func(a, b form) int {
		return cmp.Or(cmp.Compare(b.count, a.count), strings.Compare(a.text, b.text))
	})
	terms := e.scratch.terms[:0]
	for _, f := range forms {
		if !slices.Contains(terms, f.term) {
			terms = append(terms, f.term)
		}
	}
	e.scratch.terms = terms
	return e.bestTerm(terms, c.Fields, wanted)
}

// bestTerm takes the best of several terms, merging halves so that the lists
// that are merged grow together.
func (e *evaluator) bestTerm(terms []uint32, fields search.Field, wanted []uint32) *list {
	l := e.scratch.list()
	switch len(terms) {
	case 0:
	case 1:
		e.score(l, terms[0], fields, wanted)
	default:
		half := len(terms) / 2
		a, b := e.bestTerm(terms[:half], fields, wanted), e.bestTerm(terms[half:], fields, wanted)
		l.highest(a, b)
		e.scratch.free(a)
		e.scratch.free(b)
	}
	return l
}
