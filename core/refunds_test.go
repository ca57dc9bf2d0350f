package core_test

import (
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
)

func (w *till) refund(o id.Order, q order.RefundRequest) (core.OrderView, error) {
	return w.shop.Payments.Refund(w.t.Context(), core.RefundOrder{By: operator, Order: o, Reason: "torn", RefundRequest: q})
}

func pieces(sku id.SKU, n int) []order.ShipmentLine {
	return []order.ShipmentLine{{SKU: sku, Quantity: n}}
}

// paid is a shop that has sold two tees for 34.90 with shipping, and has the money.
func paid(t *testing.T, changes ...func(*core.Options)) (*till, core.Placed) {
	t.Helper()
	w := openTill(t, changes...)
	w.sell("TEE", 1500, 5)
	p := w.enter(want{"TEE", 2}).buy()
	w.work()
	return w, p
}

func TestPayments_CaptureOrder(t *testing.T) {
	t.Parallel()
	w, p := paid(t, func(o *core.Options) { o.CaptureAt = core.CaptureManually })
	capture := func(minor int64) (core.OrderView, error) {
		c := core.CaptureOrder{By: operator, Order: p.ID}
		if minor != 0 {
			c.Amount = eur(minor)
		}
		return w.shop.Payments.CaptureOrder(t.Context(), c)
	}
	_, err := w.refund(p.ID, order.RefundRequest{})
	mustFail[order.StateConflict](t, err, fault.Conflict, "order_state_conflict") // nothing was taken
	_, err = capture(3491)
	mustFail[fault.Max](t, err, fault.Invalid, "amount_exceeds")
	_, err = capture(-1)
	mustFail[any](t, err, fault.Invalid, "validation_failed")
	for range 2 { // again changes nothing
		o, err := capture(2000)
		if err != nil {
			t.Fatal(err)
		}
		mustStand(t, o, order.Confirmed, payment.Captured)
		if o.Payment.Captured != eur(2000) {
			t.Errorf("took %s", o.Payment.Captured)
		}
	}
	if n := w.bank.asked("capture"); n != 1 {
		t.Errorf("asked %d times", n)
	}
	_, err = capture(0)
	mustFail[order.StateConflict](t, err, fault.Conflict, "order_state_conflict") // the rest was let go
	o := w.order(p.ID)
	if last := o.Timeline[len(o.Timeline)-1]; last.Type != "payment.captured" || last.Actor != account.RoleAdmin {
		t.Errorf("the timeline ends with %+v", last)
	}
	_, err = w.refund(p.ID, order.RefundRequest{Amount: eur(2001)})
	mustFail[fault.Max](t, err, fault.Invalid, "amount_exceeds")
	w.settle()
}

// The order is cancelled while an operator is about to take its money: the operator
// is not told that it was taken.
func TestPayments_CaptureOrder_RacingItsCancellation(t *testing.T) {
	t.Parallel()
	w, p := paid(t, func(o *core.Options) { o.CaptureAt = core.CaptureManually })
	w.bank.set(func(b *bank) {
		b.onAsk = func(call string) error {
			if call != "capture" {
				return nil
			}
			_, err := w.shop.Orders.Cancel(t.Context(), core.CancelOrder{By: operator, Order: p.ID})
			return err
		}
	})
	_, err := w.shop.Payments.CaptureOrder(t.Context(), core.CaptureOrder{By: operator, Order: p.ID})
	conflict := mustFail[order.StateConflict](t, err, fault.Conflict, "order_state_conflict")
	if conflict.Status != order.Canceled {
		t.Errorf("the order is said to be %s", conflict.Status)
	}
	w.settle()
	mustStand(t, w.order(p.ID), order.Canceled, payment.Canceled)
	w.mustHave("TEE", 5, 0)
}

func TestPayments_Refund(t *testing.T) {
	t.Parallel()
	t.Run("InParts", func(t *testing.T) {
		t.Parallel()
		w, p := paid(t)
		if _, err := w.shop.Orders.Ship(t.Context(), core.ShipOrder{By: operator, Order: p.ID}); err != nil {
			t.Fatal(err)
		}
		o, err := w.refund(p.ID, order.RefundRequest{Lines: pieces("tee", 1), Restock: true})
		if err != nil {
			t.Fatal(err)
		}
		mustStand(t, o, order.Shipped, payment.PartiallyRefunded)
		if r := o.Refunds[0]; r.Status != order.RefundSucceeded || r.Amount != eur(1500) || r.Reason != "torn" || o.Lines[0].Returned != 1 {
			t.Errorf("got %+v, %+v", r, o.Lines)
		}
		if last := o.Timeline[len(o.Timeline)-1]; last.Type != "refund.succeeded" || last.Actor != account.RoleAdmin {
			t.Errorf("the timeline ends with %+v", last)
		}
		w.work()
		w.mustHave("TEE", 4, 0)
		if o, err = w.refund(p.ID, order.RefundRequest{}); err != nil {
			t.Fatal(err)
		}
		mustStand(t, o, order.Refunded, payment.Refunded)
		_, err = w.refund(p.ID, order.RefundRequest{})
		mustFail[order.StateConflict](t, err, fault.Conflict, "order_state_conflict")
		w.settle()
		w.mustHave("TEE", 4, 0)
	})
	t.Run("TheBankIsAway", func(t *testing.T) {
		t.Parallel()
		w, p := paid(t)
		w.bank.set(func(b *bank) { b.down = true })
		for range 2 {
			o, err := w.refund(p.ID, order.RefundRequest{Amount: eur(1000)})
			if err != nil || o.Refunds[len(o.Refunds)-1].Status != order.RefundPending {
				t.Fatalf("got %+v, %v", o.Refunds, err)
			}
		}
		_, err := w.refund(p.ID, order.RefundRequest{Amount: eur(2000)}) // what is under way counts
		mustFail[fault.Max](t, err, fault.Invalid, "amount_exceeds")
		w.settle()
		w.bank.set(func(b *bank) { b.down = false })
		w.pass(time.Hour)
		w.settle()
		if o := w.order(p.ID); o.Payment.Refunded != eur(2000) || o.Refunds[0].Status != order.RefundSucceeded || o.Refunds[1].Status != order.RefundSucceeded {
			t.Errorf("got %s, %+v", o.Payment.Refunded, o.Refunds)
		}
	})
	t.Run("CancelledWhileTheBankIsAway", func(t *testing.T) {
		t.Parallel()
		w, p := paid(t)
		w.bank.set(func(b *bank) { b.down = true })
		if _, err := w.refund(p.ID, order.RefundRequest{Lines: pieces("TEE", 1), Restock: true}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.shop.Orders.Cancel(t.Context(), core.CancelOrder{By: operator, Order: p.ID}); err != nil {
			t.Fatal(err)
		}
		w.bank.set(func(b *bank) { b.down = false })
		w.settle()
		o := w.order(p.ID)
		mustStand(t, o, order.Canceled, payment.Refunded)
		if o.Payment.Refunded != eur(3490) || len(o.Refunds) != 2 {
			t.Errorf("got %s by %+v", o.Payment.Refunded, o.Refunds)
		}
		w.mustHave("TEE", 5, 0)
	})
	t.Run("ManyAtOnce", func(t *testing.T) {
		t.Parallel()
		w, p := paid(t)
		var all sync.WaitGroup
		for range 12 {
			all.Go(func() {
				if _, err := w.refund(p.ID, order.RefundRequest{Amount: eur(500)}); err != nil && fault.CodeOf(err) != "amount_exceeds" {
					t.Error(err)
				}
			})
		}
		all.Wait()
		w.settle()
		o := w.order(p.ID)
		if o.Payment.Refunded != eur(3000) || len(o.Refunds) != 6 {
			t.Errorf("%s came back by %d refunds", o.Payment.Refunded, len(o.Refunds))
		}
	})
	t.Run("NeedsTheRight", func(t *testing.T) {
		t.Parallel()
		w, p := paid(t)
		for _, by := range []account.Actor{account.Guest(p.Token), account.Key("k", account.OrderRead)} {
			_, err := w.shop.Payments.Refund(t.Context(), core.RefundOrder{By: by, Order: p.ID})
			mustFail[any](t, err, fault.Denied, "permission_denied")
			_, err = w.shop.Payments.CaptureOrder(t.Context(), core.CaptureOrder{By: by, Order: p.ID})
			mustFail[any](t, err, fault.Denied, "permission_denied")
		}
	})
}

// Wherever the process of a refund dies, the money goes back once and the units
// once, or neither of them.
func TestPayments_Refund_DiesAnywhere(t *testing.T) {
	t.Parallel()
	for n := 1; ; n++ {
		w, p := paid(t)
		died := w.dying(n, func() { _, _ = w.refund(p.ID, order.RefundRequest{Lines: pieces("TEE", 1), Restock: true}) })
		w.settle()
		o := w.order(p.ID)
		onHand, _ := w.stock("TEE")
		back := o.Payment.Refunded
		if len(o.Refunds) > 1 || len(o.Refunds) == 1 != (back == eur(1500)) || onHand != 3+len(o.Refunds) || len(o.Refunds) == 0 && back != eur(0) {
			t.Fatalf("step %d: %s back by %+v, %d on hand", n, back, o.Refunds, onHand)
		}
		if !died {
			if n < 6 || len(o.Refunds) != 1 {
				t.Errorf("it has %d steps and %d refunds", n, len(o.Refunds))
			}
			return
		}
	}
}

// The provider accepts a refund, and days later its money comes back.
func TestPayments_Refund_FailsLater(t *testing.T) {
	t.Parallel()
	t.Run("OfAnOrderThatLeft", func(t *testing.T) {
		t.Parallel()
		w, p := paid(t)
		if _, err := w.shop.Orders.Ship(t.Context(), core.ShipOrder{By: operator, Order: p.ID}); err != nil {
			t.Fatal(err)
		}
		o, err := w.refund(p.ID, order.RefundRequest{Restock: true})
		if err != nil {
			t.Fatal(err)
		}
		mustStand(t, o, order.Refunded, payment.Refunded)
		w.settle()
		w.mustHave("TEE", 5, 0)
		w.fail(o, o.Refunds[0].ID)
		for _, event := range []string{"evt_1", "evt_2"} { // told twice
			if err := w.hear(event, "refunded", o.Payment.ID); err != nil {
				t.Fatal(err)
			}
			w.work()
		}
		o = w.order(p.ID)
		mustStand(t, o, order.Shipped, payment.Captured)
		if r := o.Refunds[0]; r.Status != order.RefundFailed || o.Payment.Refunded != eur(0) {
			t.Errorf("%s back by %+v", o.Payment.Refunded, r)
		}
		failures := 0
		for _, e := range o.Timeline {
			if e.Type == "refund.failed" && e.Actor == account.RoleSystem {
				failures++
			}
		}
		if failures != 1 {
			t.Errorf("the timeline tells of %d failures", failures)
		}
		w.mustHave("TEE", 5, 0) // the goods came back all the same
		w.mustAsk("refund_failed_is_answered", p.ID)
		if o, err = w.refund(p.ID, order.RefundRequest{}); err != nil {
			t.Fatal(err)
		}
		mustStand(t, o, order.Refunded, payment.Refunded)
		w.settle()
		w.mustHave("TEE", 5, 0)
	})
	t.Run("OfACancelledOrder", func(t *testing.T) {
		t.Parallel()
		w, p := paid(t)
		if _, err := w.shop.Orders.Cancel(t.Context(), core.CancelOrder{By: operator, Order: p.ID}); err != nil {
			t.Fatal(err)
		}
		w.settle()
		o := w.order(p.ID)
		w.fail(o, o.Refunds[0].ID)
		if _, err := w.shop.Payments.Refresh(t.Context(), core.RefreshPayment{By: operator, Order: p.ID}); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			w.pass(time.Hour)
			w.work()
			if _, err := w.shop.Payments.Reconcile(t.Context(), 10); err != nil {
				t.Fatal(err)
			}
		}
		if o = w.order(p.ID); len(o.Refunds) != 1 || o.Refunds[0].Status != order.RefundFailed || !o.Payment.NextCheckAt.IsZero() {
			t.Fatalf("it goes round in circles: %+v", o.Refunds)
		}
		w.mustAsk("refund_failed_is_answered", p.ID)
		_, err := w.refund(p.ID, order.RefundRequest{Lines: pieces("TEE", 1), Restock: true}) // they are on the shelf
		mustFail[any](t, err, fault.Invalid, "validation_failed")
		if o, err = w.refund(p.ID, order.RefundRequest{}); err != nil {
			t.Fatal(err)
		}
		mustStand(t, o, order.Canceled, payment.Refunded)
		w.settle()
		w.mustHave("TEE", 5, 0)
	})
}

// What came back before an order is cancelled goes back with all the rest.
func TestPayments_Refund_FailedBeforeTheCancellation(t *testing.T) {
	t.Parallel()
	w, p := paid(t)
	o, err := w.refund(p.ID, order.RefundRequest{Amount: eur(500)})
	if err != nil {
		t.Fatal(err)
	}
	w.fail(o, o.Refunds[0].ID)
	if _, err := w.shop.Payments.Refresh(t.Context(), core.RefreshPayment{By: operator, Order: p.ID}); err != nil {
		t.Fatal(err)
	}
	w.mustAsk("refund_failed_is_answered", p.ID)
	w.pass(time.Minute)
	if _, err := w.shop.Orders.Cancel(t.Context(), core.CancelOrder{By: operator, Order: p.ID}); err != nil {
		t.Fatal(err)
	}
	w.settle()
	o = w.order(p.ID)
	mustStand(t, o, order.Canceled, payment.Refunded)
	if len(o.Refunds) != 2 || o.Payment.Refunded != eur(3490) {
		t.Errorf("%s back by %+v", o.Payment.Refunded, o.Refunds)
	}
}

// Somebody gives money back in the provider's dashboard while the shop's refund is
// under way: each is known for what it is.
func TestPayments_Refund_BesideTheDashboard(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		ours, theirs int64
		want         order.RefundStatus
		back         int64
	}{
		"ThereIsEnoughForBoth": {1000, 1000, order.RefundSucceeded, 2000},
		"NothingIsLeftForOurs": {1000, 3000, order.RefundFailed, 3000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, p := paid(t)
			w.bank.set(func(b *bank) { b.down = true })
			o, err := w.refund(p.ID, order.RefundRequest{Amount: eur(c.ours)})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := w.bank.RefundElsewhere(t.Context(), o.Payment.ID, id.Refund{UUID: id.UUID{9}}, eur(c.theirs)); err != nil {
				t.Fatal(err)
			}
			w.bank.set(func(b *bank) { b.down = false })
			if o, err = w.shop.Payments.Refresh(t.Context(), core.RefreshPayment{By: operator, Order: p.ID}); err != nil {
				t.Fatal(err)
			}
			if len(o.Refunds) != 2 || o.Refunds[0].Status != order.RefundPending || !o.Refunds[1].Foreign || o.Refunds[1].Amount != eur(c.theirs) {
				t.Fatalf("the dashboard's was taken for ours: %+v", o.Refunds)
			}
			w.pass(time.Hour)
			w.work()
			if _, err := w.shop.Payments.Settle(t.Context(), core.SettlePayment{By: operator, Payment: o.Payment.ID}); err != nil {
				t.Fatal(err)
			}
			o = w.order(p.ID)
			if r := o.Refunds; len(r) != 2 || r[0].Status != c.want || r[1].Status != order.RefundSucceeded || o.Payment.Refunded != eur(c.back) {
				t.Errorf("%s back by %+v, want ours %s", o.Payment.Refunded, r, c.want)
			}
		})
	}
}

// fail sends a refund of an order back.
func (w *till) fail(o core.OrderView, r id.Refund) {
	w.t.Helper()
	if _, err := w.bank.FailRefund(w.t.Context(), o.Payment.ID, r); err != nil {
		w.t.Fatal(err)
	}
}

// mustAsk sees one violation: of the invariant, about the order.
func (w *till) mustAsk(invariant string, about id.Order) {
	w.t.Helper()
	broken, err := w.db.Violations(w.t.Context())
	if err != nil || len(broken) != 1 || broken[0].Invariant != invariant || broken[0].Subject != about.String() {
		w.t.Fatalf("violated: %+v, %v; want %s of %s", broken, err, invariant, about)
	}
}

func TestOrders_Return(t *testing.T) {
	t.Parallel()
	w, p := paid(t)
	guest := account.Guest(p.Token)
	send := func(c core.ReturnGoods) (core.OrderView, error) {
		c.Order = p.ID
		return w.shop.Orders.Return(t.Context(), c)
	}
	_, err := send(core.ReturnGoods{By: guest, Lines: pieces("TEE", 1)})
	mustFail[order.StateConflict](t, err, fault.Conflict, "order_state_conflict")
	if _, err := w.shop.Orders.Ship(t.Context(), core.ShipOrder{By: operator, Order: p.ID}); err != nil {
		t.Fatal(err)
	}
	o, err := send(core.ReturnGoods{By: guest, Lines: pieces("TEE", 2), Restock: true, Reason: "too small"})
	if err != nil || o.Returns[0].Status != order.ReturnRequested || o.Returns[0].Reason != "too small" {
		t.Fatalf("got %+v, %v", o.Returns, err)
	}
	_, err = send(core.ReturnGoods{By: guest, Lines: pieces("TEE", 1)})
	mustFail[any](t, err, fault.Invalid, "validation_failed")
	_, err = send(core.ReturnGoods{By: account.Guest("wrong"), Lines: pieces("TEE", 1)})
	mustFail[any](t, err, fault.NotFound, "not_found")
	_, err = send(core.ReturnGoods{By: account.Key("k", account.OrderRead), Return: o.Returns[0].ID})
	mustFail[any](t, err, fault.Denied, "permission_denied")
	w.work()
	w.mustHave("TEE", 3, 0)
	if o, err = send(core.ReturnGoods{By: operator, Return: o.Returns[0].ID, Restock: true}); err != nil {
		t.Fatal(err)
	}
	if r := o.Returns[0]; r.Status != order.ReturnReceived || !r.Restock || r.Reason != "too small" || o.Lines[0].Returned != 2 {
		t.Errorf("got %+v", r)
	}
	w.work()
	w.mustHave("TEE", 5, 0)
	if o, err = w.refund(p.ID, order.RefundRequest{Lines: pieces("TEE", 2)}); err != nil || o.Refunds[0].Amount != eur(3000) {
		t.Errorf("got %+v, %v", o.Refunds, err)
	}
	w.settle()
	w.mustHave("TEE", 5, 0)
}

// Who moves an order or its money stands on the timeline.
func TestOrders_TimelineTellsWho(t *testing.T) {
	t.Parallel()
	w, p := paid(t)
	if _, err := w.refund(p.ID, order.RefundRequest{Amount: eur(1)}); err != nil {
		t.Fatal(err)
	}
	who := map[string]account.Role{}
	for _, e := range w.order(p.ID).Timeline {
		who[e.Type] = e.Actor
	}
	for event, want := range map[string]account.Role{
		"payment.authorized": account.RoleCustomer, "order.confirmed": account.RoleSystem, "payment.captured": account.RoleSystem,
		"refund.pending": account.RoleAdmin, "payment.partially_refunded": account.RoleAdmin, "refund.succeeded": account.RoleAdmin,
	} {
		if who[event] != want {
			t.Errorf("%s by %q, want %q", event, who[event], want)
		}
	}
}
