package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/webhook"
)

// Webhook is where another program listens.
type Webhook struct {
	ID          string   `json:"id"`
	URL         string   `json:"url"`
	Description string   `json:"description"`
	Events      []string `json:"events"`
	Enabled     bool     `json:"enabled"`
	Failures    int      `json:"failures" doc:"how often in a row nobody answered; while it is not 0, deliveries wait longer"`
	Secret      *string  `json:"secret" doc:"signs what is sent; shown once, when it is made, and null ever after"`
	Version     int64    `json:"version"`
	CreatedAt   Time     `json:"created_at"`
	UpdatedAt   Time     `json:"updated_at"`
}

// WebhookDelivery is an event on its way to a webhook.
type WebhookDelivery struct {
	ID            string          `json:"id" doc:"the same however often it is sent, in the header Webhook-Id"`
	EventID       string          `json:"event_id"`
	Type          string          `json:"type"`
	Data          json.RawMessage `json:"data"`
	Status        string          `json:"status" doc:"pending, delivered, failed"`
	Attempts      int             `json:"attempts"`
	NextAttemptAt Null[Time]      `json:"next_attempt_at"`
	ResponseCode  *int            `json:"response_code" doc:"of the last attempt; null: there was no answer"`
	Problem       *string         `json:"problem" doc:"of the last attempt"`
	CreatedAt     Time            `json:"created_at"`
	EndedAt       Null[Time]      `json:"ended_at"`
}

type webhookRequest struct {
	URL         string   `json:"url" maxLength:"2048" doc:"an https address"`
	Description string   `json:"description,omitempty" maxLength:"500"`
	Events      []string `json:"events" minItems:"1" maxItems:"50" doc:"types, all of a kind like order.*, or *"`
	Enabled     *bool    `json:"enabled,omitempty" doc:"true unless said otherwise"`
}

func (b *webhookRequest) draft() core.EndpointDraft {
	return core.EndpointDraft{URL: b.URL, Description: b.Description, Events: b.Events, Disabled: b.Enabled != nil && !*b.Enabled}
}

// WebhookRef names a webhook. It is exported because huma does not look into
// embedded types that are not.
type WebhookRef struct {
	ID string `path:"id"`
}

// DeliveryRef names a delivery to a webhook, as WebhookRef does that.
type DeliveryRef struct {
	ID       string `path:"id"`
	Delivery string `path:"delivery"`
}

func (r DeliveryRef) ids() (e id.Endpoint, d id.Delivery, err error) {
	if e.UUID, err = pathID(r.ID, "webhook"); err == nil {
		d.UUID, err = pathID(r.Delivery, "delivery")
	}
	return e, d, err
}

const adminWebhooks = "/v1/admin/webhooks"

func (a *api) registerAdminWebhooks() {
	const tag, one = "webhooks", adminWebhooks + "/{id}"
	register(a.edge, operation{ID: "listWebhooks", Method: http.MethodGet, Path: adminWebhooks, Tag: tag, Permission: account.WebhooksManage, Summary: "List webhooks"},
		func(ctx context.Context, in *struct {
			Browse
			Sort string `query:"sort" enum:"created_at,name,-name" default:"created_at" doc:"name: by url"`
		},
		) (*reply[CursorPage[Webhook]], error) {
			endpoints, err := a.shop.Endpoints.Browse(ctx, core.BrowseEndpoints{By: caller(ctx, "")})
			if err != nil {
				return nil, err
			}
			all := make([]Webhook, len(endpoints))
			for i := range all {
				all[i] = shownWebhook(&endpoints[i], "")
			}
			page, err := browse("webhooks", in.Browse, in.Sort, all, func(w *Webhook) named { return named{w.ID, "", w.URL} })
			return &reply[CursorPage[Webhook]]{Body: page}, err
		})
	register(a.edge, operation{
		ID: "createWebhook", Method: http.MethodPost, Path: adminWebhooks, Tag: tag, Permission: account.WebhooksManage, Status: http.StatusCreated, Key: keyIgnored,
		Summary: "Create a webhook", Description: "What happens from a second later on is sent to it. The answer holds the secret, and no other does.",
	}, func(ctx context.Context, in *struct{ Body webhookRequest }) (*reply[Webhook], error) {
		rep, err := savedWebhook(a.shop.Endpoints.Create(ctx, core.CreateEndpoint{By: caller(ctx, ""), EndpointDraft: in.Body.draft()}))
		if err == nil {
			rep.Location = adminWebhooks + "/" + rep.Body.ID
		}
		return rep, err
	})
	register(a.edge, operation{ID: "readWebhook", Method: http.MethodGet, Path: one, Tag: tag, Permission: account.WebhooksManage, Summary: "Show a webhook"},
		func(ctx context.Context, in *WebhookRef) (*reply[Webhook], error) {
			u, err := pathID(in.ID, "webhook")
			if err != nil {
				return nil, err
			}
			e, err := a.shop.Endpoints.Find(ctx, core.FindEndpoint{By: caller(ctx, ""), Endpoint: id.Endpoint{UUID: u}})
			return savedWebhook(core.SavedEndpoint{Endpoint: e}, err)
		})
	register(a.edge, operation{
		ID: "replaceWebhook", Method: http.MethodPut, Path: one, Tag: tag, Permission: account.WebhooksManage, IfMatch: true,
		Summary: "Make a webhook as given", Description: "Its secret stays. While it is not enabled no event is kept for it, and what waits goes on waiting.",
	}, func(ctx context.Context, in *struct {
		WebhookRef
		Body webhookRequest
	},
	) (*reply[Webhook], error) {
		u, err := pathID(in.ID, "webhook")
		if err != nil {
			return nil, err
		}
		return savedWebhook(a.shop.Endpoints.Replace(ctx, core.ReplaceEndpoint{
			By: caller(ctx, ""), Endpoint: id.Endpoint{UUID: u}, Version: conditions(ctx).Version, EndpointDraft: in.Body.draft(),
		}))
	})
	register(a.edge, operation{
		ID: "deleteWebhook", Method: http.MethodDelete, Path: one, MayMatch: true, Tag: tag, Permission: account.WebhooksManage,
		Summary: "Delete a webhook and its deliveries",
	}, func(ctx context.Context, in *WebhookRef) (*reply[nothing], error) {
		u, version, err := writeOf(ctx, in.ID, "webhook")
		if err != nil {
			return nil, err
		}
		return gone(a.shop.Endpoints.Drop(ctx, core.DropEndpoint{By: caller(ctx, ""), Endpoint: id.Endpoint{UUID: u}, Version: version}))
	})
	register(a.edge, operation{
		ID: "rotateWebhookSecret", Method: http.MethodPost, Path: one + "/rotate-secret", Tag: tag, Permission: account.WebhooksManage, Key: keyIgnored, MayMatch: true,
		Summary: "Make a new secret", Description: "For a day the one before it signs beside it: Webhook-Signature has a v1 of each.",
	}, func(ctx context.Context, in *WebhookRef) (*reply[Webhook], error) {
		u, version, err := writeOf(ctx, in.ID, "webhook")
		if err != nil {
			return nil, err
		}
		return savedWebhook(a.shop.Endpoints.RotateSecret(ctx, core.RotateSecret{By: caller(ctx, ""), Endpoint: id.Endpoint{UUID: u}, Version: version}))
	})
}

func (a *api) registerDeliveries() {
	const tag, path = "webhooks", adminWebhooks + "/{id}/deliveries"
	register(a.edge, operation{
		ID: "listWebhookDeliveries", Method: http.MethodGet, Path: path, Tag: tag, Permission: account.WebhooksManage,
		Summary: "List deliveries", Description: "Newest first. They are kept for 30 days after they have ended.",
	}, func(ctx context.Context, in *struct {
		WebhookRef
		Status string `query:"status" enum:"pending,delivered,failed"`
		Cursor string `query:"cursor"`
		Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"24"`
	},
	) (*reply[CursorPage[WebhookDelivery]], error) {
		u, err := pathID(in.ID, "webhook")
		if err != nil {
			return nil, err
		}
		scope := strings.Join([]string{"deliveries", in.ID, in.Status}, "\x00")
		from, err := uuidCursor(scope, in.Cursor)
		if err != nil {
			return nil, err
		}
		list, err := a.shop.Endpoints.Deliveries(ctx, core.BrowseDeliveries{By: caller(ctx, ""), Filter: webhook.Filter{
			Endpoint: id.Endpoint{UUID: u}, Status: webhook.Status(in.Status), After: id.Delivery{UUID: from}, Limit: in.Limit,
		}})
		if err != nil {
			return nil, err
		}
		page := CursorPage[WebhookDelivery]{Items: make([]WebhookDelivery, len(list))}
		for i := range list {
			page.Items[i] = delivery(&list[i])
		}
		if len(list) == in.Limit {
			page.NextCursor = nextCursor(scope, list[len(list)-1].ID.UUID)
		}
		return &reply[CursorPage[WebhookDelivery]]{Body: page}, nil
	})
	register(a.edge, operation{ID: "readWebhookDelivery", Method: http.MethodGet, Path: path + "/{delivery}", Tag: tag, Permission: account.WebhooksManage, Summary: "Show a delivery"},
		func(ctx context.Context, in *DeliveryRef) (*reply[WebhookDelivery], error) {
			e, d, err := in.ids()
			if err != nil {
				return nil, err
			}
			return shownDelivery(a.shop.Endpoints.Delivery(ctx, core.FindDelivery{By: caller(ctx, ""), Endpoint: e, Delivery: d}))
		})
	register(a.edge, operation{
		ID: "redeliverWebhook", Method: http.MethodPost, Path: path + "/{delivery}/redeliver", Tag: tag, Permission: account.WebhooksManage, Status: http.StatusAccepted,
		Summary: "Send a delivery again", Description: "Whatever became of it, under its old id and with all its retries.",
	}, func(ctx context.Context, in *DeliveryRef) (*reply[WebhookDelivery], error) {
		e, d, err := in.ids()
		if err != nil {
			return nil, err
		}
		return shownDelivery(a.shop.Endpoints.Redeliver(ctx, core.Redeliver{By: caller(ctx, ""), Endpoint: e, Delivery: d}))
	})
}

func savedWebhook(saved core.SavedEndpoint, err error) (*reply[Webhook], error) {
	if err != nil {
		return nil, err
	}
	return &reply[Webhook]{Body: shownWebhook(&saved.Endpoint, saved.Secret), ETag: strongETag(saved.Version), Mark: saved.Mark}, nil
}

func shownWebhook(e *webhook.Endpoint, secret string) Webhook {
	return Webhook{
		ID: e.ID.String(), URL: e.URL, Description: e.Description, Events: append([]string{}, e.Events...), Enabled: !e.Disabled, Failures: e.Failures,
		Secret: text(secret), Version: e.Version, CreatedAt: Time{e.CreatedAt}, UpdatedAt: Time{e.UpdatedAt},
	}
}

func shownDelivery(d webhook.Delivery, err error) (*reply[WebhookDelivery], error) {
	if err != nil {
		return nil, err
	}
	return &reply[WebhookDelivery]{Body: delivery(&d)}, nil
}

func delivery(d *webhook.Delivery) WebhookDelivery {
	shown := WebhookDelivery{
		ID: d.ID.String(), EventID: d.Event.ID.String(), Type: d.Event.Type, Data: d.Event.Data, Status: string(d.Status), Attempts: d.Attempts,
		NextAttemptAt: optionalTime(d.NextAt), Problem: text(d.Problem), CreatedAt: Time{d.Event.At}, EndedAt: optionalTime(d.EndedAt),
	}
	if d.Answer != 0 {
		shown.ResponseCode = &d.Answer
	}
	return shown
}
