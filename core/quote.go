package core

import (
	"context"
	"slices"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/pricing"
)

// flatShipping is the code of the one shipping method there is.
const flatShipping = "standard"

// quoted is a quote and the offers it was made from.
type quoted struct {
	pricing.Quote
	offers map[string]catalog.Offer // by id.SKU.Fold
}

// quote computes what a cart costs now, from the offers on the primary.
func (s *shared) quote(ctx context.Context, k cart.Cart, to order.Address, method string) (quoted, error) {
	now := s.Now()
	if err := k.Editable(now); err != nil {
		return quoted{}, err
	}
	if len(k.Lines) == 0 {
		return quoted{}, fault.InvalidField("cart_id", "required", "the cart is empty")
	}
	methods, shipping, err := s.shipping(to.Country, method)
	if err != nil {
		return quoted{}, err
	}
	offers, err := s.Catalog.Offers.Offers(ctx, k.SKUs())
	if err != nil {
		return quoted{}, err
	}
	var items []pricing.Item
	var gone []inventory.Shortage
	for _, l := range k.Lines {
		o := offers[l.SKU.Fold()]
		if !o.Sold {
			gone = append(gone, inventory.Shortage{SKU: l.SKU, Requested: l.Quantity})
			continue
		}
		items = append(items, pricing.Item{SKU: o.SKU, Quantity: l.Quantity, UnitPrice: o.Price, Category: o.Category})
	}
	if len(gone) > 0 {
		return quoted{}, inventory.OutOfStock(gone...)
	}
	q := pricing.Quote{Cart: k.ID, CartVersion: k.Version, Methods: methods, ExpiresAt: now.Add(s.ReservationTTL)}
	bill, err := pricing.NewBill(s.Currency, !s.PricesExcludeTax, items, nil)
	if err != nil {
		return quoted{}, err
	}
	bill.Ship(shipping)
	totals, lines, err := bill.Close(s.taxRate(to.Country).Tax(bill.Taxable()))
	if err != nil {
		return quoted{}, err
	}
	q.Totals = totals
	for _, l := range lines {
		q.Lines = append(q.Lines, pricing.QuoteLine{Line: l, Name: offers[l.SKU.Fold()].Title})
	}
	return quoted{q, offers}, nil
}

// shipping returns the ways to send a parcel to a country, the one chosen
// selected ("": the cheapest), and its price.
func (s *shared) shipping(country, chosen string) ([]pricing.ShippingMethod, money.Amount, error) {
	switch {
	case country == "":
		return nil, money.Amount{}, fault.InvalidField("ship_to.country", "required", "is required")
	case !order.KnownCountry(country):
		return nil, money.Amount{}, fault.InvalidField("ship_to.country", "enum", "must be an ISO 3166-1 alpha-2 code")
	case !slices.Contains(s.ShippingCountries, country):
		return nil, money.Amount{}, fault.New(fault.Invalid, "shipping_unavailable", "the shop does not ship to "+country)
	case chosen != "" && chosen != flatShipping:
		return nil, money.Amount{}, fault.InvalidField("shipping_method", "unknown_reference", "is not a shipping method")
	}
	price := money.New(s.ShippingFlat, s.Currency)
	return []pricing.ShippingMethod{{Code: flatShipping, Name: "Standard shipping", Price: price, MinDays: 2, MaxDays: 5, Selected: true}}, price, nil
}

// taxRate returns the rate of a country; nil if it has none.
func (s *shared) taxRate(country string) *pricing.TaxRate {
	for i := range s.TaxRates {
		if s.TaxRates[i].Country == country {
			return &s.TaxRates[i]
		}
	}
	return nil
}
