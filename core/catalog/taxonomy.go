package catalog

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"slices"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
)

// Taxonomy is everything that describes products: the category tree, brands and
// attribute definitions, at one moment. It is immutable and safe to share.
type Taxonomy struct {
	categories map[id.Category]*Category
	children   map[id.Category][]id.Category // by position, then name; the zero id holds the roots
	bySlug     map[string]id.Category        // old slugs too
	brands     map[id.Brand]*Brand
	brandList  []Brand
	brandSlug  map[string]id.Brand // old slugs too
	defined    map[id.Category]map[string]*AttributeDefinition
	effective  map[id.Category][]AttributeDefinition // own and inherited, by position, then name
	required   map[id.Category][]*AttributeDefinition
	paths      map[id.Category][]Category // root first
	revision   uint64
}

// NewTaxonomy arranges what a store holds. Old slugs map to the id that has
// another slug now.
func NewTaxonomy(categories []Category, brands []Brand, definitions []AttributeDefinition, oldCategories map[string]id.Category, oldBrands map[string]id.Brand) *Taxonomy {
	t := &Taxonomy{
		categories: make(map[id.Category]*Category, len(categories)),
		children:   map[id.Category][]id.Category{},
		bySlug:     map[string]id.Category{},
		brands:     make(map[id.Brand]*Brand, len(brands)),
		brandSlug:  map[string]id.Brand{},
		defined:    map[id.Category]map[string]*AttributeDefinition{},
		effective:  map[id.Category][]AttributeDefinition{},
		required:   map[id.Category][]*AttributeDefinition{},
		paths:      make(map[id.Category][]Category, len(categories)),
	}
	for slug, c := range oldCategories {
		t.bySlug[slug] = c
	}
	for slug, b := range oldBrands {
		t.brandSlug[slug] = b
	}
	categories = slices.Clone(categories)
	slices.SortFunc(categories, func(a, b Category) int {
		return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.Name, b.Name), slices.Compare(a.ID.UUID[:], b.ID.UUID[:]))
	})
	for i := range categories {
		c := &categories[i]
		t.categories[c.ID] = c
		t.bySlug[c.Slug] = c.ID
		t.children[c.Parent] = append(t.children[c.Parent], c.ID)
	}
	t.brandList = slices.Clone(brands)
	slices.SortFunc(t.brandList, func(a, b Brand) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Slug, b.Slug)) })
	for i := range t.brandList {
		b := &t.brandList[i]
		t.brands[b.ID] = b
		t.brandSlug[b.Slug] = b.ID
	}
	definitions = slices.Clone(definitions)
	for i := range definitions {
		d := &definitions[i]
		if t.defined[d.Category] == nil {
			t.defined[d.Category] = map[string]*AttributeDefinition{}
		}
		t.defined[d.Category][d.Name] = d
	}
	t.inherit(id.Category{}, nil)
	t.trace(id.Category{}, nil)
	t.revision = revision(categories, t.brandList)
	return t
}

// Revision changes whenever a category, brand or definition does: a definition
// raises the version of its category.
func (t *Taxonomy) Revision() uint64 { return t.revision }

func revision(categories []Category, brands []Brand) uint64 {
	h := fnv.New64a()
	var version [8]byte
	add := func(id [16]byte, v int64) {
		h.Write(id[:])
		binary.LittleEndian.PutUint64(version[:], uint64(v))
		h.Write(version[:])
	}
	for i := range categories {
		add(categories[i].ID.UUID, categories[i].Version)
	}
	for i := range brands {
		add(brands[i].ID.UUID, brands[i].Version)
	}
	return h.Sum64()
}

// inherit works out what holds for each child of a category: its own
// definitions and its ancestors', the nearest first where names meet.
func (t *Taxonomy) inherit(parent id.Category, inherited []AttributeDefinition) {
	for _, c := range t.children[parent] {
		own := t.defined[c]
		all := make([]AttributeDefinition, 0, len(own)+len(inherited))
		for _, d := range own {
			all = append(all, *d)
		}
		for _, d := range inherited {
			if own[d.Name] == nil {
				all = append(all, d)
			}
		}
		slices.SortFunc(all, func(a, b AttributeDefinition) int {
			return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.Name, b.Name))
		})
		t.effective[c] = all
		for i := range all {
			if all[i].Required {
				t.required[c] = append(t.required[c], &all[i])
			}
		}
		t.inherit(c, all)
	}
}

// trace works out the path of each child of a category.
func (t *Taxonomy) trace(parent id.Category, path []Category) {
	for _, c := range t.children[parent] {
		own := append(path[:len(path):len(path)], *t.categories[c])
		t.paths[c] = own
		t.trace(c, own)
	}
}

// Category returns a category.
func (t *Taxonomy) Category(c id.Category) (Category, bool) {
	if found := t.categories[c]; found != nil {
		return *found, true
	}
	return Category{}, false
}

// CategoryBySlug returns the category that has the slug, or once had it: its
// Slug is then another.
func (t *Taxonomy) CategoryBySlug(slug string) (Category, bool) { return t.Category(t.bySlug[slug]) }

// Children returns the categories right below one, in order; of the zero id, the roots.
func (t *Taxonomy) Children(c id.Category) []id.Category { return slices.Clone(t.children[c]) }

// Path returns a category's ancestors and itself, root first. Empty for one
// that is not there. The caller must not change it.
func (t *Taxonomy) Path(c id.Category) []Category { return t.paths[c] }

// Within returns a category and everything below it.
func (t *Taxonomy) Within(c id.Category) []id.Category {
	all := []id.Category{c}
	for i := 0; i < len(all); i++ {
		all = append(all, t.children[all[i]]...)
	}
	return all
}

// Definitions returns the attribute definitions that hold for a category, own
// and inherited, by position and name. The caller must not change them.
func (t *Taxonomy) Definitions(c id.Category) []AttributeDefinition { return t.effective[c] }

// Definition returns the definition of a name that holds for a category: its
// own, else the nearest ancestor's. Not to be changed; nil if there is none.
func (t *Taxonomy) Definition(c id.Category, name string) *AttributeDefinition {
	for range MaxDepth {
		if d := t.defined[c][name]; d != nil {
			return d
		}
		found := t.categories[c]
		if found == nil {
			return nil
		}
		c = found.Parent
	}
	return nil
}

// Own returns the definition of a name on the category itself.
func (t *Taxonomy) Own(c id.Category, name string) (AttributeDefinition, bool) {
	if d := t.defined[c][name]; d != nil {
		return *d, true
	}
	return AttributeDefinition{}, false
}

// Brand returns a brand.
func (t *Taxonomy) Brand(b id.Brand) (Brand, bool) {
	if found := t.brands[b]; found != nil {
		return *found, true
	}
	return Brand{}, false
}

// BrandBySlug returns the brand that has the slug, or once had it.
func (t *Taxonomy) BrandBySlug(slug string) (Brand, bool) { return t.Brand(t.brandSlug[slug]) }

// Brands returns all brands by name. The caller must not change them.
func (t *Taxonomy) Brands() []Brand { return t.brandList }

// CheckMove answers Conflict (category_cycle) when parent is c or below it,
// Invalid at parent_id when it is not there or the tree would grow deeper than
// MaxDepth. The zero c is a category that is yet to be made.
func (t *Taxonomy) CheckMove(c, parent id.Category) error {
	if parent.IsZero() {
		return nil
	}
	if _, ok := t.Category(parent); !ok {
		return fault.InvalidField("parent_id", "unknown_reference", "is not a category")
	}
	height := 1
	if !c.IsZero() {
		if slices.Contains(t.Within(c), parent) {
			return fault.New(fault.Conflict, "category_cycle", "a category cannot be moved below itself")
		}
		height = t.height(c)
	}
	if len(t.Path(parent))+height > MaxDepth {
		return fault.InvalidField("parent_id", "too_large", "the tree would have more than 8 levels")
	}
	return nil
}

// height returns the number of levels from c down, 1 for a leaf.
func (t *Taxonomy) height(c id.Category) int {
	deepest := 0
	for _, child := range t.children[c] {
		deepest = max(deepest, t.height(child))
	}
	return 1 + deepest
}
