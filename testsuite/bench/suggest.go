package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// suggestions measures, on the embedded engine, how long whoever types waits.
func (b *bench) suggestions(ctx context.Context) (err error) {
	feed, lines, err := b.realFeed()
	if err != nil || feed == nil {
		return err
	}
	if b.real == "" {
		if _, b.real, err = b.importOnce(ctx, feed, lines[len(lines)-1].SKU); err != nil {
			return err
		}
	}
	dir, err := b.copyOf(b.real)
	if err != nil {
		return err
	}
	s, err := startShop(ctx, dir, inDollars)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	return b.typing(ctx, s, "suggest", "suggestions as one types, real catalogue", lines, warmUps, func(run side) side { return run })
}

// suggestionsOnElasticsearch is suggestions on the servers of production. The
// processor time is the shop's and the engine's.
func (b *bench) suggestionsOnElasticsearch(ctx context.Context, set *containers.Set) (err error) {
	feed, lines, err := b.realFeed()
	if err != nil || feed == nil {
		return err
	}
	// A database of its own: what else is measured left prices in another currency.
	if _, err := set.Exec(ctx, "postgres", "createdb", "-U", "bodega", "suggest"); err != nil {
		return err
	}
	database, err := url.Parse(set.URL("postgres"))
	if err != nil {
		return err
	}
	database.Path = "/suggest"
	s, err := startShop(ctx, b.newDir("es-suggest"), append(onServers(database.String(), set.URL("redis")+"?prefix=suggest"),
		inDollars, "BODEGA_SEARCH_URL="+set.URL("elasticsearch")+"?prefix=suggest", "BODEGA_MEDIA_SHARED=true", "BODEGA_MEDIA_STORE="+b.newDir("media"))...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.stop()) }()
	began := time.Now()
	if err := s.findable(ctx, feed, lines[len(lines)-1].SKU); err != nil {
		return err
	}
	b.say("es-suggest: %d variants were imported and indexed in %s", len(lines), short(time.Since(began)))
	engine := &server{set, set.URL("elasticsearch")}
	return b.typing(ctx, s, "es-suggest", "suggestions as one types, Elasticsearch", lines, warmUpsOfJVM, engine.costing)
}

const (
	textsOfRound = 300
	// warmUps are rounds before those that count: the engine in the shop learns
	// some things once; Elasticsearch, just started, is compiled while it is asked
	// and four times as fast after fifty thousand requests.
	warmUps, warmUpsOfJVM = 1, 45
)

// typing has users type, each asking for suggestions at every letter. What they
// type is new to the shop in every round. Beside it stands a bare handler that
// answers with what was suggested to the first of them.
func (b *bench) typing(ctx context.Context, s *shop, name, what string, lines []realLine, warm int, cost func(side) side) error {
	const most = 50 * time.Millisecond
	texts, err := b.wanted(lines)
	if err != nil {
		return err
	}
	first := typed(texts[:min(50, len(texts))])
	limit, err := b.startBare(ctx, s, first)
	if err != nil {
		return err
	}
	defer limit.stop() //nolint:errcheck // the figures are in by then
	ours := cost(func(ctx context.Context) (sample, error) {
		next := texts[:textsOfRound]
		texts = slices.Concat(texts[textsOfRound:], next)
		return b.loaded(s.child, plan{Addr: addr(s.URL), Journey: "type", Paths: typed(next), Users: b.users, For: b.slice})(ctx)
	})
	theirs := b.loaded(limit.child, plan{Addr: addr(limit.URL), Journey: "type", Paths: first, Users: b.users, For: b.slice})
	for range warm {
		if _, err := ours(ctx); err != nil {
			return err
		}
	}
	before, err := s.unanswered(ctx)
	if err != nil {
		return err
	}
	p, err := alternate(ctx, b.rounds, ours, theirs)
	if err != nil {
		return err
	}
	after, err := s.unanswered(ctx)
	if err != nil {
		return err
	}
	if n := after - before; n > 0 {
		b.say("%s: the engine did not answer %d times", name, n)
	}
	b.add(line{
		name: what, got: perSecond(p.ours.rate(), ""), limit: perSecond(p.limit.rate(), ""),
		ratio: fmt.Sprintf("%.2f (%.2f–%.2f)", p.ratio, p.low, p.high), goal: "p99 < " + short(most), verdict: judge(p.ours.P99 < most && after == before),
		cpu: short(p.ours.perJourney()) + " / " + short(p.limit.perJourney()), waits: waits(p.ours.tally),
	})
	return b.profiled(ctx, s, name, ours)
}

// unanswered is how often the engine has not answered: the shop then suggests
// nothing, and soon.
func (s *shop) unanswered(ctx context.Context) (int, error) {
	var metrics []byte
	if err := (&shop{URL: s.OpsURL}).fetch(ctx, http.MethodGet, "/metrics", "", nil, &metrics); err != nil {
		return 0, err
	}
	for said := range strings.Lines(string(metrics)) {
		if n, ok := strings.CutPrefix(said, "es_search_failures_total "); ok {
			return strconv.Atoi(strings.TrimSpace(n))
		}
	}
	return 0, nil // of an engine that is in the shop
}

// wanted returns what shoppers type to the end, mixed: the judged queries, and
// words of titles.
func (b *bench) wanted(lines []realLine) (texts []string, err error) {
	judged, err := os.ReadFile(filepath.Join(b.data, "judgments.tsv"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	rows := bufio.NewScanner(bytes.NewReader(judged))
	for n := 0; rows.Scan(); n++ {
		if text, _, _ := strings.Cut(rows.Text(), "\t"); n > 0 && !slices.Contains(texts, text) {
			texts = append(texts, text)
		}
	}
	for _, q := range typical(lines, 20_000) {
		texts = append(texts, q.Text)
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(texts), func(i, j int) { texts[i], texts[j] = texts[j], texts[i] }) //nolint:gosec // the same in every run
	return texts, rows.Err()
}

// typed returns what is asked while these texts are typed: all that each begins
// with, letter by letter. In every sixth, two letters are swapped.
func typed(texts []string) (paths []string) {
	for n, text := range texts {
		if n%6 == 5 {
			text = slipped(text)
		}
		for end := range text {
			if end > 0 {
				paths = append(paths, suggestPath(text[:end]))
			}
		}
		paths = append(paths, suggestPath(text))
	}
	return paths
}

func suggestPath(text string) string { return "/v1/search/suggest?q=" + url.QueryEscape(text) }

// slipped swaps two letters in the middle of the longest word.
func slipped(text string) string {
	longest := ""
	for word := range strings.FieldsSeq(text) {
		if utf8.RuneCountInString(word) > utf8.RuneCountInString(longest) {
			longest = word
		}
	}
	runes := []rune(longest)
	if at := len(runes) / 2; at > 0 {
		runes[at-1], runes[at] = runes[at], runes[at-1]
	}
	return strings.Replace(text, longest, string(runes), 1)
}
