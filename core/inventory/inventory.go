// Package inventory counts what can be sold. Stock is kept by SKU and location;
// what is available is what is on hand less what is reserved. It imports the
// standard library, fault and id.
package inventory

import (
	"time"

	"github.com/bodega-commerce/bodega/core/id"
)

// MaxQuantity bounds every count of units.
const MaxQuantity = 1_000_000_000

// Level is the stock of a SKU at a location. 0 <= Reserved <= OnHand always.
type Level struct {
	SKU      id.SKU
	Location id.Location
	OnHand   int
	Reserved int
	Version  int64
}

// Available returns what can still be sold.
func (l Level) Available() int { return l.OnHand - l.Reserved }

// Line is a number of units of a SKU at a location.
type Line struct {
	SKU      id.SKU      `json:"sku"`
	Location id.Location `json:"location"`
	Quantity int         `json:"quantity"`
}

// Change is a level before and after a write.
type Change struct {
	Before, After Level
}

// Flipped reports whether the SKU went in or out of stock, which is what the
// search index needs to hear of.
func (c Change) Flipped() bool {
	return (c.Before.Available() > 0) != (c.After.Available() > 0)
}

// Reason says why on-hand stock changed.
type Reason string

const (
	Received   Reason = "received"
	Damaged    Reason = "damaged"
	Correction Reason = "correction"
	Returned   Reason = "return"
	Sale       Reason = "sale" // a reservation was consumed
	Other      Reason = "other"
)

// Adjustment is a change of what is on hand. Delta is not zero, except in the
// answer to an absolute count that found nothing to change.
type Adjustment struct {
	ID        id.Movement
	SKU       id.SKU
	Location  id.Location
	Delta     int
	Reason    Reason
	Note      string
	Reference string // what caused it: an order, an import and its line, a job
	By        string // account.Actor.Owner
	Unique    bool   // refuse a second one of the same SKU, reason and reference
	At        time.Time
}

// Movement is a line of the ledger: an adjustment or a sale, and what was on
// hand after it. on_hand is the sum of all deltas.
type Movement struct {
	Adjustment
	OnHand int
}

// ReservationState is the one-way life of a reservation.
type ReservationState string

const (
	Held     ReservationState = "active"
	Consumed ReservationState = "consumed"
	Released ReservationState = "released"
)

// Reservation holds units of an order until they are consumed or released.
type Reservation struct {
	Order     id.Order
	Lines     []Line
	ExpiresAt time.Time
	At        time.Time
}

// Shortage tells how much of a SKU was wanted and how much there is.
type Shortage struct {
	SKU       id.SKU `json:"sku"`
	Requested int    `json:"requested"`
	Available int    `json:"available"`
}
