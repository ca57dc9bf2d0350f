// Package stack starts the whole shop for one test: the API on a port of its
// own, store and worker inside, all it keeps in a directory that goes with the
// test. It takes a fraction of a second, and tests that have a shop each may
// run in parallel.
//
//	shop := stack.Start(t)
//	resp := shop.Storefront(t, "GET", "/v1/products", nil)
//
// Option Production puts the same shop on real servers, a piece of each for the
// test alone; Servers and Consumers say how many programs share it, and Linked
// lets the test cut the networks between them.
//
// What fixture makes goes into shop.Shop, what expect looks for comes out of
// the answers. At the end of the test the shop stops, and the test fails if it
// stopped badly or broke an invariant of `bodega check` on its way.
package stack
