package feed

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

// minting returns a source of ids that counts.
func minting() func() id.UUID {
	n := byte(0)
	return func() id.UUID {
		n++
		return id.UUID{15: n}
	}
}

// resolved reads a line in the terms of a shop without definitions.
func resolved(t testing.TB, data string) Resolved {
	t.Helper()
	l, reject := NewDecoder().Decode(1, []byte(data))
	if reject != nil {
		t.Fatal(reject)
	}
	r := Resolved{Line: l, Values: catalog.Attributes{}}
	for _, a := range l.Attributes {
		r.Values[a.Name] = a.Value
	}
	return r
}

func lineOf(sku string, price int, members ...string) string {
	return fmt.Sprintf(`{"sku":%q,"title":"Title %s","price":{"amount":%d,"currency":"EUR"}%s}`, sku, sku, price, strings.Join(append([]string{""}, members...), ","))
}

// facts is what a product says of each of its variants, however it is kept.
func facts(p *catalog.Product) map[string]string {
	all := map[string]string{}
	for i := range p.Variants {
		v := &p.Variants[i]
		title := v.Title
		if title == "" {
			title = p.Name
		}
		all[string(v.SKU)] = fmt.Sprint(title, p.Price(v), p.Effective(v), v.Options, v.Status)
	}
	return all
}

func TestResolved_Merge(t *testing.T) {
	t.Parallel()
	mint := minting()
	first := resolved(t, lineOf("A", 100, `"images":["http://a/1"]`, `"attributes":{"x":1,"y":"b"}`, `"ean":["12345678"]`))
	p := NewProduct(id.Product{}, "a", first)
	if got := first.Merge(&p, true, mint); got != Created || p.Name != "Title A" || p.BasePrice != money.New(100, "EUR") || p.Variants[0].Title != "" || len(p.Attributes) != 2 {
		t.Fatalf("%v: %+v", got, p)
	}
	second := resolved(t, lineOf("B", 120, `"images":["http://a/1"]`, `"attributes":{"x":2,"y":"b"}`))
	before := p
	if got := second.Merge(&p, false, mint); got != Created || len(p.Variants[1].Images) != 0 || len(p.Attributes) != 1 || len(p.Variants[0].Attributes) != 1 {
		t.Fatalf("%v: %+v", got, p)
	}
	if len(before.Attributes) != 2 || len(before.Variants) != 1 || len(before.Variants[0].Attributes) != 0 {
		t.Errorf("a copy has changed: %+v", before)
	}
	for _, r := range []struct {
		Resolved
		lead bool
	}{{first, true}, {second, false}} {
		if got := r.Merge(&p, r.lead, mint); got != Unchanged {
			t.Errorf("%s again: %v: %+v", r.SKU, got, p)
		}
	}

	// The first line's new price and name are its own; the others keep theirs.
	dearer := resolved(t, lineOf("A", 120, `"name":"All"`))
	if got := dearer.Merge(&p, true, mint); got != Updated || p.Name != "All" || p.Price(&p.Variants[1]) != money.New(120, "EUR") || !p.Variants[1].PriceOverride.IsNone() || p.Variants[0].Title != "Title A" {
		t.Errorf("%v: %+v", got, p)
	}
	if got := resolved(t, lineOf("A", 90, `"name":"All"`)).Merge(&p, true, mint); got != Updated || p.Price(&p.Variants[1]) != money.New(120, "EUR") || p.BasePrice != money.New(90, "EUR") {
		t.Errorf("%v: %+v", got, p)
	}
	// What a line does not say stays, what it says to be empty goes.
	if got := resolved(t, lineOf("B", 120, `"attributes":{}`)).Merge(&p, false, mint); got != Updated || len(p.Attributes) != 0 || len(p.Variants[0].Attributes) != 2 {
		t.Errorf("%v: %+v", got, p)
	}
	if p.Variants[0].EAN[0] != "12345678" {
		t.Errorf("the EAN went: %+v", p.Variants[0])
	}
	// Pictures that somebody uploaded are not replaced.
	p.Images = []catalog.Image{{Key: "images/x"}}
	if got := resolved(t, lineOf("A", 90, `"name":"All"`, `"images":["http://a/9"]`)).Merge(&p, true, mint); got != Unchanged {
		t.Errorf("%v: %+v", got, p.Images)
	}
}

func TestResolved_Merge_Status(t *testing.T) {
	t.Parallel()
	mint := minting()
	lead := resolved(t, lineOf("A", 1, `"status":"archived"`))
	p := NewProduct(id.Product{}, "a", lead)
	lead.Merge(&p, true, mint)
	resolved(t, lineOf("B", 1, `"status":"archived"`)).Merge(&p, false, mint)
	resolved(t, lineOf("C", 1, `"status":"draft"`)).Merge(&p, false, mint)
	resolved(t, lineOf("D", 1, `"variant_status":"archived"`, `"status":"active"`)).Merge(&p, false, mint)
	var got []string
	for _, v := range p.Variants {
		got = append(got, string(v.Status))
	}
	if p.Status != catalog.Archived || strings.Join(got, " ") != "active archived disabled archived" {
		t.Errorf("%s: %s", p.Status, got)
	}
}

func TestLine_TellsApart(t *testing.T) {
	t.Parallel()
	mint := minting()
	lead := resolved(t, lineOf("A", 1, `"options":{"color":"red","size":"s"}`))
	p := NewProduct(id.Product{}, "a", lead)
	lead.Merge(&p, true, mint)
	for data, want := range map[string][2]bool{
		lineOf("B", 1, `"options":{"size":"s","color":"red"}`): {true, true},
		lineOf("B", 1, `"options":{"size":"m","color":"red"}`): {false, true},
		lineOf("B", 1, `"options":{"color":"red"}`):            {false, false},
		lineOf("B", 1): {false, false},
		lineOf("A", 1, `"options":{"size":"s","color":"red"}`): {false, true},
	} {
		l := resolved(t, data).Line
		if clashes, names := l.Clashes(&p), l.SameOptionNames(&p); clashes != want[0] || names != want[1] {
			t.Errorf("%s: clashes %v, same names %v", data, clashes, names)
		}
	}
}

// TestMerge_Properties: whatever the order of the lines and however often they
// come, a product says of its variants what their lines say.
func TestMerge_Properties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		skus := []string{"A", "B", "C", "D"}
		names := []string{"x", "y", "z"}
		lines := map[string]Resolved{}
		for _, sku := range skus {
			values := catalog.Attributes{}
			for _, n := range names {
				if rapid.Bool().Draw(t, sku+n) {
					values[n] = catalog.Num(float64(rapid.IntRange(0, 1).Draw(t, sku+n+" value")))
				}
			}
			lines[sku] = Resolved{Values: values, Line: &Line{
				SKU: id.SKU(sku), Title: "T" + rapid.SampledFrom(skus).Draw(t, sku+" title"), Said: MemberAttributes,
				Price: money.New(int64(rapid.IntRange(1, 2).Draw(t, sku+" price")), "EUR"),
			}}
		}
		mint := minting()
		var p catalog.Product
		for round := range 3 {
			order := rapid.Permutation(skus).Draw(t, fmt.Sprint("order ", round))
			for i, sku := range order {
				r := lines[sku]
				if round == 0 && i == 0 {
					p = NewProduct(id.Product{}, "a", r)
				}
				r.Merge(&p, i == 0, mint)
			}
			want := map[string]string{}
			for sku, r := range lines {
				want[sku] = fmt.Sprint(r.Title, r.Price, r.Values, []catalog.Option{}, catalog.VariantActive)
			}
			if got := facts(&p); !maps.Equal(got, want) {
				t.Fatalf("after %v: %v, want %v", order, got, want)
			}
			for name := range p.Attributes {
				for i := range p.Variants {
					if _, own := p.Variants[i].Attributes[name]; own {
						t.Fatalf("%s is the product's and a variant's", name)
					}
				}
			}
			lead := lines[order[0]]
			if p.Name != lead.Title || p.BasePrice != lead.Price {
				t.Fatalf("the first line says %s, %v: %s, %v", lead.Title, lead.Price, p.Name, p.BasePrice)
			}
			for i, sku := range order {
				if got := lines[sku].Merge(&p, i == 0, mint); got != Unchanged {
					t.Fatalf("%s again: %v", sku, got)
				}
			}
		}
	})
}

func TestSurvey(t *testing.T) {
	t.Parallel()
	s := NewSurvey()
	for i, data := range []string{
		lineOf("A", 1, `"family":"f"`, `"category":["Leaf"]`, `"brand":"Maker"`, `"attributes":{"n":1,"m":1,"b":true}`, `"options":{"c":"x"}`),
		lineOf("B", 1, `"family":"f"`, `"category":["Other"]`, `"brand":" maker"`, `"attributes":{"n":2,"m":"x"}`),
		lineOf("C", 1, `"category":["Leaf"]`, `"stock":0`),
		lineOf("D", 1, `"attributes":{"n":1}`),
	} {
		if r := s.Add(resolved(t, data).Line); r != nil {
			t.Errorf("line %d: %+v", i, r)
		}
	}
	again := resolved(t, lineOf("a", 1)).Line
	again.Number = 9
	if r := s.Add(again); r == nil || r.Code != "duplicate" || s.First(again) {
		t.Errorf("the same SKU again: %+v", r)
	}
	if s.Lines != 4 || !s.HasStock || !slices.Equal(s.Brands(), []string{"Maker"}) {
		t.Errorf("%d lines, stock %v, brands %q", s.Lines, s.HasStock, s.Brands())
	}
	shelves := s.Shelves()
	if len(shelves) != 1 || shelves[0].Products != 2 {
		t.Fatalf("shelves %+v", shelves)
	}
	var got []string
	for _, u := range shelves[0].Usages() {
		d, _ := u.Define(id.Category{}, shelves[0].Products, nil)
		got = append(got, fmt.Sprintf("%s %s %d", u.Name, d.Type, u.Products))
	}
	if want := "b boolean 1, c string 1, m string 1, n number 1"; strings.Join(got, ", ") != want {
		t.Errorf("usages are %s, want %s", got, want)
	}
}

func TestUsage_Define(t *testing.T) {
	t.Parallel()
	u := &Usage{Name: "cable_length", Label: "cable_length", Products: 1, numbers: 1}
	made, news := u.Define(id.Category{}, 20, nil)
	if !news || made.Label != "Cable length" || made.Type != catalog.Number || !made.Filterable || !made.Derived || made.Version != 1 {
		t.Errorf("made %+v", made)
	}
	if rare, _ := u.Define(id.Category{}, 21, nil); rare.Filterable {
		t.Error("one in 21 makes a facet")
	}
	if again, news := u.Define(id.Category{}, 21, &made); news || !again.Filterable {
		t.Errorf("again: %+v", again)
	}
	text := &Usage{Name: "cable_length", Label: "Cable Length", Products: 1, texts: 1}
	if wide, news := text.Define(id.Category{}, 20, &made); !news || wide.Type != catalog.String || wide.Version != 2 || wide.Label != "Cable length" {
		t.Errorf("widened to %+v", wide)
	}
	operators := made
	operators.Derived = false
	if kept, news := text.Define(id.Category{}, 20, &operators); news || kept.Type != catalog.Number {
		t.Errorf("an operator's became %+v", kept)
	}
}
