package httpapi

import (
	"context"
	"net/http"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
)

// AdminPayment is a payment an operator may have to look after.
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

func (a *api) registerPayments() {
	const tag = "payments"
	register(a.edge, operation{
		ID: "listPaymentsInDoubt", Method: http.MethodGet, Path: "/v1/admin/payments", Tag: tag, Permission: account.OrderRead,
		Summary: "List payments that wait for an answer or an end, longest due first",
	}, func(ctx context.Context, in *struct {
		Status string `query:"status" maxLength:"32"`
		Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"100"`
	}) (*reply[List[AdminPayment]], error) {
		list, err := a.shop.Payments.InDoubt(ctx, core.ListInDoubt{By: caller(ctx, ""), Limit: in.Limit})
		if err != nil {
			return nil, err
		}
		out := List[AdminPayment]{Items: []AdminPayment{}}
		for _, p := range list {
			if in.Status != "" && in.Status != string(p.Status) {
				continue
			}
			out.Items = append(out.Items, AdminPayment{
				OrderPayment: orderPayment(p, p.Amount.Currency()), OrderID: p.Order.String(), Reference: text(p.Reference),
				NextCheckAt: optionalTime(p.NextCheckAt), Checks: p.Checks, CreatedAt: Time{p.CreatedAt}, UpdatedAt: Time{p.UpdatedAt},
			})
		}
		return &reply[List[AdminPayment]]{Body: out}, nil
	})
	register(a.edge, operation{
		ID: "settlePayment", Method: http.MethodPost, Path: "/v1/admin/payments/{id}/settle", Tag: tag, Permission: account.OrderWrite,
		Key: keyIgnored, Deadline: checkoutDeadline, Summary: "Ask the provider now and bring the payment as far as it gets",
	}, func(ctx context.Context, in *struct {
		ID string `path:"id"`
	}) (*reply[Order], error) {
		p, err := pathID(in.ID, "payment")
		if err != nil {
			return nil, err
		}
		return a.shown(a.shop.Payments.Settle(ctx, core.SettlePayment{By: caller(ctx, ""), Payment: id.Payment{UUID: p}}))
	})
}
