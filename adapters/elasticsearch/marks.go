package elasticsearch

import (
	"context"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/search"
)

// highlight marks the words in the names of hits that a clause looks for.
func (e *Engine) highlight(ctx context.Context, c *search.Clause, hits []search.Hit) error {
	if len(hits) == 0 {
		return nil
	}
	wanted := wordsOf(nil, c)
	words := slices.Clone(wanted)
	for i := range hits {
		for _, w := range search.Words(hits[i].Name) {
			words = append(words, w.Text)
		}
	}
	slices.Sort(words)
	if err := e.learn(ctx, slices.Compact(words), false); err != nil {
		return err
	}
	stems := e.stems(wanted)
	for i := range hits {
		hits[i].Highlights = map[string][][2]int{"name": e.mark(hits[i].Name, stems)}
	}
	return nil
}

// wordsOf appends the words that a clause looks for.
func wordsOf(list []string, c *search.Clause) []string {
	if c.Op == search.OpTerm || c.Op == search.OpPhrase {
		for _, w := range search.Words(c.Text) {
			list = append(list, w.Text)
		}
	}
	for i := range c.Of {
		list = wordsOf(list, &c.Of[i])
	}
	return list
}

func (e *Engine) stems(words []string) []string {
	stems := make([]string, len(words))
	for i, w := range words {
		stems[i] = e.stem(w)
	}
	return stems
}

// stem returns what is known of a word, or the word.
func (e *Engine) stem(w string) string {
	if known, _, _ := e.lexicon.look(w); known.stem != "" {
		return known.stem
	}
	return w
}

func (e *Engine) folded(w string) string {
	if known, _, _ := e.lexicon.look(w); known.folded != "" {
		return known.folded
	}
	return w
}

// mark returns where words with these stems stand in a text, in runes.
func (e *Engine) mark(text string, stems []string) [][2]int {
	marks := [][2]int{}
	at, runes := 0, 0
	for _, w := range search.Words(text) {
		if w.Start < at || !slices.Contains(stems, e.stem(w.Text)) { // an extra word may lie over parts that are marked already
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

// completion tells whether a name has the words of a suggestion's clause.
type completion struct {
	engine *Engine
	stems  []string
	prefix string
}

func (e *Engine) completionOf(c *search.Clause) completion {
	m := completion{engine: e}
	for i := range c.Of {
		if of := &c.Of[i]; of.Op == search.OpPrefix {
			m.prefix = e.folded(of.Text)
		} else {
			m.stems = append(m.stems, e.stem(of.Text))
		}
	}
	return m
}

// match returns where in a name the words stand, in runes, and whether all do.
func (m completion) match(name string) (marks [][2]int, ok bool) {
	marks = [][2]int{}
	missing := slices.Clone(m.stems)
	begun := false
	for _, w := range search.Words(name) {
		if w.Extra {
			continue
		}
		length := 0
		if stem := m.engine.stem(w.Text); slices.Contains(m.stems, stem) {
			missing = slices.DeleteFunc(missing, func(s string) bool { return s == stem })
			length = utf8.RuneCountInString(name[w.Start:w.End])
		} else if strings.HasPrefix(m.engine.folded(w.Text), m.prefix) {
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
