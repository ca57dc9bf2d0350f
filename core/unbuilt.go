package core

import "github.com/bodega-commerce/bodega/core/fault"

var errUnbuilt = fault.New(fault.Unavailable, "unavailable", "this is not built yet")
