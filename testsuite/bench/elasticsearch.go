package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/adapters/elasticsearch"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/testsuite/bench/baseline"
	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

// server is Elasticsearch as whoever has no shop speaks to it.
type server struct {
	set *containers.Set
	url string
}

// plainly is a client that wastes no time on compression either.
var plainly = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true}}

func (s *server) do(ctx context.Context, method, path string, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, s.url+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := plainly.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s %.300s", method, path, resp.Status, answer)
	}
	if err != nil || into == nil {
		return err
	}
	return json.Unmarshal(answer, into)
}

// cpu is the processor time that the server has used; 0 where nobody tells.
func (s *server) cpu(ctx context.Context) time.Duration {
	out, err := s.set.Exec(ctx, "elasticsearch", "sh", "-c",
		"cat /sys/fs/cgroup/cpuacct/cpuacct.usage 2>/dev/null || awk '/usage_usec/ {print $2 * 1000}' /sys/fs/cgroup/cpu.stat")
	n, _ := strconv.ParseInt(strings.TrimSpace(out), 10, 64)
	if err != nil {
		return 0
	}
	return time.Duration(n)
}

// costing adds what the server used to what a side did.
func (s *server) costing(run side) side {
	return func(ctx context.Context) (sample, error) {
		before := s.cpu(ctx)
		got, err := run(ctx)
		got.cpu += s.cpu(ctx) - before
		return got, err
	}
}

func (s *server) engine(ctx context.Context, prefix string) (*elasticsearch.Engine, error) {
	return elasticsearch.Open(ctx, []string{s.url}, elasticsearch.Options{Prefix: prefix, Timeout: patience, Settling: 50 * time.Millisecond, Grace: time.Millisecond})
}

// documents returns the real catalogue as it is indexed, or the synthetic one.
func (b *bench) documents() (*porttest.Catalogue, error) {
	f, err := os.Open(filepath.Join(b.data, "products.jsonl.gz"))
	if b.data == "" || errors.Is(err, os.ErrNotExist) {
		b.say("no real catalogue is named by BODEGA_TEST_DATA or -data: the synthetic one is searched")
		feed, err := goods(productsOfShop)
		if err != nil {
			return nil, err
		}
		return porttest.ParseCatalogue(bytes.NewReader(feed))
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	unpacked, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	return porttest.ParseCatalogue(unpacked)
}

// onElasticsearch compares the search engine of production with requests as
// somebody would send them who has only the engine.
func (b *bench) onElasticsearch(ctx context.Context, set *containers.Set) error {
	c, err := b.documents()
	if err != nil {
		return err
	}
	s := &server{set, set.URL("elasticsearch")}
	e, err := s.engine(ctx, "bodega")
	if err != nil {
		return err
	}
	defer e.Close() //nolint:contextcheck // it ends what outlives this context
	began := time.Now()
	if err := errors.Join(c.Build(ctx, e), e.Refresh(ctx)); err != nil {
		return err
	}
	b.say("elasticsearch: the index of %d variants was built in %s", len(c.Docs), short(time.Since(began)))
	if b.wants("es-search") {
		if err := b.searching(ctx, s, e, c); err != nil {
			return err
		}
	}
	if b.wants("es-index") {
		return b.indexing(ctx, s, e, c)
	}
	return nil
}

// shoppers returns texts as shoppers type them: a few neighbouring words of some
// product's name, and every fourth a single broad one.
func shoppers(c *porttest.Catalogue, n int) (texts []string) {
	random := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same in every run
	broad := []string{"black", "cable", "hp", "original", "usb", "white", "power", "network cable"}
	for tries := 0; len(texts) < n && tries < 100*n; tries++ {
		if len(texts)%4 == 3 {
			texts = append(texts, broad[len(texts)/4%len(broad)])
			continue
		}
		words := search.Words(c.Docs[random.IntN(len(c.Docs))].Name)
		words = slices.DeleteFunc(words, func(w search.Word) bool { return w.Extra || len(w.Text) < 3 })
		if len(words) < 3 {
			continue
		}
		from := random.IntN(len(words) - 1)
		texts = append(texts, words[from].Text+" "+words[from+1].Text)
	}
	return texts
}

// searching compares searches with a plain request each for the same facets, of
// an index that is laid out for it. The engine's request cache is off: in a shop
// whose index is written to it does not last.
func (b *bench) searching(ctx context.Context, s *server, e *elasticsearch.Engine, c *porttest.Catalogue) error {
	if err := s.do(ctx, http.MethodPut, "/bodega/_settings", []byte(`{"index.requests.cache.enable":false}`), nil); err != nil {
		return err
	}
	if err := s.plainIndex(ctx, c); err != nil {
		return err
	}
	texts := shoppers(c, 200)
	bodies := make([][]byte, len(texts))
	for i, text := range texts {
		r, err := e.Search(ctx, search.Query{Text: text})
		if err != nil {
			return err
		}
		bodies[i] = baseline.Search(text, facetsOf(&r), search.PerPage)
	}
	n := b.work / 3
	ours := s.costing(func(ctx context.Context) (sample, error) {
		return atOnce(b.users, n, func(i int) error {
			_, err := e.Search(ctx, search.Query{Text: texts[i%len(texts)]})
			return err
		})
	})
	limit := s.costing(func(ctx context.Context) (sample, error) {
		return atOnce(b.users, n, func(i int) error {
			var answer json.RawMessage
			return s.do(ctx, http.MethodPost, "/plain/_search", bodies[i%len(texts)], &answer)
		})
	})
	if _, err := limit(ctx); err != nil { // as warm as the other
		return err
	}
	p, err := alternate(ctx, b.rounds, ours, limit)
	if err != nil {
		return err
	}
	b.addWait("search with facets on Elasticsearch", p, 1.15)
	return b.profileHere(ctx, "es-search", ours)
}

// facetsOf returns what a plain search has to count for the same facets.
func facetsOf(r *search.Result) baseline.SearchFacets {
	f := baseline.SearchFacets{Numbers: map[string][]float64{}}
	for _, facet := range r.Facets {
		switch {
		case facet.Name == search.FacetBrand || facet.Name == search.FacetCategory:
		case facet.Type == search.Terms:
			f.Attributes = append(f.Attributes, facet.Name)
		default:
			for i, bucket := range facet.Buckets {
				if i == 0 {
					f.Numbers[facet.Name] = []float64{bucket.From}
				}
				f.Numbers[facet.Name] = append(f.Numbers[facet.Name], bucket.To)
			}
		}
	}
	for i, bucket := range r.Histogram {
		if i == 0 {
			f.Prices = []int64{bucket.From}
		}
		f.Prices = append(f.Prices, bucket.To)
	}
	return f
}

func (s *server) plainIndex(ctx context.Context, c *porttest.Catalogue) error {
	var numbers []string
	for _, a := range c.Schema.Attributes() {
		if a.Numeric {
			numbers = append(numbers, a.Name)
		}
	}
	if err := s.do(ctx, http.MethodPut, "/plain", baseline.SearchIndex(numbers), nil); err != nil {
		return err
	}
	for docs := range slices.Chunk(c.Docs, 500) {
		var lines bytes.Buffer
		for i := range docs {
			fmt.Fprintf(&lines, `{"index":{"_id":%q}}`+"\n%s\n", docs[i].SKU.Fold(), baseline.SearchDocument(&docs[i]))
		}
		if err := s.bulk(ctx, "/plain", lines.Bytes()); err != nil {
			return err
		}
	}
	return s.do(ctx, http.MethodPost, "/plain/_refresh", nil, nil)
}

func (s *server) bulk(ctx context.Context, index string, lines []byte) error {
	var answer struct {
		Errors bool
		Items  json.RawMessage
	}
	if err := s.do(ctx, http.MethodPost, index+"/_bulk", lines, &answer); err != nil {
		return err
	}
	if answer.Errors {
		return fmt.Errorf("bulk: %.600s", answer.Items)
	}
	return nil
}

// indexing compares indexing with bulk requests of the same documents that are
// ready to be sent, to an index of the same mapping that shows them as soon: one
// that names no interval is not refreshed at all while nobody searches it.
func (b *bench) indexing(ctx context.Context, s *server, e *elasticsearch.Engine, c *porttest.Catalogue) error {
	const batch = 500
	from, err := s.twin(ctx, "/twin")
	if err != nil {
		return err
	}
	var sources struct {
		Docs []struct {
			Source json.RawMessage `json:"_source"`
		}
	}
	batches := min(max(b.work/100, 4), len(c.Docs)/batch)
	ready := make([][]json.RawMessage, batches)
	for i := range ready {
		var ids []string
		for _, d := range c.Docs[i*batch : (i+1)*batch] {
			ids = append(ids, d.SKU.Fold())
		}
		asked, _ := json.Marshal(map[string]any{"ids": ids})
		if err := s.do(ctx, http.MethodPost, "/"+from+"/_mget", asked, &sources); err != nil {
			return err
		}
		for _, d := range sources.Docs {
			ready[i] = append(ready[i], d.Source)
		}
		sources.Docs = nil
	}
	version := int64(1)
	ours := func(ctx context.Context) (sample, error) {
		version++
		got, err := atOnce(2, batches, func(i int) error {
			docs := slices.Clone(c.Docs[i*batch : (i+1)*batch])
			for j := range docs {
				docs[j].Version = version
			}
			_, err := e.Index(ctx, docs)
			return err
		})
		got.Done *= batch
		return got, err
	}
	limit := func(ctx context.Context) (sample, error) {
		version++
		bodies := make([][]byte, batches)
		for i := range bodies {
			var lines bytes.Buffer
			for j, source := range ready[i] {
				fmt.Fprintf(&lines, `{"index":{"_id":%q,"version":%d,"version_type":"external"}}`+"\n%s\n", c.Docs[i*batch+j].SKU.Fold(), version, source)
			}
			bodies[i] = lines.Bytes()
		}
		got, err := atOnce(2, batches, func(i int) error { return s.bulk(ctx, "/twin", bodies[i]) })
		got.Done *= batch
		return got, err
	}
	for _, side := range []side{ours, limit} { // as warm as each other
		if _, err := side(ctx); err != nil {
			return err
		}
	}
	p, err := alternate(ctx, b.rounds, s.costing(ours), s.costing(limit))
	if err != nil {
		return err
	}
	p.ours.P99 = 0
	b.addPair("indexing on Elasticsearch", "", p, 0.7)
	return b.profileHere(ctx, "es-index", ours)
}

// twin makes an index of the mapping of the one in service, whose name it
// returns.
func (s *server) twin(ctx context.Context, path string) (string, error) {
	var indices map[string]struct {
		Mappings json.RawMessage
		Settings struct {
			Index struct {
				Analysis json.RawMessage
				Refresh  string `json:"refresh_interval"`
			}
		}
	}
	if err := s.do(ctx, http.MethodGet, "/bodega", nil, &indices); err != nil {
		return "", err
	}
	for name, index := range indices {
		body, err := json.Marshal(map[string]any{
			"mappings": index.Mappings,
			"settings": map[string]any{
				"number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": index.Settings.Index.Refresh, "analysis": index.Settings.Index.Analysis,
			},
		})
		if err != nil {
			return "", err
		}
		return name, s.do(ctx, http.MethodPut, path, body, nil)
	}
	return "", errors.New("no index is in service")
}
