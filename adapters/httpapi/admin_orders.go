package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
)

func (a *api) registerAdminOrders() {
	const tag = "orders"
	a.registerBrowseOrders(tag)
	register(a.edge, operation{ID: "adminReadOrder", Method: http.MethodGet, Path: "/v1/admin/orders/{id}", Tag: tag, Permission: account.OrderRead, Summary: "Show an order"},
		func(ctx context.Context, in *struct {
			ID string `path:"id" doc:"id or number"`
		},
		) (*reply[Order], error) {
			by := caller(ctx, "")
			if u, ok := id.Parse(in.ID); ok {
				return a.shown(a.shop.Orders.Find(ctx, core.FindOrder{By: by, Order: id.Order{UUID: u}}))
			}
			return a.shown(a.shop.Orders.FindByNumber(ctx, core.FindOrderByNumber{By: by, Number: in.ID}))
		})
	a.orderStep("fulfillOrder", "fulfill", "Begin to pack an order", func(ctx context.Context, by account.Actor, o id.Order) (core.OrderView, error) {
		return a.shop.Orders.Fulfill(ctx, core.FulfillOrder{By: by, Order: o})
	})
	a.orderStep("shipOrder", "ship", "Ship everything not yet shipped", func(ctx context.Context, by account.Actor, o id.Order) (core.OrderView, error) {
		return a.shop.Orders.Ship(ctx, core.ShipOrder{By: by, Order: o})
	})
	a.orderStep("deliverOrder", "deliver", "Record that a shipped order arrived", func(ctx context.Context, by account.Actor, o id.Order) (core.OrderView, error) {
		return a.shop.Orders.Deliver(ctx, core.DeliverOrder{By: by, Order: o})
	})
	a.registerOrderWrites(tag)
	a.registerOrderMoney(tag)
	a.registerReturns(tag)
}

func (a *api) registerBrowseOrders(tag string) {
	register(a.edge, operation{ID: "listOrders", Method: http.MethodGet, Path: "/v1/admin/orders", Tag: tag, Permission: account.OrderRead, Summary: "List orders"},
		func(ctx context.Context, in *struct {
			Q             string    `query:"q" maxLength:"254" doc:"a number, a SKU, or the beginning of an email"`
			Status        string    `query:"status" enum:"pending_payment,payment_failed,confirmed,fulfilling,shipped,delivered,canceled,refunded"`
			PaymentStatus string    `query:"payment_status" enum:"created,processing,requires_action,authorized,captured,partially_refunded,refunded,failed,canceled,expired,not_required"`
			Email         string    `query:"email" maxLength:"254"`
			Number        string    `query:"number" maxLength:"64"`
			SKU           string    `query:"sku" maxLength:"64"`
			CreatedFrom   time.Time `query:"created_from"`
			CreatedTo     time.Time `query:"created_to"`
			Sort          string    `query:"sort" enum:"created_at,-created_at" default:"-created_at"`
			Cursor        string    `query:"cursor"`
			Limit         int       `query:"limit" minimum:"1" maximum:"100" default:"24"`
			Count         bool      `query:"count"`
		},
		) (*reply[CursorPage[Order]], error) {
			scope := strings.Join([]string{
				"orders", in.Sort, in.Q, in.Status, in.PaymentStatus, in.Email, in.Number, in.SKU, in.CreatedFrom.String(), in.CreatedTo.String(),
			}, "\x00")
			before, err := uuidCursor(scope, in.Cursor)
			if err != nil {
				return nil, err
			}
			page, err := a.shop.Orders.Browse(ctx, core.BrowseOrders{By: caller(ctx, ""), Filter: order.Filter{
				Query: in.Q, Status: order.Status(in.Status), PaymentStatus: in.PaymentStatus, Email: in.Email, Number: in.Number, SKU: id.SKU(in.SKU),
				CreatedFrom: in.CreatedFrom, CreatedTo: in.CreatedTo, OldestFirst: in.Sort == "created_at", Before: id.Order{UUID: before}, Limit: in.Limit, Count: in.Count,
			}})
			if err != nil {
				return nil, err
			}
			out := CursorPage[Order]{Items: make([]Order, len(page.Orders)), NextCursor: nextCursor(scope, page.Next.UUID)}
			for i, o := range page.Orders {
				out.Items[i] = a.order(o, account.RoleAdmin).Body
			}
			if in.Count {
				out.Total = &page.Total
			}
			return &reply[CursorPage[Order]]{Body: out}, nil
		})
}

func (a *api) registerOrderWrites(tag string) {
	register(a.edge, operation{
		ID: "adminCancelOrder", Method: http.MethodPost, Path: "/v1/admin/orders/{id}/cancel", Tag: tag, Permission: account.OrderWrite,
		Deadline: checkoutDeadline, Summary: "Cancel an order and give its money back",
	}, func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body *struct {
			Reason string `json:"reason,omitempty" maxLength:"500"`
		}
	},
	) (*reply[Order], error) {
		o, err := pathID(in.ID, "order")
		if err != nil {
			return nil, err
		}
		reason := ""
		if in.Body != nil {
			reason = in.Body.Reason
		}
		return a.shown(a.shop.Orders.Cancel(ctx, core.CancelOrder{By: caller(ctx, ""), Order: id.Order{UUID: o}, Reason: reason}))
	})
	register(a.edge, operation{
		ID: "createShipment", Method: http.MethodPost, Path: "/v1/admin/orders/{id}/shipments", Tag: tag, Permission: account.OrderWrite,
		Status: http.StatusCreated, Key: keyRequired, Summary: "Ship lines of an order",
	}, func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body struct {
			Lines          []ShipmentLine `json:"lines,omitempty" maxItems:"100" doc:"Empty: everything not yet shipped."`
			Carrier        string         `json:"carrier,omitempty" maxLength:"100"`
			TrackingNumber string         `json:"tracking_number,omitempty" maxLength:"200"`
			TrackingURL    string         `json:"tracking_url,omitempty" maxLength:"2000" format:"uri" pattern:"^https?://" patternDescription:"an http or https address"`
		}
	},
	) (*reply[Order], error) {
		o, err := pathID(in.ID, "order")
		if err != nil {
			return nil, err
		}
		return a.shown(a.shop.Orders.Ship(ctx, core.ShipOrder{
			By: caller(ctx, ""), Order: id.Order{UUID: o}, Key: requested(ctx), Lines: unitsOf(in.Body.Lines), Carrier: in.Body.Carrier,
			TrackingNumber: in.Body.TrackingNumber, TrackingURL: in.Body.TrackingURL,
		}))
	})
	register(a.edge, operation{
		ID: "addOrderNote", Method: http.MethodPost, Path: "/v1/admin/orders/{id}/notes", Tag: tag, Permission: account.OrderWrite,
		Status: http.StatusCreated, Summary: "Write on an order's timeline", Description: "Shoppers do not see it.",
	}, func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body struct {
			Text string `json:"text" minLength:"1" maxLength:"2000"`
		}
	},
	) (*reply[Order], error) {
		o, err := pathID(in.ID, "order")
		if err != nil {
			return nil, err
		}
		return a.shown(a.shop.Orders.AddNote(ctx, core.AddNote{By: caller(ctx, ""), Order: id.Order{UUID: o}, Text: in.Body.Text, Key: requested(ctx)}))
	})
	register(a.edge, operation{
		ID: "resendConfirmation", Method: http.MethodPost, Path: "/v1/admin/orders/{id}/resend-confirmation", Tag: tag, Permission: account.OrderWrite,
		Status: http.StatusAccepted, Summary: "Mail the confirmation once more",
	}, func(ctx context.Context, in *struct {
		ID string `path:"id"`
	},
	) (*reply[Accepted], error) {
		o, err := pathID(in.ID, "order")
		if err != nil {
			return nil, err
		}
		if err := a.shop.Orders.ResendConfirmation(ctx, core.ResendConfirmation{By: caller(ctx, ""), Order: id.Order{UUID: o}, Key: requested(ctx)}); err != nil {
			return nil, err
		}
		return &reply[Accepted]{Body: Accepted{Accepted: true}}, nil
	})
}

// registerOrderMoney is what operators do with the money of an order.
func (a *api) registerOrderMoney(tag string) {
	register(a.edge, operation{
		ID: "captureOrder", Method: http.MethodPost, Path: "/v1/admin/orders/{id}/captures", Tag: tag, Permission: account.OrderWrite,
		Status: http.StatusCreated, Key: keyRequired, Deadline: checkoutDeadline, Summary: "Take the money that is held for an order",
		Description: "All of it, or a part: the rest is let go then. An order whose money is not held is `order_state_conflict`.",
	}, func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body *struct {
			Amount Opt[Money] `json:"amount,omitzero" doc:"All that is held unless said otherwise."`
		}
	},
	) (*reply[Order], error) {
		o, err := pathID(in.ID, "order")
		if err != nil {
			return nil, err
		}
		command := core.CaptureOrder{By: caller(ctx, ""), Order: id.Order{UUID: o}}
		if in.Body != nil {
			command.Amount = optAmount(in.Body.Amount)
		}
		return a.shown(a.shop.Payments.CaptureOrder(ctx, command))
	})
	register(a.edge, operation{
		ID: "refundOrder", Method: http.MethodPost, Path: "/v1/admin/orders/{id}/refunds", Tag: tag, Permission: account.OrderWrite,
		Status: http.StatusCreated, Key: keyRequired, Deadline: checkoutDeadline, Summary: "Give money of an order back",
		Description: "An amount, what some units cost, or all that is left of what was captured. Units that were not shipped yet never will be. " +
			"While the provider does not answer, the refund is `pending`; it is asked again until it does.",
	}, func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body struct {
			Amount  Opt[Money]     `json:"amount,omitzero" doc:"What the lines cost unless said otherwise; without lines, all that is left."`
			Lines   []ShipmentLine `json:"lines,omitempty" maxItems:"100" doc:"The units that the money is for."`
			Restock bool           `json:"restock,omitempty" doc:"They go on the shelf again. Without lines: everything that has not."`
			Reason  string         `json:"reason,omitempty" maxLength:"500"`
		}
	},
	) (*reply[Order], error) {
		o, err := pathID(in.ID, "order")
		if err != nil {
			return nil, err
		}
		b := in.Body
		return a.shown(a.shop.Payments.Refund(ctx, core.RefundOrder{
			By: caller(ctx, ""), Order: id.Order{UUID: o}, Key: requested(ctx), Reason: b.Reason,
			RefundRequest: order.RefundRequest{Amount: optAmount(b.Amount), Lines: unitsOf(b.Lines), Restock: b.Restock},
		}))
	})
}

// orderStep adds a step of an order that takes no body.
func (a *api) orderStep(name, step, summary string, do func(context.Context, account.Actor, id.Order) (core.OrderView, error)) {
	register(a.edge, operation{
		ID: name, Method: http.MethodPost, Path: "/v1/admin/orders/{id}/" + step, Tag: "orders", Permission: account.OrderWrite,
		Summary: summary, Description: "Repeating a step already taken changes nothing.",
	}, func(ctx context.Context, in *struct {
		ID string `path:"id"`
	},
	) (*reply[Order], error) {
		o, err := pathID(in.ID, "order")
		if err != nil {
			return nil, err
		}
		return a.shown(do(ctx, caller(ctx, ""), id.Order{UUID: o}))
	})
}

// shown answers an operator with an order.
func (a *api) shown(o core.OrderView, err error) (*reply[Order], error) {
	if err != nil {
		return nil, err
	}
	return a.order(o, account.RoleAdmin), nil
}
