package boot

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bodega-commerce/bodega/adapters/cached"
	"github.com/bodega-commerce/bodega/adapters/elasticsearch"
	"github.com/bodega-commerce/bodega/adapters/postgres"
	"github.com/bodega-commerce/bodega/adapters/redis"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/ports"
)

// routing tells where reads of the database went, and how the replicas are.
func (m *metrics) routing() postgres.Observe {
	retried := m.counter("db_retries_total", "Transactions that ran again, by why.", "realm", "sqlstate")
	fellBack := m.counter("route_fallback_primary_total", "Reads that a replica might have served and the primary had to, by why.", "realm", "reason")
	lag := m.gauge("replica_lag_seconds", "How far a replica is behind its primary.", "replica")
	ejected := m.gauge("replica_ejected", "1 while a replica is out of service.", "replica")
	return postgres.Observe{
		Retried:  func(realm ports.Realm, sqlstate string) { retried.WithLabelValues(string(realm), sqlstate).Inc() },
		FellBack: func(realm ports.Realm, why string) { fellBack.WithLabelValues(string(realm), why).Inc() },
		Lag:      func(replica string, behind time.Duration) { lag.WithLabelValues(replica).Set(behind.Seconds()) },
		Ejected:  func(replica string, out bool) { ejected.WithLabelValues(replica).Set(number(out)) },
	}
}

// number is a truth as a gauge shows it.
func number(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

// pools tells of the connections to the database whenever somebody scrapes.
type pools struct {
	db                                           *postgres.DB
	open, used, limit, acquired, waited, waiting *prometheus.Desc
}

func newPools(db *postgres.DB) *pools {
	describe := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc(name, help, []string{"server", "role", "realm"}, nil)
	}
	return &pools{
		db:       db,
		open:     describe("db_pool_connections", "Connections that are open."),
		used:     describe("db_pool_used_connections", "Connections that are in use."),
		limit:    describe("db_pool_max_connections", "Connections there may be."),
		acquired: describe("db_pool_acquires_total", "How often a connection was taken."),
		waited:   describe("db_pool_waits_total", "How often one had to be waited for."),
		waiting:  describe("db_pool_wait_seconds_total", "How long they were waited for."),
	}
}

// Describe tells Prometheus what Collect will send.
func (p *pools) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{p.open, p.used, p.limit, p.acquired, p.waited, p.waiting} {
		to <- d
	}
}

// Collect sends how the pools are now.
func (p *pools) Collect(to chan<- prometheus.Metric) {
	for _, pool := range p.db.Pools() {
		send := func(d *prometheus.Desc, kind prometheus.ValueType, value float64) {
			to <- prometheus.MustNewConstMetric(d, kind, value, pool.Server, pool.Role, string(pool.Realm))
		}
		send(p.open, prometheus.GaugeValue, float64(pool.TotalConns()))
		send(p.used, prometheus.GaugeValue, float64(pool.AcquiredConns()))
		send(p.limit, prometheus.GaugeValue, float64(pool.MaxConns()))
		send(p.acquired, prometheus.CounterValue, float64(pool.AcquireCount()))
		send(p.waited, prometheus.CounterValue, float64(pool.EmptyAcquireCount()))
		send(p.waiting, prometheus.CounterValue, pool.EmptyAcquireWaitTime().Seconds())
	}
}

// engine tells of a shared index whenever somebody scrapes.
type engine struct {
	stats                                         func() elasticsearch.Stats
	searches, failures, seconds, indexed, refused *prometheus.Desc
	breaker                                       *prometheus.Desc
}

func newEngine(stats func() elasticsearch.Stats) *engine {
	return &engine{
		stats:    stats,
		searches: prometheus.NewDesc("es_searches_total", "Searches that were asked of the index.", nil, nil),
		failures: prometheus.NewDesc("es_search_failures_total", "Searches that the index did not answer.", nil, nil),
		seconds:  prometheus.NewDesc("es_search_seconds_total", "Time that searches took.", nil, nil),
		indexed:  prometheus.NewDesc("es_indexed_total", "Documents that the index has taken.", nil, nil),
		refused:  prometheus.NewDesc("es_index_failures_total", "Documents that it has not, by why.", []string{"reason"}, nil),
		breaker:  prometheus.NewDesc("es_breaker_open", "1 while the index is not asked because it kept failing.", nil, nil),
	}
}

// Describe tells Prometheus what Collect will send.
func (e *engine) Describe(to chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{e.searches, e.failures, e.seconds, e.indexed, e.refused, e.breaker} {
		to <- d
	}
}

// Collect sends the figures so far.
func (e *engine) Collect(to chan<- prometheus.Metric) {
	s := e.stats()
	count := func(d *prometheus.Desc, value float64, labels ...string) {
		to <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, value, labels...)
	}
	count(e.searches, float64(s.Searches))
	count(e.failures, float64(s.SearchFailures))
	count(e.seconds, s.SearchTime.Seconds())
	count(e.indexed, float64(s.Indexed))
	for _, reason := range []string{elasticsearch.FailedRejected, elasticsearch.FailedUnavailable, elasticsearch.FailedDocument, elasticsearch.FailedMissing} {
		count(e.refused, float64(s.IndexFailures[reason]), reason)
	}
	to <- prometheus.MustNewConstMetric(e.breaker, prometheus.GaugeValue, number(s.BreakerOpen))
}

// cacheReads counts the questions put to the cached store and index.
func (m *metrics) cacheReads() func(about string, from cached.Source) {
	reads := m.counter("cache_reads_total", "Reads by what they are about and where the answer came from.", "about", "source")
	return func(about string, from cached.Source) { reads.WithLabelValues(about, string(from)).Inc() }
}

// cacheRequests counts the calls to Redis.
func (m *metrics) cacheRequests() func(about string, result redis.Result) {
	calls := m.counter("cache_requests_total", "Calls to Redis by key and how they ended.", "key", "result")
	return func(about string, result redis.Result) { calls.WithLabelValues(about, string(result)).Inc() }
}

// redisBreaker tells whether Redis is asked.
func (m *metrics) redisBreaker(open func() bool) {
	m.registry.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "redis_breaker_open", Help: "1 while Redis is not asked because it kept failing.",
	}, func() float64 { return number(open()) }))
}

// relayed counts the jobs that left the store for the broker.
func (m *metrics) relayed() func(published, failed int, oldest time.Duration) {
	jobs := m.counter("relay_jobs_total", "Jobs handed to the broker, by whether it took them.", "result")
	taken, refused := jobs.WithLabelValues("published"), jobs.WithLabelValues("failed")
	waited := m.gauge("relay_wait_seconds", "How long the oldest job of the newest batch had waited in the store.").WithLabelValues()
	return func(published, failed int, oldest time.Duration) {
		taken.Add(float64(published))
		refused.Add(float64(failed))
		waited.Set(oldest.Seconds())
	}
}

func (m *metrics) counter(name, help string, labels ...string) *prometheus.CounterVec {
	v := prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(v)
	return v
}

func (m *metrics) gauge(name, help string, labels ...string) *prometheus.GaugeVec {
	v := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels)
	m.registry.MustRegister(v)
	return v
}

// searchCounts tells what became of searches.
func (m *metrics) searchCounts(counted func() core.SearchStats) {
	count := func(name, help string, of func(core.SearchStats) uint64) {
		m.registry.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(of(counted())) }))
	}
	count("search_queries_total", "Searches with a text, without further pages and narrowed ones.", func(s core.SearchStats) uint64 { return s.Searches })
	count("search_queries_empty_total", "Those that found nothing.", func(s core.SearchStats) uint64 { return s.Empty })
	count("search_clicks_total", "Clicks on results.", func(s core.SearchStats) uint64 { return s.Clicks })
	count("search_counts_lost_total", "Counts of queries that were not kept.", func(s core.SearchStats) uint64 { return s.Lost })
}
