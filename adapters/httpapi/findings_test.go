package httpapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

func TestBody_FindingsHaveCodesAtTheirPlace(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{})
	for _, c := range []struct{ body, location, code string }{
		{`{}`, "body.text", "required"},
		{`{"text":"a","lines":[{"sku":"a"}]}`, "body.lines[0].quantity", "required"},
		{`{"text":"a","price":{"amount":1}}`, "body.price.currency", "required"},

		{`{"text":1}`, "body.text", "type"},
		{`{"text":null}`, "body.text", "type"},
		{`{"text":"a","yes":"true"}`, "body.yes", "type"},
		{`{"text":"a","lines":{}}`, "body.lines", "type"},
		{`{"text":"a","lines":[7]}`, "body.lines[0]", "type"},
		{`{"text":"a","price":7}`, "body.price", "type"},
		{`[]`, "body", "type"},
		{`null`, "body", "type"},
		{`{"text":"a","count":"1"}`, "body.count", "type"},
		{`{"text":"a","count":1.5}`, "body.count", "type"},
		{`{"text":"a","count":2.0}`, "body.count", "type"},
		{`{"text":"a","count":1e2}`, "body.count", "type"},
		{`{"text":"a","lines":[{"sku":"a","quantity":1},{"sku":"a","quantity":2.0}]}`, "body.lines[1].quantity", "type"},
		{`{"text":"a","price":{"amount":19.99,"currency":"EUR"}}`, "body.price.amount", "type"},

		{`{"text":"a","color":"blue"}`, "body.color", "enum"},
		{`{"text":"a","code":"A"}`, "body.code", "pattern"},
		{`{"text":"a","step":4}`, "body.step", "pattern"},
		{`{"text":"a","at":"yesterday"}`, "body.at", "pattern"},
		{`{"text":"a","email":"nobody"}`, "body.email", "pattern"},
		{`{"text":"a","owner":"1"}`, "body.owner", "pattern"},
		{`{"text":"a","price":{"amount":1,"currency":"eur"}}`, "body.price.currency", "pattern"},

		{`{"text":""}`, "body.text", "required"},
		{`{"text":"a","count":-1}`, "body.count", "too_small"},
		{`{"text":"a","natural":-1}`, "body.natural", "too_small"},
		{`{"text":"a","small":-2147483649}`, "body.small", "too_small"},
		{`{"text":"a","any":-99999999999999999999}`, "body.any", "too_small"},
		{`{"text":"a","any":-1e400}`, "body.any", "too_small"},
		{`{"text":"a","lines":[{"sku":"a","quantity":0}]}`, "body.lines[0].quantity", "too_small"},
		{`{"text":"a","count":1000}`, "body.count", "too_large"},
		{`{"text":"a","count":99999999999999999999}`, "body.count", "too_large"},
		{`{"text":"a","count":1e30}`, "body.count", "too_large"},
		{`{"text":"a","any":9223372036854775808}`, "body.any", "too_large"},
		{`{"text":"a","any":9007199254740992}`, "body.any", "too_large"},
		{`{"text":"a","any":1e400}`, "body.any", "too_large"},
		{`{"text":"a","small":2147483648}`, "body.small", "too_large"},
		{`{"text":"a","natural":18446744073709551616}`, "body.natural", "too_large"},
		{`{"text":"a","free":{"a":1,"b":2,"c":3,"d":4}}`, "body.free", "too_large"},
		{`{"text":"a","free":{"a":1e400}}`, "body.free.a", "too_large"},
		{`{"text":"a","price":{"amount":1000000000001,"currency":"EUR"}}`, "body.price.amount", "too_large"},
		{`{"text":"elevenchars"}`, "body.text", "too_long"},
		{`{"text":"a","nick":"four"}`, "body.nick", "too_long"},
		{`{"text":"a","lines":[{"sku":"a","quantity":1},{"sku":"a","quantity":1},{"sku":"a","quantity":1},{"sku":"a","quantity":1}]}`, "body.lines", "too_long"},

		{`{"text":"a","more":1}`, "body.more", "unknown_field"},
		{`{"text":"a","TEXT":"a"}`, "body.TEXT", "unknown_field"},
		{`{"text":"a","COUNT":5000}`, "body.COUNT", "unknown_field"},
		{`{"text":"a","lines":[{"sku":"a","quantity":1,"price":0}]}`, "body.lines[0].price", "unknown_field"},
		{`{"text":"a","count":1,"count":5000}`, "body.count", "duplicate"},

		{`{"text":"a\u0000b"}`, "body.text", "pattern"},
		{`{"text":"a","words":["a","\u0000"]}`, "body.words[1]", "pattern"},
		{`{"text":"a","free":{"a":{"b":"\u0000"}}}`, "body.free.a.b", "pattern"},
		{`{"text":"a","free":{"a\u0000":1}}`, "body.free", "pattern"},
	} {
		t.Run(c.body, func(t *testing.T) {
			g := d.do("POST", "/notes", c.body)
			g.t = t
			g.finding(c.location, c.code)
		})
	}
	if d.calls != 0 {
		t.Errorf("%d invalid bodies reached the operation", d.calls)
	}
}

func TestBody_UnreadableIsMalformed(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{})
	for name, body := range map[string]string{
		"Blank":       "   ",
		"Cut":         `{"text":"a"`,
		"CutString":   `{"text":"a`,
		"Trailing":    `{"text":"a"} {}`,
		"TrailingTxt": `{"text":"a"}x`,
		"Comma":       `{"text":"a",}`,
		"ArrayComma":  `{"text":"a","words":["a",]}`,
		"Comment":     `{"text":"a"} // no`,
		"SingleQuote": `{'text':'a'}`,
		"Control":     "{\"text\":\"a\nb\"}",
		"NaN":         `{"text":"a","count":NaN}`,
		"LeadingZero": `{"text":"a","count":01}`,
		"BOM":         "\ufeff" + `{"text":"a"}`,
		"NotUTF8":     "{\"text\":\"\xff\"}",
		"KeyNotUTF8":  "{\"text\":\"a\",\"\xff\":1}",
		"RawNUL":      "{\"text\":\"\x00\"}",
		"Deep":        `{"text":"a","free":` + strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 41),
		"VeryDeep":    strings.Repeat("[", 500_000),
	} {
		t.Run(name, func(t *testing.T) {
			g := d.do("POST", "/notes", body)
			g.t = t
			p := g.problem(http.StatusBadRequest, "malformed_json")
			if len(p.Errors) > 0 || strings.Contains(g.body, "invalid character") || strings.Contains(g.body, "unexpected") {
				t.Errorf("answered with Go's text: %s", g.body)
			}
		})
	}
	d.do("POST", "/notes", "", "Content-Type", "application/json").problem(http.StatusBadRequest, "malformed_json")
	if d.calls != 0 {
		t.Errorf("%d unreadable bodies reached the operation", d.calls)
	}
}

func TestBody_SizeAndType(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{})
	fill := func(n int) string {
		const frame = `{"text":"a"}`
		return frame + strings.Repeat(" ", n-len(frame))
	}
	d.do("POST", "/notes", fill(1<<20)).ok(201)
	d.do("POST", "/notes", fill(1<<20+1)).problem(http.StatusRequestEntityTooLarge, "body_too_large")
	for _, kind := range []string{"text/plain", "application/x-www-form-urlencoded", "application/cbor", "application/json; charset=iso-8859-1", "json", ";"} {
		d.do("POST", "/notes", `{"text":"a"}`, "Content-Type", "", "Content-Type", kind).problem(http.StatusUnsupportedMediaType, "unsupported_media_type")
	}
	for _, kind := range []string{"application/json; charset=UTF-8", "application/merge-patch+json", "Application/JSON"} {
		d.do("POST", "/notes", `{"text":"a"}`, "Content-Type", "", "Content-Type", kind).ok(201)
	}
	d.do("POST", "/notes", `{"text":"a"}`, "Content-Type", "").ok(201)
}

func TestBody_FindingsAreManyAndInOrder(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{})
	first := d.do("POST", "/notes", `{"z":1,"y":1,"x":1,"count":-1,"yes":7}`).problem(422, "validation_failed")
	var at []string
	for _, f := range first.Errors {
		at = append(at, f.Location)
	}
	if fmt.Sprint(at) != "[body.count body.text body.x body.y body.yes body.z]" {
		t.Errorf("findings at %v", at)
	}
	var many strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&many, `"u%d":1,`, i)
	}
	if p := d.do("POST", "/notes", "{"+many.String()+`"text":"a"}`).problem(422, "validation_failed"); len(p.Errors) != maxFindings {
		t.Errorf("%d findings are told", len(p.Errors))
	}
	long := strings.Repeat("é", 5000)
	if p := d.do("POST", "/notes", `{"text":"a","`+long+`":1}`).problem(422, "validation_failed"); len(p.Errors[0].Location) > maxLocation+8 {
		t.Errorf("a location of %d bytes is told", len(p.Errors[0].Location))
	}
}

func TestBody_ValuesAreNotEchoed(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{})
	for _, body := range []string{`{"text":"a","password":"hunter2"}`, `{"text":"a","email":"hunter2"}`, `{"text":"a","at":"hunter2"}`, `{"text":"hunter2 and more"}`} {
		if g := d.do("POST", "/notes", body); strings.Contains(g.body, "hunter2") {
			t.Errorf("%s is answered %s", body, g.body)
		}
	}
	if strings.Contains(d.log.String(), "hunter2") {
		t.Errorf("a value is in the log")
	}
}

func TestBody_OptionalMembers(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{})
	d.do("POST", "/notes", `{"text":"a"}`).ok(201)
	if d.note.Nick.Set || d.note.At.Set {
		t.Errorf("missing members were read as %+v", d.note)
	}
	d.do("POST", "/notes", `{"text":"a","nick":null,"at":null,"price":null}`).ok(201)
	if !d.note.Nick.Set || !d.note.Nick.Null || !d.note.At.Null || !d.note.Price.Null {
		t.Errorf("nulls were read as %+v", d.note)
	}
	d.do("POST", "/notes", `{"text":"a","nick":"b","at":"2026-01-02T03:04:05.5+01:00","price":{"amount":5,"currency":"EUR"}}`).ok(201)
	if d.note.Nick.Value != "b" || d.note.Nick.Null || d.note.At.Value.Format("15:04:05.0 MST") != "02:04:05.5 UTC" || d.note.Price.Value.Amount != 5 {
		t.Errorf("values were read as %+v", d.note)
	}
}

func TestParameters_FindingsHaveCodesAtTheirPlace(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{})
	for _, c := range []struct{ target, location, code string }{
		{"/notes?page=-1", "query.page", "too_small"},
		{"/notes?page=0", "query.page", "too_small"},
		{"/notes?page=a", "query.page", "type"},
		{"/notes?page=1.5", "query.page", "type"},
		{"/notes?page=1e9", "query.page", "type"},
		{"/notes?page=99999999999999999999", "query.page", "too_large"},
		{"/notes?page=-99999999999999999999", "query.page", "too_small"},
		{"/notes?page=-", "query.page", "type"},
		{"/notes?limit=101", "query.limit", "too_large"},
		{"/notes?limit=4294967297", "query.limit", "too_large"},
		{"/notes?q=sixsix", "query.q", "too_long"},
		{"/notes?q=%00", "query.q", "pattern"},
		{"/notes?q=%zz", "query", "pattern"},
		{"/notes?q=a;b=c", "query", "pattern"},
		{"/notes?q=%ff", "query.q", "pattern"},
		{"/notes?sort=c", "query.sort", "enum"},
		{"/notes?exact=maybe", "query.exact", "type"},
		{"/notes?brand=a&brand=b&brand=c", "query.brand", "too_long"},
		{"/notes?owner=1", "query.owner", "pattern"},
		{"/notes?limit=", "query.limit", "type"},
		{"/notes?utm=1&page", "query.page", "type"},
		{"/notes?exact=", "query.exact", "type"},
		{"/notes?sort=", "query.sort", "enum"},
		{"/notes?owner=", "query.owner", "pattern"},
		{"/notes?brand=&brand=a", "query.brand", "pattern"},
		{"/notes?cursor=x", "query.cursor", "pattern"},
		{"/notes/" + strings.Repeat("a", 121), "path.slug", "too_long"},
		{"/notes/a%00", "path.slug", "pattern"},
		{"/notes/%ff", "path.slug", "pattern"},
	} {
		t.Run(c.target, func(t *testing.T) {
			g := d.do("GET", c.target, "")
			g.t = t
			g.finding(c.location, c.code)
		})
	}
	d.do("GET", "/notes?unknown=%00&utm=&page=2&q=&brand=a&brand=b", "").ok(200)
	d.do("PATCH", "/admin/notes/7", "{}", "Authorization", "Bearer root-key", "If-Match", "*").finding("path.id", "pattern")
}

func TestFindings_TextsOfHumaThatNothingProvokes(t *testing.T) {
	t.Parallel()
	for text, code := range map[string]string{
		"expected array items to be unique":                        "duplicate",
		"required header parameter is missing":                     "required",
		"invalid float":                                            "type",
		"invalid date/time for format 2006-01-02T15:04:05Z07:00":   "pattern",
		"invalid value: parsing time \"x\": poison":                "pattern",
		"expected string to be RFC 4122 uuid: invalid UUID length": "pattern",
		"expected number > 5":                                      "too_small",
		"expected number < 5":                                      "too_large",
		"a text that huma did not have when this was written":      "type",
	} {
		f := translator(findings()).field(&huma.ErrorDetail{Location: "query.x", Message: text})
		if f.Code != code || strings.Contains(f.Message, "poison") || strings.Contains(f.Message, "huma") {
			t.Errorf("%q became %+v, want %s", text, f, code)
		}
	}
	f := translator(findings()).field(&huma.ErrorDetail{Location: "body", Message: "expected property a to be present when b is present"})
	if f != (FieldError{"body.a", "required", "is required"}) {
		t.Errorf("a dependent member became %+v", f)
	}
}

func TestRegister_RefusesWhatCannotBeChecked(t *testing.T) {
	t.Parallel()
	refused := func(name string, declare func(e *edge)) {
		t.Helper()
		defer func() {
			if recover() == nil {
				t.Errorf("%s was registered", name)
			}
		}()
		declare(newEdge(Options{}))
	}
	op := operation{ID: "x", Method: "POST", Path: "/x", Summary: "X"}
	refused("a float", func(e *edge) {
		register[struct{ Body struct{ F float64 } }, nothing](e, op, nil)
	})
	refused("a float parameter", func(e *edge) {
		register[struct {
			F float64 `query:"f"`
		}, nothing](e, op, nil)
	})
	refused("unique items", func(e *edge) {
		register[struct {
			Body struct {
				F []string `uniqueItems:"true"`
			}
		}, nothing](e, op, nil)
	})
	refused("a Null", func(e *edge) { register[struct{ Body struct{ F Null[Money] } }, nothing](e, op, nil) })
}

func FuzzBody(f *testing.F) {
	d := newDesk(f, Options{})
	for _, seed := range []string{`{"text":"a","price":{"amount":1,"currency":"EUR"},"lines":[{"sku":"a","quantity":1}]}`, `{"text":"a","free":{"a":[1,2.0,1e400,null,true]}}`, "{\"\xff\":1}", `[[[`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if len(body) == 0 {
			return
		}
		d.t = t
		g := d.do("POST", "/notes", string(body))
		switch g.status {
		case 201, 400, 422, 413:
		default:
			t.Fatalf("%q is answered %d %s", body, g.status, g.body)
		}
	})
}
