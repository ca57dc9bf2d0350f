// Package pricing turns lines, promotions, shipping and tax rates into totals
// whose parts add up to the last minor unit. It decides nothing about who pays
// or what is in stock. It imports the standard library, fault, money, id and catalog.
package pricing
