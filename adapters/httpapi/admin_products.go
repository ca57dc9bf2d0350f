package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/ports"
)

// AdminProduct is a product as operators see it.
type AdminProduct struct {
	ProductItem
	Description string         `json:"description"`
	Specs       []Spec         `json:"specs"`
	ReleasedAt  Null[Time]     `json:"released_at"`
	Variants    []AdminVariant `json:"variants"` // in place of ProductItem's
}

// AdminVariant is a variant with its stock.
type AdminVariant struct {
	Variant
	PriceOverride   Null[Money] `json:"price_override"`
	StockQty        int         `json:"stock_qty" doc:"on hand"`
	Reserved        int         `json:"reserved"`
	Available       int         `json:"available"`
	BackorderPolicy string      `json:"backorder_policy" enum:"deny"`
	Version         int64       `json:"version" doc:"its product's"`
}

type variantRequest struct {
	SKU            string            `json:"sku" maxLength:"64"`
	Title          string            `json:"title,omitempty" maxLength:"500"`
	Options        map[string]string `json:"options,omitempty" maxProperties:"20"`
	Attributes     givenValues       `json:"attributes,omitempty" maxProperties:"500"`
	PriceOverride  Opt[Money]        `json:"price_override,omitzero" doc:"null: the product's base price"`
	CompareAtPrice Opt[Money]        `json:"compare_at_price,omitzero"`
	Status         string            `json:"status,omitempty" enum:"active,disabled,archived"`
	ImageIDs       []string          `json:"image_ids,omitempty" maxItems:"50"`
	EAN            []string          `json:"ean,omitempty" maxItems:"20"`
}

type productRequest struct {
	Name           string           `json:"name" maxLength:"500"`
	Slug           string           `json:"slug,omitempty" maxLength:"120"`
	Description    string           `json:"description,omitempty" maxLength:"50000"`
	Status         string           `json:"status,omitempty" enum:"draft,active,archived" doc:"at creation draft"`
	BrandID        Opt[id.Brand]    `json:"brand_id,omitzero"`
	CategoryID     Opt[id.Category] `json:"category_id,omitzero"`
	BasePrice      Opt[Money]       `json:"base_price,omitzero" doc:"Without it, the first variant's price."`
	CompareAtPrice Opt[Money]       `json:"compare_at_price,omitzero"`
	Featured       bool             `json:"featured,omitempty"`
	Attributes     givenValues      `json:"attributes,omitempty" maxProperties:"500"`
	ImageIDs       []string         `json:"image_ids,omitempty" maxItems:"50"`
	SEO            seoRequest       `json:"seo,omitzero"`
	ReleasedAt     Opt[Time]        `json:"released_at,omitzero"`
	Variants       []variantRequest `json:"variants,omitempty" maxItems:"500"`
}

type productPatch struct {
	Name           *string          `json:"name,omitempty" maxLength:"500"`
	Slug           *string          `json:"slug,omitempty" maxLength:"120"`
	Description    Opt[string]      `json:"description,omitzero" maxLength:"50000"`
	Status         *string          `json:"status,omitempty" enum:"draft,active,archived"`
	BrandID        Opt[id.Brand]    `json:"brand_id,omitzero"`
	CategoryID     Opt[id.Category] `json:"category_id,omitzero"`
	BasePrice      Opt[Money]       `json:"base_price,omitzero"`
	CompareAtPrice Opt[Money]       `json:"compare_at_price,omitzero"`
	Featured       *bool            `json:"featured,omitempty"`
	Attributes     changedValues    `json:"attributes,omitempty" maxProperties:"500" doc:"by name; null takes a value away"`
	ImageIDs       *[]string        `json:"image_ids,omitempty" maxItems:"50"`
	SEO            *seoRequest      `json:"seo,omitempty"`
	ReleasedAt     Opt[Time]        `json:"released_at,omitzero"`
}

type variantPatch struct {
	SKU            *string            `json:"sku,omitempty" maxLength:"64" doc:"cannot be changed: a new SKU is a new variant"`
	Title          Opt[string]        `json:"title,omitzero" maxLength:"500"`
	Options        *map[string]string `json:"options,omitempty" maxProperties:"20"`
	Attributes     changedValues      `json:"attributes,omitempty" maxProperties:"500"`
	PriceOverride  Opt[Money]         `json:"price_override,omitzero"`
	CompareAtPrice Opt[Money]         `json:"compare_at_price,omitzero"`
	Status         *string            `json:"status,omitempty" enum:"active,disabled,archived"`
	ImageIDs       *[]string          `json:"image_ids,omitempty" maxItems:"50"`
	EAN            *[]string          `json:"ean,omitempty" maxItems:"20"`
}

type seoRequest struct {
	Title       string `json:"title,omitempty" maxLength:"200"`
	Description string `json:"description,omitempty" maxLength:"500"`
}

// productFields says where the client put what the verb calls otherwise.
func productFields() map[string]string {
	return map[string]string{
		"brand": "brand_id", "category": "category_id", "compare_at": "compare_at_price", "images": "image_ids",
		"released": "released_at", "price": "price_override",
	}
}

func (a *api) registerAdminProducts() {
	a.registerBrowseProducts()
	a.registerProductWrites()
	a.registerProductSteps()
	a.registerAdminVariants()
}

func (a *api) registerBrowseProducts() {
	const tag = "products"
	register(a.edge, operation{ID: "adminListProducts", Method: http.MethodGet, Path: "/v1/admin/products", Tag: tag, Permission: account.CatalogRead, Summary: "List products of every status"},
		func(ctx context.Context, in *struct {
			Q            string    `query:"q" maxLength:"200" doc:"part of a name or the beginning of a SKU"`
			Status       string    `query:"status" enum:"draft,active,archived"`
			Category     string    `query:"category" doc:"id"`
			Brand        string    `query:"brand" doc:"id"`
			UpdatedSince time.Time `query:"updated_since"`
			Sort         string    `query:"sort" enum:"id,-id,name,-name,updated_at,-updated_at,price,-price" default:"id"`
			Cursor       string    `query:"cursor"`
			Limit        int       `query:"limit" minimum:"1" maximum:"100" default:"24"`
			Count        bool      `query:"count"`
		},
		) (*reply[CursorPage[AdminProduct]], error) {
			column, descending := strings.CutPrefix(in.Sort, "-")
			b := catalog.Browse{
				Query: in.Q, Status: catalog.Status(in.Status), UpdatedSince: in.UpdatedSince, Sort: catalog.BrowseSort(column),
				Descending: descending, Limit: in.Limit, Count: in.Count,
			}
			scope := strings.Join([]string{"admin.products", in.Sort, in.Q, in.Status, in.Category, in.Brand}, "\x00")
			at, err := decodeCursor(scope, in.Cursor, 2)
			if err != nil {
				return nil, err
			}
			if at != nil {
				u, ok := id.Parse(at[1])
				if !ok {
					return nil, invalid(FieldError{"query.cursor", "pattern", "is not a cursor of this list"})
				}
				b.After = catalog.BrowseKey{Value: at[0], ID: id.Product{UUID: u}}
			}
			if b.Category.UUID, err = queryID("category", in.Category); err != nil {
				return nil, err
			}
			if b.Brand.UUID, err = queryID("brand", in.Brand); err != nil {
				return nil, err
			}
			found, err := a.shop.Catalog.Browse(ctx, core.BrowseProducts{By: caller(ctx, ""), Browse: b})
			if err != nil {
				return nil, err
			}
			out := CursorPage[AdminProduct]{Items: make([]AdminProduct, len(found.Products))}
			for i := range found.Products {
				out.Items[i] = a.adminProduct(&found.Products[i])
			}
			if !found.Next.IsZero() {
				next := encodeCursor(scope, found.Next.Value, found.Next.ID.String())
				out.NextCursor = &next
			}
			if in.Count {
				out.Total = &found.Total
			}
			return &reply[CursorPage[AdminProduct]]{Body: out}, nil
		})
	register(a.edge, operation{ID: "adminReadProduct", Method: http.MethodGet, Path: "/v1/admin/products/{id}", Tag: tag, Permission: account.CatalogRead, Summary: "Show a product of any status"},
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		},
		) (*reply[AdminProduct], error) {
			p, err := pathID(in.ID, "product")
			if err != nil {
				return nil, err
			}
			return a.saved(a.shop.Catalog.Find(ctx, core.FindProduct{By: caller(ctx, ""), Product: id.Product{UUID: p}}))
		})
}

func (a *api) registerProductWrites() {
	const tag = "products"
	register(a.edge, operation{
		ID: "createProduct", Method: http.MethodPost, Path: "/v1/admin/products", Tag: tag, Permission: account.CatalogWrite,
		Status: http.StatusCreated, Fields: productFields(), Summary: "Create a product",
		Description: "It is a draft unless its status says otherwise. Without variants it gets one, whose SKU is made from the slug.",
	}, func(ctx context.Context, in *struct{ Body productRequest }) (*reply[AdminProduct], error) {
		b := in.Body
		read, err := b.read()
		if err != nil {
			return nil, err
		}
		status := catalog.Status(b.Status)
		if status == "" {
			status = catalog.Draft
		}
		p, err := a.shop.Catalog.Create(ctx, core.CreateProduct{
			By: caller(ctx, ""), Slug: b.Slug, Name: b.Name, Description: b.Description, Status: status, Brand: b.BrandID.Value,
			Category: b.CategoryID.Value, BasePrice: optAmount(b.BasePrice), CompareAt: optAmount(b.CompareAtPrice), Featured: b.Featured,
			Attributes: read.attributes, Images: read.images, SEO: catalog.SEO(b.SEO), Released: b.ReleasedAt.Value.Time, Variants: read.variants,
			Key: requested(ctx),
		})
		rep, err := a.saved(p, err)
		if err == nil {
			rep.Location = "/v1/admin/products/" + p.ID.String()
		}
		return rep, err
	})
	register(a.edge, operation{
		ID: "replaceProduct", Method: http.MethodPut, Path: "/v1/admin/products/{id}", Tag: tag, Permission: account.CatalogWrite, IfMatch: true,
		Fields: productFields(), Summary: "Make a product as given",
	}, func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body productRequest
	},
	) (*reply[AdminProduct], error) {
		p, err := pathID(in.ID, "product")
		if err != nil {
			return nil, err
		}
		b := in.Body
		read, err := b.read()
		if err != nil {
			return nil, err
		}
		return a.saved(a.shop.Catalog.Replace(ctx, core.ReplaceProduct{
			By: caller(ctx, ""), Product: id.Product{UUID: p}, Version: conditions(ctx).Version, Slug: b.Slug, Name: b.Name,
			Description: b.Description, Status: catalog.Status(b.Status), Brand: b.BrandID.Value, Category: b.CategoryID.Value,
			BasePrice: optAmount(b.BasePrice), CompareAt: optAmount(b.CompareAtPrice), Featured: b.Featured, Attributes: read.attributes,
			Images: read.images, SEO: catalog.SEO(b.SEO), Released: b.ReleasedAt.Value.Time, Variants: read.variants,
		}))
	})
	register(a.edge, operation{
		ID: "patchProduct", Method: http.MethodPatch, Path: "/v1/admin/products/{id}", Tag: tag, Permission: account.CatalogWrite, IfMatch: true,
		Fields: productFields(), Summary: "Change some members of a product",
	}, func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body productPatch
	},
	) (*reply[AdminProduct], error) {
		p, err := pathID(in.ID, "product")
		if err != nil {
			return nil, err
		}
		b := in.Body
		cmd := core.PatchProduct{
			By: caller(ctx, ""), Product: id.Product{UUID: p}, Version: conditions(ctx).Version, Slug: b.Slug, Name: b.Name,
			Description: changed(b.Description), Status: (*catalog.Status)(b.Status), Brand: changed(b.BrandID), Category: changed(b.CategoryID),
			BasePrice: changedAmount(b.BasePrice), CompareAt: changedAmount(b.CompareAtPrice), Featured: b.Featured,
			SEO: (*catalog.SEO)(b.SEO),
		}
		if b.ReleasedAt.Set {
			cmd.Released = &b.ReleasedAt.Value.Time
		}
		var f fault.Fields
		cmd.Attributes, cmd.Images = b.Attributes.take(&f, "attributes"), changedImages(&f, b.ImageIDs)
		if err := f.Err(); err != nil {
			return nil, err
		}
		return a.saved(a.shop.Catalog.Patch(ctx, cmd))
	})
	register(a.edge, operation{ID: "deleteProduct", Method: http.MethodDelete, Path: "/v1/admin/products/{id}", MayMatch: true, Tag: tag, Permission: account.CatalogWrite, Summary: "Delete a product"},
		func(ctx context.Context, in *struct {
			ID string `path:"id"`
		},
		) (*reply[nothing], error) {
			p, version, err := writeOf(ctx, in.ID, "product")
			if err != nil {
				return nil, err
			}
			mark, err := a.shop.Catalog.Delete(ctx, core.DeleteProduct{By: caller(ctx, ""), Product: id.Product{UUID: p}, Version: version})
			return gone(mark, err)
		})
}

func (a *api) registerProductSteps() {
	const tag = "products"
	step := func(name, path, summary string, do func(context.Context, id.Product, int64) (core.SavedProduct, error)) {
		register(a.edge, operation{ID: name, MayMatch: true, Method: http.MethodPost, Path: "/v1/admin/products/{id}/" + path, Tag: tag, Permission: account.CatalogWrite, Summary: summary},
			func(ctx context.Context, in *struct {
				ID string `path:"id"`
			},
			) (*reply[AdminProduct], error) {
				p, version, err := writeOf(ctx, in.ID, "product")
				if err != nil {
					return nil, err
				}
				return a.saved(do(ctx, id.Product{UUID: p}, version))
			})
	}
	step("publishProduct", "publish", "Put a product on sale", func(ctx context.Context, p id.Product, version int64) (core.SavedProduct, error) {
		return a.shop.Catalog.Publish(ctx, core.PublishProduct{By: caller(ctx, ""), Product: p, Version: version})
	})
	step("archiveProduct", "archive", "Take a product off sale", func(ctx context.Context, p id.Product, version int64) (core.SavedProduct, error) {
		return a.shop.Catalog.Archive(ctx, core.ArchiveProduct{By: caller(ctx, ""), Product: p, Version: version})
	})
	images := func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body struct {
			ImageIDs []string `json:"image_ids" maxItems:"50"`
		}
	},
	) (*reply[AdminProduct], error) {
		p, version, err := writeOf(ctx, in.ID, "product")
		if err != nil {
			return nil, err
		}
		var f fault.Fields
		pictures := imageIDs(&f, "image_ids", in.Body.ImageIDs)
		if err := f.Err(); err != nil {
			return nil, err
		}
		return a.saved(a.shop.Catalog.SetImages(ctx, core.SetProductImages{By: caller(ctx, ""), Product: id.Product{UUID: p}, Version: version, Images: pictures}))
	}
	register(a.edge, operation{
		ID: "setProductImages", Method: http.MethodPost, Path: "/v1/admin/products/{id}/images", MayMatch: true, Tag: tag, Permission: account.CatalogWrite,
		Fields: productFields(), Summary: "Choose a product's pictures, in order",
	}, images)
}

func (a *api) registerAdminVariants() {
	const tag = "products"
	register(a.edge, operation{
		ID: "addVariant", Method: http.MethodPost, Path: "/v1/admin/products/{id}/variants", MayMatch: true, Tag: tag, Permission: account.CatalogWrite,
		Status: http.StatusCreated, Fields: productFields(), Summary: "Add a variant",
	}, func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body variantRequest
	},
	) (*reply[AdminProduct], error) {
		p, version, err := writeOf(ctx, in.ID, "product")
		if err != nil {
			return nil, err
		}
		var f fault.Fields
		v := newVariant(&f, "", in.Body)
		if err := f.Err(); err != nil {
			return nil, err
		}
		rep, err := a.saved(a.shop.Catalog.AddVariant(ctx, core.AddVariant{By: caller(ctx, ""), Product: id.Product{UUID: p}, Version: version, NewVariant: v}))
		if err == nil {
			rep.Location = "/v1/admin/variants/" + string(v.SKU)
		}
		return rep, err
	})
	register(a.edge, operation{ID: "readVariant", Method: http.MethodGet, Path: "/v1/admin/variants/{sku}", Tag: tag, Permission: account.CatalogRead, Summary: "Show a variant", Description: "Its version is its product's."},
		func(ctx context.Context, in *struct {
			SKU string `path:"sku"`
		},
		) (*reply[AdminVariant], error) {
			return a.savedVariant(in.SKU)(a.shop.Catalog.FindVariant(ctx, core.FindVariant{By: caller(ctx, ""), SKU: id.SKU(in.SKU)}))
		})
	register(a.edge, operation{
		ID: "replaceVariant", Method: http.MethodPut, Path: "/v1/admin/variants/{sku}", Tag: tag, Permission: account.CatalogWrite, IfMatch: true,
		Fields: productFields(), Summary: "Make a variant as given",
	}, func(ctx context.Context, in *struct {
		SKU  string `path:"sku"`
		Body variantRequest
	},
	) (*reply[AdminVariant], error) {
		var f fault.Fields
		v := newVariant(&f, "", in.Body)
		if err := f.Err(); err != nil {
			return nil, err
		}
		return a.savedVariant(in.SKU)(a.shop.Catalog.ReplaceVariant(ctx, core.ReplaceVariant{
			By: caller(ctx, ""), SKU: id.SKU(in.SKU), Version: conditions(ctx).Version, NewVariant: v,
		}))
	})
	register(a.edge, operation{
		ID: "patchVariant", Method: http.MethodPatch, Path: "/v1/admin/variants/{sku}", Tag: tag, Permission: account.CatalogWrite, IfMatch: true,
		Fields: productFields(), Summary: "Change some members of a variant",
	}, func(ctx context.Context, in *struct {
		SKU  string `path:"sku"`
		Body variantPatch
	},
	) (*reply[AdminVariant], error) {
		b := in.Body
		cmd := core.PatchVariant{
			By: caller(ctx, ""), SKU: id.SKU(in.SKU), Version: conditions(ctx).Version, NewSKU: (*id.SKU)(b.SKU), Title: changed(b.Title),
			Price: changedAmount(b.PriceOverride), CompareAt: changedAmount(b.CompareAtPrice), Status: (*catalog.VariantStatus)(b.Status), EAN: b.EAN,
		}
		if b.Options != nil {
			list := optionList(*b.Options)
			cmd.Options = &list
		}
		var f fault.Fields
		cmd.Attributes, cmd.Images = b.Attributes.take(&f, "attributes"), changedImages(&f, b.ImageIDs)
		if err := f.Err(); err != nil {
			return nil, err
		}
		return a.savedVariant(in.SKU)(a.shop.Catalog.PatchVariant(ctx, cmd))
	})
	register(a.edge, operation{ID: "deleteVariant", Method: http.MethodDelete, Path: "/v1/admin/variants/{sku}", MayMatch: true, Tag: tag, Permission: account.CatalogWrite, Summary: "Delete a variant"},
		func(ctx context.Context, in *struct {
			SKU string `path:"sku"`
		},
		) (*reply[nothing], error) {
			condition, err := preconditionOf(exchangeOf(ctx).r.Header)
			if err != nil {
				return nil, err
			}
			p, err := a.shop.Catalog.DeleteVariant(ctx, core.DeleteVariant{By: caller(ctx, ""), SKU: id.SKU(in.SKU), Version: condition.Version})
			return gone(p.Mark, err)
		})
}

// saved answers an operator with a product.
func (a *api) saved(p core.SavedProduct, err error) (*reply[AdminProduct], error) {
	if err != nil {
		return nil, err
	}
	return &reply[AdminProduct]{Body: a.adminProduct(&p), ETag: strongETag(p.Version), Mark: p.Mark}, nil
}

// savedVariant answers an operator with one variant of a product.
func (a *api) savedVariant(sku string) func(core.SavedProduct, error) (*reply[AdminVariant], error) {
	return func(p core.SavedProduct, err error) (*reply[AdminVariant], error) {
		if err != nil {
			return nil, err
		}
		v := p.Variant(id.SKU(sku))
		if v == nil {
			return nil, fault.Missing("variant")
		}
		return &reply[AdminVariant]{Body: a.adminVariant(&p, v), ETag: strongETag(p.Version), Mark: p.Mark}, nil
	}
}

func (a *api) adminProduct(p *core.SavedProduct) AdminProduct {
	out := AdminProduct{
		ProductItem: a.productItem(&p.ProductView), Description: p.Description, Specs: specs(&p.ProductView),
		ReleasedAt: optionalTime(p.Released), Variants: make([]AdminVariant, len(p.Variants)),
	}
	for i := range p.Variants {
		out.Variants[i] = a.adminVariant(p, &p.Variants[i])
	}
	return out
}

func (a *api) adminVariant(p *core.SavedProduct, v *catalog.Variant) AdminVariant {
	level := p.Levels[v.SKU.Fold()]
	return AdminVariant{
		Variant: a.variant(&p.ProductView, v), PriceOverride: optionalMoney(v.PriceOverride), StockQty: level.OnHand,
		Reserved: level.Reserved, Available: level.Available(), BackorderPolicy: "deny", Version: p.Version,
	}
}

// writeOf reads which thing a write is about and, if the client says, which
// version of it.
func writeOf(ctx context.Context, text, resource string) (id.UUID, int64, error) {
	u, err := pathID(text, resource)
	if err != nil {
		return u, 0, err
	}
	condition, err := preconditionOf(exchangeOf(ctx).r.Header)
	return u, condition.Version, err
}

// gone answers a deletion.
func gone(mark ports.Mark, err error) (*reply[nothing], error) {
	if err != nil {
		return nil, err
	}
	return &reply[nothing]{Mark: mark}, nil
}

// queryID reads an optional id from a query parameter.
func queryID(name, text string) (id.UUID, error) {
	u, ok := id.Parse(text)
	if text != "" && !ok {
		return id.UUID{}, invalid(FieldError{"query." + name, "pattern", "is not an id"})
	}
	return u, nil
}

// readProduct is what of a product's members must be read before it means anything.
type readProduct struct {
	images     []id.Image
	attributes catalog.Attributes
	variants   []core.NewVariant // nil: none were given
}

func (b *productRequest) read() (readProduct, error) {
	var f fault.Fields
	r := readProduct{images: imageIDs(&f, "image_ids", b.ImageIDs), attributes: b.Attributes.take(&f, "attributes")}
	for i, v := range b.Variants {
		r.variants = append(r.variants, newVariant(&f, "variants["+strconv.Itoa(i)+"].", v))
	}
	return r, f.Err()
}

func newVariant(f *fault.Fields, at string, v variantRequest) core.NewVariant {
	return core.NewVariant{
		SKU: id.SKU(v.SKU), Title: v.Title, Options: optionList(v.Options), Attributes: v.Attributes.take(f, at+"attributes"),
		Price: optAmount(v.PriceOverride), CompareAt: optAmount(v.CompareAtPrice), Status: catalog.VariantStatus(v.Status),
		Images: imageIDs(f, at+"image_ids", v.ImageIDs), EAN: v.EAN,
	}
}

func imageIDs(f *fault.Fields, at string, texts []string) []id.Image {
	ids := make([]id.Image, len(texts))
	for i, text := range texts {
		u, ok := id.Parse(text)
		if !ok {
			f.Add(at+"["+strconv.Itoa(i)+"]", "unknown_reference", "is not the id of a picture")
		}
		ids[i] = id.Image{UUID: u}
	}
	return ids
}

// optionList orders options by name: JSON objects have no order.
func optionList(m map[string]string) []catalog.Option {
	list := make([]catalog.Option, 0, len(m))
	for _, name := range sortedKeys(m) {
		list = append(list, catalog.Option{Name: name, Value: m[name]})
	}
	return list
}

// changed is nil for a member that was not sent, and the zero value for null.
func changed[T any](o Opt[T]) *T {
	if !o.Set {
		return nil
	}
	return &o.Value
}

func optAmount(o Opt[Money]) money.Amount {
	if !o.Set || o.Null {
		return money.Amount{}
	}
	return o.Value.amount()
}

func changedAmount(o Opt[Money]) *money.Amount {
	if !o.Set {
		return nil
	}
	amount := optAmount(o)
	return &amount
}

func changedImages(f *fault.Fields, texts *[]string) *[]id.Image {
	if texts == nil {
		return nil
	}
	ids := imageIDs(f, "image_ids", *texts)
	return &ids
}
