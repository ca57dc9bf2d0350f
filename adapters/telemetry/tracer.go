package telemetry

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/job"
)

// Options say where traces go.
type Options struct {
	Endpoint string // that takes OTLP over HTTP: http://collector:4318/v1/traces
	Service  string // the program's name
	Version  string
	Log      *slog.Logger
}

// Tracer makes spans and sends them, in batches and beside the work they tell
// of: nobody waits for it, and what the collector does not take in time is lost.
// It is safe for concurrent use.
type Tracer struct {
	provider *sdktrace.TracerProvider
	tracer   trace.Tracer
	headers  propagation.TraceContext
}

// Open returns a tracer. It does not ask whether anybody is at the endpoint.
// Credentials and certificates are OpenTelemetry's own settings
// (OTEL_EXPORTER_OTLP_…), which its exporter reads. Invalid for an endpoint that
// is no address.
func Open(ctx context.Context, o Options) (*Tracer, error) {
	if u, err := url.Parse(o.Endpoint); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, fault.New(fault.Invalid, "", "must be like http://collector:4318")
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(o.Endpoint), otlptracehttp.WithTimeout(5*time.Second))
	if err != nil {
		return nil, fault.Wrap(fault.Unavailable, "telemetry.Open", err)
	}
	about, err := resource.New(ctx, resource.WithAttributes(
		attribute.String("service.name", o.Service), attribute.String("service.version", cmp.Or(o.Version, "development")),
	), resource.WithFromEnv())
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "telemetry.Open", err)
	}
	provider := sdktrace.NewTracerProvider(
		sdktrace.WithSampler(newSampler()), sdktrace.WithIDGenerator(ids{}), sdktrace.WithResource(about),
		sdktrace.WithSpanProcessor(failures{sdktrace.NewBatchSpanProcessor(&sender{SpanExporter: exporter, log: o.Log})}),
	)
	return &Tracer{provider: provider, tracer: provider.Tracer("github.com/bodega-commerce/bodega")}, nil
}

// Close sends what has not been sent yet, as long as ctx lets it.
func (t *Tracer) Close(ctx context.Context) error { return t.provider.Shutdown(ctx) }

// sender tells the log when the collector begins to fail, and when it is over:
// the SDK would tell the process's standard error each time.
type sender struct {
	sdktrace.SpanExporter
	log     *slog.Logger
	failing atomic.Bool
}

func (s *sender) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := s.SpanExporter.ExportSpans(ctx, spans)
	switch {
	case err != nil && !s.failing.Swap(true):
		s.log.WarnContext(ctx, "traces cannot be sent", "error", err)
	case err == nil && s.failing.Swap(false):
		s.log.InfoContext(ctx, "traces are sent again")
	}
	return nil
}

// Request begins the span of a request, in the caller's trace if it names one.
// It returns that trace's id; end is to be called once, with the template of the
// path, the status and, if it is the server's fault, why.
func (t *Tracer) Request(r *http.Request) (ctx context.Context, traceID string, end func(route string, status int, err error)) {
	ctx, span := t.tracer.Start(t.headers.Extract(r.Context(), propagation.HeaderCarrier(r.Header)), r.Method,
		trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(httpMethod.String(r.Method), httpPath.String(r.URL.Path)))
	return ctx, span.SpanContext().TraceID().String(), func(route string, status int, err error) {
		if route != "" {
			span.SetName(r.Method + " " + route)
		}
		span.SetAttributes(httpRoute.String(route), httpStatus.Int(status))
		if status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
			span.SetAttributes(errorType.String(kindOf(err)))
		}
		span.End()
	}
}

// Jobs begins the span of an attempt at jobs of one task. The first attempt at a
// job alone is a child of what sent it; another attempt, or many at once, are
// linked to it and begin anew in the trace of the first job. end is to be called
// once, with the first failure.
func (t *Tracer) Jobs(ctx context.Context, ds []job.Delivery) (_ context.Context, end func(err error)) {
	options := []trace.SpanStartOption{trace.WithSpanKind(trace.SpanKindConsumer)}
	attributes := []attribute.KeyValue{destination.String(ds[0].Task), operation.String("process")}
	if len(ds) == 1 {
		attributes = append(attributes, messageID.String(ds[0].ID.String()), attempt.Int(ds[0].Attempt))
	} else {
		attributes = append(attributes, batchCount.Int(len(ds)))
	}
	for i, d := range ds {
		from, ok := sent(d.Envelope)
		switch {
		case !ok:
		case len(ds) == 1 && d.Attempt == 1:
			ctx = trace.ContextWithRemoteSpanContext(ctx, from)
		default:
			if i == 0 {
				ctx = inTrace(ctx, from.TraceID())
			}
			options = append(options, trace.WithLinks(trace.Link{SpanContext: from}))
		}
	}
	ctx, span := t.tracer.Start(ctx, "process "+ds[0].Task, append(options, trace.WithAttributes(attributes...))...)
	return ctx, func(err error) { finish(span, err, err != nil) }
}

// sent is the span that sent a job, if that was within a trace.
func sent(e job.Envelope) (trace.SpanContext, bool) {
	id, err := trace.TraceIDFromHex(e.TraceID)
	if err != nil {
		return trace.SpanContext{}, false
	}
	return trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: senderOf(e.ID), Remote: true}), true
}

// call begins a span of something that the shop asks of another. Outside of a
// trace nothing is begun.
func (t *Tracer) call(ctx context.Context, name string, attributes ...attribute.KeyValue) (context.Context, trace.Span) {
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return ctx, trace.SpanFromContext(context.Background()) // which does nothing
	}
	return t.tracer.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attributes...))
}

// finish ends a span. It never holds an error's text, in which there may be
// anything, but its code.
func finish(span trace.Span, err error, failed bool) {
	if err != nil {
		span.SetAttributes(errorType.String(kindOf(err)))
	}
	if failed {
		span.SetStatus(codes.Error, "")
	}
	span.End()
}

func kindOf(err error) string { return cmp.Or(fault.CodeOf(err), fault.KindOf(err).String()) }
