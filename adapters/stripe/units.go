package stripe

import (
	"strings"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/money"
)

// wholeUnits are the currencies whose amounts Stripe counts without decimals
// (docs.stripe.com/currencies). ISK and UGX have none in ISO 4217 but two at
// Stripe; MGA is the other way round.
const wholeUnits = " BIF CLP DJF GNF JPY KMF KRW MGA PYG RWF VND VUV XAF XOF XPF "

// decimals is how many decimals Stripe's smallest unit of a currency is.
func decimals(c money.Currency) int {
	switch {
	case strings.Contains(wholeUnits, " "+string(c)+" "):
		return 0
	case c.Exponent() == 3:
		return 3
	}
	return 2
}

// toUnits returns an amount in Stripe's smallest unit, and false when Stripe
// cannot take it: a part of its unit, or a third decimal that is not zero.
func toUnits(a money.Amount) (int64, bool) {
	units, c := a.Minor(), a.Currency()
	for range decimals(c) - c.Exponent() {
		units *= 10
	}
	for range c.Exponent() - decimals(c) {
		if units%10 != 0 {
			return 0, false
		}
		units /= 10
	}
	return units, decimals(c) < 3 || units%10 == 0
}

// fromUnits returns what toUnits was given.
func fromUnits(units int64, c money.Currency) money.Amount {
	for range decimals(c) - c.Exponent() {
		units /= 10
	}
	for range c.Exponent() - decimals(c) {
		units *= 10
	}
	return money.New(units, c)
}

// part is toUnits for a part of a payment.
func part(a money.Amount) (int64, error) {
	units, ok := toUnits(a)
	if !ok {
		return 0, fault.InvalidField("amount", "pattern", "is not a whole number of the smallest unit that can be paid in "+string(a.Currency()))
	}
	return units, nil
}
