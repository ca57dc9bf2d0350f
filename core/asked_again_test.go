package core_test

import (
	"fmt"
	"testing"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
)

// deed is something that is done to two tees that were sold, shipped and paid,
// and what has come of it in the end.
type deed struct {
	do     func(w *till, o id.Order, by account.Actor, key string) (core.OrderView, error)
	guest  bool // the shopper does it
	parcel bool // the second tee is still here
	made   func(core.OrderView) int
	back   int64 // money
	onHand int   // of five
}

func deeds() map[string]deed {
	shipped := func(o core.OrderView) int { return len(o.Shipments) }
	refunds := func(o core.OrderView) int { return len(o.Refunds) }
	returns := func(o core.OrderView) int { return len(o.Returns) }
	notes := func(o core.OrderView) (n int) {
		for _, e := range o.Timeline {
			if e.Type == order.Noted {
				n++
			}
		}
		return n
	}
	return map[string]deed{
		"Ship": {parcel: true, made: func(o core.OrderView) int { return shipped(o) - 1 }, onHand: 3, do: func(w *till, o id.Order, by account.Actor, key string) (core.OrderView, error) {
			return w.shop.Orders.Ship(w.t.Context(), core.ShipOrder{By: by, Order: o, Key: key, Lines: pieces("TEE", 1)})
		}},
		"RefundAnAmount": {made: refunds, back: 500, onHand: 3, do: func(w *till, o id.Order, by account.Actor, key string) (core.OrderView, error) {
			return w.shop.Payments.Refund(w.t.Context(), core.RefundOrder{By: by, Order: o, Key: key, RefundRequest: order.RefundRequest{Amount: eur(500)}})
		}},
		"RefundAUnit": {made: refunds, back: 1500, onHand: 4, do: func(w *till, o id.Order, by account.Actor, key string) (core.OrderView, error) {
			return w.shop.Payments.Refund(w.t.Context(), core.RefundOrder{By: by, Order: o, Key: key, RefundRequest: order.RefundRequest{Lines: pieces("TEE", 1), Restock: true}})
		}},
		"ReceiveAReturn": {made: returns, onHand: 4, do: func(w *till, o id.Order, by account.Actor, key string) (core.OrderView, error) {
			return w.shop.Orders.Return(w.t.Context(), core.ReturnGoods{By: by, Order: o, Key: key, Lines: pieces("tee", 1), Restock: true})
		}},
		"RequestAReturn": {guest: true, made: returns, onHand: 3, do: func(w *till, o id.Order, by account.Actor, key string) (core.OrderView, error) {
			return w.shop.Orders.Return(w.t.Context(), core.ReturnGoods{By: by, Order: o, Key: key, Lines: pieces("tee", 1)})
		}},
		"Note": {made: notes, onHand: 3, do: func(w *till, o id.Order, by account.Actor, key string) (core.OrderView, error) {
			return w.shop.Orders.AddNote(w.t.Context(), core.AddNote{By: by, Order: o, Key: key, Text: "rang the bell"})
		}},
	}
}

// begin brings the shop to where a deed is done, and returns who does it.
func (d deed) begin(t *testing.T) (*till, id.Order, account.Actor) {
	t.Helper()
	w, p := paid(t)
	ship := core.ShipOrder{By: operator, Order: p.ID}
	if d.parcel {
		ship.Lines = pieces("TEE", 1)
	}
	if _, err := w.shop.Orders.Ship(t.Context(), ship); err != nil {
		t.Fatal(err)
	}
	w.work()
	if d.guest {
		return w, p.ID, account.Guest(p.Token)
	}
	return w, p.ID, operator
}

// mustBeDone checks that it was done so many times, also at the bank.
func (d deed) mustBeDone(w *till, o id.Order, times int) {
	w.t.Helper()
	w.settle()
	after := w.order(o)
	if d.made(after) != times || after.Payment.Refunded != eur(d.back*int64(times)) {
		w.t.Errorf("done %d times with %s back, want %d with %s", d.made(after), after.Payment.Refunded, times, eur(d.back*int64(times)))
	}
	at, err := w.bank.Provider.Lookup(w.t.Context(), payment.Ref{ID: after.Payment.ID, Amount: after.Payment.Amount})
	if err != nil || at.Refunded() != eur(d.back*int64(times)) {
		w.t.Errorf("the bank gave %s back (%v)", at.Refunded(), err)
	}
	w.mustHave("TEE", 3+(d.onHand-3)*times, 0)
}

// A server dies before or after each step of what somebody asked for under a key,
// and whoever asked asks again under it, at once or when the jobs are done: it is
// done once.
func TestOrders_AskedAgainAfterEveryKill(t *testing.T) {
	t.Parallel()
	for name, d := range deeds() {
		for _, waits := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/Waits=%t", name, waits), func(t *testing.T) {
				t.Parallel()
				for n, died := 1, true; died; n++ {
					w, o, by := d.begin(t)
					died = w.dying(n, func() { _, _ = d.do(w, o, by, "k") })
					if waits {
						w.settle()
					}
					for range 2 {
						if after, err := d.do(w, o, by, "k"); err != nil || d.made(after) != 1 {
							t.Fatalf("killed at step %d, asked again: made %d, %v", n, d.made(after), err)
						}
					}
					d.mustBeDone(w, o, 1)
					if n > 20 {
						t.Fatal("there is no end to it")
					}
				}
			})
		}
	}
}

// Nobody knows whether the commit took place: asking again does it once.
func TestOrders_AskedAgainAfterAnUnknownCommit(t *testing.T) {
	t.Parallel()
	for name, d := range deeds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, o, by := d.begin(t)
			w.commit = func(error) error { return fault.New(fault.Unknown, "", "the line went dead") }
			_, err := d.do(w, o, by, "k")
			if w.commit = nil; !fault.Is(err, fault.Unknown) {
				t.Fatalf("got %v", err)
			}
			if _, err := d.do(w, o, by, "k"); err != nil {
				t.Fatal(err)
			}
			d.mustBeDone(w, o, 1)
		})
	}
}

// Another key is another request, and none is another one each time.
func TestOrders_AnotherKeyIsAnotherRequest(t *testing.T) {
	t.Parallel()
	for name, keys := range map[string][2]string{"TwoKeys": {"k", "l"}, "None": {"", ""}} {
		d := deeds()["RefundAUnit"]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, o, by := d.begin(t)
			for _, key := range keys {
				if _, err := d.do(w, o, by, key); err != nil {
					t.Fatal(err)
				}
			}
			d.mustBeDone(w, o, 2)
		})
	}
}

// The same key at two orders is two requests: neither the ledger nor the bank
// takes one for the other.
func TestOrders_AKeyIsOfOneOrder(t *testing.T) {
	t.Parallel()
	d := deeds()["RefundAUnit"]
	w, one, by := d.begin(t)
	other := w.enter(want{"TEE", 2}).buy()
	w.work()
	for _, o := range []id.Order{one, other.ID} {
		if _, err := d.do(w, o, by, "k"); err != nil {
			t.Fatal(err)
		}
	}
	w.settle()
	a, b := w.order(one), w.order(other.ID)
	if a.Refunds[0].ID == b.Refunds[0].ID || a.Payment.Refunded != eur(1500) || b.Payment.Refunded != eur(1500) {
		t.Errorf("given back %+v and %+v", a.Refunds, b.Refunds)
	}
	w.mustHave("TEE", 3, 0)
}

// An operator without the right learns nothing from a key that was used.
func TestOrders_AKeyGivesNoRight(t *testing.T) {
	t.Parallel()
	for name, d := range deeds() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, o, by := d.begin(t)
			if _, err := d.do(w, o, by, "k"); err != nil {
				t.Fatal(err)
			}
			if _, err := d.do(w, o, account.Key("reader", account.OrderRead), "k"); !fault.Is(err, fault.Denied) {
				t.Errorf("a reader: %v", err)
			}
			if _, err := d.do(w, o, account.Guest("wrong"), "k"); err == nil {
				t.Error("a stranger was answered")
			}
		})
	}
}
