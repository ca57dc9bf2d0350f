package telemetry_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/telemetry"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
	"github.com/bodega-commerce/bodega/testsuite/collector"
)

// By these ids the one is of the twentieth that is kept, the other is not.
const (
	lucky   = "0af7651916cd43dd0000000000000001"
	unlucky = "0af7651916cd43ddffffffffffffffff"
	caller  = "b7ad6b7169203331"
)

func openTracer(t *testing.T, url string) *telemetry.Tracer {
	t.Helper()
	tracer, err := telemetry.Open(t.Context(), telemetry.Options{Endpoint: url + "/v1/traces", Service: "test", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return tracer
}

// finish sends what there is.
func finish(t *testing.T, tracer *telemetry.Tracer) {
	t.Helper()
	if err := tracer.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
}

type mute struct{ err error }

func (m mute) Send(context.Context, ports.Message) error { return m.err }

func TestTracer_Request(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, trace, flags string
		status             int
		want               []string // names, sorted
	}{
		"Lucky":                   {"/v1/products/tee", lucky, "00", 200, []string{"GET /there", "send mail"}},
		"Unlucky":                 {"/v1/products/tee", unlucky, "00", 200, nil},
		"UnluckyAndRefused":       {"/v1/products/tee", unlucky, "00", 404, nil},
		"KeptByTheCaller":         {"/v1/products/tee", unlucky, "01", 200, []string{"GET /there", "send mail"}},
		"CheckoutsAreKept":        {"/v1/checkout", unlucky, "00", 402, []string{"GET /there", "send mail"}},
		"FailuresAreKeptOutside":  {"/v1/products/tee", unlucky, "00", 503, []string{"GET /there"}},
		"FailuresOfWhatIsSampled": {"/v1/products/tee", lucky, "00", 500, []string{"GET /there", "send mail"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			told := collector.Start(t)
			tracer := openTracer(t, told.URL)
			r := httptest.NewRequestWithContext(t.Context(), "GET", "http://shop.example"+c.path+"?q=secret", nil)
			r.Header.Set("Traceparent", "00-"+c.trace+"-"+caller+"-"+c.flags)
			ctx, trace, end := tracer.Request(r)
			if trace != c.trace {
				t.Errorf("the trace is %s", trace)
			}
			if err := tracer.Mailer(mute{}).Send(ctx, ports.Message{To: "secret@example.com"}); err != nil {
				t.Error(err)
			}
			var why error
			if c.status >= 500 {
				why = fault.Wrap(fault.Unavailable, "test", errors.New("secret"))
			}
			end("/there", c.status, why)
			finish(t, tracer)

			var names []string
			for _, s := range told.Spans(c.trace) {
				names = append(names, s.Name)
				if s.Name == "GET /there" && (s.Parent != caller || s.Failed != (c.status >= 500) || s.Attributes["http.response.status_code"] != int64(c.status)) {
					t.Errorf("told %+v", s)
				}
				for _, v := range s.Attributes {
					if text, _ := v.(string); strings.Contains(text, "secret") {
						t.Errorf("told a secret: %+v", s)
					}
				}
			}
			if slices.Sort(names); !slices.Equal(names, c.want) {
				t.Errorf("told %q, want %q", names, c.want)
			}
		})
	}
	t.Run("WithoutACallersTraceItBegins", func(t *testing.T) {
		t.Parallel()
		told := collector.Start(t)
		tracer := openTracer(t, told.URL)
		_, trace, end := tracer.Request(httptest.NewRequestWithContext(t.Context(), "POST", "/v1/checkout", nil))
		end("/v1/checkout", 201, nil)
		finish(t, tracer)
		if spans := told.Spans(trace); len(trace) != 32 || len(spans) != 1 || spans[0].Parent != "" || spans[0].Service != "test" {
			t.Errorf("of %s: %+v", trace, spans)
		}
	})
}

func TestTracer_Jobs(t *testing.T) {
	t.Parallel()
	ids := id.NewSource(time.Now, rand.Reader)
	delivery := func(task, trace string, attempt int) job.Delivery {
		return job.Delivery{Envelope: job.Envelope{Task: task, ID: id.Job{UUID: ids.New()}, TraceID: trace}, Attempt: attempt}
	}
	parent := func(d job.Delivery) string { return strings.ReplaceAll(d.ID.String(), "-", "")[16:] }
	first, again := delivery(job.CapturePayment, unlucky, 1), delivery(job.SendOrderConfirmation, unlucky, 2)
	one, two := delivery(job.IndexProduct, lucky, 1), delivery(job.IndexProduct, unlucky, 1)
	broken, dull := delivery(job.AdjustInventory, unlucky, 1), delivery(job.SendOrderLink, unlucky, 1)

	told := collector.Start(t)
	tracer := openTracer(t, told.URL)
	for _, batch := range []struct {
		ds  []job.Delivery
		err error
	}{
		{[]job.Delivery{first}, nil},
		{[]job.Delivery{again}, nil},
		{[]job.Delivery{one, two}, nil},
		{[]job.Delivery{broken}, fault.New(fault.Exhausted, "out_of_stock", "")},
		{[]job.Delivery{dull}, nil},
		{[]job.Delivery{delivery(job.SendOrderLink, "", 1)}, nil}, // of no trace
	} {
		_, end := tracer.Jobs(t.Context(), batch.ds)
		end(batch.err)
	}
	finish(t, tracer)
	unluckies := map[string]collector.Span{}
	for _, s := range told.Spans(unlucky) {
		unluckies[s.Name] = s
	}
	if s := unluckies["process payment.capture"]; s.Parent != parent(first) || len(s.Links) != 0 {
		t.Errorf("a first attempt: %+v", s)
	}
	if s := unluckies["process email.send_order_confirmation"]; s.ID == "" || s.Parent != "" || !slices.Equal(s.Links, []string{parent(again)}) {
		t.Errorf("another attempt: %+v", s)
	}
	if s := unluckies["process inventory.adjust"]; !s.Failed || s.Attributes["error.type"] != "out_of_stock" {
		t.Errorf("a failed attempt: %+v", s)
	}
	if len(unluckies) != 3 {
		t.Errorf("told %+v", unluckies)
	}
	if s := told.Spans(lucky); len(s) != 1 || s[0].Parent != "" || !slices.Equal(s[0].Links, []string{parent(one), parent(two)}) {
		t.Errorf("a batch: %+v", s)
	}
}

// A collector that is away delays nobody, and is said to be away once.
func TestTracer_WithoutACollector(t *testing.T) {
	t.Parallel()
	nobody := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) }))
	t.Cleanup(nobody.Close)
	tracer := openTracer(t, nobody.URL)
	for range 5000 { // more than are kept for it
		_, _, end := tracer.Request(httptest.NewRequestWithContext(t.Context(), "POST", "/v1/checkout", nil))
		end("/v1/checkout", 201, nil)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
	defer cancel()
	if err := tracer.Close(ctx); err != nil {
		t.Errorf("the last traces: %v", err)
	}
	if _, err := telemetry.Open(t.Context(), telemetry.Options{Endpoint: "collector:4318"}); !fault.Is(err, fault.Invalid) {
		t.Errorf("an endpoint that is no address: %v", err)
	}
}
