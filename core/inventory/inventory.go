package inventory

import (
	"time"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/fault"
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

// Low is how few units left are little.
const Low = 5

// BecameLow reports whether the units left have just become few, or none.
func (c Change) BecameLow() bool {
	return c.Before.Available() > Low && c.After.Available() <= Low
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

const maxText = 500

// Validate answers Invalid naming what is wrong with an adjustment somebody asks
// for: a SKU that is none, a delta of nothing or beyond MaxQuantity, a reason
// that is not theirs to give, text of more than 500 characters.
func (a Adjustment) Validate() error {
	var f fault.Fields
	f.Join("", a.SKU.Validate())
	switch {
	case a.Delta == 0:
		f.Add("delta", "too_small", "must not be 0")
	case a.Delta > MaxQuantity:
		f.Add("delta", "too_large", "must be at most 1000000000")
	case a.Delta < -MaxQuantity:
		f.Add("delta", "too_small", "must be at least -1000000000")
	}
	switch a.Reason {
	case Received, Damaged, Correction, Returned, Other:
	default:
		f.Add("reason", "enum", "must be received, damaged, correction, return or other")
	}
	if utf8.RuneCountInString(a.Note) > maxText {
		f.Add("note", "too_long", "must have at most 500 characters")
	}
	if utf8.RuneCountInString(a.Reference) > maxText {
		f.Add("reference", "too_long", "must have at most 500 characters")
	}
	return f.Err()
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
