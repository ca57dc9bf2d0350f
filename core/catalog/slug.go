package catalog

import (
	"cmp"
	"iter"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// MaxSlug is the length of the longest slug.
const MaxSlug = 120

var slugPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// ValidSlug reports whether s can be the last part of an address.
func ValidSlug(s string) bool { return len(s) <= MaxSlug && slugPattern.MatchString(s) }

// FitSlug cuts a slug that is too long.
func FitSlug(s string) string {
	if len(s) <= MaxSlug {
		return s
	}
	return cutSlug(s, MaxSlug)
}

// Slugify makes a slug of a name: its Latin letters without accents and its
// digits, in lower case, with a dash wherever something else was. It is empty
// when the name has neither.
func Slugify(name string) string {
	return cutSlug(squash(name, '-'), MaxSlug)
}

// AttributeName makes an attribute's name of what a feed calls it: like
// Slugify, with underscores. It is empty when there is neither letter nor digit.
func AttributeName(label string) string {
	name := squash(label, '_')
	return strings.TrimRight(name[:min(len(name), MaxAttributeName)], "_")
}

// Slugs proposes slugs for a name, to take the first that is free: the name's,
// the name's with a distinction (a SKU, the parent's slug), the latter with -2,
// -3 and so on. All fit MaxSlug.
func Slugs(name, distinction string) iter.Seq[string] {
	return func(yield func(string) bool) {
		base, extra := Slugify(name), Slugify(distinction)
		if base == "" {
			base, extra = cmp.Or(extra, "x"), ""
		}
		if !yield(base) {
			return
		}
		if extra != "" {
			extra = cutSlug(extra, MaxSlug/2)
			base = cutSlug(base, MaxSlug-len(extra)-1) + "-" + extra
			if !yield(base) {
				return
			}
		}
		for n := 2; ; n++ {
			number := "-" + strconv.Itoa(n)
			if !yield(cutSlug(base, MaxSlug-len(number)) + number) {
				return
			}
		}
	}
}

func cutSlug(s string, limit int) string {
	return strings.TrimRight(s[:min(len(s), limit)], "-")
}

// squash keeps letters and digits and puts one separator for every stretch of
// anything else in between. Apostrophes and accents vanish: men's is mens.
func squash(s string, separator byte) string {
	b := make([]byte, 0, len(s)+8)
	gap := false
	for _, r := range s {
		start := len(b)
		if gap && start > 0 {
			b = append(b, separator)
		}
		var ok bool
		if b, ok = appendLatin(b, r); ok {
			gap = false
			continue
		}
		b = b[:start]
		gap = gap || r != '\'' && r != '’' && !unicode.Is(unicode.Mn, r)
	}
	return string(b)
}

// appendLatin appends a Latin letter without its accent, or a digit, in
// lower-case ASCII, and reports whether r is one.
func appendLatin(b []byte, r rune) ([]byte, bool) {
	switch {
	case 'a' <= r && r <= 'z', '0' <= r && r <= '9':
		return append(b, byte(r)), true
	case 'A' <= r && r <= 'Z':
		return append(b, byte(r)+'a'-'A'), true
	case 0xC0 <= r && r <= 0x17F:
		letters := strings.TrimRight(latin[2*(r-0xC0):2*(r-0xC0)+2], " ")
		return append(b, letters...), letters != ""
	case r == 'ẞ':
		return append(b, "ss"...), true
	case r == 'Ș', r == 'ș':
		return append(b, 's'), true
	case r == 'Ț', r == 'ț':
		return append(b, 't'), true
	}
	return b, false
}

// latin holds two bytes for each of U+00C0 to U+017F.
const latin = "a a a a a a aec e e e e i i i i " + // À to Ï
	"d n o o o o o   o u u u u y thss" + // Ð to ß
	"a a a a a a aec e e e e i i i i " + // à to ï
	"d n o o o o o   o u u u u y thy " + // ð to ÿ
	"a a a a a a c c c c c c c c d d " + // Ā to ď
	"d d e e e e e e e e e e g g g g " + // Đ to ğ
	"g g g g h h h h i i i i i i i i " + // Ġ to į
	"i i ijijj j k k k l l l l l l l " + // İ to Ŀ
	"l l l n n n n n n n n n o o o o " + // ŀ to ŏ
	"o o oeoer r r r r r s s s s s s " + // Ő to ş
	"s s t t t t t t u u u u u u u u " + // Š to ů
	"u u u u w w y y y z z z z z z s " // Ű to ſ
