package search

import (
	"iter"
	"math"
	"slices"
	"strings"

	"github.com/bodega-commerce/bodega/core/id"
)

// maxWords is how many words of a text are looked at.
const maxWords = 24

// enoughDoubted is the number that a query must find as it was typed although
// some of its words look misspelt.
const enoughDoubted = 20

// enough is the number of products that make another attempt needless.
const enough = 1

// Plan turns the words of a query into passes, none if it has no words. Words
// that stand together may be written as one and the other way round; a number
// and its unit are one word; a word that no document has is taken for its
// nearest neighbour, and one that is a synonym stands for the others as well,
// unless the query is exact.
func Plan(q Query, v Vocabulary) []Pass {
	p := planner{vocabulary: v}
	words := Words(q.Text)
	words = words[:min(len(words), maxWords)]
	if !q.Exact {
		p.synonyms = q.Synonyms
		p.fix(q.Text, words)
	}
	literal := p.concepts(q.Text, words)
	if len(literal) == 0 {
		return nil
	}
	passes := []Pass{{Clause: all(literal), Enough: enough}}
	last := literal
	corrected := ""
	if len(p.fixes) > 0 {
		corrected = p.corrected(q.Text)
		words = Words(corrected)
		last = p.concepts(q.Text, words[:min(len(words), maxWords)])
		passes = append(passes, Pass{Clause: all(last), Enough: enough, Corrected: corrected})
		if p.doubted {
			passes[0].Enough = enoughDoubted
		}
	}
	if required(last) > 1 {
		passes = append(passes, Pass{Clause: most(last), Corrected: corrected})
	}
	for i := range passes {
		passes[i].Pinned, passes[i].Buried = q.Pinned, q.Buried
		passes[i].Clause = q.Boosts.of(passes[i].Clause)
	}
	return passes
}

// concept is one thing the query asks for, however it is written.
type concept struct {
	clause   Clause
	optional bool
}

type planner struct {
	vocabulary Vocabulary
	synonyms   *Synonyms
	fixes      map[string]string // corrections of misspelt words
	doubted    bool              // some of them are met as they are
}

// concepts reads what the words of a text, or of its correction, ask for. A SKU is
// only ever what was typed.
func (p *planner) concepts(text string, words []Word) []concept {
	var list []concept
	room := maxSynonymWords
	for i := 0; i < len(words); {
		n, synonyms := p.synonyms.at(words[i:])
		var c concept
		if n == 0 {
			n, c = p.concept(words[i:])
		} else {
			c = p.either(words[i:i+n], synonyms, &room)
		}
		list = append(list, c)
		i += n
	}
	for i := range slices.Backward(list) {
		if !list[i].optional {
			list[i].clause = thing(list[i].clause)
			break
		}
	}
	if sku := strings.TrimSpace(text); len(list) > 0 && !strings.Contains(sku, " ") && id.SKU(sku).Validate() == nil {
		whole := all(list)
		list = []concept{{clause: Clause{Op: OpBest, Of: []Clause{{Op: OpTerm, Text: sku, Fields: FieldSKU, Boost: skuBoost}, whole}}}}
	}
	return list
}

// thing reads a clause as what was asked for in the end, which the last word of a
// query says: what is such a thing, by the head of its name, is worth more than
// what belongs to one or only has the word.
func thing(c Clause) Clause {
	if heads := heads(nil, c); len(heads) > 0 {
		c.Prefer = []Clause{{Op: OpFilter, Boost: headBoost, Of: []Clause{best(heads...)}}}
	}
	return c
}

// heads appends what asks for the last word of a clause, in each of its readings,
// as the head of a name.
func heads(list []Clause, c Clause) []Clause {
	switch {
	case c.Op == OpTerm && !HasDigit(c.Text):
		list = append(list, Clause{Op: OpTerm, Text: c.Text, Fields: FieldHead})
	case c.Op == OpBest:
		for _, of := range c.Of {
			list = heads(list, of)
		}
	case c.Op == OpAll && len(c.Of) > 0:
		list = heads(list, c.Of[len(c.Of)-1])
	}
	return list
}

// headBoost is about what telling two words apart by their rarity is worth.
const headBoost = 1

// skuBoost lifts an exact SKU over everything words can score.
const skuBoost = 1000

// maxSynonymWords bounds what all words of a query stand for besides themselves.
const maxSynonymWords = 60

// synonymShare is what a synonym is worth where the word itself is worth 1.
const synonymShare = 0.9

// either asks for words or for any of their synonyms, as far as there is room
// for words. More words are not worth more for being more.
func (p *planner) either(words []Word, synonyms []string, room *int) concept {
	typed := p.read(words)
	of := []Clause{all(typed)}
	for _, text := range synonyms {
		words := Words(text)
		if *room -= len(words); *room < 0 {
			break
		}
		other := p.read(words)
		clause := all(other)
		clause.Boost = synonymShare * float64(len(typed)) / float64(len(other))
		of = append(of, clause)
	}
	return concept{clause: best(of...)}
}

// read reads words by themselves.
func (p *planner) read(words []Word) []concept {
	var list []concept
	for i := 0; i < len(words); {
		n, c := p.concept(words[i:])
		list = append(list, c)
		i += n
	}
	return list
}

// concept reads one concept from the beginning of the words and returns how
// many it took.
func (p *planner) concept(words []Word) (int, concept) {
	w := words[0]
	// What was joined, or is a quantity, comes after its parts.
	parts := 1
	for parts < len(words) && !words[parts].Extra && parts < 4 {
		parts++
	}
	if parts < len(words) && words[parts].Extra && words[parts].Start <= w.Start {
		n := parts + 1
		for n < len(words) && words[n].Extra {
			n++
		}
		return n, concept{clause: alternatives(words[:n])}
	}
	if joined, ok := p.joined(words); ok {
		return 2, concept{clause: best(term(joined), allTerms(w.Text, words[1].Text))}
	}
	if p.vocabulary.Known(w.Text) {
		return 1, concept{clause: term(w.Text), optional: stopword(w.Text)}
	}
	if a, b, ok := p.cut(w.Text); ok {
		return 1, concept{clause: best(term(w.Text), Clause{Op: OpPhrase, Text: a + " " + b, Fields: FieldName})}
	}
	return 1, concept{clause: term(w.Text)}
}

// joined returns the word that the first two give together, if there is one and
// the second is not the beginning of something else, like a number and its unit.
func (p *planner) joined(words []Word) (string, bool) {
	if len(words) < 2 || words[1].Extra || len(words[0].Text)+len(words[1].Text) < 3 {
		return "", false
	}
	for _, w := range words[2:] {
		if w.Extra {
			if w.Start == words[1].Start {
				return "", false
			}
			break
		}
	}
	joined := words[0].Text + words[1].Text
	return joined, p.vocabulary.Known(joined)
}

// cut splits a word that no document has in two that some have.
func (p *planner) cut(w string) (a, b string, ok bool) {
	for i := range w {
		a, b := w[:i], w[i:]
		if len(a) < 2 {
			continue
		}
		letters := !HasDigit(a) && !HasDigit(b)
		if letters && (len(a) < 3 || len(b) < 3) || !letters && HasDigit(a) == HasDigit(b) {
			continue
		}
		if p.vocabulary.Known(a) && p.vocabulary.Known(b) {
			return a, b, true
		}
	}
	return "", "", false
}

// fix finds out which words are misspelt: those that no document has in any
// form, or hardly any has and others are far likelier, and that are no synonyms.
// Of several corrections the likeliest is taken, by the slip of the hand and by
// how often it stands beside the other words.
func (p *planner) fix(text string, words []Word) {
	var beside []string
	var misspelt []suspect
	synonyms := 0 // words until the end of one
	for i, w := range words {
		if n, _ := p.synonyms.at(words[i:]); n > 0 && i >= synonyms {
			synonyms = i + n
		}
		if w.Extra || stopword(w.Text) {
			continue
		}
		known := p.vocabulary.Known(w.Text)
		if i >= synonyms && !HasDigit(around(text, w)) {
			near := p.vocabulary.Near(w.Text)
			if len(near) > 0 && (!known || !p.vocabulary.Alike(w.Text, near[0])) {
				misspelt = append(misspelt, suspect{w.Text, near})
				p.doubted = p.doubted || known
				continue
			}
		}
		if known {
			beside = append(beside, w.Text)
		}
	}
	for _, m := range misspelt {
		if p.fixes[m.word] != "" {
			continue
		}
		fixed := p.likeliest(m, beside)
		if p.fixes == nil {
			p.fixes = map[string]string{}
		}
		p.fixes[m.word] = fixed
		beside = append(beside, fixed)
	}
}

// suspect is a word that is probably misspelt, and what may have been meant.
type suspect struct {
	word string
	near []string
}

// likeliest returns what was meant by a word beside others.
func (p *planner) likeliest(s suspect, beside []string) string {
	meant := s.near[0]
	if len(s.near) == 1 || len(beside) == 0 {
		return meant
	}
	most := math.Inf(-1)
	for _, candidate := range s.near {
		edits, _ := Distance(s.word, candidate, maxEdits)
		together := p.vocabulary.Together(append(beside, candidate))
		if score := slip(s.word, candidate, edits) + weight(together); score > most {
			meant, most = candidate, score
		}
	}
	return meant
}

// around returns what stands in the text without a space around a word: a SKU or
// a model's name may be made of several.
func around(text string, w Word) string {
	from := strings.LastIndexAny(text[:w.Start], " \t\n") + 1
	if to := strings.IndexAny(text[w.End:], " \t\n"); to >= 0 {
		return text[from : w.End+to]
	}
	return text[from:]
}

// corrected returns the text with its corrections in place.
func (p *planner) corrected(text string) string {
	var b strings.Builder
	at := 0
	for _, w := range Words(text) {
		if fixed := p.fixes[w.Text]; fixed != "" && !w.Extra {
			b.WriteString(text[at:w.Start])
			b.WriteString(fixed)
			at = w.End
		}
	}
	b.WriteString(text[at:])
	return b.String()
}

// alternatives reads parts followed by what they give together.
func alternatives(words []Word) Clause {
	var parts []string
	var together []Clause
	for _, w := range words {
		if w.Extra {
			together = append(together, term(w.Text))
		} else {
			parts = append(parts, w.Text)
		}
	}
	return best(append(together, allTerms(parts...))...)
}

// all asks for every concept, the optional ones only beside others.
func all(concepts []concept) Clause {
	c := Clause{Op: OpAll}
	for _, k := range concepts {
		if k.optional && required(concepts) > 0 {
			c.Prefer = append(c.Prefer, k.clause)
		} else {
			c.Of = append(c.Of, k.clause)
		}
	}
	return c
}

// most asks for more than half of the concepts and puts all before some.
func most(concepts []concept) Clause {
	whole := all(concepts)
	n := len(whole.Of)
	return Clause{
		Op: OpAny, Min: (n + 1) / 2, Of: whole.Of,
		Prefer: append([]Clause{{Op: OpFilter, Boost: wholeBoost, Of: []Clause{{Op: OpAll, Of: whole.Of}}}}, whole.Prefer...),
	}
}

// wholeBoost lifts what has all words over what has some.
const wholeBoost = 100

func required(concepts []concept) int {
	n := 0
	for _, c := range concepts {
		if !c.optional {
			n++
		}
	}
	return n
}

func term(w string) Clause { return Clause{Op: OpTerm, Text: w, Fields: FieldText} }

func allTerms(words ...string) Clause {
	if len(words) == 1 {
		return term(words[0])
	}
	c := Clause{Op: OpAll}
	for _, w := range words {
		c.Of = append(c.Of, term(w))
	}
	return c
}

func best(of ...Clause) Clause {
	if len(of) == 1 {
		return of[0]
	}
	return Clause{Op: OpBest, Of: of}
}

// stopword reports whether a word carries no meaning of its own.
func stopword(w string) bool {
	switch w {
	case "a", "an", "and", "at", "by", "for", "from", "in", "is", "of", "on", "or", "the", "to", "with":
		return true
	}
	return false
}

// fieldsOfNames are what a suggestion completes.
const fieldsOfNames = FieldName | FieldBrand | FieldCategory

// PlanSuggest turns what was typed so far into passes, none if it has no word:
// the words before the last, and any that begins with the last one. Only who goes
// on asks the vocabulary: for those who found nothing the last word is taken for a
// misspelt one.
func PlanSuggest(q SuggestQuery, v Vocabulary) iter.Seq[Pass] {
	var words []string
	for _, w := range Words(q.Text) {
		if !w.Extra && len(words) < maxWords {
			words = append(words, w.Text)
		}
	}
	return func(yield func(Pass) bool) {
		if len(words) == 0 {
			return
		}
		before, last := words[:len(words)-1], words[len(words)-1]
		pass := func(last string) Pass {
			c := Clause{Op: OpAll}
			for _, w := range before {
				c.Of = append(c.Of, Clause{Op: OpTerm, Text: w, Fields: fieldsOfNames})
			}
			c.Of = append(c.Of, Clause{Op: OpPrefix, Text: last, Fields: fieldsOfNames})
			return Pass{Clause: c, Enough: 1}
		}
		if !yield(pass(last)) || v.Known(last) {
			return
		}
		for _, fixed := range v.Near(last) {
			corrected := pass(fixed)
			corrected.Corrected = fixed
			if !yield(corrected) {
				return
			}
		}
	}
}
