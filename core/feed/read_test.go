package feed

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/money"
)

const good = `{"sku":"A-1","title":"Tee","price":{"amount":1500,"currency":"EUR"}}`

// with returns a good line with a member more.
func with(member string) string { return good[:len(good)-1] + "," + member + "}" }

func TestDecoder_ReadsEveryMember(t *testing.T) {
	t.Parallel()
	l, reject := NewDecoder().Decode(7, []byte(`{"sku":"A-1","title":"Tee \u00e9 \"S\"","name":"Tee","price":{"amount":1500,"currency":"EUR"},
		"compare_at_price":{"amount":2000,"currency":"EUR"},"base_price":{"amount":1600,"currency":"EUR"},"brand":"Ännchen","category":["Wear","Tees"],"description":"x","ean":["12345678"],
		"image":"http://a/1.jpg","images":["https://a/2.jpg"],"released":"2020-02-03","model":"m","extra":{"a":[1,{"b":null}]},
		"attributes":{"Cable Length (m)":5.5,"color":"red","new":true,"none":"","gone":null,"Color":"twice"},
		"family":"f","options":{"Size":"s","length":2},"stock":3,"status":"draft","variant_status":"disabled","featured":true,"slug":"a-tee","seo":{"title":"T"}}`))
	if reject != nil {
		t.Fatal(reject)
	}
	if l.Number != 7 || l.SKU != "A-1" || l.Title != `Tee é "S"` || l.Name != "Tee" || l.Price != money.New(1500, "EUR") || l.CompareAt != money.New(2000, "EUR") || l.BasePrice != money.New(1600, "EUR") ||
		l.Brand != "Ännchen" || strings.Join(l.Category, ">") != "Wear>Tees" || strings.Join(l.EAN, ",") != "12345678" ||
		strings.Join(l.Images, " ") != "http://a/1.jpg https://a/2.jpg" || !l.Released.Equal(time.Date(2020, 2, 3, 0, 0, 0, 0, time.UTC)) ||
		l.Family != "f" || l.Stock != 3 || l.Status != "draft" || l.VariantStatus != catalog.VariantDisabled || !l.Featured || l.Slug != "a-tee" || l.SEO.Title != "T" {
		t.Errorf("got %+v", l)
	}
	if got, want := fmt.Sprint(l.Attributes), "[{cable_length_m Cable Length (m) 5.5} {color color red} {new new true}]"; got != want {
		t.Errorf("attributes are %s, want %s", got, want)
	}
	if got, want := fmt.Sprint(l.Options), "[{size s} {length 2}]"; got != want {
		t.Errorf("options are %s, want %s", got, want)
	}
	if l.Unknown != 3 {
		t.Errorf("%d unknown members, want model, extra and the second color", l.Unknown)
	}
	if long, reject := NewDecoder().Decode(1, []byte(with(`"slug":"`+strings.Repeat("a", 119)+`-b"`))); reject != nil || long.Slug != strings.Repeat("a", 119) {
		t.Errorf("a slug of 121 letters became %q: %v", long.Slug, reject)
	}
	if bare, _ := NewDecoder().Decode(1, []byte(good)); !l.Has(MemberStock) || bare.Has(MemberStock) {
		t.Errorf("what is said is %b, and of a bare line %b", l.Said, bare.Said)
	}
}

func TestDecoder_Rejects(t *testing.T) {
	t.Parallel()
	for line, code := range map[string]string{
		``:                     "malformed_json",
		`null`:                 "type",
		`[]`:                   "type",
		`{`:                    "malformed_json",
		good + `x`:             "malformed_json",
		good[:len(good)-1]:     "malformed_json",
		with(`"x":01`):         "malformed_json",
		with(`"x":1.`):         "malformed_json",
		with(`"x":+1`):         "malformed_json",
		with(`"x":nul`):        "malformed_json",
		with("\"x\":\"\t\""):   "malformed_json",
		with("\"x\":\"\xff\""): "malformed_json",
		with(`"x":"\x"`):       "malformed_json",
		with(`"x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200)):                   "malformed_json",
		`{"title":"Tee","price":{"amount":1,"currency":"EUR"}}`:                              "required",
		`{"sku":"A","price":{"amount":1,"currency":"EUR"}}`:                                  "required",
		`{"sku":"A","title":"Tee"}`:                                                          "required",
		`{"sku":"A","title":"Tee","price":{"amount":1}}`:                                     "required",
		`{"sku":"A","title":" ","price":{"amount":1,"currency":"EUR"}}`:                      "required",
		`{"sku":"A b","title":"Tee","price":{"amount":1,"currency":"EUR"}}`:                  "pattern",
		`{"sku":5,"title":"Tee","price":{"amount":1,"currency":"EUR"}}`:                      "type",
		`{"sku":"A","title":"Tee","price":9.99}`:                                             "type",
		`{"sku":"A","title":"Tee","price":{"amount":9.99,"currency":"EUR"}}`:                 "type",
		`{"sku":"A","title":"Tee","price":{"amount":-1,"currency":"EUR"}}`:                   "too_small",
		`{"sku":"A","title":"Tee","price":{"amount":1000000000001,"currency":"EUR"}}`:        "too_large",
		`{"sku":"A","title":"Tee","price":{"amount":99999999999999999999,"currency":"EUR"}}`: "too_large",
		`{"sku":"A","title":"Tee","price":{"amount":1,"currency":"eur"}}`:                    "enum",
		with(`"category":"Wear"`):                                                            "type",
		with(`"category":["a",""]`):                                                          "required",
		with(`"category":["1","2","3","4","5","6","7","8","9"]`):                             "too_long",
		with(`"description":"a\u0000b"`):                                                     "pattern",
		with(`"ean":["12"]`):                                                                 "pattern",
		with(`"image":"ftp://x/y"`):                                                          "pattern",
		with(`"images":["/y.jpg"]`):                                                          "pattern",
		with(`"released":"yesterday"`):                                                       "pattern",
		with(`"attributes":{"a":[1]}`):                                                       "type",
		with(`"attributes":{"a":1e999}`):                                                     "too_large",
		with(`"attributes":{"a":"` + strings.Repeat("x", 10_001) + `"}`):                     "too_long",
		with(`"options":{"a":"1","A":"2"}`):                                                  "duplicate",
		with(`"stock":-1`):                                                                   "too_small",
		with(`"stock":1.0`):                                                                  "type",
		with(`"stock":1000000001`):                                                           "too_large",
		with(`"status":"sold"`):                                                              "enum",
		with(`"variant_status":"draft"`):                                                     "enum",
		with(`"featured":"yes"`):                                                             "type",
		with(`"slug":"A"`):                                                                   "pattern",
		with(`"title":"` + strings.Repeat("é", 501) + `"`):                                   "too_long",
	} {
		l, reject := NewDecoder().Decode(3, []byte(line))
		if reject == nil {
			t.Errorf("%.80s: taken as %+v", line, l)
		} else if reject.Code != code || reject.Line != 3 || reject.Message == "" {
			t.Errorf("%.80s: %+v, want %s", line, reject, code)
		}
	}
}

func read(t *testing.T, in io.Reader) (lines []*Line, rejects []*Reject) {
	t.Helper()
	r, err := NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	for {
		l, reject, err := r.Next()
		switch {
		case err != nil:
			t.Fatal(err)
		case l != nil:
			lines = append(lines, l)
		case reject != nil:
			rejects = append(rejects, reject)
		default:
			return lines, rejects
		}
	}
}

func TestReader_LinesAndNumbers(t *testing.T) {
	t.Parallel()
	long := with(`"description":"` + strings.Repeat("x", 90_000) + `"`)
	tooLong := with(`"description":"` + strings.Repeat("x", MaxLine) + `"`)
	in := "\xef\xbb\xbf" + good + "\r\n\n" + long + "\n" + tooLong + "\n{\n" + good
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.WriteString(z, in); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	for name, feed := range map[string]string{"plain": in, "gzip": packed.String()} {
		lines, rejects := read(t, strings.NewReader(feed))
		if len(lines) != 3 || lines[0].Number != 1 || lines[1].Number != 3 || len(lines[1].Description) != 90_000 || lines[2].Number != 6 {
			t.Errorf("%s: %d lines", name, len(lines))
		}
		if len(rejects) != 2 || rejects[0].Line != 4 || rejects[0].Code != "too_long" || rejects[1].Line != 5 {
			t.Errorf("%s: rejects %v", name, rejects)
		}
	}
	if lines, rejects := read(t, strings.NewReader("")); len(lines)+len(rejects) != 0 {
		t.Errorf("nothing has %v, %v", lines, rejects)
	}
}

func TestReader_CutGzip(t *testing.T) {
	t.Parallel()
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := io.WriteString(z, strings.Repeat(good+"\n", 1000)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(bytes.NewReader(packed.Bytes()[:packed.Len()-12]))
	for err == nil {
		var l *Line
		if l, _, err = r.Next(); l == nil && err == nil {
			t.Fatal("the end came without an error")
		}
	}
	if !fault.Is(err, fault.Malformed) {
		t.Errorf("got %v", err)
	}
	if _, err := NewReader(strings.NewReader("\x1f\x8bnot gzip")); !fault.Is(err, fault.Malformed) {
		t.Errorf("got %v", err)
	}
}

// FuzzDecode holds the decoder against encoding/json: what it takes is JSON and
// says the same.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		good, with(`"attributes":{"a":1e3,"B b":"\ud83d\ude00","c":false}`), with(`"options":{"a":"x"},"stock":1,"seo":{"title":null}`),
		with(`"released":"2020-01-01T10:00:00+02:00","image":"http://a/b"`), "{", "\"\\", "[1,2", with(`"x":-0.5E+7`),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		l, reject := NewDecoder().Decode(1, data)
		if (l == nil) == (reject == nil) {
			t.Fatalf("%v and %v", l, reject)
		}
		if l == nil {
			if reject.Code == "" || reject.Message == "" {
				t.Fatalf("a reject without a reason: %+v", reject)
			}
			return
		}
		if !json.Valid(data) {
			t.Fatalf("took what is no JSON: %q", data)
		}
		var want map[string]any
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		if want["sku"] != string(l.SKU) && want["sku"] != nil || want["title"] != l.Title && want["title"] != nil {
			t.Fatalf("%q is read as %q, %q", data, l.SKU, l.Title)
		}
		if r := l.check(); r != nil {
			t.Fatalf("took %q, which is %+v", data, r)
		}
	})
}

func BenchmarkReader(b *testing.B) {
	path := os.Getenv("BODEGA_TEST_DATA")
	if path == "" {
		b.Skip("BODEGA_TEST_DATA names no folder with products.jsonl.gz")
	}
	packed, err := os.ReadFile(path + "/products.jsonl.gz")
	if err != nil {
		b.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		b.Fatal(err)
	}
	plain, err := io.ReadAll(z)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(plain)))
	for b.Loop() {
		r, err := NewReader(bytes.NewReader(plain))
		if err != nil {
			b.Fatal(err)
		}
		s := NewSurvey()
		for {
			l, reject, err := r.Next()
			if err != nil || reject != nil {
				b.Fatal(err, reject)
			}
			if l == nil {
				break
			}
			if r := s.Add(l); r != nil {
				b.Fatal(r)
			}
		}
	}
}
