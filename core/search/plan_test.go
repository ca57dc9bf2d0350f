package search_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/search"
)

// vocabulary is a small index's: words, and pairs that stand together.
type vocabulary struct {
	words    []string
	together map[string]int
}

func (v vocabulary) Known(w string) bool { return slices.Contains(v.words, w) }

func (v vocabulary) Near(w string) []string {
	var counted []search.Counted
	for _, known := range v.words {
		counted = append(counted, search.Counted{Word: known, Count: 1})
	}
	return search.Near(counted, w)
}

func (v vocabulary) Alike(a, b string) bool { return a == b }

func (v vocabulary) Together(words []string) int { return v.together[strings.Join(words, " ")] }

var shelf = vocabulary{
	words:    []string{"wireless", "mouse", "house", "usb", "c", "usbc", "flat", "screen", "tv", "55in", "55", "inch", "headphones", "head", "phones", "poe", "phone", "case", "the", "iphone", "8", "cable"},
	together: map[string]int{"case phone": 50, "case poe": 1},
}

// write puts a clause in brackets: & all, | best, and most as their number; +^ prefers
// those of which a word is the head.
func write(c search.Clause) string {
	parts := func(sep string, of []search.Clause) string {
		var list []string
		for _, k := range of {
			list = append(list, write(k))
		}
		return strings.Join(list, sep)
	}
	s := ""
	switch c.Op {
	case search.OpTerm:
		s = c.Text
		switch c.Fields {
		case search.FieldSKU:
			s = "#" + s
		case search.FieldHead:
			s = "^" + s
		default:
		}
	case search.OpPhrase:
		s = "'" + c.Text + "'"
	case search.OpPrefix:
		s = c.Text + "*"
	case search.OpAll:
		s = "(" + parts(" & ", c.Of) + ")"
	case search.OpBest:
		s = "(" + parts(" | ", c.Of) + ")"
	case search.OpAny:
		s = fmt.Sprintf("%d of (%s)", c.Min, parts(", ", c.Of))
	case search.OpFilter:
		s = parts("", c.Of)
	}
	if len(c.Prefer) > 0 && c.Op != search.OpAny {
		s += "+" + parts("+", c.Prefer)
	}
	return s
}

func TestPlan(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"":                    {},
		"?!":                  {},
		"wireless mouse":      {"(wireless & mouse+^mouse)", "1 of (wireless, mouse+^mouse)"},
		"wireless mouse case": {"(wireless & mouse & case+^case)", "2 of (wireless, mouse, case+^case)"},
		"mouse":               {"((#mouse | (mouse+^mouse)))"},
		"the mouse":           {"(mouse+^mouse)+the"},
		"the":                 {"((#the | (the)))"},
		"wierless mouse":      {"(wierless & mouse+^mouse)", "(wireless & mouse+^mouse) as wireless mouse", "1 of (wireless, mouse+^mouse) as wireless mouse"},
		"Wierless  Mouse!":    {"(wierless & mouse+^mouse)", "(wireless & mouse+^mouse) as wireless  Mouse!", "1 of (wireless, mouse+^mouse) as wireless  Mouse!"},
		"pone case":           {"(pone & case+^case)", "(phone & case+^case) as phone case", "1 of (phone, case+^case) as phone case"},
		"usb c cable":         {"((usbc | (usb & c)) & cable+^cable)", "1 of ((usbc | (usb & c)), cable+^cable)"},
		"usb-c cable":         {"((usbc | (usb & c)) & cable+^cable)", "1 of ((usbc | (usb & c)), cable+^cable)"},
		"flatscreen tv":       {"((flatscreen | 'flat screen') & tv+^tv)", "1 of ((flatscreen | 'flat screen'), tv+^tv)"},
		"iphone8 case":        {"((iphone8 | 'iphone 8') & case+^case)", "1 of ((iphone8 | 'iphone 8'), case+^case)"},
		"head phones":         {"((headphones | (head & phones))+(^headphones | ^phones))"},
		"55 inch tv":          {"((55in | (55 & inch)) & tv+^tv)", "1 of ((55in | (55 & inch)), tv+^tv)"},
		`55" tv`:              {"((55in | 55) & tv+^tv)", "1 of ((55in | 55), tv+^tv)"},
		"wierless-mouse":      {"((#wierless-mouse | ((wierlessmouse | (wierless & mouse))+(^wierlessmouse | ^mouse))))", "((#wierless-mouse | ((wirelessmouse | (wireless & mouse))+(^wirelessmouse | ^mouse)))) as wireless-mouse"},
		"mouze-7 case":        {"((mouze7 | (mouze & 7)) & case+^case)", "1 of ((mouze7 | (mouze & 7)), case+^case)"}, // a model's name is not corrected
	} {
		got := []string{}
		for _, pass := range search.Plan(search.Query{Text: text}, shelf) {
			s := write(pass.Clause)
			if pass.Corrected != "" {
				s += " as " + pass.Corrected
			}
			got = append(got, s)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q:\n got %q\nwant %q", text, got, want)
		}
	}

	t.Run("ExactIsNotCorrected", func(t *testing.T) {
		t.Parallel()
		for _, pass := range search.Plan(search.Query{Text: "wierless mouse", Exact: true}, shelf) {
			if pass.Corrected != "" || strings.Contains(write(pass.Clause), "wireless") {
				t.Errorf("got %+v", pass)
			}
		}
	})
}

func TestPlanSuggest(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"": {}, "-": {}, "hea": {"(hea*)", "(head*)"}, "he": {"(he*)"}, "wireless mo": {"(wireless & mo*)"}, "usb-c": {"(usb & c*)"}, "mouze": {"(mouze*)", "(mouse*)"},
	} {
		got := []string{}
		for pass := range search.PlanSuggest(search.SuggestQuery{Text: text}, shelf) {
			got = append(got, write(pass.Clause))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func FuzzPlan(f *testing.F) {
	for _, s := range []string{"wierless mouse", "usb-c 55 inch flatscreen", `a-b.c "5' é`, "the the", "ßßßß-1", "\xff\x00"} {
		f.Add(s, false)
		f.Add(s, true)
	}
	f.Fuzz(func(t *testing.T, text string, exact bool) {
		passes := search.Plan(search.Query{Text: text, Exact: exact}, shelf)
		if len(passes) > 3 || (len(passes) == 0) != (len(search.Words(text)) == 0) {
			t.Fatalf("%d passes for %q", len(passes), text)
		}
		for _, pass := range passes {
			checkClause(t, pass.Clause, 0)
			if exact && pass.Corrected != "" || pass.Corrected == text && text != "" {
				t.Fatalf("%q was corrected to %q", text, pass.Corrected)
			}
		}
		for pass := range search.PlanSuggest(search.SuggestQuery{Text: text}, shelf) {
			checkClause(t, pass.Clause, 0)
		}
	})
}

// checkClause holds a plan to what engines rely on.
func checkClause(t *testing.T, c search.Clause, depth int) {
	t.Helper()
	if depth > 6 || c.Boost < 0 || c.Min < 0 {
		t.Fatalf("clause %+v", c)
	}
	switch c.Op {
	case search.OpTerm, search.OpPrefix, search.OpPhrase:
		if strings.TrimSpace(c.Text) == "" || c.Fields == 0 || len(c.Of) > 0 {
			t.Fatalf("clause %+v", c)
		}
	case search.OpFilter:
		if len(c.Of) != 1 {
			t.Fatalf("clause %+v", c)
		}
	default:
		if len(c.Of) == 0 || len(c.Of) > 64 || c.Min > len(c.Of) {
			t.Fatalf("clause %+v", c)
		}
	}
	for _, k := range slices.Concat(c.Of, c.Prefer) {
		checkClause(t, k, depth+1)
	}
}
