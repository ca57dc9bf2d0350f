package search

import (
	"cmp"
	"math"
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
	words     []Counted
	forms     []form // ascending
	commonest int    // count of a word
}

// Counted is a word and how often it is met: by the number of documents that have
// it, or a weight that stands for it.
type Counted struct {
	Word  string
	Count int
	Named bool // by some name, brand or category: so it is no typo
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
// correction are left out: words with digits, single letters, and those
// that carry no meaning.
func NewDictionary(words []Counted) *Dictionary {
	d := &Dictionary{}
	var forms []uint32
	for _, w := range words {
		if HasDigit(w.Word) || stopword(w.Word) || utf8.RuneCountInString(w.Word) < minCorrected-1 {
			continue
		}
		ordinal := uint32(len(d.words))
		d.words = append(d.words, w)
		d.commonest = max(d.commonest, w.Count)
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
const minCorrected = 3

// Correctable reports whether a word is ever corrected: numbers, model names,
// SKUs and very short words are not.
func Correctable(word string) bool {
	n := utf8.RuneCountInString(word)
	return n >= minCorrected && n <= maxWord && !HasDigit(word)
}

// Near returns the words that were probably meant by one that is misspelt, at
// most maxNear, the likeliest first: by how easily the hand slips from one to the
// other, and by how many documents have them. There are none for a word that is
// not correctable, nor for one that some name has. Of a word that is met elsewhere,
// or known in another form, there are only those that are so much commoner that it
// is probably a typo there as well.
func (d *Dictionary) Near(word string, known bool) []string {
	if d == nil || !Correctable(word) {
		return nil
	}
	own := d.find(word)
	if own.Named || float64(own.Count)*minDoubt > float64(d.commonest) {
		return nil
	}
	if known {
		own.Count = max(own.Count, 1)
	}
	n := newNeighbours(word, own.Count)
	for _, h := range appendForms(nil, word) {
		i, _ := slices.BinarySearch(d.forms, newForm(h, 0))
		for ; i < len(d.forms) && d.forms[i].hash() == h; i++ {
			n.consider(d.words[d.forms[i].word()])
		}
	}
	return n.words()
}

// find returns a word of the dictionary, the zero Counted if it is none.
func (d *Dictionary) find(word string) Counted {
	var prefix [formPrefix]rune
	h := hashWithout(prefix[:fillPrefix(&prefix, word)], -1, -1)
	i, _ := slices.BinarySearch(d.forms, newForm(h, 0))
	for ; i < len(d.forms) && d.forms[i].hash() == h; i++ {
		if w := d.words[d.forms[i].word()]; w.Word == word {
			return w
		}
	}
	return Counted{}
}

// Near is Dictionary.Near over a few words that are in no dictionary yet.
func Near(words []Counted, word string) []string {
	if !Correctable(word) {
		return nil
	}
	own := 0
	if i := slices.IndexFunc(words, func(w Counted) bool { return w.Word == word }); i >= 0 {
		if own = words[i].Count; words[i].Named {
			return nil
		}
	}
	n := newNeighbours(word, own)
	for _, w := range words {
		if !HasDigit(w.Word) {
			n.consider(w)
		}
	}
	return n.words()
}

const maxNear = 8

// neighbours are the likeliest corrections of a word so far, in order.
type neighbours struct {
	word  string
	own   int // how often the word itself is met
	limit int
	list  []neighbour
}

type neighbour struct {
	word  string
	score float64
}

func newNeighbours(word string, own int) neighbours {
	return neighbours{word: word, own: own, limit: editsAllowed(utf8.RuneCountInString(word))}
}

func (n *neighbours) consider(w Counted) {
	edits, ok := Distance(n.word, w.Word, n.limit)
	if !ok || edits == 0 || slices.ContainsFunc(n.list, func(m neighbour) bool { return m.word == w.Word }) {
		return
	}
	slip := slip(n.word, w.Word, edits)
	if n.own > 0 && slip+math.Log(float64(w.Count)/float64(n.own)) < doubt {
		return
	}
	candidate := neighbour{w.Word, slip + weight(w.Count)}
	i, _ := slices.BinarySearchFunc(n.list, candidate, func(a, b neighbour) int {
		return cmp.Or(cmp.Compare(b.score, a.score), strings.Compare(a.word, b.word))
	})
	if i < maxNear {
		n.list = slices.Insert(n.list, i, candidate)
		n.list = n.list[:min(len(n.list), maxNear)]
	}
}

// slip is the logarithm of how likely it is that somebody who means a word types
// this, so many edits away: the noisy channel of Kernighan, Church and Gale
// (1990), for hands that leave out, add, change and swap letters equally often
// (Damerau 1964). There are n letters to leave out and n-1 pairs to swap, but 25n
// ways to change one and 26(n+1) to add one, so of two words as common as each
// other the one that lost a letter is far likelier than the one that changed one.
func slip(typed, meant string, edits int) float64 {
	n := float64(utf8.RuneCountInString(meant))
	ways := 25 * n
	switch more := utf8.RuneCountInString(typed) - utf8.RuneCountInString(meant); {
	case more < 0:
		ways = n
	case more > 0:
		ways = 26 * (n + 1)
	case sameLetters(typed, meant):
		ways = n - 1
	}
	return -math.Log(ways) - float64(edits-1)*secondSlip
}

// doubt is how much likelier, in logarithms, a correction must be than a word
// that is met: one word in thirty or so is mistyped. minDoubt is how much more
// often it must be met at least.
const (
	doubt    = 3.5
	minDoubt = 66
)

// secondSlip is how much rarer, in logarithms, words with two slips are.
const secondSlip = 6

// weight is how likely it is, in logarithms, that a word is meant at all. What is
// asked for is spread more evenly than what is written.
func weight(documents int) float64 { return math.Log(float64(documents)+0.1) / 2 }

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
		words[i] = m.word
	}
	return words
}

const maxEdits = 2

// editsAllowed says how many edits a word of this many runes may be away.
func editsAllowed(runes int) int {
	switch {
	case runes < minCorrected:
		return 0
	case runes <= 7:
		return 1
	}
	return maxEdits
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
	n := fillPrefix(&prefix, word)
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

// fillPrefix fills in the first runes of a word and returns how many there are.
func fillPrefix(prefix *[formPrefix]rune, word string) int {
	n := 0
	for _, r := range word {
		if n == formPrefix {
			break
		}
		prefix[n] = r
		n++
	}
	return n
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
