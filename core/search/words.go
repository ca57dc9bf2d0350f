package search

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Word is one word of a text, in lower case. Words that stand in the text come
// in order; after the words it is made of comes an Extra one that was joined
// from them: "wi-fi" is wi, fi and the extra wifi; `55"` is 55 and the extra 55in.
type Word struct {
	Text       string
	Start, End int // bytes in the text
	Extra      bool
}

// longest word that is kept whole; what is longer is cut here, alike in
// documents and in queries.
const maxWord = 64

// Words splits a text the way documents and queries are split. Words are runs of
// letters and digits; an apostrophe inside one is dropped with a following s,
// a dot inside a number belongs to it. Numbers and their units are joined to
// one extra word with the unit's short form, parts around single hyphens or
// dots to one extra word, so that "2 TB" meets "2tb" and "USB-C" meets "usbc".
func Words(text string) []Word { return AppendWords(nil, text) }

// AppendWords appends the words of a text to dst.
func AppendWords(dst []Word, text string) []Word {
	s := splitter{text: lowerASCII(text), words: dst}
	s.split()
	return s.words
}

type splitter struct {
	text  string
	words []Word
	chain int // index of the first word of the current run of hyphenated parts
	parts int // how many there are
}

func (s *splitter) split() {
	for i := 0; i < len(s.text); {
		r, size := utf8.DecodeRuneInString(s.text[i:])
		if !wordRune(r) {
			s.mark(r, i, size)
			i += size
			continue
		}
		start := i
		i = s.run(i)
		s.add(start, i)
	}
	s.endChain()
}

// run returns where the word that begins at i ends.
func (s *splitter) run(i int) int {
	digits := true // only digits and dots so far
	for i < len(s.text) {
		r, size := utf8.DecodeRuneInString(s.text[i:])
		switch {
		case wordRune(r):
			digits = digits && r >= '0' && r <= '9'
		case r == '.' && digits && digitAt(s.text, i+1) && i > 0 && digitAt(s.text, i-1):
		case (r == '\'' || r == '’') && !digits && letterAt(s.text, i+size):
			if n := i + size; s.text[n]|0x20 == 's' && !wordRuneAt(s.text, n+1) {
				return i
			}
		default:
			return i
		}
		i += size
	}
	return i
}

func (s *splitter) add(start, end int) {
	w := Word{Text: lower(s.text[start:end]), Start: start, End: end}
	if w.Text == "" || w.Text == "s" && start > 0 && apostropheBefore(s.text, start) {
		return
	}
	hyphen := s.joinedTo(start)
	if !hyphen {
		s.endChain()
		s.chain, s.parts = len(s.words), 0
	}
	previous := s.lastPlain()
	s.words = append(s.words, w)
	s.parts++
	if n, unit, ok := quantity(w.Text); ok {
		s.extra(n+unit, start, end)
	} else if previous >= 0 && adjacent(s.text[s.words[previous].End:start]) {
		if n, ok := plainNumber(s.words[previous].Text); ok {
			if unit, ok := units[w.Text]; ok {
				s.extra(n+unit, s.words[previous].Start, end)
			}
		}
	}
}

// mark handles signs that mean something: the double quote after a number is inches.
func (s *splitter) mark(r rune, at, size int) {
	if r != '"' && r != '″' && r != '”' {
		return
	}
	if p := s.lastPlain(); p >= 0 && s.words[p].End == at {
		if n, ok := plainNumber(s.words[p].Text); ok {
			s.extra(n+"in", s.words[p].Start, at+size)
		}
	}
}

func (s *splitter) extra(text string, start, end int) {
	if last := s.words[len(s.words)-1]; last.Text == text {
		return
	}
	s.words = append(s.words, Word{Text: text, Start: start, End: end, Extra: true})
}

// endChain adds what the hyphenated parts give together.
func (s *splitter) endChain() {
	if s.parts >= 2 && s.parts <= 4 {
		var b strings.Builder
		last := s.chain
		for i := s.chain; i < len(s.words); i++ {
			if !s.words[i].Extra {
				b.WriteString(s.words[i].Text)
				last = i
			}
		}
		if b.Len() <= maxWord {
			s.extra(b.String(), s.words[s.chain].Start, s.words[last].End)
		}
	}
	s.parts = 0
}

// joinedTo reports whether exactly one hyphen or dot stands between the last
// word and start.
func (s *splitter) joinedTo(start int) bool {
	p := s.lastPlain()
	if p < 0 || s.parts == 0 {
		return false
	}
	gap := s.text[s.words[p].End:start]
	return gap == "-" || gap == "." || gap == "‑"
}

func (s *splitter) lastPlain() int {
	for i := len(s.words) - 1; i >= 0; i-- {
		if !s.words[i].Extra {
			return i
		}
	}
	return -1
}

// adjacent reports whether a number and its unit may have this between them.
func adjacent(gap string) bool { return gap == " " || gap == "-" || gap == "\u00a0" }

// quantity splits a word like 2tb into its number and the short form of its unit.
func quantity(w string) (n, unit string, ok bool) {
	i := 0
	for i < len(w) && (w[i] >= '0' && w[i] <= '9' || w[i] == '.') {
		i++
	}
	if i == 0 || i == len(w) {
		return "", "", false
	}
	unit, ok = units[w[i:]]
	if !ok {
		return "", "", false
	}
	n, ok = plainNumber(w[:i])
	return n, unit, ok
}

// plainNumber returns the shortest form of a number written in digits.
func plainNumber(w string) (string, bool) {
	dot := -1
	for i := range len(w) {
		switch {
		case w[i] >= '0' && w[i] <= '9':
		case w[i] == '.' && dot < 0:
			dot = i
		default:
			return "", false
		}
	}
	if w == "" || dot == 0 {
		return "", false
	}
	if dot > 0 {
		w = strings.TrimRight(w, "0")
		w = strings.TrimSuffix(w, ".")
	}
	for len(w) > 1 && w[0] == '0' && w[1] != '.' {
		w = w[1:]
	}
	return w, true
}

// HasDigit reports whether a word is a number, a quantity or a model name
// rather than a word of the language: it is neither stemmed nor corrected.
func HasDigit(word string) bool { return strings.ContainsAny(word, "0123456789") }

// units by the words that people write for them.
var units = func() map[string]string {
	table := map[string]string{}
	for _, line := range []string{
		"in inch inches", "ft foot feet", "m meter meters metre metres", "cm centimeter centimeters centimetre centimetres",
		"mm millimeter millimeters millimetre millimetres", "km kilometer kilometers kilometre kilometres",
		"kb kilobyte kilobytes", "mb megabyte megabytes", "gb gigabyte gigabytes gig gigs", "tb terabyte terabytes",
		"gbps gbit", "mbps mbit", "w watt watts", "kw kilowatt kilowatts", "wh", "kwh", "v volt volts", "va", "kva", "mah", "a amp amps",
		"hz hertz", "khz", "mhz", "ghz", "rpm", "dpi", "ppm", "mp megapixel megapixels", "db decibel decibels",
		"mg", "g gram grams", "kg kilogram kilograms kilo kilos", "oz ounce ounces", "lb lbs pound pounds",
		"ml milliliter milliliters millilitre millilitres", "l liter liters litre litres", "gal gallon gallons",
		"pc pcs piece pieces",
	} {
		forms := strings.Fields(line)
		for _, form := range forms {
			table[form] = forms[0]
		}
	}
	return table
}()

func wordRune(r rune) bool {
	if r < utf8.RuneSelf {
		return 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
	}
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r) || unicode.Is(unicode.Mc, r)
}

func wordRuneAt(s string, i int) bool {
	if i >= len(s) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return wordRune(r)
}

func letterAt(s string, i int) bool {
	if i >= len(s) {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s[i:])
	return unicode.IsLetter(r)
}

func digitAt(s string, i int) bool { return i >= 0 && i < len(s) && s[i] >= '0' && s[i] <= '9' }

func apostropheBefore(s string, i int) bool {
	return s[i-1] == '\'' || strings.HasSuffix(s[:i], "’")
}

// lowerASCII writes a text in lower case if it is all ASCII, once instead of word
// by word; in other texts letters may change their length.
func lowerASCII(text string) string {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return text
		}
	}
	return strings.ToLower(text)
}

// lower writes a word in lower case without its apostrophes, cut to maxWord.
func lower(w string) string {
	plain := len(w) <= maxWord
	for i := 0; i < len(w) && plain; i++ {
		c := w[i]
		plain = c < utf8.RuneSelf && c != '\'' && (c < 'A' || c > 'Z')
	}
	if plain {
		return w
	}
	w = strings.ToLower(w)
	if strings.ContainsAny(w, "'’") {
		w = strings.Map(func(r rune) rune {
			if r == '\'' || r == '’' {
				return -1
			}
			return r
		}, w)
	}
	if len(w) > maxWord {
		cut := maxWord
		for cut > 0 && !utf8.RuneStart(w[cut]) {
			cut--
		}
		w = w[:cut]
	}
	return w
}
