package search_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/bodega-commerce/bodega/core/search"
)

func TestDictionary_Near(t *testing.T) {
	t.Parallel()
	var words []search.Counted
	for i, w := range []string{"wireless", "mouse", "house", "keyboard", "samsung", "audio", "radio", "phone", "poe", "cable", "table", "ddr3", "tv", "größe"} {
		words = append(words, search.Counted{Word: w, Count: 100 - i})
	}
	d := search.NewDictionary(words)
	for word, want := range map[string]string{
		"wierless": "wireless", "wirels": "", "wirelss": "wireless", "keybord": "keyboard", "kyeboadr": "keyboard", "samsnug": "samsung",
		"ardio":  "radio", // swapped letters before a wrong one
		"cabel":  "cable", //
		"fable":  "cable", // both first letters are wrong, the commoner word wins
		"grösse": "",      // two edits of six letters
		"größ":   "größe", //
		"moose":  "mouse", // same first letter
		"pon":    "poe",   //
		"tvv":    "tv",    //
		"po":     "",      // too short
		"tw":     "",      //
		"ddr4":   "",      // not a word
		"mouse2": "",      //
		"mouse":  "",      // itself is no correction... of itself
		"xyzzyx": "",      //
		"":       "",      //
	} {
		got := ""
		if near := d.Near(word, false); len(near) > 0 {
			got = near[0]
		}
		if word == "mouse" {
			if slices.Contains(d.Near(word, false), "mouse") {
				t.Error("a word is near itself")
			}
			continue
		}
		if got != want {
			t.Errorf("%q is taken for %q, want %q", word, got, want)
		}
	}
	if got := (*search.Dictionary)(nil).Near("wierless", false); got != nil {
		t.Errorf("no dictionary knows %v", got)
	}
}

func TestDictionary_NearWhatIsMet(t *testing.T) {
	t.Parallel()
	d := search.NewDictionary([]search.Counted{
		{Word: "apple", Count: 5000, Named: true},
		{Word: "appel", Count: 2},
		{Word: "aple", Count: 500},
		{Word: "apples", Count: 1, Named: true},
		{Word: "player", Count: 4000, Named: true},
		{Word: "and", Count: 100_000},
	})
	for _, c := range []struct {
		word  string
		known bool
		want  string
	}{
		{"appel", true, "apple"}, // a typo in some text as well
		{"aple", true, ""},       // too common for one
		{"apples", true, ""},     // some name has it
		{"playe", true, "player"},
		{"plbyer", true, ""}, // letters are seldom mistaken
		{"plbyer", false, "player"},
		{"anf", false, ""}, // nobody means a word without meaning
	} {
		got := ""
		if near := d.Near(c.word, c.known); len(near) > 0 {
			got = near[0]
		}
		if got != c.want {
			t.Errorf("%q is taken for %q, want %q", c.word, got, c.want)
		}
	}
}

// What the dictionary finds by its forms is what looking at every word finds.
func TestDictionary_FindsWhatScanningFinds(t *testing.T) {
	t.Parallel()
	r := rand.New(rand.NewPCG(5, 5))
	random := func() string {
		w := make([]byte, 3+r.IntN(9))
		for i := range w {
			w[i] = "abcd"[r.IntN(4)]
		}
		return string(w)
	}
	var words []search.Counted
	seen := map[string]bool{}
	for range 2000 {
		if w := random(); !seen[w] {
			seen[w] = true
			words = append(words, search.Counted{Word: w, Count: r.IntN(50)})
		}
	}
	d := search.NewDictionary(words)
	for range 500 {
		w := random()
		if got, want := d.Near(w, false), search.Near(words, w); !slices.Equal(got, want) {
			t.Fatalf("%q: %v, by scanning %v", w, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b  string
		edits int
	}{
		{"", "", 0}, {"a", "", 1}, {"abc", "abc", 0}, {"abc", "acb", 1}, {"abc", "abd", 1}, {"abc", "abcd", 1}, {"abcd", "badc", 2}, {"ca", "abc", 3}, {"größe", "grösse", 2}, {"kitten", "sitting", 3},
	} {
		for limit := range 5 {
			for _, pair := range [][2]string{{c.a, c.b}, {c.b, c.a}} {
				edits, ok := search.Distance(pair[0], pair[1], limit)
				if ok != (c.edits <= limit) || ok && edits != c.edits {
					t.Errorf("%q to %q within %d: %d, %v", pair[0], pair[1], limit, edits, ok)
				}
			}
		}
	}
}
