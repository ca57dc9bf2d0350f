package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/ports"
)

// Orders sees orders through. An order is its customer's, whoever's shows its
// token, and every operator's with order.read; to others it is NotFound.
//
// A step that the order's state forbids is Conflict (order_state_conflict, Data
// order.StateConflict); a step already taken is a success without effect.
type Orders struct{ s *shared }

// FindOrder looks at an order.
type FindOrder struct {
	By    account.Actor
	Order id.Order
}

// FindOrderByNumber looks at an order by the number people read out.
type FindOrderByNumber struct {
	By     account.Actor
	Number string
}

// OwnOrders lists the customer's own orders, newest first.
type OwnOrders struct {
	By     account.Actor
	Before id.Order   // older than this; zero: from the newest
	Limit  int        // 1..100; zero: 24
	After  ports.Mark // orders realm
}

// BrowseOrders is an operator's list, newest first.
type BrowseOrders struct {
	By     account.Actor
	Filter order.Filter
}

// OrderPage is a stretch of a list.
type OrderPage struct {
	Orders []OrderView
	Next   id.Order // Before of the next stretch; zero: this was the last
	Total  int      // -1: not asked for
}

// LookupOrder asks for a link to an order by mail.
type LookupOrder struct {
	Number string
	Email  string
}

// CancelOrder cancels an order.
type CancelOrder struct {
	By     account.Actor
	Order  id.Order
	Reason string
}

// FulfillOrder begins to pack an order.
type FulfillOrder struct {
	By    account.Actor
	Order id.Order
}

// ShipOrder sends a parcel with lines of an order.
type ShipOrder struct {
	By             account.Actor
	Order          id.Order
	Lines          []order.ShipmentLine // empty: everything not yet shipped
	Carrier        string
	TrackingNumber string
	TrackingURL    string
}

// DeliverOrder says that all parcels of an order arrived.
type DeliverOrder struct {
	By    account.Actor
	Order id.Order
}

// AddNote puts a remark on an order's timeline.
type AddNote struct {
	By    account.Actor
	Order id.Order
	Text  string
}

// ResendConfirmation mails an order's confirmation once more.
type ResendConfirmation struct {
	By    account.Actor
	Order id.Order
}

// Find shows an order.
func (x *Orders) Find(ctx context.Context, c FindOrder) (OrderView, error) {
	return OrderView{}, notYet()
}

// FindByNumber shows an order by its number, in whatever way it was typed.
func (x *Orders) FindByNumber(ctx context.Context, c FindOrderByNumber) (OrderView, error) {
	return OrderView{}, notYet()
}

// Own lists the customer's own orders; everybody else has none.
func (x *Orders) Own(ctx context.Context, c OwnOrders) (OrderPage, error) {
	return OrderPage{}, notYet()
}

// Browse lists orders for an operator with order.read.
func (x *Orders) Browse(ctx context.Context, c BrowseOrders) (OrderPage, error) {
	return OrderPage{}, notYet()
}

// Lookup mails a fresh link to the order's address if number and address
// belong together. Whether they do, it does not tell: it answers nil.
func (x *Orders) Lookup(ctx context.Context, c LookupOrder) error {
	return notYet()
}

// Cancel cancels an order, gives its stock back and sends its money back:
// customers may until it is fulfilled, operators with order.write until a line
// of it is shipped.
func (x *Orders) Cancel(ctx context.Context, c CancelOrder) (OrderView, error) {
	return OrderView{}, notYet()
}

// Fulfill marks an order as being packed.
func (x *Orders) Fulfill(ctx context.Context, c FulfillOrder) (OrderView, error) {
	return OrderView{}, notYet()
}

// Ship records a parcel. The order is shipped when all its lines are. Invalid
// for lines that are not the order's or more than is left of them.
func (x *Orders) Ship(ctx context.Context, c ShipOrder) (OrderView, error) {
	return OrderView{}, notYet()
}

// Deliver records that a shipped order arrived.
func (x *Orders) Deliver(ctx context.Context, c DeliverOrder) (OrderView, error) {
	return OrderView{}, notYet()
}

// AddNote writes on an order's timeline.
func (x *Orders) AddNote(ctx context.Context, c AddNote) (OrderView, error) {
	return OrderView{}, notYet()
}

// ResendConfirmation mails the confirmation of a confirmed order once more.
func (x *Orders) ResendConfirmation(ctx context.Context, c ResendConfirmation) error {
	return notYet()
}
