package porttest

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// SearchEngine is one index behind all its ports.
type SearchEngine interface {
	ports.Searcher
	ports.Indexer
	ports.IndexBuilder
}

// SearchHarness makes engines for TestSearch.
type SearchHarness struct {
	// New returns an empty index for English text.
	New func(t *testing.T) SearchEngine
	// Settle returns when what was written is found. Nil: it is at once.
	Settle func(t *testing.T, e SearchEngine)
}

// TestSearch is the contract of Searcher, Indexer and IndexBuilder.
func TestSearch(t *testing.T, h SearchHarness) {
	t.Parallel()
	t.Run("Versions", func(t *testing.T) { testSearchVersions(t, h) })
	t.Run("Words", func(t *testing.T) { testSearchWords(t, h) })
	t.Run("Results", func(t *testing.T) { testSearchResults(t, h) })
	t.Run("Suggestions", func(t *testing.T) { testSuggest(t, h) })
	t.Run("Builds", func(t *testing.T) { testIndexBuild(t, h) })
	t.Run("BadInput", func(t *testing.T) { testSearchBadInput(t, h) })
	t.Run("Crowds", func(t *testing.T) { testSearchCrowds(t, h) })
	t.Run("Model", func(t *testing.T) { testSearchModel(t, h) })
}

type searchWorld struct {
	t      *testing.T
	h      SearchHarness
	engine SearchEngine
}

func newSearchWorld(t *testing.T, h SearchHarness) *searchWorld {
	t.Helper()
	return &searchWorld{t, h, h.New(t)}
}

// put indexes documents and waits until they are found.
func (w *searchWorld) put(docs ...search.Document) []search.Outcome {
	w.t.Helper()
	outcomes, err := w.engine.Index(w.t.Context(), docs)
	if err != nil {
		w.t.Fatal(err)
	}
	w.settle()
	return outcomes
}

func (w *searchWorld) settle() {
	if w.h.Settle != nil {
		w.h.Settle(w.t, w.engine)
	}
}

func (w *searchWorld) find(q search.Query) search.Result {
	w.t.Helper()
	r, err := w.engine.Search(w.t.Context(), q)
	if err != nil {
		w.t.Fatalf("%+v: %v", q, err)
	}
	return r
}

// wantSKUs checks which products a query finds, in order, by their best variants.
func (w *searchWorld) wantSKUs(q search.Query, want ...id.SKU) search.Result {
	w.t.Helper()
	r := w.find(q)
	if got := foundSKUs(r); !slices.Equal(got, want) || r.Total != len(want) {
		w.t.Errorf("%+v finds %v (total %d), want %v", q, got, r.Total, want)
	}
	return r
}

// wantAny is wantSKUs in any order.
func (w *searchWorld) wantAny(q search.Query, want ...id.SKU) search.Result {
	w.t.Helper()
	r := w.find(q)
	got := foundSKUs(r)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || r.Total != len(want) {
		w.t.Errorf("%+v finds %v (total %d), want %v in any order", q, got, r.Total, want)
	}
	return r
}

func foundSKUs(r search.Result) []id.SKU {
	skus := make([]id.SKU, 0, len(r.Hits))
	for _, h := range r.Hits {
		skus = append(skus, h.SKU)
	}
	return skus
}

// sold returns the document of a product of one variant.
func sold(n byte, sku id.SKU, name string) search.Document {
	var p id.Product
	p.UUID[15] = n
	return search.Document{
		SKU: sku, Product: p, Version: 1, Name: name, Title: name, Slug: fmt.Sprintf("product-%d", n), Price: eur(int64(n) * 100),
		Created: time.Date(2026, 1, int(n), 0, 0, 0, 0, time.UTC),
	}
}

func testSearchVersions(t *testing.T, h SearchHarness) {
	t.Parallel()
	renamed := func(d search.Document, version int64, name string) search.Document {
		d.Version, d.Name, d.Title = version, name, name
		return d
	}
	tee := sold(1, "TEE-S", "obsidian tee")

	t.Run("HigherReplacesLowerDoesNot", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		outcomes := w.put(renamed(tee, 5, "marigold tee"), renamed(tee, 4, "saffron tee"), renamed(tee, 6, "chestnut tee"))
		if want := []search.Outcome{search.Indexed, search.Superseded, search.Indexed}; !slices.Equal(outcomes, want) {
			t.Errorf("outcomes %v, want %v", outcomes, want)
		}
		w.wantSKUs(search.Query{Text: "chestnut"}, "TEE-S")
		w.wantSKUs(search.Query{Text: "marigold", Exact: true})
		w.wantSKUs(search.Query{}, "TEE-S")
	})

	t.Run("SameVersionChangesNothing", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		w.put(tee)
		if got := w.put(renamed(tee, 1, "saffron tee")); got[0] != search.Indexed {
			t.Errorf("outcome %v", got)
		}
		w.wantSKUs(search.Query{Text: "obsidian"}, "TEE-S")
	})

	t.Run("TombstoneStays", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		w.put(tee)
		w.put(search.Document{SKU: "tee-s", Version: 3, Deleted: true})
		w.wantSKUs(search.Query{})
		if got := w.put(renamed(tee, 2, "obsidian tee")); got[0] != search.Superseded {
			t.Errorf("a late job is %v", got)
		}
		w.wantSKUs(search.Query{})
		w.wantSKUs(search.Query{Text: "TEE-S", Exact: true})
		w.put(renamed(tee, 4, "obsidian tee"))
		w.wantSKUs(search.Query{}, "TEE-S")
	})

	t.Run("TombstoneBeforeTheDocument", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		w.put(search.Document{SKU: "TEE-S", Version: 2, Deleted: true})
		w.put(tee)
		w.wantSKUs(search.Query{})
	})

	t.Run("VariantMovesToAnotherProduct", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		moved := sold(2, "TEE-S", "obsidian tee")
		moved.Version = 2
		w.put(tee, moved)
		if r := w.wantSKUs(search.Query{}, "TEE-S"); r.Hits[0].Product != moved.Product {
			t.Errorf("found in %s", r.Hits[0].Product)
		}
	})

	t.Run("AnyOrderEndsAlike", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		random := rand.New(rand.NewPCG(1, 1))
		var docs []search.Document
		for n := range byte(20) {
			for v := range int64(5) {
				d := renamed(sold(n+1, id.SKU(fmt.Sprintf("S-%d", n)), ""), v+1, "obsidian")
				d.Deleted = v == 4 && n%2 == 0
				d.Price = eur(v)
				docs = append(docs, d, d)
			}
		}
		random.Shuffle(len(docs), func(i, j int) { docs[i], docs[j] = docs[j], docs[i] })
		for batch := range slices.Chunk(docs, 7) {
			w.put(batch...)
		}
		r := w.find(search.Query{Text: "obsidian"})
		if r.Total != 10 || r.Price == nil || *r.Price != (search.PriceRange{Min: 4, Max: 4}) {
			t.Errorf("%d products at %v, want 10 at 4", r.Total, r.Price)
		}
	})
}

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
			"quilfether": {"quillfeather", "BRUSH"}, "obsidian dsek": {"obsidian desk", "DESK"},
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
		for _, text := range []string{"7003", "DISK-3", "hbu", "5b"} { // numbers, SKUs and short words are what they are
			if r := w.find(search.Query{Text: text}); r.Corrected != "" {
				t.Errorf("%q was corrected to %q", text, r.Corrected)
			}
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

func testSearchResults(t *testing.T, h SearchHarness) {
	t.Parallel()
	shade := func(n byte, sku id.SKU, color string, price int64) search.Document {
		d := sold(n, sku, "obsidian lamp")
		d.Title = "obsidian lamp " + color
		d.Price = eur(price)
		d.Attributes = map[string]search.Value{"color": search.Text(color), "watts": search.Number(float64(price))}
		return d
	}
	schema := search.NewSchema(1, []search.Attribute{
		{Name: "color", Label: "Colour", Filterable: true, Choices: []search.Choice{{Value: "red", Label: "Ruby red"}, {Value: "blue"}}},
		{Name: "watts", Label: "Power", Unit: "W", Numeric: true, Filterable: true, Position: 1},
	})
	setup := func(t *testing.T) *searchWorld {
		w := newSearchWorld(t, h)
		if err := w.engine.Define(t.Context(), schema); err != nil {
			t.Fatal(err)
		}
		w.put(shade(1, "A-R", "red", 10), shade(1, "A-B", "blue", 40), shade(2, "B-B", "blue", 20), shade(3, "C-G", "green", 30))
		return w
	}
	facet := func(t *testing.T, r search.Result, name string) search.Facet {
		t.Helper()
		i := slices.IndexFunc(r.Facets, func(f search.Facet) bool { return f.Name == name })
		if i < 0 {
			t.Fatalf("no facet %s in %v", name, r.Facets)
		}
		return r.Facets[i]
	}

	t.Run("VariantsCollapse", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		r := w.wantSKUs(search.Query{Sort: search.ByPriceAsc}, "A-R", "B-B", "C-G")
		if !slices.Equal(r.Hits[0].Matching, []id.SKU{"A-R", "A-B"}) {
			t.Errorf("matching %v", r.Hits[0].Matching)
		}
		w.wantSKUs(search.Query{Sort: search.ByPriceDesc}, "A-B", "C-G", "B-B")
		w.wantSKUs(search.Query{Text: "obsidian blue", Sort: search.ByPriceAsc}, "B-B", "A-B")
	})

	t.Run("FiltersMeetOnOneVariant", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		low := 15.0
		q := search.Query{Filters: []search.Filter{{Name: "color", Values: []string{"red"}}, {Name: "watts", Ranges: []search.Range{{Min: &low}}}}}
		w.wantSKUs(q) // A has a red variant and a strong one, but they are not the same
		q.Filters[0].Values = []string{"blue"}
		w.wantAny(q, "A-B", "B-B")
	})

	t.Run("SelectedFacetKeepsItsOtherValues", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		r := w.find(search.Query{Filters: []search.Filter{{Name: "color", Values: []string{"red"}}}})
		if want := []search.FacetValue{
			{Value: "red", Label: "Ruby red", Count: 1, Selected: true}, {Value: "blue", Label: "blue", Count: 2}, {Value: "green", Label: "green", Count: 1},
		}; !slices.Equal(facet(t, r, "color").Values, want) {
			t.Errorf("got %v, want %v", facet(t, r, "color").Values, want)
		}
		watts := facet(t, w.find(search.Query{Filters: []search.Filter{{Name: "color", Values: []string{"blue"}}}}), "watts")
		if watts.Label != "Power" || watts.Unit != "W" || watts.Min != 20 || watts.Max != 40 {
			t.Errorf("got %+v", watts)
		}
	})

	t.Run("UnknownFindsNothing", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		for _, q := range []search.Query{
			{Brands: []string{"nobody"}}, {Category: "nowhere"}, {Category: id.UUID{9}.String()},
			{Filters: []search.Filter{{Name: "flavour", Values: []string{"sour"}}}}, {Filters: []search.Filter{{Name: "color", Values: []string{"mauve"}}}},
		} {
			w.wantSKUs(q)
		}
	})

	t.Run("SchemaTakesEffectWithoutIndexing", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		define := func(s search.Schema) search.Result {
			t.Helper()
			if err := w.engine.Define(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			w.settle()
			return w.find(search.Query{})
		}
		r := define(search.NewSchema(2, []search.Attribute{{Name: "color", Label: "Shade", Filterable: true}, {Name: "watts", Filterable: false}}))
		if f := facet(t, r, "color"); f.Label != "Shade" || f.Values[0].Value != "blue" || len(r.Facets) != 3 {
			t.Errorf("got %v", r.Facets)
		}
		if r := define(schema); facet(t, r, "color").Label != "Shade" {
			t.Error("an older schema replaced a newer one")
		}
	})

	t.Run("EmptyPageIsNoError", func(t *testing.T) {
		t.Parallel()
		w := setup(t)
		r := w.find(search.Query{Page: 7})
		if r.Hits == nil || len(r.Hits) != 0 || r.Total != 3 {
			t.Errorf("got %v of %d", r.Hits, r.Total)
		}
		r = newSearchWorld(t, h).find(search.Query{Text: "obsidian"})
		if r.Hits == nil || r.Facets == nil || r.Histogram == nil || r.Total != 0 || r.Price != nil {
			t.Errorf("an empty index answers %+v", r)
		}
	})

	t.Run("LongValuesAreFoundAndNotFaceted", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		long := strings.Repeat("word ", 52) + "driftwood"
		for n := range byte(2) {
			d := sold(n+1, id.SKU(fmt.Sprintf("L-%d", n)), "lamp")
			d.Attributes = map[string]search.Value{"notes": search.Text(long)}
			w.put(d)
		}
		if err := w.engine.Define(t.Context(), search.NewSchema(1, []search.Attribute{{Name: "notes", Filterable: true}})); err != nil {
			t.Fatal(err)
		}
		w.settle()
		if r := w.wantAny(search.Query{Text: "driftwood"}, "L-0", "L-1"); len(r.Facets) != 2 {
			t.Errorf("facets %v", r.Facets)
		}
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

func testIndexBuild(t *testing.T, h SearchHarness) {
	t.Parallel()
	a, b, c := sold(1, "A", "obsidian"), sold(2, "B", "marigold"), sold(3, "C", "saffron")
	begin := func(w *searchWorld) ports.IndexBuild {
		w.t.Helper()
		build, err := w.engine.Begin(w.t.Context())
		if err != nil {
			w.t.Fatal(err)
		}
		return build
	}
	add := func(w *searchWorld, build ports.IndexBuild, docs ...search.Document) []search.Outcome {
		w.t.Helper()
		outcomes, err := build.Add(w.t.Context(), docs)
		if err != nil {
			w.t.Fatal(err)
		}
		return outcomes
	}
	commit := func(w *searchWorld, build ports.IndexBuild) {
		w.t.Helper()
		if err := build.Commit(w.t.Context()); err != nil {
			w.t.Fatal(err)
		}
		w.settle()
	}
	next := func(d search.Document, version int64, name string) search.Document {
		d.Version, d.Name, d.Title = version, name, name
		return d
	}

	t.Run("ReplacesAllAtOnce", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		w.put(a, b)
		build := begin(w)
		add(w, build, b, c)
		w.wantAny(search.Query{}, "A", "B")
		commit(w, build)
		w.wantAny(search.Query{}, "B", "C")
		if err := build.Abort(t.Context()); err != nil {
			t.Error(err)
		}
		w.wantAny(search.Query{}, "B", "C")
	})

	t.Run("LiveWritesReachBoth", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		build := begin(w)
		add(w, build, a, b)
		w.put(next(a, 2, "driftwood"), search.Document{SKU: "B", Version: 2, Deleted: true}, c)
		w.wantAny(search.Query{}, "A", "C")
		if got := add(w, build, a, b); !slices.Equal(got, []search.Outcome{search.Superseded, search.Superseded}) {
			t.Errorf("outcomes %v", got)
		}
		commit(w, build)
		w.wantAny(search.Query{}, "A", "C")
		w.wantAny(search.Query{Text: "driftwood"}, "A")
		w.put(next(b, 3, "marigold"))
		w.wantAny(search.Query{}, "A", "B", "C")
	})

	t.Run("TombstonesAndSchemaAreCarriedOver", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		w.put(search.Document{SKU: "A", Version: 5, Deleted: true})
		a, b := a, b
		a.Attributes = map[string]search.Value{"color": search.Text("red")}
		b.Attributes = a.Attributes
		d := sold(4, "D", "porcelain")
		d.Attributes = map[string]search.Value{"color": search.Text("blue")}
		if err := w.engine.Define(t.Context(), search.NewSchema(1, []search.Attribute{{Name: "color", Filterable: true}})); err != nil {
			t.Fatal(err)
		}
		c := c
		c.Attributes = a.Attributes
		build := begin(w)
		add(w, build, a, b, c, d)
		commit(w, build)
		if r := w.wantAny(search.Query{}, "B", "C", "D"); len(r.Facets) != 3 {
			t.Errorf("facets %v", r.Facets)
		}
	})

	t.Run("AbortedLeavesNothing", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		w.put(a)
		build := begin(w)
		add(w, build, b)
		for range 2 {
			if err := build.Abort(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := build.Add(t.Context(), []search.Document{c}); err == nil {
			t.Error("added to an aborted build")
		}
		if err := build.Commit(t.Context()); err == nil {
			t.Error("committed an aborted build")
		}
		w.wantAny(search.Query{}, "A")
		again := begin(w)
		add(w, again, c)
		commit(w, again)
		w.wantAny(search.Query{}, "C")
	})

	t.Run("OnlyOneAtATime", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		build := begin(w)
		if _, err := w.engine.Begin(t.Context()); !fault.Is(err, fault.Conflict) {
			t.Errorf("a second build: %v", err)
		}
		commit(w, build)
		if err := begin(w).Abort(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

func testSearchBadInput(t *testing.T, h SearchHarness) {
	t.Parallel()
	w := newSearchWorld(t, h)
	for n := range byte(30) {
		w.put(sold(n+1, id.SKU(fmt.Sprintf("P-%d", n)), "obsidian lamp"))
	}
	number := func(f float64) *float64 { return &f }
	price := func(p int64) *int64 { return &p }
	values := func(n int) (list []string) {
		for i := range n {
			list = append(list, fmt.Sprint(i))
		}
		return list
	}

	t.Run("InvalidQueriesSaySo", func(t *testing.T) {
		for location, q := range map[string]search.Query{
			"q": {Text: strings.Repeat("lamp ", 2000)}, "q#nul": {Text: "lamp\x00"}, "q#utf8": {Text: "lamp\xff"},
			"category": {Category: strings.Repeat("a", 10_000)}, "brand": {Brands: values(101)}, "brand#": {Brands: []string{"\xff"}},
			"attr": {Filters: []search.Filter{{Name: "color", Values: values(500)}}}, "attr#1": {Filters: []search.Filter{{Name: "Color", Values: []string{"red"}}}},
			"attr#2": {Filters: []search.Filter{{Name: "color"}}}, "attr#3": {Filters: []search.Filter{{Name: "color", Values: []string{""}}}},
			"attr#4": {Filters: []search.Filter{{Name: "w", Ranges: []search.Range{{Min: number(2), Max: number(1)}}}}},
			"attr#5": {Filters: []search.Filter{{Name: "w", Ranges: []search.Range{{Min: number(math.NaN())}}}}}, "attr#6": {Filters: []search.Filter{{Name: "w", Ranges: []search.Range{{}}}}},
			"price_min": {PriceMin: price(-1)}, "price_max": {PriceMax: price(1 << 60)}, "price_max#": {PriceMin: price(2), PriceMax: price(1)},
			"min_rating": {MinRating: math.NaN()}, "min_rating#": {MinRating: 5.5}, "sort": {Sort: "magic"},
			"page": {Page: -1}, "per_page": {PerPage: -1}, "per_page#": {PerPage: 101},
		} {
			_, err := w.engine.Search(t.Context(), q)
			mustFail(t, err, fault.Invalid, "validation_failed")
			where, _, _ := strings.Cut(location, "#")
			if !strings.Contains(err.Error(), where) {
				t.Errorf("%s: %v", location, err)
			}
		}
		_, err := w.engine.Search(t.Context(), search.Query{Page: 11, PerPage: 100})
		mustFail(t, err, fault.Invalid, "page_out_of_range")
	})

	t.Run("StrangeTextIsAnOrdinaryQuery", func(t *testing.T) {
		for _, text := range []string{
			"\x01\x02\x1b[31m lamp", "lamp\r\n\t", "‮lamp‬", "مصباح سبج", "לבן", "🦄🔥💡", "👩‍👩‍👧‍👦 lamp", "ランプ", "e\u0301", strings.Repeat("́", 500),
			`+lamp -obsidian "lamp`, "name:lamp AND (", "lamp~2^3 *?", `{"query":{"match_all":{}}}`, "lamp' OR 1=1 --", "%00%ff", "\\", "..", "1e309", strings.Repeat("9", 500),
			strings.Repeat("a", 500), strings.Repeat("a b ", 120), strings.Repeat("-", 512), "a-b-c-d-e-f-g-h", "İ", "ﬁx", "ß", "ǆ", "\u2028", "''''", "l'l'l'l",
		} {
			if _, err := w.engine.Search(t.Context(), search.Query{Text: text}); err != nil {
				t.Errorf("%q: %v", text, err)
			}
			if _, err := w.engine.Suggest(t.Context(), search.SuggestQuery{Text: text}); err != nil {
				t.Errorf("%q: %v", text, err)
			}
		}
	})

	t.Run("ManyFiltersAreAnOrdinaryQuery", func(t *testing.T) {
		q := search.Query{Text: "lamp", Brands: values(100)}
		for i := range 100 {
			q.Filters = append(q.Filters, search.Filter{Name: fmt.Sprintf("a_%d", i), Values: []string{"x"}})
		}
		if r := w.find(q); r.Total != 0 {
			t.Errorf("found %d", r.Total)
		}
	})

	t.Run("InvalidDocumentsWriteNothing", func(t *testing.T) {
		good := sold(99, "GOOD", "saffron")
		for name, bad := range map[string]search.Document{
			"sku": sold(98, "bad sku", "saffron"), "version": {SKU: "BAD", Version: -1, Deleted: true}, "product": {SKU: "BAD"},
			"attribute": {SKU: "BAD", Product: good.Product, Attributes: map[string]search.Value{"Not A Name": search.Text("x")}},
			"number":    {SKU: "BAD", Product: good.Product, Attributes: map[string]search.Value{"n": search.Number(math.Inf(1))}},
		} {
			if _, err := w.engine.Index(t.Context(), []search.Document{good, bad}); !fault.Is(err, fault.Invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.settle()
		(&searchWorld{t, h, w.engine}).wantSKUs(search.Query{Text: "saffron"})
	})

	t.Run("CanceledSaysSo", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := w.engine.Search(ctx, search.Query{})
		if !fault.Is(err, fault.Canceled) {
			t.Errorf("search: %v", err)
		}
		if _, err = w.engine.Suggest(ctx, search.SuggestQuery{Text: "a"}); !fault.Is(err, fault.Canceled) {
			t.Errorf("suggest: %v", err)
		}
		if _, err = w.engine.Index(ctx, []search.Document{sold(97, "LATE", "saffron")}); !fault.Is(err, fault.Canceled) {
			t.Errorf("index: %v", err)
		}
		if _, err = w.engine.Begin(ctx); !fault.Is(err, fault.Canceled) {
			t.Errorf("begin: %v", err)
		}
		w.settle()
		(&searchWorld{t, h, w.engine}).wantSKUs(search.Query{Text: "saffron"})
	})
}

// testSearchCrowds searches while others write: a search never sees a product
// missing that was never deleted, nor one twice.
func testSearchCrowds(t *testing.T, h SearchHarness) {
	t.Parallel()
	const total = 60
	docs := func(version int64) []search.Document {
		list := make([]search.Document, 0, 2*total)
		for n := range byte(total) {
			for v := range 2 {
				d := sold(n+1, id.SKU(fmt.Sprintf("P-%d-%d", n, v)), "obsidian lamp")
				d.Version, d.Sales, d.Created = version, (version*int64(n))%17, time.Time{}
				d.Attributes = map[string]search.Value{"size": search.Text(fmt.Sprint(v))}
				list = append(list, d)
			}
		}
		return list
	}
	watch := func(w *searchWorld, done <-chan struct{}) {
		for i := 0; ; i++ {
			select {
			case <-done:
				return
			default:
			}
			q := search.Query{Text: "obsidian", PerPage: 100}
			if i%2 == 0 {
				q = search.Query{PerPage: 100, Filters: []search.Filter{{Name: "size", Values: []string{"1"}}}}
			}
			r, err := w.engine.Search(w.t.Context(), q)
			if err != nil {
				w.t.Error(err)
				return
			}
			seen := map[id.Product]bool{}
			for _, hit := range r.Hits {
				seen[hit.Product] = true
			}
			if r.Total != total || len(r.Hits) != total || len(seen) != total {
				w.t.Errorf("%d products, %d shown, %d different, of %d", r.Total, len(r.Hits), len(seen), total)
				return
			}
			if one, err := w.engine.Search(w.t.Context(), search.Query{Text: "P-7-1", Exact: true}); err != nil || one.Total == 0 || one.Hits[0].SKU != "P-7-1" {
				w.t.Errorf("the SKU finds %v, %v", foundSKUs(one), err)
				return
			}
			if s, err := w.engine.Suggest(w.t.Context(), search.SuggestQuery{Text: "obs"}); err != nil || len(s) != 8 {
				w.t.Errorf("suggested %v, %v", s, err)
				return
			}
		}
	}
	crowd := func(w *searchWorld, work func()) {
		done := make(chan struct{})
		var wg sync.WaitGroup
		for range 3 {
			wg.Go(func() { watch(w, done) })
		}
		work()
		close(done)
		wg.Wait()
	}

	t.Run("Updates", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		w.put(docs(1)...)
		crowd(w, func() {
			for version := range int64(30) {
				for batch := range slices.Chunk(docs(version+2), 9) {
					w.put(batch...)
				}
			}
		})
	})

	t.Run("Rebuilds", func(t *testing.T) {
		t.Parallel()
		w := newSearchWorld(t, h)
		w.put(docs(1)...)
		crowd(w, func() {
			for version := range int64(5) {
				build, err := w.engine.Begin(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				for batch := range slices.Chunk(docs(version+1), 40) {
					if _, err := build.Add(t.Context(), batch); err != nil {
						t.Error(err)
					}
				}
				w.put(docs(version + 2)[:total]...)
				if err := build.Commit(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	})
}
