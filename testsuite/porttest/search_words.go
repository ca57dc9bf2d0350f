package porttest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

func testSearchWords(t *testing.T, h SearchHarness) {
	t.Parallel()
	w := newSearchWorld(t, h)
	described := sold(9, "DESK", "Walnut desk")
	described.Description = "Goes well with any obsidian lamp."
	branded := sold(10, "BRUSH", "Soft brush")
	branded.Brand = search.Brand{Slug: "quillfeather", Name: "Quillfeather"}
	branded.Categories = []search.Category{{ID: id.Category{UUID: id.UUID{1}}, Slug: "bathroom", Name: "Bathroom"}}
	branded.Attributes = map[string]search.Value{"handle": search.Text("bamboo"), "dishwasher_safe": search.Bool(true), "vegan": search.Bool(false)}
	w.put(
		sold(1, "TV-55", `Lumen TV 139.7 cm (55") black`), sold(2, "TV-65", "Lumen TV 65-inch black"),
		sold(3, "DISK-2", "Granite disk 2 TB"), sold(4, "DISK-4", "Granite disk 4TB"),
		sold(5, "HUB", "USB-C hub"), sold(6, "MOUSE", "Wireless mouse"), sold(7, "PHONES", "Bluetooth headphones, café crème"),
		sold(8, "LAMP", "Obsidian lamp"), described, branded, sold(11, "7001", "Flat screen cleaner 7002"),
	)
	ask := func(name, text string, want ...id.SKU) {
		t.Run(name, func(t *testing.T) {
			w := &searchWorld{t, h, w.engine}
			if r := w.wantSKUs(search.Query{Text: text}, want...); r.Corrected != "" {
				t.Errorf("%q was corrected to %q", text, r.Corrected)
			}
		})
	}
	ask("Case", "LAMP oBSIDIAN", "LAMP", "DESK")
	ask("NameBeforeDescription", "obsidian lamp", "LAMP", "DESK")
	ask("Inflections", "lamps", "LAMP", "DESK")
	ask("Accents", "cafe creme", "PHONES")
	ask("AccentsAsWritten", "CAFÉ", "PHONES")
	ask("UnitWritten", "55 inch", "TV-55")
	ask("UnitSign", `65"`, "TV-65")
	ask("UnitJoined", "2tb disk", "DISK-2")
	ask("UnitApart", "disk 4 tb", "DISK-4")
	ask("Hyphen", "usb c", "HUB")
	ask("Together", "usbc hub", "HUB")
	ask("Split", "head phones", "PHONES")
	ask("Compound", "flatscreen", "7001")
	ask("Brand", "quillfeather", "BRUSH")
	ask("Category", "bathroom", "BRUSH")
	ask("AttributeText", "bamboo", "BRUSH")
	ask("AttributeOfTruth", "dishwasher safe brush", "BRUSH")
	ask("AttributeOfFalsehood", "vegan")
	ask("SKU", "disk-2", "DISK-2")
	ask("SKUAmongWords", "7001", "7001")
	ask("NothingButSigns", "?! --")
	ask("Nonsense", "xqzwvkj")
	ask("MostWordsWhereNothingHasAll", "obsidian lamp mouse", "LAMP", "DESK")

	t.Run("SKUOnTop", func(t *testing.T) {
		w := newSearchWorld(t, h)
		w.put(sold(1, "A1", "lamp for C3"), sold(2, "B2", "lamp for C3, C3, C3"), sold(3, "C3", "desk"))
		if r := w.find(search.Query{Text: "c3"}); r.Total != 3 || r.Hits[0].SKU != "C3" {
			t.Errorf("found %v", foundSKUs(r))
		}
	})

	t.Run("Typos", func(t *testing.T) {
		w := &searchWorld{t, h, w.engine}
		for text, want := range map[string]struct {
			corrected string
			sku       id.SKU
		}{
			"wierless mouse": {"wireless mouse", "MOUSE"}, "Wireles Mouse": {"wireless Mouse", "MOUSE"}, "blutooth": {"bluetooth", "PHONES"},
			"quilfether": {"quillfeather", "BRUSH"}, "obsidian dsek": {"obsidian desk", "DESK"}, "lmp": {"lamp", "LAMP"},
		} {
			r := w.find(search.Query{Text: text})
			if r.Corrected != want.corrected || len(r.Hits) == 0 || r.Hits[0].SKU != want.sku {
				t.Errorf("%q finds %v as %q, want %s as %q", text, foundSKUs(r), r.Corrected, want.sku, want.corrected)
			}
			if r := w.find(search.Query{Text: text, Exact: true}); r.Corrected != "" {
				t.Errorf("%q was corrected though exact", text)
			}
		}
		w.wantSKUs(search.Query{Text: "blutooth", Exact: true})
		for _, text := range []string{"7003", "DISK-3", "hb", "5b", "vt"} { // numbers, SKUs and short words are what they are
			if r := w.find(search.Query{Text: text}); r.Corrected != "" {
				t.Errorf("%q was corrected to %q", text, r.Corrected)
			}
		}
	})

	t.Run("TyposInTexts", func(t *testing.T) {
		w := newSearchWorld(t, h)
		careless := sold(9, "DESK", "Walnut desk")
		careless.Description = "Goes well with any lapm."
		brand := sold(10, "LIMP", "Limp")
		w.put(careless, brand)
		for n := byte(11); n < 23; n++ {
			w.put(sold(n, id.SKU(fmt.Sprintf("LAMP-%d", n)), "Obsidian lamp"))
		}
		if r := w.find(search.Query{Text: "lapm"}); r.Corrected != "lamp" || r.Total != 12 {
			t.Errorf("what is a typo in a text as well is taken for %q and finds %d products", r.Corrected, r.Total)
		}
		w.wantSKUs(search.Query{Text: "lapm", Exact: true}, "DESK")
		if r := w.wantSKUs(search.Query{Text: "limp"}, "LIMP"); r.Corrected != "" { // what a name has is no typo
			t.Errorf("corrected to %q", r.Corrected)
		}
	})

	t.Run("Highlights", func(t *testing.T) {
		w := &searchWorld{t, h, w.engine}
		r := w.find(search.Query{Text: "creme headphone"})
		if len(r.Hits) != 1 || r.Hits[0].Name != "Bluetooth headphones, café crème" || !slices.Equal(r.Hits[0].Highlights["name"], [][2]int{{10, 20}, {27, 32}}) {
			t.Errorf("highlights %v", r.Hits)
		}
		if r := w.find(search.Query{}); r.Hits[0].Highlights != nil {
			t.Errorf("highlights without words: %v", r.Hits[0])
		}
	})

	t.Run("FilterDoesNotChangeTheWords", func(t *testing.T) {
		w := newSearchWorld(t, h)
		both, one := sold(1, "BOTH", "obsidian lamp"), sold(2, "ONE", "obsidian desk")
		both.InStock = false
		one.InStock = true
		w.put(both, one)
		w.wantSKUs(search.Query{Text: "obsidian lamp"}, "BOTH")
		w.wantSKUs(search.Query{Text: "obsidian lamp", InStock: true}) // and not ONE, which has some of the words
	})
}

func testSuggest(t *testing.T, h SearchHarness) {
	t.Parallel()
	w := newSearchWorld(t, h)
	lighting := []search.Category{{ID: id.Category{UUID: id.UUID{1}}, Slug: "lighting", Name: "Lighting"}}
	for n, d := range []search.Document{sold(1, "L-1", "Obsidian lamp"), sold(1, "L-2", "Obsidian lamp"), sold(2, "D-1", "Obsidian desk lamp, café crème"), sold(3, "L-3", "Light bulb")} {
		d.Brand, d.Categories, d.Sales = search.Brand{Slug: "lightworks", Name: "Light Works"}, lighting, int64(10-n)
		w.put(d)
	}
	suggest := func(text string, limit int) []search.Suggestion {
		t.Helper()
		s, err := w.engine.Suggest(t.Context(), search.SuggestQuery{Text: text, Limit: limit})
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		return s
	}
	lamp := search.Suggestion{Text: "Obsidian lamp", Type: search.SuggestProduct, Slug: "product-1", Highlights: [][2]int{{0, 3}}}
	desk := search.Suggestion{Text: "Obsidian desk lamp, café crème", Type: search.SuggestProduct, Slug: "product-2", Highlights: [][2]int{{0, 3}}}
	bulb := search.Suggestion{Text: "Light bulb", Type: search.SuggestProduct, Slug: "product-3", Highlights: [][2]int{{0, 3}}}
	same := func(a, b search.Suggestion) bool {
		return a.Text == b.Text && a.Type == b.Type && a.Slug == b.Slug && slices.Equal(a.Highlights, b.Highlights)
	}
	want := func(name string, got []search.Suggestion, want ...search.Suggestion) {
		t.Run(name, func(t *testing.T) {
			if !slices.EqualFunc(got, want, same) {
				t.Errorf("got %v\nwant %v", got, want)
			}
		})
	}
	marked := func(s search.Suggestion, marks ...[2]int) search.Suggestion {
		s.Highlights = marks
		return s
	}
	want("ProductsOnceThatSellMostFirst", suggest("obs", 0), lamp, desk)
	want("Limit", suggest("obs", 1), lamp)
	want("WordsBeforeTheLast", suggest("OBSIDIAN de", 0), marked(desk, [2]int{0, 8}, [2]int{9, 11}))
	want("HighlightsInRunes", suggest("cre", 0), marked(desk, [2]int{25, 28}))
	want("Typo", suggest("obsidain", 0), marked(lamp, [2]int{0, 8}), marked(desk, [2]int{0, 8}))
	want("Nothing", suggest("xyzzy", 0))
	want("NoWord", suggest(" -", 0))
	want("CategoriesAndBrandsFirst", suggest("lig", 3),
		search.Suggestion{Text: "Lighting", Type: search.SuggestCategory, Slug: "lighting", Highlights: [][2]int{{0, 3}}},
		search.Suggestion{Text: "Light Works", Type: search.SuggestBrand, Slug: "lightworks", Highlights: [][2]int{{0, 3}}},
		marked(lamp))
	if got := suggest("light b", 0); !slices.ContainsFunc(got, func(s search.Suggestion) bool { return same(s, marked(bulb, [2]int{0, 5}, [2]int{6, 7})) }) {
		t.Errorf("got %v", got)
	}

	t.Run("DeletedAreNotSuggested", func(t *testing.T) {
		w := newSearchWorld(t, h)
		w.put(sold(1, "L-1", "Obsidian lamp"))
		w.put(search.Document{SKU: "L-1", Version: 2, Deleted: true})
		if got, err := w.engine.Suggest(t.Context(), search.SuggestQuery{Text: "obs"}); err != nil || got == nil || len(got) != 0 {
			t.Errorf("got %v, %v", got, err)
		}
	})

	t.Run("BadInputIsInvalid", func(t *testing.T) {
		for _, q := range []search.SuggestQuery{{Text: strings.Repeat("a", 10_000)}, {Text: "a\x00"}, {Text: "a", Limit: -1}, {Text: "a", Limit: 21}} {
			_, err := w.engine.Suggest(t.Context(), q)
			mustFail(t, err, fault.Invalid, "validation_failed")
		}
	})
}
