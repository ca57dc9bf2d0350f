package sqlite

import (
	"context"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// products is what shoppers see.
type products struct{ db *DB }

var _ ports.Products = products{}

func (ps products) BySlug(ctx context.Context, slug string, _ ports.Mark) (p catalog.Product, err error) {
	found := false
	err = ps.db.view(ctx, func(s *session) error {
		found, err = s.first("SELECT doc FROM product_slugs JOIN products ON seq = product WHERE product_slugs.slug = ?1 AND status = 'active'",
			s.product(&p), slug)
		return err
	})
	if err == nil && !found {
		err = fault.Missing("product")
	}
	if err != nil {
		return catalog.Product{}, err
	}
	hideInactive(&p)
	return p, nil
}

func (ps products) ByIDs(ctx context.Context, ids []id.Product, _ ports.Mark) ([]catalog.Product, error) {
	found := make([]catalog.Product, 0, len(ids))
	err := ps.db.snapshot(ctx, func(s *session) error {
		for _, p := range ids {
			if err := s.query("SELECT doc FROM products WHERE id = ?1 AND status = 'active'", s.products(&found), p.UUID); err != nil {
				return err
			}
		}
		return nil
	})
	return shown(found, err)
}

func (ps products) Walk(ctx context.Context, since time.Time, from id.Product, limit int, _ ports.Mark) ([]catalog.Product, error) {
	found := []catalog.Product{}
	err := ps.db.view(ctx, func(s *session) error {
		if since.IsZero() {
			return s.query("SELECT doc FROM products WHERE status = 'active' AND id > ?1 ORDER BY id LIMIT ?2",
				s.products(&found), from.UUID[:], limit)
		}
		// What changed lately is little: find it by time, then put it in order.
		return s.query(`SELECT doc FROM products WHERE seq IN (
				SELECT seq FROM products INDEXED BY products_updated
				WHERE updated_at >= ?3 AND id > ?1 AND status = 'active' ORDER BY id LIMIT ?2)
			ORDER BY id`, s.products(&found), from.UUID[:], limit, since)
	})
	return shown(found, err)
}

// hideInactive leaves out the variants that no shopper sees.
func hideInactive(p *catalog.Product) {
	p.Variants = slices.DeleteFunc(p.Variants, func(v catalog.Variant) bool { return v.Status != catalog.VariantActive })
}

func shown(ps []catalog.Product, err error) ([]catalog.Product, error) {
	if err != nil {
		return nil, err
	}
	for i := range ps {
		hideInactive(&ps[i])
	}
	return ps, nil
}

// product reads a document from column 0.
func (s *session) product(into *catalog.Product) func(row) error {
	return func(r row) (err error) {
		s.buf = r.appendBytes(s.buf[:0], 0)
		if *into, err = catalog.ParseDocument(s.buf); err != nil {
			return &fault.Error{Kind: fault.Internal, Op: "sqlite.product", Err: err}
		}
		return nil
	}
}

// products appends the document in column 0 of each row.
func (s *session) products(into *[]catalog.Product) func(row) error {
	return func(r row) error {
		var p catalog.Product
		if err := s.product(&p)(r); err != nil {
			return err
		}
		*into = append(*into, p)
		return nil
	}
}

// offers is what the till sees.
type offers struct{ db *DB }

var _ ports.Offers = offers{}

func (o offers) Offers(ctx context.Context, skus []id.SKU) (map[string]catalog.Offer, error) {
	if err := o.db.readers.ready(ctx); err != nil {
		return nil, err
	}
	folds := make([]string, len(skus))
	for i, sku := range skus {
		folds[i] = sku.Fold()
	}
	found, unknown, changes := o.db.derived.offers.find(folds)
	if len(unknown) == 0 {
		return found, nil
	}
	err := o.db.snapshot(ctx, func(s *session) error {
		for _, fold := range unknown {
			if _, err := s.first(`SELECT sku, title, options, image, s.price, s.currency, sold, p.id, slug, name, category, p.version
				FROM skus s JOIN products p ON p.id = s.product WHERE sku_fold = ?1 AND variant IS NOT NULL`,
				func(r row) error {
					offer, err := readOffer(r)
					found[fold] = offer
					return err
				}, fold); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	o.db.derived.offers.keep(unknown, found, changes)
	return found, nil
}

func readOffer(r row) (catalog.Offer, error) {
	o := catalog.Offer{
		SKU: r.sku(0), Title: r.text(1), Price: r.amount(4, 5), Sold: r.bool(6),
		Product: id.Product{UUID: r.uuid(7)}, ProductSlug: r.text(8), ProductName: r.text(9), Category: id.Category{UUID: r.uuid(10)},
		ProductVersion: r.int64(11),
	}
	var err error
	o.Options, err = catalog.ParseOptions(r.bytes(2))
	if image := r.bytes(3); err == nil && image != nil {
		o.Image = new(catalog.Image)
		*o.Image, err = catalog.ParseImage(image)
	}
	if err != nil {
		return o, &fault.Error{Kind: fault.Internal, Op: "sqlite.Offers", Err: err}
	}
	return o, nil
}
