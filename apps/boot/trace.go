package boot

import (
	"context"

	"github.com/bodega-commerce/bodega/adapters/httpapi"
)

type traceKey struct{}

// withTrace puts the trace id of a job into the context of its verb.
func withTrace(ctx context.Context, trace string) context.Context {
	return context.WithValue(ctx, traceKey{}, trace)
}

// traceOf returns the trace id of a job or of a request.
func traceOf(ctx context.Context) string {
	if trace, ok := ctx.Value(traceKey{}).(string); ok {
		return trace
	}
	return httpapi.TraceID(ctx)
}
