package httpapi

import (
	"strconv"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
)

// Ref names something by the part of its address and what people call it.
type Ref struct {
	Slug string `json:"slug"`
	Name string `json:"name"`
}

// PriceRange is the cheapest and the dearest variant.
type PriceRange struct {
	Min Money `json:"min"`
	Max Money `json:"max"`
}

// Rating sums up reviews.
type Rating struct {
	Average float64 `json:"average" doc:"0 to 5; 0 without any"`
	Count   int     `json:"count"`
}

// Card is a product as lists show it, by one of its variants.
type Card struct {
	ProductID      string      `json:"product_id"`
	Slug           string      `json:"slug"`
	Name           string      `json:"name"`
	Brand          Null[Ref]   `json:"brand"`
	Category       Null[Ref]   `json:"category"`
	Price          Money       `json:"price"`
	PriceRange     PriceRange  `json:"price_range"`
	CompareAtPrice Null[Money] `json:"compare_at_price"`
	InStock        bool        `json:"in_stock"`
	Rating         Rating      `json:"rating"`
	Image          Null[Image] `json:"image"`
	SKU            string      `json:"sku"`
	Featured       bool        `json:"featured"`
}

// ProductItem is a product with its variants, as lists carry it.
type ProductItem struct {
	Card
	Status      string                   `json:"status" enum:"draft,active,archived"`
	Images      []Image                  `json:"images"`
	BasePrice   Money                    `json:"base_price"`
	Attributes  map[string]catalog.Value `json:"attributes"`
	Options     []ProductOption          `json:"options"`
	Breadcrumbs []Ref                    `json:"breadcrumbs"`
	SEO         SEO                      `json:"seo"`
	CreatedAt   Time                     `json:"created_at"`
	UpdatedAt   Time                     `json:"updated_at"`
	Version     int64                    `json:"version"`
	Variants    []Variant                `json:"variants"`
}

// Product is everything a product's page shows.
type Product struct {
	ProductItem
	Description string `json:"description"`
	Specs       []Spec `json:"specs"`
}

// SEO is what search engines are told.
type SEO struct {
	Title       *string `json:"title"`
	Description *string `json:"description"`
}

// ProductOption is a way in which variants differ.
type ProductOption struct {
	Name   string        `json:"name"`
	Label  string        `json:"label"`
	Values []OptionValue `json:"values"`
}

// OptionValue is one of an option's values.
type OptionValue struct {
	Value string `json:"value"`
	Label string `json:"label"`
}

// Spec is an attribute as a table shows it.
type Spec struct {
	Name  string        `json:"name"`
	Label string        `json:"label"`
	Type  string        `json:"type" enum:"string,number,boolean,enum"`
	Unit  *string       `json:"unit"`
	Value catalog.Value `json:"value"`
	Text  string        `json:"text" doc:"the value with its unit, for people"`
}

// Variant is one thing a shopper buys.
type Variant struct {
	ID             string                   `json:"id"`
	SKU            string                   `json:"sku"`
	Title          string                   `json:"title"`
	Options        map[string]string        `json:"options"`
	Attributes     map[string]catalog.Value `json:"attributes"`
	Price          Money                    `json:"price"`
	CompareAtPrice Null[Money]              `json:"compare_at_price"`
	InStock        bool                     `json:"in_stock"`
	LowStock       bool                     `json:"low_stock"`
	Status         string                   `json:"status" enum:"active,disabled,archived"`
	Images         []Image                  `json:"images"`
	EAN            []string                 `json:"ean"`
}

// card shows a product by the variant of a SKU; by its cheapest for "".
func (a *api) card(v *core.ProductView, sku id.SKU) Card {
	low, high := v.PriceRange()
	shown := cheapest(v)
	if chosen := v.Variant(sku); sku != "" && chosen != nil {
		shown = chosen
	}
	c := Card{
		ProductID: v.ID.String(), Slug: v.Slug, Name: v.Name, PriceRange: PriceRange{moneyOf(low), moneyOf(high)},
		Price: moneyOf(v.BasePrice), CompareAtPrice: optionalMoney(v.CompareAt), InStock: v.InStock(),
		Rating: Rating{Average: float64(v.Rating.Average) / 100, Count: v.Rating.Count}, Featured: v.Featured,
	}
	if v.Brand != nil {
		c.Brand = Some(Ref{v.Brand.Slug, v.Brand.Name})
	}
	if n := len(v.Path); n > 0 {
		c.Category = Some(Ref{v.Path[n-1].Slug, v.Path[n-1].Name})
	}
	if shown != nil {
		offer := v.Offer(shown)
		c.SKU, c.Price, c.Image = string(shown.SKU), moneyOf(offer.Price), a.image(offer.Image)
		if !shown.CompareAt.IsNone() {
			c.CompareAtPrice = Some(moneyOf(shown.CompareAt))
		}
	}
	return c
}

func cheapest(v *core.ProductView) *catalog.Variant {
	var best *catalog.Variant
	for i := range v.Variants {
		if x := &v.Variants[i]; best == nil || v.Price(x).Compare(v.Price(best)) < 0 {
			best = x
		}
	}
	return best
}

func (a *api) productItem(v *core.ProductView) ProductItem {
	p := ProductItem{
		Card: a.card(v, ""), Status: string(v.Status), Images: a.images(v.Images), BasePrice: moneyOf(v.BasePrice),
		Attributes: attributes(v.Attributes), Options: productOptions(v), Breadcrumbs: refs(v.Path), SEO: seo(v.SEO),
		CreatedAt: Time{v.CreatedAt}, UpdatedAt: Time{v.UpdatedAt}, Version: v.Version, Variants: make([]Variant, len(v.Variants)),
	}
	for i := range v.Variants {
		p.Variants[i] = a.variant(v, &v.Variants[i])
	}
	return p
}

func (a *api) product(v *core.ProductView) Product {
	return Product{ProductItem: a.productItem(v), Description: v.Description, Specs: specs(v)}
}

func (a *api) variant(v *core.ProductView, x *catalog.Variant) Variant {
	available := v.Available[x.SKU.Fold()]
	out := Variant{
		ID: x.ID.String(), SKU: string(x.SKU), Title: x.Title, Options: options(x.Options), Attributes: attributes(x.Attributes),
		Price: moneyOf(v.Price(x)), CompareAtPrice: optionalMoney(x.CompareAt), InStock: available > 0,
		LowStock: available > 0 && available <= inventory.Low, Status: string(x.Status), Images: a.images(x.Images), EAN: x.EAN,
	}
	if out.Title == "" {
		out.Title = v.Name
	}
	if x.CompareAt.IsNone() {
		out.CompareAtPrice = optionalMoney(v.CompareAt)
	}
	if out.EAN == nil {
		out.EAN = []string{}
	}
	return out
}

// productOptions gathers the values of the variants' options, in the order in
// which they come, with the labels of the attribute definitions.
func productOptions(v *core.ProductView) []ProductOption {
	out := []ProductOption{}
	at := map[string]int{}
	seen := map[catalog.Option]bool{}
	for i := range v.Variants {
		for _, o := range v.Variants[i].Options {
			d, defined := v.Definition(o.Name)
			k, known := at[o.Name]
			if !known {
				k = len(out)
				at[o.Name] = k
				label := o.Name
				if defined {
					label = d.Label
				}
				out = append(out, ProductOption{Name: o.Name, Label: label, Values: []OptionValue{}})
			}
			if !seen[o] {
				seen[o] = true
				out[k].Values = append(out[k].Values, OptionValue{Value: o.Value, Label: choiceLabel(d, o.Value)})
			}
		}
	}
	return out
}

// specs lists the product's attributes: the defined ones in the order of their
// definitions, then the others by name.
func specs(v *core.ProductView) []Spec {
	out := []Spec{}
	definitions := v.Definitions()
	for i := range definitions {
		d := &definitions[i]
		if value, ok := v.Attributes[d.Name]; ok {
			out = append(out, spec(d, value))
		}
	}
	if len(out) == len(v.Attributes) {
		return out
	}
	for _, name := range sortedKeys(v.Attributes) {
		if _, defined := v.Definition(name); !defined {
			value := v.Attributes[name]
			out = append(out, spec(&catalog.AttributeDefinition{Name: name, Label: name, Type: value.Type()}, value))
		}
	}
	return out
}

func spec(d *catalog.AttributeDefinition, value catalog.Value) Spec {
	s := Spec{Name: d.Name, Label: d.Label, Type: string(d.Type), Unit: text(d.Unit), Value: value, Text: choiceLabel(*d, value.String())}
	if d.Unit != "" {
		s.Text += " " + d.Unit
	}
	return s
}

func choiceLabel(d catalog.AttributeDefinition, value string) string {
	for _, c := range d.Choices {
		if c.Value == value {
			return c.Label
		}
	}
	return value
}

func (a *api) images(list []catalog.Image) []Image {
	out := make([]Image, len(list))
	for i := range list {
		out[i] = a.image(&list[i]).Value
	}
	return out
}

// attributes is never null.
func attributes(a catalog.Attributes) map[string]catalog.Value {
	if a == nil {
		return map[string]catalog.Value{}
	}
	return a
}

func refs(path []catalog.Category) []Ref {
	out := make([]Ref, len(path))
	for i, c := range path {
		out[i] = Ref{c.Slug, c.Name}
	}
	return out
}

func seo(s catalog.SEO) SEO { return SEO{Title: text(s.Title), Description: text(s.Description)} }

// revisionTag is the weak tag of a product's page.
func revisionTag(v *core.ProductView) string { return weakETag(strconv.FormatUint(v.Revision(), 36)) }
