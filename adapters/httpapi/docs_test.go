package httpapi

import (
	"bytes"
	"encoding/json"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"
)

func TestDocument_RequestsAreStrictAndAnswersGrow(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{Version: "1.2.3"})
	g := d.do("GET", "/openapi.json", "").ok(200)
	var doc struct {
		OpenAPI string
		Info    struct{ Version string }
		Paths   map[string]map[string]struct {
			OperationID string
			Security    []any
			Parameters  []struct{ Name, In string }
			Responses   map[string]struct {
				Content map[string]struct {
					Schema map[string]any
				}
			}
		}
		Components struct {
			Schemas map[string]map[string]any
		}
	}
	if err := json.Unmarshal([]byte(g.body), &doc); err != nil {
		t.Fatal(err)
	}
	if doc.OpenAPI != "3.1.0" || doc.Info.Version != "1.2.3" {
		t.Errorf("OpenAPI %s of version %s", doc.OpenAPI, doc.Info.Version)
	}
	schemas := doc.Components.Schemas
	for name, strict := range map[string]bool{"MoneyInput": true, "NoteRequest": true, "NoteLineInput": true, "Money": false, "Note": false, "NoteLine": false, "PageNote": false, "Problem": false} {
		s, ok := schemas[name]
		if _, closed := s["additionalProperties"]; !ok || closed != strict {
			t.Errorf("%s is there: %v, closed: %v", name, ok, closed)
		}
	}
	for name := range schemas {
		if strings.HasPrefix(name, "Error") {
			t.Errorf("huma's %s is documented", name)
		}
	}
	for _, ref := range regexp.MustCompile(`"#/components/schemas/(\w+)"`).FindAllStringSubmatch(g.body, -1) {
		if schemas[ref[1]] == nil {
			t.Errorf("%s is referred to and not there", ref[1])
		}
	}
	price, _ := json.Marshal(schemas["Note"]["properties"].(map[string]any)["price"])
	if string(price) != `{"anyOf":[{"$ref":"#/components/schemas/Money"},{"type":"null"}]}` {
		t.Errorf("a nullable object is %s", price)
	}
	ids := map[string]bool{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.OperationID == "" || ids[op.OperationID] {
				t.Errorf("%s %s has the id %q", method, path, op.OperationID)
			}
			ids[op.OperationID] = true
			if ref := op.Responses["default"].Content[problemType].Schema["$ref"]; ref != "#/components/schemas/Problem" {
				t.Errorf("%s %s fails with %v", method, path, ref)
			}
		}
	}
	patch := doc.Paths["/admin/notes/{id}"]["patch"]
	var headers []string
	for _, p := range patch.Parameters {
		headers = append(headers, p.In+" "+p.Name)
	}
	if len(patch.Security) == 0 || strings.Join(headers, ",") != "path id,header If-Match" {
		t.Errorf("a guarded write has %v and %v", patch.Security, headers)
	}
	if y := d.do("GET", "/openapi.yaml", "").ok(200); !strings.Contains(y.body, "openapi: 3.1.0") || !strings.Contains(y.body, "operationId: createNote") {
		t.Errorf("the YAML begins %.200s", y.body)
	}
	if d.do("GET", "/openapi.json", "").body != g.body {
		t.Errorf("the document changed")
	}
}

func TestDocs_NeedNoOtherHost(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{})
	page := d.do("GET", "/docs", "").ok(200)
	if !strings.HasPrefix(page.header.Get("Content-Type"), "text/html") || !strings.Contains(page.header.Get("Content-Security-Policy"), "default-src 'self'") {
		t.Errorf("headers %v", page.header)
	}
	for _, m := range regexp.MustCompile(`(?:src|href)="([^"]+)"`).FindAllStringSubmatch(page.body, -1) {
		r := httptest.NewRequestWithContext(t.Context(), "GET", m[1], nil)
		r.Header.Set("Accept-Encoding", "gzip")
		if g := d.send(r); !strings.HasPrefix(m[1], "/docs/") || g.status != 200 || len(g.body) == 0 {
			t.Errorf("%s is answered %d with %d bytes", m[1], g.status, len(g.body))
		}
	}
	d.do("GET", "/docs/nowhere", "").problem(404, "not_found")
}

// docs/openapi.yaml is what clients read before they have a shop: make generate
// writes it.
func TestDocument_IsTheOneInTheDocs(t *testing.T) {
	t.Parallel()
	var now bytes.Buffer
	if err := WriteDocument(&now); err != nil {
		t.Fatal(err)
	}
	kept, err := os.ReadFile("../../docs/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, now.Bytes()) {
		t.Error("docs/openapi.yaml is old: make generate")
	}
}

func TestDocument_SaysWhichHeadersAWriteTakes(t *testing.T) {
	t.Parallel()
	operations := newCounter(t).operations()
	for id, want := range map[string]string{
		"patchProduct": "If-Match!", "defineAttribute": "If-Match If-None-Match", "deleteProduct": "If-Match", "setCartLine": "X-Cart-Token If-Match",
		"addVariant": "Idempotency-Key If-Match", "checkout": "X-Cart-Token Idempotency-Key!", "createCart": "",
	} {
		var headers []string
		for _, p := range operations[id].Parameters {
			switch {
			case p.In == "header" && p.Required:
				headers = append(headers, p.Name+"!")
			case p.In == "header":
				headers = append(headers, p.Name)
			}
		}
		if got := strings.Join(headers, " "); got != want {
			t.Errorf("%s takes %q, want %q", id, got, want)
		}
	}
}
