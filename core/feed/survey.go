package feed

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
)

// Survey is what can only be known at the end of a feed: which lines repeat a
// SKU, which brands and categories there are, and of what type the values of
// each attribute are. Its size grows with SKUs, families and attribute names,
// not with bytes.
type Survey struct {
	Lines    int  // good ones
	HasStock bool // some line says what is on hand

	skus     map[string]int // folded: line
	brands   map[string]string
	shelves  map[string]*Shelf // by joined path
	inOrder  []*Shelf
	families map[string]*family
}

// Shelf is a category that lines stand in, by its path of names.
type Shelf struct {
	Path     []string
	Products int
	names    map[string]*Usage
}

// Usage is what the lines of a shelf say under one attribute name.
type Usage struct {
	Name, Label string
	Option      bool // it tells variants apart
	Products    int  // that have it
	texts       int
	numbers     int
	booleans    int
}

// family is what lines of one family have said already, so that attributes are
// counted by product.
type family struct {
	shelf *Shelf
	has   map[*Usage]struct{}
}

// NewSurvey returns a survey of nothing.
func NewSurvey() *Survey {
	return &Survey{skus: map[string]int{}, brands: map[string]string{}, shelves: map[string]*Shelf{}, families: map[string]*family{}}
}

// Add takes a line into account. A line that repeats a SKU is a Reject.
func (s *Survey) Add(l *Line) *Reject {
	fold := l.SKU.Fold()
	if _, again := s.skus[fold]; again {
		return l.Reject("duplicate", "an earlier line has the same sku")
	}
	s.skus[fold] = l.Number
	s.Lines++
	s.HasStock = s.HasStock || l.Has(MemberStock)
	if l.Brand != "" {
		if key := BrandKey(l.Brand); s.brands[key] == "" {
			s.brands[key] = l.Brand
		}
	}
	shelf, fam := s.place(l)
	if shelf == nil {
		return nil
	}
	for i := range l.Attributes {
		a := &l.Attributes[i]
		u := shelf.usage(a.Name, a.Label)
		switch a.Value.Type() {
		case catalog.Number:
			u.numbers++
		case catalog.Boolean:
			u.booleans++
		default:
			u.texts++
		}
		u.count(fam)
	}
	for _, o := range l.Options {
		u := shelf.usage(o.Name, o.Name)
		u.texts++
		u.Option = true
		u.count(fam)
	}
	return nil
}

// First reports whether the line is the one that counts for its SKU.
func (s *Survey) First(l *Line) bool { return s.skus[l.SKU.Fold()] == l.Number }

// place returns the shelf of a line, which for a family is that of its first,
// and its family. Both are nil for a line without.
func (s *Survey) place(l *Line) (*Shelf, *family) {
	if fam := s.families[l.Family]; l.Family != "" && fam != nil {
		return fam.shelf, fam
	}
	var shelf *Shelf
	if len(l.Category) > 0 {
		key := strings.Join(l.Category, "\x00")
		if shelf = s.shelves[key]; shelf == nil {
			shelf = &Shelf{Path: l.Category, names: map[string]*Usage{}}
			s.shelves[key] = shelf
			s.inOrder = append(s.inOrder, shelf)
		}
		shelf.Products++
	}
	if l.Family == "" {
		return shelf, nil
	}
	fam := &family{shelf: shelf, has: map[*Usage]struct{}{}}
	s.families[l.Family] = fam
	return shelf, fam
}

func (s *Shelf) usage(name, label string) *Usage {
	u := s.names[name]
	if u == nil {
		u = &Usage{Name: name, Label: label}
		s.names[name] = u
	}
	return u
}

func (u *Usage) count(fam *family) {
	if fam != nil {
		if _, counted := fam.has[u]; counted {
			return
		}
		fam.has[u] = struct{}{}
	}
	u.Products++
}

// Type returns the type that holds all values, and whether some have to become
// strings for it.
func (u *Usage) Type() (t catalog.AttributeType, widened bool) {
	switch {
	case u.numbers == 0 && u.booleans == 0:
		return catalog.String, false
	case u.texts == 0 && u.booleans == 0:
		return catalog.Number, false
	case u.texts == 0 && u.numbers == 0:
		return catalog.Boolean, false
	}
	return catalog.String, true
}

// Converted returns how many values are no strings.
func (u *Usage) Converted() int { return u.numbers + u.booleans }

// Shelves returns the categories that lines stand in, in the order of the lines.
func (s *Survey) Shelves() []*Shelf { return s.inOrder }

// Usages returns the attributes of a shelf, by name.
func (s *Shelf) Usages() []*Usage {
	return slices.SortedFunc(maps.Values(s.names), func(a, b *Usage) int { return cmp.Compare(a.Name, b.Name) })
}

// Brands returns the brands that lines name, as the first of them writes it.
func (s *Survey) Brands() []string { return slices.Sorted(maps.Values(s.brands)) }

// BrandKey is equal for two ways to write one brand.
func BrandKey(name string) string { return strings.ToLower(strings.TrimSpace(name)) }

// filterableShare is the part of a category's products that must have an
// attribute for an import to make it a facet.
const filterableShare = 20 // one in

// Define returns the definition that an attribute's values ask for on a
// category with so many products, given the one that holds now (nil: none),
// and whether that is news. What an operator defined stays as it is; what an
// import defined is widened and becomes filterable, never the other way round.
func (u *Usage) Define(c id.Category, products int, now *catalog.AttributeDefinition) (d catalog.AttributeDefinition, news bool) {
	t, _ := u.Type()
	filterable := u.Option || u.Products*filterableShare >= max(products, 1)
	switch {
	case now == nil:
		return catalog.AttributeDefinition{
			Category: c, Name: u.Name, Label: label(u.Name, u.Label), Type: t, Choices: []catalog.Choice{},
			Filterable: filterable, VariantOption: u.Option, Derived: true, Version: 1,
		}, true
	case !now.Derived:
		return *now, false
	}
	d = *now
	if d.Type != t {
		d.Type = catalog.String
	}
	d.Filterable = d.Filterable || filterable
	d.VariantOption = d.VariantOption || u.Option
	if d.Type == now.Type && d.Filterable == now.Filterable && d.VariantOption == now.VariantOption {
		return d, false
	}
	d.Version++
	return d, true
}

// label is what people read: what the feed calls it, and if that is as bare as
// the name, the name in words.
func label(name, fed string) string {
	if fed != name {
		return fed
	}
	words := strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '_' }), " ")
	if words == "" {
		return name
	}
	return strings.ToUpper(words[:1]) + words[1:]
}
