// Command bench tells how fast the shop is, as ratios: each figure stands beside
// what hand-written code without any of the shop's care reaches on the same
// machine, or beside what other shops did on one like it.
//
//	go run ./testsuite/bench                # everything, about five minutes
//	go run ./testsuite/bench -quick         # shorter slices, rougher figures
//	go run ./testsuite/bench -only detail,checkout
//	go run ./testsuite/bench -profile DIR   # and CPU profiles of the shop's side
//
// The rules that keep it honest:
//
//   - Baselines are fixed files, in package baseline: no shop code, no
//     abstraction, the same durability. Changing one needs a decision record.
//   - The shop runs as it is shipped, in a process of its own; so do the baseline
//     and the load generator.
//   - Shop and baseline take turns in short slices, and a ratio is the median of
//     the ratios of neighbouring slices: whoever else uses the machine slows both.
//   - Rates say nothing of who used the processor, so the processor time of a
//     request stands beside them.
//
// A goal that is missed is marked and does not fail the program, unless -strict
// is given: on a busy machine it would fail for nothing. What fails it is an
// answer that is not the one expected.
package main
