package core

import (
	"context"
	"slices"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

// Catalog keeps products and what describes them. What shoppers see is read
// from wherever it is quickest; what operators see and every write is the
// primary's. Commands of operators need catalog.write, their questions
// catalog.read.
type Catalog struct{ s *shared }

// present puts beside products what it takes to show them. whole says whether
// they are shown with all their attributes, or as items of a list.
func (s *shared) present(ctx context.Context, products []catalog.Product, after ports.Marks, whole bool) ([]ProductView, error) {
	c, err := s.counter(ctx, products, after)
	if err != nil {
		return nil, err
	}
	return c.views(products, whole), nil
}

// counter is what it takes to show products.
type counter struct {
	taxonomy  *catalog.Taxonomy
	available map[string]int // by id.SKU.Fold
}

// counter reads the taxonomy, and what is available of products, once for all.
func (s *shared) counter(ctx context.Context, products []catalog.Product, after ports.Marks) (counter, error) {
	var c counter
	if len(products) == 0 {
		return c, nil
	}
	var err error
	if c.taxonomy, err = s.Catalog.Taxonomy.Taxonomy(ctx, after.Catalog); err != nil {
		return counter{}, err
	}
	skus := make([]id.SKU, 0, 4*len(products))
	for i := range products {
		for j := range products[i].Variants {
			skus = append(skus, products[i].Variants[j].SKU)
		}
	}
	c.available, err = s.Orders.Stock.Availability(ctx, skus, after.Orders)
	return c, err
}

func (c counter) views(products []catalog.Product, whole bool) []ProductView {
	views := make([]ProductView, len(products))
	for i := range products {
		views[i] = viewOf(c.taxonomy, &products[i], c.available, whole)
	}
	return views
}

// looks is the revision of several products, in order, without making views of
// them, which are large.
func (c counter) looks(products []catalog.Product) uint64 {
	r := newRevision()
	for i := range products {
		p := &products[i]
		brand, _ := c.taxonomy.Brand(p.Brand)
		r.mix(revisionOf(p, &brand, c.taxonomy.Path(p.Category), c.available))
	}
	return uint64(r)
}

func viewOf(t *catalog.Taxonomy, p *catalog.Product, available map[string]int, whole bool) ProductView {
	v := ProductView{Product: *p, Path: t.Path(p.Category), Available: available, taxonomy: t, whole: whole}
	if b, ok := t.Brand(p.Brand); ok {
		v.Brand = &b
	}
	return v
}

// stocked puts beside products what operators see of them: as of a write, or
// as they stand on the primary.
func (s *shared) stocked(ctx context.Context, products []catalog.Product, mark ports.Mark) ([]SavedProduct, error) {
	taxonomy, err := s.primaryTaxonomy(ctx, mark)
	if err != nil {
		return nil, err
	}
	var skus []id.SKU
	for i := range products {
		skus = append(skus, products[i].SKUs()...)
	}
	levels, err := s.levels(ctx, skus)
	if err != nil {
		return nil, err
	}
	available := make(map[string]int, len(levels))
	for sku, l := range levels {
		available[sku] = l.Available()
	}
	saved := make([]SavedProduct, len(products))
	for i := range products {
		saved[i] = SavedProduct{ProductView: viewOf(taxonomy, &products[i], available, true), Levels: levels, Mark: mark}
	}
	return saved, nil
}

// levels returns what there is of each SKU at all locations together, by
// id.SKU.Fold.
func (s *shared) levels(ctx context.Context, skus []id.SKU) (map[string]inventory.Level, error) {
	all := make(map[string]inventory.Level, len(skus))
	if len(skus) == 0 {
		return all, nil
	}
	found, err := s.Orders.Stock.Levels(ctx, skus)
	if err != nil {
		return nil, err
	}
	for _, l := range found {
		sum, ok := all[l.SKU.Fold()]
		if !ok {
			sum = inventory.Level{SKU: l.SKU, Location: l.Location}
		}
		sum.OnHand += l.OnHand
		sum.Reserved += l.Reserved
		sum.Version += l.Version
		all[l.SKU.Fold()] = sum
	}
	return all, nil
}

// primaryTaxonomy returns the taxonomy as it is at the mark of a write or, for
// the zero mark, as it is now.
func (s *shared) primaryTaxonomy(ctx context.Context, mark ports.Mark) (*catalog.Taxonomy, error) {
	if mark.IsZero() {
		var err error
		if mark, err = s.Catalog.Marks.Position(ctx); err != nil {
			return nil, err
		}
	}
	return s.Catalog.Taxonomy.Taxonomy(ctx, mark)
}

// indexedAtOnce is how many products share a job when many change together.
const indexedAtOnce = 500

// indexJobs returns the jobs that bring the index up to date with products, to be
// added where they change.
func (s *shared) indexJobs(ctx context.Context, products ...job.ProductPayload) []job.Envelope {
	now, trace := s.Now(), s.Trace(ctx)
	envelope := func(task string, payload any) job.Envelope {
		return job.New(id.Job{UUID: s.ids.New()}, task, payload, now, trace)
	}
	if len(products) == 1 {
		return []job.Envelope{envelope(job.IndexProduct, products[0])}
	}
	var jobs []job.Envelope
	for some := range slices.Chunk(products, indexedAtOnce) {
		jobs = append(jobs, envelope(job.IndexProducts, job.ProductsPayload{Products: some}))
	}
	return jobs
}

// concern adds the jobs of products that look different now.
func (s *shared) concern(ctx context.Context, out ports.Outbox, products []id.Product) error {
	if len(products) == 0 {
		return nil
	}
	payloads := make([]job.ProductPayload, len(products))
	for i, p := range products {
		payloads[i] = job.ProductPayload{Product: p}
	}
	return out.Add(ctx, s.indexJobs(ctx, payloads...)...)
}
