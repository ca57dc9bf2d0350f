package feed

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/money"
)

// Line is one variant as a feed tells it. Members of the product (name, brand,
// category, description, images, released, featured, slug, seo, base price) count
// on the first line of a product only. What is not among Said leaves a variant or product
// that is there already as it is.
type Line struct {
	Number int // in the file, from 1
	Said   Members

	SKU           id.SKU
	Title         string // the variant's, and the product's unless Name says otherwise
	Price         money.Amount
	CompareAt     money.Amount
	BasePrice     money.Amount // the product's; none: the first line's Price
	Name          string
	Brand         string
	Category      []string // names from the root
	Description   string
	EAN           []string
	Images        []string // addresses, never fetched
	Released      time.Time
	Attributes    []Attribute // in the order of the file, names once
	Family        string      // lines of one family are variants of one product
	Options       []catalog.Option
	Stock         int // absolute on hand
	Status        string
	VariantStatus catalog.VariantStatus
	Featured      bool
	Slug          string
	SEO           catalog.SEO

	Unknown int // members nobody knows, ignored
}

// Attribute is a value under the name it is kept by, with the name it came with.
type Attribute struct {
	Name, Label string
	Value       catalog.Value
}

// Members is a set of a line's members.
type Members uint32

// The members of a line.
const (
	MemberSKU Members = 1 << iota
	MemberTitle
	MemberPrice
	MemberCompareAt
	MemberName
	MemberBrand
	MemberCategory
	MemberDescription
	MemberEAN
	MemberImages
	MemberReleased
	MemberAttributes
	MemberFamily
	MemberOptions
	MemberStock
	MemberStatus
	MemberVariantStatus
	MemberFeatured
	MemberSlug
	MemberSEO
)

// Has reports whether the line says something about a member.
func (l *Line) Has(m Members) bool { return l.Said&m != 0 }

// The most a line may hold.
const (
	MaxLine       = 1 << 20 // bytes
	maxFamily     = 200     // characters
	maxURL        = 2048    // bytes
	maxList       = 250
	maxAttributes = 1000
	maxOptions    = 10
)

// Reject returns the line as one that is not taken.
func (l *Line) Reject(code, message string) *Reject {
	return &Reject{Line: l.Number, SKU: string(l.SKU), Code: code, Message: message}
}

// check returns the first reason not to take a line that was read; nil if it is good.
func (l *Line) check() *Reject {
	switch {
	case !l.Has(MemberSKU):
		return l.Reject("required", "sku is missing")
	case l.SKU.Validate() != nil:
		return l.Reject("pattern", "sku must be 1 to 64 letters, digits, '.', '_' or '-', and begin with a letter or digit")
	case strings.TrimSpace(l.Title) == "":
		return l.Reject("required", "title is missing")
	case !l.Has(MemberPrice):
		return l.Reject("required", "price is missing")
	}
	for _, text := range []struct {
		name, value string
		limit       int
	}{
		{"title", l.Title, catalog.MaxName},
		{"name", l.Name, catalog.MaxName},
		{"brand", l.Brand, catalog.MaxName},
		{"family", l.Family, maxFamily},
		{"description", l.Description, catalog.MaxDescription},
		{"seo.title", l.SEO.Title, catalog.MaxName},
		{"seo.description", l.SEO.Description, catalog.MaxName},
	} {
		if r := l.checkText(text.name, text.value, text.limit); r != nil {
			return r
		}
	}
	if r := l.checkPrices(); r != nil {
		return r
	}
	if r := l.checkLists(); r != nil {
		return r
	}
	if r := l.checkValues(); r != nil {
		return r
	}
	return l.checkStates()
}

func (l *Line) checkText(name, s string, limit int) *Reject {
	switch {
	case strings.IndexByte(s, 0) >= 0:
		return l.Reject("pattern", name+" holds a NUL")
	case len(s) > limit && utf8.RuneCountInString(s) > limit:
		return l.Reject("too_long", fmt.Sprintf("%s has more than %d characters", name, limit))
	}
	return nil
}

func (l *Line) checkPrices() *Reject {
	for _, p := range []struct {
		name   string
		amount money.Amount
	}{{"price", l.Price}, {"compare_at_price", l.CompareAt}, {"base_price", l.BasePrice}} {
		if p.amount.IsNone() {
			continue
		}
		switch {
		case p.amount.Minor() < 0:
			return l.Reject("too_small", p.name+" is negative")
		case p.amount.Minor() > money.Max:
			return l.Reject("too_large", p.name+" is more than "+strconv.Itoa(money.Max))
		case !p.amount.Currency().Known():
			return l.Reject("enum", p.name+" is in no ISO 4217 currency")
		}
	}
	return nil
}

func (l *Line) checkLists() *Reject {
	if len(l.Category) > catalog.MaxDepth {
		return l.Reject("too_long", "category has more than 8 levels")
	}
	for _, name := range l.Category {
		if strings.TrimSpace(name) == "" {
			return l.Reject("required", "category has a level without a name")
		}
		if r := l.checkText("category", name, catalog.MaxName); r != nil {
			return r
		}
	}
	if len(l.EAN) > maxList || len(l.Images) > maxList {
		return l.Reject("too_long", "ean and images hold at most 250 each")
	}
	for _, e := range l.EAN {
		if len(e) < 8 || len(e) > 14 || strings.Trim(e, "0123456789") != "" {
			return l.Reject("pattern", "ean must be 8 to 14 digits")
		}
	}
	for _, address := range l.Images {
		if len(address) > maxURL {
			return l.Reject("too_long", "an image's address has more than 2048 bytes")
		}
		if u, err := url.Parse(address); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
			return l.Reject("pattern", "an image must be an http or https address")
		}
	}
	return nil
}

func (l *Line) checkValues() *Reject {
	for i := range l.Attributes {
		a := &l.Attributes[i]
		if a.Value.Type() != catalog.String {
			continue
		}
		if r := l.checkText("attributes."+a.Name, a.Value.String(), catalog.MaxAttributeText); r != nil {
			return r
		}
	}
	for _, o := range l.Options {
		if r := l.checkText("options."+o.Name, o.Value, catalog.MaxOptionValue); r != nil {
			return r
		}
	}
	return nil
}

func (l *Line) checkStates() *Reject {
	switch l.Status {
	case "", string(catalog.Draft), string(catalog.Active), string(catalog.Archived):
	default:
		return l.Reject("enum", "status must be draft, active or archived")
	}
	switch l.VariantStatus {
	case "", catalog.VariantActive, catalog.VariantDisabled, catalog.VariantArchived:
	default:
		return l.Reject("enum", "variant_status must be active, disabled or archived")
	}
	switch {
	case l.Stock < 0:
		return l.Reject("too_small", "stock is negative")
	case l.Stock > inventory.MaxQuantity:
		return l.Reject("too_large", "stock is more than "+strconv.Itoa(inventory.MaxQuantity))
	case l.Has(MemberSlug) && !catalog.ValidSlug(l.Slug):
		return l.Reject("pattern", "slug must be lower-case letters and digits, in groups joined by '-'")
	}
	return nil
}
