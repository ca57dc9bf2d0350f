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
	retries  *prometheus.CounterVec
}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_request_duration_seconds", Help: "Requests by route template.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
			// For servers that ask for it: finer, and still bounded.
			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
		}, []string{"route", "method", "code"}),
		jobs: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "job_duration_seconds", Help: "Attempts of jobs by task and how they ended.",
			Buckets: []float64{.001, .005, .01, .05, .1, .5, 1, 5, 30},
		}, []string{"task", "result"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "job_retries_total", Help: "Attempts of jobs that will be followed by another.",
		}, []string{"task"}),
	}
	m.registry.MustRegister(m.requests, m.jobs, m.retries, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// handler answers a scrape with what can be known now. What only a store that
// does not answer could say is left out and counted in
// promhttp_metric_handler_errors_total: the rest is needed most just then.
func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry, ErrorHandling: promhttp.ContinueOnError})
}

func (m *metrics) request(route, method string, status int, took time.Duration) {
	m.requests.WithLabelValues(route, method, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *metrics) job(task, result string, took time.Duration) {
	m.jobs.WithLabelValues(task, result).Observe(took.Seconds())
	if result == "retry" {
		m.retries.WithLabelValues(task).Inc()
	}
}

// scrapeTime is what the store has to answer a scrape.
const scrapeTime = 2 * time.Second

// backlog asks the store how much waits in it whenever somebody scrapes.
type backlog struct {
	queue       ports.Backlogs
	now         func() time.Time
	ready       *prometheus.Desc
	held        *prometheus.Desc
	oldest      *prometheus.Desc
	dead        *prometheus.Desc
	unpublished *prometheus.Desc
	age         *prometheus.Desc
}

func newBacklog(queue ports.Backlogs, now func() time.Time) *backlog {
	describe := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"task"}, nil)
	}
	return &backlog{
		queue: queue, now: now,
		ready:       describe("jobs_waiting", "Jobs in the store that could be done, or handed to the broker, now."),
		held:        describe("jobs_held", "Jobs in the store that are being done or handed over, or wait for another attempt."),
		oldest:      describe("jobs_oldest_age_seconds", "Age of the oldest job in the store that could be done or handed over now."),
		dead:        prometheus.NewDesc("dlq_messages", "Jobs that will not be tried again by themselves.", []string{"queue"}, nil),
		unpublished: prometheus.NewDesc("outbox_unpublished", "Jobs that are still in the store.", nil, nil),
		age:         prometheus.NewDesc("outbox_oldest_age_seconds", "Age of the oldest job that is still in the store and could leave it.", nil, nil),
	}
}

// Describe tells Prometheus what Collect will send.
func (b *backlog) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{b.ready, b.held, b.oldest, b.dead, b.unpublished, b.age} {
		to <- d
	}
}

// Collect sends what waits now; nothing if the queue does not say.
func (b *backlog) Collect(to chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), scrapeTime)
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
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	waiting, oldest := 0, 0.0
	for _, q := range all {
		age := 0.0
		if !q.Oldest.IsZero() {
			age = b.now().Sub(q.Oldest).Seconds()
		}
		waiting, oldest = waiting+q.Ready+q.Held, max(oldest, age)
		gauge(b.ready, float64(q.Ready), q.Task)
		gauge(b.held, float64(q.Held), q.Task)
		gauge(b.oldest, age, q.Task)
		gauge(b.dead, float64(q.Dead), q.Task)
	}
	gauge(b.unpublished, float64(waiting))
	gauge(b.age, oldest)
}
