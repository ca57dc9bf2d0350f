package httpapi

import (
	"context"
	"net/http"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/catalog"
)

// CategoryNode is a category with what is below it.
type CategoryNode struct {
	ID           string         `json:"id"`
	Slug         string         `json:"slug"`
	Name         string         `json:"name"`
	Image        Null[Image]    `json:"image"`
	Position     int            `json:"position"`
	ProductCount int            `json:"product_count" doc:"active products in it and below it"`
	Children     []CategoryNode `json:"children"`
}

// Category is a category's page.
type Category struct {
	CategoryNode
	Description string      `json:"description"`
	SEO         SEO         `json:"seo"`
	Breadcrumbs []Ref       `json:"breadcrumbs" doc:"root first, itself last"`
	Attributes  []Attribute `json:"attributes"`
}

// Attribute is the definition of an attribute.
type Attribute struct {
	Name          string           `json:"name"`
	Label         string           `json:"label"`
	Type          string           `json:"type" enum:"string,number,boolean,enum"`
	Unit          *string          `json:"unit"`
	Choices       []catalog.Choice `json:"choices"`
	Required      bool             `json:"required"`
	Filterable    bool             `json:"filterable"`
	VariantOption bool             `json:"variant_option"`
	Position      int              `json:"position"`
	InheritedFrom *string          `json:"inherited_from" doc:"slug of the category that defines it; null: this one"`
}

func (a *api) registerCategories() {
	const tag = "categories"
	register(a.edge, operation{ID: "listCategories", Method: http.MethodGet, Path: "/v1/categories", Tag: tag, Cache: forEverybody, Summary: "Show the category tree"},
		func(ctx context.Context, _ *struct{}) (*reply[List[CategoryNode]], error) {
			tree, err := a.shop.Catalog.Categories(ctx, afterAll(ctx))
			if err != nil {
				return nil, err
			}
			return &reply[List[CategoryNode]]{Body: List[CategoryNode]{Items: a.categoryNodes(tree)}}, nil
		})
	register(a.edge, operation{ID: "readCategory", Method: http.MethodGet, Path: "/v1/categories/{slug}", Tag: tag, Cache: forEverybody, Also: anotherAddress()[:1], Summary: "Show a category"},
		func(ctx context.Context, in *struct {
			Slug       string `path:"slug"`
			Attributes string `query:"attributes" enum:"filterable,all" default:"filterable"`
		},
		) (*reply[Category], error) {
			c, err := a.shop.Catalog.Category(ctx, in.Slug, afterAll(ctx))
			if err != nil {
				return nil, err
			}
			if c.Slug != in.Slug {
				return moved[Category](ctx, "/v1/categories/"+c.Slug), nil
			}
			return &reply[Category]{Body: a.category(c, in.Attributes == "all")}, nil
		})
}

func (a *api) categoryNodes(nodes []core.CategoryNode) []CategoryNode {
	out := make([]CategoryNode, len(nodes))
	for i := range nodes {
		out[i] = a.categoryNode(&nodes[i].Category, nodes[i].ProductCount)
		out[i].Children = a.categoryNodes(nodes[i].Children)
	}
	return out
}

func (a *api) categoryNode(c *catalog.Category, products int) CategoryNode {
	return CategoryNode{
		ID: c.ID.String(), Slug: c.Slug, Name: c.Name, Image: a.image(c.Image), Position: c.Position, ProductCount: products, Children: []CategoryNode{},
	}
}

func (a *api) category(c core.CategoryView, everyAttribute bool) Category {
	out := Category{
		CategoryNode: a.categoryNode(&c.Category, c.ProductCount), Description: c.Description, SEO: seo(c.SEO),
		Breadcrumbs: refs(c.Path), Attributes: []Attribute{},
	}
	for i := range c.Children {
		out.Children = append(out.Children, a.categoryNode(&c.Children[i], 0))
	}
	for _, d := range c.Definitions {
		if d.Filterable || everyAttribute {
			out.Attributes = append(out.Attributes, attribute(d, c))
		}
	}
	return out
}

func attribute(d catalog.AttributeDefinition, in core.CategoryView) Attribute {
	out := Attribute{
		Name: d.Name, Label: d.Label, Type: string(d.Type), Unit: text(d.Unit), Choices: d.Choices, Required: d.Required,
		Filterable: d.Filterable, VariantOption: d.VariantOption, Position: d.Position,
	}
	if out.Choices == nil {
		out.Choices = []catalog.Choice{}
	}
	for _, c := range in.Path {
		if c.ID == d.Category && d.Category != in.ID {
			out.InheritedFrom = &c.Slug
		}
	}
	return out
}
