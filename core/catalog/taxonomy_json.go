package catalog

import (
	"encoding/json"

	"github.com/bodega-commerce/bodega/core/id"
)

// taxonomyParts is what a taxonomy is made of.
type taxonomyParts struct {
	Categories    []Category
	Brands        []Brand
	Definitions   []AttributeDefinition
	OldCategories map[string]id.Category // by a slug it no longer has
	OldBrands     map[string]id.Brand
}

// MarshalJSON writes what the taxonomy was made of, for programs of this
// version that share one.
func (t *Taxonomy) MarshalJSON() ([]byte, error) {
	p := taxonomyParts{Brands: t.brandList, Definitions: t.All(), OldCategories: map[string]id.Category{}, OldBrands: map[string]id.Brand{}}
	for _, c := range t.categories {
		p.Categories = append(p.Categories, *c)
	}
	for slug, c := range t.bySlug {
		if now := t.categories[c]; now == nil || now.Slug != slug {
			p.OldCategories[slug] = c
		}
	}
	for slug, b := range t.brandSlug {
		if now := t.brands[b]; now == nil || now.Slug != slug {
			p.OldBrands[slug] = b
		}
	}
	return json.Marshal(p)
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *Taxonomy) UnmarshalJSON(b []byte) error {
	var p taxonomyParts
	if err := json.Unmarshal(b, &p); err != nil {
		return err
	}
	*t = *NewTaxonomy(p.Categories, p.Brands, p.Definitions, p.OldCategories, p.OldBrands)
	return nil
}
