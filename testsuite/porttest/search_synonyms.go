package porttest

import (
	"slices"
	"testing"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

func testSearchSynonyms(t *testing.T, h SearchHarness) {
	t.Parallel()
	w := newSearchWorld(t, h)
	w.put(
		sold(1, "TV", "Lumen television 55 inch"), sold(2, "SMALL-TV", "Granite telly"), sold(3, "LAPTOP", "Obsidian laptop"),
		sold(4, "NOTEBOOK", "Marigold notebook computer"), sold(5, "PAPER", "Paper notebook"), sold(6, "TABLET", "Slate tablet"),
		sold(7, "SLATEPAD", "Slatepad"), sold(8, "CABLE", "USB-C cable"), sold(9, "TYPEC", "Type C lead"), sold(10, "LAMP", "Obsidian lamp"),
	)
	synonyms := func(rules ...search.SynonymRule) *search.Synonyms {
		t.Helper()
		s, err := search.NewSynonyms(rules)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	shop := synonyms(
		search.SynonymRule{Terms: []string{"telly", "television", "goggle box"}},
		search.SynonymRule{Terms: []string{"laptop", "notebook computer"}},
		search.SynonymRule{Terms: []string{"tablet"}, To: []string{"slatepad"}},
		search.SynonymRule{Terms: []string{"usb-c", "type c"}},
		search.SynonymRule{Terms: []string{"חושך", "🔥 bulb", `{"match_all":{}} OR name:*`}, To: []string{"obsidian"}},
	)
	for name, c := range map[string]struct {
		text string
		want []id.SKU
	}{
		"TwoWay":                   {"telly", []id.SKU{"TV", "SMALL-TV"}},
		"TheOtherWay":              {"television", []id.SKU{"TV", "SMALL-TV"}},
		"OfAWordNobodyElseHas":     {"goggle box", []id.SKU{"TV", "SMALL-TV"}},
		"AmongOtherWords":          {"lumen telly", []id.SKU{"TV"}},
		"BesideAQuantity":          {"goggle box 55in", []id.SKU{"TV"}},
		"CaseAndPlural":            {"TELEVISIONS", []id.SKU{"TV", "SMALL-TV"}},
		"SeveralWordsForOne":       {"laptop", []id.SKU{"LAPTOP", "NOTEBOOK"}},
		"OneForSeveralWords":       {"notebook computer", []id.SKU{"LAPTOP", "NOTEBOOK"}},
		"NotForSomeOfTheWords":     {"notebook", []id.SKU{"NOTEBOOK", "PAPER"}},
		"OneWay":                   {"tablet", []id.SKU{"TABLET", "SLATEPAD"}},
		"NotTheOtherWay":           {"slatepad", []id.SKU{"SLATEPAD"}},
		"Hyphenated":               {"usb-c", []id.SKU{"CABLE", "TYPEC"}},
		"Joined":                   {"usbc", []id.SKU{"CABLE", "TYPEC"}},
		"Apart":                    {"type c", []id.SKU{"CABLE", "TYPEC"}},
		"OfAnotherScript":          {"חושך", []id.SKU{"LAPTOP", "LAMP"}},
		"WithSigns":                {"🔥 bulb", []id.SKU{"LAPTOP", "LAMP"}},
		"QuerySyntaxIsPlainText":   {"match_all OR name", []id.SKU{"LAPTOP", "LAMP"}},
		"InACorrectedQuery":        {"televizion lumem", []id.SKU{"TV"}},
		"OtherWordsAreAsTheyWere":  {"lamp", []id.SKU{"LAMP"}},
		"NotAlongAChainOfMeanings": {"slate tablet", []id.SKU{"TABLET"}},
	} {
		t.Run(name, func(t *testing.T) {
			w := &searchWorld{t, h, w.engine}
			w.wantAny(search.Query{Text: c.text, Synonyms: shop}, c.want...)
		})
	}

	t.Run("InForceAtOnceAndNoLonger", func(t *testing.T) {
		w := &searchWorld{t, h, w.engine}
		for range 2 {
			w.wantAny(search.Query{Text: "telly", Synonyms: shop}, "TV", "SMALL-TV")
			w.wantAny(search.Query{Text: "telly"}, "SMALL-TV")
			w.wantAny(search.Query{Text: "telly", Synonyms: synonyms(search.SynonymRule{Terms: []string{"telly", "lamp"}})}, "SMALL-TV", "LAMP")
		}
	})

	t.Run("ExactMeansTheWordsAsTyped", func(t *testing.T) {
		w := &searchWorld{t, h, w.engine}
		w.wantAny(search.Query{Text: "telly", Exact: true, Synonyms: shop}, "SMALL-TV")
	})

	t.Run("TypedWordsComeFirst", func(t *testing.T) {
		w := newSearchWorld(t, h)
		w.put(sold(1, "SOFA", "Walnut sofa"), sold(2, "COUCH", "Walnut couch"))
		same := synonyms(search.SynonymRule{Terms: []string{"sofa", "couch"}})
		w.wantSKUs(search.Query{Text: "sofa", Synonyms: same}, "SOFA", "COUCH")
		w.wantSKUs(search.Query{Text: "couch", Synonyms: same}, "COUCH", "SOFA")
	})

	t.Run("AreNeitherCorrectedNorHidden", func(t *testing.T) {
		w := &searchWorld{t, h, w.engine}
		lap := synonyms(search.SynonymRule{Terms: []string{"lapptop"}, To: []string{"lamp"}})
		if r := w.wantAny(search.Query{Text: "lapptop", Synonyms: lap}, "LAMP"); r.Corrected != "" || !slices.Equal(r.Hits[0].Highlights["name"], [][2]int{{9, 13}}) {
			t.Errorf("corrected %q, highlights %v", r.Corrected, r.Hits)
		}
	})

	t.Run("FacetsCountWhatTheyFind", func(t *testing.T) {
		w := newSearchWorld(t, h)
		sofa, couch := sold(1, "SOFA", "Walnut sofa"), sold(2, "COUCH", "Walnut couch")
		sofa.Brand, couch.Brand = search.Brand{Slug: "soft", Name: "Soft"}, search.Brand{Slug: "hard", Name: "Hard"}
		w.put(sofa, couch)
		same := synonyms(search.SynonymRule{Terms: []string{"sofa", "couch"}})
		r := w.wantAny(search.Query{Text: "sofa", Brands: []string{"hard"}, Synonyms: same}, "COUCH")
		i := slices.IndexFunc(r.Facets, func(f search.Facet) bool { return f.Name == search.FacetBrand })
		if i < 0 || len(r.Facets[i].Values) != 2 {
			t.Errorf("facets %+v", r.Facets)
		}
	})
}
