package money

import (
	"cmp"
	"fmt"
	"math/bits"
	"slices"

	"github.com/bodega-commerce/bodega/core/fault"
)

// Max is the largest amount Bodega accepts or computes, in minor units.
const Max = 1_000_000_000_000

// Amount is a number of minor units (cents) of a currency. The zero Amount has
// no currency and stands for "none". Amounts are comparable with ==.
type Amount struct {
	minor    int64
	currency Currency
}

// New returns an amount of minor units. It does not judge: Validate does.
func New(minor int64, currency Currency) Amount { return Amount{minor, currency} }

// Minor returns the number of minor units.
func (a Amount) Minor() int64 { return a.minor }

// Currency returns the ISO 4217 code.
func (a Amount) Currency() Currency { return a.currency }

// IsNone reports whether this is the zero Amount: no value at all, unlike 0.00 EUR.
func (a Amount) IsNone() bool { return a.currency == "" && a.minor == 0 }

// IsZero reports whether the amount is nought, in any currency.
func (a Amount) IsZero() bool { return a.minor == 0 }

// Validate answers Invalid unless 0 <= amount <= Max and the currency is known.
func (a Amount) Validate() error {
	var f fault.Fields
	switch {
	case a.minor < 0:
		f.Add("amount", "too_small", "must not be negative")
	case a.minor > Max:
		f.Add("amount", "too_large", fmt.Sprintf("must be at most %d", int64(Max)))
	}
	if !a.currency.Known() {
		f.Add("currency", "enum", "is not an ISO 4217 code")
	}
	return f.Err()
}

// Within answers Invalid unless 0 < a <= most: currency_mismatch, too_small at
// amount, or amount_exceeds with most as its Max.
func (a Amount) Within(most Amount) error {
	switch {
	case a.currency != most.currency:
		return fault.New(fault.Invalid, "currency_mismatch", "the amount must be in "+string(most.currency))
	case a.minor <= 0:
		return fault.InvalidField("amount", "too_small", "must be more than nothing")
	case a.minor > most.minor:
		return &fault.Error{Kind: fault.Invalid, Code: "amount_exceeds", Detail: "that is more than there is", Data: fault.Max{Max: most.minor}}
	}
	return nil
}

// Compare orders amounts of one currency.
func (a Amount) Compare(b Amount) int { return cmp.Compare(a.minor, b.minor) }

// Add returns a+b. Invalid currency_mismatch for two currencies, Invalid
// amount_exceeds when the sum leaves ±Max.
func (a Amount) Add(b Amount) (Amount, error) {
	if a.IsNone() {
		return b, nil
	}
	if b.IsNone() {
		return a, nil
	}
	if a.currency != b.currency {
		return Amount{}, fault.New(fault.Invalid, "currency_mismatch", fmt.Sprintf("%s and %s do not add up", a.currency, b.currency))
	}
	return bounded(a.minor+b.minor, a.currency) // both within ±Max or thereabouts: no int64 overflow
}

// Sub returns a−b, with the errors of Add. The result may be negative.
func (a Amount) Sub(b Amount) (Amount, error) {
	return a.Add(Amount{-b.minor, b.currency})
}

// Times returns a × n. Invalid amount_exceeds when the product leaves ±Max.
func (a Amount) Times(n int64) (Amount, error) {
	p := a.minor * n
	if a.minor != 0 && (p/a.minor != n || (a.minor == -1 && n == -n && n != 0)) {
		return Amount{}, exceeds()
	}
	return bounded(p, a.currency)
}

// Sum adds amounts up; the sum of none is 0 of the currency.
func Sum(currency Currency, amounts ...Amount) (Amount, error) {
	total := New(0, currency)
	for _, a := range amounts {
		var err error
		if total, err = total.Add(a); err != nil {
			return Amount{}, err
		}
	}
	return total, nil
}

func bounded(minor int64, c Currency) (Amount, error) {
	if minor > Max || minor < -Max {
		return Amount{}, exceeds()
	}
	return Amount{minor, c}, nil
}

func exceeds() error {
	return &fault.Error{Kind: fault.Invalid, Code: "amount_exceeds", Detail: "the amount is too large", Data: fault.Max{Max: Max}}
}

// BasisPoints returns a × bp / 10 000, rounded half to even. For taxes that are
// not yet in the amount, and for percentages off.
func (a Amount) BasisPoints(bp int64) Amount {
	return Amount{mulDivHalfEven(a.minor, bp, 10_000), a.currency}
}

// IncludedTax returns the tax of rate bp that a already contains:
// a × bp / (10 000 + bp), rounded half to even.
func (a Amount) IncludedTax(bp int64) Amount {
	return Amount{mulDivHalfEven(a.minor, bp, 10_000+bp), a.currency}
}

// mulDivHalfEven returns x*m/d rounded half to even, without overflow for
// |x| <= Max and 0 <= m < d·2^20, d > 0.
func mulDivHalfEven(x, m, d int64) int64 {
	neg := x < 0
	if neg {
		x = -x
	}
	hi, lo := bits.Mul64(uint64(x), uint64(m))
	q, r := bits.Div64(hi, lo, uint64(d))
	if twice := 2 * r; twice > uint64(d) || (twice == uint64(d) && q%2 == 1) {
		q++
	}
	if neg {
		return -int64(q)
	}
	return int64(q)
}

// Allocate splits a over weights by largest remainder: the parts add up to a
// exactly, each is the proportional share rounded down or up, and equal
// remainders favour the earlier part. All weights zero splits evenly. No
// weights gives no parts. a and the weights must not be negative.
func (a Amount) Allocate(weights []int64) []Amount {
	parts := make([]Amount, len(weights))
	if len(weights) == 0 {
		return parts
	}
	var sum uint64
	for _, w := range weights {
		sum += uint64(w)
	}
	if sum == 0 {
		weights = slices.Repeat([]int64{1}, len(weights))
		sum = uint64(len(weights))
	}
	type remainder struct {
		part int
		rest uint64
	}
	rests := make([]remainder, len(weights))
	left := a.minor
	for i, w := range weights {
		hi, lo := bits.Mul64(uint64(a.minor), uint64(w))
		q, r := bits.Div64(hi, lo, sum)
		parts[i] = Amount{int64(q), a.currency}
		left -= int64(q)
		rests[i] = remainder{i, r}
	}
	slices.SortStableFunc(rests, func(x, y remainder) int { return cmp.Compare(y.rest, x.rest) })
	for i := range left {
		parts[rests[i].part].minor++
	}
	return parts
}

// String writes the amount in major units for people: "19.99 EUR".
func (a Amount) String() string {
	if a.IsNone() {
		return "none"
	}
	exp := a.currency.Exponent()
	if exp == 0 {
		return fmt.Sprintf("%d %s", a.minor, a.currency)
	}
	unit := int64(1)
	for range exp {
		unit *= 10
	}
	sign, m := "", a.minor
	if m < 0 {
		sign, m = "-", -m
	}
	return fmt.Sprintf("%s%d.%0*d %s", sign, m/unit, exp, m%unit, a.currency)
}
