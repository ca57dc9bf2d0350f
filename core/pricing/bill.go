package pricing

import (
	"cmp"
	"slices"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

// Item is what is to be priced.
type Item struct {
	SKU       id.SKU
	Quantity  int
	UnitPrice money.Amount
	Category  id.Category // zero: none
}

// Claim is a promotion a cart may have, and the coupon that gives it the right.
type Claim struct {
	Promotion Promotion
	Code      string                 // the coupon; "" without one
	Covers    func(id.Category) bool // whether it is for goods of a category; nil: for all
}

// Bill is a cart being priced, in the order in which one thing depends on the
// other: goods, what is off them, shipping, what is off that, tax. It does not
// depend on the order of its items or claims.
type Bill struct {
	totals  Totals
	lines   []Line
	items   []Item
	free    []Claim         // of shipping, once it has a price
	granted map[string]bool // the coupons that count
	shipped money.Amount    // shipping less what is off it
}

// NewBill prices items and takes off what claims give: percentages first, then
// amounts, then shipping, each in the order the promotions were made and of what
// those before it left. Discounts never take more than there is. Invalid
// amount_exceeds when a sum leaves money.Max.
func NewBill(currency money.Currency, taxIncluded bool, items []Item, claims []Claim) (*Bill, error) {
	zero := money.New(0, currency)
	b := &Bill{
		totals: Totals{Subtotal: zero, Discount: zero, Discounts: []Discount{}, Shipping: zero, Tax: zero, TaxIncluded: taxIncluded, TaxLines: []TaxLine{}},
		lines:  make([]Line, len(items)), items: items, granted: map[string]bool{}, shipped: zero,
	}
	var err error
	for i, item := range items {
		l := Line{SKU: item.SKU, Quantity: item.Quantity, UnitPrice: item.UnitPrice, Discount: zero, Tax: zero}
		if l.Subtotal, err = item.UnitPrice.Times(int64(item.Quantity)); err != nil {
			return nil, err
		}
		if b.totals.Subtotal, err = b.totals.Subtotal.Add(l.Subtotal); err != nil {
			return nil, err
		}
		b.lines[i] = l
	}
	for _, c := range inTurn(claims) {
		b.claim(c)
	}
	return b, nil
}

// inTurn returns claims in the order they count, each promotion once.
func inTurn(claims []Claim) []Claim {
	turn := []PromotionType{PercentageOff, AmountOff, FreeShipping}
	sorted := slices.SortedStableFunc(slices.Values(claims), func(a, b Claim) int {
		p, q := a.Promotion, b.Promotion
		return cmp.Or(
			cmp.Compare(slices.Index(turn, p.Type), slices.Index(turn, q.Type)),
			slices.Compare(p.ID.UUID[:], q.ID.UUID[:]), cmp.Compare(a.Code, b.Code))
	})
	return slices.CompactFunc(sorted, func(a, b Claim) bool { return a.Promotion.ID == b.Promotion.ID })
}

// claim takes off the goods what one promotion gives, or keeps it for shipping.
func (b *Bill) claim(c Claim) {
	p := c.Promotion
	var meant []int
	var worth, left int64
	for i, item := range b.items {
		if c.Covers == nil || c.Covers(item.Category) {
			meant = append(meant, i)
			worth += b.lines[i].Subtotal.Minor()
			left += b.cost(i)
		}
	}
	if len(meant) == 0 || worth < p.Minimum.Minor() {
		return
	}
	if c.Code != "" {
		b.granted[c.Code] = true
	}
	currency := b.totals.Subtotal.Currency()
	switch p.Type {
	case PercentageOff:
		b.spread(c, meant, money.New(left, currency).BasisPoints(p.BasisPoints))
	case AmountOff:
		b.spread(c, meant, money.New(min(p.Amount.Minor(), left), currency))
	case FreeShipping:
		b.free = append(b.free, c)
	}
}

func (b *Bill) cost(line int) int64 {
	return b.lines[line].Subtotal.Minor() - b.lines[line].Discount.Minor()
}

// spread takes an amount off lines, by largest remainder over what they still
// cost; of equal remainders the lower SKU takes the larger share. No line falls
// below nought: a share rounded up is never more than the cost it is a share of.
func (b *Bill) spread(c Claim, lines []int, amount money.Amount) {
	if amount.IsZero() {
		return
	}
	slices.SortStableFunc(lines, func(i, j int) int { return cmp.Compare(b.lines[i].SKU.Fold(), b.lines[j].SKU.Fold()) })
	weights := make([]int64, len(lines))
	for i, line := range lines {
		weights[i] = b.cost(line)
	}
	for i, share := range amount.Allocate(weights) {
		l := &b.lines[lines[i]]
		l.Discount = plus(l.Discount, share)
	}
	b.record(c, amount)
}

func (b *Bill) record(c Claim, amount money.Amount) {
	b.totals.Discount = plus(b.totals.Discount, amount)
	b.totals.Discounts = append(b.totals.Discounts, Discount{Promotion: c.Promotion.ID.String(), Code: c.Code, Label: c.Promotion.Name, Amount: amount})
}

// Subtotal returns what the goods cost before anything is taken off.
func (b *Bill) Subtotal() money.Amount { return b.totals.Subtotal }

// Discount returns what is off so far.
func (b *Bill) Discount() money.Amount { return b.totals.Discount }

// Goods returns what the goods cost, less what is off them. It is asked before
// Ship: what is off shipping is off the goods no more.
func (b *Bill) Goods() money.Amount { return minus(b.totals.Subtotal, b.totals.Discount) }

// Granted reports whether a coupon counts: the goods it is for are there and
// worth enough, and its promotion is not had already. What it gives may still be
// nothing.
func (b *Bill) Granted(code string) bool { return b.granted[code] }

// Ship says what sending the goods costs. It is called at most once, before
// Taxable.
func (b *Bill) Ship(price money.Amount) {
	b.totals.Shipping, b.shipped = price, price
	for _, c := range b.free {
		if off := b.shipped; off.Minor() > 0 {
			b.shipped = minus(b.shipped, off)
			b.record(c, off)
		}
	}
}

// Taxable returns what is to be taxed: lines in the order of the items, and
// shipping, all after discounts.
func (b *Bill) Taxable() Taxable {
	t := Taxable{Included: b.totals.TaxIncluded, Shipping: b.shipped, Lines: make([]TaxableLine, len(b.lines))}
	for i, l := range b.lines {
		t.Lines[i] = TaxableLine{SKU: l.SKU, Category: b.items[i].Category, Quantity: l.Quantity, Amount: minus(l.Subtotal, l.Discount)}
	}
	return t
}

// Close adds the tax of what Taxable returned, and everything up. Invalid
// amount_exceeds when a sum leaves money.Max; Internal for a tax whose parts do
// not add up.
func (b *Bill) Close(tax Tax) (Totals, []Line, error) {
	totals, lines := b.totals, slices.Clone(b.lines)
	if err := tax.check(b.Taxable()); err != nil {
		return Totals{}, nil, err
	}
	for i := range lines {
		l := &lines[i]
		l.Total = minus(l.Subtotal, l.Discount)
		if len(tax.Lines) > 0 {
			l.Tax = tax.Lines[i]
			totals.Tax = plus(totals.Tax, l.Tax)
		}
		if !totals.TaxIncluded {
			l.Total = plus(l.Total, l.Tax)
		}
	}
	totals.Tax = plus(totals.Tax, tax.Shipping)
	totals.TaxLines = append(totals.TaxLines, tax.Summary...)
	totals.Total = plus(minus(totals.Subtotal, totals.Discount), totals.Shipping)
	if !totals.TaxIncluded {
		totals.Total = plus(totals.Total, totals.Tax)
	}
	if _, err := totals.Total.Add(money.New(0, totals.Total.Currency())); err != nil { // judges the sum
		return Totals{}, nil, err
	}
	return totals, lines, nil
}

// plus and minus work on amounts of one currency that are known to stay far
// within int64; the sums that count are judged.
func plus(a, b money.Amount) money.Amount {
	return money.New(a.Minor()+b.Minor(), cmp.Or(a.Currency(), b.Currency()))
}

func minus(a, b money.Amount) money.Amount {
	return money.New(a.Minor()-b.Minor(), cmp.Or(a.Currency(), b.Currency()))
}
