package core

import (
	"context"
	"net/url"
	"strings"
	"text/template"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/ports"
)

// Mails writes to shoppers. A mail's Message-ID is that of the job that asked
// for it: a job done twice is one mail to whoever looks at Message-IDs.
type Mails struct{ s *shared }

// SendConfirmation mails what was ordered. An order that was never confirmed is
// Conflict: such a job is a mistake.
func (x *Mails) SendConfirmation(ctx context.Context, j id.Job, o id.Order) error {
	return x.send(ctx, j, o, func(o order.Order) (string, mailText, error) {
		if o.ConfirmedAt.IsZero() {
			return "", mailText{}, fault.New(fault.Conflict, "order_state_conflict", "the order was never confirmed")
		}
		return "Your order " + o.Number, confirmationMail, nil
	})
}

// SendLink mails a link that shows an order.
func (x *Mails) SendLink(ctx context.Context, j id.Job, o id.Order) error {
	return x.send(ctx, j, o, func(o order.Order) (string, mailText, error) {
		return "Your link to order " + o.Number, linkMail, nil
	})
}

func (x *Mails) send(ctx context.Context, j id.Job, o id.Order, choose func(order.Order) (string, mailText, error)) error {
	found, err := x.s.Orders.Orders.Order(ctx, o)
	if err != nil {
		return err
	}
	subject, text, err := choose(found)
	if err != nil {
		return err
	}
	letter := letter{Shop: x.s.Name, Order: found, Link: x.s.orderLink(o)}
	m := ports.Message{ID: x.messageID(j), To: found.Email, Subject: subject + " at " + x.s.Name, At: x.s.Now()}
	if m.Text, err = letter.write(text.plain); err != nil {
		return err
	}
	if m.HTML, err = letter.write(text.html); err != nil {
		return err
	}
	return x.s.Mail.Send(ctx, m)
}

// messageID makes a Message-ID of a job's id and the storefront's host.
func (x *Mails) messageID(j id.Job) string {
	host := "localhost"
	if u, err := url.Parse(x.s.StorefrontURL); err == nil && u.Hostname() != "" {
		host = u.Hostname()
	}
	return j.String() + "@" + host
}

// orderLink leads to an order in the storefront; whoever follows it may see it.
func (s *shared) orderLink(o id.Order) string {
	return s.StorefrontURL + "/orders/" + o.String() + "?token=" + url.QueryEscape(s.orderToken(o))
}

// letter is what a mail tells.
type letter struct {
	Shop  string
	Order order.Order
	Link  string
}

// Address returns the lines of the shipping address.
func (l letter) Address() []string {
	a := l.Order.ShipTo
	var lines []string
	for _, line := range []string{
		strings.TrimSpace(a.FirstName + " " + a.LastName), a.Company, a.Line1, a.Line2,
		strings.TrimSpace(a.PostalCode + " " + a.City), a.Region, a.Country,
	} {
		if line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

func (l letter) write(t *template.Template) (string, error) {
	var b strings.Builder
	if err := t.Execute(&b, l); err != nil {
		return "", fault.Wrap(fault.Internal, "core: mail "+t.Name(), err)
	}
	return b.String(), nil
}

// mailText is a mail in both its forms. Text templates escape nothing by
// themselves: in html, everything of the order goes through the html function.
type mailText struct{ plain, html *template.Template }

var (
	confirmationMail = mailText{
		template.Must(template.New("confirmation").Parse(`Thank you for your order {{.Order.Number}} at {{.Shop}}.
{{range .Order.Lines}}
{{.Quantity}} x {{.Name}} ({{.SKU}}): {{.Total}}{{end}}
{{if not .Order.Totals.Discount.IsZero}}
Discount: -{{.Order.Totals.Discount}}{{end}}
Shipping: {{.Order.Totals.Shipping}}
{{- if not .Order.Totals.Tax.IsZero}}
{{if .Order.Totals.TaxIncluded}}Tax included{{else}}Tax{{end}}: {{.Order.Totals.Tax}}{{end}}
Total: {{.Order.Totals.Total}}

It goes to:
{{range .Address}}{{.}}
{{end}}
See how far it has come: {{.Link}}
`)),
		template.Must(template.New("confirmation.html").Parse(`<!doctype html>
<meta charset="utf-8">
<p>Thank you for your order <b>{{.Order.Number | html}}</b> at {{.Shop | html}}.</p>
<table>
{{range .Order.Lines}}<tr><td>{{.Quantity}} ×</td><td>{{.Name | html}} ({{.SKU | html}})</td><td align="right">{{.Total}}</td></tr>
{{end}}{{if not .Order.Totals.Discount.IsZero}}<tr><td></td><td>Discount</td><td align="right">−{{.Order.Totals.Discount}}</td></tr>
{{end}}<tr><td></td><td>Shipping</td><td align="right">{{.Order.Totals.Shipping}}</td></tr>
{{if not .Order.Totals.Tax.IsZero}}<tr><td></td><td>{{if .Order.Totals.TaxIncluded}}Tax included{{else}}Tax{{end}}</td><td align="right">{{.Order.Totals.Tax}}</td></tr>
{{end}}<tr><td></td><td><b>Total</b></td><td align="right"><b>{{.Order.Totals.Total}}</b></td></tr>
</table>
<p>It goes to:<br>{{range .Address}}{{. | html}}<br>{{end}}</p>
<p><a href="{{.Link | html}}">See how far it has come</a></p>
`)),
	}
	linkMail = mailText{
		template.Must(template.New("link").Parse(`This link shows your order {{.Order.Number}} at {{.Shop}}:

{{.Link}}

If you did not ask for it, somebody else typed your address; they see nothing of your order.
`)),
		template.Must(template.New("link.html").Parse(`<!doctype html>
<meta charset="utf-8">
<p><a href="{{.Link | html}}">This link shows your order {{.Order.Number | html}} at {{.Shop | html}}.</a></p>
<p>If you did not ask for it, somebody else typed your address; they see nothing of your order.</p>
`)),
	}
)
