// Package cached answers what shoppers only look at from memory: product
// details, lists, hydration of search hits, the taxonomy, what is in stock,
// carts, the first view of a category.
//
// Each process holds what it read as Go values, because decoding a product
// costs as much as reading it from SQLite. What it holds is served only while
// the generations in ports.Cache, which all processes share, are as they were
// when it was read, and only if the mark it was read at covers what the caller
// has to see. With Options.Shared the processes also hand each other encoded
// values through that cache, under the keys that operators know: product_list:…,
// product_detail:…, category_tree, filters:…, cart:…. Availability is never part
// of a product's value.
//
// Three rules keep what is served as new as the last invalidation:
//
//   - The store is read at or after the newest change that its generations were
//     raised for, by any replica that has come so far, and the value is held at
//     that mark.
//   - A value is held only if its mark includes what every generation it belongs
//     to was raised for, looked up after it was read. So a reader that was
//     overtaken by a change cannot put an old value back.
//   - Whoever joins a read that is under way checks its outcome like any held
//     value, and reads again if it began too early.
//
// Nothing here is needed for a right answer: without the cache the store is
// asked, a bounded number of times at once, and what decides always asks the
// primary.
//
// It decorates the stores, the search engine and the limiter, and is the
// ports.Invalidator that makes held values stale. It imports the standard
// library, nouns, ports and x/sync.
package cached
