// Package sim runs the shop through thousands of bad days. The real core, the
// real runner of its jobs and the real embedded store serve shoppers, workers,
// sweepers and reconcilers in one goroutine at a time, and at every call of a
// port a scheduler decides who goes on, and whether the call is delayed, fails
// before its effect, fails after it, happens twice, or takes its process with
// it. In some of them jobs travel by a broker, which hands them out twice, or the
// provider is away for an hour. When all is quiet the books of the shop, of the
// payment provider and of the post office must agree with what the shoppers were
// told, prices and coupons with what was promised.
//
// All decisions come from one number, the seed: one seed is one history. Time is
// that of testing/synctest, which stands still until everybody waits; nothing
// else of the world comes in. A history that went wrong is told as a timeline,
// and told again, word for word, by the same seed.
//
// `go test` plays a few hundred histories; `make sim SEEDS=10000` as many as are
// asked for, and `make sim SEED=17` tells that one.
package sim
