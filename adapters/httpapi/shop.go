package httpapi

import (
	"context"
	"net/http"
	"slices"
)

// forEverybody lets a CDN keep an answer for a minute and serve it a little
// longer while it asks again.
const forEverybody = "public, max-age=60, stale-while-revalidate=60"

// ShopInfo is what a storefront must know before it shows anything.
type ShopInfo struct {
	Name              string         `json:"name"`
	Currency          string         `json:"currency"`
	CurrencyExponent  int            `json:"currency_exponent" doc:"decimals of the minor unit"`
	Locale            string         `json:"locale"`
	Country           string         `json:"country"`
	PricesIncludeTax  bool           `json:"prices_include_tax"`
	ShippingCountries []string       `json:"shipping_countries"`
	MaxLineQuantity   int            `json:"max_line_quantity"`
	PaymentProviders  []ShopProvider `json:"payment_providers"`
	TestMode          bool           `json:"test_mode" doc:"some provider moves no money"`
}

// ShopProvider is a way to pay.
type ShopProvider struct {
	Code           string  `json:"code"`
	PublishableKey *string `json:"publishable_key"`
}

func (a *api) registerShop() {
	register(a.edge, operation{ID: "readShop", Method: http.MethodGet, Path: "/v1/shop", Tag: "shop", Cache: forEverybody, Summary: "Show what a storefront must know"},
		func(context.Context, *struct{}) (*reply[ShopInfo], error) {
			s := a.shop.Settings()
			out := ShopInfo{
				Name: s.Name, Currency: string(s.Currency), CurrencyExponent: s.Currency.Exponent(), Locale: s.Locale,
				Country: s.Country, PricesIncludeTax: !s.PricesExcludeTax, ShippingCountries: unique(s.ShippingCountries),
				MaxLineQuantity: s.MaxLineQuantity, PaymentProviders: []ShopProvider{},
			}
			for _, code := range a.shop.Providers() {
				out.PaymentProviders = append(out.PaymentProviders, ShopProvider{Code: code, PublishableKey: text(a.opts.PublishableKeys[code])})
				out.TestMode = out.TestMode || slices.Contains(s.TestProviders, code)
			}
			return &reply[ShopInfo]{Body: out}, nil
		})
}

// unique returns the values sorted, each once.
func unique(values []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(values)))
}
