package search

import (
	"math"
	"time"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

// Document is what an index knows of one variant. Its key is the SKU, ignoring
// case. Product members are repeated in each variant's document.
type Document struct {
	SKU     id.SKU
	Product id.Product
	Version int64 // of the document, per SKU; a lower one never replaces a higher one
	Deleted bool  // a tombstone: the SKU is not sold any more; only SKU and Version count

	Name        string // the product's
	Title       string // the variant's own; may be empty or equal to Name
	Slug        string // the product's
	Description string
	Brand       Brand      // zero: none
	Categories  []Category // from the root to the product's own
	Attributes  map[string]Value
	Price       money.Amount
	InStock     bool
	Rating      float64 // average of 1 to 5, 0 without ratings
	Ratings     int
	Sales       int64 // catalog.Product.Popularity: any unit that compares
	Featured    bool
	Released    time.Time // what newest means; zero: Created
	Created     time.Time
}

// Brand is a brand as a facet and a suggestion show it.
type Brand struct{ Slug, Name string }

// Category is one step of a category path.
type Category struct {
	ID   id.Category
	Slug string
	Name string
}

// Validate answers Invalid unless the document can be indexed.
func (d Document) Validate() error {
	var f fault.Fields
	f.Join("", d.SKU.Validate())
	if d.Version < 0 {
		f.Add("version", "too_small", "must not be negative")
	}
	if d.Deleted {
		return f.Err()
	}
	if d.Product.IsZero() {
		f.Add("product_id", "required", "is missing")
	}
	for name, v := range d.Attributes {
		switch {
		case !isAttributeName(name):
			f.Add("attributes", "pattern", "a name must be 1 to 100 lower-case letters, digits and '_'")
		case v.kind == KindNumber && !finite(v.number):
			f.Add("attributes."+name, "type", "must be a finite number")
		}
	}
	return f.Err()
}

// Newest returns the time by which newest sorts.
func (d Document) Newest() time.Time {
	if d.Released.IsZero() {
		return d.Created
	}
	return d.Released
}

// Kind is the type of an attribute's value.
type Kind uint8

const (
	KindText Kind = iota // free text or one of an enum's choices
	KindNumber
	KindBool
)

// Value is the value of an attribute. The zero Value is the empty text, which
// counts as none. In facets and filters values are told apart by String alone.
type Value struct {
	kind   Kind
	text   string
	number float64
}

// Text returns a text, or a choice of an enum.
func Text(s string) Value { return Value{kind: KindText, text: s} }

// Number returns a number.
func Number(n float64) Value { return Value{kind: KindNumber, number: n} }

// Bool returns a truth value.
func Bool(b bool) Value {
	v := Value{kind: KindBool}
	if b {
		v.number = 1
	}
	return v
}

// Kind returns the type of the value.
func (v Value) Kind() Kind { return v.kind }

// Number returns the number of a KindNumber, 1 or 0 for a KindBool.
func (v Value) Number() float64 { return v.number }

// String returns the value as filters and facets write it.
func (v Value) String() string {
	switch v.kind {
	case KindNumber:
		return formatNumber(v.number)
	case KindBool:
		if v.number != 0 {
			return "true"
		}
		return "false"
	case KindText:
	}
	return v.text
}

// maxReading is the size up to which numbers are told apart to the unit.
const maxReading = 1e15

// Reading returns the number that the value is, or that its text reads as.
// Numbers past a quadrillion are of no use in ranges and read as none.
func (v Value) Reading() (float64, bool) {
	n, ok := v.number, v.kind == KindNumber
	if v.kind == KindText {
		n, ok = parseNumber(v.text)
	}
	return n, ok && math.Abs(n) <= maxReading
}

// Facetable reports whether the value can be shown in a facet and filtered by.
func (v Value) Facetable() bool {
	return v.kind != KindText || v.text != "" && (len(v.text) <= MaxFacetValue || utf8.RuneCountInString(v.text) <= MaxFacetValue)
}
