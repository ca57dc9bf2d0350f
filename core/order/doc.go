// Package order holds what was bought, as it was when it was bought, and how
// far it has come. An order's steps are methods that refuse what is not
// allowed; stores keep what they leave. It imports the standard library and
// nouns up to pricing.
package order
