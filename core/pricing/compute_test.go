package pricing_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/pricing"
)

func eur(minor int64) money.Amount { return money.New(minor, "EUR") }

func vat(bp int64) *pricing.TaxRate {
	return &pricing.TaxRate{Name: "VAT", Country: "DE", BasisPoints: bp}
}

func TestCompute(t *testing.T) {
	t.Parallel()
	three := []pricing.Item{{SKU: "A", Quantity: 2, UnitPrice: eur(1000)}, {SKU: "B", Quantity: 1, UnitPrice: eur(333)}}
	for name, c := range map[string]struct {
		terms                            pricing.Terms
		subtotal, discount, tax, total   int64
		firstTax, firstTotal, secondLine int64
	}{
		"NoTax":       {pricing.Terms{Items: three, Shipping: eur(490)}, 2333, 0, 0, 2823, 0, 2000, 333},
		"TaxIncluded": {pricing.Terms{Items: three, Shipping: eur(490), Tax: vat(1900), TaxIncluded: true}, 2333, 0, 319 + 53 + 78, 2823, 319, 2000, 333},
		"TaxOnTop":    {pricing.Terms{Items: three, Shipping: eur(490), Tax: vat(1900)}, 2333, 0, 380 + 63 + 93, 2823 + 536, 380, 2380, 396},
		"HalfToEven": {
			pricing.Terms{Items: []pricing.Item{{SKU: "A", Quantity: 1, UnitPrice: eur(50)}, {SKU: "B", Quantity: 1, UnitPrice: eur(150)}}, Tax: vat(100)},
			200, 0, 0 + 2, 202, 0, 50, 152,
		},
		"DiscountSpread": {
			pricing.Terms{Items: three, Discounts: []pricing.Discount{{Code: "TEN", Amount: eur(233)}}, Tax: vat(1900), TaxIncluded: true},
			2333, 233, 287 + 48, 2100, 287, 1800, 300,
		},
		"DiscountIsCutToWhatThereIs": {
			pricing.Terms{Items: three, Discounts: []pricing.Discount{{Amount: eur(9999)}, {Amount: eur(1)}}, Shipping: eur(490)},
			2333, 2333, 0, 490, 0, 0, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.terms.Currency = "EUR"
			got, lines, err := pricing.Compute(c.terms)
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

func TestCompute_AmountExceeds(t *testing.T) {
	t.Parallel()
	most := eur(money.Max)
	for name, terms := range map[string]pricing.Terms{
		"Line":     {Items: []pricing.Item{{SKU: "A", Quantity: 2, UnitPrice: most}}},
		"Overflow": {Items: []pricing.Item{{SKU: "A", Quantity: 1_000_000_000, UnitPrice: most}}},
		"Sum":      {Items: []pricing.Item{{SKU: "A", Quantity: 1, UnitPrice: most}, {SKU: "B", Quantity: 1, UnitPrice: eur(1)}}},
		"Shipping": {Items: []pricing.Item{{SKU: "A", Quantity: 1, UnitPrice: most}}, Shipping: eur(1)},
		"Tax":      {Items: []pricing.Item{{SKU: "A", Quantity: 1, UnitPrice: most}}, Tax: vat(1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terms.Currency = "EUR"
			if _, _, err := pricing.Compute(terms); !fault.Is(err, fault.Invalid) || fault.CodeOf(err) != "amount_exceeds" {
				t.Errorf("got %v, want amount_exceeds", err)
			}
		})
	}
}

func TestCompute_Identities(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		terms := pricing.Terms{Currency: "EUR", Shipping: eur(rapid.Int64Range(0, 10_000).Draw(t, "shipping")), TaxIncluded: rapid.Bool().Draw(t, "included")}
		if rapid.Bool().Draw(t, "taxed") {
			terms.Tax = vat(rapid.Int64Range(0, 10_000).Draw(t, "rate"))
		}
		for range rapid.IntRange(1, 8).Draw(t, "lines") {
			terms.Items = append(terms.Items, pricing.Item{
				SKU: "A", Quantity: rapid.IntRange(1, 999).Draw(t, "quantity"), UnitPrice: eur(rapid.Int64Range(0, 100_000_000).Draw(t, "price")),
			})
		}
		for range rapid.IntRange(0, 3).Draw(t, "discounts") {
			terms.Discounts = append(terms.Discounts, pricing.Discount{Amount: eur(rapid.Int64Range(0, 2_000_000_000).Draw(t, "off"))})
		}
		got, lines, err := pricing.Compute(terms)
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
		shippingTax := got.Tax.Minor() - tax
		cost := subtotal - discount + got.Shipping.Minor()
		switch {
		case got.Subtotal.Minor() != subtotal || got.Discount.Minor() != discount || told != discount:
			t.Fatalf("sums differ: %+v", got)
		case got.Total.Minor() != cost+onTop(got.Tax.Minor()):
			t.Fatalf("total %s is not %d", got.Total, cost+onTop(got.Tax.Minor()))
		case shippingTax < 0 || shippingTax > got.Shipping.Minor():
			t.Fatalf("shipping of %s is taxed %d", got.Shipping, shippingTax)
		case terms.Tax == nil && (got.Tax.Minor() != 0 || len(got.TaxLines) != 0):
			t.Fatalf("taxed without a rate: %+v", got)
		case terms.Tax != nil && (taxLines != got.Tax.Minor() || base+taxLines != cost+onTop(got.Tax.Minor())):
			t.Fatalf("tax lines %+v do not tell %s of %s", got.TaxLines, got.Tax, got.Total)
		}
	})
}
