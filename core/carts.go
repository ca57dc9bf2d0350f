package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// Carts fills baskets. A cart is its customer's, or whoever's shows its token;
// one opened by the system or by an API key with order.write has no token and
// is theirs. A cart that is not the actor's is NotFound.
type Carts struct{ s *shared }

// OpenCart opens an empty cart.
type OpenCart struct {
	By account.Actor
}

// FindCart looks at a cart.
type FindCart struct {
	By    account.Actor
	Cart  id.Cart
	After ports.Mark // orders realm: what availability must include
}

// SetCartLine puts a quantity of a SKU into a cart, in place of what was there;
// 0 takes the line out.
type SetCartLine struct {
	By       account.Actor
	Cart     id.Cart
	Version  int64 // zero: whatever is there
	SKU      id.SKU
	Quantity int
}

// RemoveCartLine takes a SKU out of a cart.
type RemoveCartLine struct {
	By      account.Actor
	Cart    id.Cart
	Version int64 // zero: whatever is there
	SKU     id.SKU
}

// Open opens an empty cart. The answer's Token is told this once, to guests.
func (x *Carts) Open(ctx context.Context, c OpenCart) (CartView, error) {
	return CartView{}, notYet()
}

// Find shows a cart at today's prices.
func (x *Carts) Find(ctx context.Context, c FindCart) (CartView, error) {
	return CartView{}, notYet()
}

// SetLine sets a line's quantity. NotFound for a SKU that is not sold, Invalid
// (quantity_limit) above the shop's cap, Exhausted (out_of_stock) for more than
// is available, Stale (version_conflict), and the errors of cart.Editable.
func (x *Carts) SetLine(ctx context.Context, c SetCartLine) (CartView, error) {
	return CartView{}, notYet()
}

// RemoveLine takes a line out; one that is not there is a success without
// effect. Errors as of SetLine.
func (x *Carts) RemoveLine(ctx context.Context, c RemoveCartLine) (CartView, error) {
	return CartView{}, notYet()
}

// DropExpired deletes up to limit carts that nobody touched in time, and
// returns how many. It is the sweeper's.
func (x *Carts) DropExpired(ctx context.Context, limit int) (int, error) {
	return 0, notYet()
}
