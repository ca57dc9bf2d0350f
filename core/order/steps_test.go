package order_test

import (
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func step(by account.Role) order.Step {
	return order.Step{At: noon, By: by, Message: "because", TraceID: "t"}
}

func pending() order.Order {
	return order.Order{Status: order.PendingPayment, Lines: []order.Line{{SKU: "A", Quantity: 2}, {SKU: "B", Quantity: 1}}, Version: 1}
}

func confirmed(t *testing.T) order.Order {
	t.Helper()
	o := pending()
	if !o.Confirm(step(account.RoleSystem)) {
		t.Fatal("not confirmed")
	}
	return o
}

func TestOrder_Steps(t *testing.T) {
	t.Parallel()
	admin, customer := step(account.RoleAdmin), step(account.RoleCustomer)
	t.Run("WalksToTheDoor", func(t *testing.T) {
		t.Parallel()
		o := confirmed(t)
		for _, s := range []struct {
			do   func() (bool, error)
			want order.Status
		}{
			{func() (bool, error) { return o.Fulfill(admin) }, order.Fulfilling},
			{func() (bool, error) { return o.Ship(order.Shipment{}, admin) }, order.Shipped},
			{func() (bool, error) { return o.Deliver(admin) }, order.Delivered},
		} {
			if done, err := s.do(); !done || err != nil || o.Status != s.want {
				t.Fatalf("%t, %v: %s, want %s", done, err, o.Status, s.want)
			}
			version := o.Version
			if done, err := s.do(); done || err != nil || o.Version != version {
				t.Fatalf("repeating %s: %t, %v", s.want, done, err)
			}
		}
		var events []string
		for _, e := range o.Timeline {
			events = append(events, e.Type)
			if e.Message != "because" || e.TraceID != "t" || e.At != noon {
				t.Errorf("got %+v", e)
			}
		}
		if want := []string{"order.confirmed", "order.fulfilling", "order.shipped", "order.delivered"}; !slices.Equal(events, want) {
			t.Errorf("timeline %v, want %v", events, want)
		}
		if p := o.Shipments[0]; p.Status != order.ShipmentDelivered || p.DeliveredAt != noon || len(p.Lines) != 2 {
			t.Errorf("parcel %+v", p)
		}
	})
	t.Run("SpeaksForItself", func(t *testing.T) {
		t.Parallel()
		o := pending()
		o.Confirm(order.Step{At: noon, By: account.RoleSystem})
		if got := o.Timeline[0].Message; got != "order confirmed" {
			t.Errorf("got %q", got)
		}
	})
	t.Run("ShipsInParts", func(t *testing.T) {
		t.Parallel()
		o := confirmed(t)
		if _, err := o.Ship(order.Shipment{Lines: []order.ShipmentLine{{SKU: "a", Quantity: 1}}}, admin); err != nil {
			t.Fatal(err)
		}
		if o.Status != order.Fulfilling || o.Fulfillment() != order.Partial || o.Shipments[0].Lines[0].SKU != "A" {
			t.Errorf("got %s, %s, %+v", o.Status, o.Fulfillment(), o.Shipments)
		}
		if _, err := o.Cancel(admin); fault.CodeOf(err) != "order_state_conflict" {
			t.Errorf("cancelled what is under way: %v", err)
		}
		if _, err := o.Ship(order.Shipment{}, admin); err != nil {
			t.Fatal(err)
		}
		if want := []order.ShipmentLine{{SKU: "A", Quantity: 1}, {SKU: "B", Quantity: 1}}; o.Status != order.Shipped || !reflect.DeepEqual(o.Shipments[1].Lines, want) {
			t.Errorf("got %s, %+v", o.Status, o.Shipments[1])
		}
	})
	t.Run("RefusesParcelsThatCannotBe", func(t *testing.T) {
		t.Parallel()
		o := confirmed(t)
		_, err := o.Ship(order.Shipment{Lines: []order.ShipmentLine{{SKU: "A", Quantity: 2}, {SKU: "a", Quantity: 1}, {SKU: "C", Quantity: 1}, {SKU: "B"}}}, admin)
		e, ok := errors.AsType[*fault.Error](err)
		if !ok || len(e.Fields) != 3 || e.Fields[0].Location != "lines[1].quantity" || e.Fields[1].Code != "unknown_reference" || e.Fields[2].Code != "too_small" {
			t.Fatalf("got %v", err)
		}
		if o.Fulfillment() != order.Unfulfilled || len(o.Shipments) != 0 {
			t.Errorf("shipped %+v", o.Shipments)
		}
	})
	t.Run("TellsWhatIsAllowed", func(t *testing.T) {
		t.Parallel()
		o := confirmed(t)
		_, err := o.Deliver(admin)
		e, ok := errors.AsType[*fault.Error](err)
		if !ok || e.Kind != fault.Conflict || e.Code != "order_state_conflict" {
			t.Fatalf("got %v", err)
		}
		want := order.StateConflict{Status: order.Confirmed, Allowed: []order.Action{order.ActionFulfill, order.ActionShip, order.ActionCancel}}
		if !reflect.DeepEqual(e.Data, want) {
			t.Errorf("got %+v, want %+v", e.Data, want)
		}
		if _, err := o.Fulfill(customer); fault.CodeOf(err) != "order_state_conflict" {
			t.Errorf("a customer packed: %v", err)
		}
	})
}

// Whatever is tried in whatever order, an order moves along the documented
// arrows only, and nothing moves without a line on the timeline.
func TestOrder_StepsFollowTheArrows(t *testing.T) {
	t.Parallel()
	arrows := map[order.Status][]order.Status{
		order.PendingPayment: {order.Confirmed, order.PaymentFailed, order.Canceled},
		order.Confirmed:      {order.Fulfilling, order.Shipped, order.Canceled},
		order.Fulfilling:     {order.Shipped, order.Canceled},
		order.Shipped:        {order.Delivered, order.Refunded},
		order.Delivered:      {order.Refunded},
	}
	rapid.Check(t, func(t *rapid.T) {
		o := pending()
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			before, lines := o.Status, len(o.Timeline)
			role := rapid.SampledFrom([]account.Role{account.RoleAdmin, account.RoleCustomer, account.RoleSystem}).Draw(t, "role")
			switch rapid.SampledFrom([]string{"confirm", "fail", "cancel", "fulfill", "ship", "part", "deliver", "refund"}).Draw(t, "do") {
			case "confirm":
				o.Confirm(step(role))
			case "fail":
				o.FailPayment(step(role))
			case "cancel":
				_, _ = o.Cancel(step(role))
			case "fulfill":
				_, _ = o.Fulfill(step(role))
			case "ship":
				_, _ = o.Ship(order.Shipment{}, step(role))
			case "part":
				_, _ = o.Ship(order.Shipment{Lines: []order.ShipmentLine{{SKU: "A", Quantity: 1}}}, step(role))
			case "deliver":
				_, _ = o.Deliver(step(role))
			case "refund":
				o.LearnRefunds([]order.ToldRefund{{Reference: "re_1", Amount: money.New(5, "EUR")}}, step(role))
				lines = len(o.Timeline)
				o.SettleRefunds(money.New(5, "EUR"), step(role))
			}
			if o.Status != before && !slices.Contains(arrows[before], o.Status) {
				t.Fatalf("%s became %s", before, o.Status)
			}
			if o.Status != before && len(o.Timeline) != lines+1 {
				t.Fatalf("%s became %s with %d lines on the timeline", before, o.Status, len(o.Timeline)-lines)
			}
			if o.Status == order.Shipped && o.Fulfillment() != order.Fulfilled {
				t.Fatal("shipped, but not all of it")
			}
			if role == account.RoleCustomer && slices.ContainsFunc(o.AllowedActions(role), func(a order.Action) bool { return a != order.ActionCancel }) {
				t.Fatalf("a customer may %v", o.AllowedActions(role))
			}
		}
	})
}

func TestOrder_Refunds(t *testing.T) {
	t.Parallel()
	eur := func(minor int64) money.Amount { return money.New(minor, "EUR") }
	o := confirmed(t)
	o.Currency = "EUR"
	s := step(account.RoleSystem)
	first := o.BeginRefund(id.Refund{UUID: id.UUID{1}}, eur(300), s)
	if again := o.BeginRefund(id.Refund{UUID: id.UUID{2}}, eur(300), s); again.ID != first.ID || len(o.Refunds) != 1 {
		t.Errorf("asked twice, began %+v", o.Refunds)
	}
	o.BeginRefund(id.Refund{UUID: id.UUID{3}}, eur(700), s)
	told := []order.ToldRefund{{ID: first.ID, Reference: "re_1", Amount: eur(300)}}
	learn := func(told ...order.ToldRefund) bool {
		before := o.Version
		o.LearnRefunds(told, s)
		o.SettleRefunds(eur(1000), s)
		return o.Version != before
	}
	if !learn(told...) || o.Refunds[0].Status != order.RefundSucceeded || o.Refunds[1].Status != order.RefundPending {
		t.Errorf("got %+v", o.Refunds)
	}
	if learn(told...) {
		t.Error("the same news twice")
	}
	if _, err := o.Ship(order.Shipment{}, step(account.RoleAdmin)); err != nil {
		t.Fatal(err)
	}
	second := order.ToldRefund{ID: o.Refunds[1].ID, Reference: "re_2", Amount: eur(700)}
	if !learn(second) || o.Status != order.Refunded || o.Refunds[1].Status != order.RefundSucceeded {
		t.Errorf("got %s, %+v", o.Status, o.Refunds)
	}
	second.Failed = true
	if !learn(second) || o.Status != order.Shipped || o.Refunds[1].Status != order.RefundFailed || o.GivenBack() != eur(300) || o.Bounced() {
		t.Errorf("it came back, and it is %s, %+v", o.Status, o.Refunds)
	}
}
