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
// as they are and with one random edit in the longest word of each, as often as
// there are rounds. It logs each query's, the worst first, and where edits lose.
func (c *Catalogue) Relevance(tb testing.TB, engine ports.Searcher, rounds int) (clean, edited float64) {
	tb.Helper()
	j := readJudgments(tb, c)
	whole := map[string]float64{} // of the queries as they are
	for q := range j {
		if v, _, ok := j.ask(tb, engine, q, q); ok {
			whole[q] = v
			clean += v
		}
	}
	queries := slices.Sorted(maps.Keys(whole))
	var total edits
	halves := [2]edits{} // of the queries, to tell a gain from a fit
	for seed := range uint64(rounds) {
		random := rand.New(rand.NewPCG(seed, 7))
		for i, q := range queries {
			asked, word := misspell(q, random)
			v, r, _ := j.ask(tb, engine, q, asked)
			cause := causeOf(q, asked, word, r)
			total.add(cause, whole[q], v)
			halves[i%2].add(cause, whole[q], v)
		}
	}
	slices.SortStableFunc(queries, func(a, b string) int { return cmp.Compare(whole[a], whole[b]) })
	for _, q := range queries {
		tb.Logf("%.3f %s", whole[q], q)
	}
	clean /= float64(len(queries))
	edited = total.got / total.asked
	tb.Logf("nDCG@10 %.4f, with one random edit in the longest word %.4f (%.3f of it; halves of the queries %.3f, %.3f)",
		clean, edited, total.share(), halves[0].share(), halves[1].share())
	bound := 1.0
	for _, cause := range slices.Sorted(maps.Keys(total.times)) {
		n := total.times[cause]
		tb.Logf("%5.2f %% of the edits and %5.2f %% of the figure: %s", 100*n/total.asked, 100*total.lost[cause]/total.whole, cause)
		if cause == tooShort {
			bound -= total.lost[cause] / total.whole
		}
	}
	tb.Logf("who knew every word that may be corrected would reach %.3f", bound)
	return clean, edited
}

// edits sums up what becomes of queries with an edit.
type edits struct {
	asked, whole, got float64
	times, lost       map[string]float64 // by cause
}

func (e *edits) add(cause string, whole, got float64) {
	if e.times == nil {
		e.times, e.lost = map[string]float64{}, map[string]float64{}
	}
	e.asked++
	e.whole += whole
	e.got += got
	e.times[cause]++
	e.lost[cause] += whole - got
}

func (e *edits) share() float64 { return e.got / e.whole }

const tooShort = "too short a word, or one with a digit: never corrected"

// causeOf tells what became of an edit in a word.
func causeOf(q, asked, word string, r search.Result) string {
	switch {
	case asked == q || r.Corrected == q:
		return "undone, or none"
	case !search.Correctable(word):
		return tooShort
	case r.Corrected == "":
		return "taken as typed: the catalogue has the word"
	}
	return "corrected to another word, or form of it"
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

// ask returns nDCG@10 of a query for what is asked in its stead, and the answer;
// false if all its judgments are 0.
func (j judgments) ask(tb testing.TB, x ports.Searcher, q, asked string) (float64, search.Result, bool) {
	tb.Helper()
	r, err := x.Search(tb.Context(), search.Query{Text: asked})
	if err != nil {
		tb.Fatal(err)
	}
	v, ok := ndcg(r.Hits, j[q])
	return v, r, ok
}

// misspell makes one random edit in the longest word, and returns that too.
func misspell(q string, random *rand.Rand) (asked, word string) {
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
	return strings.Join(words, " "), words[longest]
}
