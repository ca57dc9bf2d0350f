package memsearch

import (
	"slices"
	"strings"

	"github.com/bodega-commerce/bodega/core/search"
)

// lexicon is what is known of the words of names, brands and categories, folded
// but not stemmed: for suggestions, which complete them, and for typos. Most are
// sorted; those learnt since wait in a short tail.
type lexicon struct {
	sorted     []form
	tail       []form
	dictionary *search.Dictionary
	rows       int // of the table when it was made
}

// form is such a word, its term and how often it was seen.
type form struct {
	text  string
	term  uint32
	count uint32 // in names, brands and categories
	other uint32 // elsewhere
}

// nameWeight is how much likelier a word of names is to be meant than another.
const nameWeight = 32

// minTail is how many new words may always wait before the lexicon is made anew,
// else half as many as it has: filling an index then makes it a few times only.
const minTail = 1024

// form returns a word by its number, new at first sight.
func (t *table) form(number uint32, text string, term uint32) *form {
	for int(number) >= len(t.forms) {
		t.forms = append(t.forms, form{})
	}
	f := &t.forms[number]
	if f.text == "" {
		f.text, f.term = strings.Clone(fold(text)), term
		t.tail = append(t.tail, *f)
	}
	return f
}

// seen notes one more sight of a word.
func (f *form) seen(inNames bool) {
	if inNames {
		f.count++
	} else {
		f.other++
	}
}

// refresh makes the lexicon anew when too many words wait, or there are twice the
// documents to count them in, or hands out the present tail.
func (t *table) refresh() {
	if len(t.tail) > max(minTail, len(t.lexicon.sorted)/2) || len(t.sku) >= 2*t.lexicon.rows && len(t.sku) > 0 {
		t.lexicon = t.newLexicon()
		return
	}
	if len(t.tail) != len(t.lexicon.tail) {
		grown := *t.lexicon
		grown.tail = t.tail
		t.lexicon = &grown
	}
}

func (t *table) newLexicon() *lexicon {
	l := &lexicon{rows: len(t.sku)}
	var words []search.Counted
	for _, f := range t.forms {
		if f.text == "" || t.postings.at(f.term) == nil {
			continue
		}
		if f.count > 0 {
			l.sorted = append(l.sorted, f)
		}
		if f.count > 0 || f.other > 1 { // what stands once in some description may be a typo itself
			words = append(words, search.Counted{Word: f.text, Count: int(nameWeight*f.count + f.other), Named: f.count > 0})
		}
	}
	slices.SortFunc(l.sorted, func(a, b form) int { return strings.Compare(a.text, b.text) })
	l.dictionary = search.NewDictionary(words)
	t.tail = nil
	return l
}

// starting calls yield for the words that begin with a prefix, until it says no.
func (l *lexicon) starting(prefix string, yield func(form) bool) {
	from, _ := slices.BinarySearchFunc(l.sorted, prefix, func(f form, p string) int { return strings.Compare(f.text, p) })
	for _, f := range l.sorted[from:] {
		if !strings.HasPrefix(f.text, prefix) || !yield(f) {
			break
		}
	}
	for _, f := range l.tail {
		if strings.HasPrefix(f.text, prefix) && !yield(f) {
			return
		}
	}
}

// near returns the words that were probably meant, among the tail's as well.
func (l *lexicon) near(w string, known bool) []string {
	w = fold(w)
	near := l.dictionary.Near(w, known)
	if known || len(near) > 0 || len(l.tail) == 0 {
		return near
	}
	words := make([]search.Counted, 0, len(l.tail))
	for _, f := range l.tail {
		words = append(words, search.Counted{Word: f.text, Count: 1, Named: f.count > 0})
	}
	return search.Near(words, w)
}
