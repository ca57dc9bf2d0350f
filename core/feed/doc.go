// Package feed is the catalogue as lines of text, in and out: one variant a
// line, the rules of which real feeds force, and the report of an import. It
// imports the standard library and nouns up to catalog.
package feed
