package boot

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/bodega-commerce/bodega/adapters/sqlite"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/fixture"
)

var (
	// Desc{fqName: "name", help: "…", constLabels: {}, variableLabels: {a,b}}
	description = regexp.MustCompile(`fqName: "([^"]+)".* variableLabels: \{([^}]*)\}`)
	// | `name` | `label`, `label` | what | alert |
	metricRow = regexp.MustCompile("(?m)^\\| `([a-z0-9_]+)` \\|([^|]*)\\|.*\\|([^|]*)\\|$")
	alertRow  = regexp.MustCompile(`(?m)^\| ([a-z ]+) \| .*`)
	// A name and its help, however they are registered.
	named = regexp.MustCompile(`"([a-z0-9]+(?:_[a-z0-9]+)+)", (?:Help: )?"[A-Z0-9]`)
)

// exported returns the labels of every metric that a program may tell.
func exported(t *testing.T) map[string][]string {
	t.Helper()
	m := newMetrics()
	m.routing()
	m.cacheReads()
	m.cacheRequests()
	m.redisBreaker(nil)
	m.relayed()
	m.checkouts()
	m.reservations()
	m.deliveries()
	m.searchCounts(nil)
	newWatch((*sqlite.DB)(nil), nil, m, nil, nil)
	m.registry.MustRegister(newPools(nil), newEngine(nil), newBacklog(nil, nil), newDoubts(nil, nil), newWaiting(nil, nil), newDrift(nil), newRebuild(nil))

	all := make(chan *prometheus.Desc)
	go func() { m.registry.Describe(all); close(all) }()
	labels := map[string][]string{}
	for d := range all {
		found := description.FindStringSubmatch(d.String())
		if found == nil {
			t.Fatalf("cannot read %s", d)
		}
		if name := found[1]; !strings.HasPrefix(name, "go_") && !strings.HasPrefix(name, "process_") && !strings.HasPrefix(name, "promhttp_") {
			labels[name] = slices.DeleteFunc(strings.Split(found[2], ","), func(l string) bool { return l == "" })
		}
	}
	return labels
}

func TestMetrics_ListedInOperations(t *testing.T) {
	t.Parallel()
	guide, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(guide), "\n## Metrics\n")
	section, _, _ = strings.Cut(section, "\n## ")
	table, alerts, _ := strings.Cut(section, "\n### Alerts\n")
	known := map[string]bool{}
	for _, row := range alertRow.FindAllStringSubmatch(alerts, -1) {
		known[row[1]] = true
	}
	told := exported(t)
	unlisted := maps.Clone(told)
	for _, row := range metricRow.FindAllStringSubmatch(table, -1) {
		name, labels := row[1], strings.FieldsFunc(row[2], func(r rune) bool { return strings.ContainsRune("`, ", r) })
		has, there := unlisted[name]
		if !there {
			t.Errorf("%s is listed twice, or told by no program", name)
		}
		delete(unlisted, name)
		if !slices.Equal(labels, has) {
			t.Errorf("%s has labels %v, listed are %v", name, has, labels)
		}
		for alert := range strings.SplitSeq(strings.TrimSpace(row[3]), ", ") {
			if alert != "" && !known[alert] {
				t.Errorf("%s feeds an alert %q that is not described", name, alert)
			}
			if alert != "" && !strings.Contains(alerts, name) {
				t.Errorf("no alert looks at %s", name)
			}
		}
	}
	for name := range unlisted {
		t.Errorf("%s is not listed", name)
	}

	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") || !strings.Contains(string(source), "client_golang") {
			continue
		}
		for _, found := range named.FindAllStringSubmatch(string(source), -1) {
			if _, there := told[found[1]]; !there {
				t.Errorf("%s tells %s, which this test does not know of", file, found[1])
			}
		}
	}
}

func TestNewMetrics(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	m.request("/v1/products/{slug}", "GET", 200, time.Millisecond)
	m.job("payment.capture", "retry", time.Second)
	m.job("payment.capture", "ack", time.Second)
	if got := value(t, m, "http_request_duration_seconds", "route", "/v1/products/{slug}", "method", "GET", "code", "200"); got != 1 {
		t.Errorf("%v requests", got)
	}
	if got := value(t, m, "job_retries_total", "task", "payment.capture"); got != 1 {
		t.Errorf("%v retries", got)
	}
}

// value returns what a metric says: its value, or how many a histogram has seen.
func value(t *testing.T, m *metrics, name string, labels ...string) float64 {
	t.Helper()
	families, err := m.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
	series:
		for _, s := range f.GetMetric() {
			has := map[string]string{}
			for _, l := range s.GetLabel() {
				has[l.GetName()] = l.GetValue()
			}
			for i := 0; i+1 < len(labels); i += 2 {
				if has[labels[i]] != labels[i+1] {
					continue series
				}
			}
			return s.GetCounter().GetValue() + s.GetGauge().GetValue() + float64(s.GetHistogram().GetSampleCount())
		}
	}
	t.Fatalf("nothing tells %s of %v", name, labels)
	return 0
}

// silent is a log that nobody reads.
func silent() *slog.Logger { return slog.New(slog.DiscardHandler) }

// embedded starts a shop with nothing configured.
func embedded(t *testing.T, changes ...func(*Config)) *App {
	t.Helper()
	c := Default()
	c.DataDir, c.HTTPAddr, c.OpsAddr, c.Log = t.TempDir(), "127.0.0.1:0", "127.0.0.1:0", silent()
	for _, change := range changes {
		change(&c)
	}
	app, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return app
}

func TestMetrics_OfCheckouts(t *testing.T) {
	t.Parallel()
	app := embedded(t)
	tee := fixture.Product(t, app.Shop, 2).Variants[0].SKU
	place := func(quantity int, changes ...func(*core.PlaceOrder)) core.PlaceOrder {
		cart := fixture.Cart(t, app.Shop, fixture.Line{SKU: tee, Quantity: quantity})
		cmd := fixture.Purchase(t, app.Shop, cart.ID, changes...)
		_, _ = app.Shop.Checkout.Place(t.Context(), cmd)
		return cmd
	}
	pay := func(token string) func(*core.PlaceOrder) {
		return func(c *core.PlaceOrder) { c.Pay.Token = token }
	}
	first := place(1)
	if _, err := app.Shop.Checkout.Place(t.Context(), first); err != nil {
		t.Errorf("once more: %v", err)
	}
	place(1, pay("tok_declined"))
	place(1, func(c *core.PlaceOrder) { c.Expect = money.New(1, "EUR") })
	fixture.Cart(t, app.Shop, fixture.Line{SKU: tee, Quantity: 1})
	waiting := fixture.Cart(t, app.Shop, fixture.Line{SKU: tee, Quantity: 1})
	late := fixture.Purchase(t, app.Shop, waiting.ID)
	place(1, pay("tok_requires_action"))
	if _, err := app.Shop.Checkout.Place(t.Context(), late); err == nil {
		t.Error("what the other holds was sold")
	}
	for outcome, want := range map[string]float64{
		"confirmed": 1, "replayed": 1, "payment_declined": 1, "price_changed": 1, "pending_payment": 1, "out_of_stock": 1,
	} {
		if got := value(t, app.meter, "checkout_total", "outcome", outcome); got != want {
			t.Errorf("%v checkouts are %s, want %v", got, outcome, want)
		}
	}
	for result, want := range map[string]float64{"reserved": 3, "out_of_stock": 1, "unknown": 0, "error": 0} {
		if got := value(t, app.meter, "stock_reserve_total", "result", result); got != want {
			t.Errorf("%v reservations are %s, want %v", got, result, want)
		}
	}
	if got := value(t, app.meter, "payment_unknown_gauge"); got != 0 {
		t.Errorf("%v payments are in doubt; one waits for its shopper", got)
	}
}

// payments are as a test says.
type payments struct {
	ports.Payments
	due []payment.Payment
	err error
}

func (p payments) DueForCheck(context.Context, time.Time, int) ([]payment.Payment, error) {
	return p.due, p.err
}

func TestDoubts_Collect(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 5, 10, 0, 0, 0, time.UTC)
	at := func(s payment.Status, age time.Duration) payment.Payment {
		return payment.Payment{Status: s, CreatedAt: now.Add(-age)}
	}
	m := newMetrics()
	m.registry.MustRegister(newDoubts(payments{due: []payment.Payment{
		at(payment.Authorized, 3*time.Hour), at(payment.RequiresAction, 2*time.Hour), at(payment.Created, time.Second), at(payment.Processing, time.Hour),
	}}, func() time.Time { return now }))
	if unknown, age := value(t, m, "payment_unknown_gauge"), value(t, m, "payment_unknown_oldest_age_seconds"); unknown != 2 || age != 3600 {
		t.Errorf("%v in doubt for %v s", unknown, age)
	}
	m = newMetrics()
	m.registry.MustRegister(newDoubts(payments{err: errors.New("the store is away")}, time.Now))
	if _, err := m.registry.Gather(); err == nil {
		t.Error("a store that is away has no payments in doubt")
	}
}

func TestMetrics_StoreThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	m := newMetrics()
	m.registry.MustRegister(newDoubts(payments{err: errors.New("the store is away")}, time.Now))
	m.job("search.index_product", "ok", time.Second)
	w := httptest.NewRecorder()
	m.handler().ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil))
	told := w.Body.String()
	if w.Code != http.StatusOK || !strings.Contains(told, `job_duration_seconds_count{result="ok",task="search.index_product"} 1`) {
		t.Errorf("answers %d without what it knows: %s", w.Code, told)
	}
	if strings.Contains(told, "payment_unknown_gauge") {
		t.Error("tells what it cannot know")
	}
}
