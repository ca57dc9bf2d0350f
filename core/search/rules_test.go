package search_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

func product(n int) id.Product {
	return id.Product{UUID: id.UUID{byte(n >> 8), byte(n)}}
}

func TestNewRules_SaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	home := func(queries ...string) search.Rule { return search.Rule{Queries: queries, Redirect: "/"} }
	lots := func(n int) (list []id.Product) {
		for i := range n {
			list = append(list, product(i))
		}
		return list
	}
	for name, c := range map[string]struct {
		rules    []search.Rule
		location string
		code     string
	}{
		"TooManyRules":     {make([]search.Rule, 10_001), "rules", "too_long"},
		"NoQuery":          {[]search.Rule{home()}, "rules[0].queries", "required"},
		"TooManyQueries":   {[]search.Rule{home(strings.Fields(strings.Repeat("a ", 51))...)}, "rules[0].queries", "too_long"},
		"NoWord":           {[]search.Rule{home("🔥")}, "rules[0].queries[0]", "pattern"},
		"TooLong":          {[]search.Rule{home(strings.Repeat("a", 10_000))}, "rules[0].queries[0]", "too_long"},
		"InTwoRules":       {[]search.Rule{home("wi-fi"), home("router", "WIFI")}, "rules[1].queries[1]", "duplicate"},
		"Nothing":          {[]search.Rule{{Queries: []string{"a"}}}, "rules[0]", "required"},
		"TooManyPinned":    {[]search.Rule{{Queries: []string{"a"}, Pinned: lots(21)}}, "rules[0].pinned", "too_long"},
		"TooManyBuried":    {[]search.Rule{{Queries: []string{"a"}, Buried: lots(101)}}, "rules[0].buried", "too_long"},
		"PinnedTwice":      {[]search.Rule{{Queries: []string{"a"}, Pinned: []id.Product{product(1), product(1)}}}, "rules[0].pinned[1]", "duplicate"},
		"PinnedAndBuried":  {[]search.Rule{{Queries: []string{"a"}, Pinned: lots(2), Buried: lots(1)}}, "rules[0].buried[0]", "duplicate"},
		"RedirectToScript": {[]search.Rule{{Queries: []string{"a"}, Redirect: "javascript:alert(1)"}}, "rules[0].redirect", "pattern"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := search.NewRules(c.rules)
			e, _ := errors.AsType[*fault.Error](err)
			if !fault.Is(err, fault.Invalid) || !slices.ContainsFunc(e.Fields, func(f fault.Field) bool { return f.Location == c.location && f.Code == c.code }) {
				t.Errorf("got %v, want %s at %s", err, c.code, c.location)
			}
		})
	}
	for redirect, ok := range map[string]bool{
		"/": true, "/pages/returns?from=search#top": true, "https://help.example/a": true, "http://x": true, "/%D7%97": true, "/שלום": true,
		"//evil.example": false, "pages": false, "ftp://x": false, "https://": false, "https:///a": false, "https://user:secret@x/": false, "/a b": false,
		"/a\nb": false, `/\evil.example`: false, "/\xff": false, "data:text/html,x": false, "/" + strings.Repeat("a", 2048): false,
	} {
		if _, err := search.NewRules([]search.Rule{{Queries: []string{"a"}, Redirect: redirect}}); (err == nil) != ok {
			t.Errorf("%.80q: %v", redirect, err)
		}
	}
}

func TestRules_For(t *testing.T) {
	t.Parallel()
	var rules []search.Rule
	for i, q := range []string{"returns", "wi-fi router", `55" tv`, "חושך", `{"query":"*"}`} {
		rules = append(rules, search.Rule{Queries: []string{q}, Redirect: fmt.Sprintf("/%d", i)})
	}
	r, err := search.NewRules(rules)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"Return": "/0", " returns! ": "/0", "returns policy": "", "my returns": "", "WI FI routers": "/1", "wifi": "", "חושך": "/3", "query": "/4",
		"": "", "?!": "", strings.Repeat("returns ", 64): "",
	} {
		if got := r.For(text).Redirect; got != want {
			t.Errorf("%q leads to %q, want %q", text, got, want)
		}
	}
	if got := (*search.Rules)(nil).For("returns"); got.Redirect != "" {
		t.Errorf("no rules: %+v", got)
	}
}
