package postgres

import "github.com/bodega-commerce/bodega/core/fault"

// catalogConstraint says what breaking a constraint of the catalogue means.
func catalogConstraint(string) *fault.Error { return nil }
