package elasticsearch

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/testsuite/bench/baseline"
	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

// shoppers returns texts as shoppers type them: a few words of some product's
// name, and every fourth a single broad one.
func shoppers(c *porttest.Catalogue, n int) (texts []string) {
	random := rand.New(rand.NewPCG(1, 2))
	broad := []string{"black", "cable", "hp", "original", "usb", "white", "power", "network cable"}
	for len(texts) < n {
		if len(texts)%4 == 3 {
			texts = append(texts, broad[len(texts)/4%len(broad)])
			continue
		}
		words := search.Words(c.Docs[random.IntN(len(c.Docs))].Name)
		words = slices.DeleteFunc(words, func(w search.Word) bool { return w.Extra || len(w.Text) < 3 })
		if len(words) < 4 {
			continue
		}
		from := random.IntN(len(words) - 2)
		text := words[from].Text + " " + words[from+1].Text
		texts = append(texts, text)
	}
	return texts
}

// ask sends a request as anybody would who has no shop.
func ask(b *testing.B, target, kind string, body []byte) {
	b.Helper()
	answer, err := http.Post(target, kind, bytes.NewReader(body)) //nolint:gosec,noctx // a baseline
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	if text, err := io.ReadAll(answer.Body); err != nil || answer.StatusCode != http.StatusOK {
		b.Fatalf("%d: %.300s, %v", answer.StatusCode, text, err)
	}
}

// BenchmarkSearch takes turns with a plain request for the same facets.
func BenchmarkSearch(b *testing.B) {
	c := porttest.ReadCatalogue(b)
	address := containers.Elasticsearch(b)
	e := openAt(b, address, quick)
	c.Fill(b, e)
	mustRefresh(b, e)
	u, err := url.Parse(address)
	if err != nil {
		b.Fatal(err)
	}
	plain := fmt.Sprintf("%s://%s/%s/_search", u.Scheme, u.Host, e.serving())
	texts := shoppers(c, 200)
	bodies := make([][]byte, len(texts))
	var cold, ours, theirs []time.Duration
	timed := func(list *[]time.Duration, run func()) {
		begin := time.Now()
		run()
		*list = append(*list, time.Since(begin))
	}
	for i, text := range texts {
		var r search.Result
		timed(&cold, func() {
			if r, err = e.Search(b.Context(), search.Query{Text: text}); err != nil {
				b.Fatal(err)
			}
		})
		var attributes, numbers []string
		for _, f := range r.Facets[2:] {
			if f.Type == search.Ranges {
				numbers = append(numbers, f.Name)
			} else {
				attributes = append(attributes, f.Name)
			}
		}
		bodies[i] = baseline.Search(text, attributes, numbers, search.PerPage)
	}
	requests := e.Stats().Requests
	b.ResetTimer()
	for i := range b.N {
		n := i % len(texts)
		timed(&ours, func() {
			if _, err := e.Search(b.Context(), search.Query{Text: texts[n]}); err != nil {
				b.Fatal(err)
			}
		})
		timed(&theirs, func() { ask(b, plain, jsonType, bodies[n]) })
	}
	b.StopTimer()
	middle := func(list []time.Duration) float64 {
		slices.Sort(list)
		return float64(list[len(list)/2].Microseconds()) / 1000
	}
	b.ReportMetric(middle(cold), "p50-first-ms")
	b.ReportMetric(middle(ours), "p50-ms")
	b.ReportMetric(middle(theirs), "p50-plain-ms")
	b.ReportMetric(middle(ours)/middle(theirs), "ratio")
	b.ReportMetric(float64(e.Stats().Requests-requests)/float64(b.N), "requests/search")
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}

// BenchmarkIndex takes turns with bulk requests that are ready to be sent.
func BenchmarkIndex(b *testing.B) {
	c := porttest.ReadCatalogue(b)
	address := containers.Elasticsearch(b)
	e := openAt(b, address, quick)
	mustIndex(b, e, c.Docs[:1]...)
	other := e.options.Prefix + "_plain"
	if err := e.create(b.Context(), other); err != nil {
		b.Fatal(err)
	}
	u, err := url.Parse(address)
	if err != nil {
		b.Fatal(err)
	}
	bulk := fmt.Sprintf("%s://%s/%s/_bulk", u.Scheme, u.Host, other)
	var ours, theirs time.Duration
	for i := range b.N {
		from := i * 500 % (len(c.Docs) - 500)
		docs := slices.Clone(c.Docs[from : from+500])
		var lines strings.Builder
		for j := range docs {
			docs[j].Version = int64(i + 2)
			source, err := encode(newDocument(&docs[j], time.Now()))
			if err != nil {
				b.Fatal(err)
			}
			fmt.Fprintf(&lines, `{"index":{"_id":%q,"version":%d,"version_type":"external"}}`+"\n%s", docs[j].SKU.Fold(), docs[j].Version, source)
		}
		body := []byte(lines.String())
		plainly := func() {
			begin := time.Now()
			ask(b, bulk, linesType, body)
			theirs += time.Since(begin)
		}
		if i%2 == 0 {
			plainly()
		}
		begin := time.Now()
		mustIndex(b, e, docs...)
		ours += time.Since(begin)
		if i%2 == 1 {
			plainly()
		}
	}
	b.ReportMetric(500*float64(b.N)/ours.Seconds(), "docs/s")
	b.ReportMetric(500*float64(b.N)/theirs.Seconds(), "plain-docs/s")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "ratio")
	http.DefaultTransport.(*http.Transport).CloseIdleConnections()
}
