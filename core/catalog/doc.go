// Package catalog holds what a shop offers: products and their variants,
// categories, brands, attribute definitions and pictures, with the rules that
// hold for each of them. Verbs and stores use it; it imports the standard
// library, fault, money and id.
package catalog
