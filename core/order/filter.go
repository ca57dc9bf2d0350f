package order

import (
	"time"

	"github.com/bodega-commerce/bodega/core/id"
)

// Filter is what an operator's list of orders may ask; zero members ask nothing.
type Filter struct {
	Query         string // a number, a SKU of its lines, or the beginning of an email, ignoring case
	Status        Status
	PaymentStatus string // of the order's payment; not_required: it has none
	Email         string // whole, ignoring case
	Number        string // whole
	SKU           id.SKU // in one of its lines
	CreatedFrom   time.Time
	CreatedTo     time.Time // exclusive
	OldestFirst   bool      // else newest first
	Before        id.Order  // what comes after this in that order; zero: all
	Limit         int       // 1..100
	Count         bool      // also count all
}
