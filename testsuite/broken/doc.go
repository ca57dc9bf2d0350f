// Package broken tests the tests: adapters that keep every promise of their port
// but one, each of which a suite of package porttest has to find.
package broken
