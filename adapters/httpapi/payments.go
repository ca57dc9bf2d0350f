package httpapi

import (
	"context"
	"net/http"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
)

// AdminPayment is a payment as operators see it.
type AdminPayment struct {
	OrderPayment
	OrderID     string     `json:"order_id"`
	Reference   *string    `json:"reference" doc:"the provider's own id"`
	NextCheckAt Null[Time] `json:"next_check_at"`
	Checks      int        `json:"checks"`
	CreatedAt   Time       `json:"created_at"`
	UpdatedAt   Time       `json:"updated_at"`
}

// List is a list that is sent whole.
type List[T any] struct {
	Items []T `json:"items"`
}

type paymentParams struct {
	InDoubt bool   `query:"in_doubt"`
	Status  string `query:"status" enum:"created,processing,requires_action,authorized,captured,partially_refunded,refunded,failed,canceled,expired"`
	Cursor  string `query:"cursor"`
	Limit   int    `query:"limit" minimum:"1" maximum:"100" default:"24"`
}

func (a *api) registerPayments() {
	const tag = "payments"
	register(a.edge, operation{
		ID: "listPayments", Method: http.MethodGet, Path: "/v1/admin/payments", Tag: tag, Permission: account.OrderRead,
		Summary:     "List payments, newest order first",
		Description: "With `in_doubt=true`, those that wait for an answer or an end, longest due first, as many as `limit` allows.",
	}, func(ctx context.Context, in *paymentParams) (*reply[CursorPage[AdminPayment]], error) {
		if in.InDoubt {
			return a.paymentsInDoubt(ctx, in)
		}
		scope := "payments\x00" + in.Status
		before, err := uuidCursor(scope, in.Cursor)
		if err != nil {
			return nil, err
		}
		page, err := a.shop.Orders.Browse(ctx, core.BrowseOrders{By: caller(ctx, ""), Filter: order.Filter{
			PaymentStatus: in.Status, Before: id.Order{UUID: before}, Limit: in.Limit,
		}})
		if err != nil {
			return nil, err
		}
		out := CursorPage[AdminPayment]{Items: []AdminPayment{}, NextCursor: nextCursor(scope, page.Next.UUID)}
		for _, o := range page.Orders {
			if !o.Payment.ID.IsZero() {
				out.Items = append(out.Items, adminPayment(o.Payment))
			}
		}
		return &reply[CursorPage[AdminPayment]]{Body: out}, nil
	})
	register(a.edge, operation{
		ID: "settlePayment", Method: http.MethodPost, Path: "/v1/admin/payments/{id}/settle", Tag: tag, Permission: account.OrderWrite,
		Deadline: checkoutDeadline, Summary: "Ask the provider now and bring the payment as far as it gets",
	}, func(ctx context.Context, in *struct {
		ID string `path:"id"`
	},
	) (*reply[Order], error) {
		p, err := pathID(in.ID, "payment")
		if err != nil {
			return nil, err
		}
		return a.shown(a.shop.Payments.Settle(ctx, core.SettlePayment{By: caller(ctx, ""), Payment: id.Payment{UUID: p}}))
	})
}

func (a *api) paymentsInDoubt(ctx context.Context, in *paymentParams) (*reply[CursorPage[AdminPayment]], error) {
	list, err := a.shop.Payments.InDoubt(ctx, core.ListInDoubt{By: caller(ctx, ""), Limit: in.Limit})
	if err != nil {
		return nil, err
	}
	out := CursorPage[AdminPayment]{Items: []AdminPayment{}}
	for _, p := range list {
		if in.Status == "" || in.Status == string(p.Status) {
			out.Items = append(out.Items, adminPayment(p))
		}
	}
	return &reply[CursorPage[AdminPayment]]{Body: out}, nil
}

func adminPayment(p payment.Payment) AdminPayment {
	return AdminPayment{
		OrderPayment: orderPayment(p, p.Amount.Currency()), OrderID: p.Order.String(), Reference: text(p.Reference),
		NextCheckAt: optionalTime(p.NextCheckAt), Checks: p.Checks, CreatedAt: Time{p.CreatedAt}, UpdatedAt: Time{p.UpdatedAt},
	}
}
