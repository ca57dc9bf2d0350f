package elasticsearch

import (
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// pretend answers like the root of an Elasticsearch.
func pretend(version string, locked bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); locked && (user != "u" || password != "right") {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		w.Header().Set("X-Elastic-Product", "Elasticsearch")
		_, _ = fmt.Fprintf(w, `{"version":{"number":%q}}`, version)
	})
}

func TestOpen_MistakesStopAtStart(t *testing.T) {
	t.Parallel()
	plain, stranger := httptest.NewServer(pretend("8.16.1", false)), httptest.NewServer(http.NotFoundHandler())
	old, older, next := httptest.NewServer(pretend("8.3.3", false)), httptest.NewServer(pretend("7.17.3", false)), httptest.NewServer(pretend("9.0.1", false))
	locked, secure := httptest.NewServer(pretend("8.16.1", true)), httptest.NewTLSServer(pretend("8.16.1", false))
	for _, s := range []*httptest.Server{plain, old, older, next, stranger, locked, secure} {
		t.Cleanup(s.Close)
	}
	with := func(s *httptest.Server, user string) string { return strings.Replace(s.URL, "://", "://"+user+"@", 1) }
	dir := t.TempDir()
	empty, authority := filepath.Join(dir, "empty.pem"), filepath.Join(dir, "ca.pem")
	for file, text := range map[string][]byte{empty: nil, authority: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})} {
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, c := range map[string]struct {
		urls []string
		o    Options
		want string // "": it opens
	}{
		"Right":              {[]string{plain.URL}, Options{}, ""},
		"RightPassword":      {[]string{with(locked, "u:right")}, Options{}, ""},
		"Path":               {[]string{plain.URL + "/shop_1"}, Options{}, ""},
		"Authority":          {[]string{secure.URL}, Options{CAFile: authority}, ""},
		"Nothing":            {nil, Options{}, "no search URL"},
		"HalfAURL":           {[]string{"http://"}, Options{}, "no host"},
		"Unreadable":         {[]string{"http://u:secret@a b%zz"}, Options{}, "cannot be read"},
		"Scheme":             {[]string{"redis://u:secret@localhost"}, Options{}, "must begin with http"},
		"NoScheme":           {[]string{"localhost:9200"}, Options{}, "must begin with http"},
		"Query":              {[]string{"http://localhost/?a=b"}, Options{}, "must end with its path"},
		"Prefix":             {[]string{"http://localhost/Shop"}, Options{}, "cannot begin with"},
		"TwoPrefixes":        {[]string{"http://a/x,http://b/y"}, Options{}, "same path"},
		"NoPassword":         {[]string{locked.URL}, Options{}, "refuses the user name and password"},
		"Password":           {[]string{with(locked, "u:secret")}, Options{}, "refuses the user name and password"},
		"PasswordForAll":     {[]string{with(plain, "u:secret") + "," + locked.URL}, Options{}, "refuses the user name and password"},
		"Stranger":           {[]string{stranger.URL}, Options{}, "is not an Elasticsearch"},
		"Old":                {[]string{old.URL}, Options{}, "older than 8.4"},
		"Older":              {[]string{older.URL}, Options{}, "older than 8.4"},
		"Next":               {[]string{next.URL}, Options{}, ""},
		"PlainSaidSecure":    {[]string{strings.Replace(plain.URL, "http", "https", 1)}, Options{}, "speaks http, its URL says https"},
		"UnknownAuthority":   {[]string{secure.URL}, Options{}, "signed by nobody known"},
		"AuthorityMissing":   {[]string{secure.URL}, Options{CAFile: filepath.Join(dir, "none.pem")}, "cannot be read"},
		"AuthorityWithout":   {[]string{secure.URL}, Options{CAFile: empty}, "has no certificate"},
		"SecondIsAStranger":  {[]string{plain.URL, stranger.URL}, Options{}, "is not an Elasticsearch"},
		"NobodyAnswers":      {[]string{"http://127.0.0.1:1"}, Options{}, ""},
		"OneOfTwoIsNotThere": {[]string{"http://127.0.0.1:1", plain.URL}, Options{}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e, err := Open(t.Context(), c.urls, c.o)
			if c.want == "" {
				if err != nil {
					t.Fatal(err)
				}
				e.Close()
				return
			}
			if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") || strings.Contains(err.Error(), "secret") {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestOpen_SecureSaidPlain(t *testing.T) {
	t.Parallel()
	// What Elasticsearch does with plain text is to hang up, and Go answers in
	// words: either way it is told by a greeting.
	server := httptest.NewTLSServer(pretend("8.16.1", false))
	t.Cleanup(server.Close)
	_, err := Open(t.Context(), []string{strings.Replace(server.URL, "https", "http", 1)}, Options{})
	if !fault.Is(err, fault.Invalid) || !strings.Contains(err.Error(), "speaks https, its URL says http") {
		t.Errorf("got %v", err)
	}
}

func TestEngine_Ping(t *testing.T) {
	t.Parallel()
	link := containers.Proxy(t, containers.Elasticsearch(t))
	e := openAt(t, link.URL, Options{})
	if err := e.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	link.Down(t)
	if err := e.Ping(t.Context()); !fault.Is(err, fault.Unavailable) {
		t.Errorf("of one that is down: %v", err)
	}
}

func TestSortable_SortsLikeNumbers(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Float64().Draw(t, "a"), rapid.Float64().Draw(t, "b")
		if math.IsNaN(a) || math.IsNaN(b) {
			return
		}
		x, y := sortable(a), sortable(b)
		if (a < b) != (x < y) || (a == b) != (x == y) || x < "0" || x >= "g" {
			t.Fatalf("%g is %s, %g is %s", a, x, b, y)
		}
		if back := unsortable(x); back != a {
			t.Fatalf("%g comes back as %g", a, back)
		}
	})
}

// Whatever the engine answers, a search ends with a result or an error.
func FuzzAsking_Read(f *testing.F) {
	f.Add([]byte(`{"hits":{"total":{"value":2},"hits":[{"fields":{"product_id":["x"],"sku":["A"]}}]},"aggregations":{"*":{"doc_count":2,"total":{"value":2},"names":{"buckets":[{"key":"color","doc_count":2,"products":{"value":2}}]}},":color":{"doc_count":2,":color|values":{"buckets":[{"key":"red","doc_count":1,"products":{"value":1}}]}}}}`))
	f.Add([]byte(`{"aggregations":{".":{"doc_count":1,".|values":{"buckets":[{"key":"a"}]}},".brand":{".brand|values":{"buckets":[{"key":""}]}},"*":{"doc_count":1,".price|least":{"value":null}}}}`))
	f.Add([]byte(`{"aggregations":{"*":{"doc_count":2,"numbers":{"buckets":[{"key":"watts","doc_count":2}]},":watts|least":{"buckets":[{"key":"c000000000000000"}]},":watts|most":{"buckets":[{"key":""}]}}}}`))
	f.Add([]byte(`{"aggregations":{"*":{"doc_count":2,"*|edges":{"buckets":[{"doc_count":0},{"doc_count":1}]},"*|ranges":{"buckets":[{"doc_count":1}]}}}}`))
	f.Add([]byte(`{"aggregations":{"*":{"doc_count":900,"total":{"value":900},".price|least":{"value":1},".price|most":{"value":9},".price|ranges":{"buckets":[{"doc_count":900,"products":{"value":800}},{"doc_count":900,"products":{"value":-1}},{"doc_count":900,"products":{"value":700}}]},"*|ranges":{"buckets":[{"doc_count":900,"products":{"value":800}}]}},":color":{":color|chosen":{"doc_count":900,"values":{"buckets":[{"key":"red","doc_count":900,"products":{"value":800}}]}}}}}`))
	schema := search.NewSchema(1, []search.Attribute{{Name: "color", Filterable: true}, {Name: "watts", Numeric: true, Filterable: true}, {Name: "volts", Numeric: true, Filterable: true}})
	f.Fuzz(func(t *testing.T, text []byte) {
		q := search.Query{Category: "a", Brands: []string{"b"}, Filters: []search.Filter{{Name: "color", Values: []string{"red"}}}}.Normalize()
		a := &asking{engine: &Engine{}, q: &q, schema: &schema, where: conditionsOf(&q), answers: map[string]answer{}, questions: map[string]question{}}
		a.asked.spans = map[string]span{"volts": {110, 230}}
		keys := []string{byPrice, ":color", ":watts", ":volts"}
		a.facetQueries(keys, true)
		var t1 told
		if err := json.Unmarshal(text, &t1); err != nil {
			return
		}
		a.read(t1, keys)
		a.facetQueries(a.missing(), false)
		for _, d := range a.doubts() {
			r, places := a.answers[d.name], []int{d.at}
			if d.at == alone {
				places = nil
			}
			a.questions[d.name].about(r.all(), places)
			a.correct(d.name, places, r.all())
		}
		if _, err := a.result(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestSpan_Places(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.OneOf(rapid.Float64Range(-1e6, 1e6), rapid.Float64(), rapid.Map(rapid.IntRange(-1000, 1000), func(n int) float64 { return float64(n) / 10 }))
		name := rapid.StringMatching(`[a-z_]{1,12}`).Draw(t, "attribute")
		a, b, c := number.Draw(t, "a"), number.Draw(t, "b"), number.Draw(t, "c")
		s := span{min(a, b), max(a, b)}
		if math.IsInf(a, 0) || math.IsNaN(a) || math.IsInf(b, 0) || math.IsNaN(b) || c < s.least || c > s.most || math.IsNaN(c) {
			t.Skip()
		}
		places, apart := s.places(name)
		if !apart {
			return
		}
		low, high := math.Float64frombits(stretch(name)), math.Float64frombits(stretch(name)+1<<digits)
		if p := placeOf(name, c); math.IsInf(p, 0) || p < low || p >= high || p < placeOf(name, s.least) || p > placeOf(name, s.most) {
			t.Fatalf("%g lies at %g, outside of its attribute's stretch or of its span", c, p)
		}
		ends := search.Bounds(s.least, s.most)
		want, got := search.Interval(ends, c), search.Interval(places, placeOf(name, c))
		if want != got && (want != got-1 || ends[got]-c > math.Abs(ends[got])/1e7) {
			t.Fatalf("%g lies in interval %d of %v, and is counted in %d", c, want, ends, got)
		}
	})
}
