package httpapi

import (
	"fmt"
	"strings"
	"testing"
)

func TestSynonyms_AreReadReplacedAndInForce(t *testing.T) {
	t.Parallel()
	c := newCounter(t).worked()
	c.product("SOFA", 1000, 1)
	soon(t, "the product is found", func() bool { return read[SearchResult](c.do("GET", "/v1/search?q=sofa", "").ok(200)).Total == 1 })

	const at = "/v1/admin/search/synonyms"
	g := c.admin("GET", at, "").ok(200)
	if g.body != `{"rules":[],"version":1,"updated_at":null}`+"\n" || g.header.Get("ETag") != `"1"` {
		t.Errorf("in the beginning %s, %s", g.body, g.header.Get("ETag"))
	}
	rules := `{"rules":[{"terms":["sofa","couch"]},{"terms":["settee"],"to":["sofa"]}]}`
	c.admin("PUT", at, rules).problem(428, "if_match_required")
	saved := c.admin("PUT", at, rules, "If-Match", `"1"`).ok(200)
	if s := read[Synonyms](saved); s.Version != 2 || len(s.Rules) != 2 || len(s.Rules[0].To) != 0 || s.Rules[1].To[0] != "sofa" || saved.header.Get("ETag") != `"2"` {
		t.Errorf("saved %s", saved.body)
	}
	if g := c.admin("GET", at, "").ok(200); g.body != saved.body {
		t.Errorf("read %s, saved %s", g.body, saved.body)
	}
	if r := read[SearchResult](c.do("GET", "/v1/search?q=SETTEE", "").ok(200)); r.Total != 1 || r.CorrectedQuery != nil {
		t.Errorf("found %+v", r)
	}
	c.admin("PUT", at, rules, "If-Match", `"1"`).problem(412, "version_conflict")
	c.admin("PUT", at, `{"rules":[{"terms":["sofa","?!"]}]}`, "If-Match", "*").finding("body.rules[0].terms[1]", "pattern")
	c.admin("PUT", at, `{"rules":[{"terms":["sofa"]}]}`, "If-Match", "*").finding("body.rules[0].terms", "required")
	c.admin("PUT", at, `{"rules":[{"terms":["sofa","couch"],"words":["sofa"]}]}`, "If-Match", "*").finding("body.rules[0].words", "unknown_field")
	c.admin("PUT", at, `{"rules":[{"terms":["sofa","`+strings.Repeat("a", 10_000)+`"]}]}`, "If-Match", "*").finding("body.rules[0].terms[1]", "too_long")
	c.admin("PUT", at, `{"rules":[{"terms":["sofa","a\u0000b"]}]}`, "If-Match", "*").problem(422, "validation_failed")
	c.do("GET", at, "").problem(401, "unauthenticated")
	c.do("PUT", at, rules, "If-Match", "*", "Authorization", "Bearer idle-key").problem(403, "permission_denied")
}

func TestSynonyms_TenThousandRules(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	var b strings.Builder
	for i := range 10_000 {
		fmt.Fprintf(&b, `,{"terms":["word%d","term number %d"]}`, i, i)
	}
	const at = "/v1/admin/search/synonyms"
	many := b.String()[1:]
	if s := read[Synonyms](c.admin("PUT", at, `{"rules":[`+many+`]}`, "If-Match", "*").ok(200)); len(s.Rules) != 10_000 || s.Version != 2 {
		t.Errorf("version %d of %d rules", s.Version, len(s.Rules))
	}
	c.admin("PUT", at, `{"rules":[{"terms":["one","more"]},`+many+`]}`, "If-Match", "*").finding("body.rules", "too_long")
}

func TestSearchRules_AreReadReplacedAndInForce(t *testing.T) {
	t.Parallel()
	c := newCounter(t).worked()
	sofa, bed := c.product("SOFA", 1000, 1), c.product("BED", 1000, 1)
	soon(t, "the products are found", func() bool { return read[SearchResult](c.do("GET", "/v1/search?q=product", "").ok(200)).Total == 2 })

	const at = "/v1/admin/search/rules"
	if g := c.admin("GET", at, "").ok(200); g.body != `{"rules":[],"version":1,"updated_at":null}`+"\n" {
		t.Errorf("in the beginning %s", g.body)
	}
	ask := func(want string, skus ...string) {
		t.Helper()
		r := read[SearchResult](c.do("GET", "/v1/search?q=product", "").ok(200))
		got := ""
		if r.Redirect != nil {
			got = *r.Redirect
		}
		if got != want || len(r.Items) != 2 || r.Items[0].SKU != skus[0] || r.Items[1].SKU != skus[1] {
			t.Errorf("leads to %q, want %q; finds %+v", got, want, r.Items)
		}
	}
	rule := func(redirect, pinned, buried string) string {
		return fmt.Sprintf(`{"rules":[{"queries":["products"],"redirect":%s,"pinned":[%q],"buried":[%q]}]}`, redirect, pinned, buried)
	}
	saved := c.admin("PUT", at, rule(`"/all"`, sofa.ProductID, bed.ProductID), "If-Match", `"1"`).ok(200)
	ask("/all", "SOFA", "BED")
	if g := c.admin("GET", at, "").ok(200); g.body != saved.body || g.header.Get("ETag") != `"2"` {
		t.Errorf("read %s, saved %s", g.body, saved.body)
	}
	c.admin("PUT", at, rule(`null`, bed.ProductID, sofa.ProductID), "If-Match", `"2"`).ok(200)
	ask("", "BED", "SOFA")
	c.admin("PUT", at, rule(`"/all"`, bed.ProductID, sofa.ProductID), "If-Match", `"3"`).ok(200)
	ask("/all", "BED", "SOFA") // the same page, but for where it leads

	c.admin("PUT", at, rule("null", bed.ProductID, bed.ProductID), "If-Match", "*").finding("body.rules[0].buried[0]", "duplicate")
	c.admin("PUT", at, rule("null", "sofa", bed.ProductID), "If-Match", "*").finding("body.rules[0].pinned[0]", "pattern")
	c.admin("PUT", at, rule(`"javascript:alert(1)"`, sofa.ProductID, bed.ProductID), "If-Match", "*").finding("body.rules[0].redirect", "pattern")
	c.admin("PUT", at, `{"rules":[]}`).problem(428, "if_match_required")
	c.do("PUT", at, `{"rules":[]}`, "If-Match", "*", "Authorization", "Bearer idle-key").problem(403, "permission_denied")
}

func TestSearchReports_ShowWhatWasSearchedForAndClicked(t *testing.T) {
	t.Parallel()
	c := newCounter(t).worked()
	c.product("SOFA", 1000, 1)
	soon(t, "the product is found", func() bool {
		return read[SearchResult](c.do("GET", "/v1/search?category=&q=sofa&page=2", "").ok(200)).Total == 1
	})
	found := read[SearchResult](c.do("GET", "/v1/search?q=Sofa", "").ok(200))
	c.do("GET", "/v1/search?q=xqzw", "").ok(200)
	c.do("POST", "/v1/search/events", `{"search_id":"`+found.SearchID+`","type":"click","product_id":"`+found.Items[0].ProductID+`","position":1}`).ok(204)
	if _, err := c.shop.Search.KeepCounts(t.Context()); err != nil {
		t.Fatal(err)
	}
	const at = "/v1/admin/search/analytics/"
	for report, want := range map[string]string{
		"top": `{"query":"sofa","searches":1,"empty":0,"average_results":1,"clicks":1,"click_through":1,"average_position":1},` +
			`{"query":"xqzw","searches":1,"empty":1,"average_results":0,"clicks":0,"click_through":0,"average_position":null}`,
		"empty":                              `{"query":"xqzw","searches":1,"empty":1,"average_results":0,"clicks":0,"click_through":0,"average_position":null}`,
		"clicks":                             `{"query":"sofa","searches":1,"empty":0,"average_results":1,"clicks":1,"click_through":1,"average_position":1}`,
		"top?from=2020-01-01&to=2020-01-31":  "",
		"clicks?from=2020-01-01&to=2100-1-1": "",
	} {
		g := c.admin("GET", at+report, "")
		if strings.Contains(report, "2100-1-1") {
			g.problem(422, "validation_failed")
		} else if g = g.ok(200); !strings.HasPrefix(g.body, `{"items":[`+want+`],"page":1,"per_page":24,"total":`) {
			t.Errorf("%s: %s", report, g.body)
		}
	}
	c.admin("GET", at+"top?from=2026-02-01&to=2026-01-01", "").finding("query.to", "too_small")
	c.admin("GET", at+"top?page=10&per_page=100", "").ok(200)
	c.admin("GET", at+"top?page=11&per_page=100", "").problem(422, "page_out_of_range")
	c.do("GET", at+"top", "").problem(401, "unauthenticated")
	c.do("GET", at+"top", "", "Authorization", "Bearer idle-key").problem(403, "permission_denied")
}

func TestSearchSettings_AreReadReplacedAndInForce(t *testing.T) {
	t.Parallel()
	c := newCounter(t).worked()
	c.product("GONE", 1000, 0)
	c.product("HERE", 1000, 1)
	soon(t, "the products are found, and which of them is in stock", func() bool {
		return read[SearchResult](c.do("GET", "/v1/search?q=product", "").ok(200)).Total == 2 &&
			read[SearchResult](c.do("GET", "/v1/search?q=product&in_stock=true", "").ok(200)).Total == 1
	})
	const at = "/v1/admin/search/settings"
	g := c.admin("GET", at, "").ok(200)
	if g.body != `{"in_stock_boost":0,"featured_boost":0,"out_of_stock_last":false,"version":1,"updated_at":null}`+"\n" || g.header.Get("ETag") != `"1"` {
		t.Errorf("in the beginning %s", g.body)
	}
	first := func(query, want string) {
		t.Helper()
		if r := read[SearchResult](c.do("GET", "/v1/search?"+query, "").ok(200)); len(r.Items) != 2 || r.Items[0].SKU != want {
			t.Errorf("%s finds %+v, want %s first", query, r.Items, want)
		}
	}
	first("q=product", "GONE") // as made
	first("sort=popularity", "GONE")
	c.admin("PUT", at, `{"in_stock_boost":1}`).problem(428, "if_match_required")
	saved := c.admin("PUT", at, `{"in_stock_boost":5}`, "If-Match", `"1"`).ok(200)
	if s := read[SearchSettings](saved); s.InStock != 5 || s.Version != 2 || s.OutOfStockLast || saved.header.Get("ETag") != `"2"` {
		t.Errorf("saved %s", saved.body)
	}
	if g := c.admin("GET", at, "").ok(200); g.body != saved.body {
		t.Errorf("read %s, saved %s", g.body, saved.body)
	}
	first("q=product", "HERE")
	first("sort=popularity", "GONE")
	c.admin("PUT", at, `{"out_of_stock_last":true}`, "If-Match", "*").ok(200)
	first("q=product", "HERE")
	first("sort=popularity", "HERE")
	c.admin("PUT", at, `{}`, "If-Match", `"2"`).problem(412, "version_conflict")
	c.admin("PUT", at, `{"in_stock_boost":-1}`, "If-Match", "*").finding("body.in_stock_boost", "too_small")
	c.admin("PUT", at, `{"featured_boost":101}`, "If-Match", "*").finding("body.featured_boost", "too_large")
	c.admin("PUT", at, `{"boost":1}`, "If-Match", "*").finding("body.boost", "unknown_field")
	c.do("GET", at, "").problem(401, "unauthenticated")
	c.do("PUT", at, `{}`, "If-Match", "*", "Authorization", "Bearer idle-key").problem(403, "permission_denied")
}
