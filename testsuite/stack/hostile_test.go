package stack_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/testsuite/stack"
)

// nasty are texts that mean something to a machine on the way, or are hard to
// read, as they stand in an address.
func nasty() map[string]string {
	texts := map[string]string{
		"long": strings.Repeat("tea ", 2500), "longWord": strings.Repeat("a", 10_000), "manyWords": strings.Repeat("a b c ", 1600),
		"rightToLeft": "שולחן عربي \u202eaet\u202c", "emoji": "🫖👩‍👩‍👧‍👦 tea 🏳️‍🌈", "manyEmoji": strings.Repeat("🫖", 2000), "marks": "t" + strings.Repeat("\u0301", 4000),
		"control": "tea\x01\x02\x1b[31m\x7f\r\nSet-Cookie: a=b\t\v", "null": "tea\x00pot", "notUTF8": "tea\xff\xfe\xc0\x80", "surrogate": "\xed\xa0\x80", "lastRune": "\U0010ffff\ufffe\ufeff",
		"lucene": `(+tea -"pot"~9999 || name:*^1e400) && _exists_:price AND NOT [* TO *} tea~ /.*(a+)+$/ \`, "openQuote": `"tea`, "stars": strings.Repeat("*?", 2000),
		"brackets": strings.Repeat("(", 5000), "json": `{"query":{"match_all":{}},"size":100000}`, "jsonEnds": `"}}],"size":0,"x":"`, "deepJSON": strings.Repeat(`{"a":[`, 1500),
		"script": `<script>alert(1)</script>`, "sql": `'; DROP TABLE products; --`, "like": strings.Repeat("%_", 1000), "template": "{{7*7}}${jndi:ldap://x}%s%n",
		"blank": " \t\n\u00a0\u2003\u200b", "units": `55" 1e400 inch -0 NaN ∞ 99999999999999999999999999tb`, "path": "../../../etc/passwd",
	}
	for name, text := range texts {
		texts[name] = url.QueryEscape(text)
	}
	texts["notEscaped"], texts["cutEscape"], texts["semicolon"] = "%zz%", "tea%2", "tea;q=pot"
	return texts
}

// repeated returns 500 parameters.
func repeated(each func(i int) string) string {
	var list []string
	for i := range 500 {
		list = append(list, each(i))
	}
	return strings.Join(list, "&")
}

// hostile returns requests by what they are, as "path" or, with a body to post,
// "path body".
func hostile() map[string]string {
	requests := map[string]string{}
	for name, text := range nasty() {
		for _, before := range []string{
			"/v1/search?q=", "/v1/search?exact=true&sort=price_asc&q=", "/v1/search?category=", "/v1/search?brand=", "/v1/search?q=tea&attr=", "/v1/search?q=tea&attr=color:", "/v1/search?sort=", "/v1/search?q=tea&page=", "/v1/search?min_rating=",
			"/v1/search/suggest?q=", "/v1/search/suggest?limit=", "/v1/products?category=", "/v1/products?brand=", "/v1/products?cursor=", "/v1/products?sort=",
		} {
			requests[name+" in "+before] = before + text
		}
		if plain, err := url.QueryUnescape(text); err == nil {
			for _, before := range []string{"/v1/categories/", "/v1/products/", "/v1/brands/"} {
				requests[name+" in "+before] = before + url.PathEscape(plain)
			}
			if body, err := json.Marshal(map[string]any{"search_id": plain, "type": "click", "product_id": plain, "position": 1}); err == nil {
				requests[name+" as an event"] = "/v1/search/events " + string(body)
			}
		}
	}
	numbers := []string{
		"NaN", "Inf", "-Inf", "1e400", "-1e400", "1e-400", "-0", "0", "-1", "+1", "00001", "0x10", "1_000", "1.5", "٣", "", "9223372036854775807", "9223372036854775808", "-9223372036854775809", strings.Repeat("9", 5000),
	}
	for _, n := range numbers {
		for _, before := range []string{"page", "per_page", "price_min", "price_max", "min_rating"} {
			requests[before+" "+n] = "/v1/search?q=tea&" + before + "=" + url.QueryEscape(n)
		}
		for _, before := range []string{"page", "per_page", "limit"} {
			requests["list "+before+" "+n] = "/v1/products?" + before + "=" + url.QueryEscape(n)
		}
		for _, span := range []string{n + "..", ".." + n, n + ".." + n, "5.." + n, n + "...." + n} {
			requests["span "+span] = "/v1/search?attr=weight:" + url.QueryEscape(span)
		}
		requests["suggest "+n] = "/v1/search/suggest?q=tea&limit=" + url.QueryEscape(n)
		requests["position "+n] = `/v1/search/events {"search_id":"x","type":"click","product_id":"0199a000-0000-7000-8000-000000000000","position":` + n + `}`
	}
	for name, query := range map[string]string{
		"pricesCross": "price_min=500&price_max=100", "lastPage": "q=tea&page=41", "pastPages": "q=tea&page=42", "lastOfOne": "per_page=1&page=1000", "pastOfOne": "per_page=1&page=1001",
		"twice": "q=tea&q=pot&page=1&page=2&sort=newest&sort=rating", "unknown": "nothing=1&Q=tea&q[]=x&q[$ne]=1", "empty": "q=&category=&brand=&attr=&sort=&min_rating=&in_stock=", "bools": "in_stock=maybe&exact=2",
		"colons":     "attr=:&attr=::&attr=color:&attr=:red",
		"500Filters": repeated(func(i int) string { return "attr=a" + strings.Repeat("b", i%20) + ":v" + strings.Repeat("w", i%30) }),
		"500Names": repeated(func(i int) string {
			return "attr=name_" + strings.Repeat("x", i%90) + "_" + string(rune('a'+i%26)) + ":v"
		}),
		"500Values": repeated(func(i int) string { return "attr=color:v" + strings.Repeat("w", i%30) + string(rune('a'+i%26)) }),
		"500Spans":  repeated(func(int) string { return "attr=weight:1..2" }), "500Brands": repeated(func(i int) string { return "brand=b" + strings.Repeat("x", i%50) }),
		"500Queries": repeated(func(int) string { return "q=tea" }),
	} {
		requests[name] = "/v1/search?" + query
		requests[name+" list"] = "/v1/products?" + query
		requests[name+" suggest"] = "/v1/search/suggest?" + query
	}
	return requests
}

// settled says what must become of some of them: texts of an ordinary length are
// searched for whatever is in them, what is too much is refused.
func settled() map[string]int {
	want := map[string]int{
		"twice": 200, "unknown": 200, "lastPage": 200, "lastOfOne": 200, "500Queries": 200, "pastPages": 422, "pastOfOne": 422, "pricesCross": 422,
		"500Filters": 422, "500Names": 422, "500Values": 422, "500Spans": 422, "500Brands": 422,
	}
	for _, text := range []string{"emoji", "rightToLeft", "control", "lucene", "openQuote", "json", "jsonEnds", "script", "sql", "template", "units", "blank", "path", "lastRune"} {
		want[text+" in /v1/search?q="], want[text+" in /v1/search/suggest?q="] = 200, 200
	}
	for _, text := range []string{"long", "longWord", "manyWords", "manyEmoji", "marks", "brackets", "stars", "deepJSON", "null", "notUTF8", "surrogate", "notEscaped", "cutEscape"} {
		want[text+" in /v1/search?q="], want[text+" in /v1/search/suggest?q="] = 422, 422
	}
	for _, number := range []string{"NaN", "Inf", "-Inf", "1e400", "-1", "9223372036854775808"} {
		for _, name := range []string{"page ", "per_page ", "price_min ", "price_max ", "list page ", "suggest ", "position "} {
			want[name+number] = 422
		}
	}
	for _, number := range []string{"NaN", "Inf", "-Inf", "1e400"} { // no JSON
		want["position "+number] = 400
	}
	want["position 1e400"] = 422
	return want
}

// Whatever is asked for is answered in an ordinary way or refused as the
// caller's mistake, by both sets of engines, and neither holds it against the
// next caller: the engine still answers, and on the same connection.
func TestHostileQueries(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]stack.Option{"Embedded": {stack.Demo()}, "Production": {stack.Demo(), stack.Production()}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			shop := stack.Start(t, options...)
			shop.Quiet(t)
			lines := &http.Transport{MaxConnsPerHost: 1}
			t.Cleanup(lines.CloseIdleConnections)
			client := &http.Client{
				Transport: lines, Timeout: 30 * time.Second,
				CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
			}
			ask := func(request string) (status int, body []byte) {
				t.Helper()
				method, path, content := http.MethodGet, request, io.Reader(nil)
				if before, after, posted := strings.Cut(request, " "); posted {
					method, path, content = http.MethodPost, before, strings.NewReader(after)
				}
				r, err := http.NewRequestWithContext(t.Context(), method, shop.URL+path, content)
				if err != nil {
					t.Errorf("%.200s: %v", request, err)
					return 0, nil
				}
				if content != nil {
					r.Header.Set("Content-Type", "application/json")
				}
				resp, err := client.Do(r)
				if err != nil {
					t.Errorf("%.200s: %v", request, err)
					return 0, nil
				}
				body, err = io.ReadAll(resp.Body)
				if err != nil {
					t.Errorf("%.200s: %v", request, err)
				}
				if err := resp.Body.Close(); err != nil {
					t.Errorf("%.200s: %v", request, err)
				}
				return resp.StatusCode, body
			}
			// whole asks again while the store answers for an engine that was too busy: what
			// the engine cannot take, it cannot take the next time either.
			whole := func(request string) (status int, body []byte) {
				t.Helper()
				for deadline := time.Now().Add(30 * time.Second); ; {
					status, body = ask(request)
					var answer struct{ Degraded bool }
					if json.Unmarshal(body, &answer) != nil || !answer.Degraded || time.Now().After(deadline) {
						return status, body
					}
					select {
					case <-t.Context().Done():
					case <-time.After(100 * time.Millisecond):
					}
				}
			}
			requests, want := hostile(), settled()
			for what := range want {
				if requests[what] == "" {
					t.Errorf("nothing is asked for by the name of %q", what)
				}
			}
			for what, request := range requests {
				status, body := whole(request)
				if w := want[what]; w != 0 && status != w {
					t.Errorf("%.80s: %.200s: %d, want %d: %.300s", what, request, status, w, body)
				}
				switch status {
				case 0: // told already
				case http.StatusOK:
					var answer struct {
						Items    *[]json.RawMessage
						Degraded bool
					}
					if err := json.Unmarshal(body, &answer); err != nil || answer.Degraded {
						t.Errorf("%.80s: %.200s: %v, degraded: %v", what, request, err, answer.Degraded)
					}
				case http.StatusNoContent:
					if len(body) > 0 {
						t.Errorf("%.80s: %.200s: a body: %.200s", what, request, body)
					}
				case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusNotFound:
					var problem struct {
						Code      string
						RequestID string `json:"request_id"`
					}
					if err := json.Unmarshal(body, &problem); err != nil || problem.Code == "" || problem.RequestID == "" {
						t.Errorf("%.80s: %.200s: %d without a problem: %.300s", what, request, status, body)
					}
				default:
					t.Errorf("%.80s: %.200s: %d: %.300s", what, request, status, body)
				}
			}
			var after struct {
				Total    int
				Degraded bool
			}
			if status, body := whole("/v1/search?q=tea"); status != http.StatusOK || json.Unmarshal(body, &after) != nil || after.Total == 0 || after.Degraded {
				t.Errorf("an ordinary query is answered %d: %.300s", status, body)
			}
		})
	}
}
