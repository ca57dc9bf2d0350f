package search

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Dictionary corrects misspelt words. It is built from the words of an index,
// as they are written, and immutable. Any engine can hold one.
//
// It keeps, for the first seven runes of each word, every form that is left
// when up to two of them are taken out. Two words within two edits of each
// other meet in one of their forms, so a lookup is a few binary searches
// however many words there are.
type Dictionary struct {
	words []Counted
	forms []form // ascending
}

// Counted is a word and the number of documents that have it.
type Counted struct {
	Word  string
	Count int
}

// form is the hash of a form in the upper half, and whose it is in the lower:
// the sort of a hundred thousand numbers is what making a dictionary takes.
type form uint64

func newForm(hash, word uint32) form { return form(hash)<<32 | form(word) }
func (f form) hash() uint32          { return uint32(f >> 32) }
func (f form) word() uint32          { return uint32(f) }

// formPrefix is the number of runes that forms are made of.
const formPrefix = 7

// NewDictionary returns a dictionary of these words. Those that are never a
// correction are left out: words with digits, and those of fewer than three runes.
func NewDictionary(words []Counted) *Dictionary {
	d := &Dictionary{}
	var forms []uint32
	for _, w := range words {
		if HasDigit(w.Word) || utf8.RuneCountInString(w.Word) < minCorrected-1 {
			continue
		}
		ordinal := uint32(len(d.words))
		d.words = append(d.words, w)
		forms = appendForms(forms[:0], w.Word)
		for _, h := range forms {
			d.forms = append(d.forms, newForm(h, ordinal))
		}
	}
	slices.Sort(d.forms)
	d.forms = slices.Clip(slices.Compact(d.forms))
	return d
}

// minCorrected is the length in runes of the shortest word that is corrected.
const minCorrected = 4

// Correctable reports whether a word is ever corrected: numbers, model names,
// SKUs and very short words are not.
func Correctable(word string) bool {
	n := utf8.RuneCountInString(word)
	return n >= minCorrected && n <= maxWord && !HasDigit(word)
}

// Near returns the words that were probably meant by one that is misspelt, at
// most maxNear, the likeliest first: those with the fewest edits, among them
// those that only swap letters, then those that begin alike, then those that
// more documents have. There are none for a word that is not correctable.
func (d *Dictionary) Near(word string) []string {
	if d == nil || !Correctable(word) {
		return nil
	}
	n := newNeighbours(word)
	for _, h := range appendForms(nil, word) {
		i, _ := slices.BinarySearch(d.forms, newForm(h, 0))
		for ; i < len(d.forms) && d.forms[i].hash() == h; i++ {
			n.consider(d.words[d.forms[i].word()])
		}
	}
	return n.words()
}

// Near is Dictionary.Near over a few words that are in no dictionary yet.
func Near(words []Counted, word string) []string {
	if !Correctable(word) {
		return nil
	}
	n := newNeighbours(word)
	for _, w := range words {
		if !HasDigit(w.Word) {
			n.consider(w)
		}
	}
	return n.words()
}

const maxNear = 5

// neighbours are the likeliest corrections of a word so far, in order.
type neighbours struct {
	word  string
	limit int
	list  []neighbour
}

type neighbour struct {
	Counted
	edits   int
	swapped bool // same letters in another order
	missed  bool // another first letter, which is rare
}

func newNeighbours(word string) neighbours {
	return neighbours{word: word, limit: editsAllowed(utf8.RuneCountInString(word))}
}

func (n *neighbours) consider(w Counted) {
	edits, ok := Distance(n.word, w.Word, n.limit)
	if !ok || edits == 0 || slices.ContainsFunc(n.list, func(m neighbour) bool { return m.Word == w.Word }) {
		return
	}
	candidate := neighbour{w, edits, sameLetters(n.word, w.Word), n.word[0] != w.Word[0]}
	i, _ := slices.BinarySearchFunc(n.list, candidate, likelier)
	if i < maxNear {
		n.list = slices.Insert(n.list, i, candidate)
		n.list = n.list[:min(len(n.list), maxNear)]
	}
}

func likelier(a, b neighbour) int {
	return cmp.Or(a.edits-b.edits, rank(b.swapped)-rank(a.swapped), rank(a.missed)-rank(b.missed), b.Count-a.Count, strings.Compare(a.Word, b.Word))
}

func sameLetters(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	x, y := []rune(a), []rune(b)
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

func (n *neighbours) words() []string {
	words := make([]string, len(n.list))
	for i, m := range n.list {
		words[i] = m.Word
	}
	return words
}

// editsAllowed says how many edits a word of this many runes may be away.
func editsAllowed(runes int) int {
	switch {
	case runes <= 3:
		return 0
	case runes <= 7:
		return 1
	}
	return 2
}

// Distance returns the number of insertions, deletions, substitutions and
// swaps of neighbours that turn a into b, and whether it is at most limit.
func Distance(a, b string, limit int) (int, bool) {
	var bufA, bufB [maxWord]rune
	x, y := appendRunes(bufA[:0], a), appendRunes(bufB[:0], b)
	if d := len(x) - len(y); d > limit || -d > limit {
		return 0, false
	}
	if len(y) > maxWord {
		return 0, false
	}
	var rows [3][maxWord + 1]int
	before, last, now := &rows[0], &rows[1], &rows[2]
	for j := range len(y) + 1 {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		now[0] = i
		least := i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			d := min(last[j-1]+cost, last[j]+1, now[j-1]+1)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				d = min(d, before[j-2]+1)
			}
			now[j] = d
			least = min(least, d)
		}
		if least > limit {
			return 0, false
		}
		before, last, now = last, now, before
	}
	return last[len(y)], last[len(y)] <= limit
}

func appendRunes(dst []rune, s string) []rune {
	for _, r := range s {
		dst = append(dst, r)
	}
	return dst
}

// appendForms appends the hashes of a word's prefix with up to formEdits runes
// taken out.
func appendForms(dst []uint32, word string) []uint32 {
	var prefix [formPrefix]rune
	n := 0
	for _, r := range word {
		if n == formPrefix {
			break
		}
		prefix[n] = r
		n++
	}
	for i := -1; i < n; i++ {
		for j := i; j < n; j++ {
			if i >= 0 && j == i {
				continue // one rune is taken out by i = -1
			}
			dst = append(dst, hashWithout(prefix[:n], i, j))
		}
	}
	return dst
}

// hashWithout is FNV-1a over the runes but two.
func hashWithout(runes []rune, i, j int) uint32 {
	h := uint32(2166136261)
	for k, r := range runes {
		if k == i || k == j {
			continue
		}
		h = (h ^ uint32(r)) * 16777619
	}
	return h
}
