package core

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
)

// restateBatch is how many products are locked and written at once.
const restateBatch = 200

// restate makes strings of what products have under definitions that this feed
// widened: the numbers of an earlier feed are among texts now. It returns the
// products that changed.
func (d *description) restate(ctx context.Context, tx ports.CatalogTx, now time.Time) ([]catalog.Product, error) {
	if len(d.widened) == 0 {
		return nil, nil
	}
	tree := catalog.NewTaxonomy(d.allCategories, nil, d.allDefinitions, nil, nil)
	names := map[id.Category][]string{} // of a category whose products are concerned
	for _, w := range d.widened {
		for _, c := range tree.Within(w.category) {
			if tree.Definition(c, w.name).Category == w.category {
				names[c] = append(names[c], w.name)
			}
		}
	}
	within, err := tx.Categories.ProductsIn(ctx, slices.Collect(maps.Keys(names))...)
	if err != nil {
		return nil, err
	}
	var all []catalog.Product
	values := 0
	for ids := range slices.Chunk(within, restateBatch) {
		found, err := tx.Products.ForUpdate(ctx, ids...)
		if err != nil {
			return nil, err
		}
		var changed []catalog.Product
		var payloads []job.ProductPayload
		var news []job.Envelope
		for i := range found {
			p := &found[i]
			n := textOnly(p, names[p.Category])
			if n == 0 {
				continue
			}
			values += n
			p.Version++
			p.UpdatedAt = later(now, p.UpdatedAt)
			changed = append(changed, *p)
			payloads = append(payloads, job.ProductPayload{Product: p.ID, Version: p.Version})
			news = append(news, d.s.tellProduct(ctx, d.heard, webhook.ProductUpdated, p)...)
		}
		if len(changed) == 0 {
			continue
		}
		if err := tx.Products.Save(ctx, changed...); err != nil {
			return nil, err
		}
		if err := tx.Jobs.Add(ctx, append(d.s.indexJobs(ctx, payloads...), news...)...); err != nil {
			return nil, err
		}
		all = append(all, changed...)
	}
	if values > 0 {
		d.notes = append(d.notes, fmt.Sprintf("%d values of %d products that were there before became strings", values, len(all)))
	}
	return all, nil
}

// textOnly makes strings of a product's values of these names, its own and its
// variants', and returns how many that changed.
func textOnly(p *catalog.Product, names []string) int {
	n := restated(p.Attributes, names)
	for i := range p.Variants {
		n += restated(p.Variants[i].Attributes, names)
	}
	return n
}

func restated(values catalog.Attributes, names []string) int {
	n := 0
	for _, name := range names {
		if v, ok := values[name]; ok && v.Type() != catalog.String {
			values[name] = catalog.Text(v.String())
			n++
		}
	}
	return n
}
