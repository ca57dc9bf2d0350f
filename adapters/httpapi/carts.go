package httpapi

import (
	"context"
	"net/http"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/ports"
)

// Cart is a basket at today's prices.
type Cart struct {
	ID        string       `json:"id"`
	Token     string       `json:"token,omitempty" doc:"What a guest shows in X-Cart-Token; told once, at creation."`
	Status    string       `json:"status" enum:"open,ordering,ordered,expired"`
	Version   int64        `json:"version"`
	Currency  string       `json:"currency"`
	ItemCount int          `json:"item_count"`
	ExpiresAt Time         `json:"expires_at"`
	Lines     []CartLine   `json:"lines"`
	Coupons   []CartCoupon `json:"coupons"`
	Subtotal  Money        `json:"subtotal"`
	Discount  Money        `json:"discount"`
}

// CartLine is a number of units of a SKU.
type CartLine struct {
	SKU          string            `json:"sku"`
	Product      Null[CartProduct] `json:"product" doc:"null when it is not in the catalogue any more"`
	Options      map[string]string `json:"options"`
	Image        Null[Image]       `json:"image"`
	Quantity     int               `json:"quantity"`
	MaxQuantity  int               `json:"max_quantity"`
	UnitPrice    Money             `json:"unit_price"`
	AddedPrice   Money             `json:"added_price" doc:"What it cost when it was put in."`
	PriceChanged bool              `json:"price_changed"`
	Subtotal     Money             `json:"subtotal"`
	InStock      bool              `json:"in_stock"`
	Available    int               `json:"available"`
	Problem      *string           `json:"problem" doc:"price_changed, insufficient_stock or unavailable"`
}

// CartProduct is the product of a line.
type CartProduct struct {
	ID   string `json:"id"`
	Slug string `json:"slug"`
	Name string `json:"name"`
}

// CartCoupon is a code somebody entered.
type CartCoupon struct {
	Code    string  `json:"code"`
	Applied bool    `json:"applied"`
	Reason  *string `json:"reason" doc:"coupon_unknown, coupon_expired, coupon_exhausted or coupon_not_applicable"`
}

// CartRef is how a request names a cart and shows that it may. It is exported
// because huma does not look into embedded types that are not.
type CartRef struct {
	ID    string `path:"id"`
	Token string `header:"X-Cart-Token"`
}

func (a *api) registerCarts() {
	const tag = "carts"
	// A key would have to keep the token: creating a cart again is harmless instead.
	register(a.edge, operation{
		ID: "createCart", Method: http.MethodPost, Path: "/v1/carts", Tag: tag, Status: http.StatusCreated, Key: keyIgnored,
		Summary: "Open an empty cart",
	}, func(ctx context.Context, _ *struct{ Body *struct{} }) (*reply[Cart], error) {
		c, err := a.shop.Carts.Open(ctx, core.OpenCart{By: caller(ctx, "")})
		if err != nil {
			return nil, err
		}
		rep := a.cart(c)
		rep.Location = "/v1/carts/" + c.ID.String()
		return rep, nil
	})
	register(a.edge, operation{ID: "readCart", Method: http.MethodGet, Path: "/v1/carts/{id}", Tag: tag, Summary: "Show a cart at today's prices"},
		func(ctx context.Context, in *struct{ CartRef }) (*reply[Cart], error) {
			cart, err := pathID(in.ID, "cart")
			if err != nil {
				return nil, err
			}
			c, err := a.shop.Carts.Find(ctx, core.FindCart{By: caller(ctx, in.Token), Cart: id.Cart{UUID: cart}, After: after(ctx, ports.Orders)})
			if err != nil {
				return nil, err
			}
			return a.cart(c), nil
		})
	register(a.edge, operation{
		ID: "setCartLine", Method: http.MethodPut, Path: "/v1/carts/{id}/lines/{sku}", MayMatch: true, Tag: tag,
		Summary: "Put a quantity of a SKU into a cart", Description: "In place of what was there; 0 takes the line out.",
	}, func(ctx context.Context, in *struct {
		CartRef
		SKU  string `path:"sku"`
		Body struct {
			Quantity int32 `json:"quantity" minimum:"0"`
		}
	},
	) (*reply[Cart], error) {
		cart, version, err := cartWrite(ctx, in.ID)
		if err != nil {
			return nil, err
		}
		c, err := a.shop.Carts.SetLine(ctx, core.SetCartLine{
			By: caller(ctx, in.Token), Cart: cart, Version: version, SKU: id.SKU(in.SKU), Quantity: int(in.Body.Quantity),
		})
		if err != nil {
			return nil, err
		}
		return a.cart(c), nil
	})
	register(a.edge, operation{ID: "removeCartLine", Method: http.MethodDelete, Path: "/v1/carts/{id}/lines/{sku}", MayMatch: true, Tag: tag, Summary: "Take a SKU out of a cart"},
		func(ctx context.Context, in *struct {
			CartRef
			SKU string `path:"sku"`
		},
		) (*reply[Cart], error) {
			cart, version, err := cartWrite(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			c, err := a.shop.Carts.RemoveLine(ctx, core.RemoveCartLine{By: caller(ctx, in.Token), Cart: cart, Version: version, SKU: id.SKU(in.SKU)})
			if err != nil {
				return nil, err
			}
			return a.cart(c), nil
		})
	for _, op := range []struct {
		operation
		change func(context.Context, core.ApplyCoupon) (core.CartView, error)
	}{
		{
			operation{
				ID: "applyCoupon", Method: http.MethodPut, Summary: "Put a coupon into a cart",
				Description: "Refused unless it counts for what is in the cart now. Codes are the same in any case.",
			},
			a.shop.Carts.ApplyCoupon,
		},
		{
			operation{ID: "removeCoupon", Method: http.MethodDelete, Summary: "Take a coupon out of a cart"},
			func(ctx context.Context, c core.ApplyCoupon) (core.CartView, error) {
				return a.shop.Carts.RemoveCoupon(ctx, core.RemoveCoupon(c))
			},
		},
	} {
		op.Path, op.Tag, op.MayMatch = "/v1/carts/{id}/coupons/{code}", tag, true
		register(a.edge, op.operation, func(ctx context.Context, in *struct {
			CartRef
			Code string `path:"code"`
		},
		) (*reply[Cart], error) {
			cart, version, err := cartWrite(ctx, in.ID)
			if err != nil {
				return nil, err
			}
			c, err := op.change(ctx, core.ApplyCoupon{By: caller(ctx, in.Token), Cart: cart, Version: version, Code: in.Code})
			if err != nil {
				return nil, err
			}
			return a.cart(c), nil
		})
	}
}

// cartWrite reads which cart a write is about and, if the client says, which
// version of it.
func cartWrite(ctx context.Context, text string) (id.Cart, int64, error) {
	cart, err := pathID(text, "cart")
	if err != nil {
		return id.Cart{}, 0, err
	}
	condition, err := preconditionOf(exchangeOf(ctx).r.Header)
	return id.Cart{UUID: cart}, condition.Version, err
}

func (a *api) cart(c core.CartView) *reply[Cart] {
	out := Cart{
		ID: c.ID.String(), Token: c.Token, Status: string(c.Status), Version: c.Version, Currency: string(c.Currency),
		ItemCount: c.ItemCount(), ExpiresAt: Time{c.ExpiresAt}, Lines: make([]CartLine, len(c.Lines)), Coupons: make([]CartCoupon, len(c.Coupons)),
		Subtotal: moneyOf(c.Subtotal), Discount: moneyOf(c.Discount),
	}
	for i, l := range c.Lines {
		out.Lines[i] = a.cartLine(l)
	}
	for i, coupon := range c.Coupons {
		out.Coupons[i] = CartCoupon{Code: coupon.Code, Applied: coupon.Problem == "", Reason: text(string(coupon.Problem))}
	}
	return &reply[Cart]{Body: out, ETag: strongETag(c.Version), Mark: c.Mark}
}

func (a *api) cartLine(l core.CartLine) CartLine {
	out := CartLine{
		SKU: string(l.SKU), Options: options(l.Offer.Options), Image: a.image(l.Offer.Image),
		Quantity: l.Quantity, MaxQuantity: l.MaxQuantity, AddedPrice: moneyOf(l.AddedPrice), UnitPrice: moneyOf(l.AddedPrice),
		Subtotal: moneyOf(l.Subtotal), InStock: l.Available > 0, Available: l.Available, Problem: text(string(l.Problem)),
	}
	if !l.Offer.Product.IsZero() {
		out.Product = Some(CartProduct{ID: l.Offer.Product.String(), Slug: l.Offer.ProductSlug, Name: l.Offer.ProductName})
		out.UnitPrice = moneyOf(l.Offer.Price)
		out.PriceChanged = l.Offer.Price != l.AddedPrice
	}
	return out
}
