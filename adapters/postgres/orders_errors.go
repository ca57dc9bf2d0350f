package postgres

import "github.com/bodega-commerce/bodega/core/fault"

// orderConstraint says what breaking a constraint of the orders realm means.
func orderConstraint(string) *fault.Error { return nil }
