package sim

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
)

// clerk is an operator of a shop whose operators take the money. Whatever the
// clerk does is asked for under a key, which what comes of it bears as its mark,
// until there is an answer.
type clerk struct {
	asked map[string]deed
	wants map[id.Order][]int64 // to be captured
	taken map[id.Order]int64   // captured, as the clerk was told
}

// deed is what the clerk asked for under a key.
type deed struct {
	order id.Order
	what  string
	done  bool                // so the clerk was told
	back  *order.ShipmentLine // what went on the shelf again
}

// tended reports whether the shop of a seed has a clerk.
func tended(seed uint64) bool { return seed%3 == 1 }

// tend is a clerk's day.
func (w *world) tend(ctx context.Context) {
	w.clerk = &clerk{asked: map[string]deed{}, wants: map[id.Order][]int64{}, taken: map[id.Order]int64{}}
	for n := range 6 + w.rng.IntN(10) {
		w.rest(ctx, time.Minute)
		page, _, _ := send(ctx, w, "look at orders", func(ctx context.Context, shop *core.Shop) (core.OrderPage, error) {
			return shop.Orders.Browse(ctx, core.BrowseOrders{By: keeper})
		})
		live := slices.DeleteFunc(page.Orders, func(o core.OrderView) bool { return o.Dead() || o.Status == order.PendingPayment })
		if len(live) > 0 {
			w.attend(ctx, fmt.Sprint("clerk ", n), live[w.rng.IntN(len(live))])
		}
	}
}

// attend does one thing about an order.
func (w *world) attend(ctx context.Context, key string, o core.OrderView) {
	if o.Payment.Status == payment.Authorized {
		w.takeMoney(ctx, o)
		return
	}
	unit := order.ShipmentLine{SKU: o.Lines[w.rng.IntN(len(o.Lines))].SKU, Quantity: 1}
	does := w.rng.IntN(4)
	if o.Fulfillment() == order.Unfulfilled && w.rng.IntN(2) == 0 {
		does = 0
	}
	switch does {
	case 0:
		w.once(ctx, key, deed{order: o.ID, what: "send a parcel"}, func(ctx context.Context, shop *core.Shop) (core.OrderView, error) {
			return shop.Orders.Ship(ctx, core.ShipOrder{By: keeper, Order: o.ID, Key: key, Carrier: key, Lines: []order.ShipmentLine{unit}})
		})
	case 1:
		w.once(ctx, key, deed{order: o.ID, what: "take a unit back", back: &unit}, func(ctx context.Context, shop *core.Shop) (core.OrderView, error) {
			return shop.Orders.Return(ctx, core.ReturnGoods{By: keeper, Order: o.ID, Key: key, Reason: key, Lines: []order.ShipmentLine{unit}, Restock: true})
		})
	case 2:
		w.once(ctx, key, deed{order: o.ID, what: "pay a unit back", back: &unit}, func(ctx context.Context, shop *core.Shop) (core.OrderView, error) {
			return shop.Payments.Refund(ctx, core.RefundOrder{
				By: keeper, Order: o.ID, Key: key, Reason: key, RefundRequest: order.RefundRequest{Lines: []order.ShipmentLine{unit}, Restock: true},
			})
		})
	default:
		w.payBackAtTheBank(ctx, o)
	}
}

// once asks for something under a key until it is known whether it was done.
func (w *world) once(ctx context.Context, key string, d deed, do func(context.Context, *core.Shop) (core.OrderView, error)) {
	_, err := insist(ctx, w, d.what, do)
	if d.done = err == nil; d.done && w.rng.IntN(2) == 0 {
		if _, err := insist(ctx, w, d.what+", once more", do); err != nil {
			w.broken("the clerk asks to %s once more: %v", d.what, err)
		}
	}
	w.clerk.asked[key] = d
}

// takeMoney captures what is held for an order, or a part of it.
func (w *world) takeMoney(ctx context.Context, o core.OrderView) {
	take := o.Payment.Amount
	if w.rng.IntN(3) == 0 {
		take = money.New(take.Minor()-100, take.Currency())
	}
	w.clerk.wants[o.ID] = append(w.clerk.wants[o.ID], take.Minor())
	if _, err := insist(ctx, w, "take "+take.String(), func(ctx context.Context, shop *core.Shop) (core.OrderView, error) {
		return shop.Payments.CaptureOrder(ctx, core.CaptureOrder{By: keeper, Order: o.ID, Amount: take})
	}); err == nil {
		w.clerk.taken[o.ID] = take.Minor()
	}
}

// payBackAtTheBank gives money back without a word to the shop, which the bank
// then tells.
func (w *world) payBackAtTheBank(ctx context.Context, o core.OrderView) {
	w.pass(ctx, "go to the bank", nil)
	if !w.bank.repay(o.Payment.ID, 100) {
		return
	}
	w.tell(partyOf(ctx), "gives back at the bank", "1.00 for "+o.Number)
	w.rest(ctx, 2*time.Minute)
	if _, err := insist(ctx, w, "hear of the refund", func(ctx context.Context, shop *core.Shop) (core.OrderView, error) {
		return shop.Payments.Refresh(ctx, core.RefreshPayment{By: keeper, Order: o.ID})
	}); err != nil {
		w.broken("the bank is not heard: %v", err)
	}
}

// auditClerk: what the clerk was told was done, once, and nothing else was.
func (w *world) auditClerk(orders map[id.Order]core.OrderView) {
	if w.clerk == nil {
		return
	}
	for key, d := range w.clerk.asked {
		o, times, want := orders[d.order], 0, 0
		for _, p := range o.Shipments {
			times += bears(p.Carrier, key)
		}
		for _, r := range o.Returns {
			times += bears(r.Reason, key)
		}
		for _, r := range o.Refunds {
			times += bears(r.Reason, key)
		}
		if d.done {
			want = 1
		}
		if times != want {
			w.broken("the clerk was told that to %s was done %d times, it was %d times", d.what, want, times)
		}
	}
	for _, o := range orders {
		if got := o.Payment.Captured.Minor(); got > 0 && !slices.Contains(w.clerk.wants[o.ID], got) {
			w.broken("the clerk wanted %v to be taken for order %s, it were %d", w.clerk.wants[o.ID], o.ID, got)
		}
	}
	for o, minor := range w.clerk.taken {
		if got := orders[o].Payment.Captured.Minor(); got != minor {
			w.broken("the clerk was told that %d were taken for order %s, it were %d", minor, o, got)
		}
	}
}

func bears(mark, key string) int {
	if mark == key {
		return 1
	}
	return 0
}

// cost is what an order has cost in the end: what the clerk took of it.
func (w *world) cost(o core.OrderView) int64 {
	if w.clerk != nil {
		if taken, ok := w.clerk.taken[o.ID]; ok {
			return taken
		}
	}
	return o.Totals.Total.Minor()
}

// shelved returns how many units of a SKU of an order the clerk has put back.
func (w *world) shelved(o id.Order, sku id.SKU) (n int) {
	if w.clerk == nil {
		return 0
	}
	for _, d := range w.clerk.asked {
		if d.done && d.order == o && d.back != nil && d.back.SKU == sku {
			n += d.back.Quantity
		}
	}
	return n
}
