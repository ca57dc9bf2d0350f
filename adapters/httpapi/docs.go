package httpapi

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"sync"

	"github.com/swaggest/swgui"
	"github.com/swaggest/swgui/v5emb"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/ports"
)

// document returns the OpenAPI document of everything registered so far.
func (e *edge) document() ([]byte, error) { return json.MarshalIndent(e.api.OpenAPI(), "", "  ") }

// WriteDocument writes the OpenAPI document of every operation there is, as YAML.
func WriteDocument(w io.Writer) error {
	var none struct {
		ports.DeadJobs
		ports.Auditor
	}
	a := newShopAPI(new(core.Shop), Options{
		Version: "v1", DeadJobs: none, Auditor: none, Backup: func(context.Context, io.Writer) error { return nil },
	})
	b, err := a.api.OpenAPI().YAML()
	if err != nil {
		return err
	}
	_, err = w.Write(b)
	return err
}

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
		h.Set("Referrer-Policy", "no-referrer")
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
		_, _ = w.Write(b) // the client is gone
	}
}
