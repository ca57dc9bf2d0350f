// Package demo fills an empty store with a corner shop to look at: some sixty
// products with stock and drawn pictures. It goes through the shop's verbs, the
// way an operator's feed and uploads do. Package boot calls it; it imports core
// and nouns.
package demo
