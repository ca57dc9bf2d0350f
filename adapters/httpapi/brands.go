package httpapi

import (
	"context"
	"net/http"

	"github.com/bodega-commerce/bodega/core/catalog"
)

// Brand is who makes a product.
type Brand struct {
	ID          string      `json:"id"`
	Slug        string      `json:"slug"`
	Name        string      `json:"name"`
	Description string      `json:"description"`
	Image       Null[Image] `json:"image"`
	SEO         SEO         `json:"seo"`
}

func (a *api) registerBrands() {
	const tag = "brands"
	register(a.edge, operation{ID: "listBrands", Method: http.MethodGet, Path: "/v1/brands", Tag: tag, Cache: forEverybody, Summary: "List all brands by name"},
		func(ctx context.Context, _ *struct{}) (*reply[List[Brand]], error) {
			brands, err := a.shop.Catalog.Brands(ctx, afterAll(ctx))
			if err != nil {
				return nil, err
			}
			out := List[Brand]{Items: make([]Brand, len(brands))}
			for i := range brands {
				out.Items[i] = a.brand(&brands[i])
			}
			return &reply[List[Brand]]{Body: out}, nil
		})
	register(a.edge, operation{ID: "readBrand", Method: http.MethodGet, Path: "/v1/brands/{slug}", Tag: tag, Cache: forEverybody, Also: anotherAddress()[:1], Summary: "Show a brand"},
		func(ctx context.Context, in *struct {
			Slug string `path:"slug"`
		},
		) (*reply[Brand], error) {
			b, err := a.shop.Catalog.Brand(ctx, in.Slug, afterAll(ctx))
			if err != nil {
				return nil, err
			}
			if b.Slug != in.Slug {
				return moved[Brand](ctx, "/v1/brands/"+b.Slug), nil
			}
			return &reply[Brand]{Body: a.brand(&b)}, nil
		})
}

func (a *api) brand(b *catalog.Brand) Brand {
	return Brand{ID: b.ID.String(), Slug: b.Slug, Name: b.Name, Description: b.Description, Image: a.image(b.Image), SEO: seo(b.SEO)}
}
