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
