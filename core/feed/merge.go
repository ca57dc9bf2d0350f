package feed

import (
	"maps"
	"slices"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
)

// Resolved is a line in the terms of one shop: names have become references
// and values have the types of their definitions. Only members the line has
// count.
type Resolved struct {
	*Line
	Brand    id.Brand
	Category id.Category
	Values   catalog.Attributes // never changed; the product may keep it
}

// Outcome is what a line did.
type Outcome uint8

// The outcomes of a line.
const (
	Unchanged Outcome = iota
	Updated
	Created
)

// NewProduct returns the product that a line begins, without a variant yet.
func NewProduct(pid id.Product, slug string, r Resolved) catalog.Product {
	p := catalog.Product{
		ID: pid, Slug: slug, Name: r.productName(), Status: catalog.Active, BasePrice: r.basePrice(), Family: r.Family,
		Attributes: catalog.Attributes{}, Images: []catalog.Image{}, Variants: []catalog.Variant{},
	}
	if r.Has(MemberStatus) {
		p.Status = catalog.Status(r.Status)
	}
	return p
}

// basePrice returns what a product costs whose first line this is.
func (l *Line) basePrice() money.Amount {
	if l.BasePrice.IsNone() {
		return l.Price
	}
	return l.BasePrice
}

// productName returns what the line calls its product.
func (l *Line) productName() string {
	if l.Name != "" {
		return l.Name
	}
	return l.Title
}

// Clashes reports whether the line's options belong to another variant of the
// product, so that a shopper could not tell the two apart.
func (l *Line) Clashes(p *catalog.Product) bool {
	own := l.Options
	if !l.Has(MemberOptions) {
		if v := p.Variant(l.SKU); v != nil {
			own = v.Options
		}
	}
	for i := range p.Variants {
		if v := &p.Variants[i]; v.SKU.Fold() != l.SKU.Fold() && sameOptions(v.Options, own) {
			return true
		}
	}
	return false
}

// SameOptionNames reports whether the line's options have the names that the
// product's variants have.
func (l *Line) SameOptionNames(p *catalog.Product) bool {
	if len(p.Variants) == 0 {
		return true
	}
	has := p.Variants[0].Options
	return len(has) == len(l.Options) && !slices.ContainsFunc(l.Options, func(o catalog.Option) bool {
		return !slices.ContainsFunc(has, func(h catalog.Option) bool { return h.Name == o.Name })
	})
}

func sameOptions(a, b []catalog.Option) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(o catalog.Option) bool { return !slices.Contains(b, o) })
}

// Merge brings a product in line with what a line says of it and of one of its
// variants, which is added if it is not there, and tells what that did. lead
// says whether the line is the product's first in the feed and speaks for the
// product as well. mint makes ids. The caller has made sure that nothing
// Clashes. The order of a product's lines makes no difference to its variants.
//
// Nothing is held in common with an earlier state of p: what changes is
// replaced, so that a copy of p stays as it was.
func (r Resolved) Merge(p *catalog.Product, lead bool, mint func() id.UUID) Outcome {
	outcome := Unchanged
	p.Variants = slices.Clone(p.Variants)
	if p.Variant(r.SKU) == nil {
		p.Variants = append(p.Variants, catalog.Variant{
			ID: id.Variant{UUID: mint()}, SKU: r.SKU, Options: []catalog.Option{}, Attributes: catalog.Attributes{},
			Status: catalog.VariantActive, Images: []catalog.Image{}, EAN: []string{},
		})
		outcome = Created
	}
	v := p.Variant(r.SKU)
	changed := false
	if lead {
		changed = r.lead(p, mint)
	}
	changed = set(&v.Title, r.ownTitle(p)) || changed
	changed = r.price(p, v, lead) || changed
	if r.Has(MemberOptions) && !slices.Equal(v.Options, r.Options) {
		v.Options, changed = slices.Clone(r.Options), true
	}
	if r.Has(MemberEAN) && !slices.Equal(v.EAN, r.EAN) {
		v.EAN, changed = slices.Clone(r.EAN), true
	}
	if r.Has(MemberAttributes) || outcome == Created {
		changed = setAttributes(p, v, r.Values) || changed
	}
	if r.Has(MemberImages) && !lead {
		changed = r.variantImages(p, v, mint) || changed
	}
	if status, ok := r.variantStatus(lead); ok {
		changed = set(&v.Status, status) || changed
	}
	if outcome == Unchanged && changed {
		outcome = Updated
	}
	return outcome
}

// lead sets the product's own members.
func (r Resolved) lead(p *catalog.Product, mint func() id.UUID) bool {
	changed := false
	if name := r.productName(); p.Name != name {
		for i := range p.Variants { // the others keep being called what they were
			if v := &p.Variants[i]; v.Title == "" && v.SKU.Fold() != r.SKU.Fold() {
				v.Title = p.Name
			}
		}
		p.Name, changed = name, true
	}
	if r.Has(MemberStatus) {
		changed = set(&p.Status, catalog.Status(r.Status)) || changed
	}
	if r.Has(MemberBrand) {
		changed = set(&p.Brand, r.Brand) || changed
	}
	if r.Has(MemberCategory) {
		changed = set(&p.Category, r.Category) || changed
	}
	if r.Has(MemberDescription) {
		changed = set(&p.Description, r.Description) || changed
	}
	if r.Has(MemberFeatured) {
		changed = set(&p.Featured, r.Featured) || changed
	}
	if r.Has(MemberReleased) && !p.Released.Equal(r.Released) {
		p.Released, changed = r.Released, true
	}
	if r.Has(MemberSEO) {
		changed = set(&p.SEO, r.SEO) || changed
	}
	if r.Has(MemberCompareAt) {
		changed = set(&p.CompareAt, r.CompareAt) || changed
	}
	if p.Family == "" && r.Family != "" {
		p.Family, changed = r.Family, true
	}
	if r.Has(MemberImages) && !uploaded(p.Images) && !sameAddresses(p.Images, r.Images) {
		p.Images, changed = pictures(r.Images, p.Images, mint), true
	}
	return changed
}

// ownTitle is the variant's title: none if it is the product's name.
func (r Resolved) ownTitle(p *catalog.Product) string {
	if r.Title == p.Name {
		return ""
	}
	return r.Title
}

// price sets what the variant costs. The first line's price is the product's,
// unless it says another one; the others keep what they cost until their lines
// come.
func (r Resolved) price(p *catalog.Product, v *catalog.Variant, lead bool) bool {
	changed := false
	if base := r.basePrice(); lead && p.BasePrice != base {
		for i := range p.Variants {
			other := &p.Variants[i]
			switch p.Price(other) {
			case base:
				other.PriceOverride = money.Amount{}
			case p.BasePrice:
				other.PriceOverride = p.BasePrice
			}
		}
		p.BasePrice, changed = base, true
	}
	override := r.Price
	if override == p.BasePrice {
		override = money.Amount{}
	}
	changed = set(&v.PriceOverride, override) || changed
	if r.Has(MemberCompareAt) {
		compareAt := r.CompareAt
		if compareAt == p.CompareAt {
			compareAt = money.Amount{}
		}
		changed = set(&v.CompareAt, compareAt) || changed
	}
	return changed
}

// variantStatus is whether the variant is sold. status on any but the first
// line can only speak of the variant.
func (r Resolved) variantStatus(lead bool) (catalog.VariantStatus, bool) {
	switch {
	case r.Has(MemberVariantStatus):
		return r.VariantStatus, true
	case lead || !r.Has(MemberStatus):
		return "", false
	case r.Status == string(catalog.Draft):
		return catalog.VariantDisabled, true
	case r.Status == string(catalog.Archived):
		return catalog.VariantArchived, true
	}
	return catalog.VariantActive, true
}

// variantImages sets the variant's pictures: none of its own if they are the product's.
func (r Resolved) variantImages(p *catalog.Product, v *catalog.Variant, mint func() id.UUID) bool {
	if uploaded(v.Images) || uploaded(p.Images) && len(v.Images) == 0 {
		return false
	}
	if sameAddresses(p.Images, r.Images) {
		if len(v.Images) == 0 {
			return false
		}
		v.Images = []catalog.Image{}
		return true
	}
	if sameAddresses(v.Images, r.Images) {
		return false
	}
	v.Images = pictures(r.Images, v.Images, mint)
	return true
}

// uploaded reports whether somebody took the trouble to upload pictures: a feed
// does not replace them.
func uploaded(images []catalog.Image) bool {
	return slices.ContainsFunc(images, func(i catalog.Image) bool { return i.Key != "" })
}

func sameAddresses(images []catalog.Image, addresses []string) bool {
	return slices.EqualFunc(images, addresses, func(i catalog.Image, address string) bool { return i.URL == address })
}

// pictures makes images of addresses, keeping those that are there.
func pictures(addresses []string, old []catalog.Image, mint func() id.UUID) []catalog.Image {
	images := make([]catalog.Image, len(addresses))
	for i, address := range addresses {
		if at := slices.IndexFunc(old, func(o catalog.Image) bool { return o.URL == address }); at >= 0 {
			images[i] = old[at]
			continue
		}
		images[i] = catalog.Image{ID: id.Image{UUID: mint()}, URL: address}
	}
	return images
}

// setAttributes makes values what the variant has, and no other variant's
// values different. What all variants have is kept on the product.
func setAttributes(p *catalog.Product, v *catalog.Variant, values catalog.Attributes) bool {
	if hasExactly(p, v, values) {
		return false
	}
	if len(p.Variants) == 1 {
		p.Attributes, v.Attributes = values, catalog.Attributes{}
		return true
	}
	all := make([]catalog.Attributes, len(p.Variants))
	for i := range p.Variants {
		if other := &p.Variants[i]; other == v {
			all[i] = maps.Clone(values)
		} else {
			all[i] = p.Effective(other)
		}
	}
	shared := maps.Clone(all[0])
	for name, value := range shared {
		if slices.ContainsFunc(all[1:], func(a catalog.Attributes) bool { got, ok := a[name]; return !ok || got != value }) {
			delete(shared, name)
		}
	}
	for i, own := range all {
		for name := range shared {
			delete(own, name)
		}
		p.Variants[i].Attributes = own
	}
	p.Attributes = shared
	return true
}

// hasExactly reports whether values is what the variant has, its own and the product's.
func hasExactly(p *catalog.Product, v *catalog.Variant, values catalog.Attributes) bool {
	n := len(v.Attributes)
	for name := range p.Attributes {
		if _, own := v.Attributes[name]; !own {
			n++
		}
	}
	if n != len(values) {
		return false
	}
	for name, want := range values {
		got, ok := v.Attributes[name]
		if !ok {
			got, ok = p.Attributes[name]
		}
		if !ok || got != want {
			return false
		}
	}
	return true
}

// set assigns and reports whether that made a difference.
func set[T comparable](to *T, value T) bool {
	if *to == value {
		return false
	}
	*to = value
	return true
}
