package porttest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
)

// SearchEngine is one index behind all its ports.
type SearchEngine interface {
	ports.Searcher
	ports.Indexer
	ports.IndexBuilder
	ports.IndexReader
}

// SearchHarness makes engines for TestSearch.
type SearchHarness struct {
	// New returns an empty index for English text.
	New func(t *testing.T) SearchEngine
	// Settle returns when what was written is found. Nil: it is at once.
	Settle func(t *testing.T, e SearchEngine)
	// Remote says that the index is on a server, where each call takes
	// milliseconds instead of microseconds: what is repeated at random or for
	// long is repeated less often.
	Remote bool
	// Resumes says that an index that was left half built is there for the next
	// program.
	Resumes bool
}

// rounds returns how often something is repeated.
func (h SearchHarness) rounds(local, remote int) int {
	if h.Remote {
		return remote
	}
	return local
}

// TestSearch is the contract of Searcher, Indexer, IndexBuilder and IndexReader.
func TestSearch(t *testing.T, h SearchHarness) {
	t.Parallel()
	t.Run("Versions", func(t *testing.T) { testSearchVersions(t, h) })
	t.Run("Words", func(t *testing.T) { testSearchWords(t, h) })
	t.Run("Synonyms", func(t *testing.T) { testSearchSynonyms(t, h) })
	t.Run("Rules", func(t *testing.T) { testSearchRules(t, h) })
	t.Run("Boosts", func(t *testing.T) { testSearchBoosts(t, h) })
	t.Run("Results", func(t *testing.T) { testSearchResults(t, h) })
	t.Run("Suggestions", func(t *testing.T) { testSuggest(t, h) })
	t.Run("Holdings", func(t *testing.T) { testSearchHoldings(t, h) })
	t.Run("Builds", func(t *testing.T) { testIndexBuild(t, h) })
	t.Run("BadInput", func(t *testing.T) { testSearchBadInput(t, h) })
	t.Run("Crowds", func(t *testing.T) { testSearchCrowds(t, h) })
	t.Run("Model", func(t *testing.T) { testSearchModel(t, h) })
}

type searchWorld struct {
	t      *testing.T
	h      SearchHarness
	engine SearchEngine
}

func newSearchWorld(t *testing.T, h SearchHarness) *searchWorld {
	t.Helper()
	return &searchWorld{t, h, h.New(t)}
}

// put indexes documents and waits until they are found.
func (w *searchWorld) put(docs ...search.Document) []search.Outcome {
	w.t.Helper()
	outcomes, err := w.engine.Index(w.t.Context(), docs)
	if err != nil {
		w.t.Fatal(err)
	}
	w.settle()
	return outcomes
}

func (w *searchWorld) settle() {
	if w.h.Settle != nil {
		w.h.Settle(w.t, w.engine)
	}
}

func (w *searchWorld) find(q search.Query) search.Result {
	w.t.Helper()
	r, err := w.engine.Search(w.t.Context(), q)
	if err != nil {
		w.t.Fatalf("%+v: %v", q, err)
	}
	return r
}

// wantSKUs checks which products a query finds, in order, by their best variants.
func (w *searchWorld) wantSKUs(q search.Query, want ...id.SKU) search.Result {
	w.t.Helper()
	r := w.find(q)
	if got := foundSKUs(r); !slices.Equal(got, want) || r.Total != len(want) {
		w.t.Errorf("%+v finds %v (total %d), want %v", q, got, r.Total, want)
	}
	return r
}

// wantAny is wantSKUs in any order.
func (w *searchWorld) wantAny(q search.Query, want ...id.SKU) search.Result {
	w.t.Helper()
	r := w.find(q)
	got := foundSKUs(r)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) || r.Total != len(want) {
		w.t.Errorf("%+v finds %v (total %d), want %v in any order", q, got, r.Total, want)
	}
	return r
}

func foundSKUs(r search.Result) []id.SKU {
	skus := make([]id.SKU, 0, len(r.Hits))
	for _, h := range r.Hits {
		skus = append(skus, h.SKU)
	}
	return skus
}

// sold returns the document of a product of one variant.
func sold(n byte, sku id.SKU, name string) search.Document {
	var p id.Product
	p.UUID[15] = n
	return search.Document{
		SKU: sku, Product: p, Version: 1, Name: name, Title: name, Slug: fmt.Sprintf("product-%d", n), Price: eur(int64(n) * 100),
		Created: time.Date(2026, 1, int(n), 0, 0, 0, 0, time.UTC),
	}
}
