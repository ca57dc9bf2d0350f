package httpapi

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// discard is a ResponseWriter that keeps nothing.
type discard struct{ h http.Header }

func (d *discard) Header() http.Header         { return d.h }
func (d *discard) WriteHeader(int)             {}
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

// What the edge costs a request beside net/http itself: an answer from bytes,
// one that is encoded, a body that is checked, a problem.
func BenchmarkEdge(b *testing.B) {
	e := newEdge(Options{Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), Secrets: [][]byte{[]byte("k")}})
	rendered := []byte(`{"id":"a","text":"` + strings.Repeat("x", 2600) + `"}`)
	note := Note{ID: "a", Text: strings.Repeat("x", 100), Price: Some(Money{100, "EUR"}), Lines: make([]NoteLine, 20)}
	register(e, operation{ID: "bytes", Method: "GET", Path: "/bytes/{id}", Cache: "public"}, func(context.Context, *struct {
		ID string `path:"id"`
	}) (*reply[Note], error) {
		return &reply[Note]{Rendered: rendered, ETag: `W/"1"`}, nil
	})
	register(e, operation{ID: "struct", Method: "GET", Path: "/struct", Cache: "public"}, func(context.Context, *struct{}) (*reply[Note], error) {
		return &reply[Note]{Body: note}, nil
	})
	register(e, operation{ID: "body", Method: "POST", Path: "/body"}, func(context.Context, *struct{ Body noteRequest }) (*reply[nothing], error) {
		return &reply[nothing]{}, nil
	})
	for _, c := range []struct{ name, method, target, body string }{
		{"Rendered", "GET", "/bytes/7", ""},
		{"Encoded", "GET", "/struct", ""},
		{"Body", "POST", "/body", `{"text":"a","price":{"amount":1,"currency":"EUR"},"lines":[{"sku":"a","quantity":1}]}`},
		{"Problem", "GET", "/nowhere", ""},
	} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequestWithContext(context.Background(), c.method, c.target, strings.NewReader(c.body))
				e.ServeHTTP(&discard{http.Header{}}, r)
			}
		})
	}
}
