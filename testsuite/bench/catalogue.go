package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/testsuite/bench/baseline"
)

// realCatalogue measures what it takes to bring a real catalogue in, and the
// search engine on it.
func (b *bench) realCatalogue(ctx context.Context) error {
	feed, lines, err := b.realFeed()
	if err != nil || feed == nil {
		return err
	}
	if b.wants("import") {
		if err := b.importing(ctx, feed, lines); err != nil {
			return fmt.Errorf("import: %w", err)
		}
	}
	if b.wants("engine") {
		if err := b.engine(ctx, feed, lines); err != nil {
			return fmt.Errorf("engine: %w", err)
		}
	}
	if b.wants("engine-large") {
		if err := b.largeEngine(ctx, lines); err != nil {
			return fmt.Errorf("engine-large: %w", err)
		}
	}
	return nil
}

// realLine is what is needed here of a line of the real catalogue.
type realLine struct {
	SKU, Title, Brand string
	Price             struct{ Amount int64 }
	Attributes        map[string]any
}

// realFeed returns the real catalogue as it is sent, and its lines; nil, and a
// line for the reader, if it is not at hand.
func (b *bench) realFeed() ([]byte, []realLine, error) {
	feed, err := os.ReadFile(filepath.Join(b.data, "products.jsonl.gz"))
	if b.data == "" || errors.Is(err, os.ErrNotExist) {
		b.say("skipped what needs a real catalogue: BODEGA_TEST_DATA or -data names no directory with products.jsonl.gz")
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(feed))
	if err != nil {
		return nil, nil, err
	}
	var lines []realLine
	text := bufio.NewScanner(unpacked)
	text.Buffer(nil, 1<<20)
	for text.Scan() {
		var l realLine
		if err := json.Unmarshal(text.Bytes(), &l); err != nil {
			return nil, nil, err
		}
		lines = append(lines, l)
	}
	return feed, lines, text.Err()
}

const inDollars = "BODEGA_CURRENCY=USD"

// importing compares an import until its last document is found with inserting
// the rows that it left.
func (b *bench) importing(ctx context.Context, feed []byte, lines []realLine) error {
	var rows *baseline.Rows
	ours := func(ctx context.Context) (sample, error) {
		s, dir, err := b.importOnce(ctx, feed, lines[len(lines)-1].SKU)
		if err == nil && rows == nil {
			b.real = dir
			rows, err = baseline.ReadRows(filepath.Join(dir, "shop.db"))
		}
		s.Done = len(lines)
		return s, err
	}
	limit := func(context.Context) (sample, error) {
		dir := b.newDir("rows")
		if err := os.Mkdir(dir, 0o755); err != nil {
			return sample{}, err
		}
		s, err := atOnce(1, 1, func(int) error { return rows.Insert(filepath.Join(dir, "rows.db")) })
		s.Done = len(lines)
		return s, err
	}
	if b.profiles != "" {
		if err := b.profileImport(ctx, feed, lines[len(lines)-1].SKU); err != nil {
			return err
		}
	}
	if _, err := ours(ctx); err != nil { // for the rows
		return err
	}
	p, err := alternate(ctx, min(b.rounds, 3), ours, limit)
	if err != nil {
		return err
	}
	p.ours.P99 = 0
	b.addPair(fmt.Sprintf("import of %d variants, until found", len(lines)), "lines", p, 0.4)
	return nil
}

// importOnce brings the catalogue into a new shop, and waits until no document
// is missing and the last one is found.
func (b *bench) importOnce(ctx context.Context, feed []byte, last string) (_ sample, dir string, err error) {
	dir = b.newDir("import")
	s, err := startShop(ctx, dir, inDollars)
	if err != nil {
		return sample{}, "", err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	used, began := s.cpu(), time.Now()
	err = s.findable(ctx, feed, last)
	return sample{tally: tally{Took: time.Since(began)}, cpu: s.cpu() - used}, dir, err
}

func (s *shop) findable(ctx context.Context, feed []byte, last string) error {
	if err := s.load(ctx, "application/gzip", feed); err != nil {
		return err
	}
	if err := s.quiet(ctx); err != nil {
		return err
	}
	var found struct{ Items []struct{ SKU string } }
	if err := s.fetch(ctx, http.MethodGet, "/v1/search?q="+url.QueryEscape(last), "", nil, &found); err != nil {
		return err
	}
	if len(found.Items) == 0 || found.Items[0].SKU != last {
		return fmt.Errorf("%s is not found", last)
	}
	return nil
}

func (b *bench) profileImport(ctx context.Context, feed []byte, last string) (err error) {
	s, err := startShop(ctx, b.newDir("import"), inDollars)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	return s.profile(ctx, filepath.Join(b.profiles, "import.pprof"), 6*time.Second, func() error { return s.findable(ctx, feed, last) })
}

// engine measures the search engine alone, without shop and HTTP around it.
func (b *bench) engine(ctx context.Context, feed []byte, lines []realLine) (err error) {
	if b.real == "" {
		if _, b.real, err = b.importOnce(ctx, feed, lines[len(lines)-1].SKU); err != nil {
			return err
		}
	}
	dir, err := b.copyOf(b.real)
	if err != nil {
		return err
	}
	e, err := embed(ctx, dir, core.Options{Currency: "USD"})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	began := time.Now()
	if _, err := e.Search.Rebuild(ctx, core.RebuildIndex{By: account.System("bench")}); err != nil {
		return err
	}
	b.say("engine: the index of %d variants was built in %s", len(lines), short(time.Since(began)))
	return b.typically(ctx, "engine", fmt.Sprintf("typical queries, engine alone, %d variants", len(lines)), e.index, lines)
}

// largeEngine is engine with as many documents as a large shop has.
func (b *bench) largeEngine(ctx context.Context, lines []realLine) error {
	const variants = 100_000
	c, err := b.documents()
	if err != nil {
		return err
	}
	index, began := memsearch.New(), time.Now()
	if err := b.fill(ctx, index, c, variants); err != nil {
		return err
	}
	b.say("engine: the index of %d variants was built in %s", variants, short(time.Since(began)))
	return b.typically(ctx, "engine-large", fmt.Sprintf("typical queries, engine alone, %d variants", variants), index, lines)
}

// typically asks an engine what shoppers ask.
func (b *bench) typically(ctx context.Context, name, what string, index *memsearch.Index, lines []realLine) error {
	runtime.GC()
	queries := typical(lines, 4000)
	asked := 0
	run := func(ctx context.Context) (sample, error) {
		from := asked
		asked += len(queries)
		return atOnce(b.users, len(queries), func(i int) error {
			_, err := index.Search(ctx, queries[(from+i)%len(queries)])
			return err
		})
	}
	var all []sample
	for range b.rounds {
		s, err := run(ctx)
		if err != nil {
			return err
		}
		all = append(all, s)
	}
	s := middle(all)
	b.add(line{
		name: what, got: perSecond(s.rate(), ""), goal: "≥ 5,000/s, p99 < 20 ms",
		verdict: judge(s.rate() >= 5000 && s.P99 < 20*time.Millisecond), cpu: short(s.perJourney()), waits: waits(s.tally),
	})
	return b.profileHere(ctx, name, run)
}

// typical returns queries as shoppers make them: two or three neighbouring words
// of some product's title, every fourth with its brand, a lowest price and its
// colour.
func typical(lines []realLine, n int) (queries []search.Query) {
	const step = 7919 // a prime, so that it walks over all of them
	for i := 0; len(queries) < n; i++ {
		l := &lines[i*step%len(lines)]
		words := strings.FieldsFunc(l.Title, func(r rune) bool { return strings.ContainsRune(` ,()/"`, r) })
		if len(words) < 4 {
			continue
		}
		from := i % (len(words) - 2)
		q := search.Query{Text: strings.Join(words[from:from+2+i%2], " ")}
		if len(queries)%4 == 0 {
			q.Brands = []string{strings.ToLower(l.Brand)}
			least := l.Price.Amount / 2
			q.PriceMin = &least
			if colour, ok := l.Attributes["product_colour"].(string); ok {
				q.Filters = []search.Filter{{Name: "product_colour", Values: []string{colour}}}
			}
		}
		if q.Validate() == nil {
			queries = append(queries, q)
		}
	}
	return queries
}
