package core

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/ports"
)

// Prices is what operators say about shipping, taxes and promotions. A change is
// in force for every checkout that begins after it.
type Prices struct{ s *shared }

// ShowPriceRules asks for all price rules.
type ShowPriceRules struct {
	By account.Actor
}

// Rules returns the price rules in force: methods in the order they are shown,
// tax rates by country, promotions in the order they were made.
func (x *Prices) Rules(ctx context.Context, q ShowPriceRules) (pricing.Rules, error) {
	if err := allow(q.By, account.PriceRead); err != nil {
		return pricing.Rules{}, err
	}
	book, err := x.s.prices(ctx, 0)
	if err != nil {
		return pricing.Rules{}, err
	}
	rules := book.Rules
	rules.Tariffs, rules.TaxRates, rules.Promotions = slices.Clone(rules.Tariffs), slices.Clone(rules.TaxRates), slices.Clone(rules.Promotions)
	return rules, nil
}

// SavedRule is a price rule as a write left it.
type SavedRule[T any] struct {
	Rule    T
	Created bool // it was not there before
	Mark    ports.Mark
}

// Expected says what a writer knows of a rule.
type Expected struct {
	Version int64 // 0: whatever is there, or nothing
	New     bool  // it must not be there yet, else Stale (version_conflict)
}

// DefineShippingMethod asks for a shipping method to be as given; its Code says
// which. Version is the shop's to set.
type DefineShippingMethod struct {
	By account.Actor
	Expected
	Method pricing.Tariff
}

// DefineShippingMethod creates or replaces a shipping method. The first one ends
// the settings' flat rate. Stale (version_conflict, current 0 when there is none).
func (x *Prices) DefineShippingMethod(ctx context.Context, c DefineShippingMethod) (SavedRule[pricing.Tariff], error) {
	var f fault.Fields
	f.Join("", c.Method.Validate(x.s.Currency))
	for i, country := range c.Method.Countries {
		if !order.KnownCountry(country) {
			f.Add(fmt.Sprintf("countries[%d]", i), "enum", "must be an ISO 3166-1 alpha-2 code")
		}
	}
	return define(ctx, x, c.By, c.Expected, f.Err(), c.Method, tariffs)
}

// DropShippingMethod asks for a shipping method to be forgotten.
type DropShippingMethod struct {
	By      account.Actor
	Code    string
	Version int64 // 0: whatever is there
}

// DropShippingMethod removes a shipping method. After the last one the settings'
// flat rate is back.
func (x *Prices) DropShippingMethod(ctx context.Context, c DropShippingMethod) (ports.Mark, error) {
	return drop(ctx, x, c.By, c.Version, pricing.Tariff{Code: c.Code}, tariffs, nil)
}

// DefineTaxRate asks for the rate of a country to be as given. Version is the
// shop's to set.
type DefineTaxRate struct {
	By account.Actor
	Expected
	Rate pricing.TaxRate
}

// DefineTaxRate creates or replaces the rate of a country. The first one ends the
// rates of the settings. Stale (version_conflict, current 0 when there is none).
func (x *Prices) DefineTaxRate(ctx context.Context, c DefineTaxRate) (SavedRule[pricing.TaxRate], error) {
	var f fault.Fields
	f.Join("", c.Rate.Validate())
	if !order.KnownCountry(c.Rate.Country) {
		f.Add("country", "enum", "must be an ISO 3166-1 alpha-2 code")
	}
	return define(ctx, x, c.By, c.Expected, f.Err(), c.Rate, taxRates)
}

// DropTaxRate asks for the rate of a country to be forgotten.
type DropTaxRate struct {
	By      account.Actor
	Country string
	Version int64 // 0: whatever is there
}

// DropTaxRate removes the rate of a country. After the last one the rates of the
// settings are back.
func (x *Prices) DropTaxRate(ctx context.Context, c DropTaxRate) (ports.Mark, error) {
	return drop(ctx, x, c.By, c.Version, pricing.TaxRate{Country: c.Country}, taxRates, nil)
}

// CreatePromotion asks for a new promotion. Its ID, Version and times are the
// shop's to set.
type CreatePromotion struct {
	By        account.Actor
	Promotion pricing.Promotion
	Key       string // names the request: sent again, it makes no other promotion; "": it does
}

// CreatePromotion adds a promotion. Invalid (unknown_reference) for a category
// that is not there. Under a Key that made one before, it returns that one.
func (x *Prices) CreatePromotion(ctx context.Context, c CreatePromotion) (SavedRule[pricing.Promotion], error) {
	c.Promotion.ID = id.Promotion{UUID: x.s.idOn(c.Key, "promotion")}
	saved, err := x.definePromotion(ctx, c.By, Expected{New: true}, c.Promotion)
	if c.Key == "" || !fault.Is(err, fault.Stale) {
		return saved, err
	}
	book, err := x.s.prices(ctx, 0)
	if err != nil {
		return SavedRule[pricing.Promotion]{}, err
	}
	for _, p := range book.Rules.Promotions {
		if p.ID == c.Promotion.ID {
			return SavedRule[pricing.Promotion]{Rule: p, Created: true}, nil
		}
	}
	return SavedRule[pricing.Promotion]{}, fault.Missing("promotion")
}

// ReplacePromotion asks for a promotion to be as given.
type ReplacePromotion struct {
	By        account.Actor
	Version   int64 // 0: whatever is there
	Promotion pricing.Promotion
}

// ReplacePromotion makes a promotion as given. Orders keep what they were given.
// Errors as of CreatePromotion; NotFound; Stale (version_conflict).
func (x *Prices) ReplacePromotion(ctx context.Context, c ReplacePromotion) (SavedRule[pricing.Promotion], error) {
	return x.definePromotion(ctx, c.By, Expected{Version: cmp.Or(c.Version, anyVersion)}, c.Promotion)
}

func (x *Prices) definePromotion(ctx context.Context, by account.Actor, e Expected, p pricing.Promotion) (SavedRule[pricing.Promotion], error) {
	if err := allow(by, account.PriceWrite); err != nil {
		return SavedRule[pricing.Promotion]{}, err
	}
	var f fault.Fields
	f.Join("", p.Validate(x.s.Currency))
	if len(p.Categories) > 0 {
		tree, err := x.s.primaryTaxonomy(ctx, ports.Mark{})
		if err != nil {
			return SavedRule[pricing.Promotion]{}, err
		}
		for i, c := range p.Categories {
			if _, ok := tree.Category(c); !ok {
				f.Add(fmt.Sprintf("categories[%d]", i), "unknown_reference", "is not a category")
			}
		}
	}
	return define(ctx, x, by, e, f.Err(), p, promotions)
}

// DropPromotion asks for a promotion to be forgotten.
type DropPromotion struct {
	By        account.Actor
	Promotion id.Promotion
	Version   int64 // 0: whatever is there
}

// DropPromotion removes a promotion with its coupons. Orders keep what they were
// given.
func (x *Prices) DropPromotion(ctx context.Context, c DropPromotion) (ports.Mark, error) {
	return drop(ctx, x, c.By, c.Version, pricing.Promotion{ID: c.Promotion}, promotions, func(ctx context.Context, tx ports.OrderTx) error {
		return tx.Coupons.DeleteCoupons(ctx, c.Promotion)
	})
}

// anyVersion is the version of a rule that must be there, whatever it is.
const anyVersion = -1

// ruleKind is how rules of a kind are found, told apart and ordered.
type ruleKind[T any] struct {
	name    string
	list    func(*pricing.Rules) *[]T
	same    func(a, b *T) bool
	compare func(a, b *T) int // in the order they are shown
	version func(*T) *int64
	stamp   func(after, before *T, now time.Time) // nil: no times; before is nil for a new one
}

var (
	tariffs = ruleKind[pricing.Tariff]{
		name: "shipping_method", list: func(r *pricing.Rules) *[]pricing.Tariff { return &r.Tariffs },
		same: func(a, b *pricing.Tariff) bool { return a.Code == b.Code },
		compare: func(a, b *pricing.Tariff) int {
			return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.Code, b.Code))
		},
		version: func(t *pricing.Tariff) *int64 { return &t.Version },
	}
	taxRates = ruleKind[pricing.TaxRate]{
		name: "tax_rate", list: func(r *pricing.Rules) *[]pricing.TaxRate { return &r.TaxRates },
		same:    func(a, b *pricing.TaxRate) bool { return a.Country == b.Country },
		compare: func(a, b *pricing.TaxRate) int { return cmp.Compare(a.Country, b.Country) },
		version: func(t *pricing.TaxRate) *int64 { return &t.Version },
	}
	promotions = ruleKind[pricing.Promotion]{
		name: "promotion", list: func(r *pricing.Rules) *[]pricing.Promotion { return &r.Promotions },
		same: func(a, b *pricing.Promotion) bool { return a.ID == b.ID },
		compare: func(a, b *pricing.Promotion) int {
			return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), slices.Compare(a.ID.UUID[:], b.ID.UUID[:]))
		},
		version: func(p *pricing.Promotion) *int64 { return &p.Version },
		stamp: func(after, before *pricing.Promotion, now time.Time) {
			after.CreatedAt, after.UpdatedAt = now, now
			if before != nil {
				after.CreatedAt = before.CreatedAt
			}
		},
	}
)

// define creates or replaces a rule, unless it is invalid.
func define[T any](ctx context.Context, x *Prices, by account.Actor, e Expected, invalid error, rule T, kind ruleKind[T]) (SavedRule[T], error) {
	saved := SavedRule[T]{Rule: rule}
	now := x.s.Now()
	var err error
	saved.Mark, err = x.change(ctx, by, func(_ context.Context, _ ports.OrderTx, rules *pricing.Rules) error {
		if invalid != nil {
			return invalid
		}
		list := kind.list(rules)
		i := slices.IndexFunc(*list, func(r T) bool { return kind.same(&r, &rule) })
		saved.Rule, saved.Created = rule, i < 0
		version := kind.version(&saved.Rule)
		switch {
		case i < 0 && e.Version == anyVersion:
			return fault.Missing(kind.name)
		case i < 0 && e.Version != 0:
			return fault.VersionConflict(0)
		case i < 0 && len(*list) >= pricing.MaxRules:
			return fault.New(fault.Invalid, "validation_failed", fmt.Sprintf("there are %d of them: drop one first", len(*list)))
		case i >= 0 && (e.New || e.Version > 0 && e.Version != *kind.version(&(*list)[i])):
			return fault.VersionConflict(*kind.version(&(*list)[i]))
		}
		var before *T
		*version = 1
		if i >= 0 {
			before = &(*list)[i]
			*version = *kind.version(before) + 1
		}
		if kind.stamp != nil {
			kind.stamp(&saved.Rule, before, now)
		}
		if before != nil {
			*before = saved.Rule
		} else {
			*list = append(*list, saved.Rule)
		}
		slices.SortFunc(*list, func(a, b T) int { return kind.compare(&a, &b) })
		return nil
	})
	if err != nil {
		return SavedRule[T]{}, err
	}
	return saved, nil
}

// drop removes a rule, and what hangs on it; nil: nothing does.
func drop[T any](ctx context.Context, x *Prices, by account.Actor, version int64, rule T, kind ruleKind[T], hanging func(context.Context, ports.OrderTx) error) (ports.Mark, error) {
	return x.change(ctx, by, func(ctx context.Context, tx ports.OrderTx, rules *pricing.Rules) error {
		list := kind.list(rules)
		i := slices.IndexFunc(*list, func(r T) bool { return kind.same(&r, &rule) })
		switch {
		case i < 0:
			return fault.Missing(kind.name)
		case version != 0 && version != *kind.version(&(*list)[i]):
			return fault.VersionConflict(*kind.version(&(*list)[i]))
		}
		*list = slices.Delete(*list, i, i+1)
		if hanging == nil {
			return nil
		}
		return hanging(ctx, tx)
	})
}

// change changes the price rules under their lock.
func (x *Prices) change(ctx context.Context, by account.Actor, change func(context.Context, ports.OrderTx, *pricing.Rules) error) (ports.Mark, error) {
	if err := allow(by, account.PriceWrite); err != nil {
		return ports.Mark{}, err
	}
	mark, err := x.s.Orders.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		rules, err := tx.Prices.PriceRulesForUpdate(ctx)
		if err != nil {
			return err
		}
		if err := change(ctx, tx, &rules); err != nil {
			return err
		}
		rules.Revision++
		return tx.Prices.SavePriceRules(ctx, rules)
	})
	x.s.book.Store(nil) // whatever became of it
	return mark, err
}
