package order

import (
	"fmt"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
)

// StateConflict is the Data of order_state_conflict.
type StateConflict struct {
	Status  Status
	Allowed []Action
}

// Conflict returns Conflict (order_state_conflict) with what somebody in a role
// may do instead.
func (o *Order) Conflict(by account.Role) error {
	return &fault.Error{
		Kind: fault.Conflict, Code: "order_state_conflict", Detail: fmt.Sprintf("not possible for an order that is %s", o.Status),
		Data: StateConflict{o.Status, o.AllowedActions(by)},
	}
}
