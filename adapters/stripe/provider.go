package stripe

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v82"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// idleConnections to Stripe are kept for the next request.
const idleConnections = 32

var _ ports.PaymentProvider = (*Provider)(nil)

// Config names an account at Stripe.
type Config struct {
	SecretKey      string   // sk_…, or rk_… with write access to PaymentIntents and Refunds
	WebhookSecrets []string // whsec_…, several while they are rotated
	URL            string   // "": Stripe's own
}

// Provider is an account at Stripe. It is safe for concurrent use; the exported
// fields are set before the first call. Deadlines are the caller's.
type Provider struct {
	// ActionTTL is how long a shopper is told to have for what a payment requires.
	ActionTTL time.Duration
	Now       func() time.Time

	api     *stripe.Client
	http    *http.Client
	secrets []string
}

// New returns a provider; it connects at the first call.
func New(c Config) *Provider {
	p := &Provider{
		ActionTTL: 10 * time.Minute, Now: time.Now, secrets: c.WebhookSecrets,
		http: &http.Client{Transport: &http.Transport{
			Proxy: http.ProxyFromEnvironment, MaxIdleConns: idleConnections, MaxIdleConnsPerHost: idleConnections,
			IdleConnTimeout: time.Minute, TLSHandshakeTimeout: 5 * time.Second, ForceAttemptHTTP2: true,
		}},
	}
	config := &stripe.BackendConfig{
		HTTPClient: p.http, LeveledLogger: &stripe.LeveledLogger{Level: stripe.LevelNull},
		MaxNetworkRetries: new(int64(0)), // whoever asks us tries again, under the same keys
		EnableTelemetry:   new(false),
	}
	if c.URL != "" {
		config.URL = new(strings.TrimSuffix(c.URL, "/"))
	}
	p.api = stripe.NewClient(c.SecretKey, stripe.WithBackends(stripe.NewBackendsWithConfig(config)))
	return p
}

// Close lets idle connections go.
func (p *Provider) Close() error {
	p.http.CloseIdleConnections()
	return nil
}

// Authorize holds the money of a request. The token is a PaymentMethod (pm_…) or
// a ConfirmationToken (ctoken_…). With a ReturnURL a shopper who must do something
// is redirected, without one Stripe's script in the page does it.
func (p *Provider) Authorize(ctx context.Context, r payment.Request) (payment.State, error) {
	if err := begin(ctx); err != nil {
		return payment.State{}, err
	}
	if r.Amount.Minor() <= 0 {
		return payment.State{}, fault.InvalidField("amount", "too_small", "must be more than nothing")
	}
	if err := r.Amount.Validate(); err != nil {
		return payment.State{}, err
	}
	if _, ok := toUnits(r.Amount); !ok {
		return payment.State{Status: payment.Failed, Amount: r.Amount, DeclineCode: "invalid_amount"}, nil
	}
	pi, err := p.intent(ctx, r.Ref)
	if code, outside := outOfBounds(err); outside {
		return payment.State{Status: payment.Failed, Amount: r.Amount, DeclineCode: code}, nil
	}
	if err != nil {
		return payment.State{}, err
	}
	if held := fromUnits(pi.Amount, r.Amount.Currency()); held != r.Amount || !strings.EqualFold(string(pi.Currency), string(r.Amount.Currency())) {
		return payment.State{}, conflict("the payment was already asked for with another amount", pi)
	}
	if !untouched(pi) {
		return p.told(ctx, pi)
	}
	return p.confirm(ctx, pi, r)
}

func (p *Provider) confirm(ctx context.Context, pi *stripe.PaymentIntent, r payment.Request) (payment.State, error) {
	ask := &stripe.PaymentIntentConfirmParams{}
	if strings.HasPrefix(r.Token, "ctoken_") {
		ask.ConfirmationToken = new(r.Token)
	} else {
		ask.PaymentMethod = new(r.Token)
	}
	if r.ReturnURL != "" {
		ask.ReturnURL = new(r.ReturnURL)
	} else {
		ask.UseStripeSDK = new(true)
	}
	ask.SetIdempotencyKey(r.ID.String() + ":confirm")
	confirmed, err := p.api.V1PaymentIntents.Confirm(ctx, pi.ID, ask)
	if err == nil {
		return p.told(ctx, confirmed)
	}
	if e, answered := errors.AsType[*stripe.Error](err); answered {
		switch {
		case e.Type == stripe.ErrorTypeCard && e.PaymentIntent != nil && e.PaymentIntent.LastPaymentError != nil:
			return p.told(ctx, e.PaymentIntent)
		case e.Type == stripe.ErrorTypeCard:
			s := payment.State{Reference: pi.ID, Status: payment.Failed, Amount: r.Amount}
			s.DeclineCode, s.Retryable = decline(e)
			return s, nil
		case e.Param == "payment_method" || e.Param == "confirmation_token":
			_, _ = p.cancel(ctx, pi.ID) // nobody else can confirm it
			return payment.State{Reference: pi.ID, Status: payment.Failed, Amount: r.Amount, DeclineCode: "invalid_token"}, nil
		}
	}
	err = failed(ctx, fault.Unknown, err)
	if !fault.Is(err, fault.Conflict) {
		return payment.State{}, err
	}
	now, err := p.retrieve(ctx, pi.ID) // somebody was faster
	if err != nil {
		return payment.State{}, err
	}
	return p.told(ctx, now)
}

// outOfBounds returns why Stripe takes no such amount.
func outOfBounds(err error) (code string, outside bool) {
	said, ok := errors.AsType[*refusal](err)
	if !ok {
		return "", false
	}
	switch stripe.ErrorCode(said.code) {
	case stripe.ErrorCodeAmountTooLarge, stripe.ErrorCodeAmountTooSmall:
		return said.code, true
	default:
		return "", false
	}
}

// Lookup tells how a payment stands.
func (p *Provider) Lookup(ctx context.Context, r payment.Ref) (payment.State, error) {
	pi, err := p.known(ctx, r)
	if err != nil {
		return payment.State{}, err
	}
	return p.told(ctx, pi)
}

// Capture takes held money and lets the rest go.
func (p *Provider) Capture(ctx context.Context, r payment.Ref, amount money.Amount) (payment.State, error) {
	pi, err := p.known(ctx, r)
	if err != nil {
		return payment.State{}, err
	}
	switch pi.Status {
	case stripe.PaymentIntentStatusSucceeded:
		return p.state(pi)
	case stripe.PaymentIntentStatusRequiresCapture:
	default:
		return payment.State{}, conflict("no money is held", pi)
	}
	if err := amount.Within(r.Amount); err != nil {
		return payment.State{}, err
	}
	units, err := part(amount)
	if err != nil {
		return payment.State{}, err
	}
	captured, err := p.api.V1PaymentIntents.Capture(ctx, pi.ID, &stripe.PaymentIntentCaptureParams{AmountToCapture: new(units)})
	if err != nil {
		return payment.State{}, failed(ctx, fault.Unknown, err)
	}
	return p.state(captured)
}

// Void lets held money go. The intent of a payment that was never asked for is
// made and cancelled, so that nobody can confirm it any more.
func (p *Provider) Void(ctx context.Context, r payment.Ref) (payment.State, error) {
	if err := begin(ctx); err != nil {
		return payment.State{}, err
	}
	pi, err := p.intent(ctx, r)
	if err != nil {
		return payment.State{}, err
	}
	switch {
	case pi.Status == stripe.PaymentIntentStatusCanceled:
		return p.state(pi)
	case pi.Status == stripe.PaymentIntentStatusSucceeded:
		return payment.State{}, conflict("the money was already taken", pi)
	case refused(pi):
		return p.told(ctx, pi)
	}
	canceled, err := p.cancel(ctx, pi.ID)
	if err != nil {
		return payment.State{}, err
	}
	return p.state(canceled)
}

// Refund gives captured money back. The refunds that Stripe has made are looked
// through first: a key it has forgotten must not pay twice.
func (p *Provider) Refund(ctx context.Context, r payment.Ref, refund id.Refund, amount money.Amount) (payment.State, error) {
	pi, err := p.known(ctx, r)
	if err != nil {
		return payment.State{}, err
	}
	made, err := refundOf(pi, refund)
	if err != nil {
		return payment.State{}, err
	}
	if made != nil {
		if fromUnits(made.Amount, r.Amount.Currency()) != amount {
			return payment.State{}, conflict("the refund was already made with another amount", pi)
		}
		return p.state(pi)
	}
	if pi.Status != stripe.PaymentIntentStatusSucceeded {
		return payment.State{}, conflict("no money was taken", pi)
	}
	if err := p.left(pi, amount); err != nil {
		return payment.State{}, err
	}
	units, err := part(amount)
	if err != nil {
		return payment.State{}, err
	}
	ask := &stripe.RefundCreateParams{
		PaymentIntent: new(pi.ID), Amount: new(units),
		Metadata: map[string]string{metaPayment: r.ID.String(), metaRefund: refund.String()},
	}
	ask.SetIdempotencyKey(refund.String())
	if _, err := p.api.V1Refunds.Create(ctx, ask); err != nil {
		return payment.State{}, p.unrefunded(ctx, pi, amount, failed(ctx, fault.Unknown, err))
	}
	now, err := p.retrieve(ctx, pi.ID)
	if err != nil {
		return payment.State{}, fault.Wrap(fault.Unknown, "stripe", err)
	}
	return p.state(now)
}

// unrefunded says why a refund was refused: others may have taken what was left.
func (p *Provider) unrefunded(ctx context.Context, pi *stripe.PaymentIntent, amount money.Amount, refused error) error {
	if fault.Is(refused, fault.Unavailable) {
		if now, err := p.retrieve(ctx, pi.ID); err == nil {
			if err := p.left(now, amount); err != nil {
				return err
			}
		}
	}
	return refused
}

// refundOf finds a refund by our id for it; nil if it was not made. Unavailable
// when there are more than are read: it may be among the others.
func refundOf(pi *stripe.PaymentIntent, refund id.Refund) (*stripe.Refund, error) {
	made := refunds(pi)
	for _, r := range made {
		if r.Metadata[metaRefund] == refund.String() {
			return r, nil
		}
	}
	if len(made) >= order.MaxRefunds {
		return nil, fault.New(fault.Unavailable, "", "the payment has too many refunds")
	}
	return nil, nil
}

// left answers Invalid unless an amount is between nothing and what was taken
// and not given back.
func (p *Provider) left(pi *stripe.PaymentIntent, amount money.Amount) error {
	s, err := p.state(pi)
	if err != nil {
		return err
	}
	rest, err := s.Captured.Sub(s.Refunded())
	if err != nil {
		return err
	}
	return amount.Within(rest)
}

// known returns the intent of a payment that was asked for; NotFound otherwise.
func (p *Provider) known(ctx context.Context, r payment.Ref) (*stripe.PaymentIntent, error) {
	if err := begin(ctx); err != nil {
		return nil, err
	}
	pi, err := p.intent(ctx, r)
	if err == nil && untouched(pi) {
		err = fault.Missing("payment")
	}
	return pi, err
}

func begin(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return fault.Wrap(fault.Canceled, "stripe", err)
	}
	return nil
}

func conflict(detail string, pi *stripe.PaymentIntent) error {
	return fault.New(fault.Conflict, "", detail+": the intent is "+string(pi.Status))
}
