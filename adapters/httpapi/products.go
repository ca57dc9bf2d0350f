package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// ProductList is a page of products, or a stretch of all of them. It is always
// rendered.
type ProductList struct{}

// Schema implements huma.SchemaProvider.
func (ProductList) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{AnyOf: []*huma.Schema{
		r.Schema(reflect.TypeFor[Page[ProductItem]](), true, ""), r.Schema(reflect.TypeFor[CursorPage[ProductItem]](), true, ""),
	}}
}

// maxSKUs is how many products can be asked for by SKU at once.
const maxSKUs = 100

// listProducts is everything GET /v1/products takes: filters and a page, or
// SKUs, or a cursor to walk all.
type listProducts struct {
	Category string `query:"category" maxLength:"120" doc:"slug; with everything below it"`
	Brand    string `query:"brand" maxLength:"120"`
	Featured string `query:"featured" enum:"true,false"`
	Sort     string `query:"sort" enum:"newest,price_asc,price_desc,rating,popularity"`
	Page     int    `query:"page" minimum:"1" default:"1"`
	PerPage  int    `query:"per_page" minimum:"1" maximum:"100" default:"24"`

	SKUs string `query:"skus" maxLength:"6500" doc:"comma-separated, up to 100; instead of filters"`

	Cursor       string    `query:"cursor" doc:"to walk all products: empty to begin, then next_cursor"`
	Limit        int       `query:"limit" minimum:"1" maximum:"100" default:"100"`
	UpdatedSince time.Time `query:"updated_since"`
}

func (a *api) registerProducts() {
	const tag = "products"
	register(a.edge, operation{
		ID: "listProducts", Method: http.MethodGet, Path: "/v1/products", Tag: tag, Cache: forEverybody, Summary: "List active products",
		Description: "With `cursor` (empty to begin) it walks all of them and answers `items` and `next_cursor`.",
	}, func(ctx context.Context, in *listProducts) (*reply[ProductList], error) {
		switch u := exchangeOf(ctx).r.URL; {
		case strings.Contains(u.RawQuery, "cursor") && u.Query().Has("cursor"):
			return a.walkProducts(ctx, in)
		case in.SKUs != "":
			return a.productsBySKU(ctx, in.SKUs)
		default:
			return a.pageOfProducts(ctx, in)
		}
	})
	register(a.edge, operation{ID: "readProduct", Method: http.MethodGet, Path: "/v1/products/{slug}", Tag: tag, Cache: forEverybody, Also: anotherAddress(), Summary: "Show an active product"},
		func(ctx context.Context, in *struct {
			Slug string `path:"slug"`
		},
		) (*reply[Product], error) {
			v, err := a.shop.Catalog.Product(ctx, in.Slug, afterAll(ctx))
			if err != nil {
				return nil, err
			}
			if v.Slug != in.Slug {
				return moved[Product](ctx, "/v1/products/"+v.Slug), nil
			}
			body, err := a.seen.show(&v, viewPage, "", func() any { return a.product(&v) })
			return &reply[Product]{Rendered: body, ETag: revisionTag(&v)}, err
		})
	register(a.edge, operation{ID: "listRelatedProducts", Method: http.MethodGet, Path: "/v1/products/{slug}/related", Tag: tag, Cache: forEverybody, Summary: "List what goes with a product"},
		func(ctx context.Context, in *struct {
			Slug  string `path:"slug"`
			Limit int    `query:"limit" minimum:"1" maximum:"24" default:"8"`
		},
		) (*reply[List[Card]], error) {
			views, err := a.shop.Catalog.Related(ctx, in.Slug, in.Limit, afterAll(ctx))
			if err != nil {
				return nil, err
			}
			cards := make([][]byte, len(views))
			for i := range views {
				if cards[i], err = a.seen.show(&views[i], viewCard, "", func() any { return a.card(&views[i], "") }); err != nil {
					return nil, err
				}
			}
			b := a.buffer()
			items(b, cards)
			b.WriteString("}\n")
			return &reply[List[Card]]{Written: b}, nil
		})
}

func (a *api) pageOfProducts(ctx context.Context, in *listProducts) (*reply[ProductList], error) {
	l := core.ListProducts{
		Category: in.Category, Brand: in.Brand, Sort: catalog.Sort(in.Sort), Page: in.Page, PerPage: in.PerPage, After: afterAll(ctx),
	}
	if in.Featured != "" {
		featured := in.Featured == "true"
		l.Featured = &featured
	}
	var kept lookup
	l.Known = func(p *core.ProductPage) bool {
		kept = a.pages.look(func(s *sum) { s.list(p) })
		return kept.found
	}
	p, err := a.shop.Catalog.List(ctx, l)
	if err != nil {
		return nil, err
	}
	if kept.found {
		return &reply[ProductList]{Rendered: kept.body, ETag: kept.etag}, nil
	}
	list, err := a.items(p.Products)
	if err != nil {
		return nil, err
	}
	b := a.page(list, p.Page, p.PerPage, p.Total, p.MaxPage)
	etag := stateTag(b.Bytes())
	a.pages.keep(kept, page{body: b.Bytes(), etag: etag})
	return &reply[ProductList]{Written: b, ETag: etag}, nil
}

func (a *api) productsBySKU(ctx context.Context, text string) (*reply[ProductList], error) {
	names := strings.Split(text, ",")
	if len(names) > maxSKUs {
		return nil, invalid(FieldError{"query.skus", "too_long", fmt.Sprintf("must be at most %d SKUs", maxSKUs)})
	}
	skus := make([]id.SKU, len(names))
	for i, name := range names {
		skus[i] = id.SKU(strings.TrimSpace(name))
		if skus[i].Validate() != nil {
			return nil, invalid(FieldError{"query.skus", "pattern", fmt.Sprintf("%q is not a SKU", name)})
		}
	}
	views, err := a.shop.Catalog.ProductsBySKU(ctx, skus, afterAll(ctx))
	if err != nil {
		return nil, err
	}
	list, err := a.items(views)
	if err != nil {
		return nil, err
	}
	return &reply[ProductList]{Written: a.page(list, 1, maxSKUs, len(list), 1)}, nil
}

func (a *api) walkProducts(ctx context.Context, in *listProducts) (*reply[ProductList], error) {
	const scope = "products"
	from, err := uuidCursor(scope, in.Cursor)
	if err != nil {
		return nil, err
	}
	s, err := a.shop.Catalog.Walk(ctx, core.WalkProducts{UpdatedSince: in.UpdatedSince, From: id.Product{UUID: from}, Limit: in.Limit, After: afterAll(ctx)})
	if err != nil {
		return nil, err
	}
	list, err := a.items(s.Products)
	if err != nil {
		return nil, err
	}
	b := a.buffer()
	items(b, list)
	b.WriteString(`,"next_cursor":`)
	if next := nextCursor(scope, s.Next.UUID); next != nil {
		b.WriteString(`"` + *next + `"`)
	} else {
		b.WriteString("null")
	}
	b.WriteString("}\n")
	return &reply[ProductList]{Written: b}, nil
}

// items renders products as lists carry them.
func (a *api) items(views []core.ProductView) ([][]byte, error) {
	list := make([][]byte, len(views))
	var err error
	for i := range views {
		if list[i], err = a.seen.show(&views[i], viewItem, "", func() any { return a.productItem(&views[i]) }); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// afterAll returns the states that this request must see.
func afterAll(ctx context.Context) ports.Marks {
	return ports.Marks{Catalog: after(ctx, ports.Catalog), Orders: after(ctx, ports.Orders), Identity: after(ctx, ports.Identity)}
}

// anotherAddress documents what reads by slug answer besides.
func anotherAddress() []int { return []int{http.StatusMovedPermanently} }

// moved answers an old slug with where it is now, the same question asked there.
func moved[T any](ctx context.Context, to string) *reply[T] {
	if query := exchangeOf(ctx).r.URL.RawQuery; query != "" {
		to += "?" + query
	}
	return &reply[T]{Status: http.StatusMovedPermanently, Location: to}
}
