package httpapi

import (
	"context"
	"net/http"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/pricing"
)

// Promotion is a reason to pay less.
type Promotion struct {
	ID             string      `json:"id"`
	Name           string      `json:"name" doc:"as the receipt says it"`
	Type           string      `json:"type" enum:"percentage,amount,free_shipping"`
	PercentBP      *int64      `json:"percent_bp" doc:"of a percentage, in basis points: 1000 is 10 %"`
	Amount         Null[Money] `json:"amount" doc:"of an amount, once an order"`
	CategoryIDs    []string    `json:"category_ids" doc:"whose goods it is for, with everything below; empty: all"`
	Minimum        Null[Money] `json:"minimum" doc:"what the goods it is for must cost together, before discounts"`
	CouponRequired bool        `json:"coupon_required"`
	Enabled        bool        `json:"enabled"`
	StartsAt       Null[Time]  `json:"starts_at"`
	EndsAt         Null[Time]  `json:"ends_at"`
	Version        int64       `json:"version"`
	CreatedAt      Time        `json:"created_at"`
	UpdatedAt      Time        `json:"updated_at"`
}

// Coupon is a word that gives the right to a promotion.
type Coupon struct {
	Code                  string `json:"code"`
	UsageLimit            *int64 `json:"usage_limit" doc:"orders in all"`
	UsageLimitPerCustomer *int64 `json:"usage_limit_per_customer" doc:"orders of one e-mail address"`
	Used                  int64  `json:"used" doc:"orders that have it and were not cancelled"`
	Version               int64  `json:"version"`
	CreatedAt             Time   `json:"created_at"`
	UpdatedAt             Time   `json:"updated_at"`
}

type promotionRequest struct {
	Name           string        `json:"name" minLength:"1" maxLength:"200"`
	Type           string        `json:"type" enum:"percentage,amount,free_shipping"`
	PercentBP      Opt[int64]    `json:"percent_bp,omitzero" minimum:"1" maximum:"10000"`
	Amount         Opt[Money]    `json:"amount,omitzero"`
	CategoryIDs    []id.Category `json:"category_ids,omitempty" maxItems:"100"`
	Minimum        Opt[Money]    `json:"minimum,omitzero"`
	CouponRequired bool          `json:"coupon_required,omitempty"`
	Enabled        *bool         `json:"enabled,omitempty" doc:"true unless said otherwise"`
	StartsAt       Opt[Time]     `json:"starts_at,omitzero" doc:"at once unless said otherwise"`
	EndsAt         Opt[Time]     `json:"ends_at,omitzero" doc:"never unless said otherwise"`
}

func (b *promotionRequest) promotion() pricing.Promotion {
	return pricing.Promotion{
		Name: b.Name, Type: pricing.PromotionType(b.Type), BasisPoints: b.PercentBP.Value, Amount: optAmount(b.Amount), Categories: b.CategoryIDs,
		Minimum: optAmount(b.Minimum), NeedsCoupon: b.CouponRequired, Disabled: b.Enabled != nil && !*b.Enabled,
		StartsAt: b.StartsAt.Value.Time, EndsAt: b.EndsAt.Value.Time,
	}
}

// CouponLimits is how often a coupon may be used. It is exported because huma
// does not look into embedded types that are not.
type CouponLimits struct {
	UsageLimit            Opt[int64] `json:"usage_limit,omitzero" minimum:"1" maximum:"1000000000"`
	UsageLimitPerCustomer Opt[int64] `json:"usage_limit_per_customer,omitzero" minimum:"1" maximum:"1000000000"`
}

// PromotionRef names a promotion. It is exported because huma does not look into
// embedded types that are not.
type PromotionRef struct {
	ID string `path:"id"`
}

// CouponRef names a coupon of a promotion, as PromotionRef does that.
type CouponRef struct {
	ID   string `path:"id"`
	Code string `path:"code"`
}

func (a *api) registerPromotions() {
	const tag, path = "promotions", "/v1/admin/promotions"
	fields := map[string]string{"categories": "category_ids"}
	register(a.edge, operation{ID: "listPromotions", Method: http.MethodGet, Path: path, Tag: tag, Permission: account.PriceRead, Summary: "List promotions"},
		func(ctx context.Context, in *struct {
			Browse
			Sort string `query:"sort" enum:"created_at,name,-name" default:"created_at"`
		},
		) (*reply[CursorPage[Promotion]], error) {
			rules, err := a.shop.Prices.Rules(ctx, core.ShowPriceRules{By: caller(ctx, "")})
			if err != nil {
				return nil, err
			}
			all := make([]Promotion, len(rules.Promotions))
			for i := range all {
				all[i] = promotion(&rules.Promotions[i])
			}
			page, err := browse("promotions", in.Browse, in.Sort, all, func(p *Promotion) named { return named{p.ID, "", p.Name} })
			return &reply[CursorPage[Promotion]]{Body: page}, err
		})
	register(a.edge, operation{
		ID: "createPromotion", Method: http.MethodPost, Path: path, Tag: tag, Permission: account.PriceWrite, Status: http.StatusCreated, Fields: fields,
		Summary: "Create a promotion", Description: "In force at once, unless it starts later, is not enabled or requires a coupon.",
	}, func(ctx context.Context, in *struct{ Body promotionRequest }) (*reply[Promotion], error) {
		saved, err := a.shop.Prices.CreatePromotion(ctx, core.CreatePromotion{By: caller(ctx, ""), Promotion: in.Body.promotion(), Key: requested(ctx)})
		rep, err := defined(saved, err, promotion, saved.Rule.Version)
		if err == nil {
			rep.Location = path + "/" + saved.Rule.ID.String()
		}
		return rep, err
	})
	register(a.edge, operation{ID: "readPromotion", Method: http.MethodGet, Path: path + "/{id}", Tag: tag, Permission: account.PriceRead, Summary: "Show a promotion"},
		func(ctx context.Context, in *PromotionRef) (*reply[Promotion], error) {
			u, err := pathID(in.ID, "promotion")
			if err != nil {
				return nil, err
			}
			rules, err := a.shop.Prices.Rules(ctx, core.ShowPriceRules{By: caller(ctx, "")})
			if err != nil {
				return nil, err
			}
			p, err := found(rules.Promotions, "promotion", func(p *pricing.Promotion) bool { return p.ID.UUID == u })
			if err != nil {
				return nil, err
			}
			return &reply[Promotion]{Body: promotion(p), ETag: strongETag(p.Version)}, nil
		})
	register(a.edge, operation{
		ID: "replacePromotion", Method: http.MethodPut, Path: path + "/{id}", Tag: tag, Permission: account.PriceWrite, IfMatch: true, Fields: fields,
		Summary: "Make a promotion as given", Description: "Orders keep what they were given.",
	}, func(ctx context.Context, in *struct {
		PromotionRef
		Body promotionRequest
	},
	) (*reply[Promotion], error) {
		u, err := pathID(in.ID, "promotion")
		if err != nil {
			return nil, err
		}
		p := in.Body.promotion()
		p.ID = id.Promotion{UUID: u}
		saved, err := a.shop.Prices.ReplacePromotion(ctx, core.ReplacePromotion{By: caller(ctx, ""), Version: conditions(ctx).Version, Promotion: p})
		return defined(saved, err, promotion, saved.Rule.Version)
	})
	register(a.edge, operation{
		ID: "deletePromotion", Method: http.MethodDelete, Path: path + "/{id}", MayMatch: true, Tag: tag, Permission: account.PriceWrite,
		Summary: "Delete a promotion and its coupons",
	}, func(ctx context.Context, in *PromotionRef) (*reply[nothing], error) {
		u, version, err := writeOf(ctx, in.ID, "promotion")
		if err != nil {
			return nil, err
		}
		return gone(a.shop.Prices.DropPromotion(ctx, core.DropPromotion{By: caller(ctx, ""), Promotion: id.Promotion{UUID: u}, Version: version}))
	})
}

func (a *api) registerPromotionCoupons() {
	const tag, path = "promotions", "/v1/admin/promotions/{id}/coupons"
	register(a.edge, operation{ID: "listCoupons", Method: http.MethodGet, Path: path, Tag: tag, Permission: account.PriceRead, Summary: "List a promotion's coupons", Description: "By code."},
		func(ctx context.Context, in *struct {
			PromotionRef
			Cursor string `query:"cursor"`
			Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"100"`
		},
		) (*reply[CursorPage[Coupon]], error) {
			u, err := pathID(in.ID, "promotion")
			if err != nil {
				return nil, err
			}
			scope := "coupons\x00" + in.ID
			at, err := decodeCursor(scope, in.Cursor, 1)
			if err != nil {
				return nil, err
			}
			query := core.BrowseCoupons{By: caller(ctx, ""), Promotion: id.Promotion{UUID: u}, Limit: in.Limit + 1} // one more tells whether it goes on
			if at != nil {
				query.After = at[0]
			}
			list, err := a.shop.Prices.BrowseCoupons(ctx, query)
			if err != nil {
				return nil, err
			}
			page := CursorPage[Coupon]{Items: []Coupon{}}
			if len(list) > in.Limit {
				list = list[:in.Limit]
				next := encodeCursor(scope, list[in.Limit-1].Code)
				page.NextCursor = &next
			}
			for i := range list {
				page.Items = append(page.Items, coupon(&list[i]))
			}
			return &reply[CursorPage[Coupon]]{Body: page}, nil
		})
	register(a.edge, operation{
		ID: "createCoupon", Method: http.MethodPost, Path: path, Tag: tag, Permission: account.PriceWrite, Status: http.StatusCreated,
		Summary: "Create a coupon", Description: "Codes are stored in upper case and are the same in any. Without limits it can be used any number of times.",
	}, func(ctx context.Context, in *struct {
		PromotionRef
		Body struct {
			Code string `json:"code" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$" patternDescription:"1 to 64 letters, digits, '.', '_' or '-'"`
			CouponLimits
		}
	},
	) (*reply[Coupon], error) {
		u, err := pathID(in.ID, "promotion")
		if err != nil {
			return nil, err
		}
		b := in.Body
		saved, err := a.shop.Prices.CreateCoupon(ctx, core.CreateCoupon{
			By: caller(ctx, ""), Promotion: id.Promotion{UUID: u}, Code: b.Code, Limit: b.UsageLimit.Value, PerCustomer: b.UsageLimitPerCustomer.Value,
		})
		rep, err := savedCoupon(saved, err)
		if err == nil {
			rep.Location = "/v1/admin/promotions/" + in.ID + "/coupons/" + saved.Code
		}
		return rep, err
	})
	register(a.edge, operation{ID: "readCoupon", Method: http.MethodGet, Path: path + "/{code}", Tag: tag, Permission: account.PriceRead, Summary: "Show a coupon and how often it was used"},
		func(ctx context.Context, in *CouponRef) (*reply[Coupon], error) {
			u, err := pathID(in.ID, "promotion")
			if err != nil {
				return nil, err
			}
			return savedCoupon(a.shop.Prices.FindCoupon(ctx, core.FindCoupon{By: caller(ctx, ""), Promotion: id.Promotion{UUID: u}, Code: in.Code}))
		})
	register(a.edge, operation{
		ID: "replaceCoupon", Method: http.MethodPut, Path: path + "/{code}", Tag: tag, Permission: account.PriceWrite, IfMatch: true,
		Summary: "Change a coupon's limits", Description: "usage_limit cannot fall below what was used.",
	}, func(ctx context.Context, in *struct {
		CouponRef
		Body CouponLimits
	},
	) (*reply[Coupon], error) {
		u, err := pathID(in.ID, "promotion")
		if err != nil {
			return nil, err
		}
		return savedCoupon(a.shop.Prices.ReplaceCoupon(ctx, core.ReplaceCoupon{
			By: caller(ctx, ""), Promotion: id.Promotion{UUID: u}, Code: in.Code, Version: conditions(ctx).Version,
			Limit: in.Body.UsageLimit.Value, PerCustomer: in.Body.UsageLimitPerCustomer.Value,
		}))
	})
	register(a.edge, operation{ID: "deleteCoupon", Method: http.MethodDelete, Path: path + "/{code}", MayMatch: true, Tag: tag, Permission: account.PriceWrite, Summary: "Delete a coupon"},
		func(ctx context.Context, in *CouponRef) (*reply[nothing], error) {
			u, version, err := writeOf(ctx, in.ID, "promotion")
			if err != nil {
				return nil, err
			}
			return gone(a.shop.Prices.DropCoupon(ctx, core.DropCoupon{By: caller(ctx, ""), Promotion: id.Promotion{UUID: u}, Code: in.Code, Version: version}))
		})
}

func promotion(p *pricing.Promotion) Promotion {
	out := Promotion{
		ID: p.ID.String(), Name: p.Name, Type: string(p.Type), PercentBP: limit(p.BasisPoints), Amount: optionalMoney(p.Amount), CategoryIDs: []string{},
		Minimum: optionalMoney(p.Minimum), CouponRequired: p.NeedsCoupon, Enabled: !p.Disabled, StartsAt: optionalTime(p.StartsAt), EndsAt: optionalTime(p.EndsAt),
		Version: p.Version, CreatedAt: Time{p.CreatedAt}, UpdatedAt: Time{p.UpdatedAt},
	}
	for _, c := range p.Categories {
		out.CategoryIDs = append(out.CategoryIDs, c.String())
	}
	return out
}

func savedCoupon(c core.SavedCoupon, err error) (*reply[Coupon], error) {
	if err != nil {
		return nil, err
	}
	return &reply[Coupon]{Body: coupon(&c.Coupon), ETag: strongETag(c.Version), Mark: c.Mark}, nil
}

func coupon(c *pricing.Coupon) Coupon {
	return Coupon{
		Code: c.Code, UsageLimit: limit(c.Limit), UsageLimitPerCustomer: limit(c.PerCustomer), Used: c.Used, Version: c.Version,
		CreatedAt: Time{c.CreatedAt}, UpdatedAt: Time{c.UpdatedAt},
	}
}

// limit is null for none.
func limit(n int64) *int64 {
	if n == 0 {
		return nil
	}
	return &n
}
