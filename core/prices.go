package core

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/pricing"
	"github.com/bodega-commerce/bodega/ports"
)

const (
	// shownAge is how old the price rules may be that a cart or quote is shown by.
	shownAge = time.Second
	// placedAge is how old they may be that a checkout begins with: it requires in
	// its transaction that they are still the ones in force.
	placedAge = time.Minute
)

// priceBook is the price rules as they were last read.
type priceBook struct {
	pricing.Rules
	read time.Time
	// covers are the categories of each promotion that is not for all, with
	// everything below them.
	covers map[id.Promotion]map[id.Category]bool
}

// prices returns the price rules as they were at most so long ago. They are
// kept: reading them is no part of a shopper's wait.
func (s *shared) prices(ctx context.Context, age time.Duration) (*priceBook, error) {
	now := s.Now()
	if kept := s.book.Load(); kept != nil && now.Sub(kept.read) < age {
		return kept, nil
	}
	book := &priceBook{read: now, covers: map[id.Promotion]map[id.Category]bool{}}
	if s.Orders.Prices != nil {
		var err error
		if book.Rules, err = s.Orders.Prices.PriceRules(ctx); err != nil {
			return nil, err
		}
	}
	if err := s.cover(ctx, book); err != nil {
		return nil, err
	}
	s.book.Store(book)
	return book, nil
}

// cover looks up what is below the categories that promotions are for.
func (s *shared) cover(ctx context.Context, book *priceBook) error {
	if !slices.ContainsFunc(book.Promotions, func(p pricing.Promotion) bool { return len(p.Categories) > 0 }) {
		return nil
	}
	tree, err := s.primaryTaxonomy(ctx, ports.Mark{})
	if err != nil {
		return err
	}
	for _, p := range book.Promotions {
		if len(p.Categories) == 0 {
			continue
		}
		all := map[id.Category]bool{}
		for _, c := range p.Categories {
			for _, below := range tree.Within(c) {
				all[below] = true
			}
		}
		book.covers[p.ID] = all
	}
	return nil
}

// CouponProblem says why a coupon in a cart gives nothing, as the code of the
// error that whoever enters it now is told.
type CouponProblem string

const (
	CouponUnknown       CouponProblem = "coupon_unknown"
	CouponExpired       CouponProblem = "coupon_expired" // too late, or too early
	CouponExhausted     CouponProblem = "coupon_exhausted"
	CouponNotApplicable CouponProblem = "coupon_not_applicable" // nothing in the cart that it is for, or not enough
)

func (p CouponProblem) err() error {
	switch p {
	case CouponExpired:
		return fault.New(fault.Invalid, string(p), "this coupon is not valid now")
	case CouponExhausted:
		return fault.New(fault.Exhausted, string(p), "this coupon has been used as often as it may be")
	case CouponNotApplicable:
		return fault.New(fault.Invalid, string(p), "nothing in the cart is what this coupon is for, or not enough of it")
	default:
		return fault.New(fault.Invalid, string(CouponUnknown), "there is no such coupon")
	}
}

// claims returns the promotions a cart with these coupons may have, and what is
// wrong with coupons that give the right to none.
func (b *priceBook) claims(now time.Time, codes []string, coupons []pricing.Coupon) ([]pricing.Claim, map[string]CouponProblem) {
	var claims []pricing.Claim
	claim := func(p pricing.Promotion, code string) {
		c := pricing.Claim{Promotion: p, Code: code}
		if covered, bounded := b.covers[p.ID]; bounded {
			c.Covers = func(c id.Category) bool { return covered[c] }
		}
		claims = append(claims, c)
	}
	for _, p := range b.Promotions {
		if !p.NeedsCoupon && p.Live(now) {
			claim(p, "")
		}
	}
	problems := map[string]CouponProblem{}
	for _, code := range codes {
		i := slices.IndexFunc(coupons, func(c pricing.Coupon) bool { return c.Code == code })
		if i < 0 {
			problems[code] = CouponUnknown
			continue
		}
		j := slices.IndexFunc(b.Promotions, func(p pricing.Promotion) bool { return p.ID == coupons[i].Promotion })
		switch {
		case j < 0:
			problems[code] = CouponUnknown
		case !b.Promotions[j].Live(now):
			problems[code] = CouponExpired
		case coupons[i].Exhausted():
			problems[code] = CouponExhausted
		default:
			claim(b.Promotions[j], code)
		}
	}
	return claims, problems
}

// bill prices the lines of a cart that are sold and takes off what promotions
// and coupons give; it also tells what is wrong with coupons.
func (s *shared) bill(ctx context.Context, book *priceBook, k cart.Cart, offers map[string]catalog.Offer) (*pricing.Bill, map[string]CouponProblem, error) {
	var coupons []pricing.Coupon
	if len(k.Coupons) > 0 && s.Orders.Coupons != nil {
		var err error
		if coupons, err = s.Orders.Coupons.Coupons(ctx, k.Coupons); err != nil {
			return nil, nil, err
		}
	}
	var items []pricing.Item
	for _, l := range k.Lines {
		if o := offers[l.SKU.Fold()]; o.Sold {
			items = append(items, pricing.Item{SKU: o.SKU, Quantity: l.Quantity, UnitPrice: o.Price, Category: o.Category})
		}
	}
	claims, problems := book.claims(s.Now(), k.Coupons, coupons)
	b, err := pricing.NewBill(s.Currency, !s.PricesExcludeTax, items, claims)
	if err != nil {
		return nil, nil, err
	}
	for _, code := range k.Coupons {
		if problems[code] == "" && !b.Granted(code) {
			problems[code] = CouponNotApplicable
		}
	}
	return b, problems, nil
}

// shipping returns the ways to send a bill's goods to an address, the one chosen
// selected ("": the cheapest), and its price.
func (s *shared) shipping(ctx context.Context, book *priceBook, k cart.Cart, b *pricing.Bill, to order.Address, chosen string) ([]pricing.ShippingMethod, money.Amount, error) {
	methods, err := s.shippingMethods(ctx, book, k, b, to)
	if err != nil {
		return nil, money.Amount{}, err
	}
	selected := -1
	for i, m := range methods {
		if chosen == m.Code || chosen == "" && (selected < 0 || m.Price.Compare(methods[selected].Price) < 0) {
			selected = i
		}
	}
	switch {
	case selected >= 0:
		methods[selected].Selected = true
		return methods, methods[selected].Price, nil
	case len(methods) == 0 || slices.ContainsFunc(book.Tariffs, func(t pricing.Tariff) bool { return t.Code == chosen }):
		return nil, money.Amount{}, fault.New(fault.Invalid, "shipping_unavailable", "this cannot be sent there that way")
	default:
		return nil, money.Amount{}, fault.InvalidField("shipping_method", "unknown_reference", "is not a shipping method")
	}
}

// flatShipping is the code of the one shipping method of a shop that has not
// said more about it.
const flatShipping = "standard"

func (s *shared) shippingMethods(ctx context.Context, book *priceBook, k cart.Cart, b *pricing.Bill, to order.Address) ([]pricing.ShippingMethod, error) {
	if s.Shipping == nil && len(book.Tariffs) == 0 {
		return []pricing.ShippingMethod{{
			Code: flatShipping, Name: "Standard shipping", Price: money.New(s.ShippingFlat, s.Currency), MinDays: 2, MaxDays: 5,
		}}, nil
	}
	parcel := pricing.Parcel{Country: to.Country, Value: b.Goods()}
	if s.Shipping != nil || slices.ContainsFunc(book.Tariffs, func(t pricing.Tariff) bool { return t.By == pricing.RateByWeight && !t.Disabled }) {
		var err error
		if parcel.Grams, err = s.grams(ctx, k); err != nil {
			return nil, err
		}
	}
	if s.Shipping != nil {
		methods, err := s.Shipping.ShippingMethods(ctx, to, parcel)
		for _, m := range methods {
			if err == nil && (m.Price.Currency() != s.Currency || m.Price.Validate() != nil) {
				err = fault.New(fault.Internal, "", "shipping method "+m.Code+" costs "+m.Price.String())
			}
		}
		return slices.Clone(methods), err
	}
	var methods []pricing.ShippingMethod
	for _, t := range book.Tariffs {
		if m, ok := t.Rate(parcel); ok {
			methods = append(methods, m)
		}
	}
	return methods, nil
}

// weight is the attribute, of a variant or else its product, that says what it
// weighs, in grams.
const weight = "weight_g"

// grams returns what the goods of a cart weigh. What has no weight weighs nothing.
func (s *shared) grams(ctx context.Context, k cart.Cart) (int64, error) {
	products, err := s.Catalog.Records.ProductsBySKU(ctx, k.SKUs())
	if err != nil {
		return 0, err
	}
	total := 0.0
	for _, p := range products {
		for _, l := range k.Lines {
			v := p.Variant(l.SKU)
			if v == nil {
				continue
			}
			of, known := v.Attributes[weight].Number()
			if !known {
				of, _ = p.Attributes[weight].Number()
			}
			total += max(of, 0) * float64(l.Quantity)
		}
	}
	return int64(math.Round(min(total, money.Max))), nil
}

// tax returns the tax of what a bill comes to, sent to an address.
func (s *shared) tax(ctx context.Context, book *priceBook, b *pricing.Bill, to order.Address) (pricing.Tax, error) {
	if s.Tax != nil {
		return s.Tax.Tax(ctx, to, b.Taxable())
	}
	rates := book.TaxRates
	if len(rates) == 0 {
		rates = s.TaxRates
	}
	for i := range rates {
		if rates[i].Country == to.Country {
			return rates[i].Tax(b.Taxable()), nil
		}
	}
	return pricing.Tax{}, nil
}
