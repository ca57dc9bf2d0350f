package sim

import (
	"context"
	"fmt"
	"time"

	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/id"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/core/pricing"
)

var berlin = order.Address{LastName: "Lovelace", Line1: "Ring 1", City: "Berlin", PostalCode: "10115", Country: "DE"}

// told is what a shopper was told of a checkout, finally.
type told struct {
	order  id.Order
	status order.Status
	paid   payment.Status
	token  string
	code   string // of the refusal; "": there was none
}

func (t told) String() string {
	if t.code != "" {
		return "refused: " + t.code
	}
	return fmt.Sprintf("order %s, %s, payment %s", t.order, t.status, t.paid)
}

// shopper wants to buy one cart, under one key, whatever happens.
type shopper struct {
	name     string
	by       account.Actor
	command  core.PlaceOrder
	answers  []told
	canceled bool // the shop said that the order is cancelled
}

// openDoors lets in shoppers and those who work in the shop.
func (w *world) openDoors() {
	for i := range 2 + w.rng.IntN(4) {
		s := &shopper{name: []string{"Ada", "Bob", "Cyd", "Dan", "Eve"}[i]}
		w.shoppers = append(w.shoppers, s)
		w.join(s.name, func(ctx context.Context) { w.shopAround(ctx, s) })
	}
	if w.rng.IntN(2) == 0 {
		w.join("the keeper", w.mind)
	}
}

// join starts somebody who has to be done before the history can end.
func (w *world) join(name string, do func(context.Context)) {
	w.shopping++
	w.start(&party{name: name}, func(ctx context.Context) {
		defer func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.shopping--
		}()
		do(ctx)
	})
}

// rest lets time pass for somebody.
func (w *world) rest(ctx context.Context, most time.Duration) {
	w.sleep(time.Duration(w.rng.Int64N(int64(most))))
	w.pass(ctx, "go on", nil)
}

// send sends a request to a program that is up and waits for the answer, unless
// the program dies or patience ends. It reports whether an answer came.
func send[T any](ctx context.Context, w *world, what string, do func(context.Context, *core.Shop) (T, error)) (answer T, heard bool, err error) {
	who := partyOf(ctx)
	w.pass(ctx, what, nil)
	p := w.serving()
	if p == nil {
		w.tell(who, what, "nobody is there")
		w.rest(ctx, 30*time.Second)
		return answer, false, nil
	}
	patience := 40 * time.Second
	if !w.calm && w.rng.IntN(4) == 0 {
		patience = time.Duration(w.rng.IntN(10_000)) * time.Millisecond
	}
	request, hangUp := context.WithTimeout(context.Background(), patience)
	type reply struct {
		answer T
		err    error
	}
	replies := make(chan reply, 1)
	go func() {
		a, err := do(as(request, &party{name: p.name + ": " + who.name + " wants to " + what, process: p}), p.shop)
		if p.gone {
			w.vanish()
		}
		replies <- reply{a, err}
	}()
	defer hangUp()
	select {
	case r := <-replies:
		return r.answer, true, r.err
	case <-p.died:
	case <-request.Done():
	}
	w.pass(ctx, what+": no answer", nil)
	return answer, false, nil
}

// passes reports whether an answer asks for another try: somebody else is at it,
// or nobody knows.
func passes(err error) bool {
	switch fault.CodeOf(err) {
	case "idempotency_in_progress", "cart_locked":
		return true
	default:
		return fault.Is(err, fault.Unavailable, fault.Unknown, fault.Canceled)
	}
}

// insist sends a request until there is an answer that does not ask for another try.
func insist[T any](ctx context.Context, w *world, what string, do func(context.Context, *core.Shop) (T, error)) (T, error) {
	for try := range 200 {
		answer, heard, err := send(ctx, w, what, do)
		if heard && !passes(err) {
			return answer, err
		}
		w.rest(ctx, min(20*time.Second<<(try/8), 10*time.Minute))
	}
	w.broken("%s never got an answer to: %s", partyOf(ctx).name, what)
	w.vanish()
	panic("unreachable")
}

func (w *world) shopAround(ctx context.Context, s *shopper) {
	w.rest(ctx, time.Minute)
	opened, err := insist(ctx, w, "open a cart", func(ctx context.Context, shop *core.Shop) (core.CartView, error) {
		return shop.Carts.Open(ctx, core.OpenCart{})
	})
	if err != nil {
		w.broken("%s cannot open a cart: %v", s.name, err)
		return
	}
	s.by = account.Guest(opened.Token)
	for range 1 + w.rng.IntN(2) {
		sku, units := goods[w.rng.IntN(len(goods))].sku, 1+w.rng.IntN(2)
		_, err := insist(ctx, w, fmt.Sprintf("take %d %s", units, sku), func(ctx context.Context, shop *core.Shop) (core.CartView, error) {
			return shop.Carts.SetLine(ctx, core.SetCartLine{By: s.by, Cart: opened.ID, SKU: sku, Quantity: units})
		})
		if err != nil && !fault.Is(err, fault.Exhausted) {
			w.broken("%s cannot take %s: %v", s.name, sku, err)
			return
		}
	}
	if w.rng.IntN(2) == 0 {
		code := coupons[w.rng.IntN(len(coupons))].Code
		if _, err := insist(ctx, w, "show the coupon "+code, func(ctx context.Context, shop *core.Shop) (core.CartView, error) {
			return shop.Carts.ApplyCoupon(ctx, core.ApplyCoupon{By: s.by, Cart: opened.ID, Code: code})
		}); err != nil && !fault.Is(err, fault.Exhausted, fault.Invalid) {
			w.broken("%s cannot show %s: %v", s.name, code, err)
			return
		}
	}
	method := []string{"", express}[w.rng.IntN(2)]
	quote, err := insist(ctx, w, "ask what it costs", func(ctx context.Context, shop *core.Shop) (pricing.Quote, error) {
		return shop.Checkout.Quote(ctx, core.QuoteCheckout{By: s.by, Cart: opened.ID, ShipTo: berlin, ShippingMethod: method})
	})
	if err != nil {
		return // the cart is empty
	}
	s.command = core.PlaceOrder{
		By: s.by, Key: "of " + s.name, Cart: opened.ID, Email: s.name + "@example.com", ShipTo: berlin, ShippingMethod: method, Expect: quote.Total,
		Pay: core.Pay{Provider: "bank", Token: []string{tokenOK, tokenOK, tokenOK, tokenAction, tokenAction, tokenDeclined}[w.rng.IntN(6)]},
	}
	if w.rng.IntN(3) == 0 {
		s.command.Email = "family@example.com"
	}
	if w.rng.IntN(3) == 0 { // a double click
		w.join(s.name+" again", func(ctx context.Context) { w.checkOut(ctx, s) })
	}
	w.checkOut(ctx, s)
}

// checkOut places the order, and does what may follow.
func (w *world) checkOut(ctx context.Context, s *shopper) {
	w.rest(ctx, 5*time.Second)
	placed, err := insist(ctx, w, "check out", func(ctx context.Context, shop *core.Shop) (core.Placed, error) {
		return shop.Checkout.Place(ctx, s.command)
	})
	got := told{order: placed.ID, status: placed.Status, paid: placed.Payment.Status, token: placed.Token, code: fault.CodeOf(err)}
	if err == nil {
		got.code = ""
	}
	w.tell(partyOf(ctx), "is told", got.String())
	s.answers = append(s.answers, got)
	if err != nil {
		return
	}
	by := account.Guest(got.token)
	if w.rng.IntN(2) == 0 {
		w.join("the bank, of "+s.name+"'s payment,", func(ctx context.Context) {
			for range 1 + w.rng.IntN(3) {
				w.rest(ctx, time.Minute)
				w.refresh(ctx, by, got.order)
			}
		})
	}
	if got.paid == payment.RequiresAction && w.rng.IntN(4) > 0 {
		w.rest(ctx, 4*time.Minute)
		if err := w.bank.complete(placed.Payment.ID, w.rng.IntN(4) > 0); err != nil {
			w.tell(partyOf(ctx), "comes too late to pay", "")
		}
		w.refresh(ctx, by, got.order)
	}
	if w.rng.IntN(3) == 0 {
		w.rest(ctx, 3*time.Minute)
		if _, err := insist(ctx, w, "cancel", func(ctx context.Context, shop *core.Shop) (core.OrderView, error) {
			return shop.Orders.Cancel(ctx, core.CancelOrder{By: by, Order: got.order, Reason: "changed my mind"})
		}); err == nil {
			w.tell(partyOf(ctx), "is told", "the order is cancelled")
			s.canceled = true
		}
	}
	if w.rng.IntN(3) == 0 {
		w.refresh(ctx, by, got.order)
	}
}

func (w *world) refresh(ctx context.Context, by account.Actor, o id.Order) {
	_, _, _ = send(ctx, w, "look how it stands", func(ctx context.Context, shop *core.Shop) (core.OrderView, error) {
		return shop.Payments.Refresh(ctx, core.RefreshPayment{By: by, Order: o})
	})
}

// mind is what somebody who works in the shop does: looks at orders, cancels
// some and ships others, and now and then changes a price.
func (w *world) mind(ctx context.Context) {
	for range 1 + w.rng.IntN(4) {
		w.rest(ctx, 2*time.Minute)
		if w.rng.IntN(4) == 0 {
			w.reprice(ctx)
			continue
		}
		page, heard, err := send(ctx, w, "look at orders", func(ctx context.Context, shop *core.Shop) (core.OrderPage, error) {
			return shop.Orders.Browse(ctx, core.BrowseOrders{By: keeper})
		})
		if !heard || err != nil || len(page.Orders) == 0 {
			continue
		}
		o := page.Orders[w.rng.IntN(len(page.Orders))]
		do, what := func(ctx context.Context, shop *core.Shop) (core.OrderView, error) {
			return shop.Orders.Ship(ctx, core.ShipOrder{By: keeper, Order: o.ID})
		}, "ship"
		if w.rng.IntN(2) == 0 {
			do, what = func(ctx context.Context, shop *core.Shop) (core.OrderView, error) {
				return shop.Orders.Cancel(ctx, core.CancelOrder{By: keeper, Order: o.ID, Reason: "we cannot"})
			}, "cancel"
		}
		_, _, _ = send(ctx, w, what+" "+o.Number, do)
	}
}

// repay is what a cashier does: gives a part of some orders' money back.
func (w *world) repay(ctx context.Context) {
	for range 1 + w.rng.IntN(3) {
		w.rest(ctx, 3*time.Minute)
		page, heard, err := send(ctx, w, "look at orders", func(ctx context.Context, shop *core.Shop) (core.OrderPage, error) {
			return shop.Orders.Browse(ctx, core.BrowseOrders{By: keeper})
		})
		if heard && err == nil && len(page.Orders) > 0 {
			w.giveSome(ctx, page.Orders[w.rng.IntN(len(page.Orders))])
		}
	}
}

// giveSome gives a part of an order's money back. It may not arrive: then the bank
// says so until it is heard.
func (w *world) giveSome(ctx context.Context, o core.OrderView) {
	_, _, _ = send(ctx, w, "give some money back for "+o.Number, func(ctx context.Context, shop *core.Shop) (core.OrderView, error) {
		return shop.Payments.Refund(ctx, core.RefundOrder{By: keeper, Order: o.ID, RefundRequest: order.RefundRequest{Amount: money.New(100, "EUR")}})
	})
	w.rest(ctx, 2*time.Minute)
	if w.rng.IntN(2) == 0 || !w.bank.sendBack(o.Payment.ID) {
		return
	}
	w.tell(partyOf(ctx), "hears from the bank", "a refund came back")
	if _, err := insist(ctx, w, "hear of the refund", func(ctx context.Context, shop *core.Shop) (core.OrderView, error) {
		return shop.Payments.Refresh(ctx, core.RefreshPayment{By: keeper, Order: o.ID})
	}); err != nil {
		w.broken("the bank is not heard: %v", err)
	}
}
