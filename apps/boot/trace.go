package boot

import (
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/bodega-commerce/bodega/adapters/httpapi"
	"github.com/bodega-commerce/bodega/adapters/telemetry"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/job"
)

// closingTime is what the last traces have to leave a program that stops.
const closingTime = 3 * time.Second

// openTracer returns what follows requests and jobs; nil: nobody is to be told.
func (a *App) openTracer(ctx context.Context, c Config) (*telemetry.Tracer, error) {
	if c.TracesURL == "" || c.Role == Tool {
		return nil, nil
	}
	service := "bodega-server"
	if c.Role == Consumer {
		service = "bodega-consumer"
	}
	tracer, err := telemetry.Open(ctx, telemetry.Options{Endpoint: c.TracesURL, Service: service, Version: c.Version, Log: a.log})
	if err != nil {
		return nil, err
	}
	a.atEnd(func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), closingTime)
		defer cancel()
		if err := tracer.Close(ctx); err != nil { // the shop has lost nothing
			a.log.WarnContext(ctx, "the last traces could not be sent", "error", err)
		}
		return nil
	})
	return tracer, nil
}

// follow has spans made of what the shop asks of others.
func follow(t *telemetry.Tracer, deps *core.Deps) {
	if t == nil {
		return
	}
	deps.Catalog, deps.Orders, deps.Mail = t.Catalog(deps.Catalog), t.Orders(deps.Orders), t.Mailer(deps.Mail)
	for code, provider := range deps.Payments {
		deps.Payments[code] = t.Provider(code, provider)
	}
}

type traceKey struct{}

// withTrace puts the trace id of jobs into the context of their verb.
func withTrace(ctx context.Context, ds []job.Delivery) (context.Context, func(error)) {
	return context.WithValue(ctx, traceKey{}, ds[0].TraceID), func(error) {}
}

// traced is withTrace and a span.
func traced(t *telemetry.Tracer) func(context.Context, []job.Delivery) (context.Context, func(error)) {
	if t == nil {
		return withTrace
	}
	return func(ctx context.Context, ds []job.Delivery) (context.Context, func(error)) {
		ctx, _ = withTrace(ctx, ds)
		return t.Jobs(ctx, ds)
	}
}

// traceOf returns the trace id of a job or of a request.
func traceOf(ctx context.Context) string {
	if trace, ok := ctx.Value(traceKey{}).(string); ok {
		return trace
	}
	return httpapi.TraceID(ctx)
}

// tracesURL is where OpenTelemetry's own settings say that traces go; "": nowhere.
func tracesURL(vars map[string]string, bad *Errors) string {
	if strings.EqualFold(vars["OTEL_SDK_DISABLED"], "true") || vars["OTEL_TRACES_EXPORTER"] == "none" {
		return ""
	}
	name, address := "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", vars["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"]
	if address == "" {
		if name, address = "OTEL_EXPORTER_OTLP_ENDPOINT", vars["OTEL_EXPORTER_OTLP_ENDPOINT"]; address == "" {
			return ""
		}
		address = strings.TrimRight(address, "/") + "/v1/traces"
	}
	if u, err := url.Parse(address); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		*bad = append(*bad, name+": must be an address like http://collector:4318, which takes OTLP over HTTP")
	}
	return address
}
