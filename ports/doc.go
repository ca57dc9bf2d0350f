// Package ports is what Bodega needs of the world: small interfaces, grouped
// into one struct per realm where they share a database. Adapters implement
// them, verbs (package core) call them, testsuite/porttest says in code what
// the comments here say in words. It imports the standard library and nouns.
//
// What holds for every port:
//
//   - All methods are safe for concurrent use.
//   - Nothing passed in or out is shared after the call: neither side sees the
//     other's later changes. The exceptions are immutable: *catalog.Taxonomy,
//     and the insides of products that Products returns. Callers copy those
//     before they change them.
//   - Times are UTC at microseconds. Slices and maps that come back are not nil.
//   - An id that is not there is fault.NotFound (not_found, Data fault.Resource)
//     unless the method says otherwise; methods that take many ids leave out
//     those that are not there.
//   - SKUs are looked up ignoring case and come back as stored.
//   - A cancelled context leaves nothing behind: the answer is fault.Canceled
//     and the write did not happen, or the answer is the write's.
//   - A dependency that cannot be reached is fault.Unavailable when provably
//     nothing was done, fault.Unknown when it may have been.
//   - Reads that take `after Mark` as their last argument may be served by a
//     replica or a cache that has reached the mark; all others are served by the
//     primary. The zero Mark is reached by any state.
//
// Store structs are open: a decorator replaces a field, and a new field breaks
// nobody who builds one by name.
package ports
