package pricing_test

import (
	"math/big"
	"reflect"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/pricing"
)

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

func vat(bp int64) *pricing.TaxRate {
	return &pricing.TaxRate{Name: "VAT", Country: "DE", BasisPoints: bp}
}

// terms are what a test prices.
type terms struct {
	Items       []pricing.Item
	Claims      []pricing.Claim
	Shipping    money.Amount
	Tax         *pricing.TaxRate
	TaxIncluded bool
}

func compute(t terms) (pricing.Totals, []pricing.Line, error) {
	b, err := pricing.NewBill("EUR", t.TaxIncluded, t.Items, t.Claims)
	if err != nil {
		return pricing.Totals{}, nil, err
	}
	if !t.Shipping.IsNone() {
		b.Ship(t.Shipping)
	}
	return b.Close(t.Tax.Tax(b.Taxable()))
}

// off is a promotion of an amount; the number tells promotions apart.
func off(n byte, code string, minor int64) pricing.Claim {
	return pricing.Claim{Promotion: pricing.Promotion{ID: promotionID(n), Type: pricing.AmountOff, Amount: eur(minor)}, Code: code}
}

func promotionID(n byte) id.Promotion { return id.Promotion{UUID: id.UUID{15: n}} }

func TestBill(t *testing.T) {
	t.Parallel()
	three := []pricing.Item{{SKU: "A", Quantity: 2, UnitPrice: eur(1000)}, {SKU: "B", Quantity: 1, UnitPrice: eur(333)}}
	for name, c := range map[string]struct {
		terms                            terms
		subtotal, discount, tax, total   int64
		firstTax, firstTotal, secondLine int64
	}{
		"NoTax":       {terms{Items: three, Shipping: eur(490)}, 2333, 0, 0, 2823, 0, 2000, 333},
		"TaxIncluded": {terms{Items: three, Shipping: eur(490), Tax: vat(1900), TaxIncluded: true}, 2333, 0, 319 + 53 + 78, 2823, 319, 2000, 333},
		"TaxOnTop":    {terms{Items: three, Shipping: eur(490), Tax: vat(1900)}, 2333, 0, 380 + 63 + 93, 2823 + 536, 380, 2380, 396},
		"HalfToEven": {
			terms{Items: []pricing.Item{{SKU: "A", Quantity: 1, UnitPrice: eur(50)}, {SKU: "B", Quantity: 1, UnitPrice: eur(150)}}, Tax: vat(100)},
			200, 0, 0 + 2, 202, 0, 50, 152,
		},
		"DiscountSpread": {
			terms{Items: three, Claims: []pricing.Claim{off(1, "TEN", 233)}, Tax: vat(1900), TaxIncluded: true},
			2333, 233, 287 + 48, 2100, 287, 1800, 300,
		},
		"DiscountIsCutToWhatThereIs": {
			terms{Items: three, Claims: []pricing.Claim{off(1, "", 9999), off(2, "", 1)}, Shipping: eur(490)},
			2333, 2333, 0, 490, 0, 0, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, lines, err := compute(c.terms)
			if err != nil {
				t.Fatal(err)
			}
			if got.Subtotal != eur(c.subtotal) || got.Discount != eur(c.discount) || got.Tax != eur(c.tax) || got.Total != eur(c.total) {
				t.Errorf("got subtotal %s, discount %s, tax %s, total %s", got.Subtotal, got.Discount, got.Tax, got.Total)
			}
			if lines[0].Tax != eur(c.firstTax) || lines[0].Total != eur(c.firstTotal) || lines[1].Total != eur(c.secondLine) {
				t.Errorf("got lines %+v", lines)
			}
		})
	}
}

func TestBill_AmountExceeds(t *testing.T) {
	t.Parallel()
	most := eur(money.Max)
	for name, given := range map[string]terms{
		"Line":     {Items: []pricing.Item{{SKU: "A", Quantity: 2, UnitPrice: most}}},
		"Overflow": {Items: []pricing.Item{{SKU: "A", Quantity: 1_000_000_000, UnitPrice: most}}},
		"Sum":      {Items: []pricing.Item{{SKU: "A", Quantity: 1, UnitPrice: most}, {SKU: "B", Quantity: 1, UnitPrice: eur(1)}}},
		"Shipping": {Items: []pricing.Item{{SKU: "A", Quantity: 1, UnitPrice: most}}, Shipping: eur(1)},
		"Tax":      {Items: []pricing.Item{{SKU: "A", Quantity: 1, UnitPrice: most}}, Tax: vat(1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := compute(given); !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != "amount_exceeds" {
				t.Errorf("got %v, want amount_exceeds", err)
			}
		})
	}
}

// drawn is any cart, any promotions, any shipping and tax.
func drawn(t *rapid.T) terms {
	given := terms{Shipping: eur(rapid.Int64Range(0, 10_000).Draw(t, "shipping")), TaxIncluded: rapid.Bool().Draw(t, "included")}
	if rapid.Bool().Draw(t, "taxed") {
		given.Tax = vat(rapid.Int64Range(0, 10_000).Draw(t, "rate"))
	}
	for i := range rapid.IntRange(1, 8).Draw(t, "lines") {
		given.Items = append(given.Items, pricing.Item{
			SKU: id.SKU("SKU-" + string(rune('A'+i))), Quantity: rapid.IntRange(1, 999).Draw(t, "quantity"),
			UnitPrice: eur(rapid.Int64Range(0, 100_000_000).Draw(t, "price")), Category: id.Category{UUID: id.UUID{0: rapid.Byte().Draw(t, "category")}},
		})
	}
	for range rapid.IntRange(0, 5).Draw(t, "claims") {
		c := off(rapid.ByteRange(1, 9).Draw(t, "promotion"), rapid.SampledFrom([]string{"", "A", "B"}).Draw(t, "code"), rapid.Int64Range(0, 2_000_000_000).Draw(t, "off"))
		c.Promotion.Type = rapid.SampledFrom([]pricing.PromotionType{pricing.PercentageOff, pricing.AmountOff, pricing.FreeShipping}).Draw(t, "type")
		c.Promotion.BasisPoints = rapid.Int64Range(1, 10_000).Draw(t, "percent")
		if rapid.Bool().Draw(t, "bounded") {
			most := rapid.Byte().Draw(t, "covers")
			c.Covers = func(c id.Category) bool { return c.UUID[0] <= most }
			c.Promotion.Minimum = eur(rapid.Int64Range(0, 1_000_000_000).Draw(t, "minimum"))
		}
		// A promotion is one thing, however often it is claimed.
		for _, other := range given.Claims {
			if other.Promotion.ID == c.Promotion.ID {
				c.Promotion, c.Covers = other.Promotion, other.Covers
			}
		}
		given.Claims = append(given.Claims, c)
	}
	return given
}

func TestBill_Identities(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		terms := drawn(t)
		got, lines, err := compute(terms)
		if err != nil {
			t.Fatal(err)
		}
		var subtotal, discount, tax int64
		onTop := func(tax int64) int64 {
			if terms.TaxIncluded {
				return 0
			}
			return tax
		}
		for i, l := range lines {
			if l.Subtotal.Minor() != l.UnitPrice.Minor()*int64(l.Quantity) || l.Total.Minor() != l.Subtotal.Minor()-l.Discount.Minor()+onTop(l.Tax.Minor()) {
				t.Fatalf("line %d does not add up: %+v", i, l)
			}
			if l.Discount.Minor() < 0 || l.Total.Minor() < 0 || l.Tax.Minor() < 0 {
				t.Fatalf("line %d is negative: %+v", i, l)
			}
			subtotal += l.Subtotal.Minor()
			discount += l.Discount.Minor()
			tax += l.Tax.Minor()
		}
		var told, taxLines, base int64
		for _, d := range got.Discounts {
			told += d.Amount.Minor()
		}
		for _, l := range got.TaxLines {
			taxLines += l.Amount.Minor()
			base += l.Base.Minor()
		}
		shippingTax, offShipping := got.Tax.Minor()-tax, got.Discount.Minor()-discount
		discount += offShipping
		cost := subtotal - discount + got.Shipping.Minor()
		switch {
		case got.Subtotal.Minor() != subtotal || got.Discount.Minor() != discount || told != discount:
			t.Fatalf("sums differ: %+v", got)
		case got.Total.Minor() != cost+onTop(got.Tax.Minor()):
			t.Fatalf("total %s is not %d", got.Total, cost+onTop(got.Tax.Minor()))
		case offShipping < 0 || offShipping > got.Shipping.Minor() || got.Total.Minor() < 0:
			t.Fatalf("%d off shipping of %s, total %s", offShipping, got.Shipping, got.Total)
		case shippingTax < 0 || shippingTax > got.Shipping.Minor():
			t.Fatalf("shipping of %s is taxed %d", got.Shipping, shippingTax)
		case terms.Tax == nil && (got.Tax.Minor() != 0 || len(got.TaxLines) != 0):
			t.Fatalf("taxed without a rate: %+v", got)
		case terms.Tax != nil && (taxLines != got.Tax.Minor() || base+taxLines != cost+onTop(got.Tax.Minor())):
			t.Fatalf("tax lines %+v do not tell %s of %s", got.TaxLines, got.Tax, got.Total)
		}
	})
}

func TestBill_OrderOfItemsAndClaimsChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		given := drawn(t)
		mixed := given
		mixed.Items = rapid.Permutation(given.Items).Draw(t, "items")
		mixed.Claims = rapid.Permutation(given.Claims).Draw(t, "claims")
		a, lines, err := compute(given)
		b, mixedLines, mixedErr := compute(mixed)
		if err != nil || mixedErr != nil {
			t.Fatal(err, mixedErr)
		}
		if !reflect.DeepEqual(a, b) {
			t.Fatalf("%+v\n%+v", a, b)
		}
		for _, l := range lines {
			if !slices.Contains(mixedLines, l) {
				t.Fatalf("%+v is not among %+v", l, mixedLines)
			}
		}
	})
}

// A share is the exact one rounded down or up.
func TestBill_SharesAreProportional(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		given := drawn(t)
		given.Claims = []pricing.Claim{off(1, "", rapid.Int64Range(1, 2_000_000_000).Draw(t, "off"))}
		got, lines, err := compute(given)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			exact := new(big.Int).Mul(big.NewInt(got.Discount.Minor()), big.NewInt(l.Subtotal.Minor()))
			share := new(big.Int).Mul(big.NewInt(l.Discount.Minor()), big.NewInt(got.Subtotal.Minor()))
			if apart := share.Sub(share, exact); apart.CmpAbs(big.NewInt(got.Subtotal.Minor())) >= 0 && got.Subtotal.Minor() > 0 {
				t.Fatalf("%s of %s off %+v", l.Discount, got.Discount, l)
			}
		}
	})
}

func TestBill_Promotions(t *testing.T) {
	t.Parallel()
	shoes, hats := id.Category{UUID: id.UUID{1}}, id.Category{UUID: id.UUID{2}}
	items := []pricing.Item{{SKU: "HAT", Quantity: 1, UnitPrice: eur(1000), Category: hats}, {SKU: "SHOE", Quantity: 2, UnitPrice: eur(5000), Category: shoes}}
	ofShoes := func(c id.Category) bool { return c == shoes }
	percent := func(n byte, bp int64) pricing.Claim {
		return pricing.Claim{Promotion: pricing.Promotion{ID: promotionID(n), Type: pricing.PercentageOff, BasisPoints: bp}}
	}
	free := pricing.Claim{Promotion: pricing.Promotion{ID: promotionID(9), Type: pricing.FreeShipping, Minimum: eur(11000)}, Code: "SHIP"}
	least := func(c pricing.Claim, minor int64) pricing.Claim {
		c.Promotion.Minimum = eur(minor)
		return c
	}
	only := func(c pricing.Claim, covers func(id.Category) bool) pricing.Claim {
		c.Covers = covers
		return c
	}
	for name, c := range map[string]struct {
		claims    []pricing.Claim
		discounts []int64
		hat, shoe int64
		total     int64
	}{
		"Percentage":                   {[]pricing.Claim{percent(1, 1000)}, []int64{1100}, 100, 1000, 9900 + 490},
		"OfACategory":                  {[]pricing.Claim{only(percent(1, 1000), ofShoes)}, []int64{1000}, 0, 1000, 10_000 + 490},
		"AmountOfACategoryIsCut":       {[]pricing.Claim{only(off(1, "", 99_999), ofShoes)}, []int64{10_000}, 0, 10_000, 1000 + 490},
		"PercentagesBeforeAmounts":     {[]pricing.Claim{off(1, "", 1000), percent(2, 1000)}, []int64{1100, 1000}, 191, 1909, 8900 + 490},
		"MinimumReached":               {[]pricing.Claim{least(percent(1, 1000), 11_000)}, []int64{1100}, 100, 1000, 9900 + 490},
		"MinimumMissed":                {[]pricing.Claim{least(percent(1, 1000), 11_001)}, nil, 0, 0, 11_000 + 490},
		"MinimumIsOfTheCategory":       {[]pricing.Claim{only(least(percent(1, 1000), 10_001), ofShoes)}, nil, 0, 0, 11_000 + 490},
		"NothingOfTheCategory":         {[]pricing.Claim{only(percent(1, 1000), func(id.Category) bool { return false })}, nil, 0, 0, 11_000 + 490},
		"FreeShipping":                 {[]pricing.Claim{free}, []int64{490}, 0, 0, 11_000},
		"FreeShippingOnce":             {[]pricing.Claim{free, {Promotion: pricing.Promotion{ID: promotionID(8), Type: pricing.FreeShipping}}}, []int64{490}, 0, 0, 11_000},
		"OnePromotionByTwoCodes":       {[]pricing.Claim{off(1, "A", 100), off(1, "B", 100)}, []int64{100}, 9, 91, 10_900 + 490},
		"MinimumIsBeforeDiscounts":     {[]pricing.Claim{percent(1, 5000), least(off(2, "", 500), 11_000)}, []int64{5500, 500}, 545, 5455, 5000 + 490},
		"EverythingTwiceIsNotNegative": {[]pricing.Claim{percent(1, 10_000), percent(2, 10_000), off(3, "", 5)}, []int64{11_000}, 1000, 10_000, 490},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, lines, err := compute(terms{Items: items, Claims: c.claims, Shipping: eur(490)})
			if err != nil {
				t.Fatal(err)
			}
			var discounts []int64
			for _, d := range got.Discounts {
				discounts = append(discounts, d.Amount.Minor())
			}
			if !slices.Equal(discounts, c.discounts) || lines[0].Discount != eur(c.hat) || lines[1].Discount != eur(c.shoe) || got.Total != eur(c.total) {
				t.Errorf("discounts %v, of the hat %s, of the shoes %s, total %s", discounts, lines[0].Discount, lines[1].Discount, got.Total)
			}
		})
	}
	b, err := pricing.NewBill("EUR", true, items, []pricing.Claim{off(1, "A", 100), off(1, "B", 100), free, only(off(2, "C", 1), func(id.Category) bool { return false })})
	if err != nil {
		t.Fatal(err)
	}
	for code, want := range map[string]bool{"A": true, "B": false, "SHIP": true, "C": false, "D": false} {
		if b.Granted(code) != want {
			t.Errorf("coupon %s granted: %v", code, !want)
		}
	}
}

// A tax service of somebody else's is not trusted to add up.
func TestBill_RefusesTaxThatDoesNotAddUp(t *testing.T) {
	t.Parallel()
	right := func() pricing.Tax {
		return pricing.Tax{Lines: []money.Amount{eur(10), eur(5)}, Shipping: eur(1), Summary: []pricing.TaxLine{{Name: "A", Amount: eur(10)}, {Name: "B", Amount: eur(6)}}}
	}
	for name, c := range map[string]struct {
		spoil func(*pricing.Tax)
		ok    bool
	}{
		"Right":           {func(*pricing.Tax) {}, true},
		"NoTax":           {func(x *pricing.Tax) { *x = pricing.Tax{} }, true},
		"LineMissing":     {func(x *pricing.Tax) { x.Lines = x.Lines[:1] }, false},
		"Negative":        {func(x *pricing.Tax) { x.Lines[0], x.Lines[1] = eur(-1), eur(16) }, false},
		"Huge":            {func(x *pricing.Tax) { x.Lines[0], x.Summary[0].Amount = eur(money.Max+1), eur(money.Max+1) }, false},
		"SummaryDiffers":  {func(x *pricing.Tax) { x.Summary[0].Amount = eur(9) }, false},
		"NoSummary":       {func(x *pricing.Tax) { x.Summary = nil }, false},
		"AnotherCurrency": {func(x *pricing.Tax) { x.Lines[0] = money.New(10, "USD") }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, err := pricing.NewBill("EUR", false, []pricing.Item{{SKU: "A", Quantity: 1, UnitPrice: eur(100)}, {SKU: "B", Quantity: 1, UnitPrice: eur(50)}}, nil)
			if err != nil {
				t.Fatal(err)
			}
			b.Ship(eur(10))
			tax := right()
			c.spoil(&tax)
			if _, _, err := b.Close(tax); (err == nil) != c.ok || err != nil && !fault.Is(err, fault.Internal) {
				t.Errorf("got %v", err)
			}
		})
	}
}
