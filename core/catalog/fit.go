package catalog

import (
	"slices"
	"strconv"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
)

// Misfits returns how a product breaks the attribute definitions of its
// category: names that are not defined, values that do not fit and, for an
// active product, required ones that are missing. A product without a category
// has no definitions to break: its attributes may be anything.
//
// was is the product before it was changed, nil for a new one: what it broke
// then, in the same category, it may go on breaking, so that a definition that
// came or went later does not stand in the way of every other change.
func (t *Taxonomy) Misfits(p, was *Product) []fault.Field {
	if p.Category.IsZero() {
		return nil
	}
	if was == nil || was.Category != p.Category {
		was = &Product{}
	}
	var f fault.Fields
	t.misfits(&f, p.Category, "attributes", p.Attributes, was.Attributes)
	for i := range p.Variants {
		v := &p.Variants[i]
		old := was.Variant(v.SKU)
		if old == nil {
			old = &Variant{}
		}
		at := "variants[" + strconv.Itoa(i) + "]"
		t.misfits(&f, p.Category, at+".attributes", v.Attributes, old.Attributes)
		for _, o := range v.Options {
			if d := t.Definition(p.Category, o.Name); d != nil && d.Type == Enum && !slices.Contains(old.Options, o) {
				if code, message := d.Accepts(Text(o.Value)); code != "" {
					f.Add(at+".options."+o.Name, code, message)
				}
			}
		}
	}
	if p.Status == Active {
		for _, d := range t.required[p.Category] {
			if !p.has(d.Name) && (was.Status != Active || was.has(d.Name)) {
				f.Add("attributes."+d.Name, "required", "is required by the category")
			}
		}
	}
	return f.List()
}

func (t *Taxonomy) misfits(f *fault.Fields, c id.Category, at string, values, old Attributes) {
	for name, v := range values {
		if kept, ok := old[name]; ok && kept == v {
			continue
		}
		d := t.Definition(c, name)
		if d == nil {
			f.Add(at+"."+name, "unknown_reference", "is not defined for the category")
			continue
		}
		if code, message := d.Accepts(v); code != "" {
			f.Add(at+"."+name, code, message)
		}
	}
}

// Required returns the definitions that active products of a category must
// have a value of. Not to be changed.
func (t *Taxonomy) Required(c id.Category) []*AttributeDefinition { return t.required[c] }

// has reports whether the product, or each of its variants that is sold, has a
// value or an option of a name.
func (p *Product) has(name string) bool {
	if _, ok := p.Attributes[name]; ok {
		return true
	}
	sold := 0
	for i := range p.Variants {
		v := &p.Variants[i]
		if v.Status != VariantActive {
			continue
		}
		sold++
		if _, ok := v.Attributes[name]; ok {
			continue
		}
		if !slices.ContainsFunc(v.Options, func(o Option) bool { return o.Name == name }) {
			return false
		}
	}
	return sold > 0
}
