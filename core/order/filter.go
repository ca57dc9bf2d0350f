package order

import (
	"time"

	"github.com/bodega-commerce/bodega/core/id"
)

// Filter is what an operator's list of orders may ask; zero members ask nothing.
type Filter struct {
	Status        Status
	PaymentStatus string // of the order's payment
	Email         string // whole, ignoring case
	Number        string // whole
	SKU           id.SKU // in one of its lines
	CreatedFrom   time.Time
	CreatedTo     time.Time // exclusive
	Before        id.Order  // older than this; zero: from the newest
	Limit         int       // 1..100
	Count         bool      // also count all
}
