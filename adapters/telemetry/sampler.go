package telemetry

import (
	"go.opentelemetry.io/otel/codes"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/bodega-commerce/bodega/core/job"
)

// share is how many traces of a hundred are kept that nothing is special about.
const share = 0.05

// ofMoney are the tasks that checkouts leave behind.
var ofMoney = map[string]bool{job.SendOrderConfirmation: true, job.CapturePayment: true, job.VoidPayment: true}

// sampler keeps checkouts with what follows from them, what the caller keeps,
// and a share of the rest, chosen by the trace's id so that all programs choose
// the same. Of what it does not keep it watches the outermost span, in case it
// fails: see failures.
type sampler struct{ some sdktrace.Sampler }

func newSampler() sampler { return sampler{sdktrace.TraceIDRatioBased(share)} }

func (s sampler) ShouldSample(p sdktrace.SamplingParameters) sdktrace.SamplingResult {
	parent := trace.SpanContextFromContext(p.ParentContext)
	keep := parent.IsSampled()
	if inner := parent.IsValid() && !parent.IsRemote(); !keep && !inner {
		if s.some.ShouldSample(p).Decision == sdktrace.RecordAndSample || special(p) {
			keep = true
		} else {
			return sdktrace.SamplingResult{Decision: sdktrace.RecordOnly, Tracestate: parent.TraceState()}
		}
	}
	if keep {
		return sdktrace.SamplingResult{Decision: sdktrace.RecordAndSample, Tracestate: parent.TraceState()}
	}
	return sdktrace.SamplingResult{Decision: sdktrace.Drop, Tracestate: parent.TraceState()}
}

// special reports whether a span is of a checkout, or of a job it left.
func special(p sdktrace.SamplingParameters) bool {
	for _, a := range p.Attributes {
		if a.Key == httpPath && a.Value.AsString() == checkoutPath || a.Key == destination && ofMoney[a.Value.AsString()] {
			return true
		}
	}
	return false
}

func (sampler) Description() string { return "checkouts, failures and a twentieth of the rest" }

// failures lets spans through that were sampled, and those that failed.
type failures struct{ sdktrace.SpanProcessor }

func (f failures) OnEnd(s sdktrace.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		if s.Status().Code != codes.Error {
			return
		}
		s = kept{s}
	}
	f.SpanProcessor.OnEnd(s)
}

// kept is a span that is sampled after all.
type kept struct{ sdktrace.ReadOnlySpan }

func (k kept) SpanContext() trace.SpanContext {
	s := k.ReadOnlySpan.SpanContext()
	return s.WithTraceFlags(s.TraceFlags().WithSampled(true))
}
