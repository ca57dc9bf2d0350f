package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/bodega-commerce/bodega/core/money"
)

type showOrder struct {
	Order string `arg:"" help:"Its number or id."`
}

// order is what is shown of an order.
type order struct {
	ID                string       `json:"id"`
	Number            string       `json:"number"`
	Status            string       `json:"status"`
	FulfillmentStatus string       `json:"fulfillment_status"`
	Email             string       `json:"email"`
	Test              bool         `json:"test"`
	CreatedAt         time.Time    `json:"created_at"`
	Subtotal          money.Amount `json:"subtotal"`
	Discount          money.Amount `json:"discount"`
	Shipping          money.Amount `json:"shipping"`
	Tax               money.Amount `json:"tax"`
	TaxIncluded       bool         `json:"tax_included"`
	Total             money.Amount `json:"total"`
	AllowedActions    []string     `json:"allowed_actions"`
	Payment           payment      `json:"payment"`
	ShipTo            address      `json:"shipping_address"`
	Lines             []struct {
		SKU       string            `json:"sku"`
		Name      string            `json:"name"`
		Options   map[string]string `json:"options"`
		Quantity  int               `json:"quantity"`
		UnitPrice money.Amount      `json:"unit_price"`
		Total     money.Amount      `json:"total"`
	} `json:"lines"`
	Timeline []struct {
		At      time.Time `json:"at"`
		Type    string    `json:"type"`
		Actor   string    `json:"actor"`
		Message string    `json:"message"`
	} `json:"timeline"`
}

type address struct {
	FirstName  string `json:"first_name"`
	LastName   string `json:"last_name"`
	Company    string `json:"company"`
	Line1      string `json:"line1"`
	Line2      string `json:"line2"`
	PostalCode string `json:"postal_code"`
	City       string `json:"city"`
	Region     string `json:"region"`
	Country    string `json:"country"`
}

func (a address) String() string {
	parts := []string{strings.TrimSpace(a.FirstName + " " + a.LastName), a.Company, a.Line1, a.Line2, strings.TrimSpace(a.PostalCode + " " + a.City), a.Region, a.Country}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), ", ")
}

type payment struct {
	ID          string       `json:"id"`
	OrderID     string       `json:"order_id"`
	Provider    string       `json:"provider"`
	Status      string       `json:"status"`
	Amount      money.Amount `json:"amount"`
	Captured    money.Amount `json:"captured"`
	Refunded    money.Amount `json:"refunded"`
	DeclineCode string       `json:"decline_code"`
	Checks      int          `json:"checks"`
	CreatedAt   time.Time    `json:"created_at"`
}

// Run prints an order as it stands.
func (c *showOrder) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(api *client) error {
		var o order
		if err := api.get(ctx, "/v1/admin/orders/"+url.PathEscape(c.Order), &o); err != nil {
			return err
		}
		return o.print(t.out)
	})
}

func (o *order) print(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(cells ...any) { say(table, "%s\n", strings.Join(texts(cells), "\t")) }
	row("order", o.Number)
	row("id", o.ID)
	row("status", o.Status+", "+o.FulfillmentStatus)
	if o.Test {
		row("test", "yes: no money moves")
	}
	row("email", o.Email)
	row("ship to", o.ShipTo)
	row("placed", o.CreatedAt.Format(time.RFC3339))
	row("payment", strings.TrimSpace(strings.Join([]string{o.Payment.Provider, o.Payment.Status, o.Payment.DeclineCode, o.Payment.ID}, " ")))
	row("money", fmt.Sprintf("%v asked, %v captured, %v refunded", o.Payment.Amount, o.Payment.Captured, o.Payment.Refunded))
	row("may now", strings.Join(o.AllowedActions, ", "))
	row()
	for _, l := range o.Lines {
		row(fmt.Sprintf("%d ×", l.Quantity), l.SKU, describe(l.Name, l.Options), l.UnitPrice, l.Total)
	}
	row()
	row("subtotal", o.Subtotal)
	row("discount", o.Discount)
	row("shipping", o.Shipping)
	if o.TaxIncluded {
		row("tax (included)", o.Tax)
	} else {
		row("tax", o.Tax)
	}
	row("total", o.Total)
	row()
	for _, e := range o.Timeline {
		row(e.At.Format(time.RFC3339), e.Actor, e.Type, e.Message)
	}
	return table.Flush()
}

func texts(cells []any) []string {
	list := make([]string, len(cells))
	for i, c := range cells {
		list[i] = fmt.Sprint(c)
	}
	return list
}

// describe names what was bought with its options, in a fixed order.
func describe(name string, options map[string]string) string {
	values := make([]string, 0, len(options))
	for _, option := range slices.Sorted(maps.Keys(options)) {
		values = append(values, options[option])
	}
	return strings.Join(append([]string{name}, values...), ", ")
}

type resendMail struct {
	Order string `arg:"" help:"Its number or id."`
}

// Run has the confirmation mailed once more.
func (c *resendMail) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(api *client) error {
		var o order
		if err := api.get(ctx, "/v1/admin/orders/"+url.PathEscape(c.Order), &o); err != nil {
			return err
		}
		if err := api.post(ctx, "/v1/admin/orders/"+o.ID+"/resend-confirmation", nil, nil); err != nil {
			return err
		}
		say(t.out, "the confirmation of %s goes to %s once more\n", o.Number, o.Email)
		return nil
	})
}

type listPayments struct {
	InDoubt bool   `help:"Only those that wait for an answer or an end."`
	Status  string `help:"Only those of this status." placeholder:"STATUS"`
}

// Run prints payments, one a line.
func (c *listPayments) Run(ctx context.Context, t *terminal) error {
	query := url.Values{}
	if c.InDoubt {
		query.Set("in_doubt", "true")
	}
	if c.Status != "" {
		query.Set("status", c.Status)
	}
	return t.with(ctx, func(api *client) error {
		table := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
		say(table, "PAYMENT\tORDER\tPROVIDER\tSTATUS\tAMOUNT\tCHECKS\tSINCE\n")
		err := all(ctx, api, "/v1/admin/payments", query, func(p payment) error {
			say(table, "%s\t%s\t%s\t%s\t%v\t%d\t%s\n", p.ID, p.OrderID, p.Provider, p.Status, p.Amount, p.Checks, p.CreatedAt.Format(time.RFC3339))
			return nil
		})
		if err != nil {
			return err
		}
		return table.Flush()
	})
}

type settlePayment struct {
	Payment string `arg:"" help:"Its id."`
}

// Run has the provider asked and prints where the order stands now.
func (c *settlePayment) Run(ctx context.Context, t *terminal) error {
	return t.with(ctx, func(api *client) error {
		var o order
		if err := api.post(ctx, "/v1/admin/payments/"+url.PathEscape(c.Payment)+"/settle", nil, &o); err != nil {
			return err
		}
		say(t.out, "payment %s is %s, order %s is %s\n", o.Payment.ID, o.Payment.Status, o.Number, o.Status)
		return nil
	})
}
