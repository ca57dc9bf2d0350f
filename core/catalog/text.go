package catalog

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/fault"
)

// The longest texts, in characters.
const (
	MaxName          = 500
	MaxDescription   = 100_000
	MaxAttributeName = 100
	MaxAttributeText = 10_000
	MaxOptionValue   = 256
	maxSEO           = 1_000
	maxAlt           = 500
	maxUnit          = 32
)

// checkText records what is wrong with a text: no UTF-8 or a NUL, or too long.
func checkText(f *fault.Fields, at, s string, limit int) {
	switch {
	case !utf8.ValidString(s) || strings.IndexByte(s, 0) >= 0:
		f.Add(at, "pattern", "must be text without NUL")
	case len(s) > limit && utf8.RuneCountInString(s) > limit:
		f.Add(at, "too_long", "must have at most "+strconv.Itoa(limit)+" characters")
	}
}

func checkName(f *fault.Fields, at, s string) {
	if strings.TrimSpace(s) == "" {
		f.Add(at, "required", "is required")
		return
	}
	checkText(f, at, s, MaxName)
}

func checkSlug(f *fault.Fields, s string) {
	switch {
	case s == "":
		f.Add("slug", "required", "is required")
	case len(s) > MaxSlug:
		f.Add("slug", "too_long", "must have at most 120 characters")
	case !slugPattern.MatchString(s):
		f.Add("slug", "pattern", "must be lower-case letters and digits, in groups joined by '-'")
	}
}

func (s SEO) check(f *fault.Fields) {
	checkText(f, "seo.title", s.Title, maxSEO)
	checkText(f, "seo.description", s.Description, maxSEO)
}

// CheckAlt answers Invalid (alt) for a text that cannot say what a picture shows.
func CheckAlt(s string) error {
	var f fault.Fields
	checkText(&f, "alt", s, maxAlt)
	return f.Err()
}
