package httpapi

import (
	"context"
	"net/http"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
)

// AdminCategory is a category as operators see it.
type AdminCategory struct {
	Category
	ParentID *string `json:"parent_id"`
	Version  int64   `json:"version"`
}

// AdminAttribute is an attribute definition as operators see it.
type AdminAttribute struct {
	Attribute
	Version int64 `json:"version"`
}

type categoryRequest struct {
	Name        string           `json:"name" maxLength:"200"`
	Slug        string           `json:"slug,omitempty" maxLength:"120"`
	Description string           `json:"description,omitempty" maxLength:"50000"`
	ParentID    Opt[id.Category] `json:"parent_id,omitzero" doc:"null or missing: a root"`
	Position    *int             `json:"position,omitempty" minimum:"0" maximum:"100000"`
	ImageID     Opt[id.Image]    `json:"image_id,omitzero"`
	SEO         seoRequest       `json:"seo,omitzero"`
}

type categoryPatch struct {
	Name        *string          `json:"name,omitempty" maxLength:"200"`
	Slug        *string          `json:"slug,omitempty" maxLength:"120"`
	Description Opt[string]      `json:"description,omitzero" maxLength:"50000"`
	ParentID    Opt[id.Category] `json:"parent_id,omitzero"`
	Position    *int             `json:"position,omitempty" minimum:"0" maximum:"100000"`
	ImageID     Opt[id.Image]    `json:"image_id,omitzero"`
	SEO         *seoRequest      `json:"seo,omitempty"`
}

type attributeRequest struct {
	Label         string           `json:"label,omitempty" maxLength:"200" doc:"Empty: the name."`
	Type          string           `json:"type" enum:"string,number,boolean,enum"`
	Unit          string           `json:"unit,omitempty" maxLength:"50"`
	Choices       []catalog.Choice `json:"choices,omitempty" maxItems:"1000"`
	Required      bool             `json:"required,omitempty"`
	Filterable    bool             `json:"filterable,omitempty"`
	VariantOption bool             `json:"variant_option,omitempty"`
	Position      int              `json:"position,omitempty" minimum:"0" maximum:"100000"`
}

func categoryFields() map[string]string {
	return map[string]string{"parent": "parent_id", "image": "image_id"}
}

func (a *api) registerAdminCategories() {
	const tag = "categories"
	register(a.edge, operation{ID: "adminListCategories", Method: http.MethodGet, Path: "/v1/admin/categories", Tag: tag, Permission: account.CatalogRead, Summary: "List categories", Description: "By position each stands before those below it."},
		func(ctx context.Context, in *struct {
			Browse
			Sort string `query:"sort" enum:"position,name,-name" default:"position"`
		},
		) (*reply[CursorPage[AdminCategory]], error) {
			list, err := a.shop.Catalog.BrowseCategories(ctx, core.BrowseCategories{By: caller(ctx, "")})
			if err != nil {
				return nil, err
			}
			categories := make([]AdminCategory, len(list))
			for i, c := range list {
				categories[i] = a.adminCategory(c)
			}
			page, err := browse("categories", in.Browse, in.Sort, categories, func(c *AdminCategory) named { return named{c.ID, c.Slug, c.Name} })
			return &reply[CursorPage[AdminCategory]]{Body: page}, err
		})
	register(a.edge, operation{ID: "adminReadCategory", Method: http.MethodGet, Path: "/v1/admin/categories/{id}", Tag: tag, Permission: account.CatalogRead, Summary: "Show a category"},
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		},
		) (*reply[AdminCategory], error) {
			c, err := pathID(in.ID, "category")
			if err != nil {
				return nil, err
			}
			return a.savedCategory(a.shop.Catalog.FindCategory(ctx, core.FindCategory{By: caller(ctx, ""), Category: id.Category{UUID: c}}))
		})
	a.registerCategoryWrites(tag)
	a.registerAttributes(tag)
}

func (a *api) registerCategoryWrites(tag string) {
	register(a.edge, operation{
		ID: "createCategory", Method: http.MethodPost, Path: "/v1/admin/categories", Tag: tag, Permission: account.CatalogWrite,
		Status: http.StatusCreated, Fields: categoryFields(), Summary: "Create a category",
	}, func(ctx context.Context, in *struct{ Body categoryRequest }) (*reply[AdminCategory], error) {
		b := in.Body
		c, err := a.shop.Catalog.CreateCategory(ctx, core.CreateCategory{
			By: caller(ctx, ""), Slug: b.Slug, Name: b.Name, Description: b.Description, Parent: b.ParentID.Value, Position: b.Position,
			Image: b.ImageID.Value, SEO: catalog.SEO(b.SEO), Key: requested(ctx),
		})
		rep, err := a.savedCategory(c, err)
		if err == nil {
			rep.Location = "/v1/admin/categories/" + c.ID.String()
		}
		return rep, err
	})
	register(a.edge, operation{
		ID: "replaceCategory", Method: http.MethodPut, Path: "/v1/admin/categories/{id}", Tag: tag, Permission: account.CatalogWrite,
		IfMatch: true, Fields: categoryFields(), Summary: "Make a category as given",
	}, func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body categoryRequest
	},
	) (*reply[AdminCategory], error) {
		c, err := pathID(in.ID, "category")
		if err != nil {
			return nil, err
		}
		b := in.Body
		return a.savedCategory(a.shop.Catalog.ReplaceCategory(ctx, core.ReplaceCategory{
			By: caller(ctx, ""), Category: id.Category{UUID: c}, Version: conditions(ctx).Version, Slug: b.Slug, Name: b.Name,
			Description: b.Description, Parent: b.ParentID.Value, Position: b.Position, Image: b.ImageID.Value, SEO: catalog.SEO(b.SEO),
		}))
	})
	register(a.edge, operation{
		ID: "patchCategory", Method: http.MethodPatch, Path: "/v1/admin/categories/{id}", Tag: tag, Permission: account.CatalogWrite,
		IfMatch: true, Fields: categoryFields(), Summary: "Change some members of a category",
	}, func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body categoryPatch
	},
	) (*reply[AdminCategory], error) {
		c, err := pathID(in.ID, "category")
		if err != nil {
			return nil, err
		}
		b := in.Body
		return a.savedCategory(a.shop.Catalog.PatchCategory(ctx, core.PatchCategory{
			By: caller(ctx, ""), Category: id.Category{UUID: c}, Version: conditions(ctx).Version, Slug: b.Slug, Name: b.Name,
			Description: changed(b.Description), Parent: changed(b.ParentID), Position: b.Position, Image: changed(b.ImageID), SEO: (*catalog.SEO)(b.SEO),
		}))
	})
	register(a.edge, operation{
		ID: "moveCategory", Method: http.MethodPost, Path: "/v1/admin/categories/{id}/move", MayMatch: true, Tag: tag, Permission: account.CatalogWrite,
		Fields: categoryFields(), Summary: "Move a category with everything below it",
	}, func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body struct {
			ParentID Opt[id.Category] `json:"parent_id,omitzero" doc:"null: a root"`
			Position int              `json:"position,omitempty" minimum:"0" maximum:"100000"`
		}
	},
	) (*reply[AdminCategory], error) {
		c, version, err := writeOf(ctx, in.ID, "category")
		if err != nil {
			return nil, err
		}
		return a.savedCategory(a.shop.Catalog.MoveCategory(ctx, core.MoveCategory{
			By: caller(ctx, ""), Category: id.Category{UUID: c}, Version: version, Parent: in.Body.ParentID.Value, Position: in.Body.Position,
		}))
	})
	register(a.edge, operation{ID: "deleteCategory", Method: http.MethodDelete, Path: "/v1/admin/categories/{id}", MayMatch: true, Tag: tag, Permission: account.CatalogWrite, Summary: "Delete an empty category"},
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		},
		) (*reply[nothing], error) {
			c, version, err := writeOf(ctx, in.ID, "category")
			if err != nil {
				return nil, err
			}
			return gone(a.shop.Catalog.DeleteCategory(ctx, core.DeleteCategory{By: caller(ctx, ""), Category: id.Category{UUID: c}, Version: version}))
		})
}

// AttributeRef names a definition by its category and name.
type AttributeRef struct {
	ID   string `path:"id"`
	Name string `path:"name"`
}

func (a *api) registerAttributes(tag string) {
	const path = "/v1/admin/categories/{id}/attributes/{name}"
	register(a.edge, operation{ID: "readAttribute", Method: http.MethodGet, Path: path, Tag: tag, Permission: account.CatalogRead, Summary: "Show an attribute definition"},
		func(ctx context.Context, in *AttributeRef) (*reply[AdminAttribute], error) {
			c, err := pathID(in.ID, "category")
			if err != nil {
				return nil, err
			}
			return savedAttribute(a.shop.Catalog.FindAttribute(ctx, core.FindAttribute{By: caller(ctx, ""), Category: id.Category{UUID: c}, Name: in.Name}))
		})
	register(a.edge, operation{
		ID: "defineAttribute", Method: http.MethodPut, Path: path, Tag: tag, Permission: account.CatalogWrite, IfMatch: true, Also: []int{http.StatusCreated},
		Summary: "Define an attribute of a category", Description: "It holds for everything below the category too. A new one takes If-None-Match: *.",
	}, func(ctx context.Context, in *struct {
		AttributeRef
		Body attributeRequest
	},
	) (*reply[AdminAttribute], error) {
		c, err := pathID(in.ID, "category")
		if err != nil {
			return nil, err
		}
		b, condition := in.Body, conditions(ctx)
		saved, err := a.shop.Catalog.DefineAttribute(ctx, core.DefineAttribute{
			By: caller(ctx, ""), Category: id.Category{UUID: c}, Name: in.Name, Version: max(condition.Version, 0), New: condition.Absent,
			Label: b.Label, Type: catalog.AttributeType(b.Type), Unit: b.Unit, Choices: b.Choices, Required: b.Required,
			Filterable: b.Filterable, VariantOption: b.VariantOption, Position: b.Position,
		})
		rep, err := savedAttribute(saved, err)
		if err == nil && saved.Created {
			rep.Status = http.StatusCreated
		}
		return rep, err
	})
	register(a.edge, operation{ID: "dropAttribute", Method: http.MethodDelete, Path: path, MayMatch: true, Tag: tag, Permission: account.CatalogWrite, Summary: "Forget an attribute definition"},
		func(ctx context.Context, in *AttributeRef) (*reply[nothing], error) {
			c, version, err := writeOf(ctx, in.ID, "category")
			if err != nil {
				return nil, err
			}
			return gone(a.shop.Catalog.DropAttribute(ctx, core.DropAttribute{By: caller(ctx, ""), Category: id.Category{UUID: c}, Name: in.Name, Version: version}))
		})
}

func (a *api) adminCategory(c core.CategoryView) AdminCategory {
	out := AdminCategory{Category: a.category(c, true), Version: c.Version}
	if !c.Parent.IsZero() {
		parent := c.Parent.String()
		out.ParentID = &parent
	}
	return out
}

func (a *api) savedCategory(c core.SavedCategory, err error) (*reply[AdminCategory], error) {
	if err != nil {
		return nil, err
	}
	return &reply[AdminCategory]{Body: a.adminCategory(c.CategoryView), ETag: strongETag(c.Version), Mark: c.Mark}, nil
}

func savedAttribute(d core.SavedAttribute, err error) (*reply[AdminAttribute], error) {
	if err != nil {
		return nil, err
	}
	return &reply[AdminAttribute]{
		Body: AdminAttribute{Attribute: attribute(d.AttributeDefinition, core.CategoryView{}), Version: d.Version}, ETag: strongETag(d.Version), Mark: d.Mark,
	}, nil
}
