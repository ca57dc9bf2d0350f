package core

import (
	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// ProductView is a product with what it takes to show it.
type ProductView struct {
	catalog.Product
	Brand       *catalog.Brand                // nil: none
	Path        []catalog.Category            // from the root to its own category; empty: none
	Definitions []catalog.AttributeDefinition // what holds for its category; not to be changed
	Available   map[string]int                // by id.SKU.Fold; a SKU that is missing has none
}

// SavedProduct is a product as a write left it.
type SavedProduct struct {
	ProductView
	Mark ports.Mark
}

// CartView is a cart with what it takes to show it. Token is set by Open only.
type CartView struct {
	cart.Cart
	Token    string
	Lines    []CartLine // in place of the cart's own
	Subtotal money.Amount
	Discount money.Amount
	Mark     ports.Mark
}

// CartLine is a line of a cart at today's price.
type CartLine struct {
	cart.Line
	Offer       catalog.Offer // zero but for the SKU when it is not in the catalogue any more
	Available   int
	MaxQuantity int // what a shopper may ask for now
	Subtotal    money.Amount
	Problem     CartProblem
}

// CartProblem says why a line cannot be ordered as it stands.
type CartProblem string

const (
	NoProblem         CartProblem = ""
	PriceChanged      CartProblem = "price_changed"
	InsufficientStock CartProblem = "insufficient_stock"
	LineUnavailable   CartProblem = "unavailable" // not sold any more
)

// OrderView is an order with its payment.
type OrderView struct {
	order.Order
	Payment payment.Payment // zero ID when nothing was to be paid: status not_required
	Token   string          // what a guest shows to see it again; set for who may hand it on
	Mark    ports.Mark
}
