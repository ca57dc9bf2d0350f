package core

import (
	"context"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/pricing"
)

// quoted is a quote, the offers it was made from, and the revision of the price
// rules it was made by.
type quoted struct {
	pricing.Quote
	offers map[string]catalog.Offer // by id.SKU.Fold
	rules  int64
}

// quote computes what a cart costs now, from the offers on the primary and price
// rules of at most an age.
func (s *shared) quote(ctx context.Context, k cart.Cart, to order.Address, method string, age time.Duration) (quoted, error) {
	now := s.Now()
	if err := k.Editable(now); err != nil {
		return quoted{}, err
	}
	if len(k.Lines) == 0 {
		return quoted{}, fault.InvalidField("cart_id", "required", "the cart is empty")
	}
	if err := s.reaches(to.Country); err != nil {
		return quoted{}, err
	}
	book, err := s.prices(ctx, age)
	if err != nil {
		return quoted{}, err
	}
	offers, err := s.Catalog.Offers.Offers(ctx, k.SKUs())
	if err != nil {
		return quoted{}, err
	}
	var gone []inventory.Shortage
	for _, l := range k.Lines {
		if !offers[l.SKU.Fold()].Sold {
			gone = append(gone, inventory.Shortage{SKU: l.SKU, Requested: l.Quantity})
		}
	}
	if len(gone) > 0 {
		return quoted{}, inventory.OutOfStock(gone...)
	}
	bill, _, err := s.bill(ctx, book, k, offers)
	if err != nil {
		return quoted{}, err
	}
	methods, shipping, err := s.shipping(ctx, book, k, bill, to, method)
	if err != nil {
		return quoted{}, err
	}
	bill.Ship(shipping)
	tax, err := s.tax(ctx, book, bill, to)
	if err != nil {
		return quoted{}, err
	}
	q := pricing.Quote{Cart: k.ID, CartVersion: k.Version, Methods: methods, ExpiresAt: now.Add(s.ReservationTTL)}
	var lines []pricing.Line
	if q.Totals, lines, err = bill.Close(tax); err != nil {
		return quoted{}, err
	}
	for _, l := range lines {
		q.Lines = append(q.Lines, pricing.QuoteLine{Line: l, Name: offers[l.SKU.Fold()].Title})
	}
	return quoted{q, offers, book.Revision}, nil
}

// reaches answers Invalid unless the shop sends to a country.
func (s *shared) reaches(country string) error {
	switch {
	case country == "":
		return fault.InvalidField("ship_to.country", "required", "is required")
	case !order.KnownCountry(country):
		return fault.InvalidField("ship_to.country", "enum", "must be an ISO 3166-1 alpha-2 code")
	case !slices.Contains(s.ShippingCountries, country):
		return fault.New(fault.Invalid, "shipping_unavailable", "the shop does not ship to "+country)
	}
	return nil
}
