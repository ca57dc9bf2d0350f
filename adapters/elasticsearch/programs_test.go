package elasticsearch

import (
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/testsuite/containers"
)

// Updates, deletions and re-creations by several programs, doubled and out of
// order: the index ends as the store does.
func TestIndex_AnyOrderFromSeveralPrograms(t *testing.T) {
	t.Parallel()
	url := containers.Elasticsearch(t)
	programs := []*Engine{openAt(t, url, quick), openAt(t, url, quick)}
	const products, updates = 250, 10_000
	random := rand.New(rand.NewPCG(3, 9))
	newest := make([]search.Document, products)
	var jobs []search.Document
	for n := range updates {
		i := random.IntN(products)
		d := lamp(i, newest[i].Version+1)
		if d.Deleted = random.IntN(4) == 0; !d.Deleted {
			d.Price = money.New(int64(n), "EUR")
		}
		newest[i] = d
		jobs = append(jobs, d)
		if random.IntN(5) == 0 {
			jobs = append(jobs, d)
		}
	}
	random.Shuffle(len(jobs), func(i, j int) { jobs[i], jobs[j] = jobs[j], jobs[i] })
	work := make(chan []search.Document)
	var wg sync.WaitGroup
	for w := range 6 {
		wg.Go(func() {
			for batch := range work {
				if _, err := programs[w%2].Index(t.Context(), batch); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for batch := range slices.Chunk(jobs, 97) {
		work <- batch
	}
	close(work)
	wg.Wait()
	mustRefresh(t, programs[0])

	want := map[string]int64{}
	for i := range newest {
		if newest[i].Version > 0 && !newest[i].Deleted {
			want[string(newest[i].SKU)] = newest[i].Price.Minor()
		}
	}
	found := 0
	for page := 1; ; page++ {
		r, err := programs[0].Search(t.Context(), search.Query{Page: page, PerPage: 100, Sort: search.ByPriceAsc})
		if err != nil {
			t.Fatal(err)
		}
		if r.Total != len(want) {
			t.Fatalf("%d products, want %d", r.Total, len(want))
		}
		for _, h := range r.Hits {
			if _, there := want[string(h.SKU)]; !there {
				t.Errorf("%s is found", h.SKU)
			}
			found++
		}
		if len(r.Hits) == 0 {
			break
		}
	}
	if found != len(want) {
		t.Errorf("%d products on the pages, want %d", found, len(want))
	}
	docs := make([]search.Document, 0, len(newest))
	for _, d := range newest {
		if d.Version > 0 {
			docs = append(docs, d)
		}
	}
	if outcomes := mustIndex(t, programs[1], docs...); slices.Contains(outcomes, search.Superseded) {
		t.Error("the index knows a version that was never written")
	}
}

// While one program builds a new index, another writes and both search: no
// search fails or finds less, and no update is lost.
func TestBuild_UnderLoadOfAnotherProgram(t *testing.T) {
	t.Parallel()
	url := containers.Elasticsearch(t)
	o := quick
	o.Settling = 300 * time.Millisecond
	builder, writer := openAt(t, url, o), openAt(t, url, o)
	const products = 120
	var mu sync.Mutex // of the store
	store := lamps(products)
	mustIndex(t, writer, store...)
	mustRefresh(t, writer)

	if built, err := writer.Built(t.Context()); err != nil || built {
		t.Errorf("built before anything was: %v, %v", built, err)
	}

	done := make(chan struct{})
	var writes, searches atomic.Int64
	var wg sync.WaitGroup
	wg.Go(func() {
		random := rand.New(rand.NewPCG(5, 5))
		for version := int64(2); ; version++ {
			select {
			case <-done:
				return
			default:
			}
			i := random.IntN(products)
			d := lamp(i, version)
			mu.Lock()
			store[i] = d
			mu.Unlock()
			if _, err := writer.Index(t.Context(), []search.Document{d}); err != nil {
				t.Error(err)
				return
			}
			writes.Add(1)
		}
	})
	for _, e := range []*Engine{builder, writer} {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				r, err := e.Search(t.Context(), search.Query{Text: "lamp", PerPage: 100})
				if err != nil || r.Total != products || len(r.Hits) != 100 {
					t.Errorf("found %d, %d on the page, %v", r.Total, len(r.Hits), err)
					return
				}
				searches.Add(1)
			}
		})
	}
	for range 3 {
		build, _, err := builder.Begin(t.Context(), "")
		if err != nil {
			t.Fatal(err)
		}
		for from := 0; from < products; from += 30 {
			mu.Lock()
			docs := slices.Clone(store[from : from+30])
			mu.Unlock()
			if _, err := build.Add(t.Context(), docs); err != nil {
				t.Fatal(err)
			}
		}
		if err := build.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	close(done)
	wg.Wait()
	if writes.Load() == 0 || searches.Load() == 0 {
		t.Fatalf("%d writes and %d searches", writes.Load(), searches.Load())
	}
	for _, e := range []*Engine{builder, writer} {
		if outcomes := mustIndex(t, e, store...); slices.Contains(outcomes, search.Superseded) {
			t.Error("the index knows a version that was never written")
		}
		mustRefresh(t, e)
		if r, err := e.Search(t.Context(), search.Query{Sort: search.ByPriceAsc, PerPage: 1}); err != nil || r.Total != products {
			t.Errorf("found %d, %v", r.Total, err)
		}
	}
	if built, err := writer.Built(t.Context()); err != nil || !built {
		t.Errorf("built: %v, %v", built, err)
	}
	aliases, err := builder.aliases(t.Context())
	if err != nil || len(aliases) != 1 {
		t.Errorf("indices left: %v, %v", aliases, err)
	}
}

// What one program defines, another shows soon.
func TestDefine_ReachesOtherPrograms(t *testing.T) {
	t.Parallel()
	url := containers.Elasticsearch(t)
	one, other := openAt(t, url, quick), openAt(t, url, quick)
	docs := lamps(2)
	for i := range docs {
		docs[i].Attributes = map[string]search.Value{"color": search.Text([]string{"red", "blue"}[i])}
	}
	mustIndex(t, one, docs...)
	mustRefresh(t, one)
	facets := func() int {
		r, err := other.Search(t.Context(), search.Query{})
		if err != nil {
			t.Fatal(err)
		}
		return len(r.Facets)
	}
	if n := facets(); n != 2 {
		t.Errorf("%d facets of nothing", n)
	}
	if err := one.Define(t.Context(), search.NewSchema(3, []search.Attribute{{Name: "color", Filterable: true}})); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the facet is shown", func() bool { return facets() == 3 })
	if err := other.Define(t.Context(), search.NewSchema(2, nil)); err != nil {
		t.Fatal(err)
	}
	if n := facets(); n != 3 {
		t.Errorf("an older schema replaced a newer one: %d facets", n)
	}
}
