package httpapi

import (
	"context"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/payment"
)

const (
	maxWebhook      = 512 << 10
	webhookDeadline = 2 * time.Second // a provider that is not answered sends again
)

// Received says that a webhook needs not be sent again.
type Received struct {
	Received bool `json:"received"`
}

// PaymentEvent is what a payment provider sent.
type PaymentEvent struct {
	ID         string     `json:"id" doc:"the provider's own"`
	Provider   string     `json:"provider"`
	Type       string     `json:"type" doc:"in the provider's words"`
	PaymentID  string     `json:"payment_id"`
	ReceivedAt Time       `json:"received_at"`
	EndedAt    Null[Time] `json:"ended_at" doc:"when it was last worked off"`
}

// ReplayedEvents says how many events were put back to work.
type ReplayedEvents struct {
	Replayed   int     `json:"replayed"`
	NextCursor *string `json:"next_cursor" doc:"null: there are no more"`
}

// replayChoice says which events are meant.
type replayChoice struct {
	Provider string    `json:"provider,omitempty" maxLength:"64" doc:"Empty: of all."`
	EventIDs []string  `json:"event_ids,omitempty" maxItems:"1000" doc:"The provider's ids. Empty: all."`
	From     Opt[Time] `json:"from,omitzero" doc:"Received then or later."`
	Waiting  bool      `json:"waiting,omitempty" doc:"Only those not yet worked off."`
	Cursor   string    `json:"cursor,omitempty" doc:"next_cursor of the answer before."`
	Limit    int       `json:"limit" minimum:"1" maximum:"1000"`
}

func (a *api) registerWebhooks() {
	const tag = "payments"
	anything := &huma.MediaType{Schema: &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true}}
	register(a.edge, operation{
		ID: "receivePaymentWebhook", Method: http.MethodPost, Path: "/v1/webhooks/payments/{provider}", Tag: tag,
		Key: keyIgnored, Limit: classNone, MaxBody: maxWebhook, Deadline: webhookDeadline, Summary: "Hear what a payment provider tells",
		Description: "Signed by the provider over the raw body. What it tells is no more than a reason to ask it; events that come twice, late, " +
			"out of order, or about unknown things are answered alike.",
		Request: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"application/json": anything}},
	}, func(ctx context.Context, in *struct {
		Provider string `path:"provider"`
	},
	) (*reply[Received], error) {
		body, err := io.ReadAll(uploaded(ctx))
		if err != nil {
			return nil, uploadError(err)
		}
		err = a.shop.Webhooks.Receive(ctx, core.ReceiveWebhook{Provider: in.Provider, Header: exchangeOf(ctx).r.Header.Get, Body: body})
		if err != nil {
			return nil, err
		}
		return &reply[Received]{Body: Received{Received: true}}, nil
	})
	register(a.edge, operation{
		ID: "replayPaymentEvents", Method: http.MethodPost, Path: "/v1/admin/payments/events/replay", Tag: tag, Permission: account.OrderWrite,
		Summary: "Work off again what payment providers sent", Description: "Oldest first. It is kept for 30 days.",
	}, func(ctx context.Context, in *struct{ Body replayChoice }) (*reply[ReplayedEvents], error) {
		c := in.Body
		scope := strings.Join(append([]string{"replay", c.Provider}, c.EventIDs...), "\x00")
		after, err := uuidCursor(scope, c.Cursor)
		if err != nil {
			return nil, err
		}
		r, err := a.shop.Webhooks.Replay(ctx, core.ReplayWebhooks{By: caller(ctx, ""), Events: payment.EventFilter{
			Provider: c.Provider, IDs: c.EventIDs, From: c.From.Value.Time, Waiting: c.Waiting, After: id.Event{UUID: after}, Limit: c.Limit,
		}})
		if err != nil {
			return nil, err
		}
		return &reply[ReplayedEvents]{Body: ReplayedEvents{len(r.Events), nextCursor(scope, r.Next.UUID)}}, nil
	})
	register(a.edge, operation{
		ID: "listPaymentEvents", Method: http.MethodGet, Path: "/v1/admin/payments/events", Tag: tag, Permission: account.OrderRead,
		Summary: "List what payment providers sent, oldest first",
	}, func(ctx context.Context, in *struct {
		Provider string `query:"provider" maxLength:"64"`
		Waiting  bool   `query:"waiting" doc:"only those not yet worked off"`
		Cursor   string `query:"cursor"`
		Limit    int    `query:"limit" minimum:"1" maximum:"100" default:"24"`
	},
	) (*reply[CursorPage[PaymentEvent]], error) {
		scope := "payment events\x00" + in.Provider
		after, err := uuidCursor(scope, in.Cursor)
		if err != nil {
			return nil, err
		}
		events, err := a.shop.Webhooks.Browse(ctx, core.BrowsePaymentEvents{By: caller(ctx, ""), Filter: payment.EventFilter{
			Provider: in.Provider, Waiting: in.Waiting, After: id.Event{UUID: after}, Limit: in.Limit,
		}})
		if err != nil {
			return nil, err
		}
		out := CursorPage[PaymentEvent]{Items: make([]PaymentEvent, len(events))}
		for i, e := range events {
			out.Items[i] = PaymentEvent{
				ID: e.Notice.ID, Provider: e.Provider, Type: e.Notice.Type, PaymentID: e.Notice.Payment.String(),
				ReceivedAt: Time{e.ReceivedAt}, EndedAt: optionalTime(e.EndedAt),
			}
		}
		if len(events) == in.Limit {
			out.NextCursor = nextCursor(scope, events[len(events)-1].ID.UUID)
		}
		return &reply[CursorPage[PaymentEvent]]{Body: out}, nil
	})
}
