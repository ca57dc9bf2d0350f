package postgres

import (
	"context"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
)

// offers is what the till sees.
type offers struct{ r *realm }

var _ ports.Offers = offers{}

// Offers is contracted by ports.Offers.
func (o offers) Offers(ctx context.Context, skus []id.SKU) (found map[string]catalog.Offer, err error) {
	if len(skus) == 0 {
		return map[string]catalog.Offer{}, nil
	}
	err = o.r.read(ctx, func(q querier) error {
		found, err = readOffers(ctx, q, skus)
		return err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func readOffers(ctx context.Context, q querier, skus []id.SKU) (map[string]catalog.Offer, error) {
	rows, err := q.Query(ctx, `SELECT s.sku, s.title, s.options, s.image, s.price, s.currency, s.sold, p.id, p.slug, p.name, p.category, p.version
		FROM catalog.skus s JOIN catalog.products p ON p.id = s.product WHERE lower(s.sku) = ANY($1) AND s.variant IS NOT NULL`, folds(skus))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make(map[string]catalog.Offer, len(skus))
	for rows.Next() {
		var o catalog.Offer
		var options, image pgtype.DriverBytes // valid until the next row
		var minor int64
		var currency money.Currency
		if err := rows.Scan(&o.SKU, &o.Title, &options, &image, &minor, &currency, &o.Sold, (*uuid)(&o.Product.UUID), &o.ProductSlug, &o.ProductName,
			(*uuid)(&o.Category.UUID), &o.ProductVersion); err != nil {
			return nil, err
		}
		o.Price = money.New(minor, currency)
		if o.Options, err = catalog.ParseOptions(options); err != nil {
			return nil, fault.Wrap(fault.Internal, "postgres.Offers", err)
		}
		if o.Image, err = parseImage(image); err != nil {
			return nil, err
		}
		found[o.SKU.Fold()] = o
	}
	return found, rows.Err()
}
