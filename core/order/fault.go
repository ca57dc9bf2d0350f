package order

import (
	"fmt"

	"github.com/bodega-commerce/bodega/core/fault"
)

// StateConflict is the Data of order_state_conflict.
type StateConflict struct {
	Status  Status
	Allowed []Action
}

func conflict(status Status, allowed []Action) error {
	return &fault.Error{
		Kind: fault.Conflict, Code: "order_state_conflict", Detail: fmt.Sprintf("not possible for an order that is %s", status),
		Data: StateConflict{status, allowed},
	}
}
