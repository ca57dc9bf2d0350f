// Package money is exact arithmetic on amounts in minor units of one currency.
// There are no floats; every operation that can overflow says so. It imports
// the standard library and fault.
package money
