package boot

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bodega-commerce/bodega/adapters/webhooks"
	"github.com/bodega-commerce/bodega/core/webhook"
	"github.com/bodega-commerce/bodega/ports"
)

// openSender returns what carries webhooks to their receivers.
func (a *App) openSender(c Config) ports.WebhookSender {
	sender := webhooks.New()
	sender.Private = c.HooksPrivate
	a.atEnd(sender.Close)
	return sender
}

// deliveries counts attempts to deliver webhooks.
func (m *metrics) deliveries() func(ctx context.Context, status string) {
	sent := m.counter("webhook_deliveries_total", "Attempts to deliver webhooks by how they left the delivery: delivered, pending (to be tried again) or failed.", "status")
	for _, status := range []webhook.Status{webhook.Delivered, webhook.Pending, webhook.Failed} {
		sent.WithLabelValues(string(status))
	}
	return func(_ context.Context, status string) { sent.WithLabelValues(status).Inc() }
}

// waiting asks the store whenever somebody scrapes how many webhooks wait.
type waiting struct {
	queue        ports.WebhookQueue
	now          func() time.Time
	pending, age *prometheus.Desc
}

func newWaiting(queue ports.WebhookQueue, now func() time.Time) *waiting {
	return &waiting{
		queue: queue, now: now,
		pending: prometheus.NewDesc("webhook_pending", "Webhooks that are not delivered yet.", nil, nil),
		age:     prometheus.NewDesc("webhook_overdue_seconds", "For how long the webhook has been due that has been due the longest.", nil, nil),
	}
}

// Describe tells Prometheus what Collect will send.
func (w *waiting) Describe(to chan<- *prometheus.Desc) {
	to <- w.pending
	to <- w.age
}

// Collect sends how many there are now.
func (w *waiting) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	n, due, err := w.queue.PendingDeliveries(ctx)
	if err != nil {
		to <- prometheus.NewInvalidMetric(w.pending, err)
		return
	}
	overdue := 0.0
	if !due.IsZero() {
		overdue = max(0, w.now().Sub(due).Seconds())
	}
	to <- prometheus.MustNewConstMetric(w.pending, prometheus.GaugeValue, float64(n))
	to <- prometheus.MustNewConstMetric(w.age, prometheus.GaugeValue, overdue)
}
