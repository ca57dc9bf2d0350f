package catalog

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestSlugify(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Tee":                      "tee",
		"  Men's  T-Shirt (blue) ": "mens-t-shirt-blue",
		"Crème Brûlée Ångström Łódź Straße": "creme-brulee-angstrom-lodz-strasse",
		"HP 15\" ® 4 GB": "hp-15-4-gb",
		"日本":             "",
		"Œuvre Æon Þing ĳssel Țară ẞ ſ Žižek": "oeuvre-aeon-thing-ijssel-tara-ss-s-zizek",
		"e\u0301clair":            "eclair",
		"\xff\x00a":               "a",
		strings.Repeat("ab ", 60): strings.TrimSuffix(strings.Repeat("ab-", 40), "-"),
	} {
		if got := Slugify(name); got != want {
			t.Errorf("Slugify(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestSlugify_Properties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		slug := Slugify(name)
		if slug != "" && !ValidSlug(slug) {
			t.Fatalf("Slugify(%q) = %q is no slug", name, slug)
		}
		if again := Slugify(slug); again != slug {
			t.Fatalf("Slugify(%q) = %q, and of that %q", name, slug, again)
		}
		if n := AttributeName(name); n != "" && !ValidAttributeName(n) {
			t.Fatalf("AttributeName(%q) = %q is no name", name, n)
		}
	})
}

func TestSlugs(t *testing.T) {
	t.Parallel()
	take := func(n int, name, distinction string) []string {
		var all []string
		for s := range Slugs(name, distinction) {
			if all = append(all, s); len(all) == n {
				break
			}
		}
		return all
	}
	long := strings.Repeat("a", 200)
	for _, c := range []struct {
		name, distinction string
		want              []string
	}{
		{"Tee", "TEE-S", []string{"tee", "tee-tee-s", "tee-tee-s-2", "tee-tee-s-3"}},
		{"X", "", []string{"x", "x-2", "x-3", "x-4"}},
		{"Tee", "", []string{"tee", "tee-2", "tee-3", "tee-4"}},
		{"日本", "JP.1", []string{"jp-1", "jp-1-2", "jp-1-3", "jp-1-4"}},
		{"日本", "", []string{"x", "x-2", "x-3", "x-4"}},
		{long, "s", []string{long[:120], long[:118] + "-s", long[:118] + "-2", long[:118] + "-3"}},
	} {
		got := take(4, c.name, c.distinction)
		if strings.Join(got, " ") != strings.Join(c.want, " ") {
			t.Errorf("Slugs(%.10q, %q) = %q, want %q", c.name, c.distinction, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		seen := map[string]bool{}
		name, extra := rapid.String().Draw(t, "name"), rapid.String().Draw(t, "distinction")
		for _, s := range take(20, name, extra) {
			if !ValidSlug(s) || seen[s] {
				t.Fatalf("%q, %q: %q is no slug, or comes twice", name, extra, s)
			}
			seen[s] = true
		}
	})
}
