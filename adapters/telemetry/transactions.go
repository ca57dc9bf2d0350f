package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/trace"

	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/ports"
)

// Orders returns the store with a span for each transaction, and one for each job
// that a transaction sends.
func (t *Tracer) Orders(store ports.OrderStore) ports.OrderStore {
	store.Tx = transactor[ports.OrderTx]{store.Tx, t, ports.Orders, func(tx *ports.OrderTx) *ports.Outbox { return &tx.Jobs }}
	return store
}

// Catalog is Orders for the catalogue.
func (t *Tracer) Catalog(store ports.CatalogStore) ports.CatalogStore {
	store.Tx = transactor[ports.CatalogTx]{store.Tx, t, ports.Catalog, func(tx *ports.CatalogTx) *ports.Outbox { return &tx.Jobs }}
	return store
}

type transactor[T any] struct {
	ports.Transactor[T]
	t      *Tracer
	of     ports.Realm
	outbox func(*T) *ports.Outbox
}

func (x transactor[T]) InTx(ctx context.Context, fn func(context.Context, T) error) (ports.Mark, error) {
	if !trace.SpanContextFromContext(ctx).IsSampled() {
		return x.Transactor.InTx(ctx, fn)
	}
	traced, span := x.t.call(ctx, "transaction "+string(x.of), realm.String(string(x.of)))
	var jobs []job.Envelope
	mark, err := x.Transactor.InTx(traced, func(ctx context.Context, tx T) error {
		jobs = nil // those of an earlier run were never sent
		box := x.outbox(&tx)
		*box = outbox{*box, &jobs}
		return fn(ctx, tx)
	})
	finish(span, err, broke(err))
	if err == nil {
		for _, j := range jobs {
			x.t.sends(traced, j)
		}
	}
	return mark, err
}

// sends tells that a job was sent. What belongs to another trace than it was
// sent in has nobody to be a child of.
func (t *Tracer) sends(ctx context.Context, e job.Envelope) {
	if trace.SpanContextFromContext(ctx).TraceID().String() != e.TraceID {
		return
	}
	_, span := t.tracer.Start(asSender(ctx, e.ID), "send "+e.Task, trace.WithSpanKind(trace.SpanKindProducer),
		trace.WithAttributes(destination.String(e.Task), operation.String("send"), messageID.String(e.ID.String())))
	span.End()
}

type outbox struct {
	ports.Outbox
	jobs *[]job.Envelope
}

func (o outbox) Add(ctx context.Context, jobs ...job.Envelope) error {
	*o.jobs = append(*o.jobs, jobs...)
	return o.Outbox.Add(ctx, jobs...)
}
