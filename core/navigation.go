package core

import (
	"context"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// CategoryNode is a category with what is below it.
type CategoryNode struct {
	catalog.Category
	ProductCount int // active products in it and below it
	Children     []CategoryNode
}

// CategoryView is a category with what it takes to show it.
type CategoryView struct {
	catalog.Category
	Path         []catalog.Category            // from the root to itself
	Children     []catalog.Category            // right below it, in order
	Definitions  []catalog.AttributeDefinition // own and inherited, by position; not to be changed
	ProductCount int                           // active products in it and below it
}

// Categories returns the whole tree, in order.
func (c *Catalog) Categories(ctx context.Context, after ports.Marks) ([]CategoryNode, error) {
	taxonomy, err := c.s.Catalog.Taxonomy.Taxonomy(ctx, after.Catalog)
	if err != nil {
		return nil, err
	}
	counts, err := c.s.Catalog.Taxonomy.ActiveCounts(ctx, after.Catalog)
	if err != nil {
		return nil, err
	}
	return nodesBelow(taxonomy, counts, id.Category{}), nil
}

func nodesBelow(t *catalog.Taxonomy, counts map[id.Category]int, parent id.Category) []CategoryNode {
	children := t.Children(parent)
	nodes := make([]CategoryNode, 0, len(children))
	for _, child := range children {
		category, _ := t.Category(child)
		n := CategoryNode{Category: category, ProductCount: counts[child], Children: nodesBelow(t, counts, child)}
		for i := range n.Children {
			n.ProductCount += n.Children[i].ProductCount
		}
		nodes = append(nodes, n)
	}
	return nodes
}

// Category returns the category of a slug. An old slug finds it too: the
// answer's Slug is then another.
func (c *Catalog) Category(ctx context.Context, slug string, after ports.Marks) (CategoryView, error) {
	taxonomy, err := c.s.Catalog.Taxonomy.Taxonomy(ctx, after.Catalog)
	if err != nil {
		return CategoryView{}, err
	}
	category, ok := taxonomy.CategoryBySlug(slug)
	if !ok {
		return CategoryView{}, fault.Missing("category")
	}
	counts, err := c.s.Catalog.Taxonomy.ActiveCounts(ctx, after.Catalog)
	if err != nil {
		return CategoryView{}, err
	}
	return categoryView(taxonomy, counts, category), nil
}

func categoryView(t *catalog.Taxonomy, counts map[id.Category]int, c catalog.Category) CategoryView {
	v := CategoryView{Category: c, Path: t.Path(c.ID), Children: []catalog.Category{}, Definitions: t.Definitions(c.ID)}
	for _, child := range t.Children(c.ID) {
		category, _ := t.Category(child)
		v.Children = append(v.Children, category)
	}
	for _, within := range t.Within(c.ID) {
		v.ProductCount += counts[within]
	}
	return v
}

// Brands returns all brands by name.
func (c *Catalog) Brands(ctx context.Context, after ports.Marks) ([]catalog.Brand, error) {
	taxonomy, err := c.s.Catalog.Taxonomy.Taxonomy(ctx, after.Catalog)
	if err != nil {
		return nil, err
	}
	return append([]catalog.Brand{}, taxonomy.Brands()...), nil
}

// Brand returns the brand of a slug. An old slug finds it too: the answer's
// Slug is then another.
func (c *Catalog) Brand(ctx context.Context, slug string, after ports.Marks) (catalog.Brand, error) {
	taxonomy, err := c.s.Catalog.Taxonomy.Taxonomy(ctx, after.Catalog)
	if err != nil {
		return catalog.Brand{}, err
	}
	brand, ok := taxonomy.BrandBySlug(slug)
	if !ok {
		return catalog.Brand{}, fault.Missing("brand")
	}
	return brand, nil
}
