package broken

import (
	"context"
	"time"

	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
)

// renewing makes deliveries that are there already as if they were new.
type renewing struct{ ports.DeliveryWriter }

func (x renewing) AddDeliveries(ctx context.Context, ds ...webhook.Delivery) error {
	if err := x.DeliveryWriter.AddDeliveries(ctx, ds...); err != nil {
		return err
	}
	for _, d := range ds {
		if err := x.SaveDelivery(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

// pressing comes back to an endpoint before its time.
type pressing struct{ ports.WebhookQueue }

func (x pressing) SettleDeliveries(ctx context.Context, w webhook.Work, then time.Time) error {
	return x.WebhookQueue.SettleDeliveries(ctx, w, then.Add(-time.Minute))
}
