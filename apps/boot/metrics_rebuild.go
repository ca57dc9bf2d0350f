package boot

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
)

// rebuild asks the store whenever somebody scrapes how far the last rebuild of
// the index has come.
type rebuild struct {
	shop                                       *core.Shop
	running, products, total, checked, failure *prometheus.Desc
}

func newRebuild(shop *core.Shop) *rebuild {
	describe := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, nil, nil) }
	return &rebuild{
		shop:     shop,
		running:  describe("es_rebuild_running", "Whether a new index is being built: 1 or 0."),
		products: describe("es_rebuild_products", "Products in the new index, or the last one."),
		total:    describe("es_rebuild_products_total", "Products there were when it was begun."),
		checked:  describe("es_rebuild_checked", "SKUs of it that were compared with the store."),
		failure:  describe("es_rebuild_failed", "Whether the last one failed: 1 or 0."),
	}
}

// Describe tells Prometheus what Collect will send.
func (r *rebuild) Describe(to chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{r.running, r.products, r.total, r.checked, r.failure} {
		to <- desc
	}
}

// Collect sends the last report.
func (r *rebuild) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
	defer cancel()
	last, err := r.shop.Search.Rebuilt(ctx, core.ReadRebuild{By: account.System("metrics")})
	if err != nil {
		to <- prometheus.NewInvalidMetric(r.running, err)
		return
	}
	truth := map[bool]int{true: 1}
	for desc, value := range map[*prometheus.Desc]int{
		r.running: truth[last.Running], r.products: last.Products, r.total: last.Total, r.checked: last.Checked, r.failure: truth[last.Failure != ""],
	} {
		to <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, float64(value))
	}
}
