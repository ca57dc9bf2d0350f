package core

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/webhook"
)

// heardAge is how old what is known of the endpoints may be when something
// happens: for so long a new one may miss what another program of the shop does.
const heardAge = time.Second

// audience is who listens, as it was last read.
type audience struct {
	endpoints []webhook.Endpoint
	unknown   bool // it could not be read: whoever passes events on decides
	read      time.Time
}

// wants reports whether anybody is to be told of events of a type.
func (a *audience) wants(typ string) bool {
	return a.unknown || slices.ContainsFunc(a.endpoints, func(e webhook.Endpoint) bool { return e.Wants(typ) })
}

// listeners returns who listens. It is kept, so that what nobody wants to hear
// costs nothing, and asked for before a transaction, never within one.
func (s *shared) listeners(ctx context.Context) *audience {
	now := s.Now()
	kept := s.heard.Load()
	if kept != nil && now.Sub(kept.read).Abs() < heardAge {
		return kept
	}
	heard := &audience{read: now}
	if s.Orders.Webhooks != nil {
		var err error
		if heard.endpoints, err = s.Orders.Webhooks.Endpoints(ctx); err != nil {
			if kept != nil {
				return kept
			}
			return &audience{unknown: true}
		}
	}
	s.heard.Store(heard)
	return heard
}

// announcement returns the job that tells of an event: in the transaction of what
// happened, so that one is there if and only if the other is.
func announcement(event id.Job, typ string, data any, now time.Time, trace string) job.Envelope {
	raw, err := json.Marshal(data)
	if err != nil {
		panic("core: data of " + typ + ": " + err.Error()) // the types below always marshal
	}
	return job.New(event, job.DeliverWebhook, job.HappenedPayload{Type: typ, Data: raw}, now, trace)
}

// What receivers are told, beside the type. It names no person: who may know
// more asks for it.
type (
	orderNews struct {
		Order   id.Order       `json:"order_id"`
		Number  string         `json:"number"`
		Status  order.Status   `json:"status"`
		Payment payment.Status `json:"payment_status"`
		Total   money.Amount   `json:"total"`
		Test    bool           `json:"test"`
		Version int64          `json:"version"`
	}
	productNews struct {
		Product id.Product     `json:"product_id"`
		Slug    string         `json:"slug"`
		Status  catalog.Status `json:"status"`
		Version int64          `json:"version"`
	}
	categoryNews struct {
		Category id.Category `json:"category_id"`
		Slug     string      `json:"slug"`
		Version  int64       `json:"version"`
	}
	stockNews struct {
		SKU       id.SKU      `json:"sku"`
		Location  id.Location `json:"location"`
		Available int         `json:"available"`
		Version   int64       `json:"version"`
	}
)

// tellOrder returns what is to be told of an order: each of the steps since a
// point of its timeline that gave it another status, or else that something
// changed. What operators write on it is theirs.
func (t *turn) tellOrder(d *dossier, since int) []job.Envelope {
	var types []string
	other := false
	for _, step := range d.order.Timeline[since:] {
		switch {
		case strings.HasPrefix(step.Type, "order."):
			types = append(types, step.Type)
		case step.Type != order.Noted:
			other = true
		}
	}
	if len(types) == 0 && other {
		types = append(types, webhook.OrderUpdated)
	}
	status := d.payment.Status
	if d.payment.ID.IsZero() {
		status = payment.NotRequired
	}
	var jobs []job.Envelope
	for _, typ := range types {
		if t.heard.wants(typ) {
			jobs = append(jobs, announcement(id.Job{UUID: t.id(job.DeliverWebhook + typ)}, typ, orderNews{
				Order: d.order.ID, Number: d.order.Number, Status: d.order.Status, Payment: status, Total: d.order.Totals.Total,
				Test: d.order.Test, Version: d.order.Version,
			}, t.now, t.trace))
		}
	}
	return jobs
}

// tellStock returns what is to be told of levels that have just become low.
func (t *turn) tellStock(changes []inventory.Change) []job.Envelope {
	var jobs []job.Envelope
	for _, c := range changes {
		if c.BecameLow() && t.heard.wants(webhook.StockLow) {
			what := webhook.StockLow + c.After.SKU.Fold() + "@" + string(c.After.Location)
			jobs = append(jobs, announcement(id.Job{UUID: t.id(what)}, webhook.StockLow, stockNews{
				SKU: c.After.SKU, Location: c.After.Location, Available: c.After.Available(), Version: c.After.Version,
			}, t.now, t.trace))
		}
	}
	return jobs
}

// tellProduct returns what is to be told of a product.
func (s *shared) tellProduct(ctx context.Context, heard *audience, typ string, p *catalog.Product) []job.Envelope {
	return s.tell(ctx, heard, typ, productNews{Product: p.ID, Slug: p.Slug, Status: p.Status, Version: p.Version})
}

// tellCategory returns what is to be told of a category.
func (s *shared) tellCategory(ctx context.Context, heard *audience, typ string, c *catalog.Category) []job.Envelope {
	return s.tell(ctx, heard, typ, categoryNews{Category: c.ID, Slug: c.Slug, Version: c.Version})
}

func (s *shared) tell(ctx context.Context, heard *audience, typ string, data any) []job.Envelope {
	if !heard.wants(typ) {
		return nil
	}
	return []job.Envelope{announcement(id.Job{UUID: s.ids.New()}, typ, data, s.Now(), s.Trace(ctx))}
}
