package core

import (
	"encoding/binary"
	"math/bits"

	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// ProductView is a product with what it takes to show it.
type ProductView struct {
	catalog.Product
	Brand     *catalog.Brand     // nil: none
	Path      []catalog.Category // from the root to its own category; empty: none
	Available map[string]int     // by id.SKU.Fold; a SKU that is missing has none

	taxonomy *catalog.Taxonomy
	whole    bool // shown with all its attributes
}

// Definitions returns what describes its options and, except in lists, its
// attributes, by position and name. They are looked up only when asked for.
func (v *ProductView) Definitions() []catalog.AttributeDefinition {
	if v.taxonomy == nil {
		return []catalog.AttributeDefinition{}
	}
	return v.taxonomy.Describing(&v.Product, v.whole)
}

// Definition returns what describes one of its options or attributes.
func (v *ProductView) Definition(name string) (catalog.AttributeDefinition, bool) {
	if v.taxonomy == nil {
		return catalog.AttributeDefinition{}, false
	}
	d := v.taxonomy.Definition(v.Category, name)
	if d == nil {
		return catalog.AttributeDefinition{}, false
	}
	return *d, true
}

// units looks up how many units of a SKU can be sold.
func units(available map[string]int, sku id.SKU) int {
	var room [64]byte
	return available[string(sku.AppendFold(room[:0]))]
}

// SavedProduct is a product as a write left it or an operator finds it.
type SavedProduct struct {
	ProductView
	Levels map[string]inventory.Level // by id.SKU.Fold, all locations together; a SKU that is missing never had stock
	Mark   ports.Mark                 // of the write; zero for a read
}

// CartView is a cart with what it takes to show it. Token is set by Open only.
type CartView struct {
	cart.Cart
	Token    string
	Lines    []CartLine   // in place of the cart's own
	Coupons  []CartCoupon // in place of the cart's own
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

// CartCoupon is a coupon in a cart.
type CartCoupon struct {
	Code    string
	Problem CouponProblem // "": it counts
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

// PriceRange returns the lowest and the highest price among the variants shown.
func (v *ProductView) PriceRange() (lowest, highest money.Amount) {
	for i := range v.Variants {
		p := v.Price(&v.Variants[i])
		if i == 0 || p.Compare(lowest) < 0 {
			lowest = p
		}
		if i == 0 || p.Compare(highest) > 0 {
			highest = p
		}
	}
	return lowest, highest
}

// InStock reports whether any variant can be bought now.
func (v *ProductView) InStock() bool {
	for i := range v.Variants {
		if v.Variants[i].Status == catalog.VariantActive && units(v.Available, v.Variants[i].SKU) > 0 {
			return true
		}
	}
	return false
}

// Revision changes with everything that decides how the product looks: itself,
// its brand, its categories with their attribute definitions, and what is
// available. Equal revisions look alike; it is not a hash of the content.
func (v *ProductView) Revision() uint64 { return revisionOf(&v.Product, v.Brand, v.Path, v.Available) }

// revisionOf is ProductView.Revision; a brand without an id is none.
func revisionOf(p *catalog.Product, brand *catalog.Brand, path []catalog.Category, available map[string]int) uint64 {
	r := newRevision()
	r.add(p.ID.UUID, p.Version)
	if brand != nil && !brand.ID.IsZero() {
		r.add(brand.ID.UUID, brand.Version)
	}
	for i := range path {
		r.add(path[i].ID.UUID, path[i].Version)
	}
	for i := range p.Variants {
		v := &p.Variants[i]
		r.add(v.ID.UUID, int64(units(available, v.SKU)))
	}
	return uint64(r)
}

// revision adds up versions.
type revision uint64

func newRevision() revision { return 0x9e3779b97f4a7c15 }

func (r *revision) mix(word uint64) {
	hi, lo := bits.Mul64(uint64(*r)^word, 0xd6e8feb86659fd93)
	*r = revision(hi ^ lo)
}

func (r *revision) add(id [16]byte, version int64) {
	r.mix(binary.LittleEndian.Uint64(id[:8]))
	r.mix(binary.LittleEndian.Uint64(id[8:]))
	r.mix(uint64(version))
}
