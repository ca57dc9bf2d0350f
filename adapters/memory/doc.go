// Package memory is the cache and the rate limiter of a shop that runs in one
// process. Both are bounded and forget what matters least.
//
// It serves ports.Cache and ports.Limiter and imports the standard library,
// nouns, ports and otter, for an admission policy under which a crawler's walk
// does not evict what shoppers read.
package memory
