package httpapi

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"

	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"
)

// document returns the OpenAPI document of everything registered so far.
func (e *edge) document() ([]byte, error) { return json.MarshalIndent(e.api.OpenAPI(), "", "  ") }

// serveDocs serves the document and a reference page that needs no other host.
func (e *edge) serveDocs() {
	asJSON := sync.OnceValues(e.document)
	asYAML := sync.OnceValues(e.api.OpenAPI().YAML)
	e.mux.HandleFunc("GET /openapi.json", e.text("application/json", asJSON))
	e.mux.HandleFunc("GET /openapi.yaml", e.text("application/yaml", asYAML))

	page := v5emb.NewHandlerWithConfig(swgui.Config{
		Title: "Bodega", SwaggerJSON: "/openapi.json", BasePath: "/docs/",
		SettingsUI: map[string]string{"defaultModelsExpandDepth": "1", "docExpansion": `"list"`, "tagsSorter": `"alpha"`},
	})
	serve := func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' data:; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; frame-ancestors 'none'")
		h.Set("Cache-Control", "public, max-age=300")
		page.ServeHTTP(w, r)
	}
	e.mux.HandleFunc("GET /docs", serve)
	e.mux.HandleFunc("GET /docs/", serve)
}

func (e *edge) text(contentType string, make func() ([]byte, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		b, err := make()
		if err != nil {
			exchangeOf(r.Context()).fail(err)
			return
		}
		h := w.Header()
		h.Set("Content-Type", contentType)
		h.Set("Cache-Control", "public, max-age=60")
		h.Set("Content-Length", strconv.Itoa(len(b)))
		_, _ = w.Write(b) //nolint:errcheck // the client is gone
	}
}
