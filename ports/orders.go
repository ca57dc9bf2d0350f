package ports

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
)

// Carts reads and changes carts on the primary.
type Carts interface {
	Cart(ctx context.Context, c id.Cart) (cart.Cart, error)
	Insert(ctx context.Context, c cart.Cart) (Mark, error)
	// Update runs a closure on one locked cart and stores what it leaves. The
	// closure follows the rules of Transactor; its error leaves the cart as it was.
	Update(ctx context.Context, c id.Cart, fn func(*cart.Cart) error) (Mark, error)
}

// CartViews reads carts for nothing but being looked at.
type CartViews interface {
	// View returns a cart of a customer's, or of nobody in particular (zero).
	View(ctx context.Context, c id.Cart, of id.Customer, after Mark) (cart.Cart, error)
}

// CartWriter changes carts within a transaction.
type CartWriter interface {
	CartForUpdate(ctx context.Context, c id.Cart) (cart.Cart, error)
	SaveCart(ctx context.Context, c cart.Cart) error
	// TakeCart is SaveCart of a cart that was read before, without a lock, in this
	// version: Stale (version_conflict) if it has another one now, or is gone.
	TakeCart(ctx context.Context, c cart.Cart, version int64) error
}

// Stock reads what there is. A SKU that was never received has none of it.
type Stock interface {
	// Availability returns what can be sold of each SKU, keyed by id.SKU.Fold;
	// SKUs without stock are left out. The map may be shared with other callers
	// and must not be changed.
	Availability(ctx context.Context, skus []id.SKU, after Mark) (map[string]int, error)
	// Levels returns the levels of the SKUs at all locations, by SKU bytes and
	// location, on the primary.
	Levels(ctx context.Context, skus []id.SKU) ([]inventory.Level, error)
	// BrowseLevels returns up to b.Limit levels and, if it was asked for (else
	// -1), how many there are before and after them.
	BrowseLevels(ctx context.Context, b inventory.Browse) ([]inventory.Level, int, error)
	// Movements returns up to limit lines of a SKU's ledger older than the given
	// one (zero: from the newest), newest first by id: lines that were written side
	// by side may stand in either order, their OnHand tells in which it was.
	Movements(ctx context.Context, sku id.SKU, before id.Movement, limit int) ([]inventory.Movement, error)
}

// StockWriter changes stock, set-based: lines of one SKU and location are
// merged, rows are taken in ascending order of SKU bytes, each by a
// conditional update. Changes are returned by SKU bytes.
type StockWriter interface {
	// Reserve holds all lines for an order, or none: Exhausted (out_of_stock,
	// Data inventory.Shortages) names every line that is short.
	Reserve(ctx context.Context, r inventory.Reservation) ([]inventory.Change, error)
	// Consume takes an order's held units off the shelf and writes the sales to
	// the ledger, under ids of which it has at least one for each line that was
	// reserved. It returns nothing, because there is as much to sell as before.
	// Gone if nothing is held any more.
	Consume(ctx context.Context, o id.Order, sales []id.Movement, at time.Time) error
	// Release gives an order's held units back. No changes if nothing is held.
	Release(ctx context.Context, o id.Order, at time.Time) ([]inventory.Change, error)
	// Extend lets an order's held units stay held until a later time. It changes
	// no level and does nothing if nothing is held.
	Extend(ctx context.Context, o id.Order, until time.Time) error
	// Adjust changes what is on hand and writes the ledger, all or nothing. A
	// delta of zero writes nothing: it locks the level and tells what it is.
	// Exhausted (out_of_stock, Data inventory.Shortages) when a level would fall
	// below what is reserved; Exists (already_exists, "reference") when Unique and
	// the ledger has a line of that SKU, reason and reference.
	Adjust(ctx context.Context, as ...inventory.Adjustment) ([]inventory.Change, error)
}

// OrderRecords reads orders on the primary.
type OrderRecords interface {
	Order(ctx context.Context, o id.Order) (order.Order, error)
	OrderByNumber(ctx context.Context, number string) (order.Order, error)
	// BrowseOrders returns up to f.Limit orders and, if it was asked for (else
	// -1), how many there are before and after them.
	BrowseOrders(ctx context.Context, f order.Filter) ([]order.Order, int, error)
}

// OrderHistory reads a customer's own orders.
type OrderHistory interface {
	// OrdersOf returns up to limit orders older than the given one (zero: from
	// the newest), newest first.
	OrdersOf(ctx context.Context, c id.Customer, before id.Order, limit int, after Mark) ([]order.Order, error)
}

// OrderWriter writes orders within a transaction.
type OrderWriter interface {
	OrderForUpdate(ctx context.Context, o id.Order) (order.Order, error)
	// CheckoutForUpdate locks and returns all that moves along with an order, at
	// the price of one of them. The cart is the zero Cart if it is gone, the
	// payment the zero Payment if none is asked for.
	CheckoutForUpdate(ctx context.Context, c id.Cart, o id.Order, p id.Payment) (cart.Cart, order.Order, payment.Payment, error)
	// LockCheckout is CheckoutForUpdate for whoever knows what is stored: Stale
	// (version_conflict) if the cart, the order or the payment (zero: none) is not
	// in the given version any more, the payment is to be checked at another time,
	// or one of them is gone.
	LockCheckout(ctx context.Context, c cart.Cart, o order.Order, p payment.Payment) error
	// InsertOrder stores a new order, whose id was made within a day of
	// CreatedAt. Conflict (cart_already_ordered, Data cart.InOrder) when the cart
	// has a live one; Exists ("number") when the number is taken.
	InsertOrder(ctx context.Context, o order.Order) error
	// SaveOrder stores what became of an order: Status, ConfirmedAt, Shipments,
	// Refunds, Returns, Timeline, Version, UpdatedAt and the units of its lines
	// that were shipped and returned. The rest is a snapshot and stays.
	SaveOrder(ctx context.Context, o order.Order) error
}

// Payments reads payments on the primary.
type Payments interface {
	Payment(ctx context.Context, p id.Payment) (payment.Payment, error)
	PaymentOf(ctx context.Context, o id.Order) (payment.Payment, error)
	// PaymentByReference returns the payment that a provider knows by a reference.
	PaymentByReference(ctx context.Context, provider, reference string) (payment.Payment, error)
	// PaymentsOf returns the payments of several orders.
	PaymentsOf(ctx context.Context, os []id.Order) (map[id.Order]payment.Payment, error)
	// DueForCheck returns up to limit payments whose NextCheckAt has come,
	// longest due first. Checked payments push theirs forward.
	DueForCheck(ctx context.Context, now time.Time, limit int) ([]payment.Payment, error)
}

// PaymentWriter writes payments within a transaction. Exists (already_exists,
// "reference") when another payment of the provider has the reference.
type PaymentWriter interface {
	PaymentForUpdate(ctx context.Context, p id.Payment) (payment.Payment, error)
	InsertPayment(ctx context.Context, p payment.Payment) error
	SavePayment(ctx context.Context, p payment.Payment) error
}

// PaymentEvents reads what payment providers sent, on the primary.
type PaymentEvents interface {
	// PaymentEvent returns an event by its provider's id for it.
	PaymentEvent(ctx context.Context, provider, event string) (payment.Event, error)
	// BrowsePaymentEvents returns up to f.Limit events, oldest first.
	BrowsePaymentEvents(ctx context.Context, f payment.EventFilter) ([]payment.Event, error)
}

// PaymentEventWriter writes events within a transaction.
type PaymentEventWriter interface {
	// AddEvent stores an event and reports whether it is the first of its
	// provider and its id there; one that is there stays as it is.
	AddEvent(ctx context.Context, e payment.Event) (bool, error)
	// EndEvent records that an event was worked off. One that is not there is ignored.
	EndEvent(ctx context.Context, e id.Event, at time.Time) error
}

// Expired finds what time has run out for.
type Expired interface {
	// ExpiredReservations returns up to limit orders with units held beyond their time.
	ExpiredReservations(ctx context.Context, now time.Time, limit int) ([]id.Order, error)
	// DropExpiredCarts deletes up to limit open carts that nobody touched in
	// time, and returns how many it deleted.
	DropExpiredCarts(ctx context.Context, now time.Time, limit int) (int, error)
	// DropOldKeys deletes up to limit idempotency keys from before, and returns
	// how many it deleted.
	DropOldKeys(ctx context.Context, before time.Time, limit int) (int, error)
	// DropOldEvents deletes up to limit payment events received before, and
	// returns how many it deleted.
	DropOldEvents(ctx context.Context, before time.Time, limit int) (int, error)
}

// Violation is a broken invariant: which one, and on what.
type Violation struct {
	Invariant string
	Subject   string
	Detail    string
}

// Invariant is something that must always be true.
type Invariant struct {
	Name string
	SQL  string // returns what breaks it, as subject and detail; begins with a comment that says what it is
}

// Auditor checks what must always be true, by plain queries of its own.
type Auditor interface {
	// Invariants returns all of them, by name.
	Invariants() []Invariant
	// Violations returns every broken invariant, by name and subject.
	Violations(ctx context.Context) ([]Violation, error)
	// Check returns what breaks one invariant, by subject. What an order brings
	// with it is looked at if the order was placed at or after since, so that the
	// cost does not grow with history; zero looks at everything. NotFound for an
	// unknown name.
	Check(ctx context.Context, invariant string, since time.Time) ([]Violation, error)
	// Currency returns the currency of the first stored price; "" before that.
	Currency(ctx context.Context) (money.Currency, error)
}
