package httpapi

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
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
	},
	) (*reply[Note], error) {
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

// stocked returns a shop of 2,000 products with three variants each, whose
// first reads are cached as in the server.
func stocked(b *testing.B) *counter {
	b.Helper()
	c := newCounter(b, withCaches)
	var feed bytes.Buffer
	for i := range 2000 {
		for j, size := range []string{"S", "M", "L"} {
			fmt.Fprintf(&feed, `{"sku":"P%d-%s","title":"Shirt number %d","price":{"amount":%d,"currency":"EUR"},"brand":"Brand %d","category":["Clothing","Shirts %d"],`+
				`"description":"A shirt of soft, heavy cotton that lasts.","attributes":{"color":%q,"weight":%d,"washable":true},"family":"p%d","options":{"size":%q},"stock":%d}`+"\n",
				i, size, i, 1000+i%97*50+j*100, i%20, i%25, []string{"red", "green", "blue", "black", "white"}[i%5], 100+i%40, i, size, i%7)
		}
	}
	r, err := c.shop.Imports.Run(b.Context(), core.RunImport{By: account.System("bench"), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(feed.Bytes())), nil
	}})
	if err != nil || r.Created != 6000 {
		b.Fatalf("%+v, %v", r, err)
	}
	if _, err := c.shop.Search.Rebuild(b.Context(), core.RebuildIndex{By: account.System("bench")}); err != nil {
		b.Fatal(err)
	}
	return c
}

// What a request costs within the server, from the parsed request to the
// written answer.
func BenchmarkShop(b *testing.B) {
	c := stocked(b)
	for _, read := range []struct{ name, target string }{
		{"Detail", "/v1/products/shirt-number-%d"},
		{"List20", "/v1/products?per_page=20&page=%d"},
		{"Category20", "/v1/search?category=shirts-%d&per_page=20"},
		{"Search", "/v1/search?q=shirt&per_page=24&page=%d"},
	} {
		b.Run(read.name, func(b *testing.B) {
			size := 0
			w := &counting{discard: discard{http.Header{}}}
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				n := i % 20
				if read.name == "Detail" {
					n = i % 2000
				}
				target := fmt.Sprintf(read.target, n+1)
				if read.name == "Detail" && n == 1999 {
					target = fmt.Sprintf(read.target, 1)
				}
				r := httptest.NewRequestWithContext(context.Background(), "GET", target, nil)
				clear(w.h)
				w.status = 0
				c.ServeHTTP(w, r)
				if w.status != http.StatusOK {
					b.Fatalf("%s: %d", target, w.status)
				}
				size = w.n
				w.n = 0
			}
			b.ReportMetric(float64(size), "answer-bytes")
		})
	}
}

// counting is a ResponseWriter that only counts.
type counting struct {
	discard
	status, n int
}

func (c *counting) WriteHeader(status int) { c.status = status }

func (c *counting) Write(b []byte) (int, error) { c.n += len(b); return len(b), nil }
