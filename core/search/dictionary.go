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
	forms []form // by hash, then word
}

// Counted is a word and the number of documents that have it.
type Counted struct {
	Word  string
	Count int
}

type form struct{ hash, word uint32 }

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
			d.forms = append(d.forms, form{h, ordinal})
		}
	}
	slices.SortFunc(d.forms, func(a, b form) int {
		return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(a.word, b.word))
	})
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

// Correct returns the word of the dictionary that was most probably meant:
// the one with the fewest edits, among equals the one that more documents have.
// It returns false for a word that is not correctable or has no neighbour.
func (d *Dictionary) Correct(word string) (string, bool) {
	if d == nil || !Correctable(word) {
		return "", false
	}
	guess := newGuess(word)
	for _, h := range appendForms(nil, word) {
		i, _ := slices.BinarySearchFunc(d.forms, h, func(f form, h uint32) int { return cmp.Compare(f.hash, h) })
		for ; i < len(d.forms) && d.forms[i].hash == h; i++ {
			guess.consider(d.words[d.forms[i].word])
		}
	}
	return guess.best.Word, guess.best.Word != ""
}

// Correct is Dictionary.Correct over a few words that are in no dictionary yet.
func Correct(words []Counted, word string) (string, bool) {
	if !Correctable(word) {
		return "", false
	}
	guess := newGuess(word)
	for _, w := range words {
		if !HasDigit(w.Word) {
			guess.consider(w)
		}
	}
	return guess.best.Word, guess.best.Word != ""
}

// guess is the best correction of a word so far.
type guess struct {
	word  string
	edits int // of best; before there is one, more than allowed
	best  Counted
}

func newGuess(word string) guess {
	return guess{word: word, edits: editsAllowed(utf8.RuneCountInString(word)) + 1}
}

func (g *guess) consider(w Counted) {
	edits, ok := Distance(g.word, w.Word, g.edits)
	if ok && edits > 0 && (edits < g.edits || g.best.Word != "" && g.closer(w)) {
		g.best, g.edits = w, edits
	}
}

// closer reports whether w is a better correction than the best with as many
// edits. People rarely miss the first letter.
func (g *guess) closer(w Counted) bool {
	missed := func(c Counted) int {
		if c.Word[0] == g.word[0] {
			return 0
		}
		return 1
	}
	return cmp.Or(missed(w)-missed(g.best), cmp.Compare(g.best.Count, w.Count), strings.Compare(w.Word, g.best.Word)) < 0
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
