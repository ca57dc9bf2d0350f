package search_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/quick"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
)

func TestNewSynonyms_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	many := func(n int, format string) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprintf(format, i))
		}
		return list
	}
	two := search.SynonymRule{Terms: []string{"tv", "television"}}
	hub := make([]search.SynonymRule, 3)
	for i := range hub {
		hub[i] = search.SynonymRule{Terms: []string{"hub"}, To: many(20, fmt.Sprintf("of%d-%%d", i))}
	}
	for name, c := range map[string]struct {
		rules    []search.SynonymRule
		location string
		code     string
	}{
		"TooManyRules":      {slices.Repeat([]search.SynonymRule{two}, 10_001), "rules", "too_long"},
		"Empty":             {[]search.SynonymRule{two, {}}, "rules[1].terms", "required"},
		"OneTermAlone":      {[]search.SynonymRule{{Terms: []string{"tv"}}}, "rules[0].terms", "required"},
		"OnlyTo":            {[]search.SynonymRule{{To: []string{"tv"}}}, "rules[0].terms", "required"},
		"NoWord":            {[]search.SynonymRule{{Terms: []string{"tv", "?!"}}}, "rules[0].terms[1]", "pattern"},
		"ControlCharacters": {[]search.SynonymRule{{Terms: []string{"tv", "a\x1bb"}}}, "rules[0].terms[1]", "pattern"},
		"NoText":            {[]search.SynonymRule{{Terms: []string{"tv", "\xff"}}}, "rules[0].terms[1]", "pattern"},
		"TooLong":           {[]search.SynonymRule{{Terms: []string{"tv"}, To: []string{strings.Repeat("é", 101)}}}, "rules[0].to[0]", "too_long"},
		"TooManyWords":      {[]search.SynonymRule{{Terms: []string{"tv", "a b c d e f g h i"}}}, "rules[0].terms[1]", "pattern"},
		"TooManyTerms":      {[]search.SynonymRule{{Terms: many(21, "t%d")}}, "rules[0].terms", "too_long"},
		"ReadsTheSame":      {[]search.SynonymRule{{Terms: []string{"TV's", "tv"}}}, "rules[0].terms[1]", "duplicate"},
		"FindsItself":       {[]search.SynonymRule{{Terms: []string{"tv"}, To: []string{"TV"}}}, "rules[0].to", "duplicate"},
		"StandsForTooMany":  {hub, "rules[2].terms", "too_long"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := search.NewSynonyms(c.rules)
			e, _ := errors.AsType[*fault.Error](err)
			if !fault.Is(err, fault.Invalid) || !slices.ContainsFunc(e.Fields, func(f fault.Field) bool { return f.Location == c.location && f.Code == c.code }) {
				t.Errorf("got %v, want %s at %s", err, c.code, c.location)
			}
		})
	}
	if s, err := search.NewSynonyms(nil); err != nil || s.Revision() != 0 {
		t.Errorf("no rules: %v, revision %d", err, s.Revision())
	}
}

func TestNewSynonyms_TellsOfABoundedNumberOfFaults(t *testing.T) {
	t.Parallel()
	_, err := search.NewSynonyms(make([]search.SynonymRule, search.MaxSynonymRules))
	if e, ok := errors.AsType[*fault.Error](err); !ok || len(e.Fields) > 200 {
		t.Errorf("%d bytes of it", len(err.Error()))
	}
}

func TestSynonyms_Of(t *testing.T) {
	t.Parallel()
	s, err := search.NewSynonyms([]search.SynonymRule{
		{Terms: []string{"laptop", "notebook computer"}},
		{Terms: []string{"gaming laptop"}, To: []string{"rig"}},
		{Terms: []string{"wi-fi"}, To: []string{"wireless"}},
		{Terms: []string{`55"`}, To: []string{"large"}},
		{Terms: []string{"tb"}, To: []string{"terabyte"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]string{
		"laptops": {"notebook computer"}, "Gaming-Laptop": {"rig"}, "gaming laptop": {"rig"}, "a notebook computers case": {"laptop"}, "notebook": nil,
		"wifi": {"wireless"}, "WI FI": {"wireless"}, "wi-fi router": {"wireless"}, "wi-fi-6": nil, "55 inch tv": {"large"}, "55in": {"large"}, "55": nil,
		"2 tb disk": nil, "55 tb": nil, "tb": {"terabyte"}, "": nil, "?!": nil, "laptop wifi": {"notebook computer", "wireless"},
	} {
		if got := s.Of(text); !slices.Equal(got, want) {
			t.Errorf("%q stands for %q, want %q", text, got, want)
		}
	}
	if got := (*search.Synonyms)(nil).Of("laptop"); got != nil {
		t.Errorf("no synonyms: %q", got)
	}
}

func TestSynonyms_RevisionFollowsTheRules(t *testing.T) {
	t.Parallel()
	seen := map[uint64]string{}
	for name, rules := range map[string][]search.SynonymRule{
		"none": nil, "two-way": {{Terms: []string{"a", "b"}}}, "one-way": {{Terms: []string{"a"}, To: []string{"b"}}},
		"split": {{Terms: []string{"a", "b"}}, {Terms: []string{"c", "d"}}}, "joined": {{Terms: []string{"a", "b", "c", "d"}}},
	} {
		s, err := search.NewSynonyms(rules)
		if err != nil {
			t.Fatal(err)
		}
		if other, taken := seen[s.Revision()]; taken {
			t.Errorf("%s and %s are alike", name, other)
		}
		seen[s.Revision()] = name
	}
}

func TestPlan_Synonyms(t *testing.T) {
	t.Parallel()
	s, err := search.NewSynonyms([]search.SynonymRule{
		{Terms: []string{"mouse", "pointing device"}}, {Terms: []string{"rodent"}, To: []string{"mouse"}}, {Terms: []string{"flat screen"}, To: []string{"tv"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"wireless mouse":  "(wireless & ((mouse) | (pointing & device))+(^mouse | ^device))",
		"rodent case":     "(((rodent) | (mouse)) & case+^case)",
		"flat screen 55":  "(((flat & screen) | (tv)) & 55)",
		"wirelss rodents": "(wirelss & ((rodents) | (mouse))+(^rodents | ^mouse))",
	} {
		passes := search.Plan(search.Query{Text: text, Synonyms: s}, shelf)
		if got := write(passes[0].Clause); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
	if passes := search.Plan(search.Query{Text: "wirelss rodents", Synonyms: s}, shelf); len(passes) < 2 || write(passes[1].Clause) != "(wireless & ((rodents) | (mouse))+(^rodents | ^mouse))" {
		t.Errorf("the corrected pass is %+v", passes)
	}
}

func TestPlan_IsBoundedWhateverTheSynonyms(t *testing.T) {
	t.Parallel()
	var rules []search.SynonymRule
	for i := range 24 {
		r := search.SynonymRule{Terms: []string{fmt.Sprintf("w%d", i)}}
		for j := range 20 {
			r.To = append(r.To, fmt.Sprintf("x%d one two three four five six %d", i, j))
		}
		rules = append(rules, r)
	}
	s, err := search.NewSynonyms(rules)
	if err != nil {
		t.Fatal(err)
	}
	text := ""
	for i := range 24 {
		text += fmt.Sprintf("w%d ", i)
	}
	for _, p := range search.Plan(search.Query{Text: text, Synonyms: s}, shelf) {
		if n := terms(p.Clause); n > 400 {
			t.Errorf("%d terms", n)
		}
	}
}

func terms(c search.Clause) int {
	n := 0
	if c.Op == search.OpTerm {
		n = 1
	}
	for _, k := range slices.Concat(c.Of, c.Prefer) {
		n += terms(k)
	}
	return n
}

// Whatever is typed and whatever a term is made of, a query has an answer.
func TestSynonyms_AnyText(t *testing.T) {
	t.Parallel()
	if err := quick.Check(func(a, b, text string) bool {
		s, err := search.NewSynonyms([]search.SynonymRule{{Terms: []string{a, b}}})
		if err != nil {
			return fault.Is(err, fault.Invalid)
		}
		for _, text := range []string{a, b, text, a + " " + text + " " + b} {
			search.Plan(search.Query{Text: text, Synonyms: s}, shelf)
		}
		return slices.Contains(s.Of(a), b)
	}, nil); err != nil {
		t.Error(err)
	}
}
