package core_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/bodega-commerce/bodega/adapters/sandbox"
	"github.com/bodega-commerce/bodega/core"
	"github.com/bodega-commerce/bodega/core/account"
	"github.com/bodega-commerce/bodega/core/cart"
	"github.com/bodega-commerce/bodega/core/catalog"
	"github.com/bodega-commerce/bodega/core/fault"
	"github.com/bodega-commerce/bodega/core/inventory"
	"github.com/bodega-commerce/bodega/core/job"
	"github.com/bodega-commerce/bodega/core/money"
	"github.com/bodega-commerce/bodega/core/order"
	"github.com/bodega-commerce/bodega/core/payment"
	"github.com/bodega-commerce/bodega/ports"
)

func TestCheckout_Place_Tokens(t *testing.T) {
	t.Parallel()

	t.Run("OKIsConfirmedAndCapturedByAJob", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		w.sell("TEE", 1500, 10)
		p := w.enter(want{"TEE", 2}).buy()
		mustStand(t, p.OrderView, order.Confirmed, payment.Authorized)
		if p.Totals.Total != eur(3490) || p.Totals.Tax != eur(479+78) || p.Email != "ada@example.com" || !p.Test || p.Token == "" || !p.Final || p.Replayed {
			t.Errorf("got %+v", p)
		}
		w.mustHave("TEE", 8, 0)
		done := w.work()
		if done[job.CapturePayment] != 1 || done[job.SendOrderConfirmation] != 1 {
			t.Errorf("did %v", done)
		}
		o := w.order(p.ID)
		mustStand(t, o, order.Confirmed, payment.Captured)
		if o.Payment.Captured != eur(3490) || !o.Payment.NextCheckAt.IsZero() {
			t.Errorf("got %+v", o.Payment)
		}
		w.audit()
	})
	t.Run("DeclinedGivesStockAndCartBack", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		w.sell("TEE", 1500, 1)
		s := w.enter(want{"TEE", 1})
		p, err := s.pay("k1", sandbox.TokenDeclined)
		d := mustFail[payment.Declined](t, err, fault.Declined, "payment_declined")
		if d.DeclineCode != "card_declined" || d.Retryable || !p.Final {
			t.Errorf("got %+v, %+v", d, p)
		}
		mustStand(t, w.order(d.Order), order.PaymentFailed, payment.Failed)
		w.mustHave("TEE", 1, 0)
		if v := s.view(); v.Status != cart.Open || len(v.Lines) != 1 {
			t.Errorf("the cart is %s with %d lines", v.Status, len(v.Lines))
		}
		again, err := s.pay("k2", sandbox.TokenOK)
		if err != nil {
			t.Fatal(err)
		}
		if again.ID == d.Order {
			t.Error("the dead order came back")
		}
		w.settle()
	})
	t.Run("RequiresActionWaits", func(t *testing.T) {
		t.Parallel()
		for name, ok := range map[string]bool{"Done": true, "Refused": false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := openTill(t)
				w.sell("TEE", 1500, 1)
				s := w.enter(want{"TEE", 1})
				p, err := s.pay("k1", sandbox.TokenRequiresAction)
				if err != nil {
					t.Fatal(err)
				}
				mustStand(t, p.OrderView, order.PendingPayment, payment.RequiresAction)
				if p.Payment.NextAction == nil || p.Payment.NextAction.URL == "" {
					t.Errorf("nothing to do: %+v", p.Payment)
				}
				w.mustHave("TEE", 1, 1)
				if _, err := s.put("TEE", 0); fault.CodeOf(err) != "cart_locked" {
					t.Errorf("the cart is open: %v", err)
				}
				_, err = w.shop.Checkout.Place(t.Context(), core.PlaceOrder{
					By: s.by, Key: "k2", Cart: s.cart, Email: "a@b.co", ShipTo: berlin, Expect: p.Totals.Total, Pay: core.Pay{Provider: "sandbox", Token: "tok_ok"},
				})
				if in := mustFail[cart.InOrder](t, err, fault.Conflict, "cart_locked"); in.Order != p.ID {
					t.Errorf("locked by %s", in.Order)
				}
				paid, err := w.shop.Payments.Complete(t.Context(), core.CompletePayment{Payment: p.Payment.ID, OK: ok})
				if err != nil {
					t.Fatal(err)
				}
				if _, err := w.shop.Payments.Complete(t.Context(), core.CompletePayment{Payment: p.Payment.ID, OK: ok}); !fault.Is(err, fault.Conflict) {
					t.Errorf("completed twice: %v", err)
				}
				if ok {
					mustStand(t, w.order(p.ID), order.Confirmed, payment.Authorized)
					w.mustHave("TEE", 0, 0)
				} else {
					mustStand(t, w.order(p.ID), order.PaymentFailed, payment.Failed)
					w.mustHave("TEE", 1, 0)
					if paid.DeclineCode == "" || s.view().Status != cart.Open {
						t.Errorf("got %+v", paid)
					}
				}
				w.settle()
			})
		}
	})
	t.Run("TimeoutIsConfirmedByTheReconciler", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		w.sell("TEE", 1500, 1)
		p, err := w.enter(want{"TEE", 1}).pay("k1", sandbox.TokenTimeout)
		if err != nil {
			t.Fatal(err)
		}
		mustStand(t, p.OrderView, order.PendingPayment, payment.Processing)
		w.mustHave("TEE", 1, 1)
		if n, err := w.shop.Payments.Reconcile(t.Context(), 10); n != 0 || err != nil {
			t.Errorf("looked at once: %d, %v", n, err)
		}
		w.pass(10 * time.Second)
		if n, err := w.shop.Payments.Reconcile(t.Context(), 10); n != 1 || err != nil {
			t.Errorf("looked at %d: %v", n, err)
		}
		mustStand(t, w.order(p.ID), order.Confirmed, payment.Authorized)
		w.settle()
		mustStand(t, w.order(p.ID), order.Confirmed, payment.Captured)
	})
	t.Run("UnavailableGoesOnUnderTheSameKey", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		w.sell("TEE", 1500, 1)
		s := w.enter(want{"TEE", 1})
		command := s.command("k1", sandbox.TokenOK)
		w.bank.set(func(b *bank) { b.down = true })
		for range 2 {
			p, err := w.shop.Checkout.Place(t.Context(), command)
			mustFail[any](t, err, fault.Unavailable, "payment_unavailable")
			if p.Final {
				t.Error("a 503 is not final")
			}
			w.mustHave("TEE", 1, 1)
		}
		w.bank.set(func(b *bank) { b.down = false })
		p, err := w.shop.Checkout.Place(t.Context(), command)
		if err != nil {
			t.Fatal(err)
		}
		mustStand(t, p.OrderView, order.Confirmed, payment.Authorized)
		page, err := w.shop.Orders.Browse(t.Context(), core.BrowseOrders{By: shopkeeper})
		if err != nil || len(page.Orders) != 1 {
			t.Errorf("%d orders, %v", len(page.Orders), err)
		}
		w.settle()
	})
	t.Run("UnavailableForGoodExpires", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		w.sell("TEE", 1500, 1)
		s := w.enter(want{"TEE", 1})
		command := s.command("k1", sandbox.TokenUnavailable)
		_, err := w.shop.Checkout.Place(t.Context(), command)
		mustFail[any](t, err, fault.Unavailable, "payment_unavailable")
		w.settle()
		w.mustHave("TEE", 1, 0)
		if v := s.view(); v.Status != cart.Open {
			t.Errorf("the cart is %s", v.Status)
		}
		p, err := w.shop.Checkout.Place(t.Context(), command)
		if d := mustFail[payment.Declined](t, err, fault.Declined, "payment_declined"); d.DeclineCode != "canceled" || !d.Retryable || !p.Replayed {
			t.Errorf("got %+v, %+v", d, p)
		}
	})
	t.Run("NothingToPayIsConfirmedAtOnce", func(t *testing.T) {
		t.Parallel()
		w := openTill(t, func(o *core.Options) { o.ShippingFlat = 0 })
		w.sell("GIFT", 0, 1)
		s := w.enter(want{"GIFT", 1})
		command := s.command("k1", "")
		command.Pay = core.Pay{}
		p, err := w.shop.Checkout.Place(t.Context(), command)
		if err != nil {
			t.Fatal(err)
		}
		if p.Status != order.Confirmed || !p.Payment.ID.IsZero() || p.Test {
			t.Errorf("got %+v", p)
		}
		w.mustHave("GIFT", 0, 0)
		replayed, err := w.shop.Checkout.Place(t.Context(), command)
		if err != nil || replayed.ID != p.ID {
			t.Errorf("replayed as %s, %v", replayed.ID, err)
		}
		w.settle()
	})
}

func TestCheckout_Place_Replay(t *testing.T) {
	t.Parallel()

	t.Run("OrderIsTheSameToTheLastByte", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		w.sell("TEE", 1500, 3)
		s := w.enter(want{"TEE", 1})
		command := s.command("k1", sandbox.TokenOK)
		first, err := w.shop.Checkout.Place(t.Context(), command)
		if err != nil {
			t.Fatal(err)
		}
		w.work() // the payment is captured: the replay does not show it
		if _, err := w.shop.Orders.Ship(t.Context(), core.ShipOrder{By: shopkeeper, Order: first.ID}); err != nil {
			t.Fatal(err)
		}
		replayed, err := w.shop.Checkout.Place(t.Context(), command)
		if err != nil {
			t.Fatal(err)
		}
		if !replayed.Replayed || !replayed.Final || replayed.Answer != nil || replayed.Token != first.Token {
			t.Errorf("got %+v", replayed)
		}
		a, b := first.OrderView, replayed.OrderView
		a.Mark, b.Mark = ports.Mark{}, ports.Mark{}
		if !bytes.Equal(encode(t, a), encode(t, b)) {
			t.Errorf("replayed\n%s\nfirst\n%s", encode(t, b), encode(t, a))
		}
		answer := ports.Answer{Status: 201, Header: map[string]string{"ETag": `"1"`}, Body: []byte(`{"id":"…"}`)}
		for _, body := range []string{string(answer.Body), "another"} {
			got, err := w.shop.Keys.Remember(t.Context(), core.RememberAnswer{
				By: s.by, Operation: core.OperationCheckout, Key: "k1", Answer: ports.Answer{Status: 201, Header: answer.Header, Body: []byte(body)},
			})
			if err != nil || !reflect.DeepEqual(got, answer) {
				t.Errorf("in force is %+v, %v", got, err)
			}
		}
		told, err := w.shop.Checkout.Place(t.Context(), command)
		if err != nil || told.Answer == nil || !reflect.DeepEqual(*told.Answer, answer) || told.Token != first.Token {
			t.Errorf("told %+v, %v", told, err)
		}
		w.mustHave("TEE", 2, 0)
	})
	t.Run("FinalErrorsAreTheSame", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		p := w.sell("TEE", 1500, 5)
		w.sell("CUP", 800, 1)
		declined := w.enter(want{"TEE", 1})
		short := w.enter(want{"CUP", 1})
		changed := w.enter(want{"TEE", 2})
		bought := w.enter(want{"TEE", 1})
		gone := w.enter(want{"CUP", 1})
		commands := map[string]core.PlaceOrder{
			"payment_declined": declined.command("k", sandbox.TokenDeclined), "out_of_stock": short.command("k", sandbox.TokenOK),
			"price_changed": changed.command("k", sandbox.TokenOK), "cart_already_ordered": bought.command("k", sandbox.TokenOK),
		}
		gone.buy()
		first := bought.buy()
		p.BasePrice = eur(1600)
		w.save(p)
		declinedCommand := commands["payment_declined"]
		declinedCommand.Expect = eur(2090)
		commands["payment_declined"] = declinedCommand
		for code, command := range commands {
			_, err := w.shop.Checkout.Place(t.Context(), command)
			e, ok := errors.AsType[*fault.Error](err)
			if !ok || e.Code != code {
				t.Fatalf("%s: got %v", code, err)
			}
			replayed, again := w.shop.Checkout.Place(t.Context(), command)
			if !replayed.Replayed || !replayed.Final || !reflect.DeepEqual(err, again) { //nolint:govet // every member of the error is to be the same
				t.Errorf("%s: replayed as %#v, first was %#v", code, again, err)
			}
		}
		_, err := w.shop.Checkout.Place(t.Context(), commands["out_of_stock"])
		if s := mustFail[inventory.Shortages](t, err, fault.Exhausted, "out_of_stock"); !reflect.DeepEqual(s.Lines, []inventory.Shortage{{SKU: "CUP", Requested: 1}}) {
			t.Errorf("short of %+v", s)
		}
		_, err = w.shop.Checkout.Place(t.Context(), commands["price_changed"])
		if q := mustFail[core.Requote](t, err, fault.Conflict, "price_changed"); q.Quote.Total != eur(3690) {
			t.Errorf("quoted anew %s", q.Quote.Total)
		}
		_, err = w.shop.Checkout.Place(t.Context(), commands["cart_already_ordered"])
		if in := mustFail[cart.InOrder](t, err, fault.Conflict, "cart_already_ordered"); in.Order != first.ID {
			t.Errorf("ordered as %s", in.Order)
		}
		w.settle()
	})
	t.Run("AnotherCommandUnderTheKey", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		w.sell("TEE", 1500, 5)
		s := w.enter(want{"TEE", 1})
		command := s.command("k1", sandbox.TokenOK)
		if _, err := w.shop.Checkout.Place(t.Context(), command); err != nil {
			t.Fatal(err)
		}
		command.Email = "eve@example.com"
		_, err := w.shop.Checkout.Place(t.Context(), command)
		mustFail[any](t, err, fault.Invalid, "idempotency_key_reused")
		other := w.enter(want{"TEE", 1})
		if p, err := other.pay("k1", sandbox.TokenOK); err != nil || p.Replayed {
			t.Errorf("another shopper's key: %v", err)
		}
	})
	t.Run("InProgress", func(t *testing.T) {
		t.Parallel()
		w := openTill(t)
		w.sell("TEE", 1500, 5)
		s := w.enter(want{"TEE", 1})
		command := s.command("k1", sandbox.TokenOK)
		var inside error
		w.bank.set(func(b *bank) {
			b.onAsk = func(string) error {
				_, inside = w.shop.Checkout.Place(t.Context(), command)
				return nil
			}
		})
		if _, err := w.shop.Checkout.Place(t.Context(), command); err != nil {
			t.Fatal(err)
		}
		mustFail[any](t, inside, fault.Conflict, "idempotency_in_progress")
	})
}

func TestCheckout_Place_Refuses(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 50)
	s := w.enter(want{"TEE", 1})
	good := s.command("k", sandbox.TokenOK)
	for name, c := range map[string]struct {
		change func(*core.PlaceOrder)
		kind   fault.Kind
		code   string
		field  string
	}{
		"NoKey":           {func(c *core.PlaceOrder) { c.Key = "" }, fault.Malformed, "idempotency_key_missing", ""},
		"LongKey":         {func(c *core.PlaceOrder) { c.Key = strings.Repeat("k", 256) }, fault.Malformed, "idempotency_key_invalid", ""},
		"KeyOfOddLetters": {func(c *core.PlaceOrder) { c.Key = "schlüssel" }, fault.Malformed, "idempotency_key_invalid", ""},
		"NoEmail":         {func(c *core.PlaceOrder) { c.Email = "" }, fault.Invalid, "validation_failed", "email"},
		"NoCity":          {func(c *core.PlaceOrder) { c.ShipTo.City = "" }, fault.Invalid, "validation_failed", "ship_to.city"},
		"BadBillTo":       {func(c *core.PlaceOrder) { c.BillTo.Country = "XX" }, fault.Invalid, "validation_failed", "bill_to.last_name"},
		"NoExpectation":   {func(c *core.PlaceOrder) { c.Expect = money.Amount{} }, fault.Invalid, "validation_failed", "expect"},
		"OtherCurrency":   {func(c *core.PlaceOrder) { c.Expect = money.New(1990, "USD") }, fault.Invalid, "currency_mismatch", ""},
		"NoPayment":       {func(c *core.PlaceOrder) { c.Pay = core.Pay{} }, fault.Invalid, "validation_failed", "pay"},
		"UnknownProvider": {func(c *core.PlaceOrder) { c.Pay.Provider = "acme" }, fault.Invalid, "validation_failed", "pay.provider"},
		"NoToken":         {func(c *core.PlaceOrder) { c.Pay.Token = "" }, fault.Invalid, "validation_failed", "pay.token"},
		"NotShippedThere": {func(c *core.PlaceOrder) { c.ShipTo.Country = "AQ" }, fault.Invalid, "shipping_unavailable", ""},
		"UnknownMethod":   {func(c *core.PlaceOrder) { c.ShippingMethod = "drone" }, fault.Invalid, "validation_failed", "shipping_method"},
		"AnothersCart":    {func(c *core.PlaceOrder) { c.By = account.Guest("stranger") }, fault.NotFound, "not_found", ""},
	} {
		command := good
		c.change(&command)
		p, err := w.shop.Checkout.Place(t.Context(), command)
		e, ok := errors.AsType[*fault.Error](err)
		if !ok || e.Kind != c.kind || e.Code != c.code || p.Final {
			t.Errorf("%s: got %v, final %t", name, err, p.Final)
			continue
		}
		if c.field != "" && (len(e.Fields) == 0 || e.Fields[0].Location != c.field) {
			t.Errorf("%s: got fields %+v", name, e.Fields)
		}
		if name == "NoCity" && len(e.Fields) != 1 {
			t.Errorf("an address that was not given is judged too: %+v", e.Fields)
		}
	}
	if _, err := w.shop.Keys.Claim(t.Context(), core.ClaimKey{By: account.Guest("stranger"), Operation: core.OperationCheckout, Key: good.Key}); err != nil {
		t.Errorf("a stranger's key is kept: %v", err)
	}
	if _, err := w.shop.Checkout.Place(t.Context(), good); err != nil { // no key was used up
		t.Fatal(err)
	}

	empty := w.enter()
	_, err := w.shop.Checkout.Quote(t.Context(), core.QuoteCheckout{By: empty.by, Cart: empty.cart, ShipTo: berlin})
	if e, ok := errors.AsType[*fault.Error](err); !ok || e.Code != "validation_failed" || e.Fields[0].Location != "cart_id" {
		t.Errorf("an empty cart: %v", err)
	}
	late := w.enter(want{"TEE", 1})
	w.pass(721 * time.Hour)
	_, err = w.shop.Checkout.Quote(t.Context(), core.QuoteCheckout{By: late.by, Cart: late.cart, ShipTo: berlin})
	mustFail[any](t, err, fault.Gone, "cart_expired")
	w.pass(7 * 24 * time.Hour)
	if n, err := w.shop.Carts.DropExpired(t.Context(), 100); err != nil || n == 0 {
		t.Errorf("dropped %d, %v", n, err)
	}
}

func TestCheckout_Quote(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	tee := w.sell("TEE", 1500, 5)
	s := w.enter(want{"TEE", 3})
	quote := func(country string) error {
		_, err := w.shop.Checkout.Quote(t.Context(), core.QuoteCheckout{By: s.by, Cart: s.cart, ShipTo: order.Address{Country: country}})
		return err
	}
	q, err := w.shop.Checkout.Quote(t.Context(), core.QuoteCheckout{By: s.by, Cart: s.cart, ShipTo: order.Address{Country: "DE"}})
	if err != nil {
		t.Fatal(err)
	}
	if q.Total != eur(4990) || q.Selected().Code == "" || len(q.Lines) != 1 || q.Lines[0].Name != "Product TEE" || q.CartVersion != s.view().Version || !q.TaxIncluded {
		t.Errorf("got %+v", q)
	}
	if abroad, err := w.shop.Checkout.Quote(t.Context(), core.QuoteCheckout{By: s.by, Cart: s.cart, ShipTo: order.Address{Country: "FR"}}); err != nil || abroad.Tax != eur(0) || abroad.Total != eur(4990) {
		t.Errorf("abroad it is %+v, %v", abroad, err)
	}
	if err := quote(""); fault.CodeOf(err) != "validation_failed" {
		t.Errorf("nowhere: %v", err)
	}
	tee.Status = catalog.Archived
	w.save(tee)
	err = quote("DE")
	if short := mustFail[inventory.Shortages](t, err, fault.Exhausted, "out_of_stock"); !reflect.DeepEqual(short.Lines, []inventory.Shortage{{SKU: "TEE", Requested: 3}}) {
		t.Errorf("short of %+v", short)
	}
	w.sell("GOLD", money.Max, 9)
	rich := w.enter(want{"GOLD", 2})
	_, err = w.shop.Checkout.Quote(t.Context(), core.QuoteCheckout{By: rich.by, Cart: rich.cart, ShipTo: berlin})
	mustFail[fault.Max](t, err, fault.Invalid, "amount_exceeds")
}

// Fifty units, 150 buyers at once: fifty get one, nobody is refused for any
// other reason than that there are none left.
func TestCheckout_Place_LastUnitsSoldOnce(t *testing.T) {
	t.Parallel()
	const units, buyers = 50, 150
	w := openTill(t)
	w.sell("HOT", 1500, units)
	w.sell("WARM", 700, buyers)
	shoppers := make([]*shopper, buyers)
	for i := range shoppers {
		shoppers[i] = w.enter(want{"HOT", 1}, want{"WARM", 1})
	}
	commands := make([]core.PlaceOrder, buyers)
	for i, s := range shoppers {
		commands[i] = s.command("k", sandbox.TokenOK)
	}
	errs := make([]error, buyers)
	var wg sync.WaitGroup
	for i := range commands {
		wg.Go(func() { _, errs[i] = w.shop.Checkout.Place(t.Context(), commands[i]) })
	}
	wg.Wait()
	bought := 0
	for _, err := range errs {
		switch {
		case err == nil:
			bought++
		case fault.CodeOf(err) != "out_of_stock":
			t.Errorf("refused: %v", err)
		}
	}
	if bought != units {
		t.Errorf("%d got one of %d", bought, units)
	}
	w.mustHave("HOT", 0, 0)
	w.mustHave("WARM", buyers-units, 0)
	w.settle()
}

// One cart, many tabs: one order, whatever keys they invent.
func TestCheckout_Place_OneLiveOrderPerCart(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 50)
	s := w.enter(want{"TEE", 1})
	command := s.command("", sandbox.TokenOK)
	placed := make([]core.Placed, 20)
	var wg sync.WaitGroup
	for i := range placed {
		wg.Go(func() {
			mine := command
			mine.Key = string(rune('a' + i%4)) // some share a key
			var err error
			if placed[i], err = w.shop.Checkout.Place(t.Context(), mine); err != nil {
				switch fault.CodeOf(err) {
				case "cart_locked", "cart_already_ordered", "idempotency_in_progress":
				default:
					t.Errorf("refused: %v", err)
				}
			}
		})
	}
	wg.Wait()
	var first core.Placed
	for _, p := range placed {
		if p.ID.IsZero() {
			continue
		}
		if !first.ID.IsZero() && first.ID != p.ID {
			t.Errorf("ordered as %s and %s", first.ID, p.ID)
		}
		first = p
	}
	if first.ID.IsZero() {
		t.Error("nobody got an order")
	}
	w.mustHave("TEE", 49, 0)
	w.settle()
}

// Whoever touches an order while its provider is asked is not overwritten by
// the checkout, which knows the order as it stored it.
func TestCheckout_Place_SeesWhatHappenedMeanwhile(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 5)
	s := w.enter(want{"TEE", 1})
	command := s.command("k1", sandbox.TokenOK)
	w.bank.set(func(b *bank) {
		b.onAsk = func(string) error {
			page, err := w.shop.Orders.Browse(t.Context(), core.BrowseOrders{By: shopkeeper})
			if err != nil || len(page.Orders) != 1 {
				t.Errorf("%d orders, %v", len(page.Orders), err)
				return nil
			}
			_, err = w.shop.Orders.AddNote(t.Context(), core.AddNote{By: shopkeeper, Order: page.Orders[0].ID, Text: "call her"})
			return err
		}
	})
	p, err := w.shop.Checkout.Place(t.Context(), command)
	if err != nil {
		t.Fatal(err)
	}
	o := w.order(p.ID)
	mustStand(t, o, order.Confirmed, payment.Authorized)
	if !slices.ContainsFunc(o.Timeline, func(e order.Event) bool { return e.Type == order.Noted }) {
		t.Errorf("the note is gone: %+v", o.Timeline)
	}
	w.mustHave("TEE", 4, 0)
	w.settle()
}

// The shopper goes away while the provider is asked: the order is made firm all
// the same.
func TestCheckout_Place_SurvivesItsCaller(t *testing.T) {
	t.Parallel()
	w := openTill(t)
	w.sell("TEE", 1500, 5)
	s := w.enter(want{"TEE", 1})
	command := s.command("k1", sandbox.TokenOK)
	ctx, leave := context.WithCancel(t.Context())
	w.bank.set(func(b *bank) {
		b.onAsk = func(string) error {
			leave()
			return nil
		}
	})
	p, err := w.shop.Checkout.Place(ctx, command)
	if err != nil {
		t.Fatal(err)
	}
	mustStand(t, w.order(p.ID), order.Confirmed, payment.Authorized)
}

func encode(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}
