package stripe

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/stripe/stripe-go/v82"

	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
)

// Metadata of intents, charges (Stripe copies an intent's to them) and refunds.
const (
	metaPayment = "payment_id"
	metaOrder   = "order_id"
	metaNumber  = "order_number"
	metaRefund  = "refund_id"
)

// keyLife is how long a key is sure to be remembered. Stripe promises 24 hours.
const keyLife = 20 * time.Hour

// keyTries bounds how many keys a payment's intent may be made under. Another is
// taken only when Stripe has stored a failure of its own under the last one.
const keyTries = 3

// intent returns a payment's intent as it is now. One that Stripe has not is
// made, which moves no money: untouched tells.
func (p *Provider) intent(ctx context.Context, r payment.Ref) (*stripe.PaymentIntent, error) {
	if r.Reference != "" {
		return p.retrieve(ctx, r.Reference)
	}
	if p.Now().Sub(r.ID.Time()) > keyLife {
		if found, err := p.search(ctx, r); found != nil || err != nil {
			return found, err
		}
	}
	made, err := p.make(ctx, r)
	if err != nil || !replayed(made.LastResponse) {
		return made, err
	}
	return p.retrieve(ctx, made.ID) // a repeated answer is as old as the intent
}

func (p *Provider) make(ctx context.Context, r payment.Ref) (*stripe.PaymentIntent, error) {
	units, ok := toUnits(r.Amount)
	if !ok {
		return nil, fault.Missing("payment") // it could not be asked for
	}
	for try := 0; ; try++ {
		ask := &stripe.PaymentIntentCreateParams{
			Amount: new(units), Currency: new(strings.ToLower(string(r.Amount.Currency()))),
			CaptureMethod: new(string(stripe.PaymentIntentCaptureMethodManual)), PaymentMethodTypes: []*string{new("card")},
			Description: new("Order " + r.OrderNumber),
			Metadata:    map[string]string{metaPayment: r.ID.String(), metaOrder: r.Order.String(), metaNumber: r.OrderNumber},
		}
		key := r.ID.String()
		if try > 0 {
			key += ":" + strconv.Itoa(try)
		}
		ask.SetIdempotencyKey(key)
		made, err := p.api.V1PaymentIntents.Create(ctx, ask)
		if stuck(err) && try < keyTries {
			continue
		}
		return made, failedUnless(ctx, fault.Unavailable, err) // without a card nothing can have been paid
	}
}

func (p *Provider) retrieve(ctx context.Context, reference string) (*stripe.PaymentIntent, error) {
	ask := &stripe.PaymentIntentRetrieveParams{}
	ask.AddExpand("latest_charge.refunds")
	found, err := p.api.V1PaymentIntents.Retrieve(ctx, reference, ask)
	if e, ok := errors.AsType[*stripe.Error](err); ok && e.HTTPStatusCode == http.StatusNotFound {
		return nil, fault.Missing("payment")
	}
	if err == nil && found.LatestCharge != nil && found.LatestCharge.Refunds != nil && found.LatestCharge.Refunds.HasMore {
		found.LatestCharge.Refunds.Data, err = p.newestRefunds(ctx, found)
	}
	return found, failedUnless(ctx, fault.Unavailable, err)
}

// newestRefunds are more than Stripe shows beside a charge, which is ten.
func (p *Provider) newestRefunds(ctx context.Context, pi *stripe.PaymentIntent) ([]*stripe.Refund, error) {
	ask := &stripe.RefundListParams{PaymentIntent: new(pi.ID)}
	ask.Limit, ask.Single = new(int64(order.MaxRefunds)), true
	var newest []*stripe.Refund
	for r, err := range p.api.V1Refunds.List(ctx, ask) {
		if err != nil {
			return nil, err
		}
		newest = append(newest, r)
	}
	return newest, nil
}

// search finds an old intent by its metadata; nil if there is none.
func (p *Provider) search(ctx context.Context, r payment.Ref) (*stripe.PaymentIntent, error) {
	ask := &stripe.PaymentIntentSearchParams{SearchParams: stripe.SearchParams{
		Query: "metadata['" + metaPayment + "']:'" + r.ID.String() + "'", Limit: new(int64(1)), Single: true,
	}}
	for found, err := range p.api.V1PaymentIntents.Search(ctx, ask) {
		if err != nil {
			return nil, failed(ctx, fault.Unavailable, err)
		}
		return p.retrieve(ctx, found.ID)
	}
	return nil, nil
}

// untouched reports whether an intent was only made: nobody was asked for money.
func untouched(pi *stripe.PaymentIntent) bool {
	switch pi.Status {
	case stripe.PaymentIntentStatusRequiresPaymentMethod:
		return pi.LastPaymentError == nil
	case stripe.PaymentIntentStatusRequiresConfirmation:
		return true
	default:
		return false
	}
}

// refused reports whether an intent's card was refused and another may be tried.
func refused(pi *stripe.PaymentIntent) bool {
	return pi.Status == stripe.PaymentIntentStatusRequiresPaymentMethod && pi.LastPaymentError != nil
}

// told returns the state of an intent, having put an end to a refused one.
func (p *Provider) told(ctx context.Context, pi *stripe.PaymentIntent) (payment.State, error) {
	if !refused(pi) {
		return p.state(pi)
	}
	_, err := p.cancel(ctx, pi.ID)
	if fault.Is(err, fault.Conflict) { // it was tried again meanwhile
		again, err := p.retrieve(ctx, pi.ID)
		if err != nil {
			return payment.State{}, err
		}
		return p.state(again)
	}
	return p.state(pi) // should money come after all, it is let go when it is told of
}

func (p *Provider) cancel(ctx context.Context, reference string) (*stripe.PaymentIntent, error) {
	canceled, err := p.api.V1PaymentIntents.Cancel(ctx, reference, &stripe.PaymentIntentCancelParams{})
	return canceled, failedUnless(ctx, fault.Unknown, err)
}

// state reads an intent. Internal for one that is not in a state Stripe documents.
func (p *Provider) state(pi *stripe.PaymentIntent) (payment.State, error) {
	currency := money.Currency(strings.ToUpper(string(pi.Currency)))
	s := payment.State{
		Reference: pi.ID, Amount: fromUnits(pi.Amount, currency),
		Captured: money.New(0, currency),
	}
	switch pi.Status {
	case stripe.PaymentIntentStatusRequiresPaymentMethod, stripe.PaymentIntentStatusCanceled:
		s.Status = payment.Canceled
		if pi.LastPaymentError != nil {
			s.Status = payment.Failed
			s.DeclineCode, s.Retryable = decline(pi.LastPaymentError)
		}
	case stripe.PaymentIntentStatusRequiresAction:
		s.Status, s.NextAction = payment.RequiresAction, p.action(pi)
	case stripe.PaymentIntentStatusProcessing:
		s.Status = payment.Processing
	case stripe.PaymentIntentStatusRequiresCapture:
		s.Status = payment.Authorized
	case stripe.PaymentIntentStatusSucceeded:
		s.Status, s.Captured = payment.Captured, fromUnits(pi.AmountReceived, currency)
		s.Refunds = told(pi, currency)
	default:
		return payment.State{}, fault.Wrap(fault.Internal, "stripe", errors.New("intent "+pi.ID+" is "+string(pi.Status)))
	}
	return s, nil
}

// told lists the refunds of an intent, oldest first: so they come into the books. One that is under way counts
// as made: should it not arrive, it is failed or canceled.
func told(pi *stripe.PaymentIntent, currency money.Currency) []order.ToldRefund {
	made := refunds(pi)
	list := make([]order.ToldRefund, 0, len(made))
	for _, r := range slices.Backward(made) {
		t := order.ToldRefund{Reference: r.ID, Amount: fromUnits(r.Amount, currency)}
		t.Failed = r.Status == stripe.RefundStatusFailed || r.Status == stripe.RefundStatusCanceled
		if asked, ok := id.Parse(r.Metadata[metaRefund]); ok {
			t.ID = id.Refund{UUID: asked}
		}
		list = append(list, t)
	}
	return list
}

// refunds are those shown with an intent, newest first.
func refunds(pi *stripe.PaymentIntent) []*stripe.Refund {
	if pi.LatestCharge == nil || pi.LatestCharge.Refunds == nil {
		return nil
	}
	return pi.LatestCharge.Refunds.Data
}

// action is what the shopper must do: follow a redirect, or let Stripe's script
// in the page do it.
func (p *Provider) action(pi *stripe.PaymentIntent) *payment.NextAction {
	a := &payment.NextAction{Type: "sdk", ClientSecret: pi.ClientSecret, ExpiresAt: time.Unix(pi.Created, 0).UTC().Add(p.ActionTTL)}
	if pi.NextAction != nil && pi.NextAction.RedirectToURL != nil {
		a.Type, a.URL = "redirect", pi.NextAction.RedirectToURL.URL
	}
	return a
}

// decline says why a card was refused, and whether the same one may be tried again.
func decline(e *stripe.Error) (code string, retryable bool) {
	code = string(e.DeclineCode)
	if code == "" {
		code = string(e.Code)
	}
	switch code {
	case "":
		return "card_declined", false
	case "approve_with_id", "issuer_not_available", "processing_error", "reenter_transaction", "try_again_later", // the issuer asks for it
		"incorrect_cvc", "invalid_cvc", "incorrect_number", "invalid_number", "incorrect_zip", "invalid_expiry_month", "invalid_expiry_year", // a slip of the shopper's
		"authentication_required", "payment_intent_authentication_failure":
		return code, true
	default:
		return code, false
	}
}

// failedUnless is failed for what may have gone well.
func failedUnless(ctx context.Context, otherwise fault.Kind, err error) error {
	if err == nil {
		return nil
	}
	return failed(ctx, otherwise, err)
}
