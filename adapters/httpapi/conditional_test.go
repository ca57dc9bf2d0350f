package httpapi

import (
	"encoding/base64"
	"net/http"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/ports"
)

func TestConditional_WritesNameWhatTheySaw(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{})
	patch := func(headers ...string) got {
		return d.do("PATCH", "/admin/notes/00000000-0000-7000-8000-000000000001", `{}`, append(headers, "Authorization", "Bearer root-key")...)
	}
	patch().problem(http.StatusPreconditionRequired, "if_match_required")
	if p := patch("If-Match", `"3"`).problem(http.StatusPreconditionFailed, "version_conflict"); p.CurrentVersion != 4 {
		t.Errorf("current version is %d", p.CurrentVersion)
	}
	if g := patch("If-Match", `"4"`).ok(200); g.header.Get("ETag") != `"5"` {
		t.Errorf("ETag is %s", g.header.Get("ETag"))
	}
	patch("If-Match", "*").ok(200)
	for _, bad := range []string{`W/"4"`, "4", `"4`, `"a"`, `"4", "5"`, `""`, `"-4"`, `"+4"`, `"0"`, `"99999999999999999999"`, " "} {
		patch("If-Match", bad).finding("header.If-Match", "pattern")
	}
	patch("If-Match", `"4"`, "If-Match", `"5"`).finding("header.If-Match", "pattern")
	patch("If-None-Match", `"4"`).finding("header.If-None-Match", "pattern")
	patch("If-None-Match", "*").problem(412, "version_conflict") // the desk has it already
	if c := d.seen.condition; !c.Absent || c.Any {
		t.Errorf("a creating write demands %+v", c)
	}
}

func TestConditional_ReadsAreNotRepeated(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{})
	first := d.do("GET", "/notes", "").ok(200)
	tag := first.header.Get("ETag")
	if tag != `W/"n7"` || first.header.Get("Cache-Control") != "public, max-age=60" {
		t.Fatalf("headers %v", first.header)
	}
	for _, none := range []string{tag, `"n7"`, "*", `"x", W/"n7"`} {
		g := d.do("GET", "/notes", "", "If-None-Match", none).ok(http.StatusNotModified)
		if g.body != "" || g.header.Get("ETag") != tag || g.header.Get("Cache-Control") != "public, max-age=60" || g.header.Get("Content-Type") != "" {
			t.Errorf("%s: %q %v", none, g.body, g.header)
		}
	}
	d.do("GET", "/notes", "", "If-None-Match", `W/"n8"`).ok(200)
	d.do("GET", "/notes/rendered", "", "If-None-Match", `W/"r"`).ok(http.StatusNotModified)

	// What has no version is tagged by its bytes.
	tag = d.do("GET", "/notes/a", "").ok(200).header.Get("ETag")
	if !strings.HasPrefix(tag, `W/"`) || tag == stateTag([]byte("{}\n")) {
		t.Errorf("the tag is %s", tag)
	}
	d.do("GET", "/notes/a", "", "If-None-Match", tag).ok(http.StatusNotModified)
}

func TestCaching_OnlyOfWhatIsForEverybody(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	d := newDesk(t, Options{Secrets: [][]byte{[]byte("secret")}, Now: func() time.Time { return now }})
	private := func(want bool, headers ...string) {
		t.Helper()
		if got := d.do("GET", "/notes", "", headers...).ok(200).header.Get("Cache-Control"); (got == "private, no-store") != want {
			t.Errorf("%v: Cache-Control is %q", headers, got)
		}
	}
	private(false)
	private(true, "Authorization", "Bearer root-key")
	private(true, "X-Cart-Token", "t")
	private(true, "X-Order-Token", "t")
	private(true, "X-Consistency-Token", d.signer.token([]ports.Mark{{Realm: ports.Catalog, Epoch: 1, Pos: 1}}, now))
	private(false, "X-Consistency-Token", "garbage")
	if got := d.do("GET", "/notes?page=0", "").header.Get("Cache-Control"); got != "private, no-store" {
		t.Errorf("a problem may be kept: %q", got)
	}
	if g := d.do("GET", "/notes/old", "").ok(301); g.header.Get("Location") != "/notes/new" || g.header.Get("Cache-Control") != "public, max-age=60" || g.body != "" {
		t.Errorf("a moved note is answered %v %q", g.header, g.body)
	}
	if got := d.do("POST", "/notes", `{"text":"a"}`).header.Get("Cache-Control"); got != "private, no-store" {
		t.Errorf("a write may be kept: %q", got)
	}
}

func TestConsistency_WritesAreSeenByTheNextReads(t *testing.T) {
	t.Parallel()
	now := time.Unix(1000, 0)
	d := newDesk(t, Options{Secrets: [][]byte{[]byte("new"), []byte("old")}, Now: func() time.Time { return now }})
	before := d.signer.token([]ports.Mark{{Realm: ports.Orders, Epoch: 3, Pos: 9}, {Realm: ports.Catalog, Epoch: 1, Pos: 2}}, now)
	token := d.do("POST", "/notes", `{"text":"a"}`, "X-Consistency-Token", before).ok(201).header.Get("X-Consistency-Token")
	if token == "" || len(token) > maxToken {
		t.Fatalf("the token is %q", token)
	}
	read := func(token string, realm ports.Realm) ports.Mark {
		d.do("GET", "/notes/a", "", "X-Consistency-Token", token).ok(200)
		return after(d.seen.r.Context(), realm)
	}
	if m := read(token, ports.Catalog); m != (ports.Mark{Realm: ports.Catalog, Epoch: 1, Pos: 7}) {
		t.Errorf("the read must see %+v", m)
	}
	if m := read(token, ports.Orders); m.Pos != 9 || m.Epoch != 3 {
		t.Errorf("the read must also see %+v", m)
	}
	if m := read(token, ports.Identity); !m.IsZero() {
		t.Errorf("nothing was written there: %+v", m)
	}
	for name, bad := range map[string]string{
		"Foreign":  newSigner([][]byte{[]byte("other")}).token([]ports.Mark{{Realm: ports.Catalog, Epoch: 1, Pos: 7}}, now),
		"Changed":  token[:20] + "A" + token[21:],
		"Garbage":  "%%%",
		"Long":     strings.Repeat("A", 300),
		"Expired":  d.signer.token([]ports.Mark{{Realm: ports.Catalog, Epoch: 1, Pos: 7}}, now.Add(-61*time.Second)),
		"FarAhead": d.signer.token([]ports.Mark{{Realm: ports.Catalog, Epoch: 1, Pos: 7}}, now.Add(61*time.Second)),
	} {
		if m := read(bad, ports.Catalog); !m.IsZero() {
			t.Errorf("%s binds to %+v", name, m)
		}
	}
	rotated := newSigner([][]byte{[]byte("old")}).token([]ports.Mark{{Realm: ports.Catalog, Epoch: 1, Pos: 5}}, now)
	if m := read(rotated, ports.Catalog); m.Pos != 5 {
		t.Errorf("a token of the key before binds to %+v", m)
	}
	if got := newDesk(t, Options{}).do("POST", "/notes", `{"text":"a"}`).header.Get("X-Consistency-Token"); got != "" {
		t.Errorf("without a secret the token is %q", got)
	}
}

func TestConsistency_RoundTrip(t *testing.T) {
	t.Parallel()
	s := newSigner([][]byte{[]byte("k")})
	now := time.Unix(1000, 0)
	rapid.Check(t, func(t *rapid.T) {
		var marks []ports.Mark
		for _, realm := range []ports.Realm{ports.Catalog, ports.Orders, ports.Identity} {
			marks = join(marks, ports.Mark{Realm: realm, Epoch: rapid.Uint64().Draw(t, "epoch"), Pos: rapid.Uint64().Draw(t, "pos")})
		}
		token := s.token(marks, now)
		if token == "" || len(token) > maxToken {
			t.Fatalf("token of %d characters", len(token))
		}
		got := s.marks(token, now.Add(time.Minute))
		if len(got) != len(marks) {
			t.Fatalf("%v became %v", marks, got)
		}
		for i := range got {
			if got[i] != marks[i] {
				t.Fatalf("%v became %v", marks, got)
			}
		}
	})
	older := join([]ports.Mark{{Realm: ports.Orders, Epoch: 1, Pos: 9}}, ports.Mark{Realm: ports.Orders, Epoch: 1, Pos: 4})
	if len(older) != 1 || older[0].Pos != 9 {
		t.Errorf("an older write won: %v", older)
	}
}

func FuzzConsistencyToken(f *testing.F) {
	s := newSigner([][]byte{[]byte("k")})
	now := time.Unix(1000, 0)
	f.Add(s.token([]ports.Mark{{Realm: ports.Orders, Epoch: 1, Pos: 2}}, now), []byte("x"))
	f.Fuzz(func(t *testing.T, token string, text []byte) {
		for _, m := range s.marks(token, now) {
			if m.Realm != ports.Orders || m.Epoch != 1 || m.Pos != 2 {
				t.Fatalf("%q binds to %+v", token, m)
			}
		}
		// Behind a good signature nothing may be read past its end either.
		text = append([]byte{tokenVersion, 0, 0, 0, 0, 0, 0, 3, 232}, text...)
		_ = s.marks(encodeSigned(s, text), now)
	})
}

func encodeSigned(s signer, text []byte) string {
	return base64.RawURLEncoding.EncodeToString(append(text, mac(s[0], text)...))
}

func TestConditional_NothingThatIsThereIsMadeAnew(t *testing.T) {
	t.Parallel()
	c := newCounter(t)
	c.product("CUP", 1000, 10)
	product := read[AdminVariant](c.admin("GET", "/v1/admin/variants/CUP", "").ok(200))
	category := read[AdminCategory](c.admin("POST", "/v1/admin/categories", `{"name":"Cups"}`).ok(201))
	attribute := "/v1/admin/categories/" + category.ID + "/attributes/size"
	c.admin("PUT", attribute, `{"type":"string"}`, "If-None-Match", "*").ok(201)
	for target, body := range map[string]string{
		"/v1/admin/variants/" + product.SKU:   `{"sku":"CUP"}`,
		"/v1/admin/categories/" + category.ID: `{"name":"Mugs"}`,
		attribute:                             `{"type":"number"}`,
	} {
		for _, method := range []string{"PUT", "PATCH"} {
			if method == "PATCH" && target == attribute {
				continue
			}
			before := c.admin("GET", target, "").ok(200)
			c.admin(method, target, body, "If-None-Match", "*").problem(412, "version_conflict")
			c.admin(method, target, body, "If-None-Match", "*", "If-Match", "*").problem(412, "version_conflict")
			if after := c.admin("GET", target, "").ok(200); after.body != before.body {
				t.Errorf("%s %s changed it", method, target)
			}
		}
	}
}
