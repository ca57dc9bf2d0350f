package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"maps"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/adapters/elasticsearch"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/search"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/containers"
	"github.com/bodega-commerce/bodega/testsuite/porttest"
)

// million compares searches that find little among very many SKUs with the same
// among as many as the catalogue has.
func (b *bench) million(ctx context.Context) (err error) {
	if _, err := exec.LookPath("docker"); err != nil {
		b.say("skipped what needs a real server: there is no docker here")
		return nil
	}
	c, err := b.documents()
	if err != nil {
		return err
	}
	set, err := containers.StartDurable(ctx, b.progress, "elasticsearch")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Stop(context.WithoutCancel(ctx))) }()
	s := &server{set, set.URL("elasticsearch")}
	small, err := b.series(ctx, s, c, "small", len(c.Docs))
	if err != nil {
		return err
	}
	defer small.Close() //nolint:contextcheck // it ends what outlives this context
	large, err := b.series(ctx, s, c, "large", b.skus)
	if err != nil {
		return err
	}
	defer large.Close() //nolint:contextcheck // it ends what outlives this context
	var memory struct {
		Nodes map[string]struct {
			JVM struct {
				Mem struct {
					Used int64 `json:"heap_used_in_bytes"`
				}
			}
		}
	}
	if err := s.do(ctx, http.MethodGet, "/_nodes/stats/jvm", nil, &memory); err != nil {
		return err
	}
	for _, node := range memory.Nodes {
		b.addBound("  heap in use with both", megabytes(node.JVM.Mem.Used), "", told)
	}

	// What is asked for is in the first series, which both have.
	texts := shoppers(c, 200)
	asking := func(e *elasticsearch.Engine) side {
		return s.costing(func(ctx context.Context) (sample, error) {
			return atOnce(b.users, b.work/3, func(i int) error {
				_, err := e.Search(ctx, search.Query{Text: texts[i%len(texts)] + " " + seriesName(0)})
				return err
			})
		})
	}
	ours, limit := asking(large), asking(small)
	for _, side := range []side{ours, limit} {
		if _, err := side(ctx); err != nil {
			return err
		}
	}
	p, err := alternate(ctx, b.rounds, ours, limit)
	if err != nil {
		return err
	}
	b.addWait(fmt.Sprintf("selective searches among %d SKUs, beside %d", b.skus, len(c.Docs)), p, 1.5)
	return nil
}

// series builds an index of so many SKUs.
func (b *bench) series(ctx context.Context, s *server, c *porttest.Catalogue, name string, skus int) (*elasticsearch.Engine, error) {
	e, err := s.engine(ctx, name)
	if err != nil {
		return nil, err
	}
	began, used := time.Now(), s.cpu(ctx)
	if err := b.fill(ctx, e, c, skus); err != nil {
		e.Close() //nolint:contextcheck // it ends what outlives this context
		return nil, err
	}
	took := time.Since(began)
	var size struct {
		All struct {
			Primaries struct {
				Store struct {
					Size int64 `json:"size_in_bytes"`
				}
			}
		} `json:"_all"`
	}
	if err := s.do(ctx, http.MethodGet, "/"+name+"/_stats/store", nil, &size); err != nil {
		e.Close() //nolint:contextcheck // it ends what outlives this context
		return nil, err
	}
	b.add(line{
		name: fmt.Sprintf("index of %d SKUs, %s on disk", skus, megabytes(size.All.Primaries.Store.Size)),
		got:  perSecond(float64(skus)/took.Seconds(), ""), cpu: short((s.cpu(ctx) - used) / time.Duration(skus)),
	})
	return e, e.Refresh(ctx)
}

// fill brings so many SKUs into an engine.
func (b *bench) fill(ctx context.Context, e ports.SearchEngine, c *porttest.Catalogue, skus int) error {
	if err := e.Define(ctx, c.Schema); err != nil {
		return err
	}
	build, _, err := e.Begin(ctx, "")
	if err != nil {
		return err
	}
	done, spoke := 0, time.Now()
	for docs := range multiplied(c, skus) {
		if _, err := build.Add(ctx, docs); err != nil {
			return errors.Join(err, build.Abort(context.WithoutCancel(ctx)))
		}
		if done += len(docs); time.Since(spoke) > 20*time.Second {
			spoke = time.Now()
			b.say("  %d of %d", done, skus)
		}
	}
	return build.Commit(ctx)
}

// seriesName is a word that the names of a series have.
func seriesName(n int) string { return fmt.Sprintf("mk%03d", n) }

// multiplied returns so many documents, some at a time: the catalogue again and
// again, each time as another series with products and SKUs of its own,
// and one value in four of another product of the same category.
func multiplied(c *porttest.Catalogue, skus int) iter.Seq[[]search.Document] {
	const some = 1000
	alike := map[id.Category][]int{}
	leaf := func(d *search.Document) (leaf id.Category) {
		if n := len(d.Categories); n > 0 {
			leaf = d.Categories[n-1].ID
		}
		return leaf
	}
	for i := range c.Docs {
		alike[leaf(&c.Docs[i])] = append(alike[leaf(&c.Docs[i])], i)
	}
	return func(yield func([]search.Document) bool) {
		random := rand.New(rand.NewPCG(3, 4)) //nolint:gosec // the same in every run
		docs := make([]search.Document, 0, some)
		for n := range skus {
			d, series := c.Docs[n%len(c.Docs)], n/len(c.Docs)
			name := " " + seriesName(series)
			d.SKU += id.SKU("-" + seriesName(series))
			d.Name, d.Title = d.Name+name, d.Title+name
			if series > 0 {
				binary.BigEndian.PutUint32(d.Product.UUID[:4], uint32(series)) //nolint:gosec // small
				others := alike[leaf(&d)]
				other := &c.Docs[others[random.IntN(len(others))]]
				d.Attributes = maps.Clone(d.Attributes)
				for _, name := range slices.Sorted(maps.Keys(d.Attributes)) {
					if v, ok := other.Attributes[name]; ok && random.IntN(4) == 0 {
						d.Attributes[name] = v
					}
				}
			}
			if docs = append(docs, d); len(docs) == some || n == skus-1 {
				if !yield(docs) {
					return
				}
				docs = make([]search.Document, 0, some)
			}
		}
	}
}
