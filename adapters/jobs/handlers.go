package jobs

import (
	"context"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
)

// handler calls the verb of a task, for a whole batch at once or for each job
// of it side by side.
type handler struct {
	task  string
	batch int
	hands int                                           // how many batches are worked on at once; 0: one
	all   func(context.Context, []job.Delivery) []error // one for each, nil: done
	one   func(context.Context, job.Delivery) error
}

// handlers returns a handler for every task of package job.
func handlers(shop *core.Shop) []handler {
	by := account.System("jobs")
	return []handler{
		{task: job.IndexProduct, batch: 1000, all: index(shop, func(p job.ProductPayload) []job.ProductPayload { return []job.ProductPayload{p} })},
		// Some index while others wait for the store, which an import keeps busy.
		{task: job.IndexProducts, batch: 4, hands: 4, all: index(shop, func(p job.ProductsPayload) []job.ProductPayload { return p.Products })},
		{task: job.AdjustInventory, batch: 32, one: func(ctx context.Context, d job.Delivery) error {
			return shop.Inventory.ApplyJob(ctx, d.Envelope)
		}},
		{task: job.SendOrderConfirmation, batch: 16, one: about(func(ctx context.Context, d job.Delivery, p job.OrderPayload) error {
			return shop.Mails.SendConfirmation(ctx, d.ID, p.Order)
		})},
		{task: job.SendOrderLink, batch: 16, one: about(func(ctx context.Context, d job.Delivery, p job.OrderPayload) error {
			return shop.Mails.SendLink(ctx, d.ID, p.Order)
		})},
		{task: job.CapturePayment, batch: 32, one: about(func(ctx context.Context, _ job.Delivery, p job.PaymentPayload) error {
			_, err := shop.Payments.Capture(ctx, core.CapturePayment{By: by, Payment: p.Payment})
			return err
		})},
		{task: job.VoidPayment, batch: 16, one: about(func(ctx context.Context, _ job.Delivery, p job.PaymentPayload) error {
			_, err := shop.Payments.Void(ctx, core.VoidPayment{By: by, Payment: p.Payment})
			return err
		})},
		{task: job.RefundPayment, batch: 16, one: about(func(ctx context.Context, _ job.Delivery, p job.PaymentPayload) error {
			return shop.Payments.SendRefunds(ctx, core.SendRefunds{By: by, Payment: p.Payment})
		})},
		{task: job.CountSale, batch: 100, all: countSales(shop)},
		{task: job.ProcessWebhook, batch: 32, one: about(func(ctx context.Context, _ job.Delivery, p job.WebhookPayload) error {
			return shop.Webhooks.Process(ctx, core.ProcessWebhook{By: by, Provider: p.Provider, Event: p.Event})
		})},
		{task: job.DeliverWebhook, batch: 64, one: func(ctx context.Context, d job.Delivery) error {
			return shop.Endpoints.Announce(ctx, d.Envelope)
		}},
	}
}

// about reads the payload of a job before the verb sees it.
func about[P any](do func(context.Context, job.Delivery, P) error) func(context.Context, job.Delivery) error {
	return func(ctx context.Context, d job.Delivery) error {
		payload, err := job.Decode[P](d.Envelope)
		if err != nil {
			return err
		}
		return do(ctx, d, payload)
	}
}

// countSales counts all orders that a batch names at once.
func countSales(shop *core.Shop) func(context.Context, []job.Delivery) []error {
	return func(ctx context.Context, ds []job.Delivery) []error {
		errs := make([]error, len(ds))
		orders := make([]id.Order, 0, len(ds))
		for i, d := range ds {
			var payload job.OrderPayload
			if payload, errs[i] = job.Decode[job.OrderPayload](d.Envelope); errs[i] == nil {
				orders = append(orders, payload.Order)
			}
		}
		return shared(errs, shop.Search.CountSales(ctx, orders))
	}
}

// shared gives what failed for all to those that have not failed by themselves.
func shared(errs []error, err error) []error {
	for i := range errs {
		if errs[i] == nil {
			errs[i] = err
		}
	}
	return errs
}

// index indexes all products that a batch names at once.
func index[P any](shop *core.Shop, named func(P) []job.ProductPayload) func(context.Context, []job.Delivery) []error {
	return func(ctx context.Context, ds []job.Delivery) []error {
		errs := make([]error, len(ds))
		products := make([]id.Product, 0, len(ds))
		for i, d := range ds {
			payload, err := job.Decode[P](d.Envelope)
			if errs[i] = err; err != nil {
				continue
			}
			for _, p := range named(payload) {
				products = append(products, p.Product)
			}
		}
		return shared(errs, shop.Search.Index(ctx, products))
	}
}
