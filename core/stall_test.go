package core_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/files"
	"github.com/bodega-commerce/bodega/adapters/memsearch"
	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/feed"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

// stall is a shop on the embedded adapters, with an index and without a till.
// Every transaction runs twice, the first run thrown away.
type stall struct {
	t     testing.TB
	shop  *core.Shop
	db    *sqlite.DB
	told  *told
	index *moody
}

// moody is an index that can be down.
type moody struct {
	ports.SearchEngine
	mu   sync.Mutex
	down bool
}

func (m *moody) setDown(down bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.down = down
}

var errDown = fault.New(fault.Unavailable, "unavailable", "the engine is down")

func (m *moody) isDown() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.down
}

func (m *moody) Search(ctx context.Context, q search.Query) (search.Result, error) {
	if m.isDown() {
		return search.Result{}, errDown
	}
	return m.SearchEngine.Search(ctx, q)
}

func (m *moody) Suggest(ctx context.Context, q search.SuggestQuery) ([]search.Suggestion, error) {
	if m.isDown() {
		return nil, errDown
	}
	return m.SearchEngine.Suggest(ctx, q)
}

// told remembers what caches were told.
type told struct {
	mu       sync.Mutex
	products []id.Product
	slugs    []string
	taxonomy int
}

func (h *told) ProductsChanged(_ context.Context, _ ports.Mark, changed ...catalog.Product) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range changed {
		h.products = append(h.products, p.ID)
		h.slugs = append(h.slugs, p.Slug)
	}
}

func (h *told) TaxonomyChanged(context.Context, ports.Mark) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.taxonomy++
}

func openStall(t testing.TB, options *core.Options, changes ...func(*stall, *core.Deps)) *stall {
	t.Helper()
	dir := t.TempDir()
	db, err := sqlite.Open(t.Context(), filepath.Join(dir, "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	w := &stall{t: t, db: db, told: &told{}, index: &moody{SearchEngine: memsearch.New()}}
	deps := core.Deps{
		Catalog: porttest.ReplayCatalog(db.Catalog()), Orders: porttest.ReplayOrders(db.Orders()), Identity: db.Identity(),
		Search: w.index, Files: files.Dir(dir), Mail: files.Mail(dir), Caches: w.told,
		Payments: core.Providers{"sandbox": sandbox.New(filepath.Join(dir, "sandbox.log"))},
	}
	for _, change := range changes {
		change(w, &deps)
	}
	if w.shop, err = core.New(deps, options); err != nil {
		t.Fatal(err)
	}
	return w
}

// work does all the index jobs there are, and returns how many products they named.
func (w *stall) work() int {
	w.t.Helper()
	named := 0
	for task, read := range map[string]func(job.Envelope) ([]job.ProductPayload, error){
		job.IndexProduct: func(e job.Envelope) ([]job.ProductPayload, error) {
			p, err := job.Decode[job.ProductPayload](e)
			return []job.ProductPayload{p}, err
		},
		job.IndexProducts: func(e job.Envelope) ([]job.ProductPayload, error) {
			p, err := job.Decode[job.ProductsPayload](e)
			return p.Products, err
		},
	} {
		for more := 1; more > 0; {
			var err error
			more, err = w.db.Jobs().Receive(w.t.Context(), task, ports.Batch{Max: 500, Wait: time.Millisecond}, func(ctx context.Context, jobs []job.Delivery) []job.Verdict {
				var products []id.Product
				for _, j := range jobs {
					payloads, err := read(j.Envelope)
					if err != nil {
						w.t.Error(err)
					}
					for _, p := range payloads {
						products = append(products, p.Product)
					}
				}
				if err := w.shop.Search.Index(ctx, products); err != nil {
					w.t.Error(err)
				}
				named += len(products)
				return make([]job.Verdict, len(jobs))
			})
			if err != nil {
				w.t.Fatal(err)
			}
		}
	}
	return named
}

// first makes one of a verb's two results, so that done can follow.
func first[T any](v T, err error) result[T] { return result[T]{v, err} }

type result[T any] struct {
	v   T
	err error
}

// done returns what a verb answered; an error ends the test.
func done[T any](t testing.TB, r result[T]) T {
	t.Helper()
	if r.err != nil {
		t.Fatal(r.err)
	}
	return r.v
}

// mustRefuse ends the test unless err is of a kind and, if given, code.
func mustRefuse(t testing.TB, err error, kind fault.Kind, code string) {
	t.Helper()
	if !fault.Is(err, kind) || code != "" && fault.CodeOf(err) != code {
		t.Fatalf("got %v (%v), want %v %s", err, fault.KindOf(err), kind, code)
	}
}

// mustRefuseAt ends the test unless err is Invalid at exactly these "location code".
func mustRefuseAt(t testing.TB, err error, at ...string) {
	t.Helper()
	mustRefuse(t, err, fault.Invalid, "")
	e, _ := errors.AsType[*fault.Error](err)
	var got []string
	for _, f := range e.Fields {
		got = append(got, f.Location+" "+f.Code)
	}
	if !slices.Equal(got, at) {
		t.Fatalf("refused at %q, want %q", got, at)
	}
}

// feedOf opens lines as a feed.
func feedOf(lines []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(lines)), nil }
}

func (w *stall) importing(lines string, changes ...func(*core.RunImport)) feed.Report {
	w.t.Helper()
	cmd := core.RunImport{By: shopkeeper, Open: feedOf([]byte(lines))}
	for _, change := range changes {
		change(&cmd)
	}
	r, err := w.shop.Imports.Run(w.t.Context(), cmd)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *stall) export() string {
	w.t.Helper()
	var b bytes.Buffer
	if _, err := w.shop.Imports.Export(w.t.Context(), core.ExportCatalog{By: shopkeeper, To: &b}); err != nil {
		w.t.Fatal(err)
	}
	return b.String()
}

// once lets transactions run once, where time is looked at.
func once(w *stall, d *core.Deps) { d.Catalog, d.Orders = w.db.Catalog(), w.db.Orders() }
