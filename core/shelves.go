package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/ports"
)

// shelves say where SKUs belong, by id.SKU.Fold. Stock and catalogue are
// different realms, so this is read before a transaction that changes stock.
type shelves map[string]job.ProductPayload

func shelvesOf(offers map[string]catalog.Offer) shelves {
	found := make(shelves, len(offers))
	for sku, o := range offers {
		found[sku] = job.ProductPayload{Product: o.Product, Version: o.ProductVersion}
	}
	return found
}

// shelvesOfOrder finds an order's SKUs, where the order found them if they have
// since left the catalogue.
func (s *shared) shelvesOfOrder(ctx context.Context, o order.Order) (shelves, error) {
	skus := make([]id.SKU, len(o.Lines))
	for i, l := range o.Lines {
		skus[i] = l.SKU
	}
	offers, err := s.Catalog.Offers.Offers(ctx, skus)
	if err != nil {
		return nil, err
	}
	found := shelvesOf(offers)
	for _, l := range o.Lines {
		if _, ok := found[l.SKU.Fold()]; !ok {
			found[l.SKU.Fold()] = job.ProductPayload{Product: l.Product}
		}
	}
	return found, nil
}

// index adds a job for each product whose availability flipped, and one for each
// level that has just become low.
func (sh shelves) index(ctx context.Context, out ports.Outbox, changes []inventory.Change, t *turn) error {
	jobs := t.tellStock(changes)
	seen := make(map[id.Product]bool)
	for _, c := range changes {
		if p, ok := sh[c.After.SKU.Fold()]; ok && c.Flipped() && !seen[p.Product] {
			seen[p.Product] = true
			jobs = append(jobs, t.job(job.IndexProduct, p.Product.String(), p))
		}
	}
	if len(jobs) == 0 {
		return nil
	}
	return out.Add(ctx, jobs...)
}
