package order

import (
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/pricing"
)

// Status is how far an order has come.
type Status string

const (
	PendingPayment Status = "pending_payment"
	PaymentFailed  Status = "payment_failed"
	Confirmed      Status = "confirmed"
	Fulfilling     Status = "fulfilling"
	Shipped        Status = "shipped"
	Delivered      Status = "delivered"
	Canceled       Status = "canceled"
	Refunded       Status = "refunded"
)

// Fulfillment sums up what was shipped.
type Fulfillment string

const (
	Unfulfilled Fulfillment = "unfulfilled"
	Partial     Fulfillment = "partial"
	Fulfilled   Fulfillment = "fulfilled"
)

// Order is a purchase. Lines, addresses and totals are snapshots that no later
// change of the catalogue touches.
type Order struct {
	ID             id.Order
	Number         string // XXXX-XXXX-C, see NewNumber
	Cart           id.Cart
	Customer       id.Customer // zero: a guest
	Email          string      // lower case
	Status         Status
	ConfirmedAt    time.Time // zero: never confirmed
	Currency       money.Currency
	Lines          []Line
	Totals         pricing.Totals
	ShipTo         Address
	BillTo         Address
	ShippingMethod pricing.ShippingMethod
	Shipments      []Shipment
	Refunds        []Refund
	Returns        []Return
	Timeline       []Event
	Test           bool // paid with a provider that moves no money
	Version        int64
	CreatedAt      time.Time
	UpdatedAt      time.Time
}

// Line is a line of the receipt.
type Line struct {
	SKU         id.SKU           `json:"sku"`
	Product     id.Product       `json:"product"`
	ProductSlug string           `json:"product_slug"`
	Name        string           `json:"name"`
	Options     []catalog.Option `json:"options,omitempty"`
	Image       *catalog.Image   `json:"image,omitempty"`
	Quantity    int              `json:"quantity"`
	UnitPrice   money.Amount     `json:"unit_price"`
	Subtotal    money.Amount     `json:"subtotal"`
	Discount    money.Amount     `json:"discount"`
	Tax         money.Amount     `json:"tax"`
	Total       money.Amount     `json:"total"`
	Shipped     int              `json:"shipped,omitempty"`
	Returned    int              `json:"returned,omitempty"`
}

// Shipment is a parcel.
type Shipment struct {
	ID             id.Shipment
	Status         ShipmentStatus
	Carrier        string
	TrackingNumber string
	TrackingURL    string
	Lines          []ShipmentLine
	ShippedAt      time.Time
	DeliveredAt    time.Time // zero: under way
}

// ShipmentStatus is how far a parcel has come.
type ShipmentStatus string

const (
	ShipmentShipped   ShipmentStatus = "shipped"
	ShipmentDelivered ShipmentStatus = "delivered"
)

// ShipmentLine is a number of units of a SKU in a parcel.
type ShipmentLine struct {
	SKU      id.SKU `json:"sku"`
	Quantity int    `json:"quantity"`
}

// Refund is money that went back.
type Refund struct {
	ID        id.Refund
	Reference string // the provider's own id; "" until it has told
	Foreign   bool   // made at the provider, not asked for by the shop
	Amount    money.Amount
	Lines     []RefundLine // for what; empty: for nothing in particular
	Reason    string
	Status    RefundStatus
	CreatedAt time.Time
}

// RefundLine is a number of units of a SKU that were paid back.
type RefundLine struct {
	SKU       id.SKU `json:"sku"`
	Quantity  int    `json:"quantity"`
	Unshipped int    `json:"unshipped,omitempty"` // of these, how many had not left, and never will
}

// RefundStatus is how far a refund has come.
type RefundStatus string

const (
	RefundPending   RefundStatus = "pending"
	RefundSucceeded RefundStatus = "succeeded" // the provider accepted it
	RefundFailed    RefundStatus = "failed"    // it refused it, or the money came back
)

// Return is goods that come back.
type Return struct {
	ID        id.Return
	Status    ReturnStatus
	Reason    string
	Restock   bool // what came back went on the shelf
	Lines     []ShipmentLine
	CreatedAt time.Time
}

// ReturnStatus is how far a return has come.
type ReturnStatus string

const (
	ReturnRequested ReturnStatus = "requested" // the customer wants to send something back
	ReturnReceived  ReturnStatus = "received"
)

// Event is a line of an order's timeline.
type Event struct {
	At      time.Time    `json:"at"`
	Type    string       `json:"type"` // "order.confirmed", "payment.declined", "note"
	Actor   account.Role `json:"actor"`
	Message string       `json:"message"`
	TraceID string       `json:"trace_id,omitempty"`
	Note    id.Note      `json:"note,omitzero"` // of what an operator wrote
}

// Coupons returns the codes of the coupons that the order used.
func (o *Order) Coupons() []string {
	var codes []string
	for _, d := range o.Totals.Discounts {
		if d.Code != "" {
			codes = append(codes, d.Code)
		}
	}
	return codes
}

// Noted is the type of what operators write on an order. It is theirs.
const Noted = "note"

// TimelineFor returns what happened as somebody in a role may know it.
func (o *Order) TimelineFor(role account.Role) []Event {
	if role == account.RoleAdmin {
		return o.Timeline
	}
	return slices.DeleteFunc(slices.Clone(o.Timeline), func(e Event) bool { return e.Type == Noted })
}

// Action is a step somebody may take next.
type Action string

const (
	ActionFulfill Action = "fulfill"
	ActionShip    Action = "ship"
	ActionDeliver Action = "deliver"
	ActionCancel  Action = "cancel"
)
