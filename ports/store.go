package ports

import (
	"context"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
)

// Realm is a part of the data that may one day be its own database. No
// transaction and no join spans two.
type Realm string

const (
	Catalog  Realm = "catalog"
	Orders   Realm = "orders"
	Identity Realm = "identity"
)

// Mark is a position in a realm's history of commits. Writes return it; a read
// that is given it sees the write. Marks are comparable with ==.
type Mark struct {
	Realm Realm
	Epoch uint64 // history they belong to; a restored or promoted database starts another
	Pos   uint64
}

// IsZero reports whether any state satisfies the mark.
func (m Mark) IsZero() bool { return m == Mark{} }

// Covers reports whether a state at m includes everything up to after. A mark
// of another realm or epoch binds nothing.
func (m Mark) Covers(after Mark) bool {
	return after.IsZero() || m.Realm != after.Realm || m.Epoch != after.Epoch || m.Pos >= after.Pos
}

// Marks is what a reader has seen or written, by realm.
type Marks struct {
	Catalog, Orders, Identity Mark
}

// With returns the marks with one of them put in its realm's place.
func (m Marks) With(mark Mark) Marks {
	switch mark.Realm {
	case Catalog:
		m.Catalog = mark
	case Orders:
		m.Orders = mark
	case Identity:
		m.Identity = mark
	}
	return m
}

// Transactor runs a closure as one transaction on the primary.
//
// It promises READ COMMITTED and no more: inside, a read that decides a write
// is a …ForUpdate method, whose rows are locked until the end. The closure may
// run more than once (deadlock, serialization failure: up to three times with
// jitter), so ids and times are made before it, it touches nothing but tx and
// its own result variables, and it overwrites those. An error from it, a panic
// or a cancelled context rolls everything back; the error comes back as it is,
// a panic as fault.Internal. The Mark is taken after COMMIT. A commit whose
// outcome is not known is fault.Unknown: re-read before doing anything.
type Transactor[T any] interface {
	InTx(ctx context.Context, fn func(ctx context.Context, tx T) error) (Mark, error)
}

// Marker tells how far a realm has come on the primary.
type Marker interface {
	// Position returns the mark of the newest commit.
	Position(ctx context.Context) (Mark, error)
}

// CatalogStore is the realm of products and what describes them.
type CatalogStore struct {
	Tx       Transactor[CatalogTx]
	Products Products       // what shoppers see
	Taxonomy Taxonomies     // categories, brands, attribute definitions
	Records  ProductRecords // what operators see
	Offers   Offers         // what the till sees
	Images   Images
	Imports  Imports
	Settings SearchSettings // how the search is steered; nil: it is not
	Works    SearchWorks    // what is done to the index; nil: this program is the only one
	Tallies  SearchTallies  // what was searched for; nil: nothing is counted
	Sales    Sales          // what was sold of products; nil: they are as popular as they were stored
	Marks    Marker
}

// CatalogTx is what a catalogue transaction may do.
type CatalogTx struct {
	Products   ProductWriter
	Slugs      Slugs
	Categories CategoryWriter
	Brands     BrandWriter
	Attributes AttributeWriter
	Versions   SearchVersions
	Jobs       Outbox
}

// OrderStore is the realm of stock, carts, orders, payments and idempotency keys.
type OrderStore struct {
	Tx       Transactor[OrderTx]
	Carts    Carts
	Views    CartViews // what is shown of carts; nil: Carts
	Stock    Stock
	Orders   OrderRecords
	History  OrderHistory
	Payments Payments
	Events   PaymentEvents
	Keys     Keys
	Prices   PriceRules // nil: operators have said nothing about prices
	Coupons  Coupons    // nil, as is Prices: there are none
	Webhooks Webhooks   // nil, as is Queue: nobody is told what happens
	Queue    WebhookQueue
	Expired  Expired
	Marks    Marker
	// Joined says that all of this happens inside a transaction of the caller's,
	// who may yet roll it back: nothing outside may be told of it meanwhile.
	Joined bool
}

// OrderTx is what an order transaction may do. Statements lock in the order of
// its fields: rules, cart, order, payment, event, key, endpoint, delivery, coupon, then stock last. What a method only
// writes may be sent later: its error then comes from a later call, or from InTx.
type OrderTx struct {
	Prices     PriceRuleWriter
	Carts      CartWriter
	Orders     OrderWriter
	Payments   PaymentWriter
	Events     PaymentEventWriter
	Keys       KeyWriter
	Inbox      Inbox
	Jobs       Outbox
	Endpoints  EndpointWriter
	Deliveries DeliveryWriter
	Coupons    CouponWriter
	Stock      StockWriter
}

// IdentityStore is the realm of accounts and sessions.
type IdentityStore struct {
	Tx    Transactor[IdentityTx]
	Marks Marker
}

// IdentityTx is what an identity transaction may do.
type IdentityTx struct {
	Jobs Outbox
}

// Outbox puts jobs beside the change that causes them: they exist if and only
// if the transaction commits. A job that is waiting already stays as it is.
type Outbox interface {
	Add(ctx context.Context, jobs ...job.Envelope) error
}

// Inbox remembers which jobs took effect, in the transaction of the effect.
type Inbox interface {
	// First reports whether the consumer sees the job for the first time, and
	// remembers that it did.
	First(ctx context.Context, consumer string, j id.Job) (bool, error)
}
