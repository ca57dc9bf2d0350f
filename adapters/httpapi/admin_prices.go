package httpapi

import (
	"context"
	"net/http"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/pricing"
)

// AdminShippingMethod is a way to send a parcel, and how its price is found.
type AdminShippingMethod struct {
	Code         string       `json:"code"`
	Name         string       `json:"name"`
	Countries    []string     `json:"countries" doc:"ISO 3166-1 alpha-2; empty: all the shop sends to"`
	Rate         string       `json:"rate" enum:"flat,weight,total"`
	Steps        []RateStep   `json:"steps"`
	Max          *int64       `json:"max" doc:"the most grams or minor units it is for"`
	FreeFrom     Null[Money]  `json:"free_from" doc:"from this total on it costs nothing"`
	DeliveryDays DeliveryDays `json:"delivery_days"`
	Position     int          `json:"position"`
	Enabled      bool         `json:"enabled"`
	Version      int64        `json:"version"`
}

// RateStep is the price from a number of grams or minor units on.
type RateStep struct {
	From  int64 `json:"from" required:"false" minimum:"0" doc:"Grams of a weight, minor units of a total."`
	Price Money `json:"price"`
}

// DeliveryDays is how long a parcel is under way.
type DeliveryDays struct {
	Min int `json:"min" minimum:"0" maximum:"365"`
	Max int `json:"max" minimum:"0" maximum:"365"`
}

// AdminTaxRate is the tax of a country.
type AdminTaxRate struct {
	Country string `json:"country"`
	Name    string `json:"name"`
	RateBP  int64  `json:"rate_bp" doc:"basis points: 1900 is 19 %"`
	Version int64  `json:"version"`
}

type shippingMethodRequest struct {
	Name         string        `json:"name" minLength:"1" maxLength:"200"`
	Countries    []string      `json:"countries,omitempty" maxItems:"300"`
	Rate         string        `json:"rate" enum:"flat,weight,total" doc:"What the price depends on: nothing, grams (attribute weight_g), or what the goods cost after discounts."`
	Steps        []RateStep    `json:"steps" minItems:"1" maxItems:"100" doc:"By rising from; the last one reached counts. A flat rate has one, from 0."`
	Max          Opt[int64]    `json:"max,omitzero" minimum:"0" maximum:"1000000000000"`
	FreeFrom     Opt[Money]    `json:"free_from,omitzero"`
	DeliveryDays *DeliveryDays `json:"delivery_days,omitempty"`
	Position     int           `json:"position,omitempty" minimum:"0" maximum:"1000000"`
	Enabled      *bool         `json:"enabled,omitempty" doc:"true unless said otherwise"`
}

type taxRateRequest struct {
	Name   string `json:"name" minLength:"1" maxLength:"100"`
	RateBP int64  `json:"rate_bp" minimum:"0" maximum:"10000" doc:"basis points: 1900 is 19 %"`
}

// ShippingMethodRef names a shipping method. It is exported because huma does not
// look into embedded types that are not.
type ShippingMethodRef struct {
	Code string `path:"code"`
}

// TaxRateRef names a country's tax rate, as ShippingMethodRef does a method.
type TaxRateRef struct {
	Country string `path:"country"`
}

func (a *api) registerAdminPrices() {
	a.registerShippingMethods()
	a.registerTaxRates()
	a.registerPromotions()
	a.registerPromotionCoupons()
}

// found returns the one of some rules that is meant.
func found[T any](rules []T, resource string, is func(*T) bool) (*T, error) {
	for i := range rules {
		if is(&rules[i]) {
			return &rules[i], nil
		}
	}
	return nil, fault.Missing(resource)
}

func (a *api) registerShippingMethods() {
	const tag, path = "shipping methods", "/v1/admin/shipping-methods"
	register(a.edge, operation{
		ID: "listShippingMethods", Method: http.MethodGet, Path: path, Tag: tag, Permission: account.PriceRead, Summary: "List shipping methods",
		Description: "In the order shoppers see them. While there are none, the flat rate of the settings is offered.",
	}, func(ctx context.Context, in *struct {
		Browse
		Sort string `query:"sort" enum:"position,name,-name" default:"position"`
	},
	) (*reply[CursorPage[AdminShippingMethod]], error) {
		rules, err := a.shop.Prices.Rules(ctx, core.ShowPriceRules{By: caller(ctx, "")})
		if err != nil {
			return nil, err
		}
		methods := make([]AdminShippingMethod, len(rules.Tariffs))
		for i := range methods {
			methods[i] = shippingMethod(&rules.Tariffs[i])
		}
		page, err := browse("shipping-methods", in.Browse, in.Sort, methods, func(m *AdminShippingMethod) named { return named{m.Code, m.Code, m.Name} })
		return &reply[CursorPage[AdminShippingMethod]]{Body: page}, err
	})
	register(a.edge, operation{ID: "readShippingMethod", Method: http.MethodGet, Path: path + "/{code}", Tag: tag, Permission: account.PriceRead, Summary: "Show a shipping method"},
		func(ctx context.Context, in *ShippingMethodRef) (*reply[AdminShippingMethod], error) {
			rules, err := a.shop.Prices.Rules(ctx, core.ShowPriceRules{By: caller(ctx, "")})
			if err != nil {
				return nil, err
			}
			m, err := found(rules.Tariffs, "shipping_method", func(t *pricing.Tariff) bool { return t.Code == in.Code })
			if err != nil {
				return nil, err
			}
			return &reply[AdminShippingMethod]{Body: shippingMethod(m), ETag: strongETag(m.Version)}, nil
		})
	register(a.edge, operation{
		ID: "defineShippingMethod", Method: http.MethodPut, Path: path + "/{code}", Tag: tag, Permission: account.PriceWrite, IfMatch: true,
		Also: []int{http.StatusCreated}, Summary: "Define a shipping method", Description: "A new one takes If-None-Match: *.",
	}, func(ctx context.Context, in *struct {
		ShippingMethodRef
		Body shippingMethodRequest
	},
	) (*reply[AdminShippingMethod], error) {
		b := in.Body
		m := pricing.Tariff{
			Code: in.Code, Name: b.Name, Countries: b.Countries, By: pricing.RateBy(b.Rate), Max: b.Max.Value, FreeFrom: optAmount(b.FreeFrom),
			Position: b.Position, Disabled: b.Enabled != nil && !*b.Enabled,
		}
		for _, s := range b.Steps {
			m.Steps = append(m.Steps, pricing.RateStep{From: s.From, Price: s.Price.amount()})
		}
		if d := b.DeliveryDays; d != nil {
			m.MinDays, m.MaxDays = d.Min, d.Max
		}
		saved, err := a.shop.Prices.DefineShippingMethod(ctx, core.DefineShippingMethod{By: caller(ctx, ""), Expected: expected(ctx), Method: m})
		return defined(saved, err, shippingMethod, saved.Rule.Version)
	})
	register(a.edge, operation{ID: "dropShippingMethod", Method: http.MethodDelete, Path: path + "/{code}", MayMatch: true, Tag: tag, Permission: account.PriceWrite, Summary: "Drop a shipping method"},
		func(ctx context.Context, in *ShippingMethodRef) (*reply[nothing], error) {
			condition, err := preconditionOf(exchangeOf(ctx).r.Header)
			if err != nil {
				return nil, err
			}
			return gone(a.shop.Prices.DropShippingMethod(ctx, core.DropShippingMethod{By: caller(ctx, ""), Code: in.Code, Version: condition.Version}))
		})
}

func (a *api) registerTaxRates() {
	const tag, path = "tax rates", "/v1/admin/tax-rates"
	register(a.edge, operation{
		ID: "listTaxRates", Method: http.MethodGet, Path: path, Tag: tag, Permission: account.PriceRead, Summary: "List tax rates",
		Description: "By country. While there are none, those of the settings hold.",
	}, func(ctx context.Context, in *struct {
		Browse
		Sort string `query:"sort" enum:"country,name,-name" default:"country"`
	},
	) (*reply[CursorPage[AdminTaxRate]], error) {
		rules, err := a.shop.Prices.Rules(ctx, core.ShowPriceRules{By: caller(ctx, "")})
		if err != nil {
			return nil, err
		}
		rates := make([]AdminTaxRate, len(rules.TaxRates))
		for i := range rates {
			rates[i] = taxRate(&rules.TaxRates[i])
		}
		page, err := browse("tax-rates", in.Browse, in.Sort, rates, func(r *AdminTaxRate) named { return named{r.Country, r.Country, r.Name} })
		return &reply[CursorPage[AdminTaxRate]]{Body: page}, err
	})
	register(a.edge, operation{ID: "readTaxRate", Method: http.MethodGet, Path: path + "/{country}", Tag: tag, Permission: account.PriceRead, Summary: "Show the tax rate of a country"},
		func(ctx context.Context, in *TaxRateRef) (*reply[AdminTaxRate], error) {
			rules, err := a.shop.Prices.Rules(ctx, core.ShowPriceRules{By: caller(ctx, "")})
			if err != nil {
				return nil, err
			}
			r, err := found(rules.TaxRates, "tax_rate", func(r *pricing.TaxRate) bool { return r.Country == in.Country })
			if err != nil {
				return nil, err
			}
			return &reply[AdminTaxRate]{Body: taxRate(r), ETag: strongETag(r.Version)}, nil
		})
	register(a.edge, operation{
		ID: "defineTaxRate", Method: http.MethodPut, Path: path + "/{country}", Tag: tag, Permission: account.PriceWrite, IfMatch: true,
		Also: []int{http.StatusCreated}, Summary: "Define the tax rate of a country", Description: "A new one takes If-None-Match: *.",
	}, func(ctx context.Context, in *struct {
		TaxRateRef
		Body taxRateRequest
	},
	) (*reply[AdminTaxRate], error) {
		saved, err := a.shop.Prices.DefineTaxRate(ctx, core.DefineTaxRate{
			By: caller(ctx, ""), Expected: expected(ctx), Rate: pricing.TaxRate{Country: in.Country, Name: in.Body.Name, BasisPoints: in.Body.RateBP},
		})
		return defined(saved, err, taxRate, saved.Rule.Version)
	})
	register(a.edge, operation{ID: "dropTaxRate", Method: http.MethodDelete, Path: path + "/{country}", MayMatch: true, Tag: tag, Permission: account.PriceWrite, Summary: "Drop the tax rate of a country"},
		func(ctx context.Context, in *TaxRateRef) (*reply[nothing], error) {
			condition, err := preconditionOf(exchangeOf(ctx).r.Header)
			if err != nil {
				return nil, err
			}
			return gone(a.shop.Prices.DropTaxRate(ctx, core.DropTaxRate{By: caller(ctx, ""), Country: in.Country, Version: condition.Version}))
		})
}

// expected is what a PUT that may create knows of what it replaces.
func expected(ctx context.Context) core.Expected {
	condition := conditions(ctx)
	return core.Expected{Version: max(condition.Version, 0), New: condition.Absent}
}

// defined answers a PUT that may create.
func defined[R, T any](saved core.SavedRule[R], err error, show func(*R) T, version int64) (*reply[T], error) {
	if err != nil {
		return nil, err
	}
	rep := &reply[T]{Body: show(&saved.Rule), ETag: strongETag(version), Mark: saved.Mark}
	if saved.Created {
		rep.Status = http.StatusCreated
	}
	return rep, nil
}

func shippingMethod(t *pricing.Tariff) AdminShippingMethod {
	m := AdminShippingMethod{
		Code: t.Code, Name: t.Name, Countries: append([]string{}, t.Countries...), Rate: string(t.By), Max: limit(t.Max), Steps: make([]RateStep, len(t.Steps)),
		FreeFrom: optionalMoney(t.FreeFrom), DeliveryDays: DeliveryDays{t.MinDays, t.MaxDays}, Position: t.Position, Enabled: !t.Disabled, Version: t.Version,
	}
	for i, s := range t.Steps {
		m.Steps[i] = RateStep{s.From, moneyOf(s.Price)}
	}
	return m
}

func taxRate(r *pricing.TaxRate) AdminTaxRate {
	return AdminTaxRate{Country: r.Country, Name: r.Name, RateBP: r.BasisPoints, Version: r.Version}
}
