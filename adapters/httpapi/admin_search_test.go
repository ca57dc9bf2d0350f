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
