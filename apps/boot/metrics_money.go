package boot

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bodega-commerce/bodega/adapters/telemetry"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// checkouts counts how checkouts end.
func (m *metrics) checkouts() func(ctx context.Context, outcome string) {
	ended := m.counter("checkout_total", "Checkouts by how they ended: the status of the order, replayed, or the code of the error.", "outcome")
	for _, usual := range []string{"confirmed", "pending_payment", "payment_declined", "out_of_stock", "price_changed"} {
		ended.WithLabelValues(usual) // a series that begins with its first event has no rate
	}
	return func(_ context.Context, outcome string) { ended.WithLabelValues(outcome).Inc() }
}

// reservations counts how reservations of stock end.
func (m *metrics) reservations() func(result string) {
	ended := m.counter("stock_reserve_total", "Reservations of stock by how they ended.", "result")
	for _, result := range []string{telemetry.Reserved, telemetry.OutOfStock, telemetry.Unsure, telemetry.Failed} {
		ended.WithLabelValues(result)
	}
	return func(result string) { ended.WithLabelValues(result).Inc() }
}

// mostDoubts bounds how many payments a scrape looks at.
const mostDoubts = 1000

// doubts asks the store whenever somebody scrapes which payments the shop does
// not know the end of.
type doubts struct {
	payments     ports.Payments
	now          func() time.Time
	unknown, age *prometheus.Desc
}

func newDoubts(payments ports.Payments, now func() time.Time) *doubts {
	return &doubts{
		payments: payments, now: now,
		unknown: prometheus.NewDesc("payment_unknown_gauge", "Payments that a provider was asked for and has not told the end of.", nil, nil),
		age:     prometheus.NewDesc("payment_unknown_oldest_age_seconds", "Age of the oldest of them.", nil, nil),
	}
}

// Describe tells Prometheus what Collect will send.
func (d *doubts) Describe(to chan<- *prometheus.Desc) {
	to <- d.unknown
	to <- d.age
}

// Collect sends how many there are now. One that waits for its shopper is known.
func (d *doubts) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	now := d.now()
	watched, err := d.payments.DueForCheck(ctx, now.AddDate(100, 0, 0), mostDoubts)
	if err != nil {
		to <- prometheus.NewInvalidMetric(d.unknown, err)
		return
	}
	unknown, oldest := 0, 0.0
	for _, p := range watched {
		if p.Status == payment.Created || p.Status == payment.Processing {
			unknown++
			oldest = max(oldest, now.Sub(p.CreatedAt).Seconds())
		}
	}
	to <- prometheus.MustNewConstMetric(d.unknown, prometheus.GaugeValue, float64(unknown))
	to <- prometheus.MustNewConstMetric(d.age, prometheus.GaugeValue, oldest)
}
