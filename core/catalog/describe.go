package catalog

import (
	"cmp"
	"slices"
)

// Describing returns the definitions of what a product is described by, by
// position and name: its options and, where whole, its attributes.
func (t *Taxonomy) Describing(p *Product, whole bool) []AttributeDefinition {
	found := []AttributeDefinition{}
	add := func(name string) {
		for i := range found {
			if found[i].Name == name {
				return
			}
		}
		if d := t.Definition(p.Category, name); d != nil {
			found = append(found, *d)
		}
	}
	if whole {
		for name := range p.Attributes {
			add(name)
		}
	}
	for i := range p.Variants {
		v := &p.Variants[i]
		for _, o := range v.Options {
			add(o.Name)
		}
		if whole {
			for name := range v.Attributes {
				add(name)
			}
		}
	}
	slices.SortFunc(found, func(a, b AttributeDefinition) int {
		return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.Name, b.Name))
	})
	return found
}

// All returns every definition of every category, in no order.
func (t *Taxonomy) All() []AttributeDefinition {
	var all []AttributeDefinition
	for _, own := range t.defined {
		for _, d := range own {
			all = append(all, *d)
		}
	}
	return all
}
