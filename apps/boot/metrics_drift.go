package boot

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
)

// drift asks the store whenever somebody scrapes what came of the last
// comparison of the index with it.
type drift struct {
	shop                             *core.Shop
	found, checked, repaired, finish *prometheus.Desc
}

func newDrift(shop *core.Shop) *drift {
	describe := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, labels, nil)
	}
	return &drift{
		shop:     shop,
		found:    describe("es_version_drift", "SKUs of which index and store said different things when they were last compared.", "kind"),
		checked:  describe("es_drift_checked", "SKUs that were compared then."),
		repaired: describe("es_drift_repaired", "SKUs that were repaired then."),
		finish:   describe("es_drift_checked_timestamp_seconds", "When that was, 0 if it never was."),
	}
}

// Describe tells Prometheus what Collect will send.
func (d *drift) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{d.found, d.checked, d.repaired, d.finish} {
		to <- desc
	}
}

// Collect sends the last report.
func (d *drift) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	r, err := d.shop.Search.Drift(ctx, core.ReadDrift{By: account.System("metrics")})
	if err != nil {
		to <- prometheus.NewInvalidMetric(d.found, err)
		return
	}
	gauge := func(desc *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
	}
	last, finished := r.Last, 0.0
	if last == nil {
		last = &core.DriftCheck{}
	} else {
		finished = float64(last.FinishedAt.UnixMilli()) / 1000
	}
	gauge(d.found, float64(last.Missing), string(core.DriftMissing))
	gauge(d.found, float64(last.Stale), string(core.DriftStale))
	gauge(d.found, float64(last.Orphaned), string(core.DriftOrphaned))
	gauge(d.checked, float64(last.Checked))
	gauge(d.repaired, float64(last.Repaired))
	gauge(d.finish, finished)
}
