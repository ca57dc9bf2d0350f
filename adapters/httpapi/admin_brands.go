package httpapi

import (
	"context"
	"net/http"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
)

// AdminBrand is a brand as operators see it.
type AdminBrand struct {
	Brand
	Version int64 `json:"version"`
}

type brandRequest struct {
	Name        string        `json:"name" maxLength:"200"`
	Slug        string        `json:"slug,omitempty" maxLength:"120"`
	Description string        `json:"description,omitempty" maxLength:"50000"`
	ImageID     Opt[id.Image] `json:"image_id,omitzero"`
	SEO         seoRequest    `json:"seo,omitzero"`
}

type brandPatch struct {
	Name        *string       `json:"name,omitempty" maxLength:"200"`
	Slug        *string       `json:"slug,omitempty" maxLength:"120"`
	Description Opt[string]   `json:"description,omitzero" maxLength:"50000"`
	ImageID     Opt[id.Image] `json:"image_id,omitzero"`
	SEO         *seoRequest   `json:"seo,omitempty"`
}

func (a *api) registerAdminBrands() {
	const tag = "brands"
	fields := map[string]string{"image": "image_id"}
	register(a.edge, operation{ID: "adminListBrands", Method: http.MethodGet, Path: "/v1/admin/brands", Tag: tag, Permission: account.CatalogRead, Summary: "List brands"},
		func(ctx context.Context, in *struct {
			Browse
			Sort string `query:"sort" enum:"name,-name" default:"name"`
		},
		) (*reply[CursorPage[AdminBrand]], error) {
			list, err := a.shop.Catalog.BrowseBrands(ctx, core.BrowseBrands{By: caller(ctx, "")})
			if err != nil {
				return nil, err
			}
			brands := make([]AdminBrand, len(list))
			for i := range list {
				brands[i] = AdminBrand{Brand: a.brand(&list[i]), Version: list[i].Version}
			}
			page, err := browse("brands", in.Browse, in.Sort, brands, func(b *AdminBrand) named { return named{b.ID, b.Slug, b.Name} })
			return &reply[CursorPage[AdminBrand]]{Body: page}, err
		})
	register(a.edge, operation{
		ID: "createBrand", Method: http.MethodPost, Path: "/v1/admin/brands", Tag: tag, Permission: account.CatalogWrite,
		Status: http.StatusCreated, Fields: fields, Summary: "Create a brand",
	}, func(ctx context.Context, in *struct{ Body brandRequest }) (*reply[AdminBrand], error) {
		b := in.Body
		saved, err := a.shop.Catalog.CreateBrand(ctx, core.CreateBrand{
			By: caller(ctx, ""), Slug: b.Slug, Name: b.Name, Description: b.Description, Image: b.ImageID.Value, SEO: catalog.SEO(b.SEO),
			Key: requested(ctx),
		})
		rep, err := a.savedBrand(saved, err)
		if err == nil {
			rep.Location = "/v1/admin/brands/" + saved.ID.String()
		}
		return rep, err
	})
	register(a.edge, operation{ID: "adminReadBrand", Method: http.MethodGet, Path: "/v1/admin/brands/{id}", Tag: tag, Permission: account.CatalogRead, Summary: "Show a brand"},
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		},
		) (*reply[AdminBrand], error) {
			b, err := pathID(in.ID, "brand")
			if err != nil {
				return nil, err
			}
			return a.savedBrand(a.shop.Catalog.FindBrand(ctx, core.FindBrand{By: caller(ctx, ""), Brand: id.Brand{UUID: b}}))
		})
	register(a.edge, operation{
		ID: "replaceBrand", Method: http.MethodPut, Path: "/v1/admin/brands/{id}", Tag: tag, Permission: account.CatalogWrite,
		IfMatch: true, Fields: fields, Summary: "Make a brand as given",
	}, func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body brandRequest
	},
	) (*reply[AdminBrand], error) {
		u, err := pathID(in.ID, "brand")
		if err != nil {
			return nil, err
		}
		b := in.Body
		return a.savedBrand(a.shop.Catalog.ReplaceBrand(ctx, core.ReplaceBrand{
			By: caller(ctx, ""), Brand: id.Brand{UUID: u}, Version: conditions(ctx).Version, Slug: b.Slug, Name: b.Name,
			Description: b.Description, Image: b.ImageID.Value, SEO: catalog.SEO(b.SEO),
		}))
	})
	register(a.edge, operation{
		ID: "patchBrand", Method: http.MethodPatch, Path: "/v1/admin/brands/{id}", Tag: tag, Permission: account.CatalogWrite,
		IfMatch: true, Fields: fields, Summary: "Change some members of a brand",
	}, func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body brandPatch
	},
	) (*reply[AdminBrand], error) {
		u, err := pathID(in.ID, "brand")
		if err != nil {
			return nil, err
		}
		b := in.Body
		return a.savedBrand(a.shop.Catalog.PatchBrand(ctx, core.PatchBrand{
			By: caller(ctx, ""), Brand: id.Brand{UUID: u}, Version: conditions(ctx).Version, Slug: b.Slug, Name: b.Name,
			Description: changed(b.Description), Image: changed(b.ImageID), SEO: (*catalog.SEO)(b.SEO),
		}))
	})
	register(a.edge, operation{ID: "deleteBrand", Method: http.MethodDelete, Path: "/v1/admin/brands/{id}", MayMatch: true, Tag: tag, Permission: account.CatalogWrite, Summary: "Delete a brand without products"},
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		},
		) (*reply[nothing], error) {
			b, version, err := writeOf(ctx, in.ID, "brand")
			if err != nil {
				return nil, err
			}
			return gone(a.shop.Catalog.DeleteBrand(ctx, core.DeleteBrand{By: caller(ctx, ""), Brand: id.Brand{UUID: b}, Version: version}))
		})
}

func (a *api) savedBrand(b core.SavedBrand, err error) (*reply[AdminBrand], error) {
	if err != nil {
		return nil, err
	}
	return &reply[AdminBrand]{Body: AdminBrand{Brand: a.brand(&b.Brand), Version: b.Version}, ETag: strongETag(b.Version), Mark: b.Mark}, nil
}
