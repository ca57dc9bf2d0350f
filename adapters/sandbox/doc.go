// Package sandbox is a payment provider that moves no money: it answers by the
// token it is shown, and keeps its books in a ledger file, or in a table that
// several processes share.
//
// The books make it honest. What was answered is on disk first, so a shop
// that was killed in the middle of a checkout finds out afterwards what was
// paid, as it would from a real provider. One process at a time uses a ledger file.
//
// Callers that arrive together share one fsync, so that a load test measures
// the shop and not the pretence.
//
// It serves ports.PaymentProvider and ports.PaymentCompleter and imports the
// standard library, nouns and ports.
package sandbox
