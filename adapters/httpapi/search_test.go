package httpapi

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// Whatever stands behind the question mark is answered or refused.
func FuzzSearchQuery(f *testing.F) {
	c := newCounter(f).worked()
	c.product("SOFA", 1000, 1)
	soon(f, "the product is found", func() bool { return read[SearchResult](c.do("GET", "/v1/search?q=sofa", "").ok(200)).Total == 1 })
	for _, seed := range []string{
		"q=sofa&page=1&per_page=24", "q=\x00", "q=%zz", "q=\xff&exact=1", "brand=a&brand=b&attr=color:red&attr=weight:1..2", "attr=weight:NaN..1e400", "attr=:..", "q=a;b",
		"price_min=-0&price_max=1e400", "min_rating=4.55&in_stock=true", "page=9223372036854775808", "limit=3&q=so", "cursor=x&limit=1", "sort=relevance&category=a", "&&==&q",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, query string) {
		c := c.in(t)
		for _, path := range []string{"/v1/search", "/v1/search/suggest", "/v1/products"} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
			r.URL.RawQuery = query
			switch g := c.send(r); g.status {
			case http.StatusOK, http.StatusBadRequest, http.StatusUnprocessableEntity:
			default:
				t.Errorf("%s?%q is answered %d %s", path, query, g.status, g.body)
			}
		}
	})
}
