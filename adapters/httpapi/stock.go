package httpapi

import (
	"context"
	"net/http"
	"strconv"
	"strings"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
)

// StockLevel is what there is of a SKU at a location.
type StockLevel struct {
	SKU       string `json:"sku"`
	Location  string `json:"location"`
	OnHand    int    `json:"on_hand"`
	Reserved  int    `json:"reserved"`
	Available int    `json:"available"`
	Version   int64  `json:"version"`
}

// StockAdjustment is a change of what is on hand, and what there is after it.
type StockAdjustment struct {
	ID        string `json:"id"`
	SKU       string `json:"sku"`
	Delta     int    `json:"delta"`
	OnHand    int    `json:"on_hand"`
	Reserved  int    `json:"reserved"`
	Available int    `json:"available"`
}

// StockMovement is a line of the ledger.
type StockMovement struct {
	ID        string  `json:"id"`
	SKU       string  `json:"sku"`
	Location  string  `json:"location"`
	Delta     int     `json:"delta"`
	Reason    string  `json:"reason"`
	Note      *string `json:"note"`
	Reference *string `json:"reference"`
	By        string  `json:"by"`
	OnHand    int     `json:"on_hand"`
	CreatedAt Time    `json:"created_at"`
}

func (a *api) registerStock() {
	const tag = "stock"
	register(a.edge, operation{
		ID: "adjustStock", Method: http.MethodPost, Path: "/v1/admin/variants/{sku}/stock-adjustments", Tag: tag, Permission: account.StockAdjust,
		Status: http.StatusCreated, Key: keyRequired, Summary: "Change what is on hand",
	}, func(ctx context.Context, in *struct {
		SKU  string `path:"sku"`
		Body struct {
			Delta  int    `json:"delta" minimum:"-1000000000" maximum:"1000000000"`
			Reason string `json:"reason" enum:"received,damaged,correction,return,other"`
			Note   string `json:"note,omitempty" maxLength:"500"`
		}
	},
	) (*reply[StockAdjustment], error) {
		c, err := a.shop.Inventory.Adjust(ctx, core.AdjustStock{
			By: caller(ctx, ""), SKU: id.SKU(in.SKU), Delta: in.Body.Delta, Reason: inventory.Reason(in.Body.Reason), Note: in.Body.Note, Key: requested(ctx),
		})
		if err != nil {
			return nil, err
		}
		return &reply[StockAdjustment]{Mark: c.Mark, Body: StockAdjustment{
			ID: c.Movement.String(), SKU: string(c.SKU), Delta: c.Delta, OnHand: c.OnHand, Reserved: c.Reserved, Available: c.Available(),
		}}, nil
	})
	register(a.edge, operation{ID: "listStockMovements", Method: http.MethodGet, Path: "/v1/admin/variants/{sku}/stock-movements", Tag: tag, Permission: account.StockRead, Summary: "List a SKU's ledger, newest first"},
		func(ctx context.Context, in *struct {
			SKU    string `path:"sku"`
			Cursor string `query:"cursor"`
			Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"24"`
		},
		) (*reply[CursorPage[StockMovement]], error) {
			scope := "movements:" + id.SKU(in.SKU).Fold()
			before, err := uuidCursor(scope, in.Cursor)
			if err != nil {
				return nil, err
			}
			ms, err := a.shop.Inventory.Movements(ctx, core.ListMovements{By: caller(ctx, ""), SKU: id.SKU(in.SKU), Before: id.Movement{UUID: before}, Limit: in.Limit})
			if err != nil {
				return nil, err
			}
			out := CursorPage[StockMovement]{Items: make([]StockMovement, len(ms))}
			for i, m := range ms {
				out.Items[i] = StockMovement{
					ID: m.ID.String(), SKU: string(m.SKU), Location: string(m.Location), Delta: m.Delta, Reason: string(m.Reason), Note: text(m.Note),
					Reference: text(m.Reference), By: m.By, OnHand: m.OnHand, CreatedAt: Time{m.At},
				}
			}
			if len(ms) == in.Limit {
				out.NextCursor = nextCursor(scope, ms[len(ms)-1].ID.UUID)
			}
			return &reply[CursorPage[StockMovement]]{Body: out}, nil
		})
	register(a.edge, operation{ID: "listStock", Method: http.MethodGet, Path: "/v1/admin/stock", Tag: tag, Permission: account.StockRead, Summary: "List levels"},
		func(ctx context.Context, in *struct {
			Q      string `query:"q" maxLength:"64" doc:"the beginning of a SKU"`
			Below  int    `query:"below" minimum:"1" maximum:"1000000000" doc:"only levels with less than this available"`
			Sort   string `query:"sort" enum:"sku,-sku,available,-available" default:"sku"`
			Cursor string `query:"cursor"`
			Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"24"`
			Count  bool   `query:"count"`
		},
		) (*reply[CursorPage[StockLevel]], error) {
			column, descending := strings.CutPrefix(in.Sort, "-")
			scope := strings.Join([]string{"stock", in.Sort, in.Q, strconv.Itoa(in.Below)}, "\x00")
			b := inventory.Browse{Below: in.Below, Query: in.Q, ByAvailable: column == "available", Descending: descending, Limit: in.Limit, Count: in.Count}
			at, err := decodeCursor(scope, in.Cursor, 3)
			if err != nil {
				return nil, err
			}
			if at != nil {
				available, _ := strconv.Atoi(at[2]) // it is ours
				b.After = &inventory.Level{SKU: id.SKU(at[0]), Location: id.Location(at[1]), OnHand: available}
			}
			page, err := a.shop.Inventory.Browse(ctx, core.BrowseStock{By: caller(ctx, ""), Browse: b})
			if err != nil {
				return nil, err
			}
			out := CursorPage[StockLevel]{Items: make([]StockLevel, len(page.Levels))}
			for i, l := range page.Levels {
				out.Items[i] = StockLevel{SKU: string(l.SKU), Location: string(l.Location), OnHand: l.OnHand, Reserved: l.Reserved, Available: l.Available(), Version: l.Version}
			}
			if last := page.Next; last != nil {
				next := encodeCursor(scope, string(last.SKU), string(last.Location), strconv.Itoa(last.Available()))
				out.NextCursor = &next
			}
			if in.Count {
				out.Total = &page.Total
			}
			return &reply[CursorPage[StockLevel]]{Body: out}, nil
		})
}
