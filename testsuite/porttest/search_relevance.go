package porttest

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// Relevance returns the mean nDCG@10 of the judged queries beside the catalogue,
// as they are and with one random edit in the longest word of each, and logs
// each query's, the worst first.
func (c *Catalogue) Relevance(tb testing.TB, engine ports.Searcher, rounds int) (clean, edited float64) {
	tb.Helper()
	type scored struct {
		q string
		v float64
	}
	var all []scored
	j := readJudgments(tb, c)
	clean = j.mean(tb, engine, func(q string) string { return q }, func(q string, v float64) { all = append(all, scored{q, v}) })
	slices.SortFunc(all, func(a, b scored) int { return cmp.Compare(a.v, b.v) })
	for _, s := range all {
		tb.Logf("%.3f %s", s.v, s.q)
	}
	for seed := range uint64(rounds) {
		random := rand.New(rand.NewPCG(seed, 7))
		edited += j.mean(tb, engine, func(q string) string { return misspell(q, random) }, nil) / float64(rounds)
	}
	tb.Logf("nDCG@10 %.4f, with one random edit in the longest word %.4f (%.3f of it)", clean, edited, edited/clean)
	return clean, edited
}

// judgments are grades of products by query.
type judgments map[string]map[id.Product]int

func readJudgments(tb testing.TB, c *Catalogue) judgments {
	tb.Helper()
	text, err := os.ReadFile(filepath.Join(os.Getenv("BODEGA_TEST_DATA"), "judgments.tsv"))
	if err != nil {
		tb.Fatal(err)
	}
	j := judgments{}
	for l := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSpace(l), "\t")
		grade, err := strconv.Atoi(f[2])
		if err != nil {
			continue // the head line
		}
		if j[f[0]] == nil {
			j[f[0]] = map[id.Product]int{}
		}
		p := c.Product[f[1]]
		j[f[0]][p] = max(j[f[0]][p], grade)
	}
	return j
}

// ndcg returns nDCG@10 of one query, false if all its judgments are 0.
func ndcg(found []search.Hit, grades map[id.Product]int) (float64, bool) {
	gain := func(grade, rank int) float64 { return (math.Exp2(float64(grade)) - 1) / math.Log2(float64(rank)+2) }
	ideal := 0.0
	best := make([]int, 0, len(grades))
	for _, g := range grades {
		best = append(best, g)
	}
	slices.SortFunc(best, func(a, b int) int { return cmp.Compare(b, a) })
	for i, g := range best[:min(10, len(best))] {
		ideal += gain(g, i)
	}
	if ideal == 0 {
		return 0, false
	}
	sum := 0.0
	for i, h := range found[:min(10, len(found))] {
		sum += gain(grades[h.Product], i)
	}
	return sum / ideal, true
}

func (j judgments) mean(tb testing.TB, x ports.Searcher, edit func(string) string, each func(string, float64)) float64 {
	tb.Helper()
	sum, n := 0.0, 0
	for _, q := range slices.Sorted(maps.Keys(j)) {
		r, err := x.Search(tb.Context(), search.Query{Text: edit(q)})
		if err != nil {
			tb.Fatal(err)
		}
		if v, ok := ndcg(r.Hits, j[q]); ok {
			sum += v
			n++
			if each != nil {
				each(q, v)
			}
		}
	}
	return sum / float64(n)
}

// misspell makes one random edit in the longest word.
func misspell(q string, random *rand.Rand) string {
	words := strings.Fields(q)
	longest := 0
	for i, w := range words {
		if len(w) > len(words[longest]) {
			longest = i
		}
	}
	w := []byte(words[longest])
	i, letter := random.IntN(len(w)), byte('a'+random.IntN(26))
	switch random.IntN(4) {
	case 0:
		w[i] = letter
	case 1:
		w = slices.Insert(w, i, letter)
	case 2:
		w = slices.Delete(w, i, i+1)
	default:
		if i+1 < len(w) {
			w[i], w[i+1] = w[i+1], w[i]
		} else {
			w = slices.Insert(w, i, letter)
		}
	}
	words[longest] = string(w)
	return strings.Join(words, " ")
}
