package memsearch

import (
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/kljensen/snowball"
	"golang.org/x/text/unicode/norm"

	"github.com/bodega-commerce/bodega/core/search"
)

// keys turns what people write into numbers: words into terms, attribute names
// into ordinals. It only grows and is shared by the states of an index; readers
// and the writer lock it for a map access. A number that a reader's state does
// not have yet means nothing to it.
type keys struct {
	mu         sync.RWMutex
	words      map[string]word   // as written, in lower case
	terms      map[string]uint32 // folded and stemmed
	attributes map[string]uint32

	analyse func(string) string
}

// word is a word as written: its own number and that of the term it is a form of.
type word struct{ form, term uint32 }

func newKeys(analyse func(string) string) *keys {
	return &keys{
		words: map[string]word{}, terms: map[string]uint32{}, attributes: map[string]uint32{},
		analyse: analyse,
	}
}

// term returns the term of a word, without learning it.
func (k *keys) term(w string) (uint32, bool) {
	k.mu.RLock()
	known, ok := k.words[w]
	k.mu.RUnlock()
	if ok {
		return known.term, true
	}
	analysed := k.analyse(w)
	k.mu.RLock()
	t, ok := k.terms[analysed]
	k.mu.RUnlock()
	return t, ok
}

// learn returns the numbers of a word, making them at first sight. The strings
// it keeps are copies, so that no document's text is kept alive by a word.
func (k *keys) learn(w string) word {
	known, ok := k.words[w] // only the writer writes, so it need not lock to read
	if ok {
		return known
	}
	w = strings.Clone(w)
	analysed := k.analyse(w)
	k.mu.Lock()
	defer k.mu.Unlock()
	t, ok := k.terms[analysed]
	if !ok {
		t = uint32(len(k.terms))
		k.terms[analysed] = t
	}
	known = word{form: uint32(len(k.words)), term: t}
	k.words[w] = known
	return known
}

func (k *keys) attribute(name string) (uint32, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	a, ok := k.attributes[name]
	return a, ok
}

func (k *keys) learnAttribute(name string) uint32 {
	if a, ok := k.attributes[name]; ok {
		return a
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	a := uint32(len(k.attributes))
	k.attributes[strings.Clone(name)] = a
	return a
}

// analyser returns the folding and stemming of a language ("en", "de-AT").
// Languages without a stemmer are folded only.
func analyser(locale string) func(string) string {
	language, stems := map[string]string{
		"en": "english", "fr": "french", "es": "spanish", "ru": "russian", "sv": "swedish", "no": "norwegian", "nb": "norwegian", "hu": "hungarian",
	}[strings.ToLower(locale[:min(2, len(locale))])]
	return func(w string) string {
		w = fold(w)
		if !stems || search.HasDigit(w) {
			return w
		}
		if s, err := snowball.Stem(w, language, true); err == nil && s != "" {
			return s
		}
		return w
	}
}

// fold takes accents and other marks off letters and unifies their forms.
func fold(w string) string {
	ascii := true
	for i := 0; i < len(w) && ascii; i++ {
		ascii = w[i] < utf8.RuneSelf
	}
	if ascii {
		return w
	}
	var b strings.Builder
	for _, r := range norm.NFKD.String(w) {
		switch {
		case r >= 0x300 && r <= 0x36f: // combining marks
		case r == 'ß':
			b.WriteString("ss")
		case r == 'ø':
			b.WriteByte('o')
		case r == 'ł':
			b.WriteByte('l')
		case r == 'æ':
			b.WriteString("ae")
		default:
			b.WriteRune(r)
		}
	}
	return strings.ToLower(b.String())
}
