package httpapi

import (
	"context"
	"net/http"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
)

// Order is a purchase, as it was when it was bought, and how far it has come.
type Order struct {
	Totals
	ID                string              `json:"id"`
	Number            string              `json:"number"`
	Status            string              `json:"status" doc:"pending_payment, payment_failed, confirmed, fulfilling, shipped, delivered, canceled, refunded"`
	Email             string              `json:"email"`
	Currency          string              `json:"currency"`
	Version           int64               `json:"version"`
	Lines             []OrderLine         `json:"lines"`
	ShippingAddress   OrderAddress        `json:"shipping_address"`
	BillingAddress    OrderAddress        `json:"billing_address"`
	ShippingMethod    OrderShippingMethod `json:"shipping_method"`
	FulfillmentStatus string              `json:"fulfillment_status" doc:"unfulfilled, partial or fulfilled"`
	AllowedActions    []string            `json:"allowed_actions"`
	Test              bool                `json:"test" doc:"paid with a provider that moves no money"`
	Payment           OrderPayment        `json:"payment"`
	Shipments         []Shipment          `json:"shipments"`
	Refunds           []Refund            `json:"refunds"`
	Returns           []Return            `json:"returns"`
	Timeline          []OrderEvent        `json:"timeline"`
	CreatedAt         Time                `json:"created_at"`
	UpdatedAt         Time                `json:"updated_at"`
}

// OrderLine is a line of the receipt.
type OrderLine struct {
	SKU              string            `json:"sku"`
	Name             string            `json:"name"`
	ProductSlug      string            `json:"product_slug"`
	Image            Null[Image]       `json:"image"`
	Options          map[string]string `json:"options"`
	Quantity         int               `json:"quantity"`
	UnitPrice        Money             `json:"unit_price"`
	Subtotal         Money             `json:"subtotal"`
	Discount         Money             `json:"discount"`
	Tax              Money             `json:"tax"`
	Total            Money             `json:"total"`
	ShippedQuantity  int               `json:"shipped_quantity"`
	ReturnedQuantity int               `json:"returned_quantity"`
}

// OrderAddress is an address as it was given, with every member.
type OrderAddress struct {
	FirstName  *string `json:"first_name"`
	LastName   string  `json:"last_name"`
	Company    *string `json:"company"`
	Line1      string  `json:"line1"`
	Line2      *string `json:"line2"`
	City       string  `json:"city"`
	Region     *string `json:"region"`
	PostalCode string  `json:"postal_code"`
	Country    string  `json:"country"`
	Phone      *string `json:"phone"`
}

// OrderShippingMethod is the method that was chosen.
type OrderShippingMethod struct {
	Code  string `json:"code"`
	Name  string `json:"name"`
	Price Money  `json:"price"`
}

// OrderPayment is how an order is paid.
type OrderPayment struct {
	ID          *string          `json:"id"`
	Provider    *string          `json:"provider"`
	Status      string           `json:"status" doc:"created, processing, requires_action, authorized, captured, partially_refunded, refunded, failed, canceled, expired, not_required"`
	Amount      Money            `json:"amount"`
	Captured    Money            `json:"captured"`
	Refunded    Money            `json:"refunded"`
	DeclineCode *string          `json:"decline_code"`
	NextAction  Null[NextAction] `json:"next_action"`
}

// NextAction is what the shopper must do.
type NextAction struct {
	Type         string     `json:"type" doc:"redirect or sdk"`
	URL          *string    `json:"url"`
	ClientSecret *string    `json:"client_secret"`
	ExpiresAt    Null[Time] `json:"expires_at"`
}

// Shipment is a parcel.
type Shipment struct {
	ID             string         `json:"id"`
	Status         string         `json:"status"`
	Carrier        *string        `json:"carrier"`
	TrackingNumber *string        `json:"tracking_number"`
	TrackingURL    *string        `json:"tracking_url"`
	Lines          []ShipmentLine `json:"lines"`
	ShippedAt      Time           `json:"shipped_at"`
	DeliveredAt    Null[Time]     `json:"delivered_at"`
}

// ShipmentLine is a number of units of a SKU.
type ShipmentLine struct {
	SKU      string `json:"sku" maxLength:"64"`
	Quantity int    `json:"quantity" minimum:"1" maximum:"1000000"`
}

// Refund is money that went back.
type Refund struct {
	ID        string `json:"id"`
	Amount    Money  `json:"amount"`
	Reason    string `json:"reason"`
	Status    string `json:"status" doc:"pending, succeeded or failed; what succeeded fails when the money comes back"`
	By        string `json:"by" doc:"shop, or provider for one that was made in its dashboard"`
	CreatedAt Time   `json:"created_at"`
}

// Return is goods that come back.
type Return struct {
	ID      string         `json:"id"`
	Status  string         `json:"status" enum:"requested,received"`
	Restock bool           `json:"restock"`
	Lines   []ShipmentLine `json:"lines"`
}

// OrderEvent is a line of the timeline.
type OrderEvent struct {
	At      Time   `json:"at"`
	Type    string `json:"type"`
	Actor   string `json:"actor" enum:"customer,admin,system"`
	Message string `json:"message"`
}

// OrderRef is how a request names an order and shows that it may.
type OrderRef struct {
	ID    string `path:"id"`
	Token string `header:"X-Order-Token"`
}

func (a *api) registerOrders() {
	const tag = "orders"
	register(a.edge, operation{ID: "readOrder", Method: http.MethodGet, Path: "/v1/orders/{id}", Tag: tag, Summary: "Show an order"},
		func(ctx context.Context, in *struct{ OrderRef }) (*reply[Order], error) {
			return a.ownOrder(ctx, in.OrderRef, func(by account.Actor, o id.Order) (core.OrderView, error) {
				return a.shop.Orders.Find(ctx, core.FindOrder{By: by, Order: o})
			})
		})
	register(a.edge, operation{
		ID: "refreshPayment", Method: http.MethodPost, Path: "/v1/orders/{id}/payment/refresh", Tag: tag,
		Limit: classCheckout, Deadline: checkoutDeadline, Summary: "Ask the payment provider now",
	}, func(ctx context.Context, in *struct{ OrderRef }) (*reply[Order], error) {
		return a.ownOrder(ctx, in.OrderRef, func(by account.Actor, o id.Order) (core.OrderView, error) {
			return a.shop.Payments.Refresh(ctx, core.RefreshPayment{By: by, Order: o})
		})
	})
	register(a.edge, operation{
		ID: "cancelOrder", Method: http.MethodPost, Path: "/v1/orders/{id}/cancel", Tag: tag, Deadline: checkoutDeadline,
		Summary: "Cancel an order", Description: "Its stock becomes available and its money goes back. Cancelling again changes nothing.",
	}, func(ctx context.Context, in *struct {
		OrderRef
		Body *struct {
			Reason string `json:"reason,omitempty" maxLength:"500"`
		}
	},
	) (*reply[Order], error) {
		reason := ""
		if in.Body != nil {
			reason = in.Body.Reason
		}
		return a.ownOrder(ctx, in.OrderRef, func(by account.Actor, o id.Order) (core.OrderView, error) {
			return a.shop.Orders.Cancel(ctx, core.CancelOrder{By: by, Order: o, Reason: reason})
		})
	})
	register(a.edge, operation{
		ID: "lookupOrder", Method: http.MethodPost, Path: "/v1/orders/lookup", Tag: tag, Status: http.StatusAccepted, Limit: classMail,
		Summary: "Mail a link to an order", Description: "The answer does not tell whether there is such an order.",
	}, func(ctx context.Context, in *struct {
		Body struct {
			Number string `json:"number" maxLength:"64"`
			Email  string `json:"email" maxLength:"254"`
		}
	},
	) (*reply[Accepted], error) {
		if err := a.shop.Orders.Lookup(ctx, core.LookupOrder{Number: in.Body.Number, Email: in.Body.Email}); err != nil {
			return nil, err
		}
		return &reply[Accepted]{Body: Accepted{Accepted: true}}, nil
	})
	register(a.edge, operation{
		ID: "completeSandboxPayment", Method: http.MethodPost, Path: "/v1/sandbox/payments/{id}/complete", Tag: tag,
		Summary: "Play the shopper's part in a sandbox payment that requires action",
	}, func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body struct {
			Result string `json:"result" enum:"ok,declined"`
		}
	},
	) (*reply[OrderPayment], error) {
		u, err := pathID(in.ID, "payment")
		if err != nil {
			return nil, err
		}
		p, err := a.shop.Payments.Complete(ctx, core.CompletePayment{Payment: id.Payment{UUID: u}, OK: in.Body.Result == "ok"})
		if err != nil {
			return nil, err
		}
		return &reply[OrderPayment]{Body: orderPayment(p, p.Amount.Currency())}, nil
	})
}

// registerReturns is what shoppers and operators say of goods that come back.
func (a *api) registerReturns(tag string) {
	register(a.edge, operation{
		ID: "requestReturn", Method: http.MethodPost, Path: "/v1/orders/{id}/returns", Tag: tag, Status: http.StatusCreated, Key: keyRequired,
		Summary: "Ask to send goods back", Description: "Of what was shipped. The return is `requested` until an operator has received it.",
	}, func(ctx context.Context, in *struct {
		OrderRef
		Body struct {
			Lines  []ShipmentLine `json:"lines" minItems:"1" maxItems:"100"`
			Reason string         `json:"reason,omitempty" maxLength:"500"`
		}
	},
	) (*reply[Order], error) {
		return a.ownOrder(ctx, in.OrderRef, func(by account.Actor, o id.Order) (core.OrderView, error) {
			return a.shop.Orders.Return(ctx, core.ReturnGoods{By: by, Order: o, Key: requested(ctx), Lines: unitsOf(in.Body.Lines), Reason: in.Body.Reason})
		})
	})
	register(a.edge, operation{
		ID: "receiveReturn", Method: http.MethodPost, Path: "/v1/admin/orders/{id}/returns", Tag: tag, Permission: account.OrderWrite,
		Status: http.StatusCreated, Key: keyRequired, Summary: "Record goods that came back",
		Description: "Those of a return that was requested, or others. Money goes back by a refund.",
	}, func(ctx context.Context, in *struct {
		ID   string `path:"id"`
		Body struct {
			ReturnID Opt[id.Return] `json:"return_id,omitzero" doc:"The return that was requested; its lines, unless others are given."`
			Lines    []ShipmentLine `json:"lines,omitempty" maxItems:"100"`
			Restock  bool           `json:"restock,omitempty" doc:"They go on the shelf again."`
			Reason   string         `json:"reason,omitempty" maxLength:"500"`
		}
	},
	) (*reply[Order], error) {
		o, err := pathID(in.ID, "order")
		if err != nil {
			return nil, err
		}
		b := in.Body
		return a.shown(a.shop.Orders.Return(ctx, core.ReturnGoods{
			By: caller(ctx, ""), Order: id.Order{UUID: o}, Return: b.ReturnID.Value, Key: requested(ctx), Lines: unitsOf(b.Lines), Restock: b.Restock, Reason: b.Reason,
		}))
	})
}

// unitsOf reads lines of an order.
func unitsOf(lines []ShipmentLine) []order.ShipmentLine {
	out := make([]order.ShipmentLine, len(lines))
	for i, l := range lines {
		out[i] = order.ShipmentLine{SKU: id.SKU(l.SKU), Quantity: l.Quantity}
	}
	return out
}

// Accepted says that a request was taken, and nothing else.
type Accepted struct {
	Accepted bool `json:"accepted"`
}

// ownOrder reads which order a request is about, does something with it, and
// shows it as the shopper sees it.
func (a *api) ownOrder(ctx context.Context, ref OrderRef, do func(account.Actor, id.Order) (core.OrderView, error)) (*reply[Order], error) {
	u, err := pathID(ref.ID, "order")
	if err != nil {
		return nil, err
	}
	by := caller(ctx, ref.Token)
	o, err := do(by, id.Order{UUID: u})
	if err != nil {
		return nil, err
	}
	return a.order(o, by.Role()), nil
}

// order shows an order to somebody in a role.
func (a *api) order(v core.OrderView, role account.Role) *reply[Order] {
	o := &v.Order
	out := Order{
		Totals: totals(o.Totals), ID: o.ID.String(), Number: o.Number, Status: string(o.Status), Email: o.Email, Currency: string(o.Currency),
		Version: o.Version, Lines: make([]OrderLine, len(o.Lines)), ShippingAddress: orderAddress(o.ShipTo), BillingAddress: orderAddress(o.BillTo),
		ShippingMethod:    OrderShippingMethod{Code: o.ShippingMethod.Code, Name: o.ShippingMethod.Name, Price: moneyOf(o.ShippingMethod.Price)},
		FulfillmentStatus: string(o.Fulfillment()), AllowedActions: []string{}, Test: o.Test, Payment: orderPayment(v.Payment, o.Currency),
		Shipments: make([]Shipment, len(o.Shipments)), Refunds: make([]Refund, len(o.Refunds)), Returns: make([]Return, len(o.Returns)),
		Timeline: []OrderEvent{}, CreatedAt: Time{o.CreatedAt}, UpdatedAt: Time{o.UpdatedAt},
	}
	for _, action := range o.AllowedActions(role) {
		out.AllowedActions = append(out.AllowedActions, string(action))
	}
	for i, l := range o.Lines {
		out.Lines[i] = a.orderLine(l)
	}
	for i, s := range o.Shipments {
		out.Shipments[i] = Shipment{
			ID: s.ID.String(), Status: string(s.Status), Carrier: text(s.Carrier), TrackingNumber: text(s.TrackingNumber),
			TrackingURL: text(s.TrackingURL), Lines: shipmentLines(s.Lines), ShippedAt: Time{s.ShippedAt}, DeliveredAt: optionalTime(s.DeliveredAt),
		}
	}
	for i, r := range o.Refunds {
		out.Refunds[i] = Refund{ID: r.ID.String(), Amount: moneyOf(r.Amount), Reason: r.Reason, Status: string(r.Status), By: "shop", CreatedAt: Time{r.CreatedAt}}
		if r.Foreign {
			out.Refunds[i].By = "provider"
		}
	}
	for i, r := range o.Returns {
		out.Returns[i] = Return{ID: r.ID.String(), Status: string(r.Status), Restock: r.Restock, Lines: shipmentLines(r.Lines)}
	}
	for _, e := range o.TimelineFor(role) {
		out.Timeline = append(out.Timeline, OrderEvent{At: Time{e.At}, Type: e.Type, Actor: string(e.Actor), Message: e.Message})
	}
	return &reply[Order]{Body: out, ETag: strongETag(o.Version), Mark: v.Mark}
}

func (a *api) orderLine(l order.Line) OrderLine {
	return OrderLine{
		SKU: string(l.SKU), Name: l.Name, ProductSlug: l.ProductSlug, Image: a.image(l.Image), Options: options(l.Options),
		Quantity: l.Quantity, UnitPrice: moneyOf(l.UnitPrice), Subtotal: moneyOf(l.Subtotal), Discount: moneyOf(l.Discount),
		Tax: moneyOf(l.Tax), Total: moneyOf(l.Total), ShippedQuantity: l.Shipped, ReturnedQuantity: l.Returned,
	}
}

func shipmentLines(lines []order.ShipmentLine) []ShipmentLine {
	out := make([]ShipmentLine, len(lines))
	for i, l := range lines {
		out[i] = ShipmentLine{SKU: string(l.SKU), Quantity: l.Quantity}
	}
	return out
}

func orderAddress(a order.Address) OrderAddress {
	return OrderAddress{
		FirstName: text(a.FirstName), LastName: a.LastName, Company: text(a.Company), Line1: a.Line1, Line2: text(a.Line2),
		City: a.City, Region: text(a.Region), PostalCode: a.PostalCode, Country: a.Country, Phone: text(a.Phone),
	}
}

func orderPayment(p payment.Payment, currency money.Currency) OrderPayment {
	if p.ID.IsZero() {
		none := Money{Currency: string(currency)}
		return OrderPayment{Status: string(payment.NotRequired), Amount: none, Captured: none, Refunded: none}
	}
	name := p.ID.String()
	out := OrderPayment{
		ID: &name, Provider: &p.Provider, Status: string(p.Status), Amount: moneyOf(p.Amount), Captured: moneyOf(p.Captured),
		Refunded: moneyOf(p.Refunded), DeclineCode: text(p.DeclineCode),
	}
	if n := p.NextAction; n != nil {
		out.NextAction = Some(NextAction{Type: n.Type, URL: text(n.URL), ClientSecret: text(n.ClientSecret), ExpiresAt: optionalTime(n.ExpiresAt)})
	}
	return out
}
