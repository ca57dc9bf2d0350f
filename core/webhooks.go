package core

import (
	"context"
	"strings"
	"time"
	"unicode"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

// Webhooks hears what payment providers tell by themselves. What they tell is a
// reason to ask them, no more: it may come late, twice, out of order, or never.
type Webhooks struct{ s *shared }

// eventLife is how long events are kept to be worked off again. Providers stop
// repeating them after days.
const eventLife = 30 * 24 * time.Hour

// ReceiveWebhook is a webhook as it came.
type ReceiveWebhook struct {
	Provider string
	Header   func(name string) string // "" for one that is not there
	Body     []byte
}

// ProcessWebhook works a stored event off.
type ProcessWebhook struct {
	By       account.Actor
	Provider string
	Event    string // the provider's id for it
}

// ReplayWebhooks works stored events off again.
type ReplayWebhooks struct {
	By     account.Actor
	Events payment.EventFilter // Limit: at most 1000; zero: 100
}

// BrowsePaymentEvents lists what payment providers sent, oldest first.
type BrowsePaymentEvents struct {
	By     account.Actor
	Filter payment.EventFilter // Limit: 1 to 100; zero: 24
}

// Replayed are events put back to work.
type Replayed struct {
	Events []payment.Event
	Next   id.Event // After of the next stretch; zero: this was the last
}

// Receive stores a webhook's event with a job that works it off, once however
// often it comes. What is about none of the shop's payments is not stored.
// NotFound for a provider that sends none, Malformed (webhook_signature_invalid,
// malformed_json) for what it has not sent; after any other error the provider
// is to send it again.
func (x *Webhooks) Receive(ctx context.Context, c ReceiveWebhook) error {
	notifier, ok := x.s.Notifiers[c.Provider]
	if !ok {
		return fault.Missing("payment provider")
	}
	notice, err := notifier.Notice(c.Header, c.Body)
	if err != nil {
		return err
	}
	if !plain(notice.ID) || !plain(notice.Type) {
		return fault.New(fault.Malformed, "malformed_json", "the event has no id or type that can be kept")
	}
	if notice.Payment.IsZero() && notice.Reference != "" {
		known, err := x.s.Orders.Payments.PaymentByReference(ctx, c.Provider, notice.Reference)
		if err != nil && !fault.Is(err, fault.NotFound) {
			return err
		}
		notice.Payment = known.ID
	}
	if notice.Payment.IsZero() {
		return nil
	}
	notice.Reference = ""
	t := x.s.turn(ctx, account.RoleSystem)
	event := payment.Event{ID: id.Event{UUID: t.id("event")}, Provider: c.Provider, Notice: notice, Body: c.Body, ReceivedAt: t.now}
	_, err = x.s.Orders.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		first, err := tx.Events.AddEvent(ctx, event)
		if err != nil || !first {
			return err
		}
		return tx.Jobs.Add(ctx, t.process(event))
	})
	return err
}

// plain reports whether an id or type of a provider's can be kept as it is.
func plain(s string) bool {
	return s != "" && len(s) <= payment.MaxEventID && !strings.ContainsFunc(s, unicode.IsControl)
}

func (t *turn) process(e payment.Event) job.Envelope {
	return t.job(job.ProcessWebhook, e.ID.String(), job.WebhookPayload{Provider: e.Provider, Event: e.Notice.ID})
}

// Process asks the provider how the payment of an event stands and does what
// follows. Doing it again is harmless; an event of a payment that is not the
// shop's, or is another provider's, is a success without effect. NotFound for an
// event that was never received. Needs order.write.
func (x *Webhooks) Process(ctx context.Context, c ProcessWebhook) error {
	if err := x.s.alone(); err != nil {
		return err
	}
	if err := allow(c.By, account.OrderWrite); err != nil {
		return err
	}
	event, err := x.s.Orders.Events.PaymentEvent(ctx, c.Provider, c.Event)
	if err != nil {
		return err
	}
	d, err := x.s.dossierOf(ctx, event.Notice.Payment)
	switch {
	case fault.Is(err, fault.NotFound):
	case err != nil:
		return err
	case d.payment.Provider == event.Provider:
		if _, _, err := (&Payments{x.s}).refresh(ctx, account.RoleSystem, d); err != nil {
			return err
		}
	}
	_, err = x.s.Orders.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error {
		return tx.Events.EndEvent(ctx, event.ID, x.s.Now())
	})
	return err
}

// Browse lists stored events. Needs order.read.
func (x *Webhooks) Browse(ctx context.Context, c BrowsePaymentEvents) ([]payment.Event, error) {
	if err := allow(c.By, account.OrderRead); err != nil {
		return nil, err
	}
	limit, err := stretch(c.Filter.Limit)
	if err != nil {
		return nil, err
	}
	c.Filter.Limit = limit
	return x.s.Orders.Events.BrowsePaymentEvents(ctx, c.Filter)
}

// Replay puts stored events back to work, oldest first. Needs order.write.
func (x *Webhooks) Replay(ctx context.Context, c ReplayWebhooks) (Replayed, error) {
	if err := allow(c.By, account.OrderWrite); err != nil {
		return Replayed{}, err
	}
	if c.Events.Limit == 0 {
		c.Events.Limit = 100
	}
	if c.Events.Limit < 0 || c.Events.Limit > 1000 {
		return Replayed{}, fault.InvalidField("limit", "too_large", "must be 1 to 1000")
	}
	chosen, err := x.s.Orders.Events.BrowsePaymentEvents(ctx, c.Events)
	if err != nil || len(chosen) == 0 {
		return Replayed{Events: chosen}, err
	}
	t := x.s.turn(ctx, c.By.Role())
	jobs := make([]job.Envelope, len(chosen))
	for i, e := range chosen {
		jobs[i] = t.process(e)
	}
	_, err = x.s.Orders.Tx.InTx(ctx, func(ctx context.Context, tx ports.OrderTx) error { return tx.Jobs.Add(ctx, jobs...) })
	if err != nil {
		return Replayed{}, err
	}
	r := Replayed{Events: chosen}
	if len(chosen) == c.Events.Limit {
		r.Next = chosen[len(chosen)-1].ID
	}
	return r, nil
}

// DropOld deletes up to limit events that nobody will ask for again, and returns
// how many it deleted.
func (x *Webhooks) DropOld(ctx context.Context, limit int) (int, error) {
	return x.s.Orders.Expired.DropOldEvents(ctx, x.s.Now().Add(-eventLife), limit)
}
