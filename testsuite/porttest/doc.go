// Package porttest says in code what the comments of package ports say in
// words. An implementation runs the suite of each port it serves, in one line
// of a test of its own; embedded and production adapters run the same ones.
//
// A suite takes a harness: a constructor that returns a fresh world for each
// case, and fields for what an implementation honestly cannot do, each with the
// reason. Suites run their cases at once. The package imports the standard
// library, nouns and ports, so that any module can use it.
package porttest
