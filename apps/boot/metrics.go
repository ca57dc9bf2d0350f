package boot

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

// metrics is what the ops port tells Prometheus.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.HistogramVec
	jobs     *prometheus.HistogramVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_request_duration_seconds", Help: "Requests by route template.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"route", "method", "code"}),
		jobs: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "job_duration_seconds", Help: "Attempts of jobs by task and how they ended.",
			Buckets: []float64{.001, .005, .01, .05, .1, .5, 1, 5, 30},
		}, []string{"task", "result"}),
	}
	m.registry.MustRegister(m.requests, m.jobs, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry})
}

func (m *metrics) request(route, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *metrics) job(task, result string, took time.Duration) {
	m.jobs.WithLabelValues(task, result).Observe(took.Seconds())
}

// backlog asks a queue how much waits whenever somebody scrapes.
type backlog struct {
	queue  ports.Backlogs
	now    func() time.Time
	ready  *prometheus.Desc
	held   *prometheus.Desc
	oldest *prometheus.Desc
	dead   *prometheus.Desc
}

func newBacklog(queue ports.Backlogs, now func() time.Time) *backlog {
	describe := func(name, help string) *prometheus.Desc { return prometheus.NewDesc(name, help, []string{"task"}, nil) }
	return &backlog{
		queue: queue, now: now,
		ready:  describe("jobs_waiting", "Jobs that could be done now."),
		held:   describe("jobs_held", "Jobs that are being done, or wait for another attempt."),
		oldest: describe("jobs_oldest_age_seconds", "Age of the oldest job that could be done now."),
		dead:   describe("dlq_messages", "Jobs that will not be tried again by themselves."),
	}
}

// Describe tells Prometheus what Collect will send.
func (b *backlog) Describe(to chan<- *prometheus.Desc) {
	to <- b.ready
	to <- b.held
	to <- b.oldest
	to <- b.dead
}

// Collect sends what waits now; nothing if the queue does not say.
func (b *backlog) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	all, err := b.queue.Backlogs(ctx)
	if err != nil {
		to <- prometheus.NewInvalidMetric(b.ready, err)
		return
	}
	for _, task := range job.Tasks() { // also those of which nothing waits: a series that comes and goes cannot be watched
		if !slices.ContainsFunc(all, func(q ports.Backlog) bool { return q.Task == task }) {
			all = append(all, ports.Backlog{Task: task})
		}
	}
	for _, q := range all {
		age := 0.0
		if !q.Oldest.IsZero() {
			age = b.now().Sub(q.Oldest).Seconds()
		}
		to <- prometheus.MustNewConstMetric(b.ready, prometheus.GaugeValue, float64(q.Ready), q.Task)
		to <- prometheus.MustNewConstMetric(b.held, prometheus.GaugeValue, float64(q.Held), q.Task)
		to <- prometheus.MustNewConstMetric(b.oldest, prometheus.GaugeValue, age, q.Task)
		to <- prometheus.MustNewConstMetric(b.dead, prometheus.GaugeValue, float64(q.Dead), q.Task)
	}
}
