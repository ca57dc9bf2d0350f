package search_test

import (
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
)

func TestParseFilter(t *testing.T) {
	t.Parallel()

	t.Run("Reads", func(t *testing.T) {
		t.Parallel()
		for in, want := range map[string]string{
			"color:red": "color:red", "url:http://x:80": "url:http://x:80", "a:..": "a:..", "w:10..20": "w:10..20", "w:10..": "w:10..", "w:..20": "w:..20",
			"w:-1.50..+2": "w:-1.5..2", "w:5..5": "w:5..5", "w:a..b": "w:a..b", "w:0...2": "w:0..0.2", "w: 1..2": "w: 1..2", "w:1e3..2e3": "w:1e3..2e3", "w:ä☃": "w:ä☃",
		} {
			f, err := search.ParseFilter(in)
			if err != nil || f.String() != want {
				t.Errorf("%q is %q, %v; want %q", in, f.String(), err, want)
			}
		}
	})

	t.Run("MalformedIsInvalidAtAttr", func(t *testing.T) {
		t.Parallel()
		for _, in := range []string{
			"", "color", ":red", "color:", "Color:red", "col or:red", "cölor:red", strings.Repeat("a", 101) + ":x", "a:\x00", "a:\xff", "w:20..10",
			"a:" + strings.Repeat("x", 257), "w:" + strings.Repeat("9", 400) + "..",
		} {
			_, err := search.ParseFilter(in)
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "attr ") {
				t.Errorf("%.40q: %v", in, err)
			}
		}
	})
}

func TestFilter_Matches(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		filter string
		value  search.Value
		want   bool
	}{
		{"c:red", search.Text("red"), true},
		{"c:red", search.Text("Red"), false},
		{"c:red", search.Text("red "), false},
		{"w:2", search.Number(2), true},
		{"w:2.0", search.Number(2), true},
		{"w:2", search.Number(2.5), false},
		{"w:2.0", search.Text("2"), true},
		{"w:2", search.Text("2.0"), false},
		{"w:1..2", search.Number(1), true},
		{"w:1..2", search.Number(2), true},
		{"w:1..2", search.Number(2.01), false},
		{"w:..2", search.Number(-9), true},
		{"w:1..2", search.Text("1.5"), true},
		{"w:1..2", search.Text("1.5 kg"), false},
		{"w:0..2", search.Bool(true), false},
		{"b:true", search.Bool(true), true},
		{"b:true", search.Bool(false), false},
		{"b:false", search.Bool(false), true},
		{"b:true", search.Text("true"), true},
		{"l:" + strings.Repeat("é", 256), search.Text(strings.Repeat("é", 256)), true},
		{"l:x", search.Value{}, false},
	} {
		f, err := search.ParseFilter(c.filter)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.Matches(c.value); got != c.want {
			t.Errorf("%.20s on %.20q: %v", c.filter, c.value.String(), got)
		}
	}
	long := search.Filter{Name: "l", Values: []string{strings.Repeat("x", 257)}}
	if long.Matches(search.Text(strings.Repeat("x", 257))) {
		t.Error("a value that is not faceted can be filtered by")
	}
}

func FuzzParseFilter(f *testing.F) {
	for _, s := range []string{"color:red", "w:1..2", "w:..", "a:1..0x2", "a:-.5..", "a:b:c", ":", "w:1...2"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		got, err := search.ParseFilter(in)
		if err != nil {
			if !fault.Is(err, fault.Invalid) {
				t.Fatalf("%q: %v", in, err)
			}
			return
		}
		if err := (search.Query{Filters: []search.Filter{got}}).Validate(); err != nil {
			t.Fatalf("%q is read as %q, which is not valid: %v", in, got, err)
		}
		again, err := search.ParseFilter(got.String())
		if err != nil || again.String() != got.String() {
			t.Fatalf("%q is written as %q and read as %q, %v", in, got, again, err)
		}
	})
}
