package catalog_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
)

func TestTaxonomy_TravelsAsJSON(t *testing.T) {
	t.Parallel()
	root, leaf := id.Category{UUID: id.UUID{1}}, id.Category{UUID: id.UUID{2}}
	acme := id.Brand{UUID: id.UUID{3}}
	before := catalog.NewTaxonomy(
		[]catalog.Category{{ID: root, Slug: "home", Name: "Home", Version: 3}, {ID: leaf, Parent: root, Slug: "cups", Name: "Cups", Position: 1, Version: 1}},
		[]catalog.Brand{{ID: acme, Slug: "acme", Name: "Acme", Version: 2}},
		[]catalog.AttributeDefinition{
			{Category: root, Name: "color", Label: "Colour", Type: catalog.String, Required: true},
			{Category: leaf, Name: "volume", Type: catalog.Number, Unit: "ml", Filterable: true},
		},
		map[string]id.Category{"old-cups": leaf}, map[string]id.Brand{"acme-inc": acme})
	raw, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	var after *catalog.Taxonomy
	if err := json.Unmarshal(raw, &after); err != nil {
		t.Fatal(err)
	}
	if after.Revision() != before.Revision() || !reflect.DeepEqual(after.Definitions(root), before.Definitions(root)) ||
		!reflect.DeepEqual(after.Definitions(leaf), before.Definitions(leaf)) || !reflect.DeepEqual(after.Path(leaf), before.Path(leaf)) ||
		!reflect.DeepEqual(after.Children(root), before.Children(root)) || !reflect.DeepEqual(after.Brands(), before.Brands()) {
		t.Errorf("it changed on its way:\n%+v\n%+v", before, after)
	}
	if c, ok := after.CategoryBySlug("old-cups"); !ok || c.ID != leaf {
		t.Error("an old slug of a category was lost")
	}
	if b, ok := after.BrandBySlug("acme-inc"); !ok || b.ID != acme {
		t.Error("an old slug of a brand was lost")
	}
}
