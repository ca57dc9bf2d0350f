package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/ports"
)

// lines returns the log as objects.
func (d *desk) lines() []map[string]any {
	d.t.Helper()
	var lines []map[string]any
	for line := range strings.Lines(d.log.String()) {
		var l map[string]any
		if err := json.Unmarshal([]byte(line), &l); err != nil {
			d.t.Fatalf("log line %q: %v", line, err)
		}
		lines = append(lines, l)
	}
	return lines
}

func TestEdge_LogsOneLineForEachRequest(t *testing.T) {
	t.Parallel()
	type observed struct {
		route, method string
		status        int
	}
	var seen []observed
	d := newDesk(t, Options{Observe: func(route, method string, status int, took time.Duration) {
		if took <= 0 {
			t.Errorf("it took %v", took)
		}
		seen = append(seen, observed{route, method, status})
	}})
	g := d.do("PATCH", "/admin/notes/00000000-0000-7000-8000-000000000001", "{}", "Authorization", "Bearer root-key", "If-Match", `"3"`,
		"traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
	g.problem(http.StatusPreconditionFailed, "version_conflict")
	d.do("GET", "/nowhere?token=secret", "")
	lines := d.lines()
	if len(lines) != 2 {
		t.Fatalf("%d lines: %s", len(lines), d.log)
	}
	l := lines[0]
	for name, want := range map[string]any{
		"msg": "request", "level": "INFO", "request_id": g.header.Get("X-Request-ID"), "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
		"user_id": "key:root", "job_id": "", "route": "/admin/notes/{id}", "method": "PATCH", "status_code": 412.0, "code": "version_conflict",
	} {
		if l[name] != want {
			t.Errorf("%s is %v, want %v", name, l[name], want)
		}
	}
	if ms, ok := l["latency"].(float64); !ok || ms <= 0 || ms > 5000 {
		t.Errorf("latency is %v", l["latency"])
	}
	if lines[1]["route"] != "" || strings.Contains(d.log.String(), "secret") {
		t.Errorf("an unknown address is logged as %v", lines[1])
	}
	if len(seen) != 2 || seen[0] != (observed{"/admin/notes/{id}", "PATCH", 412}) || seen[1] != (observed{"", "GET", 404}) {
		t.Errorf("observed %v", seen)
	}
}

func TestEdge_CausesAreLoggedOnce(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{})
	d.err = fault.Wrap(fault.Internal, "notes.read", errors.New("disk on fire"))
	d.do("GET", "/notes/a", "").problem(500, "internal")
	if n := strings.Count(d.log.String(), "disk on fire"); n != 1 || d.lines()[0]["level"] != "ERROR" {
		t.Errorf("the cause is logged %d times: %s", n, d.log)
	}
}

func TestEdge_ProbesAreQuiet(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{})
	d.do("GET", "/livez", "").ok(200)
	if d.lines()[0]["level"] != "DEBUG" {
		t.Errorf("a probe is logged as %v", d.lines()[0])
	}
}

func TestEdge_RequestIDs(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	ask := func(peer, id string) string {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/notes/a", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Request-ID", id)
		return d.send(r).header.Get("X-Request-ID")
	}
	if got := ask("10.1.2.3:555", "edge-1.a_b:c"); got != "edge-1.a_b:c" {
		t.Errorf("a trusted proxy's id became %q", got)
	}
	if got := ask("192.0.2.1:555", "edge-1"); len(got) != 32 {
		t.Errorf("a stranger's id became %q", got)
	}
	for _, bad := range []string{"a b", "a\"b", strings.Repeat("a", 129), "ü"} {
		if got := ask("10.1.2.3:555", bad); len(got) != 32 {
			t.Errorf("the id %q became %q", bad, got)
		}
	}
	if a, b := ask("192.0.2.1:555", ""), ask("192.0.2.1:555", ""); a == b {
		t.Errorf("two requests have the id %q", a)
	}
}

func TestEdge_TraceParents(t *testing.T) {
	t.Parallel()
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	for parent, want := range map[string]string{
		"00-" + id + "-00f067aa0ba902b7-01":                       id,
		"00-" + id + "-00f067aa0ba902b7-00":                       id,
		"cc-" + id + "-00f067aa0ba902b7-01-what-the-future-holds": id,
		"":                                       "",
		id:                                       "",
		"00-" + id + "-00f067aa0ba902b7-01-more": "",
		"ff-" + id + "-00f067aa0ba902b7-01":      "",
		"00-" + strings.ToUpper(id) + "-00f067aa0ba902b7-01":     "",
		"00-" + strings.Repeat("0", 32) + "-00f067aa0ba902b7-01": "",
		"00-" + id + "-0000000000000000-01":                      "",
		"00-" + id + "-00f067aa0ba902b7-0g":                      "",
		"00_" + id + "-00f067aa0ba902b7-01":                      "",
		"cc-" + id + "-00f067aa0ba902b7-01.":                     "",
	} {
		if got := traceIDOf(parent); got != want {
			t.Errorf("%q is of trace %q, want %q", parent, got, want)
		}
	}
	d := newDesk(t, Options{})
	d.do("GET", "/notes/a", "")
	if got := d.seen.traceID; len(got) != 32 || TraceID(d.seen.r.Context()) != got || RequestID(d.seen.r.Context()) != d.seen.requestID {
		t.Errorf("a request without a trace has %q", got)
	}
	if TraceID(t.Context()) != "" || RequestID(t.Context()) != "" {
		t.Errorf("a context of no request has ids")
	}
}

func TestProxies_ClientIsTheRightmostUntrusted(t *testing.T) {
	t.Parallel()
	p := proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, c := range []struct {
		peer      string
		forwarded []string
		want      string
	}{
		{"192.0.2.1:1", nil, "192.0.2.1"},
		{"192.0.2.1:1", []string{"198.51.100.7"}, "192.0.2.1"},
		{"10.0.0.1:1", nil, "10.0.0.1"},
		{"10.0.0.1:1", []string{"198.51.100.7"}, "198.51.100.7"},
		{"10.0.0.1:1", []string{"1.1.1.1, 198.51.100.7"}, "198.51.100.7"},
		{"10.0.0.1:1", []string{"1.1.1.1, 198.51.100.7 , 10.0.0.2"}, "198.51.100.7"},
		{"10.0.0.1:1", []string{"1.1.1.1", "198.51.100.7", "10.0.0.2"}, "198.51.100.7"},
		{"10.0.0.1:1", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		{"10.0.0.1:1", []string{"198.51.100.7, garbage"}, "10.0.0.1"},
		{"10.0.0.1:1", []string{"198.51.100.7, garbage, 10.0.0.9"}, "10.0.0.9"},
		{"[::ffff:10.0.0.1]:1", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		{"[fd00::1]:1", []string{"2001:db8::1"}, "2001:db8::1"},
		{"pipe", []string{"198.51.100.7"}, "invalid IP"},
	} {
		r := httptest.NewRequestWithContext(t.Context(), "GET", "/", nil)
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.forwarded
		if got, _ := p.client(r); got.String() != c.want {
			t.Errorf("%s for %q: %v, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
	if a, b := limitKey(netip.MustParseAddr("2001:db8::1")), limitKey(netip.MustParseAddr("2001:db8::ffff:2")); a != b {
		t.Errorf("one /64 has the keys %s and %s", a, b)
	}
	if a, b := limitKey(netip.MustParseAddr("192.0.2.1")), limitKey(netip.MustParseAddr("192.0.2.2")); a == b {
		t.Errorf("two addresses have the key %s", a)
	}
}

func TestEdge_HeadersOfEveryAnswer(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{Locale: "de-AT"})
	for _, target := range []string{"/notes", "/nowhere", "/livez", "/openapi.json"} {
		h := d.do("GET", target, "", "Accept-Language", "fr").header
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Language") != "de-AT" || h.Get("X-Request-ID") == "" ||
			h.Get("Content-Security-Policy") == "" || h.Get("Cache-Control") == "" {
			t.Errorf("%s: %v", target, h)
		}
	}
}

func TestCORS_OnlyForItsOrigins(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{CORSOrigins: []string{"https://shop.example/", "http://localhost:3000"}})
	for _, origin := range []string{"https://shop.example", "http://localhost:3000"} {
		h := d.do("GET", "/notes/a", "", "Origin", origin).header
		if h.Get("Access-Control-Allow-Origin") != origin || h.Get("Access-Control-Expose-Headers") != corsExposed || h.Get("Vary") != "Origin" {
			t.Errorf("%s: %v", origin, h)
		}
	}
	for _, origin := range []string{"https://evil.example", "https://shop.example.evil", "null", "http://shop.example", ""} {
		h := d.do("GET", "/notes/a", "", "Origin", origin).header
		if h.Get("Access-Control-Allow-Origin") != "" || h.Get("Vary") != "Origin" {
			t.Errorf("%q: %v", origin, h)
		}
	}
	before := d.calls
	g := d.do("OPTIONS", "/notes", "", "Origin", "https://shop.example", "Access-Control-Request-Method", "POST").ok(204)
	if h := g.header; !strings.Contains(h.Get("Access-Control-Allow-Methods"), "POST") || !strings.Contains(h.Get("Access-Control-Allow-Headers"), "Idempotency-Key") || d.calls != before {
		t.Errorf("a preflight is answered %v", h)
	}
	d.do("OPTIONS", "/notes", "", "Origin", "https://evil.example", "Access-Control-Request-Method", "POST").problem(405, "method_not_allowed")
	if h := newDesk(t, Options{}).do("GET", "/notes/a", "", "Origin", "https://shop.example").header; h.Get("Access-Control-Allow-Origin") != "" || h.Get("Vary") != "" {
		t.Errorf("without origins: %v", h)
	}
}

func TestAdmit_AcceptIsDecidedBeforeTheOperation(t *testing.T) {
	t.Parallel()
	for accept, want := range map[string]bool{
		"": true, "*/*": true, "application/json": true, "application/*": true, "text/html, */*;q=0.1": true, "APPLICATION/JSON": true,
		"text/html": false, "application/json;q=0": false, "*/*, application/json;q=0": false, "application/json;q=0.5, */*;q=0": true, "application/xml": false,
	} {
		d := newDesk(t, Options{})
		g := d.do("POST", "/notes", `{"text":"a"}`, "Accept", accept)
		if want {
			g.ok(201)
			continue
		}
		g.problem(http.StatusNotAcceptable, "not_acceptable")
		if d.calls != 0 {
			t.Errorf("%q: the operation ran", accept)
		}
	}
	d := newDesk(t, Options{})
	d.do("GET", "/export", "", "Accept", "application/x-ndjson").ok(200)
	d.do("GET", "/export", "", "Accept", "application/json").problem(http.StatusNotAcceptable, "not_acceptable")
}

func TestAdmit_PermissionsAndIdentity(t *testing.T) {
	t.Parallel()
	d := newDesk(t, Options{})
	const admin = "/admin/notes/00000000-0000-7000-8000-000000000001"
	d.do("PATCH", admin, `{}`, "If-Match", "*").problem(401, "unauthenticated")
	d.do("PATCH", admin, `{}`, "If-Match", "*", "Authorization", "Bearer wrong").problem(401, "session_expired")
	d.do("PATCH", admin, `{}`, "If-Match", "*", "Authorization", "Basic cm9vdDpyb290").problem(401, "unauthenticated")
	d.do("PATCH", admin, `{}`, "If-Match", "*", "Authorization", "Bearer").problem(401, "unauthenticated")
	d.do("PATCH", admin, `<a/>`, "Content-Type", "text/xml", "Accept", "text/xml").problem(401, "unauthenticated") // before anything else is judged
	d.do("PATCH", admin, `{}`, "If-Match", "*", "Authorization", "Bearer stock-key").problem(403, "permission_denied")
	d.do("GET", "/notes/a", "", "Authorization", "Bearer wrong").problem(401, "session_expired")
	if d.calls != 0 {
		t.Fatalf("the operation ran %d times", d.calls)
	}
	d.do("PATCH", admin, `{}`, "If-Match", "*", "Authorization", "bearer root-key").ok(200)
	if owner := caller(d.seen.r.Context(), "").Owner(); owner != "key:root" {
		t.Errorf("the caller is %q", owner)
	}
	d.do("GET", "/notes/a", "").ok(200)
	if a := caller(d.seen.r.Context(), "cart-token"); a.Token() != "cart-token" {
		t.Errorf("a guest is %v", a)
	}
	if !caller(d.seen.r.Context(), "").IsNobody() {
		t.Errorf("nobody is somebody")
	}

	d.do("GET", "/notes/a", "", "X-Shopper-IP", "198.51.100.9", "X-Api-Key", "proxy-key").ok(200)
	if got := d.seen.client.String(); got != "198.51.100.9" {
		t.Errorf("a frontend's shopper is at %s", got)
	}
	d.do("GET", "/notes/a", "", "X-Shopper-IP", "198.51.100.9").problem(401, "unauthenticated")
	d.do("GET", "/notes/a", "", "X-Shopper-IP", "198.51.100.9", "X-Api-Key", "stock-key").problem(403, "permission_denied")
	d.do("GET", "/notes/a", "", "X-Shopper-IP", "here", "X-Api-Key", "proxy-key").finding("header.X-Shopper-IP", "pattern")
}

// tally is a limiter that lets n requests of each key through.
type tally struct {
	n    int
	mu   sync.Mutex
	used map[string]int
	err  error
}

func (l *tally) Allow(_ context.Context, rate ports.Rate, key string) (ports.Allowance, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.used == nil {
		l.used = map[string]int{}
	}
	key = rate.Class + " " + key
	l.used[key]++
	left := l.n - l.used[key]
	return ports.Allowance{OK: left >= 0, Remaining: max(left, 0), Reset: 1500 * time.Millisecond, RetryAfter: 2100 * time.Millisecond}, l.err
}

func TestThrottle_CountsByClassAndCaller(t *testing.T) {
	t.Parallel()
	l := &tally{n: 1}
	d := newDesk(t, Options{Limiter: l})
	g := d.do("GET", "/notes/a", "").ok(200)
	if p, left := g.header.Get("RateLimit-Policy"), g.header.Get("RateLimit"); p != `"read";q=1200;w=60` || left != `"read";r=0;t=2` {
		t.Errorf("policy %s, limit %s", p, left)
	}
	g = d.do("GET", "/notes/a", "")
	g.problem(429, "rate_limited")
	if g.header.Get("Retry-After") != "3" || g.header.Get("RateLimit") == "" {
		t.Errorf("a refused request is told %v", g.header)
	}
	d.do("POST", "/notes", `{"text":"a"}`).ok(201)
	d.do("GET", "/notes/a", "", "Authorization", "Bearer root-key").ok(200)
	d.do("GET", "/livez", "").ok(200)
	d.do("GET", "/livez", "").ok(200)
	d.do("GET", "/notes/a", "", "Authorization", "Bearer wrong").problem(401, "session_expired")
	d.do("GET", "/notes/a", "", "Authorization", "Bearer wrong").problem(429, "rate_limited")
	if l.used["read 192.0.2.1"] != 2 || l.used["write 192.0.2.1"] != 1 || l.used["read key:root"] != 1 || l.used["sign_in 192.0.2.1"] != 2 || len(l.used) != 4 {
		t.Errorf("counted %v", l.used)
	}
	l.err = errors.New("limiter is down")
	d.do("GET", "/notes/a", "").ok(200)
	if n := countOf(d.lines(), "rate limiter failed"); n != 1 {
		t.Errorf("%d lines about a limiter that failed", n)
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	d.send(httptest.NewRequestWithContext(gone, "GET", "/notes/a", nil))
	if n := countOf(d.lines(), "rate limiter failed"); n != 1 {
		t.Errorf("%d lines, one of them about a client who did not wait", n)
	}
}

func countOf(lines []map[string]any, msg string) (n int) {
	for _, l := range lines {
		if l["msg"] == msg {
			n++
		}
	}
	return n
}

func TestEdge_DeadlineReachesTheOperation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Options{})
		d.wait = time.Hour
		began := time.Now()
		g := d.do("POST", "/notes/a/send", `{"cart_id":"c"}`, "Idempotency-Key", "k")
		g.problem(503, "unavailable")
		if took := time.Since(began); took != sendTime || g.header.Get("Retry-After") == "" {
			t.Errorf("after %v, no Retry-After: %v", took, g.header)
		}
	})
}

func TestEdge_ClientGoneIsNoFailure(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Options{})
		d.wait = 10 * time.Second
		gone, leave := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, leave)
		d.send(httptest.NewRequestWithContext(gone, "GET", "/notes/a", nil))
		if l := d.lines()[0]; l["status_code"] != 499.0 || l["level"] != "INFO" {
			t.Errorf("logged as %v", l)
		}
	})
}

// An operation that takes longer than its body may take to arrive is not cut
// off, nor is what comes after it on the connection: with a body or without.
func TestEdge_DeadlineOfTheBodyEndsWithIt(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`{}`, ``} {
		t.Run("body "+body, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				d := newDesk(t, Options{})
				register(d.edge, operation{ID: "slow", Method: "POST", Path: "/slow", Summary: "Take long", Deadline: time.Minute},
					func(ctx context.Context, _ *struct{ Body *struct{} }) (*reply[Note], error) {
						return &reply[Note]{}, d.called(ctx)
					})
				const bodyTime = 5 * time.Second
				d.api.OpenAPI().Paths["/slow"].Post.BodyReadTimeout = bodyTime
				d.wait = 4 * bodyTime
				client := piped(t, &http.Server{Handler: d.edge})
				for range 2 {
					if status, answer := post(t, client, "/slow", strings.NewReader(body)); status != http.StatusOK {
						t.Errorf("%d %s", status, answer)
					}
				}
			})
		})
	}
}

func TestEdge_BodyThatStallsTimesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk(t, Options{})
		client := piped(t, &http.Server{Handler: d.edge})
		stalled, w := io.Pipe()
		defer w.Close()
		go func() { _, _ = io.WriteString(w, `{"text":`) }()
		if status, answer := post(t, client, "/notes", stalled); status != http.StatusRequestTimeout || !strings.Contains(answer, "request_timeout") {
			t.Errorf("answered %d %s", status, answer)
		}
	})
}

// post sends JSON to who is at the other end.
func post(t *testing.T, client *http.Transport, path string, body io.Reader) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://shop"+path, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	resp, err := client.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Errorf("%d %s, %v", resp.StatusCode, b, err)
	}
	return resp.StatusCode, string(b)
}
