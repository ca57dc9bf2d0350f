//go:build unix

package memsearch_test

import (
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

func filled(tb testing.TB, c *porttest.Catalogue) *memsearch.Index {
	tb.Helper()
	x := memsearch.New()
	c.Fill(tb, x)
	return x
}

// users search at once in the benchmarks of the engine alone.
const users = 16

// workload returns queries as shoppers make them: a few words of some product's
// name, and every fourth with filters.
func workload(c *porttest.Catalogue, n int) []search.Query {
	random := rand.New(rand.NewPCG(1, 2))
	queries := make([]search.Query, 0, n)
	for len(queries) < n {
		d := &c.Docs[random.IntN(len(c.Docs))]
		words := search.Words(d.Name)
		words = slices.DeleteFunc(words, func(w search.Word) bool { return w.Extra || len(w.Text) < 3 })
		if len(words) < 4 {
			continue
		}
		from := random.IntN(len(words) - 2)
		var text []string
		for _, w := range words[from : from+2+random.IntN(2)] {
			text = append(text, w.Text)
		}
		q := search.Query{Text: strings.Join(text, " ")}
		if len(queries)%4 == 0 {
			q.Brands = []string{d.Brand.Slug}
			least := d.Price.Minor() / 2
			q.PriceMin = &least
			if v, ok := d.Attributes["product_colour"]; ok {
				q.Filters = []search.Filter{{Name: "product_colour", Values: []string{v.String()}}}
			}
		}
		queries = append(queries, q)
	}
	return queries
}

func broad() (queries []search.Query) {
	for _, w := range []string{"black", "cable", "hp", "original", "usb", "white", "power", "network cable"} {
		queries = append(queries, search.Query{Text: w})
	}
	return queries
}

func pages(c *porttest.Catalogue) (queries []search.Query) {
	seen := map[string]bool{}
	for i := range c.Docs {
		for _, step := range c.Docs[i].Categories {
			if !seen[step.Slug] {
				seen[step.Slug] = true
				queries = append(queries, search.Query{Category: step.Slug})
			}
		}
	}
	return queries
}

// typing returns what shoppers have typed at each stroke of some words.
func typing(c *porttest.Catalogue) (texts []string) {
	for _, q := range workload(c, 100) {
		for n := 1; n <= len(q.Text); n++ {
			texts = append(texts, q.Text[:n])
		}
	}
	return texts
}

// searches returns a function that asks the i'th query, over and over.
func searches(b *testing.B, x *memsearch.Index, queries []search.Query) func(i int) error {
	return func(i int) error {
		_, err := x.Search(b.Context(), queries[i%len(queries)])
		return err
	}
}

// measure runs a query by all users and reports the rate and latency.
func measure(b *testing.B, ask func(i int) error) {
	b.Helper()
	taken := make([][]time.Duration, users)
	used := processorTime()
	b.ResetTimer()
	var wg sync.WaitGroup
	for u := range users {
		wg.Go(func() {
			for i := u; i < b.N; i += users {
				begin := time.Now()
				if err := ask(i); err != nil {
					b.Error(err)
					return
				}
				taken[u] = append(taken[u], time.Since(begin))
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64((processorTime()-used).Microseconds())/float64(b.N)/1000, "cpu-ms/query")
	all := slices.Concat(taken...)
	slices.Sort(all)
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "queries/s")
	b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
}

// processorTime is what the process has used: unlike elapsed time it does not
// depend on who else uses the machine.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkSearch(b *testing.B) {
	c := porttest.ReadCatalogue(b)
	for _, copies := range []int{1, 5} {
		large := multiply(c, copies)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		begin := time.Now()
		x := filled(b, large)
		took := time.Since(begin)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.Logf("%d variants: built in %v, %d MB", len(large.Docs), took.Round(time.Millisecond), (after.HeapAlloc-before.HeapAlloc)>>20)
		size := strconv.Itoa(len(large.Docs))
		b.Run("typical/"+size, func(b *testing.B) { measure(b, searches(b, x, workload(c, 2000))) })
		b.Run("broad/"+size, func(b *testing.B) { measure(b, searches(b, x, broad())) })
		b.Run("category/"+size, func(b *testing.B) { measure(b, searches(b, x, pages(c))) })
		b.Run("suggest/"+size, func(b *testing.B) {
			texts := typing(c)
			measure(b, func(i int) error {
				_, err := x.Suggest(b.Context(), search.SuggestQuery{Text: texts[i%len(texts)]})
				return err
			})
		})
		b.Run("upsert/"+size, func(b *testing.B) {
			for i := range b.N {
				d := large.Docs[i%len(large.Docs)]
				d.Version = int64(i + 2)
				if _, err := x.Index(b.Context(), []search.Document{d}); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// multiply returns a catalogue of that many copies with SKUs, products, model
// numbers and numeric attributes of their own.
func multiply(c *porttest.Catalogue, copies int) *porttest.Catalogue {
	m := &porttest.Catalogue{Schema: c.Schema, Product: c.Product}
	for n := range copies {
		for _, d := range c.Docs {
			if n > 0 {
				suffix := strconv.Itoa(n)
				d.SKU += id.SKU("-" + suffix)
				d.Product.UUID[0] = byte(n)
				d.Name += " v" + suffix
				d.Title += " v" + suffix
				d.Price = money.New(d.Price.Minor()*int64(n+1), d.Price.Currency())
			}
			m.Docs = append(m.Docs, d)
		}
	}
	return m
}
