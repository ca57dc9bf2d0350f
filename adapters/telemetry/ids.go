package telemetry

import (
	"context"
	"encoding/binary"
	"math/rand/v2"

	"go.opentelemetry.io/otel/trace"

	"github.com/bodega-commerce/bodega/core/id"
)

// ids makes ids of traces and spans, or takes those that the context has.
type ids struct{}

type (
	traceKey struct{}
	spanKey  struct{}
)

// inTrace has the next span without a parent begin in a trace that is there.
func inTrace(ctx context.Context, t trace.TraceID) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// asSender has the next span be the one that sends a job.
func asSender(ctx context.Context, j id.Job) context.Context {
	return context.WithValue(ctx, spanKey{}, senderOf(j))
}

// senderOf is the id of the span that sends a job; messages on a broker name the
// same.
func senderOf(j id.Job) trace.SpanID { return trace.SpanID(j.UUID[8:]) }

func (g ids) NewIDs(ctx context.Context) (trace.TraceID, trace.SpanID) {
	t, ok := ctx.Value(traceKey{}).(trace.TraceID)
	if !ok {
		binary.LittleEndian.PutUint64(t[:8], rand.Uint64())
		binary.LittleEndian.PutUint64(t[8:], rand.Uint64()|1) // all zero is invalid
	}
	return t, g.NewSpanID(ctx, t)
}

func (ids) NewSpanID(ctx context.Context, _ trace.TraceID) trace.SpanID {
	if s, ok := ctx.Value(spanKey{}).(trace.SpanID); ok {
		return s
	}
	var s trace.SpanID
	binary.LittleEndian.PutUint64(s[:], rand.Uint64()|1)
	return s
}
