package httpapi

import (
	"reflect"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
)

func TestPages_SameUntilSomethingSeenOfThemChanges(t *testing.T) {
	t.Parallel()
	c := newCounter(t).worked()
	p := c.product("CUP", 1000, 1)
	c.product("MUG", 1200, 10)
	c.quiet()
	targets := []string{"/v1/products?per_page=20", "/v1/search?per_page=20", "/v1/search?q=cup"}
	now := func(target string) (body, tag string) {
		t.Helper()
		first, again := c.do("GET", target, "").ok(200), c.do("GET", target, "").ok(200)
		without := func(g got) string {
			if id := read[SearchResult](g).SearchID; id != "" {
				return strings.Replace(g.body, id, "", 1)
			}
			return g.body
		}
		if body, tag = without(first), first.header.Get("ETag"); without(again) != body || again.header.Get("ETag") != tag || tag == "" {
			t.Fatalf("%s: first %s\n%s\nthen %s\n%s", target, tag, first.body, again.header.Get("ETag"), again.body)
		}
		if strings.HasPrefix(target, "/v1/search") && first.body == again.body {
			t.Errorf("%s: two searches have one id", target)
		}
		return body, tag
	}
	body, tags := map[string]string{}, map[string]string{}
	for _, target := range targets {
		body[target], tags[target] = now(target)
	}
	for _, change := range []struct {
		what string
		make func()
	}{
		{"a new name", func() {
			c.admin("PATCH", "/v1/admin/products/"+p.ProductID, `{"name":"Cup of tin"}`, "If-Match", "*").ok(200)
		}},
		{"the last sale", func() { c.basket("CUP", 1).checkout("k", "tok_ok", 1490).ok(201) }},
		{"the end of it", func() {
			c.admin("PATCH", "/v1/admin/products/"+p.ProductID, `{"status":"archived"}`, "If-Match", "*").ok(200)
		}},
	} {
		change.make()
		c.quiet()
		for _, target := range targets {
			b, tag := now(target)
			if b == body[target] || tag == tags[target] {
				t.Errorf("%s looks the same after %s: %s", target, change.what, b)
			}
			body[target], tags[target] = b, tag
		}
	}
}

// Whatever is sent of a result decides the key it is kept under.
func TestPages_KeyOfSearch(t *testing.T) {
	t.Parallel()
	pages := newPages()
	full := func() *core.FoundProducts {
		return &core.FoundProducts{
			Page: 1, PerPage: 20, MaxPage: 50, ID: "x",
			Looks: 7,
			Result: search.Result{
				Hits:  []search.Hit{{SKU: "A", Matching: []id.SKU{"A", "B"}, Highlights: map[string][][2]int{"name": {{0, 1}}}}},
				Total: 1, Corrected: "a", Price: &search.PriceRange{Min: 1, Max: 2}, Histogram: []search.PriceBucket{{From: 1, To: 2, Count: 1}},
				Facets: []search.Facet{
					{Name: "brand", Label: "Brand", Type: search.Terms, Values: []search.FacetValue{{Value: "a", Label: "A", Parent: "p", Count: 1}}},
					{Name: "watts", Label: "Watts", Type: search.Ranges, Unit: "W", Min: 1, Max: 2, Buckets: []search.Bucket{{From: 1, To: 2, Count: 1}}},
				},
			},
		}
	}
	key := func(f *core.FoundProducts) uint64 { return pages.look(func(s *sum) { s.search(f) }).key }
	same := key(full())
	other := full()
	other.ID = "y"
	if key(other) != same {
		t.Error("an answer is kept under the search's id")
	}
	for what, change := range map[string]func(*core.FoundProducts){
		"page": func(f *core.FoundProducts) { f.Page++ }, "per page": func(f *core.FoundProducts) { f.PerPage++ }, "last page": func(f *core.FoundProducts) { f.MaxPage++ },
		"redirect": func(f *core.FoundProducts) { f.Redirect = "/a" }, "degraded": func(f *core.FoundProducts) { f.Degraded = true }, "approximate": func(f *core.FoundProducts) { f.Approximate = true },
		"total": func(f *core.FoundProducts) { f.Total++ }, "corrected": func(f *core.FoundProducts) { f.Corrected = "" },
		"hits": func(f *core.FoundProducts) { f.Hits = nil }, "product": func(f *core.FoundProducts) { f.Looks++ },
		"sku": func(f *core.FoundProducts) { f.Hits[0].SKU = "B" }, "matching": func(f *core.FoundProducts) { f.Hits[0].Matching[1] = "C" },
		"highlights": func(f *core.FoundProducts) { f.Hits[0].Highlights["name"][0][1]++ },
		"marked":     func(f *core.FoundProducts) { f.Hits[0].Highlights = map[string][][2]int{"brand": {{0, 1}}} },
		"no price":   func(f *core.FoundProducts) { f.Price = nil }, "price": func(f *core.FoundProducts) { f.Price.Max++ },
		"histogram": func(f *core.FoundProducts) { f.Histogram[0].Count++ }, "facets": func(f *core.FoundProducts) { f.Facets = f.Facets[:1] },
		"label": func(f *core.FoundProducts) { f.Facets[0].Label = "b" }, "value": func(f *core.FoundProducts) { f.Facets[0].Values[0].Value = "b" },
		"value's label": func(f *core.FoundProducts) { f.Facets[0].Values[0].Label = "b" }, "parent": func(f *core.FoundProducts) { f.Facets[0].Values[0].Parent = "" },
		"count": func(f *core.FoundProducts) { f.Facets[0].Values[0].Count++ }, "selected": func(f *core.FoundProducts) { f.Facets[0].Values[0].Selected = true },
		"unit": func(f *core.FoundProducts) { f.Facets[1].Unit = "V" }, "least": func(f *core.FoundProducts) { f.Facets[1].Min-- }, "most": func(f *core.FoundProducts) { f.Facets[1].Max++ },
		"bucket": func(f *core.FoundProducts) { f.Facets[1].Buckets[0].To++ }, "bucket's count": func(f *core.FoundProducts) { f.Facets[1].Buckets[0].Count++ },
		"selected bucket": func(f *core.FoundProducts) { f.Facets[1].Buckets[0].Selected = true },
	} {
		f := full()
		change(f)
		if key(f) == same {
			t.Errorf("another %s has the same key", what)
		}
	}
	for of, members := range map[reflect.Type]int{
		reflect.TypeFor[search.Result](): 7, reflect.TypeFor[search.Hit](): 5, reflect.TypeFor[search.Facet](): 8,
		reflect.TypeFor[search.FacetValue](): 5, reflect.TypeFor[search.Bucket](): 4, reflect.TypeFor[core.FoundProducts](): 9,
	} {
		if n := of.NumField(); n != members {
			t.Errorf("%s has %d members, not %d: does the new one decide the key?", of, n, members)
		}
	}
}

func TestKeeper_IsBounded(t *testing.T) {
	t.Parallel()
	k := keeper[int, page]{most: 100}
	for i := range 1000 {
		k.put(i, page{body: make([]byte, 10)})
		k.put(i, page{body: make([]byte, 20)}) // in its place
	}
	if n := len(k.young) + len(k.old); n > 10 {
		t.Errorf("%d of 20 bytes are kept in twice 100", n)
	}
	if v, ok := k.get(999); !ok || len(v.body) != 20 {
		t.Errorf("of the newest: %v, %v", v, ok)
	}
	if _, ok := k.get(0); ok {
		t.Error("the oldest is still there")
	}
}
