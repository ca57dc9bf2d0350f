package telemetry

import (
	"context"

	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// Mailer returns the mailer with a span for each mail.
func (t *Tracer) Mailer(m ports.Mailer) ports.Mailer { return mailer{m, t} }

type mailer struct {
	ports.Mailer
	t *Tracer
}

func (m mailer) Send(ctx context.Context, message ports.Message) error {
	ctx, span := m.t.call(ctx, "send mail")
	err := m.Mailer.Send(ctx, message)
	finish(span, err, err != nil)
	return err
}

// Provider returns the provider with a span for each call.
func (t *Tracer) Provider(code string, p ports.PaymentProvider) ports.PaymentProvider {
	return paying{p, t, code}
}

type paying struct {
	ports.PaymentProvider
	t    *Tracer
	code string
}

func (p paying) ask(ctx context.Context, name string, call func(context.Context) (payment.State, error)) (payment.State, error) {
	ctx, span := p.t.call(ctx, "payment "+name, provider.String(p.code))
	state, err := call(ctx)
	finish(span, err, broke(err))
	return state, err
}

func (p paying) Authorize(ctx context.Context, r payment.Request) (payment.State, error) {
	return p.ask(ctx, "authorize", func(ctx context.Context) (payment.State, error) { return p.PaymentProvider.Authorize(ctx, r) })
}

func (p paying) Lookup(ctx context.Context, of payment.Ref) (payment.State, error) {
	return p.ask(ctx, "lookup", func(ctx context.Context) (payment.State, error) { return p.PaymentProvider.Lookup(ctx, of) })
}

func (p paying) Capture(ctx context.Context, of payment.Ref, amount money.Amount) (payment.State, error) {
	return p.ask(ctx, "capture", func(ctx context.Context) (payment.State, error) { return p.PaymentProvider.Capture(ctx, of, amount) })
}

func (p paying) Void(ctx context.Context, of payment.Ref) (payment.State, error) {
	return p.ask(ctx, "void", func(ctx context.Context) (payment.State, error) { return p.PaymentProvider.Void(ctx, of) })
}

func (p paying) Refund(ctx context.Context, of payment.Ref, r id.Refund, amount money.Amount) (payment.State, error) {
	return p.ask(ctx, "refund", func(ctx context.Context) (payment.State, error) { return p.PaymentProvider.Refund(ctx, of, r, amount) })
}
