package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/pricing"
)

// checkoutDeadline leaves the provider its 8 seconds.
const checkoutDeadline = 12 * time.Second

// Address is where something goes.
type Address struct {
	FirstName  string `json:"first_name,omitempty" maxLength:"200"`
	LastName   string `json:"last_name" maxLength:"200"`
	Company    string `json:"company,omitempty" maxLength:"200"`
	Line1      string `json:"line1" maxLength:"200"`
	Line2      string `json:"line2,omitempty" maxLength:"200"`
	City       string `json:"city" maxLength:"200"`
	Region     string `json:"region,omitempty" maxLength:"200"`
	PostalCode string `json:"postal_code" maxLength:"200"`
	Country    string `json:"country" pattern:"^[A-Z]{2}$" patternDescription:"an ISO 3166-1 alpha-2 code"`
	Phone      string `json:"phone,omitempty" maxLength:"200"`
}

// Destination is an Address of which only the country must be known.
type Destination struct {
	FirstName  string `json:"first_name,omitempty" maxLength:"200"`
	LastName   string `json:"last_name,omitempty" maxLength:"200"`
	Company    string `json:"company,omitempty" maxLength:"200"`
	Line1      string `json:"line1,omitempty" maxLength:"200"`
	Line2      string `json:"line2,omitempty" maxLength:"200"`
	City       string `json:"city,omitempty" maxLength:"200"`
	Region     string `json:"region,omitempty" maxLength:"200"`
	PostalCode string `json:"postal_code,omitempty" maxLength:"200"`
	Country    string `json:"country" pattern:"^[A-Z]{2}$" patternDescription:"an ISO 3166-1 alpha-2 code"`
	Phone      string `json:"phone,omitempty" maxLength:"200"`
}

// Totals are the sums of a quote or an order.
type Totals struct {
	Subtotal    Money      `json:"subtotal"`
	Discount    Money      `json:"discount"`
	Discounts   []Discount `json:"discounts"`
	Shipping    Money      `json:"shipping"`
	Tax         Money      `json:"tax"`
	TaxIncluded bool       `json:"tax_included"`
	TaxLines    []TaxLine  `json:"tax_lines"`
	Total       Money      `json:"total"`
}

// Discount is what one promotion took off.
type Discount struct {
	PromotionID *string `json:"promotion_id"`
	Code        *string `json:"code"`
	Label       string  `json:"label"`
	Amount      Money   `json:"amount"`
}

// TaxLine sums up the tax of one rate.
type TaxLine struct {
	Name   string `json:"name"`
	RateBP int64  `json:"rate_bp" doc:"basis points: 1900 is 19 %"`
	Base   Money  `json:"base" doc:"net"`
	Amount Money  `json:"amount"`
}

// Quote is what a cart costs at this moment.
type Quote struct {
	Totals
	Lines           []QuoteLine      `json:"lines"`
	ShippingMethods []ShippingMethod `json:"shipping_methods"`
	CartVersion     int64            `json:"cart_version"`
	ExpiresAt       Time             `json:"expires_at"`
}

// QuoteLine is the money of one line.
type QuoteLine struct {
	SKU       string `json:"sku"`
	Name      string `json:"name"`
	Quantity  int    `json:"quantity"`
	UnitPrice Money  `json:"unit_price"`
	Subtotal  Money  `json:"subtotal"`
	Discount  Money  `json:"discount"`
	Tax       Money  `json:"tax"`
	Total     Money  `json:"total"`
}

// ShippingMethod is a way to send a parcel, and its price for this cart.
type ShippingMethod struct {
	Code         string `json:"code"`
	Name         string `json:"name"`
	Price        Money  `json:"price"`
	DeliveryDays struct {
		Min int `json:"min"`
		Max int `json:"max"`
	} `json:"delivery_days"`
	Selected bool `json:"selected"`
}

type quoteRequest struct {
	CartID          string      `json:"cart_id"`
	ShippingAddress Destination `json:"shipping_address"`
	ShippingMethod  string      `json:"shipping_method,omitempty" maxLength:"64" doc:"Without it, the cheapest."`
}

type checkoutRequest struct {
	CartID          string         `json:"cart_id"`
	Email           string         `json:"email" maxLength:"254"`
	ShippingAddress Address        `json:"shipping_address"`
	BillingAddress  Opt[Address]   `json:"billing_address,omitzero"`
	ShippingMethod  string         `json:"shipping_method,omitempty" maxLength:"64" doc:"Without it, the cheapest."`
	Payment         *paymentChoice `json:"payment,omitempty" doc:"Omitted when there is nothing to pay."`
	ExpectedTotal   Money          `json:"expected_total" doc:"The total of the quote that was shown."`
}

type paymentChoice struct {
	Provider  string `json:"provider" maxLength:"64"`
	Token     string `json:"token" maxLength:"500" doc:"What the provider's hosted fields returned; never card data."`
	ReturnURL string `json:"return_url,omitempty" maxLength:"2000" format:"uri" pattern:"^https?://" patternDescription:"an http or https address"`
}

func (a *api) registerCheckout() {
	const tag = "checkout"
	fields := map[string]string{"ship_to": "shipping_address", "bill_to": "billing_address", "expect": "expected_total", "pay": "payment"}
	register(a.edge, operation{
		ID: "quoteCheckout", Method: http.MethodPost, Path: "/v1/checkout/quote", Tag: tag, Fields: fields,
		Summary: "Compute what a cart costs, sent somewhere",
	}, func(ctx context.Context, in *struct {
		Token string `header:"X-Cart-Token"`
		Body  quoteRequest
	},
	) (*reply[Quote], error) {
		cart, err := pathID(in.Body.CartID, "cart")
		if err != nil {
			return nil, err
		}
		q, err := a.shop.Checkout.Quote(ctx, core.QuoteCheckout{
			By: caller(ctx, in.Token), Cart: id.Cart{UUID: cart}, ShipTo: addressOf(Address(in.Body.ShippingAddress)), ShippingMethod: in.Body.ShippingMethod,
		})
		if err != nil {
			return nil, err
		}
		return &reply[Quote]{Body: quote(q)}, nil
	})
	register(a.edge, operation{
		ID: core.OperationCheckout, Method: http.MethodPost, Path: "/v1/checkout", Tag: tag, Status: http.StatusCreated,
		Limit: classCheckout, Key: keyOfVerb, Deadline: checkoutDeadline, Fields: fields, Summary: "Order a cart, once",
		Description: "The answer's X-Order-Token header is what a guest shows to see the order again.",
	}, func(ctx context.Context, in *struct {
		Token string `header:"X-Cart-Token"`
		Body  checkoutRequest
	},
	) (*reply[Order], error) {
		cart, err := pathID(in.Body.CartID, "cart")
		if err != nil {
			return nil, err
		}
		by := caller(ctx, in.Token)
		if by.IsNobody() { // whose the key would be
			return nil, fault.Missing("cart")
		}
		key, _ := claimed(ctx)
		command := core.PlaceOrder{
			By: by, Key: key.Key, Cart: id.Cart{UUID: cart}, Email: in.Body.Email, ShipTo: addressOf(in.Body.ShippingAddress),
			BillTo: addressOf(in.Body.BillingAddress.Value), ShippingMethod: in.Body.ShippingMethod, Expect: in.Body.ExpectedTotal.amount(),
		}
		if p := in.Body.Payment; p != nil {
			command.Pay = core.Pay{Provider: p.Provider, Token: p.Token, ReturnURL: p.ReturnURL}
		}
		placed, err := a.shop.Checkout.Place(ctx, command)
		return a.placed(ctx, placed, err)
	})
}

// placed answers a checkout: what was answered before if it was, the order, or
// why there is none.
func (a *api) placed(ctx context.Context, p core.Placed, err error) (*reply[Order], error) {
	h := exchangeOf(ctx).Header()
	if p.Token != "" {
		h.Set("X-Order-Token", p.Token)
	}
	if p.Replayed {
		h.Set("Idempotent-Replayed", "true")
	}
	switch {
	case p.Answer != nil:
		return &reply[Order]{Replayed: p.Answer}, nil
	case err != nil:
		return nil, err
	}
	rep := a.order(p.OrderView, account.RoleCustomer)
	rep.Status, rep.Location = http.StatusCreated, "/v1/orders/"+p.ID.String()
	return rep, nil
}

func addressOf(a Address) order.Address {
	return order.Address{
		FirstName: a.FirstName, LastName: a.LastName, Company: a.Company, Line1: a.Line1, Line2: a.Line2,
		City: a.City, Region: a.Region, PostalCode: a.PostalCode, Country: a.Country, Phone: a.Phone,
	}
}

func totals(t pricing.Totals) Totals {
	out := Totals{
		Subtotal: moneyOf(t.Subtotal), Discount: moneyOf(t.Discount), Discounts: make([]Discount, len(t.Discounts)),
		Shipping: moneyOf(t.Shipping), Tax: moneyOf(t.Tax), TaxIncluded: t.TaxIncluded, TaxLines: make([]TaxLine, len(t.TaxLines)),
		Total: moneyOf(t.Total),
	}
	for i, d := range t.Discounts {
		out.Discounts[i] = Discount{PromotionID: text(d.Promotion), Code: text(d.Code), Label: d.Label, Amount: moneyOf(d.Amount)}
	}
	for i, l := range t.TaxLines {
		out.TaxLines[i] = TaxLine{Name: l.Name, RateBP: l.BasisPoints, Base: moneyOf(l.Base), Amount: moneyOf(l.Amount)}
	}
	return out
}

func quote(q pricing.Quote) Quote {
	out := Quote{
		Totals: totals(q.Totals), Lines: make([]QuoteLine, len(q.Lines)), ShippingMethods: make([]ShippingMethod, len(q.Methods)),
		CartVersion: q.CartVersion, ExpiresAt: Time{q.ExpiresAt},
	}
	for i, l := range q.Lines {
		out.Lines[i] = QuoteLine{
			SKU: string(l.SKU), Name: l.Name, Quantity: l.Quantity, UnitPrice: moneyOf(l.UnitPrice), Subtotal: moneyOf(l.Subtotal),
			Discount: moneyOf(l.Discount), Tax: moneyOf(l.Tax), Total: moneyOf(l.Total),
		}
	}
	for i, m := range q.Methods {
		s := ShippingMethod{Code: m.Code, Name: m.Name, Price: moneyOf(m.Price), Selected: m.Selected}
		s.DeliveryDays.Min, s.DeliveryDays.Max = m.MinDays, m.MaxDays
		out.ShippingMethods[i] = s
	}
	return out
}
