package postgres

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// products is what shoppers see.
type products struct{ r *realm }

var _ ports.Products = products{}

// BySlug is contracted by ports.Products.
func (ps products) BySlug(ctx context.Context, slug string, after ports.Mark) (catalog.Product, error) {
	found, err := ps.shown(ctx, after, `SELECT p.doc FROM catalog.product_slugs s JOIN catalog.products p ON p.id = s.product
		WHERE s.slug = $1 AND p.status = 'active'`, slug)
	if err == nil && len(found) == 0 {
		err = fault.Missing("product")
	}
	if err != nil {
		return catalog.Product{}, err
	}
	return found[0], nil
}

// ByIDs is contracted by ports.Products.
func (ps products) ByIDs(ctx context.Context, ids []id.Product, after ports.Mark) ([]catalog.Product, error) {
	if len(ids) == 0 {
		return []catalog.Product{}, nil
	}
	found, err := ps.shown(ctx, after, "SELECT doc FROM catalog.products WHERE id = ANY($1) AND status = 'active'", productUUIDs(ids))
	if err != nil {
		return nil, err
	}
	return inOrder(ids, found, func(p *catalog.Product) id.Product { return p.ID }), nil
}

// Walk is contracted by ports.Products.
func (ps products) Walk(ctx context.Context, since time.Time, from id.Product, limit int, after ports.Mark) ([]catalog.Product, error) {
	upTo := " LIMIT " + strconv.Itoa(limit)
	if since.IsZero() {
		return ps.shown(ctx, after, "SELECT doc FROM catalog.products WHERE status = 'active' AND id > $1 ORDER BY id"+upTo, [16]byte(from.UUID))
	}
	// What changed lately is little: find it by time, then put it in order.
	return ps.shown(ctx, after, `WITH changed AS MATERIALIZED (SELECT id FROM catalog.products WHERE status = 'active' AND updated_at >= $2 AND id > $1)
		SELECT p.doc FROM (SELECT id FROM changed ORDER BY id`+upTo+`) c JOIN catalog.products p USING (id) ORDER BY p.id`, [16]byte(from.UUID), since)
}

// shown reads documents and leaves out the variants that no shopper sees.
func (ps products) shown(ctx context.Context, after ports.Mark, sql string, args ...any) (found []catalog.Product, err error) {
	err = ps.r.readAfter(ctx, after, func(q querier) error {
		found, err = documents(ctx, q, sql, args...)
		return err
	})
	if err != nil {
		return nil, err
	}
	hideInactive(found)
	return found, nil
}

func hideInactive(found []catalog.Product) {
	for i := range found {
		found[i].Variants = slices.DeleteFunc(found[i].Variants, func(v catalog.Variant) bool { return v.Status != catalog.VariantActive })
	}
}

// documents returns the products whose documents a statement selects.
func documents(ctx context.Context, q querier, sql string, args ...any) ([]catalog.Product, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := []catalog.Product{}
	for rows.Next() {
		p, err := document(rows.RawValues()[0])
		if err != nil {
			return nil, err
		}
		found = append(found, p)
	}
	return found, rows.Err()
}

func document(b []byte) (catalog.Product, error) {
	p, err := catalog.ParseDocument(b)
	if err != nil {
		err = &fault.Error{Kind: fault.Internal, Op: "postgres.product", Detail: "a stored document cannot be read", Err: err}
	}
	return p, err
}

// inOrder puts what was found in the order in which it was asked for, as often.
func inOrder[K comparable, V any](asked []K, found []V, key func(*V) K) []V {
	at := make(map[K]int, len(found))
	for i := range found {
		at[key(&found[i])] = i
	}
	ordered := make([]V, 0, len(asked))
	for _, k := range asked {
		if i, ok := at[k]; ok {
			ordered = append(ordered, found[i])
		}
	}
	return ordered
}

func productUUIDs(ids []id.Product) []uuid {
	return uuids(ids, func(p id.Product) id.UUID { return p.UUID })
}
