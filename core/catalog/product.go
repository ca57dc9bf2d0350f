package catalog

import (
	"maps"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

// Status says who sees a product.
type Status string

const (
	Draft    Status = "draft"    // operators
	Active   Status = "active"   // everybody
	Archived Status = "archived" // operators, and those who bought it
)

// VariantStatus says whether a variant of an active product is sold.
type VariantStatus string

const (
	VariantActive   VariantStatus = "active"
	VariantDisabled VariantStatus = "disabled" // not sold for now
	VariantArchived VariantStatus = "archived" // not sold again
)

// Product is one thing a shopper looks at. It always has at least one variant:
// a product without options has a default one.
type Product struct {
	ID          id.Product
	Slug        string
	Name        string
	Description string
	Status      Status
	Brand       id.Brand     // zero: none
	Category    id.Category  // zero: none
	BasePrice   money.Amount // what a variant costs that has no price of its own
	CompareAt   money.Amount // a former or recommended price; none if there is none
	Featured    bool
	Attributes  Attributes
	Images      []Image
	SEO         SEO
	Family      string    // the name under which a feed finds the product again; "" if it has none
	Released    time.Time // zero: CreatedAt counts
	Rating      Rating
	Popularity  int64     // search.Popularity of what was sold; before the first sale any start value
	Variants    []Variant // in the order they are shown
	Version     int64     // rises by one with every change
	CreatedAt   time.Time
	UpdatedAt   time.Time
}

// Variant is one thing a shopper buys, named by its SKU.
type Variant struct {
	ID            id.Variant
	SKU           id.SKU
	Title         string // "" : the product's name
	Options       []Option
	Attributes    Attributes
	PriceOverride money.Amount // none: the product's base price
	CompareAt     money.Amount // none: the product's
	Status        VariantStatus
	Images        []Image
	EAN           []string
}

// Option is one choice that tells a variant from its siblings: colour red.
type Option struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// SEO is what search engines are told instead of name and description.
type SEO struct {
	Title       string `json:"title,omitempty"`
	Description string `json:"description,omitempty"`
}

// Rating sums up reviews. Average is in hundredths of a star, so that it is exact.
type Rating struct {
	Average int `json:"average,omitempty"` // 0..500
	Count   int `json:"count,omitempty"`
}

// Image is a picture: one of ours, stored in several sizes, or one of a feed,
// of which only the address is known.
type Image struct {
	ID     id.Image    `json:"id"`
	Key    string      `json:"key,omitempty"` // name in the file store of the full picture; "" for an external one
	URL    string      `json:"url,omitempty"` // address of an external one
	Alt    string      `json:"alt,omitempty"`
	Width  int         `json:"width,omitempty"`
	Height int         `json:"height,omitempty"`
	Sizes  []ImageSize `json:"sizes,omitempty"`
}

// ImageSize is a smaller rendition of a picture of ours.
type ImageSize struct {
	Width int    `json:"width"`
	Key   string `json:"key"`
}

// Offer is what the till needs to know of a variant at this moment: whether it
// is sold, for how much, and what the receipt will say.
type Offer struct {
	SKU         id.SKU // as stored, whatever case was asked for
	Product     id.Product
	ProductSlug string
	ProductName string
	Title       string // the receipt's line
	Category    id.Category
	Options     []Option
	Image       *Image // nil: none
	Price       money.Amount
	Sold        bool // product and variant are active

	ProductVersion int64 // for jobs that tell of the product
}

// Price returns what a variant of the product costs.
func (p *Product) Price(v *Variant) money.Amount {
	if v.PriceOverride.IsNone() {
		return p.BasePrice
	}
	return v.PriceOverride
}

// Variant returns the variant with the SKU, ignoring case; nil if there is none.
func (p *Product) Variant(sku id.SKU) *Variant {
	for i := range p.Variants {
		if p.Variants[i].SKU.Fold() == sku.Fold() {
			return &p.Variants[i]
		}
	}
	return nil
}

// SKUs returns the SKUs of all variants, in order.
func (p *Product) SKUs() []id.SKU {
	skus := make([]id.SKU, len(p.Variants))
	for i := range p.Variants {
		skus[i] = p.Variants[i].SKU
	}
	return skus
}

// Offer returns what the till needs of a variant of the product.
func (p *Product) Offer(v *Variant) Offer {
	o := Offer{
		SKU: v.SKU, Product: p.ID, ProductSlug: p.Slug, ProductName: p.Name, Title: v.Title, Category: p.Category,
		Options: v.Options, Price: p.Price(v), Sold: p.Status == Active && v.Status == VariantActive,
		ProductVersion: p.Version,
	}
	if o.Title == "" {
		o.Title = p.Name
	}
	switch {
	case len(v.Images) > 0:
		o.Image = &v.Images[0]
	case len(p.Images) > 0:
		o.Image = &p.Images[0]
	}
	return o
}

// Effective returns what a variant is: the product's attributes and its own,
// which win.
func (p *Product) Effective(v *Variant) Attributes {
	all := make(Attributes, len(p.Attributes)+len(v.Attributes))
	maps.Copy(all, p.Attributes)
	maps.Copy(all, v.Attributes)
	return all
}
