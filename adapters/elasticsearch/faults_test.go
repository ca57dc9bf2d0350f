package elasticsearch

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// lamp returns a document of the n'th product.
func lamp(n int, version int64) search.Document {
	var p id.Product
	p.UUID[14], p.UUID[15] = byte((n+1)>>8), byte(n+1)
	return search.Document{
		SKU: id.SKU(fmt.Sprintf("LAMP-%d", n)), Product: p, Version: version, Name: "Obsidian lamp", Slug: fmt.Sprintf("lamp-%d", n),
		Price: money.New(version, "EUR"), Sales: version,
	}
}

func lamps(n int) []search.Document {
	docs := make([]search.Document, n)
	for i := range docs {
		docs[i] = lamp(i, 1)
	}
	return docs
}

func mustIndex(t testing.TB, e *Engine, docs ...search.Document) []search.Outcome {
	t.Helper()
	outcomes, err := e.Index(t.Context(), docs)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

func mustRefresh(t testing.TB, e *Engine) {
	t.Helper()
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for something to hold.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within 30 s", what)
		}
	}
}

func TestSearch_BadNetwork(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(l *containers.Link, t testing.TB){
		"Down":  (*containers.Link).Down,
		"Hang":  (*containers.Link).Hang,
		"Reset": (*containers.Link).Reset,
		"Slow":  func(l *containers.Link, t testing.TB) { l.Latency(t, time.Minute) },
		"NoBandwidth": func(l *containers.Link, t testing.TB) {
			l.Throttle(t, 0)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			link := containers.Proxy(t, containers.Elasticsearch(t))
			e := openAt(t, link.URL, Options{})
			mustIndex(t, e, lamps(3)...)
			mustRefresh(t, e)
			spoil(link, t)
			for range breakAfter + 1 {
				begin := time.Now()
				_, err := e.Search(t.Context(), search.Query{Text: "lamp"})
				if took := time.Since(begin); !fault.Is(err, fault.Unavailable) || took > 15*time.Second { // 0.8 s and what a busy machine adds
					t.Fatalf("after %v: %v", took, err)
				}
			}
			for tries := 1; ; tries++ { // one asks every two seconds, which may pass anywhere
				_, err := e.Suggest(t.Context(), search.SuggestQuery{Text: "lam"})
				if errors.Is(err, errOpen) && fault.Is(err, fault.Unavailable) && e.Stats().BreakerOpen {
					break
				}
				if !fault.Is(err, fault.Unavailable) || tries == 10 {
					t.Fatalf("it was asked after failing many times: %v", err)
				}
			}
			link.Heal(t)
			eventually(t, "searches go on", func() bool {
				r, err := e.Search(t.Context(), search.Query{Text: "lamp"})
				return err == nil && r.Total == 3
			})
		})
	}
}

func TestIndex_EngineDown(t *testing.T) {
	t.Parallel()
	link := containers.Proxy(t, containers.Elasticsearch(t))
	link.Down(t)
	e := openAt(t, link.URL, quick) // that it is down at start is no error
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	if _, err := e.Index(ctx, lamps(1)); !fault.Is(err, fault.Unavailable) {
		t.Errorf("indexed: %v", err)
	}
	if err := e.Define(ctx, search.NewSchema(1, nil)); !fault.Is(err, fault.Unavailable) {
		t.Errorf("defined: %v", err)
	}
	if _, _, err := e.Begin(ctx, ""); !fault.Is(err, fault.Unavailable) {
		t.Errorf("begun: %v", err)
	}
	link.Heal(t)
	eventually(t, "indexing goes on", func() bool {
		_, err := e.Index(t.Context(), lamps(1))
		return err == nil
	})
}

func TestSearch_OneOfSeveralHosts(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(l *containers.Link, t testing.TB){"Dead": (*containers.Link).Down, "Silent": (*containers.Link).Hang} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			good := containers.Elasticsearch(t)
			link := containers.Proxy(t, good)
			e := openAt(t, link.URL+","+good, Options{Timeout: 12 * time.Second}) // a busy machine needs its time
			mustIndex(t, e, lamps(3)...)
			mustRefresh(t, e)
			spoil(link, t)
			for range 20 {
				if r, err := e.Search(t.Context(), search.Query{Text: "lamp"}); err != nil || r.Total != 3 {
					t.Fatalf("found %d, %v", r.Total, err)
				}
			}
		})
	}
}

// refusing stands before an engine and refuses a part of what is written.
type refusing struct {
	engine *httputil.ReverseProxy
	host   *url.URL
	refuse func(item int) int // the status it answers itself, 0 to pass it on
}

func (p *refusing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/_bulk" {
		p.engine.ServeHTTP(w, r)
		return
	}
	body, _ := io.ReadAll(r.Body)
	lines := slices.Collect(strings.Lines(string(body)))
	var passed strings.Builder
	items := make([]json.RawMessage, len(lines)/2)
	for i := range items {
		if status := p.refuse(i); status != 0 {
			items[i] = fmt.Appendf(nil, `{"index":{"status":%d,"error":{"type":"refused"}}}`, status)
			continue
		}
		passed.WriteString(lines[2*i] + lines[2*i+1])
	}
	if passed.Len() > 0 {
		r.URL.Scheme, r.URL.Host, r.RequestURI = p.host.Scheme, p.host.Host, ""
		r.Body, r.ContentLength = io.NopCloser(strings.NewReader(passed.String())), int64(passed.Len())
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		defer func() { _ = answer.Body.Close() }()
		var told struct{ Items []json.RawMessage }
		_ = json.NewDecoder(answer.Body).Decode(&told)
		for i := range items {
			if items[i] == nil && len(told.Items) > 0 {
				items[i], told.Items = told.Items[0], told.Items[1:]
			}
		}
	}
	w.Header().Set("X-Elastic-Product", "Elasticsearch")
	_ = json.NewEncoder(w).Encode(object{"items": items})
}

func refusingAt(t *testing.T, target string, refuse func(item int) int) string {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	host := &url.URL{Scheme: u.Scheme, Host: u.Host}
	server := httptest.NewServer(&refusing{engine: httputil.NewSingleHostReverseProxy(host), host: host, refuse: refuse})
	t.Cleanup(func() {
		server.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return server.URL + u.Path
}

func TestIndex_PartialFailures(t *testing.T) {
	t.Parallel()
	t.Run("RefusedForAWhile", func(t *testing.T) {
		t.Parallel()
		var calls atomic.Int64
		e := openAt(t, refusingAt(t, containers.Elasticsearch(t), func(item int) int {
			if n := calls.Add(1); n <= 40 && item%3 == 0 {
				return http.StatusTooManyRequests
			}
			return 0
		}), quick)
		if outcomes := mustIndex(t, e, lamps(30)...); slices.Contains(outcomes, search.Superseded) {
			t.Errorf("outcomes %v", outcomes)
		}
		mustRefresh(t, e)
		if r, err := e.Search(t.Context(), search.Query{}); err != nil || r.Total != 30 {
			t.Errorf("found %d, %v", r.Total, err)
		}
		if e.Stats().IndexFailures[FailedRejected] == 0 {
			t.Error("no failure was counted")
		}
	})
	t.Run("RefusedForGood", func(t *testing.T) {
		t.Parallel()
		e := openAt(t, refusingAt(t, containers.Elasticsearch(t), func(item int) int {
			if item == 7 {
				return http.StatusBadRequest
			}
			return 0
		}), quick)
		if _, err := e.Index(t.Context(), lamps(30)); !fault.Is(err, fault.Internal) {
			t.Errorf("acknowledged what was not indexed: %v", err)
		}
		if e.Stats().IndexFailures[FailedDocument] != 1 {
			t.Errorf("failures %v", e.Stats().IndexFailures)
		}
	})
	t.Run("AlwaysBusy", func(t *testing.T) {
		t.Parallel()
		e := openAt(t, refusingAt(t, containers.Elasticsearch(t), func(int) int { return http.StatusTooManyRequests }), quick)
		if _, err := e.Index(t.Context(), lamps(2)); !fault.Is(err, fault.Unavailable) {
			t.Errorf("acknowledged what was not indexed: %v", err)
		}
	})
}

func TestIndex_LostIndex(t *testing.T) {
	t.Parallel()
	e := openAt(t, containers.Elasticsearch(t), quick)
	mustIndex(t, e, lamps(2)...)
	known, err := e.writeTo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.drop(t.Context(), known.service); err != nil {
		t.Fatal(err)
	}
	if r, err := e.Search(t.Context(), search.Query{Text: "lamp"}); err != nil || r.Total != 0 {
		t.Errorf("of a lost index: %d, %v", r.Total, err)
	}
	mustIndex(t, e, lamps(2)...)
	mustRefresh(t, e)
	if r, err := e.Search(t.Context(), search.Query{Text: "lamp"}); err != nil || r.Total != 2 {
		t.Errorf("after writing again: %d, %v", r.Total, err)
	}
}

// TestIndex_LateAfterADeletion writes what is older than a deletion after the
// engine has forgotten deletions of its own, as it does after a minute: the
// minute is a millisecond here, and a document that the engine itself deletes
// says when it is over.
func TestIndex_LateAfterADeletion(t *testing.T) {
	t.Parallel()
	e := openAt(t, containers.Elasticsearch(t), quick)
	gone := lamp(1, 2)
	gone.Deleted = true
	mustIndex(t, e, lamp(1, 1))
	mustIndex(t, e, gone)
	put := func(version int) error {
		return e.call(t.Context(), e.writes, http.MethodPut, fmt.Sprintf("/%s/_doc/other?version=%d&version_type=external", e.serving(), version),
			newDocument(&search.Document{SKU: "OTHER", Version: int64(version), Deleted: true}, time.Now()), nil)
	}
	if err := put(1); err != nil {
		t.Fatal(err)
	}
	if err := e.call(t.Context(), e.writes, http.MethodPut, "/"+e.serving()+"/_settings", object{"index.gc_deletes": "1ms"}, nil); err != nil {
		t.Fatal(err)
	}
	if err := e.call(t.Context(), e.writes, http.MethodDelete, "/"+e.serving()+"/_doc/other?version=3&version_type=external", nil, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the engine forgets what it deleted", func() bool {
		mustRefresh(t, e)
		return put(2) == nil
	})

	find := func(when string, want int) {
		t.Helper()
		mustRefresh(t, e)
		if r, err := e.Search(t.Context(), search.Query{Text: "lamp"}); err != nil || r.Total != want {
			t.Errorf("%s %d lamps are found, want %d; %v", when, r.Total, want, err)
		}
	}
	if got := mustIndex(t, e, lamp(1, 1)); got[0] != search.Superseded {
		t.Errorf("what came before the deletion is %v after it", got[0])
	}
	find("late after the deletion", 0)
	mustIndex(t, e, lamp(1, 3))
	find("after the SKU was made again", 1)
	if got := mustIndex(t, e, gone); got[0] != search.Superseded {
		t.Errorf("the deletion is %v after the SKU was made again", got[0])
	}
	find("late after that", 1)
}

func TestEngine_MappingIsStrict(t *testing.T) {
	t.Parallel()
	e := openAt(t, containers.Elasticsearch(t), quick)
	d := lamp(1, 1)
	d.Attributes = map[string]search.Value{"color": search.Text("red")}
	d.Categories = []search.Category{{Slug: "lighting", Name: "Lighting"}}
	d.Brand = search.Brand{Slug: "alder", Name: "Alder"}
	mustIndex(t, e, d)
	var told struct {
		Source map[string]any `json:"_source"`
	}
	if err := e.call(t.Context(), e.writes, http.MethodGet, "/"+e.serving()+"/_doc/lamp-1", nil, &told); err != nil {
		t.Fatal(err)
	}
	for _, name := range strings.Fields("sku product_id name slug brand category_path price in_stock attributes rating sales_count") {
		if _, there := told.Source[name]; !there {
			t.Errorf("a document has no %s", name)
		}
	}
	err := e.call(t.Context(), e.writes, http.MethodPut, "/"+e.serving()+"/_doc/x", object{"sku": "X", "other": 1}, nil)
	if !refusedAs(err, http.StatusBadRequest, "strict_dynamic_mapping_exception") {
		t.Errorf("an unknown field: %v", err)
	}
}

func TestEngine_Sweep(t *testing.T) {
	t.Parallel()
	e := openAt(t, containers.Elasticsearch(t), quick)
	mustIndex(t, e, lamp(1, 1), search.Document{SKU: "NEW", Version: 3, Deleted: true})
	old := newDocument(&search.Document{SKU: "OLD", Version: 3, Deleted: true}, time.Now().AddDate(0, 0, -8))
	if err := e.call(t.Context(), e.writes, http.MethodPut, "/"+e.serving()+"/_doc/old?version=3&version_type=external", old, nil); err != nil {
		t.Fatal(err)
	}
	left, _, err := e.Begin(t.Context(), "") // by a program that dies
	if err != nil {
		t.Fatal(err)
	}
	mustRefresh(t, e)
	if err := e.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	there := func(sku string) bool {
		return e.call(t.Context(), e.writes, http.MethodGet, "/"+e.serving()+"/_doc/"+sku, nil, nil) == nil
	}
	if there("old") || !there("new") || !there("lamp-1") {
		t.Errorf("old %v, new %v, lamp %v", there("old"), there("new"), there("lamp-1"))
	}
	if _, err := left.Add(t.Context(), lamps(1)); err != nil {
		t.Errorf("a build under way was swept: %v", err)
	}
	if err := e.sweep(t.Context(), time.Now().Add(2*abandonedAfter)); err != nil {
		t.Fatal(err)
	}
	if _, err := left.Add(t.Context(), lamps(1)); !fault.Is(err, fault.Conflict) {
		t.Errorf("a build that was left behind: %v", err)
	}
	mustIndex(t, e, lamp(1, 2))
	mustRefresh(t, e)
	if r, err := e.Search(t.Context(), search.Query{}); err != nil || r.Total != 1 {
		t.Errorf("found %d, %v", r.Total, err)
	}
}

// Programs that start together find no index, or one that is just being made.
func TestEngine_SweepAtTheFirstStart(t *testing.T) {
	t.Parallel()
	url := containers.Elasticsearch(t)
	if err := openAt(t, url, quick).Sweep(t.Context()); err != nil {
		t.Errorf("without an index: %v", err)
	}
	var programs sync.WaitGroup
	for n := range 6 {
		e := openAt(t, url, quick)
		programs.Go(func() {
			if n%2 == 0 {
				if _, err := e.Built(t.Context()); err != nil {
					t.Error(err)
				}
			}
			if err := e.Sweep(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	programs.Wait()
}

// An ordinary search is one request, also the first of a text that was searched
// with other filters.
func TestSearch_RequestsOnce(t *testing.T) {
	t.Parallel()
	e := openAt(t, containers.Elasticsearch(t), quick)
	docs := lamps(20)
	for i := range docs {
		docs[i].Attributes = map[string]search.Value{"color": search.Text([]string{"red", "blue"}[i%2]), "watts": search.Number(float64(i))}
	}
	if err := e.Define(t.Context(), search.NewSchema(1, []search.Attribute{{Name: "color", Filterable: true}, {Name: "watts", Filterable: true, Numeric: true}})); err != nil {
		t.Fatal(err)
	}
	mustIndex(t, e, docs...)
	mustRefresh(t, e)
	q := search.Query{Text: "obsidian lamp"}
	first, err := e.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	before := e.Stats().Requests
	q.Page = 2
	again, err := e.Search(t.Context(), q)
	if err != nil {
		t.Fatal(err)
	}
	if n := e.Stats().Requests - before; n != 1 {
		t.Errorf("the second page took %d requests", n)
	}
	x, _ := json.Marshal(first.Facets)
	y, _ := json.Marshal(again.Facets)
	if len(first.Facets) != 4 || !bytes.Equal(x, y) {
		t.Errorf("facets of the first page %s\nof the second %s", x, y)
	}
}

// What a program takes for known of a result gives way when the result is
// another one: facets it did not have, and more products than were expected.
func TestSearch_ExpectsNothingWrong(t *testing.T) {
	t.Parallel()
	url := containers.Elasticsearch(t)
	one, other := openAt(t, url, quick), openAt(t, url, quick)
	if err := one.Define(t.Context(), search.NewSchema(1, []search.Attribute{{Name: "color", Filterable: true}, {Name: "size", Filterable: true}})); err != nil {
		t.Fatal(err)
	}
	docs := lamps(400)
	for i := range docs {
		docs[i].Attributes = map[string]search.Value{"color": search.Text([]string{"red", "blue"}[i%2])}
		if i >= 20 {
			docs[i].Attributes["size"] = search.Text([]string{"s", "l"}[i/2%2])
		}
	}
	for _, n := range []int{20, 400} {
		mustIndex(t, other, docs[:n]...)
		mustRefresh(t, other)
		for range 2 {
			r, err := one.Search(t.Context(), search.Query{Text: "lamp"})
			if err != nil {
				t.Fatal(err)
			}
			counts := map[string]int{}
			for _, f := range r.Facets {
				for _, v := range f.Values {
					counts[f.Name+" "+v.Value] = v.Count
				}
			}
			want := map[string]int{"color red": n / 2, "color blue": n / 2}
			if n > 20 {
				want["size s"], want["size l"] = (n-20)/2, (n-20)/2
			}
			if r.Total != n || !maps.Equal(counts, want) {
				t.Errorf("of %d lamps %d are found, with %v", n, r.Total, counts)
			}
		}
	}
}
