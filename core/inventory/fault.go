package inventory

import "github.com/bodega-commerce/bodega/core/fault"

// Shortages is the Data of out_of_stock: every line that is short, by SKU.
type Shortages struct {
	Lines []Shortage `json:"lines"`
}

// OutOfStock returns Exhausted (out_of_stock) with what is short.
func OutOfStock(lines ...Shortage) error {
	return &fault.Error{Kind: fault.Exhausted, Code: "out_of_stock", Detail: "there is not enough in stock", Data: Shortages{lines}}
}

// NothingHeld returns Gone: an order's reservation has been settled, or has
// expired.
func NothingHeld() *fault.Error {
	return fault.New(fault.Gone, "", "nothing is held for the order any more")
}
