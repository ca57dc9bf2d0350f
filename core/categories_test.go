package core_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// outline writes the tree as slugs with their counts.
func (w *stall) outline() string {
	w.t.Helper()
	nodes, err := w.shop.Catalog.Categories(w.t.Context(), ports.Marks{})
	if err != nil {
		w.t.Fatal(err)
	}
	var write func([]core.CategoryNode) string
	write = func(nodes []core.CategoryNode) string {
		all := make([]string, len(nodes))
		for i, n := range nodes {
			if all[i] = fmt.Sprintf("%s:%d", n.Slug, n.ProductCount); len(n.Children) > 0 {
				all[i] += "(" + write(n.Children) + ")"
			}
		}
		return strings.Join(all, " ")
	}
	return write(nodes)
}

func TestCatalog_CategoryTree(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	ctx := t.Context()
	wear := w.category("Wear", id.Category{})
	tees := w.category("Tees", wear)
	home := w.category("Home", id.Category{})
	mugs := w.category("Mugs", home)
	w.create(tee(func(c *core.CreateProduct) { c.Category = tees }))
	w.create(core.CreateProduct{By: shopkeeper, Name: "Mug", BasePrice: eur(900), Category: mugs})
	w.create(core.CreateProduct{By: shopkeeper, Name: "Draft", BasePrice: eur(900), Category: mugs, Status: catalog.Draft})
	if got, want := w.outline(), "wear:1(tees:1) home:1(mugs:1)"; got != want {
		t.Errorf("the tree is %s, want %s", got, want)
	}

	second := w.category("Mugs", wear)
	view := done(t, first(w.shop.Catalog.FindCategory(ctx, core.FindCategory{By: shopkeeper, Category: second})))
	if view.Slug != "wear-mugs" || view.Position != 1 || len(view.Path) != 2 {
		t.Errorf("a second shelf of mugs is %+v", view.Category)
	}
	_, err := w.shop.Catalog.CreateCategory(ctx, core.CreateCategory{By: shopkeeper, Name: "M", Slug: "mugs"})
	mustRefuse(t, err, fault.Exists, "already_exists")

	w.work()
	moved := done(t, first(w.shop.Catalog.MoveCategory(ctx, core.MoveCategory{By: shopkeeper, Category: home, Parent: wear, Position: 1})))
	if got, want := w.outline(), "wear:2(tees:1 home:1(mugs:1) wear-mugs:0)"; got != want {
		t.Errorf("the tree is %s, want %s", got, want)
	}
	if moved.Position != 1 || moved.Version != 2 || moved.ProductCount != 1 {
		t.Errorf("moved to %+v", moved.Category)
	}
	if n := w.work(); n != 2 {
		t.Errorf("the move concerned %d products, want the mug and the draft", n)
	}
	_, err = w.shop.Catalog.MoveCategory(ctx, core.MoveCategory{By: shopkeeper, Category: wear, Parent: mugs})
	mustRefuse(t, err, fault.Conflict, "category_cycle")
	_, err = w.shop.Catalog.MoveCategory(ctx, core.MoveCategory{By: shopkeeper, Category: home, Version: 1, Parent: wear})
	mustRefuse(t, err, fault.Stale, "version_conflict")
	_, err = w.shop.Catalog.MoveCategory(ctx, core.MoveCategory{By: shopkeeper, Category: home, Parent: id.Category{UUID: id.UUID{1}}})
	mustRefuseAt(t, err, "parent_id unknown_reference")

	name, slug := "Cups", "cups"
	done(t, first(w.shop.Catalog.PatchCategory(ctx, core.PatchCategory{By: shopkeeper, Category: mugs, Name: &name, Slug: &slug})))
	if n := w.work(); n != 2 {
		t.Errorf("the rename concerned %d products", n)
	}
	old := done(t, first(w.shop.Catalog.Category(ctx, "mugs", ports.Marks{})))
	if old.Slug != "cups" || len(old.Path) != 3 || old.Path[0].Slug != "wear" {
		t.Errorf("the old slug leads to %+v", old)
	}

	_, err = w.shop.Catalog.DeleteCategory(ctx, core.DeleteCategory{By: shopkeeper, Category: mugs})
	mustRefuse(t, err, fault.Conflict, "in_use")
	_, err = w.shop.Catalog.DeleteCategory(ctx, core.DeleteCategory{By: shopkeeper, Category: home})
	mustRefuse(t, err, fault.Conflict, "in_use")
	done(t, first(w.shop.Catalog.DeleteCategory(ctx, core.DeleteCategory{By: shopkeeper, Category: second})))
	_, err = w.shop.Catalog.Category(ctx, "wear-mugs", ports.Marks{})
	mustRefuse(t, err, fault.NotFound, "not_found")
	_, err = w.shop.Catalog.CreateCategory(ctx, core.CreateCategory{Name: "Mine"})
	mustRefuse(t, err, fault.Unauthenticated, "")

	deep := id.Category{}
	for i := range catalog.MaxDepth {
		deep = w.category(fmt.Sprintf("Level %d", i+1), deep)
	}
	_, err = w.shop.Catalog.CreateCategory(ctx, core.CreateCategory{By: shopkeeper, Name: "Level 9", Parent: deep})
	mustRefuseAt(t, err, "parent_id too_large")
}

func TestCatalog_ReplaceCategory(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	a, b := w.category("A", id.Category{}), w.category("B", id.Category{})
	saved := done(t, first(w.shop.Catalog.ReplaceCategory(t.Context(), core.ReplaceCategory{By: shopkeeper, Category: b, Version: 1, Name: "B2", Parent: a})))
	if saved.Name != "B2" || saved.Slug != "b" || saved.Parent != a || saved.Position != 0 {
		t.Errorf("replaced by %+v", saved.Category)
	}
	if got := w.outline(); got != "a:0(b:0)" {
		t.Errorf("the tree is %s", got)
	}
	all := done(t, first(w.shop.Catalog.BrowseCategories(t.Context(), core.BrowseCategories{By: shopkeeper})))
	if len(all) != 2 || all[1].ID != b || len(all[0].Children) != 1 {
		t.Errorf("browsed %+v", all)
	}
	_, err := w.shop.Catalog.ReplaceCategory(t.Context(), core.ReplaceCategory{By: shopkeeper, Category: b, Slug: "B b"})
	mustRefuseAt(t, err, "slug pattern", "name required")
}

func TestCatalog_Attributes(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	ctx := t.Context()
	wear := w.category("Wear", id.Category{})
	tees := w.category("Tees", wear)
	define := func(c core.DefineAttribute) (core.SavedAttribute, error) {
		c.By, c.Category, c.Name = shopkeeper, wear, "color"
		return w.shop.Catalog.DefineAttribute(ctx, c)
	}
	made := done(t, first(define(core.DefineAttribute{Type: catalog.Enum, New: true, Choices: []catalog.Choice{{Value: "red", Label: "Red"}}})))
	if !made.Created || made.Version != 1 || made.Label != "color" {
		t.Errorf("defined %+v", made)
	}
	_, err := define(core.DefineAttribute{Type: catalog.String, New: true})
	mustRefuse(t, err, fault.Stale, "version_conflict")
	_, err = define(core.DefineAttribute{Type: catalog.String, Version: 7})
	mustRefuse(t, err, fault.Stale, "version_conflict")
	_, err = define(core.DefineAttribute{Type: "date"})
	mustRefuseAt(t, err, "type enum")

	red := func(c *core.CreateProduct) {
		c.Category = tees
		c.Attributes = catalog.Attributes{"color": catalog.Text("red")}
	}
	view := w.create(tee(red))
	if all := view.Definitions(); len(all) != 1 || all[0].Name != "color" {
		t.Errorf("a tee is described by %+v", all)
	}
	_, err = w.shop.Catalog.Create(ctx, tee(red, func(c *core.CreateProduct) { c.Attributes["color"] = catalog.Text("blue") }))
	mustRefuseAt(t, err, "attributes.color enum")

	before := view.Revision()
	again := done(t, first(define(core.DefineAttribute{Type: catalog.Enum, Version: 1, Label: "Colour", Choices: []catalog.Choice{{Value: "red"}, {Value: "blue"}}})))
	if again.Created || again.Version != 2 {
		t.Errorf("redefined %+v", again)
	}
	found := done(t, first(w.shop.Catalog.Find(ctx, core.FindProduct{By: shopkeeper, Product: view.ID})))
	if found.Revision() == before {
		t.Error("a product looks the same under another definition")
	}
	w.create(tee(red, func(c *core.CreateProduct) {
		c.Attributes["color"] = catalog.Text("blue")
		c.Variants = []core.NewVariant{{SKU: "BLUE", Price: eur(1)}}
	}))
	category := done(t, first(w.shop.Catalog.Category(ctx, "tees", ports.Marks{})))
	if len(category.Definitions) != 1 || category.Definitions[0].Label != "Colour" || category.Definitions[0].Category != wear {
		t.Errorf("tees have %+v", category.Definitions)
	}
	_, err = w.shop.Catalog.FindAttribute(ctx, core.FindAttribute{By: shopkeeper, Category: tees, Name: "color"})
	mustRefuse(t, err, fault.NotFound, "not_found")
	if own := done(t, first(w.shop.Catalog.FindAttribute(ctx, core.FindAttribute{By: shopkeeper, Category: wear, Name: "color"}))); own.Version != 2 {
		t.Errorf("found %+v", own)
	}
	_, err = w.shop.Catalog.DropAttribute(ctx, core.DropAttribute{By: shopkeeper, Category: wear, Name: "color", Version: 1})
	mustRefuse(t, err, fault.Stale, "version_conflict")
	done(t, first(w.shop.Catalog.DropAttribute(ctx, core.DropAttribute{By: shopkeeper, Category: wear, Name: "color", Version: 2})))
	_, err = w.shop.Catalog.DropAttribute(ctx, core.DropAttribute{By: shopkeeper, Category: wear, Name: "color"})
	mustRefuse(t, err, fault.NotFound, "not_found")
	_, err = w.shop.Catalog.DefineAttribute(ctx, core.DefineAttribute{By: shopkeeper, Name: "x", Type: catalog.String})
	mustRefuse(t, err, fault.NotFound, "not_found")
	_, err = w.shop.Catalog.DefineAttribute(ctx, core.DefineAttribute{By: account.Key("k"), Category: wear, Name: "x", Type: catalog.String})
	mustRefuse(t, err, fault.Denied, "permission_denied")
}

func TestCatalog_Brands(t *testing.T) {
	t.Parallel()
	w := openStall(t, nil)
	ctx := t.Context()
	made := done(t, first(w.shop.Catalog.CreateBrand(ctx, core.CreateBrand{By: shopkeeper, Name: "Ännchen"})))
	if made.Slug != "annchen" || made.Version != 1 {
		t.Errorf("made %+v", made)
	}
	if again := done(t, first(w.shop.Catalog.CreateBrand(ctx, core.CreateBrand{By: shopkeeper, Name: "Annchen"}))); again.Slug != "annchen-2" {
		t.Errorf("a second is called %s", again.Slug)
	}
	_, err := w.shop.Catalog.CreateBrand(ctx, core.CreateBrand{By: shopkeeper, Name: "X", Slug: "annchen"})
	mustRefuse(t, err, fault.Exists, "already_exists")
	_, err = w.shop.Catalog.CreateBrand(ctx, core.CreateBrand{By: shopkeeper})
	mustRefuse(t, err, fault.Invalid, "validation_failed")
	p := w.create(tee(func(c *core.CreateProduct) { c.Brand = made.ID }))
	if p.Brand == nil || p.Brand.Name != "Ännchen" {
		t.Errorf("the tee is made by %+v", p.Brand)
	}
	w.work()
	name := "Anna"
	saved := done(t, first(w.shop.Catalog.PatchBrand(ctx, core.PatchBrand{By: shopkeeper, Brand: made.ID, Version: 1, Name: &name})))
	if saved.Version != 2 || w.work() != 1 {
		t.Errorf("renamed to %+v", saved)
	}
	_, err = w.shop.Catalog.ReplaceBrand(ctx, core.ReplaceBrand{By: shopkeeper, Brand: made.ID, Version: 1, Name: "B"})
	mustRefuse(t, err, fault.Stale, "version_conflict")
	replaced := done(t, first(w.shop.Catalog.ReplaceBrand(ctx, core.ReplaceBrand{By: shopkeeper, Brand: made.ID, Name: "Bo", Slug: "bo"})))
	if old := done(t, first(w.shop.Catalog.Brand(ctx, "annchen", ports.Marks{}.With(replaced.Mark)))); old.Slug != "bo" {
		t.Errorf("the old slug leads to %+v", old)
	}
	_, err = w.shop.Catalog.DeleteBrand(ctx, core.DeleteBrand{By: shopkeeper, Brand: made.ID})
	mustRefuse(t, err, fault.Conflict, "in_use")
	_, err = w.shop.Catalog.FindBrand(ctx, core.FindBrand{By: shopkeeper, Brand: id.Brand{UUID: id.UUID{1}}})
	mustRefuse(t, err, fault.NotFound, "not_found")
	if all := done(t, first(w.shop.Catalog.BrowseBrands(ctx, core.BrowseBrands{By: shopkeeper}))); len(all) != 2 {
		t.Errorf("there are %+v", all)
	}
}
