package catalog

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

// drawProduct draws any product that a store may be given, in the form it comes back.
func drawProduct(t *rapid.T) Product {
	text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", "Tee", `a "quoted" \ text`, "tab\tnul\x00end", "<b>&amp;</b>", "é\u2028日本"}))
	uuid := func(label string) (u id.UUID) {
		if rapid.Bool().Draw(t, label+"?") {
			copy(u[:], rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, label))
		}
		return u
	}
	amount := func(label string) money.Amount {
		if !rapid.Bool().Draw(t, label+"?") {
			return money.Amount{}
		}
		return money.New(rapid.Int64().Draw(t, label), "EUR")
	}
	moment := func(label string) time.Time {
		if !rapid.Bool().Draw(t, label+"?") {
			return time.Time{}
		}
		return time.UnixMicro(rapid.Int64Range(-1<<50, 1<<51).Draw(t, label)).UTC()
	}
	attributes := func() Attributes {
		as := Attributes{}
		for i := range rapid.IntRange(0, 4).Draw(t, "attributes") {
			name := fmt.Sprint(i, text.Draw(t, "name"))
			switch rapid.IntRange(0, 2).Draw(t, "type") {
			case 0:
				as[name] = Text(text.Draw(t, "text"))
			case 1:
				as[name] = Num(rapid.Float64().Draw(t, "number"))
			default:
				as[name] = Bool(rapid.Bool().Draw(t, "bool"))
			}
		}
		return as
	}
	images := func() []Image {
		images := []Image{}
		for range rapid.IntRange(0, 2).Draw(t, "images") {
			img := Image{ID: id.Image{UUID: uuid("image")}, Key: text.Draw(t, "key"), URL: text.Draw(t, "url"), Alt: text.Draw(t, "alt"), Width: 3, Height: 4}
			for range rapid.IntRange(0, 2).Draw(t, "sizes") {
				img.Sizes = append(img.Sizes, ImageSize{Width: rapid.Int().Draw(t, "width"), Key: text.Draw(t, "key")})
			}
			images = append(images, img)
		}
		return images
	}
	p := Product{
		ID: id.Product{UUID: uuid("id")}, Slug: text.Draw(t, "slug"), Name: text.Draw(t, "name"), Description: text.Draw(t, "description"),
		Status: Status(text.Draw(t, "status")), Brand: id.Brand{UUID: uuid("brand")}, Category: id.Category{UUID: uuid("category")},
		BasePrice: amount("price"), CompareAt: amount("compare at"), Featured: rapid.Bool().Draw(t, "featured"),
		Attributes: attributes(), Images: images(), SEO: SEO{Title: text.Draw(t, "seo"), Description: text.Draw(t, "seo")},
		Family: text.Draw(t, "family"), Released: moment("released"), Rating: Rating{Average: rapid.Int().Draw(t, "rating"), Count: rapid.Int().Draw(t, "ratings")},
		Popularity: rapid.Int64().Draw(t, "popularity"), Version: rapid.Int64().Draw(t, "version"), CreatedAt: moment("created"), UpdatedAt: moment("updated"),
		Variants: []Variant{},
	}
	for range rapid.IntRange(0, 3).Draw(t, "variants") {
		v := Variant{
			ID: id.Variant{UUID: uuid("variant")}, SKU: id.SKU(text.Draw(t, "sku")), Title: text.Draw(t, "title"), Options: []Option{},
			Attributes: attributes(), PriceOverride: amount("override"), CompareAt: amount("compare at"), Status: VariantStatus(text.Draw(t, "status")),
			Images: images(), EAN: append([]string{}, rapid.SliceOfN(text, 0, 2).Draw(t, "ean")...),
		}
		for range rapid.IntRange(0, 2).Draw(t, "options") {
			v.Options = append(v.Options, Option{Name: text.Draw(t, "option"), Value: text.Draw(t, "value")})
		}
		p.Variants = append(p.Variants, v)
	}
	return p
}

func TestDocument_RoundTripsExactly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawProduct(t)
		doc := want.AppendDocument(nil)
		if !json.Valid(doc) {
			t.Fatalf("not JSON: %s", doc)
		}
		got, err := ParseDocument(doc)
		if err != nil {
			t.Fatalf("%v: %s", err, doc)
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got  %#v\nwant %#v\nfrom %s", got, want, doc)
		}
	})
}

func TestDocument_SkipsWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	got, err := ParseDocument([]byte(` { "later" : [ {"a":[1,"]",{}],"b":null} , true ] , "name":"Tee","more":-1.5e3,"variants":[ {"x":{},"sku":"A"} ] } `))
	if err != nil || got.Name != "Tee" || len(got.Variants) != 1 || got.Variants[0].SKU != "A" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestDocument_DamageIsAnError(t *testing.T) {
	t.Parallel()
	p := Product{ID: id.Product{UUID: id.UUID{1}}, Name: "Tee", Variants: []Variant{{SKU: "A"}}, Attributes: Attributes{"a": Num(1)}}
	doc := p.AppendDocument(nil)
	for i := range doc {
		if _, err := ParseDocument(doc[:i]); err == nil {
			t.Errorf("cut to %s: no error", doc[:i])
		}
	}
	for _, damaged := range []string{`{} x`, `{"id":"no"}`, `{"price":{}}`, `{"name":1}`, `{"version":"1"}`, `{"attributes":{"a":[]}}`, `{"x":]}`, `[]`, `{"x":nul}`} {
		if _, err := ParseDocument([]byte(damaged)); err == nil {
			t.Errorf("%s: no error", damaged)
		}
	}
}

// FuzzScanner holds the scanner to the standard library: it reads every valid
// document to its end, strings as they are meant, and never runs away on what
// is not valid.
func FuzzScanner(f *testing.F) {
	for _, seed := range []string{`{}`, `{"a":[1,2,{"b":"\u00e9\\\""}],"c":null,"d":true}`, `{"a":`, `"`, `{"a" "b"}`, `[[[[`, `"\ud800"`, `"a\tb"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _ = ParseDocument(b)
		if !json.Valid(b) || !utf8.Valid(b) {
			return
		}
		all := scanner{b: b}
		all.skip()
		if err := all.end(); err != nil {
			t.Errorf("%q: %v", b, err)
		}
		var want string
		if json.Unmarshal(b, &want) == nil && bytes.TrimSpace(b)[0] == '"' {
			text := scanner{b: b}
			if got := text.text(); got != want || text.end() != nil {
				t.Errorf("%q read as %q, not %q", b, got, want)
			}
		}
	})
}

func benchmarkProduct() Product {
	p := Product{
		ID: id.Product{UUID: id.UUID{1}}, Slug: "a-usual-product", Name: "A usual product", Status: Active, BasePrice: money.New(1999, "EUR"),
		Description: strings.Repeat("Some sentence about the product. ", 12), Brand: id.Brand{UUID: id.UUID{2}}, Category: id.Category{UUID: id.UUID{3}},
		Images: []Image{{URL: "https://images.example/img/gallery_mediums/img_3920564_medium_1472618727_1445_7091.jpg"}}, Version: 3,
		CreatedAt: time.UnixMicro(1), UpdatedAt: time.UnixMicro(2), Attributes: Attributes{},
	}
	for i := range 20 {
		p.Attributes[fmt.Sprintf("some_attribute_%d", i)] = Text(fmt.Sprintf("value %d", i))
	}
	for i := range 3 {
		p.Variants = append(p.Variants, Variant{
			ID: id.Variant{UUID: id.UUID{4, byte(i)}}, SKU: id.SKU(fmt.Sprintf("SKU-%d", i)), Status: VariantActive, Title: "A usual variant",
			Options: []Option{{Name: "size", Value: "M"}}, EAN: []string{"4006381333931"},
		})
	}
	return p
}

func BenchmarkDocument(b *testing.B) {
	p := benchmarkProduct()
	doc := p.AppendDocument(nil)
	b.Run("encode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(doc)))
		for b.Loop() {
			p.AppendDocument(nil)
		}
	})
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(doc)))
		for b.Loop() {
			if _, err := ParseDocument(doc); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func TestOffer_PartsRoundTripExactly(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawProduct(t)
		for i := range p.Variants {
			options, err := ParseOptions(AppendOptions(nil, p.Variants[i].Options))
			if err != nil || !reflect.DeepEqual(options, p.Variants[i].Options) {
				t.Fatalf("got %#v, %v; want %#v", options, err, p.Variants[i].Options)
			}
		}
		for i := range p.Images {
			img, err := ParseImage(p.Images[i].AppendDocument(nil))
			if err != nil || !reflect.DeepEqual(img, p.Images[i]) {
				t.Fatalf("got %#v, %v; want %#v", img, err, p.Images[i])
			}
		}
	})
}
