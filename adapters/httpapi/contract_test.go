package httpapi

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// checkAnswer holds an answer against the document: its operation, status,
// content type and body. Every test of an operation goes through it. It is
// independent of huma's own validation, which is lenient about null.
func checkAnswer(t testing.TB, e *edge, r *http.Request, g got) {
	t.Helper()
	_, pattern := e.mux.Handler(r)
	_, path, _ := strings.Cut(pattern, " ")
	op := operationAt(e.api.OpenAPI(), strings.Replace(path, "...}", "}", 1), r.Method)
	if op == nil || g.status == http.StatusTemporaryRedirect {
		return // not of the API, or answered by the mux
	}
	documented := op.Responses[strconv.Itoa(g.status)]
	if documented == nil && (g.status >= 400 || len(g.body) == 0) {
		documented = op.Responses["default"]
	}
	if documented == nil {
		t.Fatalf("%s answers %d, which is not documented", op.OperationID, g.status)
	}
	if len(g.body) == 0 {
		if g.status != http.StatusNotModified && g.status != http.StatusMovedPermanently && len(documented.Content) > 0 && r.Method != http.MethodHead {
			t.Fatalf("%s answers %d without the documented body", op.OperationID, g.status)
		}
		return
	}
	kind, _, err := mime.ParseMediaType(g.header.Get("Content-Type"))
	media := documented.Content[kind]
	if family, _, _ := strings.Cut(kind, "/"); media == nil {
		media = documented.Content[family+"/*"]
	}
	if err != nil || media == nil {
		t.Fatalf("%s answers %d as %q, which is not documented", op.OperationID, g.status, g.header.Get("Content-Type"))
	}
	if kind != "application/json" && kind != problemType {
		return
	}
	var v any
	if err := json.Unmarshal([]byte(g.body), &v); err != nil {
		t.Fatalf("%s answers %d with %q: %v", op.OperationID, g.status, g.body, err)
	}
	schemas := e.api.OpenAPI().Components.Schemas
	if err := conforms(schemas, media.Schema, v, "body"); err != nil {
		t.Fatalf("%s answers %d against its schema: %v\n%s", op.OperationID, g.status, err, g.body)
	}
}

func operationAt(doc *huma.OpenAPI, path, method string) *huma.Operation {
	item := doc.Paths[path]
	if item == nil {
		return nil
	}
	switch method {
	case http.MethodGet, http.MethodHead:
		return item.Get
	case http.MethodPost:
		return item.Post
	case http.MethodPut:
		return item.Put
	case http.MethodPatch:
		return item.Patch
	case http.MethodDelete:
		return item.Delete
	}
	return nil
}

// conforms is JSON Schema as far as the document uses it.
func conforms(schemas huma.Registry, s *huma.Schema, v any, at string) error {
	s = resolve(schemas, s)
	if len(s.AnyOf) > 0 {
		var errs []string
		for _, one := range s.AnyOf {
			err := conforms(schemas, one, v, at)
			if err == nil {
				return nil
			}
			errs = append(errs, err.Error())
		}
		return fmt.Errorf("%s fits none of: %s", at, strings.Join(errs, "; "))
	}
	if v == nil && s.Nullable {
		return nil
	}
	if len(s.Enum) > 0 && !slices.Contains(s.Enum, v) {
		return fmt.Errorf("%s is %v, not one of %v", at, v, s.Enum)
	}
	wrong := fmt.Errorf("%s is %v, not %s", at, v, s.Type)
	switch s.Type {
	case "":
		return nil
	case "null":
		if v != nil {
			return wrong
		}
	case huma.TypeBoolean:
		if _, ok := v.(bool); !ok {
			return wrong
		}
	case huma.TypeInteger, huma.TypeNumber:
		n, ok := v.(float64)
		if !ok || s.Type == huma.TypeInteger && n != float64(int64(n)) || s.Minimum != nil && n < *s.Minimum || s.Maximum != nil && n > *s.Maximum {
			return wrong
		}
	case huma.TypeString:
		text, ok := v.(string)
		if !ok || s.Pattern != "" && !regexp.MustCompile(s.Pattern).MatchString(text) {
			return wrong
		}
		if _, err := time.Parse("2006-01-02T15:04:05.000000Z", text); s.Format == "date-time" && err != nil {
			return fmt.Errorf("%s: %w", at, err)
		}
	case huma.TypeArray:
		items, ok := v.([]any)
		if !ok {
			return wrong
		}
		for i, item := range items {
			if err := conforms(schemas, s.Items, item, fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
	case huma.TypeObject:
		return conformsObject(schemas, s, v, at)
	default:
		return fmt.Errorf("%s: unknown type %q in the document", at, s.Type)
	}
	return nil
}

func conformsObject(schemas huma.Registry, s *huma.Schema, v any, at string) error {
	o, ok := v.(map[string]any)
	if !ok {
		return fmt.Errorf("%s is %v, not an object", at, v)
	}
	for _, name := range s.Required {
		if _, ok := o[name]; !ok {
			return fmt.Errorf("%s lacks %s", at, name)
		}
	}
	for name, member := range o {
		inner := s.Properties[name]
		if inner == nil {
			inner, _ = s.AdditionalProperties.(*huma.Schema)
		}
		if inner == nil {
			continue // answers may grow
		}
		if err := conforms(schemas, inner, member, at+"."+name); err != nil {
			return err
		}
	}
	return nil
}

func TestContract_FindsWhatDoesNotConform(t *testing.T) {
	t.Parallel()
	e := newDesk(t, Options{}).edge
	schemas := e.api.OpenAPI().Components.Schemas
	schema := schemas.Map()["Note"]
	good := `{"id":"a","text":"t","price":null,"at":"2026-01-02T03:04:05.000000Z","lines":[{"sku":"a","quantity":1}],"nick":null,"until":null,"first":{"sku":"a","quantity":1},"new":1}`
	for _, c := range []struct{ old, new, want string }{
		{"", "", ""},
		{`"id":"a",`, ``, "lacks id"},
		{`"lines":[{"sku":"a","quantity":1}]`, `"lines":null`, "body.lines"},
		{`"quantity":1}]`, `"quantity":1.5}]`, "body.lines[0].quantity"},
		{`"price":null`, `"price":{"amount":1}`, "body.price fits none"},
		{`05.000000Z`, `05Z`, "body.at"},
		{`"text":"t"`, `"text":null`, "body.text"},
		{`"first":{"sku":"a","quantity":1}`, `"first":"a"`, "body.first"},
	} {
		var v any
		if err := json.Unmarshal([]byte(strings.Replace(good, c.old, c.new, 1)), &v); err != nil {
			t.Fatal(err)
		}
		err := conforms(schemas, schema, v, "body")
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s → %s: got %v, want %q", c.old, c.new, err, c.want)
		}
	}
}
