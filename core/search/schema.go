package search

import (
	"cmp"
	"slices"
	"strings"
)

// Schema says how attributes are shown as facets. It is kept beside the
// documents, not in them, so that a new label or a newly filterable attribute
// takes effect without indexing any product again.
type Schema struct {
	Version    int64 // a lower one never replaces a higher one
	attributes []Attribute
}

// Attribute is the definition of one attribute name, for the whole shop.
type Attribute struct {
	Name       string
	Label      string // "" means the name
	Unit       string
	Numeric    bool // shown as ranges
	Filterable bool
	Position   int
	Choices    []Choice // the order and labels of an enum's values
}

// Choice is one value of an enum.
type Choice struct{ Value, Label string }

// NewSchema returns the schema of these definitions. A name may come several
// times, from several categories: it is filterable if any says so, numeric if
// all do, stands at the first of its positions, and takes its label, unit and
// choices from the first definition that has them.
func NewSchema(version int64, definitions []Attribute) Schema {
	sorted := slices.Clone(definitions)
	slices.SortStableFunc(sorted, func(a, b Attribute) int { return cmp.Compare(a.Name, b.Name) })
	s := Schema{Version: version}
	for _, d := range sorted {
		d.Choices = slices.Clone(d.Choices)
		last := len(s.attributes) - 1
		if last < 0 || s.attributes[last].Name != d.Name {
			s.attributes = append(s.attributes, d)
			continue
		}
		a := &s.attributes[last]
		a.Label = cmp.Or(a.Label, d.Label)
		a.Unit = cmp.Or(a.Unit, d.Unit)
		a.Numeric = a.Numeric && d.Numeric
		a.Filterable = a.Filterable || d.Filterable
		a.Position = min(a.Position, d.Position)
		if len(a.Choices) == 0 {
			a.Choices = d.Choices
		}
	}
	return s
}

// Attributes returns the definitions by name. It is not to be changed.
func (s Schema) Attributes() []Attribute { return s.attributes }

// Attribute returns the definition of a name.
func (s Schema) Attribute(name string) (Attribute, bool) {
	i, ok := slices.BinarySearchFunc(s.attributes, name, func(a Attribute, n string) int { return strings.Compare(a.Name, n) })
	if !ok {
		return Attribute{}, false
	}
	return s.attributes[i], true
}
