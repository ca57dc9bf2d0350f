package ports

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/webhook"
)

// Webhooks reads who is told of what happens, and how far, on the primary.
type Webhooks interface {
	// Endpoints returns all endpoints, oldest first.
	Endpoints(ctx context.Context) ([]webhook.Endpoint, error)
	Endpoint(ctx context.Context, e id.Endpoint) (webhook.Endpoint, error)
	// Deliveries returns up to f.Limit deliveries of an endpoint, newest first by id.
	Deliveries(ctx context.Context, f webhook.Filter) ([]webhook.Delivery, error)
	Delivery(ctx context.Context, d id.Delivery) (webhook.Delivery, error)
}

// WebhookQueue hands out deliveries by their endpoints, so that one that does not
// answer holds up nobody else's. Each method is a transaction of its own.
type WebhookQueue interface {
	// ClaimDeliveries takes the endpoint that was left alone the longest of those
	// that are enabled, have something due and are nobody's now, holds it until
	// the given time, and returns up to limit of what is due to it, longest due
	// first; no deliveries: there is no such endpoint. After that time somebody
	// else may take it.
	ClaimDeliveries(ctx context.Context, now, until time.Time, limit int) (webhook.Work, error)
	// SettleDeliveries stores what became of claimed deliveries and the Failures
	// of their endpoint, which is let go: it is nobody's from then on. What
	// somebody else has settled or sent again meanwhile stays as that left it.
	SettleDeliveries(ctx context.Context, w webhook.Work, then time.Time) error
	// DropDeliveries deletes up to limit deliveries that ended before, and returns
	// how many it deleted.
	DropDeliveries(ctx context.Context, before time.Time, limit int) (int, error)
	// PendingDeliveries returns how many deliveries wait, and when the one that
	// has been due the longest was; zero if there is none.
	PendingDeliveries(ctx context.Context) (int, time.Time, error)
}

// EndpointWriter changes endpoints within a transaction.
type EndpointWriter interface {
	EndpointForUpdate(ctx context.Context, e id.Endpoint) (webhook.Endpoint, error)
	InsertEndpoint(ctx context.Context, e webhook.Endpoint) error
	// SaveEndpoint stores an endpoint but for its Failures.
	SaveEndpoint(ctx context.Context, e webhook.Endpoint) error
	// DeleteEndpoint forgets an endpoint and its deliveries.
	DeleteEndpoint(ctx context.Context, e id.Endpoint) error
}

// DeliveryWriter changes deliveries within a transaction.
type DeliveryWriter interface {
	// AddDeliveries stores new deliveries. One that is there already stays as it
	// is; one to an endpoint that is gone is ignored.
	AddDeliveries(ctx context.Context, ds ...webhook.Delivery) error
	DeliveryForUpdate(ctx context.Context, d id.Delivery) (webhook.Delivery, error)
	SaveDelivery(ctx context.Context, d webhook.Delivery) error
}
